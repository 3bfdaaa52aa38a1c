"""The words of a generation: names of people and of cities. Understanding asks it whether a word exists, whether
somebody bears two names, and which word is spelt nearly alike; suggestions which words begin alike.

A word is folded and without apostrophes (`plain`), not stemmed, so that it can be shown. The bytes are arrays, read in
place, and look-ups are searches in sorted order: opening costs next to nothing, and forked workers share the memory.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import orjson
from rapidfuzz import process
from rapidfuzz.distance import OSA

from directory.profile import Stored
from directory.query_words import plain
from directory.text import is_plain

Kind: TypeAlias = Literal["name", "city"]
KINDS: Final[tuple[Kind, ...]] = ("name", "city")

NOTE: Final = "lexicon"
"""The name under which a generation keeps its lexicon."""

_MAGIC: Final = b"lexicon1"
_PIECE: Final = 1 << 20
_SPLIT: Final = str.maketrans(dict.fromkeys('-–—/,.()"“”&', " "))


@lru_cache(maxsize=100_000)
def name_words(text: str) -> tuple[str, ...]:
    """The words of a name as the lexicon holds them.

    >>> name_words("Maribel O'Brien-Reyes")
    ('maribel', 'obrien', 'reyes')
    """
    return tuple(w for piece in text.split() for w in _read(piece)[0] if w)


@lru_cache(maxsize=200_000)
def _read(piece: str) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Of what is between blanks in a name: its words as the lexicon holds them, empty ones too, and (word, as written)
    of those that are shown otherwise than with one capital: O'Brien and McDonald aren't shown as Obrien and Mcdonald.
    """
    if is_plain(piece):
        word = piece.lower()
        return (word,), () if piece.istitle() else ((word, piece),)
    read = [(plain(part), part) for part in piece.translate(_SPLIT).split()]
    unusual = tuple((word, part) for word, part in read if not (part.isalpha() and part.istitle()))
    return tuple(word for word, _ in read), unusual


_NUMBER: Final = np.dtype("<u8")


def _numbers(pairs: Iterable[str]) -> bytes:
    """Pairs of names, each with a tab between, as numbers (`_NUMBER`)."""
    return b"".join([hashlib.blake2b(pair.encode(), digest_size=8).digest() for pair in pairs])


def _packed(words: int, parts: list[bytes]) -> bytes:
    head = orjson.dumps([words, *map(len, parts)])
    return b"".join([_MAGIC, len(head).to_bytes(4, "little"), head, *parts])


_NOTHING: Final = _packed(0, [b"", b"{}", b"", b"", b"", b"[]"])


class Builder:
    """Counts the words of a generation while it is built. Those of a copy go on from the generation copied (`base`);
    who leaves it is dropped."""

    def __init__(self, base: Lexicon | None = None) -> None:
        self._base = base or Lexicon()
        self._counts: dict[Kind, Counter[str]] = {kind: Counter(self._base.words(kind)) for kind in KINDS}
        self._shown = Counter(self._base.spellings())
        # A pair of names is there once for each name that has it.
        self._pairs = bytearray()
        self._dropped = bytearray()

    def add(self, profiles: Iterable[Stored]) -> None:
        """Take in providers."""
        names: list[str] = []
        cities: list[str] = []
        spellings: list[tuple[str, str]] = []
        pairs: list[str] = []
        for stored in profiles:
            given, family = name_words(stored.get("given") or ""), name_words(stored.get("family") or "")
            words = {*given, *family}
            for name in (stored["name"], *stored.get("other_names", ())):
                parts: list[str] = []
                for piece in name.split():
                    found, unusual = _read(piece)
                    parts += found
                    spellings += unusual
                words.update(parts)
                for place, first in enumerate(parts, 1):
                    for second in parts[place : place + 3]:
                        pairs.append(f"{first}\t{second}")
            if len(given) > 1 or len(family) > 1:
                pairs += [f"{first}\t{second}" for first in given for second in family]
            names += words
            towns: list[str] = []
            for where in stored.get("locations", ()):
                if city := where.get("city"):
                    towns += name_words(city)
            cities += set(towns)
        self._counts["name"].update(names)
        self._counts["name"].pop("", None)
        self._counts["city"].update(cities)
        self._shown.update(spellings)
        self._pairs += _numbers(pairs)

    def take(self, later: Builder) -> None:
        """Take in all that `later` has taken in."""
        for kind, counts in later._counts.items():
            self._counts[kind].update(counts)
        self._shown.update(later._shown)
        self._pairs += later._pairs

    def drop(self, profiles: Iterable[Stored]) -> None:
        """Take out providers who were taken in before, by this or by the generation copied."""
        gone = Builder()
        gone.add(profiles)
        for kind, counts in gone._counts.items():
            self._counts[kind].subtract(counts)
        self._shown.subtract(gone._shown)
        self._dropped += gone._pairs

    def lexicon(self) -> Lexicon:
        """The lexicon of all that was taken in."""
        return Lexicon(self.to_bytes())

    def to_bytes(self) -> bytes:
        """As it is kept with a generation."""
        words = sorted({w for counts in self._counts.values() for w, n in counts.items() if n})
        rows = [[counts.get(w, 0) for w in words] for counts in self._counts.values()]
        counted = np.array(rows, dtype=np.uint32).reshape(len(KINDS), len(words))
        spellings = sorted((*spelling, n) for spelling, n in self._shown.items() if n)
        shown: dict[str, str] = {}
        for word, part, _ in sorted(spellings, key=lambda s: -s[2]):
            shown.setdefault(word, part)  # the most frequent, of several the first by alphabet
        pairs = [found.tobytes() for found in self._counted_pairs()]
        parts = ["\n".join(words).encode(), orjson.dumps(shown), counted.tobytes(), *pairs, orjson.dumps(spellings)]
        return _packed(len(words), parts)

    def _counted_pairs(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """The pairs of names, ascending, and how many names have each."""
        known = [self._base.pairs, np.frombuffer(self._pairs, _NUMBER), np.frombuffer(self._dropped, _NUMBER)]
        times = [self._base.pair_counts(), np.ones(len(known[1]), np.int64), np.full(len(known[2]), -1, np.int64)]
        pairs, of = np.unique(np.concatenate(known), return_inverse=True)
        counts = np.bincount(of, np.concatenate(times), len(pairs)).astype(np.uint32)
        return pairs[counts > 0], counts[counts > 0]

    def pieces(self) -> Iterator[bytes]:
        """`to_bytes` in the parts of a note."""
        data = self.to_bytes()
        for start in range(0, len(data), _PIECE):
            yield data[start : start + _PIECE]


class Lexicon:
    """The words of a generation. Safe to share between threads."""

    def __init__(self, data: bytes = b"") -> None:
        data = data or _NOTHING
        if data[: len(_MAGIC)] != _MAGIC:
            raise ValueError("this is no lexicon, or one of another version")
        start = len(_MAGIC) + 4
        size = int.from_bytes(data[start - 4 : start], "little")
        count, *sizes = orjson.loads(data[start : start + size])
        start += size
        parts: list[bytes] = []
        for size in sizes:
            parts.append(data[start : start + size])
            start += size
        self._data = data
        self._words: list[str] = parts[0].decode().split("\n") if count else []
        self.unusual: Mapping[str, str] = orjson.loads(parts[1])
        self._counts = np.frombuffer(parts[2], dtype=np.uint32).reshape(len(KINDS), count)
        self.pairs: np.ndarray[Any, Any] = np.frombuffer(parts[3], dtype=np.uint64)
        # What only a copy goes on from. Earlier code kept none; what it built is never copied.
        self._for_copies = parts[4:]
        self._buckets: dict[tuple[Kind, str, int], list[str]] | None = None

    @classmethod
    def of(cls, profiles: Iterable[Stored]) -> Lexicon:
        """The lexicon of some providers."""
        builder = Builder()
        builder.add(profiles)
        return builder.lexicon()

    @classmethod
    def from_bytes(cls, data: bytes) -> Lexicon:
        """What `to_bytes` gave. Raises ValueError for anything else."""
        return cls(data)

    def to_bytes(self) -> bytes:
        """As it is kept with a generation."""
        return self._data

    def pair_counts(self) -> np.ndarray[Any, Any]:
        """How many names have each of `pairs`."""
        return np.frombuffer(self._for_copies[0], dtype=np.uint32)

    def spellings(self) -> dict[tuple[str, str], int]:
        """(word, as a name has it) -> in how many names, of words that are shown otherwise than with one capital."""
        return {(word, part): times for word, part, times in orjson.loads(self._for_copies[1])}

    def __len__(self) -> int:
        return len(self._words)

    def frequency(self, word: str, kind: Kind) -> int:
        """How many providers have `word` as a word of `kind`."""
        place = bisect_left(self._words, word)
        if place == len(self._words) or self._words[place] != word:
            return 0
        return int(self._counts[KINDS.index(kind), place])

    def knows(self, word: str, kind: Kind | None = None) -> bool:
        """Whether some provider has `word` (as `plain` gives it)."""
        if kind is None:
            place = bisect_left(self._words, word)
            return place < len(self._words) and self._words[place] == word
        return self.frequency(word, kind) > 0

    def together(self, first: str, second: str) -> bool:
        """Whether some provider is called so: `first` before `second` in one name."""
        wanted = np.frombuffer(_numbers([f"{first}\t{second}"]), _NUMBER)[0]
        place = int(np.searchsorted(self.pairs, wanted))
        return place < len(self.pairs) and self.pairs[place] == wanted

    def shown(self, word: str) -> str:
        """`word` as a provider writes it: `O'Brien` for `obrien`."""
        return self.unusual.get(word) or word.capitalize()

    def words(self, kind: Kind) -> Mapping[str, int]:
        """Every word of `kind` with how many providers have it."""
        row = self._counts[KINDS.index(kind)]
        return {self._words[place]: int(row[place]) for place in np.flatnonzero(row)}

    def near(self, word: str, kind: Kind, limit: int = 3) -> list[str]:
        """Words of `kind` spelt nearly like `word`: best first, then the more frequent. One slip in words of five to
        seven letters, two in longer ones, none in shorter ones; the first letter is right, or swapped with the next."""
        if len(word) < 5:
            return []
        slips = 1 if len(word) <= 7 else 2
        buckets = self._by_beginning()
        choices = [
            choice
            for first in dict.fromkeys(word[:2])
            for length in range(len(word) - slips, len(word) + slips + 1)
            for choice in buckets.get((kind, first, length), ())
        ]
        found = process.extract(word, choices, scorer=OSA.distance, score_cutoff=slips, limit=None)
        ranked = sorted(found, key=lambda f: (f[1], -self.frequency(str(f[0]), kind), f[0]))
        return [str(name) for name, _, _ in ranked[:limit]]

    def starting(self, prefix: str, kind: Kind) -> Iterator[str]:
        """The words of `kind` that begin with `prefix`, by alphabet."""
        row = KINDS.index(kind)
        start = bisect_left(self._words, prefix)
        for place, word in enumerate(islice(self._words, start, None), start):
            if not word.startswith(prefix):
                return
            if self._counts[row, place]:
                yield word

    def _by_beginning(self) -> dict[tuple[Kind, str, int], list[str]]:
        if self._buckets is None:
            buckets: dict[tuple[Kind, str, int], list[str]] = defaultdict(list)
            for kind in KINDS:
                for place in np.flatnonzero(self._counts[KINDS.index(kind)]):
                    word = self._words[place]
                    buckets[kind, word[0], len(word)].append(word)
            self._buckets = dict(buckets)
        return self._buckets
