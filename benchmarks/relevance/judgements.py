"""The judged queries of `judged.yaml`, read and checked: a wrong code, parameter or pair stops the run and names its
line. What the fields mean stands at the head of that file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

import yaml

from directory import places
from directory.facets import FACET
from directory.parameters import MAX_QUERY_LENGTH
from directory.vocabulary import facet_vocabulary, vocabulary

FILE: Final = Path(__file__).with_name("judged.yaml")

KINDS: Final = (
    "need", "concern", "modality", "profession", "credential", "name", "ambiguous", "place", "price", "insurer", "way",
    "language", "gender", "community", "age_format", "coordinator", "negation", "british", "spanish", "crisis",
    "nonsense", "typo",
)  # fmt: skip
PEOPLE_KINDS: Final = frozenset({"name", "ambiguous"})
"""Kinds that look for one person."""

_FIELDS: Final = frozenset({"q", "kind", "filters", "may", "not", "concepts", "crisis", "grades", "of"})
_NUMBERS: Final = frozenset({"max_fee", "min_experience", "radius"})
_STATES: Final = frozenset({"state", "office_state"})
_WORDS: Final = frozenset({"name", "bio"})
_GRADES: Final = ("3", "2", "1")

Filters: TypeAlias = Mapping[str, tuple[str, ...]]
"""Parameter -> values."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What must all hold of a profile: for each fact any of its values, and nothing of `excluded`."""

    wanted: Filters
    excluded: Filters


@dataclass(frozen=True, slots=True)
class Judgement:
    """A query, and what is right for it. `filters` are the right readings, the first of which decides who is relevant
    where `grades` (grade -> alternatives) is None; `crisis` is None where it isn't judged, `concepts` where any will
    do. `of` is the clean query of a misspelt one."""

    line: int
    q: str
    kind: str
    filters: tuple[Filters, ...]
    may: Filters = field(default_factory=dict)
    forbidden: Filters = field(default_factory=dict)
    concepts: tuple[str, ...] | None = None
    crisis: bool | None = None
    grades: Mapping[int, tuple[Facts, ...]] | None = None
    of: str | None = None

    @property
    def held_out(self) -> bool:
        """Whether it belongs to the third of which nobody reads single failures; a pair stays together."""
        return hashlib.sha256((self.of or self.q).encode()).digest()[0] % 3 == 0


class JudgementError(ValueError):
    """The file is wrong; the message names its line."""


class _Record:
    """One record of the file, while it is read."""

    def __init__(self, node: yaml.Node, path: Path) -> None:
        self.line = node.start_mark.line + 1
        self._where = f"{path.name}:{self.line}"
        self.fields = self._plain(node)
        if not isinstance(self.fields, dict):
            raise self.error("a record must be a mapping")
        if unknown := sorted(self.fields.keys() - _FIELDS):
            raise self.error(f"unknown field {unknown[0]!r}; there are {', '.join(sorted(_FIELDS))}")

    def error(self, message: str) -> JudgementError:
        return JudgementError(f"{self._where}: {message}")

    def _plain(self, node: yaml.Node) -> object:
        """Mappings, lists and text: `no` is a code here, not a truth value."""
        if isinstance(node, yaml.MappingNode):
            found: dict[object, object] = {}
            for key, value in node.value:
                name = self._plain(key)
                if name in found:
                    raise self.error(f"{name!r} stands there twice")
                found[name] = self._plain(value)
            return found
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(item) for item in node.value]
        return str(node.value)

    def text(self, name: str) -> str:
        value = self.fields.get(name) if isinstance(self.fields, dict) else None
        if not isinstance(value, str):
            raise self.error(f"{name!r} must be text")
        return value

    def get(self, name: str) -> object:
        return self.fields.get(name) if isinstance(self.fields, dict) else None

    def filters(self, value: object, words: frozenset[str] = frozenset()) -> Filters:
        if not isinstance(value, dict):
            raise self.error(f"{value!r} must be a mapping of parameters")
        return MappingProxyType({name: self._values(name, v, words) for name, v in value.items()})

    def _values(self, name: str, value: object, words: frozenset[str]) -> tuple[str, ...]:
        values = [str(v) for v in value] if isinstance(value, list) else [str(value)]
        for v in values:
            if name in FACET:
                good = v in facet_vocabulary(FACET[name])
            elif name in _STATES:
                good = v in vocabulary("states")
            elif name in _NUMBERS:
                good = v.isdigit()
            elif name == "near":
                places.find(v)
                good = True
            elif name in words:
                good = bool(v)
            else:
                raise self.error(f"unknown parameter {name!r}")
            if not good:
                raise self.error(f"{v!r} is no value of {name!r}")
        return tuple(values)

    def alternatives(self, value: object) -> tuple[Facts, ...]:
        found = []
        for item in value if isinstance(value, list) else [value]:
            facts = dict(item) if isinstance(item, dict) else item
            excluded = facts.pop("not", {}) if isinstance(facts, dict) else {}
            found.append(Facts(self.filters(facts, _WORDS), self.filters(excluded, _WORDS)))
        return tuple(found)


def _grades(record: _Record) -> Mapping[int, tuple[Facts, ...]] | None:
    value = record.get("grades")
    if value is None:
        return None
    if not isinstance(value, dict) or any(g not in _GRADES for g in value):
        raise record.error("grades are 3, 2 and 1")
    return MappingProxyType({int(g): record.alternatives(facts) for g, facts in value.items()})


def _concepts(record: _Record) -> tuple[str, ...] | None:
    value = record.get("concepts")
    if value is None:
        return None
    codes = tuple(str(c) for c in value) if isinstance(value, list) else ()
    if not isinstance(value, list) or any(c not in vocabulary("concerns") for c in codes):
        raise record.error(f"concepts {value!r} must be a list of concerns")
    return codes


def _judgement(node: yaml.Node, path: Path) -> Judgement:
    record = _Record(node, path)
    q, kind, crisis = record.text("q"), record.text("kind"), record.get("crisis")
    if kind not in KINDS:
        raise record.error(f"{kind!r} is no kind; there are {', '.join(KINDS)}")
    if len(q) > MAX_QUERY_LENGTH:
        raise record.error(f"the query has {len(q)} characters; at most {MAX_QUERY_LENGTH} can be asked")
    if crisis not in (None, "true", "false"):
        raise record.error("crisis is true or false")
    filters = record.get("filters") or {}
    try:
        return Judgement(
            line=record.line,
            q=q,
            kind=kind,
            filters=tuple(record.filters(f) for f in (filters if isinstance(filters, list) else [filters])),
            may=record.filters(record.get("may") or {}),
            forbidden=record.filters(record.get("not") or {}),
            concepts=_concepts(record),
            crisis=None if crisis is None else crisis == "true",
            grades=_grades(record),
            of=record.text("of") if kind == "typo" else None,
        )
    except places.UnknownPlace as unknown:
        raise record.error(str(unknown)) from None


def _paired(judgements: list[Judgement], path: Path) -> Iterator[Judgement]:
    """Misspelt queries with the judgement of their clean ones."""
    by_q: dict[str, Judgement] = {}
    for j in judgements:
        if j.q in by_q:
            raise JudgementError(f"{path.name}:{j.line}: {j.q!r} is already on line {by_q[j.q].line}")
        by_q[j.q] = j
    for j in judgements:
        if j.of is None:
            yield j
            continue
        clean = by_q.get(j.of)
        if clean is None or clean.of is not None:
            raise JudgementError(f"{path.name}:{j.line}: {j.of!r} is no clean query of this file")
        yield replace(clean, line=j.line, q=j.q, kind=j.kind, of=j.of)


def load(path: Path = FILE) -> tuple[Judgement, ...]:
    """All judgements, in the order of the file. Raises `JudgementError` for the first mistake."""
    root = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
    if not isinstance(root, yaml.SequenceNode):
        raise JudgementError(f"{path.name}: must be a list of records")
    return tuple(_paired([_judgement(node, path) for node in root.value], path))


def clean_of(judgements: tuple[Judgement, ...]) -> Mapping[str, Judgement]:
    """Query -> judgement, of those that are spelt as they should be."""
    return {j.q: j for j in judgements if j.of is None}
