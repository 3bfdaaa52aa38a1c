"""Needs: from what people say to what it is about. "I can't sleep since my dad died" is insomnia and grief.

Pure, and without any engine. What people say is in `vocabularies/needs.yaml`; a mistake in it stops the start.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Literal

from directory.needs_language import NeedLanguage, load
from directory.phrase_pattern import END, OTHER, Pattern
from directory.text import fold
from directory.understanding import Concept
from directory.vocabulary import FOLDER, vocabulary

_WORD: Final = re.compile(r"\d+|[^\W\d_]+(?:['’‘ʼʻ′`´][^\W\d_]+)*")
_APOSTROPHE: Final = re.compile("['’‘ʼʻ′`´]")
_ENDS: Final = re.compile(r"[.!?;:…]")
_NAMED: Final = 0.95
_FAINT: Final = 0.3
_SHORT: Final = 3
"""Words of a text in which a name always means what it names."""
_PAST: Final = 0.5
# Each further sign of a concern counts less: people repeat themselves.
_REPEATED: Final = 0.6
_COUNTED: Final = 10
"""Signs of a concern that are counted; the next ones would add nothing."""
_BEFORE: Final = 8
"""Words before a sign that may deny it."""
_SURE: Final = 0.8
"""Weight from which a sign explains the weaker ones among its words, which then count `_PART`."""
_PART: Final = 0.5
_LEAST: Final = 0.1


@dataclass(frozen=True, slots=True)
class _Sign:
    """A sign found: what it stands for, and its place in the line."""

    code: str
    weight: float
    start: int
    end: int
    how: Literal["name", "synonym", "need"]


@dataclass(frozen=True, slots=True)
class _Text:
    """A text as a line: one character a word, with each word's place in the text; `masked` is the line without what
    only sounds like a need."""

    text: str
    line: str
    masked: str
    places: tuple[tuple[int, int], ...]


def _read(text: str, language: NeedLanguage) -> _Text:
    folded = " ".join(text.split())
    words: list[str] = []
    places: list[tuple[int, int]] = []
    found = list(_WORD.finditer(folded))
    for match, following in pairwise([*found, None]):
        assert match is not None
        words.append(language.mend(fold(_APOSTROPHE.sub("", match[0]))))
        places.append(match.span())
        if following and _ENDS.search(folded, match.end(), following.start()):
            words.append(END)
            places.append((match.end(), match.end()))
    line = masked = language.alphabet.line(words)
    for mask in language.masks:
        if not mask.anchors.isdisjoint(masked):
            masked = mask.regex.sub(lambda m: OTHER * len(m[0]), masked)
    return _Text(folded, line, masked, tuple(places))


def _signs(read: _Text, language: NeedLanguage) -> Iterator[_Sign]:
    """Everything in the text that speaks of a concern, in no order; nothing inside a longer name."""
    names = list(_names(read, language))
    yield from names
    inside = {at for name in names if name.end - name.start > 1 for at in range(name.start, name.end)}
    candidates = {sign.order: sign for char in set(read.masked) for sign in language.signs.get(char, ())}
    for sign in candidates.values():
        for found in sign.pattern.regex.finditer(read.masked):
            start, end = found.span()
            if sign.denying.isdisjoint(found[0]) and not inside.issuperset(range(start, end)):
                yield _Sign(sign.code, sign.weight, start, end, "need")


def _names(read: _Text, language: NeedLanguage) -> Iterator[_Sign]:
    """The names of concerns in the text, longest first: no name inside another, nor inside what is masked."""
    short = len(read.line) <= _SHORT
    at = 0
    while at < len(read.line):
        named = (n for n in language.names.get(read.line[at], ()) if read.line.startswith(n.line, at))
        name = next((n for n in named if short or read.masked.startswith(n.line, at)), None)
        if name:
            end = at + len(name.line)
            yield _Sign(name.code, _FAINT if name.faint and not short else _NAMED, at, end, name.how)
        at += len(name.line) if name else 1


def _said_before(line: str, start: int, patterns: tuple[Pattern, ...]) -> bool:
    """Whether one of `patterns` ends right before `start`, in the same sentence."""
    first = max(start - _BEFORE, 0)
    clause = line[max(line.rfind(END, first, start) + 1, first) : start]
    return any(not p.anchors.isdisjoint(clause) and p.regex.search(clause) for p in patterns)


def _standing(signs: Iterator[_Sign], line: str, language: NeedLanguage) -> Iterator[_Sign]:
    """`signs` without those that are denied; what is past counts half."""
    for sign in signs:
        if not _said_before(line, sign.start, language.negation):
            past = _said_before(line, sign.start, language.past)
            yield replace(sign, weight=sign.weight * _PAST) if past else sign


def _apart(signs: list[_Sign]) -> Iterator[_Sign]:
    """`signs`; those whose words are all part of a longer and surer one count half: "my dad" in "since my dad died"
    hardly speaks of trouble with him."""
    sure: dict[int, list[_Sign]] = defaultdict(list)
    for sign in signs:
        if sign.end - sign.start > 1 and sign.weight >= _SURE:
            for place in range(sign.start, sign.end):
                sure[place].append(sign)
    for sign in signs:
        around = sure.get(sign.start, ())
        part = any(s.weight > sign.weight and sign.end <= s.end and s.code != sign.code for s in around)
        yield replace(sign, weight=sign.weight * _PART) if part else sign


def _strongest(signs: list[_Sign]) -> list[_Sign]:
    """`signs` of one concern, strongest first, each of them with words of its own."""
    kept: list[_Sign] = []
    for sign in sorted(signs, key=lambda s: (-s.weight, s.start, -s.end, s.how)):
        if all(sign.end <= other.start or sign.start >= other.end for other in kept):
            kept.append(sign)
            if len(kept) == _COUNTED:
                break
    return kept


def _weight(signs: list[_Sign]) -> float:
    """How likely a concern is that has `signs` (strongest first), as if they were independent chances."""
    doubt = 1.0
    for number, sign in enumerate(signs):
        doubt *= 1 - sign.weight * _REPEATED**number
    return 1 - doubt


def concepts(text: str, limit: int = 5) -> tuple[Concept, ...]:
    """The concerns that `text` is about, at most `limit`, most likely first. Any string of any length will do.

    >>> [c.code for c in concepts("I can't sleep since my dad died")]
    ['insomnia', 'grief']
    """
    language = _LANGUAGE
    read = _read(text, language)
    by_code: dict[str, list[_Sign]] = {}
    for sign in _apart(list(_standing(_signs(read, language), read.line, language))):
        by_code.setdefault(sign.code, []).append(sign)
    best = {code: _strongest(signs) for code, signs in by_code.items()}
    weights = {code: _weight(signs) for code, signs in best.items()}
    ranked = sorted(weights, key=lambda code: (-weights[code], best[code][0].start, code))
    return tuple(
        _concept(code, weights[code], best[code][0], read) for code in ranked[:limit] if weights[code] >= _LEAST
    )


def _concept(code: str, weight: float, sign: _Sign, read: _Text) -> Concept:
    start, end = read.places[sign.start][0], read.places[sign.end - 1][1]
    return Concept(code, round(weight, 3), read.text[start:end], start, end, sign.how)


_LANGUAGE: Final = load(FOLDER / "needs.yaml", vocabulary("concerns"))
