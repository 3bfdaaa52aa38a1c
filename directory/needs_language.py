"""Reads and checks `vocabularies/needs.yaml`: which words stand for which concern, and how surely.

The file's own head says what its sections mean. Every pattern becomes a `Sign`, and so does every name of a concern.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

import yaml
from rapidfuzz import process
from rapidfuzz.distance import OSA

from directory.phrase_file import PhraseFile, line_of
from directory.phrase_pattern import Alphabet, Pattern
from directory.terms import Vocabulary
from directory.text import fold

_SECTIONS: Final = ("common", "lists", "deniers", "negation", "past", "masks", "faint", "concerns", "mended", "keep")
STRENGTHS: Final[Mapping[str, float]] = {"sure": 0.9, "likely": 0.55, "hint": 0.25}
"""How likely a concern is when words of a strength are there."""
_MIN_MENDED: Final = 5
_TWO_SLIPS: Final = 9


@dataclass(frozen=True, slots=True)
class Sign:
    """A way of speaking of `code`. A match that holds one of the words `denying`, which the pattern itself doesn't
    know, says the opposite; `order` is its place in the file."""

    code: str
    weight: float
    pattern: Pattern
    denying: frozenset[str]
    order: int


@dataclass(frozen=True, slots=True)
class Name:
    """A name of `code` as a line; `faint` when it means little inside a sentence (moving, pain)."""

    code: str
    line: str
    how: Literal["name", "synonym"]
    faint: bool


@dataclass(frozen=True)
class NeedLanguage:
    """The checked content of the file. `signs` and `names` are found by a character of a line that they can't do
    without: a sign by any of its anchors, a name by its first word, longest names first."""

    alphabet: Alphabet
    signs: Mapping[str, tuple[Sign, ...]]
    names: Mapping[str, tuple[Name, ...]]
    negation: tuple[Pattern, ...]
    past: tuple[Pattern, ...]
    masks: tuple[Pattern, ...]
    mended: tuple[str, ...]
    keep: frozenset[str]

    def mend(self, word: str) -> str:
        """The word that `word` (folded) is a misspelling of; `word` itself when nothing is near enough."""
        if len(word) < _MIN_MENDED or word in self.alphabet or word in self.keep or not word.isascii():
            return word
        return _nearest(word, self.mended)


@lru_cache(maxsize=10_000)
def _nearest(word: str, choices: tuple[str, ...]) -> str:
    # People rarely miss the first letter; demanding it spares most ordinary words.
    slips = 2 if len(word) >= _TWO_SLIPS else 1
    near = [c for c in choices if c[0] == word[0]]
    best = process.extractOne(word, near, scorer=OSA.distance, score_cutoff=slips)
    return str(best[0]) if best else word


class _NeedFile(PhraseFile):
    def language(self, concerns: Vocabulary) -> NeedLanguage:
        self._deniers = frozenset(self.alphabet.char(word) for word in self._words("deniers"))
        signs = self._signs(concerns)
        contexts = {name: self.patterns(self.sections[name], {}) for name in ("negation", "past", "masks")}
        self.check_lists_used()
        names = self._names(concerns)
        mended = self._words("mended")
        for word, line in mended.items():
            if word not in self.alphabet:
                raise self.fail(line, f"“{word}” is in no pattern")
        return NeedLanguage(
            alphabet=self.alphabet,
            signs=signs,
            names=names,
            negation=contexts["negation"],
            past=contexts["past"],
            masks=contexts["masks"],
            mended=tuple(mended),
            keep=frozenset(self._words("keep")),
        )

    def _signs(self, concerns: Vocabulary) -> dict[str, tuple[Sign, ...]]:
        found: list[Sign] = []
        for code, node in self.mapping(self.sections["concerns"]).items():
            if code not in concerns:
                raise self.fail(line_of(node), f"“{code}” is not a code of {concerns.name}")
            seen: dict[str, int] = {}
            for strength, patterns in self.mapping(node, allowed=tuple(STRENGTHS)).items():
                for pattern in self.patterns(patterns, seen):
                    denying = self._deniers.difference(pattern.expression)
                    found.append(Sign(code, STRENGTHS[strength], pattern, denying, len(found)))
        by_anchor: dict[str, list[Sign]] = {}
        for sign in found:
            for char in sign.pattern.anchors:
                by_anchor.setdefault(char, []).append(sign)
        return {char: tuple(signs) for char, signs in by_anchor.items()}

    def _names(self, concerns: Vocabulary) -> dict[str, tuple[Name, ...]]:
        faint = self._words("faint")
        known: dict[str, list[Name]] = {}
        used: set[str] = set()
        for term in concerns:
            own = {fold(n) for n in (term.code, term.label, term.short)}
            for text in dict.fromkeys(fold(n) for n in term.names):
                line = "".join(self.alphabet.char(word) for word in name_words(text))
                how: Literal["name", "synonym"] = "name" if text in own else "synonym"
                known.setdefault(line[0], []).append(Name(term.code, line, how, text in faint))
                used.add(text)
        for text, number in faint.items():
            if text not in used:
                raise self.fail(number, f"“{text}” is no name of a concern")
        return {char: tuple(sorted(names, key=lambda n: -len(n.line))) for char, names in known.items()}

    def _words(self, section: str) -> dict[str, int]:
        out: dict[str, int] = {}
        node: yaml.Node = self.sections[section]
        for text, line in self.items(node):
            if text in out:
                raise self.fail(line, f"“{text}” is already in line {out[text]}")
            out[text] = line
        return out


def name_words(text: str) -> list[str]:
    """The words of a folded name as patterns know them: apostrophes gone, other signs apart."""
    return "".join(c if c.isalnum() else "" if c == "'" else " " for c in text).split()


def load(path: Path, concerns: Vocabulary) -> NeedLanguage:
    """The language in the file at `path`, whose codes are those of `concerns`. Raises VocabularyError for the first
    mistake in it."""
    return _NeedFile(path, _SECTIONS).language(concerns)
