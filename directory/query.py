"""What someone typed, understood: filters, concepts, spelling. Pure and engine-neutral: it knows the vocabularies and,
if given, the words of a generation (`Lexicon`), and explains itself by the words that each finding came from.

    words (query_words) -> names of people (query_people) -> spelling (query_spelling) -> numbers (query_grammar),
    names of codes (query_names), places (query_places) -> which of them are meant (query_sense), which negated
    (query_negation)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

from directory import needs, query_grammar, query_negation, query_people, query_sense, query_spelling
from directory.facets import FACET
from directory.lexicon import Lexicon
from directory.query_names import small_words
from directory.query_places import Reading, place_at
from directory.query_sense import Named, NamedConcern, Sense
from directory.query_words import tokens
from directory.understanding import Concept, Correction, Finding, Understanding

MAX_CONCEPTS: Final = 5
_NAMED: Final = 0.95
_ALIAS: Final = 0.9
_ABOUT: Final = frozenset({"modality", "format", "community", "prescribes"})
_NOT_ABOUT: Final = frozenset({*FACET, "near", "state", "office_state"}) - _ABOUT
"""Parameters whose words are about no concern, whatever they sound like: "Veterans Affairs"."""


def understand(q: str, lexicon: Lexicon | None = None) -> Understanding:
    """What the words of `q` ask for. Pure: the same words and the same lexicon give the same. Never raises, whatever
    `q` is; without a lexicon names of people are only told by their titles."""
    q = " ".join(q.split())
    return _Query(q, lexicon).understanding() if q else Understanding()


class _Query:
    """One query on its way to being understood."""

    def __init__(self, q: str, lexicon: Lexicon | None) -> None:
        self.q = q
        typed = tokens(q)
        story = not small_words("story").isdisjoint(t.key for t in typed) or any(t.key == "my" for t in typed)
        people = query_people.people(typed, lexicon, story=story)
        self.words, self.mended, mended_people = query_spelling.mend(typed, people, lexicon)
        self.people = people | (mended_people if not story else set())
        self.story = story

    def understanding(self) -> Understanding:
        """All of it."""
        words = self.words
        free = [not t.quoted and i not in self.people for i, t in enumerate(words)]
        numbers = query_grammar.numbers(words)
        self._take(free, numbers)
        sayings = query_sense.named(words, free)
        in_names = {
            i for n in sayings for i in range(n.start, n.end) if n.end - n.start > 1 or n.meanings[0].needs == ""
        }
        places = list(self._places([f and i not in in_names for i, f in enumerate(free)]))
        placed = {i for r in places for i in range(r.start, r.end)}
        sayings = [n for n in sayings if placed.isdisjoint(range(n.start, n.end))]
        about = self._concerns(free, placed, sayings)
        sense = Sense(words, sayings, about)
        meant = {n: kept for n in sayings if (kept := tuple(m for m in n.meanings if sense.meant(n, m)))}
        readings = [*numbers, *places]
        for name, meanings in meant.items():
            readings += [Reading(name.start, name.end, m.parameter, m.values) for m in meanings]
        return self._told(self._either_way(readings), about)

    @staticmethod
    def _take(free: list[bool], readings: Sequence[Reading]) -> None:
        for reading in readings:
            for place in range(reading.start, reading.end):
                free[place] = False

    def _places(self, free: Sequence[bool]) -> Iterator[Reading]:
        place = 0
        while place < len(self.words):
            found = place_at(self.words, place, story=self.story) if free[place] else None
            if found and all(free[place : found.end]):
                start = found.start
                while start < place and not free[start]:
                    start += 1
                yield replace(found, start=start)
                place = found.end
            else:
                place += 1

    def _concerns(self, free: Sequence[bool], placed: set[int], sayings: Sequence[Named]) -> list[NamedConcern]:
        """Concerns may be named within the name of a filter ("trauma informed", "marriage counseling"), but not within
        that of a company, a profession or a language."""
        taken = {i for n in sayings if n.meanings[0].parameter in _NOT_ABOUT for i in range(n.start, n.end)} | placed
        taken |= {i for n in sayings if n.meanings[0].parameter == "age_group" for i in range(n.start, n.end)}
        return query_sense.named_concerns(self.words, [f and i not in taken for i, f in enumerate(free)])

    def _either_way(self, readings: list[Reading]) -> list[Reading]:
        """ "Online or in person" asks for nothing."""
        remote = [r for r in readings if r.parameter == "remote"]
        here = [r for r in readings if r.parameter == "meeting" and r.values == ("in_person",)]
        for one in remote:
            for other in here:
                first, last = sorted((one, other), key=lambda r: r.start)
                between = [t.key for t in self.words[first.end : last.start]]
                if between in (["or"], ["and", "or"], ["o"]):
                    return [r for r in readings if r not in (one, other)]
        return readings

    def _told(self, readings: list[Reading], about: Sequence[NamedConcern]) -> Understanding:
        readings = self._single(sorted(readings, key=lambda r: (r.start, -r.end)))
        spans: dict[int, tuple[int, str]] = {c.start: (c.end, "concern") for c in about}
        spans |= {r.start: (r.end, r.parameter) for r in readings}
        refused = query_negation.negated(self.words, spans)
        findings = self._findings(readings, refused)
        wanted = [c for c in about if c.start not in refused]
        used = {i for r in readings for i in range(r.start, r.end)}
        used |= {i for start, end in refused.values() for i in range(start, end)}
        used |= {i for c in about for i in range(c.start, c.end)}
        barred = {i for start, end in refused.values() for i in range(start, end)} | self.people
        barred |= {i - 1 for i in self.people if i and self.words[i - 1].key in query_people.TITLES}
        barred |= {i for r in readings if r.parameter in _NOT_ABOUT for i in range(r.start, r.end)}
        return Understanding(
            q=self.q,
            findings=findings,
            concepts=self._concepts(wanted, barred, {i for r in readings if r.parameter == "modality" for i in r.span}),
            text=" ".join(self._left(used)),
            required=tuple(self._required()),
            corrected=self._corrected(),
        )

    @staticmethod
    def _single(readings: Sequence[Reading]) -> list[Reading]:
        """Of a parameter that takes one value the first counts; of prices the highest."""
        kept: list[Reading] = []
        for reading in readings:
            name = reading.parameter
            if name in FACET and FACET[name].kind != "flag":
                kept.append(reading)
                continue
            before = next((r for r in kept if r.parameter == name), None)
            if before is None or before.values == reading.values:
                kept.append(reading)
            elif name == "max_fee" and int(before.values[0]) < int(reading.values[0]):
                kept[kept.index(before)] = reading
        return kept

    def _span(self, start: int, end: int) -> tuple[int, int]:
        return self.words[start].start, self.words[end - 1].end

    def _findings(self, readings: Sequence[Reading], refused: Mapping[int, tuple[int, int]]) -> tuple[Finding, ...]:
        no = {(r.parameter, v) for r in readings if r.start in refused for v in r.values}
        found = []
        for reading in readings:
            start, end = refused.get(reading.start, (reading.start, reading.end))
            first, last = self._span(start, end)
            said = Finding(reading.parameter, reading.values, self.q[first:last], first, last)
            if reading.start in refused or any((reading.parameter, v) in no for v in reading.values):
                said = replace(said, applied=False, because="negated")
            found.append(said)
        return tuple(found)

    def _concepts(self, wanted: Sequence[NamedConcern], barred: set[int], ways: set[int]) -> tuple[Concept, ...]:
        """What the query is about, best first: what is said of it (`needs`), and what only a mended word names; nothing
        from words that mean something else. The names of ways of working (`ways`) only tell it outright: "CBT for
        insomnia", not "acceptance and commitment"."""
        best: dict[str, Concept] = {}
        for concept in needs.concepts(self.q, MAX_CONCEPTS + len(barred)):
            within = {i for i, t in enumerate(self.words) if t.start < concept.end and concept.start < t.end}
            if not within or not (within <= barred or (within <= ways and concept.how != "name")):
                best[concept.code] = concept
        for concern in wanted:
            first, last = self._span(concern.start, concern.end)
            told = concern.own or not ways.issuperset(range(concern.start, concern.end))
            if concern.code not in best and told:
                how: Literal["name", "synonym"] = "name" if concern.own else "synonym"
                weight = _NAMED if concern.own else _ALIAS
                best[concern.code] = Concept(concern.code, weight, self.q[first:last], first, last, how)
        return tuple(sorted(best.values(), key=lambda c: (-c.weight, c.start))[:MAX_CONCEPTS])

    def _left(self, used: set[int]) -> Iterator[str]:
        for place, token in enumerate(self.words):
            if place in used or token.quoted or place in self.people or token.key in small_words("stopwords"):
                continue
            if not any(c.isalpha() for c in token.key):
                continue
            yield self.mended.get(place, token.typed)

    def _required(self) -> Iterator[str]:
        for place, token in enumerate(self.words):
            if token.quoted or place in self.people:
                yield self.mended.get(place, token.typed)

    def _corrected(self) -> tuple[Correction, ...]:
        return tuple(
            Correction(self.words[place].typed, meant, self.words[place].start, self.words[place].end)
            for place, meant in sorted(self.mended.items())
        )
