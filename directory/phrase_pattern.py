"""Phrase patterns: the little language in which a data file describes what people say.

    {want} ~2 kill myself      words, a named list, a gap of at most two words
    (i|we) give up (on life)?  alternatives, something that may be missing
    took % pills               a number
    live !(with|in)            not before these words
    ^ domestic violence $      the start and the end of a sentence

Patterns become regular expressions over lines in which each known word is one character, so that a list of hundreds of
words costs one lookup. A gap never crosses the end of a sentence; neighbouring words may ("kill. myself"), because
punctuation is the first thing that distress drops or adds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

END: Final = "."
"""The token that ends a sentence, and its character."""
OTHER: Final = "?"
"""The character of all words that no pattern knows."""
NUMBER: Final = "#"
"""The character of all numbers."""

_FIRST: Final = 0xE000  # private use: clashes with no sign of regular expressions
_TOKEN: Final = re.compile(r"~\d+|[(){}|?!^$%]|\w+|\S")
_GAP: Final = "[^.]{0,%s}?"
_MARKS: Final = {"^": r"(?:\A|(?<=\.))", "$": r"(?=\.|\Z)"}


class PatternError(ValueError):
    """A pattern that can't be read: an unknown list, an unbalanced bracket, a sign without a meaning, no sure word."""


class Alphabet:
    """One character for each word that some pattern knows."""

    def __init__(self) -> None:
        self._chars: dict[str, str] = {}

    def __contains__(self, word: object) -> bool:
        return word in self._chars

    @property
    def words(self) -> frozenset[str]:
        return frozenset(self._chars)

    def char(self, word: str) -> str:
        """The character of `word`, a new one if need be; all numbers share one."""
        return NUMBER if word.isdigit() else self._chars.setdefault(word, chr(_FIRST + len(self._chars)))

    def line(self, words: Iterable[str]) -> str:
        """`words` as a line to search."""
        return "".join(self._chars.get(w) or (END if w == END else NUMBER if w.isdigit() else OTHER) for w in words)

    def text(self, line: str) -> str:
        """`line` in words again, for people to read."""
        words = {char: word for word, char in self._chars.items()}
        return " ".join(words.get(char, char) for char in line)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a pattern: its regular expression, the characters of which every match holds at least one (None when
    that isn't certain), and the characters it stands for when it is exactly one word."""

    regex: str
    anchors: frozenset[str] | None
    word: str | None = None


@dataclass(frozen=True)
class Pattern:
    """A pattern that was read. A line without any of `anchors` can't match, which spares most of the searching."""

    source: str
    expression: str
    anchors: frozenset[str]

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The expression to search lines with. Compiled at its first use: thousands of patterns wait for words that
        are rarely typed, and compiling all of them takes half of a start."""
        return re.compile(self.expression)


def _class(chars: Iterable[str]) -> Part:
    """Any one of the words `chars`."""
    word = "".join(sorted(set(chars)))
    return Part(word if len(word) == 1 else f"[{word}]", frozenset(word), word)


def any_of(parts: list[Part]) -> Part:
    """A part that matches where any of `parts` does; single words are taken together."""
    words = [p.word for p in parts if p.word]
    options = ([_class("".join(words))] if words else []) + [p for p in parts if not p.word]
    if len(options) == 1:
        return options[0]
    sure = [p.anchors for p in options]
    anchors = None if None in sure else frozenset().union(*(a for a in sure if a))
    return Part("(?:" + "|".join(dict.fromkeys(p.regex for p in options)) + ")", anchors)


class _Reader:
    """Reads one pattern by recursive descent."""

    def __init__(self, source: str, lists: Mapping[str, Part], alphabet: Alphabet, common: frozenset[str]) -> None:
        self._tokens: Iterator[str] = iter(_TOKEN.findall(source))
        self._next: str | None = next(self._tokens, None)
        self._lists, self._alphabet, self._common = lists, alphabet, common

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
        sign = self._take()
        if sign == "(":
            part = self._choice()
            self._expect(")")
            return part
        if sign == "{":
            name = self._take()
            self._expect("}")
            if name not in self._lists:
                raise PatternError(f"there is no list “{name}” above this line")
            return self._lists[name]
        if sign == "!":
            return Part(f"(?!{self._atom().regex})", None)
        if sign == "%" or sign.isdigit():
            return Part(NUMBER, frozenset(NUMBER))
        if sign in _MARKS:
            return Part(_MARKS[sign], None)
        if sign.startswith("~"):
            return Part(_GAP % sign[1:], None)
        if re.fullmatch(r"\w+", sign):
            return _class(self._alphabet.char(sign))
        raise PatternError(f"“{sign}” has no meaning here")

    def _sequence(self) -> Part:
        regex, before, sure = "", False, []
        count, only = 0, None
        while self._next is not None and self._next not in ("|", ")"):
            gap = self._next.startswith("~")
            part = self._atom()
            # Between two neighbours a sentence may end; beside a gap it may not.
            regex += r"\.?" if before and not gap else ""
            if self._next == "?":
                self._take()
                regex += f"(?:{part.regex}" + r"\.?)?"
                before = False
            else:
                regex += part.regex
                before = not gap
                sure += [part.anchors] if part.anchors else []
                only = part.word
            count += 1
        if not count:
            raise PatternError("an alternative is empty")
        best = min(sure, key=lambda a: (bool(a & self._common), len(a)), default=None)
        return Part(regex, best, only if count == 1 and best else None)

    def _choice(self) -> Part:
        options = [self._sequence()]
        while self._next == "|":
            self._take()
            options.append(self._sequence())
        return any_of(options)

    def whole(self) -> Part:
        part = self._choice()
        if self._next is not None:
            raise PatternError(f"“{self._next}” closes nothing")
        return part


def read(source: str, lists: Mapping[str, Part], alphabet: Alphabet, common: frozenset[str]) -> Part:
    """The part that `source` describes; `{name}` stands for `lists[name]`, new words join `alphabet`, and words whose
    characters are in `common` make poor anchors. Raises PatternError when it can't be read.
    """
    return _Reader(source, lists, alphabet, common).whole()


def compile_pattern(source: str, lists: Mapping[str, Part], alphabet: Alphabet, common: frozenset[str]) -> Pattern:
    """`source` ready to search lines with. Raises PatternError, also when no word in it is sure to occur."""
    part = read(source, lists, alphabet, common)
    if part.anchors is None:
        raise PatternError("no word in it is sure to occur")
    return Pattern(source, part.regex, part.anchors)
