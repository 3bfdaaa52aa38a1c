"""Words out of what a person in distress types: spaced out, disguised, run together, misspelt.

Every repair leads to a word that the crisis patterns know, and only from a word they don't know: ordinary text passes
unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from directory.phrase_pattern import END
from directory.text import fold

# Cyrillic and Greek letters that look like Latin ones, after folding; and characters that can't be seen at all.
_LOOKALIKES: Final = str.maketrans(
    dict(zip("авсԁеһіјкӏмоԛрѕтуѵԝхαεικνορτυχ", "abcdehijklmoqpstyvwxaeiknoptux", strict=True))
)
_UNSEEN: Final = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_APOSTROPHES: Final = re.compile("[’‘ʼʻ′`´ʹꞌ＇]")
_RUN: Final = re.compile(r"[^\W_]+")
_PART: Final = re.compile(r"\d+|\D+")
_SENTENCE_END: Final = re.compile(r"[.!?;:…][\"'”’)\]*~]*\Z")
# A 1 may stand for i or for l, a 2 for "to".
_LEET: Final = tuple(
    str.maketrans(dict(zip("013457@$!|+", letters, strict=True)) | {"2": "to"})
    for letters in ("oieastasilt", "oleastaslit")
)
_HIDDEN: Final = re.compile(r"[*#•●·_%&]+")
_AROUND: Final = "\"'.,;:?()[]~-"
_DOUBLED: Final = re.compile(r"(.)\1+")
_DRAWN_OUT: Final = re.compile(r"(.)\1{2,}")
_MIN_FUZZY: Final = 4
_MAX_GLUED: Final = 40
_MAX_FRAGMENTS: Final = 7


@dataclass(frozen=True)
class Spelling:
    """What may be repaired into what.

    `known`: every word of the patterns; `exact`: a misspelling and what it stands for; `one_slip`, `two_slips`: words
    that spellings so far off are mended to; `keep`: ordinary words as near to one of those; `glued`: words that people
    write together; `censored`: words in which people hide letters.
    """

    known: frozenset[str]
    exact: Mapping[str, str]
    one_slip: frozenset[str]
    two_slips: frozenset[str]
    keep: frozenset[str]
    glued: frozenset[str]
    censored: tuple[str, ...]

    @cached_property
    def _mended(self) -> frozenset[str]:
        return self.one_slip | self.two_slips

    @cached_property
    def _by_length(self) -> dict[int, tuple[list[str], list[str]]]:
        """Length of a spelling -> the words that it may be one slip away from, and those two."""
        sizes = range(_MIN_FUZZY, max(map(len, self._mended), default=0) + 3)

        def near(words: frozenset[str], size: int, slips: int) -> list[str]:
            return sorted(w for w in words if abs(len(w) - size) <= slips)

        return {size: (near(self._mended, size, 1), near(self.two_slips, size, 2)) for size in sizes}

    @cached_property
    def _beginnings(self) -> frozenset[str]:
        return frozenset(word[:n] for word in self._mended for n in range(1, len(word) + 1))

    @cached_property
    def _critical(self) -> frozenset[str]:
        return self._mended | frozenset(self.censored)

    @cached_property
    def _all_glued(self) -> re.Pattern[str]:
        return re.compile(f"(?:{'|'.join(sorted(self.glued))})+")

    def words(self, text: str) -> list[str]:
        """The words of `text`, folded and repaired, with `END` after each sentence. Any string will do."""
        folded = fold(_APOSTROPHES.sub("'", _UNSEEN.sub("", text)))
        if not folded.isascii():
            folded = folded.translate(_LOOKALIKES)
        return self._unbroken([word for chunk in self._spelled_out(folded.split()) for word in self._chunk(chunk)])

    def _chunk(self, chunk: str) -> list[str]:
        """The words of one stretch without blanks, and END if a sentence ends there."""
        if chunk.isalpha():
            return self._word(chunk)
        runs = _RUN.findall(chunk.replace("'", ""))
        if not runs:
            return []
        found = self._disguised(chunk, runs) or [
            w for run in runs for part in _PART.findall(run) for w in self._word(part)
        ]
        # A letter with a point is one of a spelled-out word more often than the end of a sentence.
        return [*found, END] if _SENTENCE_END.search(chunk) and len("".join(runs)) > 1 else found

    def _disguised(self, chunk: str, runs: list[str]) -> list[str]:
        """The words behind signs and digits (s.u.i.c.i.d.e, k1ll, su*cide), or none."""
        plain = chunk.strip(_AROUND)
        if plain in self.exact:
            return self.exact[plain].split()
        joined = "".join(runs)
        if len(runs) > 1 and len(joined) > 2 and (joined in self.known or joined in self.exact):
            return self._word(joined)
        if not any(c.isalpha() for c in plain):
            return []
        for core in dict.fromkeys((plain, plain.rstrip("!"))):
            for table in _LEET if not core.isalpha() else ():
                letters = core.replace("'", "").translate(table)
                if len(letters) > 1 and letters.isalpha() and self._all_known(found := self._word(letters)):
                    return found
        return self._uncensored(plain.rstrip("!"))

    def _uncensored(self, core: str) -> list[str]:
        if not _HIDDEN.search(core.strip("*#_")):
            return []
        parts = re.split(f"({_HIDDEN.pattern})", core.strip("*#_"))
        shape = "".join(rf"\w{{1,{len(p) + 1}}}" if n % 2 else re.escape(p) for n, p in enumerate(parts))
        return next(([word] for word in self.censored if re.fullmatch(shape, word)), [])

    def _all_known(self, words: list[str]) -> bool:
        return all(word in self.known for word in words)

    def _word(self, word: str) -> list[str]:
        """The words that `word` stands for: itself, if nothing better is known."""
        if word in self.known:
            return [word]
        if word in self.exact:
            return self.exact[word].split()
        if word in self.keep or not word.isascii() or not word.isalpha():
            return [word]
        if _DOUBLED.search(word):
            for letters in (r"\1\1", r"\1"):
                if (shorter := _DRAWN_OUT.sub(letters, word)) in self.known:
                    return [shorter]
            if (single := _DOUBLED.sub(r"\1", word)) in self.known:
                return [single]
        return self._unglued(word) or [self._nearest(word) or word]

    def _nearest(self, word: str) -> str | None:
        """The critical word that `word` is a misspelling of."""
        for slips, choices in enumerate(self._by_length.get(len(word), ()), start=1):
            if best := process.extractOne(word, choices, scorer=OSA.distance, score_cutoff=slips):
                return str(best[0])
        return None

    def _unglued(self, word: str) -> list[str]:
        """`word` cut into words of `glued`, one of them critical, or none: killmyself, iwanttodie."""
        if not 5 < len(word) <= _MAX_GLUED or not self._all_glued.fullmatch(word):
            return []
        # ways[n]: how the first n letters are cut, fewest pieces first.
        ways: list[list[str] | None] = [[]] + [None] * len(word)
        for end in range(1, len(word) + 1):
            cuts = [
                [*before, word[start:end]]
                for start, before in enumerate(ways[:end])
                if before is not None and word[start:end] in self.glued
            ]
            ways[end] = min(cuts, key=len, default=None)
        pieces = ways[-1] or []
        return [] if self._critical.isdisjoint(pieces) else pieces

    def _spelled_out(self, chunks: list[str]) -> Iterator[str]:
        """`chunks` with three or more single characters in a row put together: k m s, i w a n t t o d i e."""
        for single, group in groupby(chunks, key=lambda chunk: len(chunk.strip(_AROUND)) == 1):
            run = list(group)
            joined = "".join(chunk.strip(_AROUND) for chunk in run)
            if single and len(run) > 2 and self._all_known(self._chunk(joined)):
                yield joined
            else:
                yield from run

    def _unbroken(self, tokens: list[str]) -> list[str]:
        """`tokens` with the pieces of a broken critical word put together: sui cide, ove rdose."""
        out: list[str] = []
        at = 0
        while at < len(tokens):
            if tokens[at] not in self._beginnings:
                out.append(tokens[at])
                at += 1
                continue
            pieces = list(accumulate(tokens[at : at + _MAX_FRAGMENTS]))
            longest = max((n for n, piece in enumerate(pieces) if n and piece in self._mended), default=0)
            if self._all_known(tokens[at : at + longest + 1]):
                longest = 0
            out.append(pieces[longest])
            at += longest + 1
        return out
