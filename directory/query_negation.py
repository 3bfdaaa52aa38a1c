"""Which words of a query are negated: "not CBT or DBT", "don't want a male therapist", "EMDR didn't work for me"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from directory.query_names import phrase_starts, phrases, small_words
from directory.query_words import Token

_ENDS: Final = ".;:!?()"
_REACH: Final = 6
"""How far a negation reaches: small words take one step, others three."""
_NOT_OF_PROFESSIONALS: Final = frozenset({"near", "state", "radius", "max_fee", "min_experience", "office_state"})
"""Behind a word for a professional these say where and how much, and are not what is negated: "no male therapist in
Austin"."""


class _Walk:
    """The way along the words with what is left of a negation."""

    def __init__(self, words: Sequence[Token], spans: Mapping[int, tuple[int, str]]) -> None:
        self.words = words
        self.spans = spans
        self.found: dict[int, tuple[int, int]] = {}
        self._left = 0
        self._begin = 0
        self._crossed = False

    def run(self) -> None:
        """Walk all words."""
        place = 0
        while place < len(self.words):
            self._pause(self.words[place])
            if place in self.spans:
                place = self._meet(place)
            elif skipped := _phrase(self.words, place, "not_negations"):
                self._left = 0
                place += skipped
            elif length := _negation(self.words, place):
                self._begin, self._left, self._crossed = place, _REACH, False
                place += length
            else:
                self._step(place)
                place += 1

    def _pause(self, token: Token) -> None:
        """A sentence ends a negation; so does a comma, but in a list ("no CBT, or DBT")."""
        listed = token.key in small_words("joining")
        if any(c in token.gap for c in _ENDS) or ("," in token.gap and not listed):
            self._left = 0

    def _meet(self, place: int) -> int:
        """Judge what stands at `place`; where to go on."""
        end, parameter = self.spans[place]
        if not self._left:
            if failed := _failed(self.words, end):
                self.found[place] = (place, failed)
            return end
        if not (self._crossed and parameter in _NOT_OF_PROFESSIONALS):
            self.found[place] = (self._begin, end)
        joined = end < len(self.words) and self.words[end].key in small_words("joining")
        slash = end in self.spans and self.words[end].gap.strip() == "/"
        self._left = _REACH - 2 if joined or slash else 0
        self._begin = end + joined
        return self._begin

    def _step(self, place: int) -> None:
        if not self._left:
            return
        word = self.words[place].key
        if word in small_words("professionals"):
            self._crossed = True
            self._left -= 1
        elif word in small_words("breaking") and place > self._begin + 1:
            self._left = 0
        else:
            self._left = max(0, self._left - (1 if word in small_words("light") else 3))


def negated(words: Sequence[Token], spans: Mapping[int, tuple[int, str]]) -> dict[int, tuple[int, int]]:
    """Of `spans` (first word -> behind the last, parameter), those that are negated: first word -> (first and behind
    the last word, with those that negate)."""
    walk = _Walk(words, spans)
    walk.run()
    return walk.found


def _phrase(words: Sequence[Token], start: int, section: str) -> int:
    if start >= len(words) or words[start].key not in phrase_starts(section):
        return 0
    for count in (4, 3, 2):
        if tuple(t.key for t in words[start : start + count]) in phrases(section):
            return count
    return 0


def _negation(words: Sequence[Token], start: int) -> int:
    if count := _phrase(words, start, "negation_phrases"):
        return count
    key = words[start].key
    return int(key in small_words("negations") or (key,) in phrases("negation_phrases"))


def _failed(words: Sequence[Token], end: int) -> int:
    """Where words end that say of what stands before `end` that it failed; 0 when they don't."""
    place = end
    while place < len(words) and words[place].key in small_words("before_failed"):
        place += 1
    if place < len(words) and any(c in words[place].gap for c in _ENDS):
        return 0
    count = _phrase(words, place, "failed")
    return place + count if count else 0
