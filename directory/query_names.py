"""What words are names of: codes of the vocabularies, and phrases that ask for a filter without being a code's name.

A name may need company before it filters (`Meaning.needs`): "schema" only as "schema therapy", "Oxford" only with a
word of insurance. Which ones do is said in `vocabularies/query.yaml`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, TypeAlias

from directory.facets import FACETS
from directory.query_words import Key, key, listed, rules, same
from directory.terms import Term
from directory.vocabulary import vocabulary

Company: TypeAlias = Literal[
    "",
    "treatment",
    "capitals",
    "insurance",
    "professional",
    "age",
    "language",
    "credential",
    "serving",
    "list",
    "end",
    "time",
]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name asks for: codes of one facet. `needs` is the company without which it asks for nothing."""

    parameter: str
    values: tuple[str, ...]
    needs: Company = ""


CONCERN: Final = "concern"

# Where a name belongs to several facets, the first of these has it.
_ORDER: Final = (
    "modality", "credential", "provider_type", "insurer", "payment", "format", "age_group", "meeting", "times",
    "accessibility", "community", "gender", "language", "accepting",
)  # fmt: skip
_FACET_VOCABULARY: Final = {f.name: f.vocabulary for f in FACETS if f.vocabulary}
_NEEDS: Final[Mapping[str, Company]] = {
    "community": "professional",
    "gender": "professional",
    "age_group": "age",
    "times": "time",
    "language": "language",
    "credential": "credential",
}


@cache
def _barred(name: str) -> frozenset[Key]:
    text = rules()["never"].get(name, "")
    return frozenset(key(part) for part in text.split("|"))


@cache
def _named(section: str, name: str) -> frozenset[Key]:
    return frozenset(key(part) for part in rules()[section].get(name, "").split("|"))


@cache
def _weak_insurers() -> frozenset[Key]:
    return frozenset(key(part) for part in rules()["with_insurance"].split("|"))


def _company(facet: str, name: Key, code: str) -> Company:
    if name in _named("capitals", facet):
        return "capitals"
    if name in _named("with_treatment", facet):
        return "treatment"
    if name in _named("serving_only", facet):
        return "serving"
    if name in _named("listed", facet):
        return "list"
    if name == ("accepting",):
        return "end"
    if facet == "insurer":
        return "insurance" if name in _weak_insurers() else ""
    if facet == "credential":
        sure = len(name) > 1 or name[0] in small_words("clear_credentials")
        return "" if sure and (code != "supervised" or len(name) > 1) else "credential"
    if facet == "community" and len(name) > 1:
        ends = listed("affirming friendly allied aware positive inclusive neutral therapist counselor")
        return "" if name[-1] in ends else "professional"
    return _NEEDS.get(facet, "")


def _names(term: Term) -> Iterator[Key]:
    for name in term.names:
        if name == term.code and len(name) < 4 and name not in (term.label.lower(), term.short.lower()):
            continue  # the code of a language ("or", "is") is no word for it
        if found := key(name):
            yield found


@cache
def concerns() -> Mapping[Key, tuple[str, bool]]:
    """Name -> (code of a concern, whether the name is the code's own rather than another word for it)."""
    barred = _barred(CONCERN)
    found: dict[Key, tuple[str, bool]] = {}
    for term in vocabulary("concerns"):
        own = {key(term.code), key(term.label), key(term.short)}
        for name in _names(term):
            if name not in barred:
                found.setdefault(name, (term.code, name in own))
    return found


@cache
def names() -> Mapping[Key, tuple[Meaning, ...]]:
    """Name -> what it asks for; several meanings at once for "child psychiatrist"."""
    found: dict[Key, tuple[Meaning, ...]] = {}
    for facet in _ORDER:
        barred = _barred(facet)
        for term in vocabulary(_FACET_VOCABULARY[facet] or ""):
            for name in _names(term):
                if name not in barred and name not in found:
                    found[name] = (Meaning(facet, (term.code,), _company(facet, name, term.code)),)
    for phrase in rules()["phrases"]:
        meanings = tuple(
            Meaning(p, tuple(v.split(",")), "time" if p == "times" else "") for p, v in phrase.items() if p != "words"
        )
        for name in phrase["words"].split("|"):
            found[key(name)] = meanings
    return found


@cache
def reach() -> Mapping[str, int]:
    """First word of names and concerns -> words in the longest one that begins with it."""
    found: dict[str, int] = {}
    for name in (*names(), *concerns()):
        found[name[0]] = max(found.get(name[0], 0), len(name))
    return found


@cache
def known_words() -> frozenset[str]:
    """Every word of every name, as it compares."""
    return frozenset(word for name in (*names(), *concerns(), *_all_names()) for word in name)


def _all_names() -> Iterator[Key]:
    for vocabulary_name in (*filter(None, _FACET_VOCABULARY.values()), "states"):
        for term in vocabulary(vocabulary_name):
            yield from _names(term)


@cache
def words_by_use() -> Mapping[str, int]:
    """How many names each word is in: a rare spelling is mended to the commoner word."""
    uses: dict[str, int] = defaultdict(int)
    for name in (*names(), *concerns()):
        for word in name:
            uses[word] += 1
    return uses


@cache
def small_words(section: str) -> frozenset[str]:
    """The list of words `section` of the rules."""
    return listed(rules()[section])


@cache
def phrases(section: str) -> frozenset[Key]:
    """The list of phrases `section` of the rules."""
    return frozenset(key(line) for line in rules()[section])


@cache
def phrase_starts(section: str) -> frozenset[str]:
    """The words that the phrases of `section` begin with."""
    return frozenset(name[0] for name in phrases(section))


@cache
def elsewhere(section: str) -> Mapping[str, frozenset[str]]:
    """Word -> words next to which it says something else."""
    return {same(word): listed(others) for word, others in rules()[section].items()}
