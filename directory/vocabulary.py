"""What the codes mean: labels, other names, parents. The files are `vocabularies/*.csv`, read and checked once, when
this module is imported, so that a broken file stops the start and names its line.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from directory.facets import FACETS, FLAG_LABELS, Facet
from directory.terms import Term, Vocabulary, term_key
from directory.text import fold
from directory.vocabulary_files import CsvFile
from directory.vocabulary_files import VocabularyError as VocabularyError

FOLDER: Final = Path(__file__).parent / "vocabularies"
NAMES: Final = (*dict.fromkeys(f.vocabulary for f in FACETS if f.vocabulary), "states")
"""Every vocabulary, in the order of the facets; each has a file of its name."""

_TERM_COLUMNS: Final = ("code", "label", "short", "aliases", "parent", "help")
EVIDENCE_COLUMNS: Final = ("concern", "modality", "audience", "strength", "source", "date", "url", "note")
_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(NAMES, _TERM_COLUMNS),
    "insurers": (*_TERM_COLUMNS, "payment"),
    "taxonomy": ("code", "provider_type", "label", "prescribes"),
    "degrees": ("term",),
    "credential_other": ("term",),
    "credential_ambiguous": ("term", "states", "code", "note"),
    "evidence": EVIDENCE_COLUMNS,
    "specialties": ("term", "taxonomy"),
}
_CODE: Final[Mapping[str, str]] = {"states": "[A-Z]{2}", "languages": "[a-z]{2,3}"}
_ANY_CODE: Final = "[a-z][a-z0-9_]*"
# NUCC codes have ten characters; a pattern leaves out the end.
_TAXONOMY_CODE: Final = re.compile(r"[0-9A-Z]{10}|[0-9A-Z]{3,9}\*")
_PAYMENTS_OF_INSURERS: Final = ("insurance", "medicaid", "medicare", "tricare")


@dataclass(frozen=True, slots=True)
class TaxonomyRule:
    """What a NUCC code, or all that start like it (`pattern` ends with `*`), says of its holder.
    `prescribes` is None where the profession alone doesn't tell."""

    pattern: str
    provider_type: str
    label: str
    prescribes: bool | None


@dataclass(frozen=True, slots=True)
class CredentialReading:
    """What one credential as written means. `code` is set for `kind` `code` only; `degree` licenses nobody, `other` is
    a known credential without a code here, `ambiguous` means several things and its state doesn't decide. `by_state`:
    somewhere else it may mean something else."""

    kind: Literal["code", "degree", "other", "ambiguous", "unknown"]
    code: str | None = None
    by_state: bool = False


@dataclass(frozen=True, slots=True)
class SpecialtyReading:
    """What a specialty in words means: `ours` comes with its `rule`; `other` is known to be none of ours."""

    kind: Literal["ours", "other", "unknown"]
    rule: TaxonomyRule | None = None


@dataclass(frozen=True, slots=True)
class Catalog:
    """All vocabulary files of one folder, checked. `fingerprint` changes with any byte of them."""

    vocabularies: Mapping[str, Vocabulary]
    insurer_payments: Mapping[str, str]
    taxonomy: Mapping[str, TaxonomyRule]
    degrees: frozenset[str]
    other_credentials: frozenset[str]
    ambiguous: Mapping[str, Mapping[str, str | None]]
    specialties: Mapping[str, TaxonomyRule | None]
    fingerprint: str


def _terms(file: CsvFile, name: str) -> Vocabulary:
    """The vocabulary in `file`; no code twice, no name of two codes, every parent there and above."""
    shape = re.compile(_CODE.get(name, _ANY_CODE))
    terms: dict[str, Term] = {}
    lines: dict[str, int] = {}
    taken: dict[str, str] = {}
    for line, row in file.rows:
        code = row["code"]
        if not shape.fullmatch(code):
            raise file.error(line, f"malformed code {code!r}; expected {shape.pattern}")
        if code in terms:
            raise file.error(line, f"code {code!r} is already on line {lines[code]}")
        if not row["label"]:
            raise file.error(line, f"{code!r} has no label")
        aliases = tuple(row["aliases"].split("|")) if row["aliases"] else ()
        term = Term(code, row["label"], row["short"], aliases, row["parent"] or None, row["help"])
        _claim(file, line, term, taken)
        terms[code], lines[code] = term, line
    for code, term in terms.items():
        _check_parents(file, lines[code], term, terms)
    return Vocabulary(name, terms)


def _claim(file: CsvFile, line: int, term: Term, taken: dict[str, str]) -> None:
    """Enter the names of `term` in `taken` (key -> code)."""
    seen: set[str] = {fold(n) for n in (term.code, term.label, term.short)}
    for alias in term.aliases:
        if alias != alias.strip() or not term_key(alias):
            raise file.error(line, f"malformed alias {alias!r} of {term.code!r}")
        if fold(alias) in seen:
            raise file.error(line, f"alias {alias!r} repeats another name of {term.code!r}")
        seen.add(fold(alias))
    for name in term.names:
        owner = taken.setdefault(term_key(name), term.code)
        if owner != term.code:
            raise file.error(line, f"{name!r} means both {owner!r} and {term.code!r}")


def _check_parents(file: CsvFile, line: int, term: Term, terms: Mapping[str, Term]) -> None:
    passed = {term.code}
    parent = term.parent
    while parent is not None:
        if parent not in terms:
            raise file.error(line, f"parent {parent!r} of {term.code!r} does not exist")
        if parent in passed:
            raise file.error(line, f"the parents of {term.code!r} go round in a circle at {parent!r}")
        passed.add(parent)
        parent = terms[parent].parent
        if parent is not None and parent not in terms:
            return  # said at the line of the term whose parent is missing


def _insurer_payments(file: CsvFile, payments: Vocabulary) -> dict[str, str]:
    found = {}
    for line, row in file.rows:
        if row["payment"] not in _PAYMENTS_OF_INSURERS or row["payment"] not in payments:
            allowed = ", ".join(_PAYMENTS_OF_INSURERS)
            raise file.error(line, f"payment {row['payment']!r} of {row['code']!r} is not one of {allowed}")
        found[row["code"]] = row["payment"]
    return found


def _taxonomy(file: CsvFile, professions: Vocabulary) -> dict[str, TaxonomyRule]:
    flags: Mapping[str, bool | None] = {"true": True, "false": False, "": None}
    rules: dict[str, TaxonomyRule] = {}
    for line, row in file.rows:
        code = row["code"]
        if not _TAXONOMY_CODE.fullmatch(code):
            raise file.error(line, f"malformed code {code!r}; expected ten letters and digits, or fewer and a *")
        if code in rules:
            raise file.error(line, f"code {code!r} is there twice")
        if row["provider_type"] not in professions:
            raise file.error(line, f"provider_type {row['provider_type']!r} is not a code of professions")
        if not row["label"]:
            raise file.error(line, f"{code!r} has no label")
        if row["prescribes"] not in flags:
            raise file.error(line, f"prescribes is {row['prescribes']!r}; expected true, false or nothing")
        rules[code] = TaxonomyRule(code, row["provider_type"], row["label"], flags[row["prescribes"]])
    return rules


def _credential_list(file: CsvFile, owners: dict[str, str]) -> frozenset[str]:
    """The keys of a file of credentials without codes; none may be known from elsewhere (`owners`)."""
    keys = set()
    for line, row in file.rows:
        key = term_key(row["term"])
        if not key:
            raise file.error(line, f"malformed term {row['term']!r}")
        if key in owners:
            raise file.error(line, f"{row['term']!r} is already in {owners[key]}")
        owners[key] = file.path.name
        keys.add(key)
    return frozenset(keys)


def _ambiguous(
    file: CsvFile, owners: dict[str, str], credentials: Vocabulary, states: Vocabulary
) -> dict[str, Mapping[str, str | None]]:
    """Key -> state -> code; the state `""` stands for all others. A code's own name may be ambiguous, an alias not."""
    rules: dict[str, dict[str, str | None]] = {}
    own = {term_key(n) for t in credentials for n in (t.code, t.label, t.short)}
    for line, row in file.rows:
        key = term_key(row["term"])
        if not key:
            raise file.error(line, f"malformed term {row['term']!r}")
        if key in owners and key not in own:
            raise file.error(line, f"{row['term']!r} is already in {owners[key]}")
        if row["code"] and row["code"] not in credentials:
            raise file.error(line, f"{row['code']!r} is not a code of credentials")
        for state in row["states"].split("|"):
            if state and state not in states:
                raise file.error(line, f"{state!r} is not a code of states")
            if state in rules.setdefault(key, {}):
                raise file.error(line, f"{row['term']!r} is decided twice for {state or 'all other states'}")
            rules[key][state] = row["code"] or None
    return {key: MappingProxyType(by_state) for key, by_state in rules.items()}


def _specialties(
    file: CsvFile, rules: Mapping[str, TaxonomyRule], professions: Vocabulary
) -> dict[str, TaxonomyRule | None]:
    """Key -> what a specialty of that name says of its holder, None where that is none of ours. Labels of the taxonomy
    and names of professions are specialties, too, unless the file says otherwise."""
    found: dict[str, TaxonomyRule | None] = {}
    for line, row in file.rows:
        key = term_key(row["term"])
        if not key:
            raise file.error(line, f"malformed term {row['term']!r}")
        if key in found:
            raise file.error(line, f"{row['term']!r} is there twice")
        if row["taxonomy"] and row["taxonomy"] not in rules:
            raise file.error(line, f"{row['taxonomy']!r} is not a code of taxonomy")
        found[key] = rules[row["taxonomy"]] if row["taxonomy"] else None
    for rule in rules.values():
        found.setdefault(term_key(rule.label), rule)
    for term in professions:
        for name in term.names:
            found.setdefault(term_key(name), TaxonomyRule("", term.code, term.label, None))
    return found


def load(folder: Path) -> Catalog:
    """Read and check the vocabulary files of `folder`. Files of other names are left alone.

    Raises `VocabularyError`, naming file and line, for the first mistake.
    """
    files = {name: CsvFile(folder / f"{name}.csv", columns) for name, columns in _COLUMNS.items()}
    vocabularies = {name: _terms(files[name], name) for name in NAMES}
    credentials, states = vocabularies["credentials"], vocabularies["states"]
    owners = {term_key(n): files["credentials"].path.name for t in credentials for n in t.names}
    degrees = _credential_list(files["degrees"], owners)
    other = _credential_list(files["credential_other"], owners)
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name].content)}\0".encode() + files[name].content)
    rules = _taxonomy(files["taxonomy"], vocabularies["professions"])
    return Catalog(
        vocabularies=MappingProxyType(vocabularies),
        insurer_payments=MappingProxyType(_insurer_payments(files["insurers"], vocabularies["payments"])),
        taxonomy=MappingProxyType(rules),
        degrees=degrees,
        other_credentials=other,
        ambiguous=MappingProxyType(_ambiguous(files["credential_ambiguous"], owners, credentials, states)),
        specialties=MappingProxyType(_specialties(files["specialties"], rules, vocabularies["professions"])),
        fingerprint=digest.hexdigest()[:16],
    )


_CATALOG: Final = load(FOLDER)
VOCABULARIES: Final = _CATALOG.vocabularies
_FLAGS: Final = Vocabulary("flags", {c: Term(c, label) for c, label in FLAG_LABELS.items()})


def vocabulary(name: str) -> Vocabulary:
    """The vocabulary `name`; a KeyError says which there are."""
    if name not in VOCABULARIES:
        raise KeyError(f"no vocabulary {name!r}; there are {', '.join(VOCABULARIES)}")
    return VOCABULARIES[name]


def facet_vocabulary(facet: Facet) -> Vocabulary:
    """The codes of `facet`; those of a flag are `true` and `false`."""
    return _FLAGS if facet.vocabulary is None else vocabulary(facet.vocabulary)


def state_code(text: str) -> str | None:
    """The USPS code that `text` names: `tx`, `Texas`, `CALIF`, `Puerto Rico`; None for anything else."""
    return VOCABULARIES["states"].find(text)


def insurer_payment(code: str) -> str:
    """The payment code that insurer `code` implies; KeyError for an unknown insurer."""
    return _CATALOG.insurer_payments[code]


def taxonomy(code: str) -> TaxonomyRule | None:
    """What the NUCC `code` (ten characters, as written) says, by its own rule or the longest prefix; None for codes
    that aren't ours."""
    if len(code) != 10:
        return None
    patterns = (code, *(f"{code[:n]}*" for n in range(9, 2, -1)))
    return next((_CATALOG.taxonomy[p] for p in patterns if p in _CATALOG.taxonomy), None)


def taxonomy_beginnings() -> frozenset[str]:
    """The first three characters of the NUCC codes that `taxonomy` knows."""
    return frozenset(p[:3] for p in _CATALOG.taxonomy)


def taxonomy_pattern() -> str:
    """A regular expression, anchored at both ends, for the NUCC codes that `taxonomy` knows; for columnar readers."""
    prefixes = [p[:-1] for p in _CATALOG.taxonomy if p.endswith("*")]
    exact = [p for p in _CATALOG.taxonomy if not p.endswith("*") and not p.startswith(tuple(prefixes))]
    parts = [f"{p}[0-9A-Z]{{{10 - len(p)}}}" for p in prefixes]
    return f"^(?:{'|'.join(parts + exact)})$"


_SPECIALTY_CUT: Final = re.compile(r"\s+-\s+|\s*[,:(]\s*")
_SPECIALTY_NOISE: Final = re.compile(
    r"\b(?:licensed|board[- ]certified|certified|physicians?|providers?)\b", re.IGNORECASE
)


@lru_cache(maxsize=20_000)
def read_specialty(text: str) -> SpecialtyReading:
    """What a specialty as written means: `Clinical Psychology`, `Psychologist, Clinical`, `Counselor - Mental Health`.

    >>> read_specialty("Psychologist - Clinical").rule.provider_type, read_specialty("Physical therapy").kind
    ('psychologist', 'other')
    """
    head, *rest = _SPECIALTY_CUT.split(text.strip(" )"), maxsplit=1)
    turned = " ".join([*rest, head])
    for words in (text, _SPECIALTY_NOISE.sub(" ", text), turned, _SPECIALTY_NOISE.sub(" ", turned)):
        key = term_key(words)
        if key in _CATALOG.specialties:
            rule = _CATALOG.specialties[key]
            return SpecialtyReading("ours", rule) if rule else SpecialtyReading("other")
    return SpecialtyReading("unknown")


def read_credential(text: str, state: str | None = None) -> CredentialReading:
    """What one credential as written (`LCSW-C`, `M.Ed.`, `LAC`) means for someone who practices in `state` (USPS)."""
    key = term_key(text)
    by_state = _CATALOG.ambiguous.get(key)
    if by_state is not None:
        code = by_state[state] if state and state in by_state else by_state.get("")
        return CredentialReading("code" if code else "ambiguous", code, by_state=True)
    found = VOCABULARIES["credentials"].find(text)
    if found:
        return CredentialReading("code", found)
    if key in _CATALOG.degrees:
        return CredentialReading("degree")
    return CredentialReading("other" if key in _CATALOG.other_credentials else "unknown")


def fingerprint() -> str:
    """A hash, 16 hexadecimal digits, over all vocabulary files: it changes when any of them does."""
    return _CATALOG.fingerprint
