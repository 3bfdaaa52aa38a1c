"""The words of a generation: names of people, cities, and what bios and labels are made of. Understanding asks it
whether a word exists, who bears two names, and which word is spelt nearly alike; suggestions which words begin alike.

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

from directory.document import Document
from directory.profile import Profile
from directory.query_words import plain

Kind: TypeAlias = Literal["name", "city", "bio", "term"]
KINDS: Final[tuple[Kind, ...]] = ("name", "city", "bio", "term")

_MAGIC: Final = b"lexicon1"
_MOST_BIO_WORDS: Final = 50_000
_SPLIT: Final = str.maketrans(dict.fromkeys('-–—/,.()"“”&', " "))


def name_words(text: str) -> tuple[str, ...]:
    """The words of a name as the lexicon holds them.

    >>> name_words("Maribel O'Brien-Reyes")
    ('maribel', 'obrien', 'reyes')
    """
    return tuple(w for w in (plain(p) for p in text.translate(_SPLIT).split()) if w)


@lru_cache(maxsize=100_000)
def _pair(first: str, second: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"{first}\t{second}".encode(), digest_size=8).digest(), "little")


class Builder:
    """Gathers the words of a generation while it is built."""

    def __init__(self) -> None:
        self._counts: dict[Kind, Counter[str]] = {kind: Counter() for kind in KINDS}
        self._shown: dict[str, str] = {}
        self._pairs: set[int] = set()

    def add(self, profile: Profile, document: Document) -> None:
        """Take in one provider."""
        own = [profile.name, *profile.other_names]
        given, family = name_words(profile.given or ""), name_words(profile.family or "")
        words = {*given, *family}
        for name in own:
            parts = name_words(name)
            words.update(parts)
            self._pairs.update(_pair(a, b) for i, a in enumerate(parts) for b in parts[i + 1 : i + 4])
        self._pairs.update(_pair(a, b) for a in given for b in family)
        self._counts["name"].update(words)
        cities = {w for place in profile.locations if place.city for w in name_words(place.city)}
        self._counts["city"].update(cities)
        bio = document.texts.get("bio")
        if bio:
            self._counts["bio"].update(set(bio))
        terms = [t for field in ("modalities", "concerns", "professions") for t in document.texts.get(field, ())]
        self._counts["term"].update(set(terms))
        for text in (*own, *(place.city for place in profile.locations if place.city)):
            for part in text.translate(_SPLIT).split():
                word = plain(part)
                if word and word != part and word not in self._shown:
                    self._shown[word] = part

    def lexicon(self) -> Lexicon:
        """The lexicon of all that was taken in."""
        return Lexicon(self.to_bytes())

    def to_bytes(self) -> bytes:
        """As it is kept with a generation."""
        self._counts["bio"] = Counter(dict(self._counts["bio"].most_common(_MOST_BIO_WORDS)))
        words = sorted({w for counts in self._counts.values() for w in counts})
        counted = np.array(
            [[counts.get(w, 0) for w in words] for counts in self._counts.values()], dtype=np.uint32
        ).reshape(len(KINDS), len(words))
        pairs = np.array(sorted(self._pairs), dtype=np.uint64)
        shown = {w: self._shown[w] for w in words if w in self._shown}
        parts = ["\n".join(words).encode(), orjson.dumps(shown), counted.tobytes(), pairs.tobytes()]
        head = orjson.dumps([len(words), *map(len, parts)])
        return b"".join([_MAGIC, len(head).to_bytes(4, "little"), head, *parts])


class Lexicon:
    """The words of a generation. Safe to share between threads."""

    def __init__(self, data: bytes = b"") -> None:
        if not data:
            data = Builder().to_bytes()
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
        self._shown: Mapping[str, str] = orjson.loads(parts[1])
        self._counts = np.frombuffer(parts[2], dtype=np.uint32).reshape(len(KINDS), count)
        self._pairs: np.ndarray[Any, Any] = np.frombuffer(parts[3], dtype=np.uint64)
        self._buckets: dict[tuple[Kind, str, int], list[str]] | None = None

    @classmethod
    def of(cls, members: Iterable[tuple[Profile, Document]]) -> Lexicon:
        """The lexicon of some providers."""
        builder = Builder()
        for profile, document in members:
            builder.add(profile, document)
        return builder.lexicon()

    @classmethod
    def from_bytes(cls, data: bytes) -> Lexicon:
        """What `to_bytes` gave. Raises ValueError for anything else."""
        return cls(data)

    def to_bytes(self) -> bytes:
        """As it is kept with a generation."""
        return self._data

    def __len__(self) -> int:
        return len(self._words)

    def frequency(self, word: str, kind: Kind) -> int:
        """How many providers have `word` as a word of `kind`."""
        place = bisect_left(self._words, word)
        if place == len(self._words) or self._words[place] != word:
            return 0
        return int(self._counts[KINDS.index(kind), place])

    def knows(self, word: str, kind: Kind | None = None) -> bool:
        """Whether some provider has `word` (as `plain` gives it; of bios and terms, stemmed)."""
        if kind is None:
            place = bisect_left(self._words, word)
            return place < len(self._words) and self._words[place] == word
        return self.frequency(word, kind) > 0

    def together(self, first: str, second: str) -> bool:
        """Whether some provider is called so: `first` before `second` in one name."""
        wanted = np.uint64(_pair(first, second))
        place = int(np.searchsorted(self._pairs, wanted))
        return place < len(self._pairs) and self._pairs[place] == wanted

    def shown(self, word: str) -> str:
        """`word` as a provider writes it: `O'Brien` for `obrien`."""
        return self._shown.get(word, word)

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
            for kind in ("name", "city"):
                for place in np.flatnonzero(self._counts[KINDS.index(kind)]):
                    word = self._words[place]
                    buckets[kind, word[0], len(word)].append(word)
            self._buckets = dict(buckets)
        return self._buckets
