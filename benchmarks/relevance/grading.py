"""Who is relevant for a judged query, found by looking at every profile of the corpus: an oracle that shares nothing
with what it judges but the profiles, the vocabularies and the places.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from benchmarks.relevance.judgements import PEOPLE_KINDS, Facts, Filters, Judgement
from directory import licensure, places
from directory.facets import FACET
from directory.profile import Profile
from directory.text import fold
from directory.vocabulary import vocabulary

Mask: TypeAlias = npt.NDArray[np.bool_]
Grades: TypeAlias = npt.NDArray[np.int8]

_EVIDENCE: Final = Path(__file__).with_name("evidence.csv")
_RADIUS: Final = 25.0
"""Miles around a place, unless a radius is judged too."""
_CLOSE: Final = 10.0
"""Miles that people go without a second thought."""
_ELIGIBLE: Final = frozenset({"yes", "listed"})


@cache
def evidence() -> Mapping[str, tuple[str, ...]]:
    """Concern -> modalities with evidence for it: the judge's own reading, for what is judged has one too."""
    with _EVIDENCE.open(encoding="utf-8", newline="") as file:
        found = {row["concern"]: tuple(row["modalities"].split("|")) for row in csv.DictReader(file)}
    wrong = [c for c in found if c not in vocabulary("concerns")]
    wrong += [m for codes in found.values() for m in codes if m not in vocabulary("modalities")]
    if wrong:
        raise ValueError(f"{_EVIDENCE.name}: {wrong[0]!r} is not a code")
    return MappingProxyType(found)


def _words(text: str) -> set[str]:
    """Words of `text`, those with a mark inside both split and joined."""
    found: set[str] = set()
    for chunk in fold(text).split():
        parts = [p for p in re.split(r"[\W_]+", chunk) if p]
        found.update(parts, ["".join(parts)])
    return found - {""}


def _joined(text: str) -> set[str]:
    return {"".join(re.split(r"[\W_]+", chunk)) for chunk in fold(text).split()} - {""}


class Corpus:
    """Profiles, and which of them what is true of. Masks are kept: many judgements ask the same."""

    def __init__(self, profiles: Sequence[Profile], today: date) -> None:
        self.profiles, self.today = tuple(profiles), today
        self.place = {p.id: i for i, p in enumerate(self.profiles)}
        self._masks: dict[tuple[str, str, float], Mask] = {}

    def _where(self, true_of: Callable[[Profile], bool]) -> Mask:
        return np.fromiter(map(true_of, self.profiles), np.bool_, len(self.profiles))

    def mask(self, facts: Facts) -> Mask:
        """The profiles of which all of `facts` is true."""
        found = self.all_of(facts.wanted)
        return found & ~self.all_of(facts.excluded) if facts.excluded else found

    def all_of(self, wanted: Filters) -> Mask:
        """The profiles of which each fact is true by one of its values."""
        found = np.ones(len(self.profiles), np.bool_)
        radius = float(wanted.get("radius", (str(_RADIUS),))[0])
        for name, values in wanted.items():
            if name != "radius":
                found &= np.logical_or.reduce([self.fact(name, v, radius) for v in values])
        return found

    def fact(self, name: str, value: str, radius: float = _RADIUS) -> Mask:
        """The profiles of which this one fact is true; `radius` (miles) matters for `near` alone."""
        key = name, value, radius if name == "near" else 0.0
        if key not in self._masks:
            self._masks[key] = self._where(self._test(name, value, radius))
        return self._masks[key]

    def _test(self, name: str, value: str, radius: float) -> Callable[[Profile], bool]:
        if name in FACET:
            field, kind = FACET[name].field, FACET[name].kind
            if kind == "codes":
                return lambda p: value in getattr(p, field)
            stated = value == "true" if kind == "flag" else value
            return lambda p: getattr(p, field) == stated
        if name == "near":
            point = places.find(value)
            return lambda p: self._miles(p, point) <= radius
        if name == "state":
            ways = licensure.WAYS
            return lambda p: (
                not _ELIGIBLE.isdisjoint(str(licensure.eligibility(p.grants, value, self.today)[way]) for way in ways)
            )
        tests: Mapping[str, Callable[[Profile], bool]] = {
            "office_state": lambda p: any(loc.state == value for loc in p.locations),
            "max_fee": lambda p: p.fee is not None and p.fee.lowest is not None and p.fee.lowest <= int(value),
            "min_experience": lambda p: (
                p.experience_since is not None and self.today.year - p.experience_since >= int(value)
            ),
            "name": lambda p: _joined(value) <= set().union(*map(_words, (p.name, *p.other_names))),
            "bio": lambda p: _joined(value) <= _words(p.bio or ""),
        }
        return tests[name]

    def _miles(self, profile: Profile, point: places.Point) -> float:
        at = [
            places.Point(loc.lat, loc.lon) for loc in profile.locations if loc.lat is not None and loc.lon is not None
        ]
        return min((places.miles(point, p) for p in at), default=float("inf"))

    def grades(self, judgement: Judgement) -> Grades:
        """0 to 3 for every profile: the judged grades, or those of the ladder.

        Where nobody in particular is looked for, someone who says that no new clients are taken is worth one less.
        """
        if judgement.grades is None:
            found = _ladder(self, judgement)
        else:
            found = np.zeros(len(self.profiles), np.int8)
            for grade, alternatives in judgement.grades.items():
                for facts in alternatives:
                    found = np.maximum(found, np.where(self.mask(facts), grade, 0).astype(np.int8))
        return found if judgement.kind in PEOPLE_KINDS else _less(found, self.fact("accepting", "no"))


def _less(grades: Grades, where: Mask) -> Grades:
    """One grade less for these, but not nothing."""
    return np.where(where & (grades > 1), grades - 1, grades).astype(np.int8)


def _ladder(corpus: Corpus, judgement: Judgement) -> Grades:
    """Grades of a query that has none of its own.

    Nobody is relevant without all of its filters. Of one concern: 3 for who states it and offers something that has
    evidence for it (or the query says what is wanted, or nothing has), 2 for who states it. Of several concerns: 3 for
    who states two, 2 for one. In both, 1 for who states a broader or narrower one, or just meets the filters. Without
    concerns 3, and 2 beyond ten miles of a place without a radius.
    """
    wanted, concepts = judgement.filters[0], judgement.concepts or ()
    good = corpus.all_of(wanted)
    if not concepts:
        if not wanted:
            return np.zeros(len(corpus.profiles), np.int8)
        found = np.where(good, 3, 0).astype(np.int8)
        if "near" in wanted and "radius" not in wanted:
            close = np.logical_or.reduce([corpus.fact("near", place, _CLOSE) for place in wanted["near"]])
            found = _less(found, ~close)
        return found
    stated = sum(corpus.fact("concern", code).astype(np.int8) for code in concepts)
    related = {r for code in concepts for r in _related(code)}
    found = np.zeros(len(corpus.profiles), np.int8)
    for code in related:
        found[corpus.fact("concern", code)] = 1
    if wanted:
        found[:] = 1
    found[stated >= 1] = 2
    if len(concepts) > 1:
        found[stated >= 2] = 3
    else:
        helps = evidence().get(concepts[0], ())
        if helps and "modality" not in wanted:
            offered = np.logical_or.reduce([corpus.fact("modality", code) for code in helps])
            found[(stated >= 1) & offered] = 3
        else:
            found[stated >= 1] = 3
    return np.where(good, found, 0).astype(np.int8)


def _related(code: str) -> tuple[str, ...]:
    """The broader concern and the narrower ones."""
    known = vocabulary("concerns")
    parent = known.terms[code].parent
    return (*((parent,) if parent else ()), *known.descendants(code))
