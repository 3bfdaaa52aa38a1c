"""Which names of the vocabularies and which places continue what is being typed, in spite of a slip. Pure.

Names compare folded, without apostrophes, other signs as blanks. What is typed may be the beginning of a name or of
one of a label's later words ("anx" finds "Social anxiety" too, after "Anxiety").
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from heapq import nlargest
from itertools import islice
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from directory import places
from directory.terms import Vocabulary
from directory.text import fold
from directory.vocabulary import vocabulary

_MIN_FUZZY: Final = 4
_TWO_SLIPS: Final = 8
_LATER: Final = 3
_BEGINNINGS: Final = 64
"""Lists of beginnings of cities that are kept, of two thousand each at most."""
_SEEN: Final = 3000
"""Names with one beginning that are looked at; only a single letter has more."""


def folded(text: str) -> str:
    """`text` as names compare here.

    >>> folded("Obsessive-compulsive (OCD), Alzheimer's")
    'obsessive compulsive ocd alzheimers'
    """
    return " ".join("".join(c if c.isalnum() else "" if c in "'’" else " " for c in fold(text)).split())


@dataclass(frozen=True, slots=True)
class Match:
    """A code that what was typed may become: `name` is the name that was matched, `rank` 0 the whole name, 1 the
    beginning of the label, 2 that of another name, 3 that of a later word of the label, more with slips."""

    code: str
    name: str
    rank: int


class Terms:
    """Names that lead to codes, found by their beginnings; labels by the beginnings of their later words too."""

    def __init__(self, vocabulary_: Vocabulary) -> None:
        self._order = {code: place for place, code in enumerate(vocabulary_.codes)}
        found: dict[tuple[str, str], tuple[str, int]] = {}
        for term in vocabulary_:
            for name in dict.fromkeys((term.label, *term.names)):
                words = folded(name).split()
                label = name == term.label
                for start in range(len(words) if label else 1):
                    found.setdefault((" ".join(words[start:]), term.code), (name, _LATER if start else 1 + (not label)))
        self._entries = sorted((key, code, name, rank) for (key, code), (name, rank) in found.items())
        self._keys = [entry[0] for entry in self._entries]
        by_length: dict[tuple[str, int], list[int]] = defaultdict(list)
        for number, key in enumerate(self._keys):
            for length in range(_MIN_FUZZY - 1, len(key) + 1):
                by_length[key[0], length].append(number)
        self._by_length = dict(by_length)

    def starting(self, typed: str) -> list[Match]:
        """Codes with a name, or a later part of one, that begins with `typed` (see `folded`): best first."""
        start = bisect_left(self._keys, typed)
        matches = []
        for key, code, name, rank in islice(self._entries, start, start + _SEEN):
            if not key.startswith(typed):
                break
            matches.append(Match(code, name, 0 if key == typed and rank < _LATER else rank))
        return self._best(matches)

    def nearly(self, typed: str) -> list[Match]:
        """Like `starting` with a slip in `typed`, or two where it is long; the first letter is right."""
        if len(typed) < _MIN_FUZZY:
            return []
        slips = 1 if len(typed) < _TWO_SLIPS else 2
        matches = []
        for length in range(len(typed) - 1, len(typed) + 2):
            numbers = self._by_length.get((typed[0], length), [])
            beginnings = [self._keys[n][:length] for n in numbers]
            found = process.extract(typed, beginnings, scorer=OSA.distance, score_cutoff=slips, limit=None)
            for _, distance, place in found:
                _, code, name, rank = self._entries[numbers[place]]
                matches.append(Match(code, name, rank + _LATER * int(distance)))
        return self._best(matches)

    def _best(self, matches: Iterable[Match]) -> list[Match]:
        """Each code once, by its best name."""
        best: dict[str, Match] = {}
        for match in sorted(matches, key=lambda m: (m.rank, len(m.name))):
            best.setdefault(match.code, match)
        return sorted(best.values(), key=lambda m: (m.rank, self._order[m.code]))


@cache
def terms(name: str) -> Terms:
    """The names of the vocabulary `name`."""
    return Terms(vocabulary(name))


class Cities:
    """Cities by the beginning of `city state`; larger ones (by their number of ZIP codes) first."""

    def __init__(self, rows: Iterable[tuple[str, str]]) -> None:
        self._size = Counter(rows)
        self._entries = sorted((folded(f"{city} {state}"), city, state) for city, state in self._size)
        self._keys = [key for key, _, _ in self._entries]
        by_letter: dict[str, list[int]] = defaultdict(list)
        for number, key in enumerate(self._keys):
            by_letter[key[0]].append(number)
        self._by_letter = dict(by_letter)
        self._beginnings = lru_cache(maxsize=_BEGINNINGS)(self._make_beginnings)

    def starting(self, typed: str, limit: int) -> list[str]:
        """At most `limit` cities, as `City, ST`, that begin with `typed` (see `folded`)."""
        start = bisect_left(self._keys, typed)
        numbers = []
        for number in range(start, min(start + _SEEN, len(self._keys))):
            if not self._keys[number].startswith(typed):
                break
            numbers.append(number)
        return self._largest(numbers, limit)

    def nearly(self, typed: str, limit: int) -> list[str]:
        """Like `starting` with one slip in `typed`; the first letter is right."""
        if len(typed) <= _MIN_FUZZY:
            return []
        alike = self._beginnings(typed[0], len(typed))
        found = process.extract(typed, alike.keys(), scorer=OSA.distance, score_cutoff=1, limit=None)
        return self._largest([number for beginning, _, _ in found for number in alike[beginning]], limit)

    def _make_beginnings(self, letter: str, length: int) -> Mapping[str, Sequence[int]]:
        """The beginnings of so many letters of the names with this first letter, and whose they are."""
        found: dict[str, list[int]] = defaultdict(list)
        for number in self._by_letter.get(letter, ()):
            found[self._keys[number][:length]].append(number)
        return found

    def _largest(self, numbers: Sequence[int], limit: int) -> list[str]:
        def size(number: int) -> tuple[int, int]:
            _, city, state = self._entries[number]
            return self._size[city, state], -number

        return ["{}, {}".format(*self._entries[n][1:]) for n in nlargest(limit, numbers, key=size)]


@cache
def cities() -> Cities:
    """Every city that can be searched near."""
    return Cities(_placed())


def _placed() -> Iterator[tuple[str, str]]:
    for row in places.zip_rows().values():
        if row.point:
            yield row.city, row.state
