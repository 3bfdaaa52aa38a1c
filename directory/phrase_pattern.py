"""Phrase patterns: the little language in which data files describe what people say.

    {want} ~2 kill myself      words, a named list, a gap of at most two words
    (i|we) give up (on life)?  alternatives, something that may be missing
    took % pills               a number
    live !(with|in)            not before these words
    ^ domestic violence $      the start and the end of a sentence

A line to be searched is lower-case words, each followed by one blank; a lone `.` is the end of a sentence. A gap never
crosses that end, neighbouring words may ("kill. myself"), because punctuation is the first thing distress drops or adds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

END: Final = "."
"""The token that ends a sentence."""

Anchors: TypeAlias = frozenset[str] | None
"""Words of which every match holds at least one; None when a match may hold none of them for certain."""

_TOKEN: Final = re.compile(r"~\d+|[(){}|?!^$%]|\w+|\S")
_GAP: Final = r"(?:[^ .]+ ){0,%s}?(?!\. )"
_MARKS: Final = {"^": r"(?:\A|(?<=\. ))", "$": r"(?=\. |\Z)"}


class PatternError(ValueError):
    """A pattern that can't be read: an unknown list, an unbalanced bracket, a sign without a meaning, no sure word."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a pattern: its regular expression, the words of which one must occur, all words in it."""

    regex: str
    anchors: Anchors
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern. A line without any of `anchors` can't match, which spares most of the searching."""

    source: str
    regex: re.Pattern[str]
    anchors: frozenset[str]


def _sequence(parts: list[Part], common: frozenset[str]) -> Part:
    """One part after the other; anchored in the part with the rarest words."""
    sure = [p.anchors for p in parts if p.anchors]
    best = min(sure, key=lambda a: (bool(a & common), len(a)), default=None)
    return Part("".join(p.regex for p in parts), best, frozenset().union(*(p.words for p in parts)))


def _choice(parts: list[Part]) -> Part:
    """Any of the parts."""
    if len(parts) == 1:
        return parts[0]
    sure = [p.anchors for p in parts]
    anchors = None if None in sure else frozenset().union(*(a for a in sure if a))
    regex = "(?:" + "|".join(dict.fromkeys(p.regex for p in parts)) + ")"
    return Part(regex, anchors, frozenset().union(*(p.words for p in parts)))


class _Reader:
    """Reads one pattern by recursive descent."""

    def __init__(self, source: str, lists: Mapping[str, Part], common: frozenset[str]) -> None:
        self._tokens: Iterator[str] = iter(_TOKEN.findall(source))
        self._next: str | None = next(self._tokens, None)
        self._lists, self._common = lists, common

    def _take(self) -> str:
        token, self._next = self._next, next(self._tokens, None)
        if token is None:
            raise PatternError("ends too early")
        return token

    def _expect(self, sign: str) -> None:
        if self._next != sign:
            raise PatternError(f"“{sign}” is missing" + (f" before “{self._next}”" if self._next else ""))
        self._take()

    def _atom(self) -> Part:
        token = self._take()
        if token == "(":
            part = self.choice()
            self._expect(")")
            return part
        if token == "{":
            name = self._take()
            self._expect("}")
            if name not in self._lists:
                raise PatternError(f"there is no list “{name}” above this line")
            return self._lists[name]
        if token in _MARKS:
            return Part(_MARKS[token], None, frozenset())
        if token == "!":
            return Part(f"(?!{self._atom().regex})", None, frozenset())
        if token == "%":
            return Part(r"\d+ ", None, frozenset())
        if token.startswith("~"):
            return Part(_GAP % token[1:], None, frozenset())
        if re.fullmatch(r"\w+", token):
            return Part(rf"(?:\. )?{token} ", frozenset({token}), frozenset({token}))
        raise PatternError(f"“{token}” has no meaning here")

    def _item(self) -> Part:
        part = self._atom()
        if self._next != "?":
            return part
        self._take()
        return Part(f"(?:{part.regex})?", None, part.words)

    def choice(self) -> Part:
        options: list[Part] = []
        while True:
            parts: list[Part] = []
            while self._next is not None and self._next not in "|)":
                parts.append(self._item())
            if not parts:
                raise PatternError("an alternative is empty")
            options.append(_sequence(parts, self._common))
            if self._next != "|":
                return _choice(options)
            self._take()

    def whole(self) -> Part:
        part = self.choice()
        if self._next is not None:
            raise PatternError(f"“{self._next}” closes nothing")
        return part


def read(source: str, lists: Mapping[str, Part], common: frozenset[str] = frozenset()) -> Part:
    """The part that `source` describes; `{name}` stands for `lists[name]`. Words in `common` make poor anchors.

    Raises PatternError when it can't be read.
    """
    return _Reader(source, lists, common).whole()


def any_of(parts: list[Part]) -> Part:
    """A part that matches where any of `parts` does."""
    return _choice(parts)


def compile_pattern(source: str, lists: Mapping[str, Part], common: frozenset[str] = frozenset()) -> Pattern:
    """`source` ready to search lines with. Raises PatternError, also when nothing in it is sure to occur."""
    part = read(source, lists, common)
    if part.anchors is None:
        raise PatternError("no word in it is sure to occur")
    return Pattern(source, re.compile(rf"(?<![^ ])(?!\. ){part.regex}"), part.anchors)
