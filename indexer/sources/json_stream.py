"""The items of a JSON document one by one, in flat memory, each with the physical line on which it starts.

The decoder is Python's own, which starts anywhere in a text: a streaming parser such as ijson gives events without
lines, and what is wrong with a record is reported with its line.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from indexer.sources.files import Readable, Unusable

LARGEST_ITEM: Final = 64 * 1024 * 1024
"""Characters that one item may have; more is taken for a document that is no list."""

_BLOCK: Final = 1024 * 1024
_BLANK: Final = re.compile(r"[ \t\r\n]*")


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


_DECODER: Final = json.JSONDecoder(parse_constant=_constant)


@dataclass(frozen=True, slots=True)
class Item:
    """One value and the line on which it starts; `listed` is false for a document that is no list but one object."""

    line: int
    value: Any
    listed: bool = True


def items(
    stream: Readable, keys: Collection[str] = (), decoder: json.JSONDecoder = _DECODER, wanted: str = "list or object"
) -> Iterator[Item]:
    """The items of a list; those of the list under one of `keys` in an object; else the object as the only item.

    `decoder` may refuse more than JSON does, with a ValueError that says why; `wanted` is what is said to be missing.
    Raises Unusable for what is no JSON or ends too early: after a mistake nobody knows where the next item starts.
    """
    window = _Window(stream, decoder)
    first = window.peek()
    if not first:
        raise Unusable("the file is empty")
    if first == "[":
        yield from _listed(window)
    elif first == "{":
        yield from _keyed(window, keys)
    else:
        raise Unusable(f"this is no JSON {wanted}")
    if window.peek():
        raise window.broken("something follows the end of the document")


def _listed(window: _Window) -> Iterator[Item]:
    window.take("[")
    while window.peek() != "]":
        line = window.line
        yield Item(line, window.value())
        if window.peek() == ",":
            window.take(",")
        elif window.peek() != "]":
            raise window.broken("expected a comma or the list's end")
    window.take("]")


def _keyed(window: _Window, keys: Collection[str]) -> Iterator[Item]:
    """The items of the first list of an object under a key of `keys`, as soon as it is met; else the whole object."""
    start, found, whole = window.line, False, {}
    window.take("{")
    while window.peek() != "}":
        key = window.value()
        window.take(":")
        if not found and key in keys and window.peek() == "[":
            found = True
            yield from _listed(window)
        else:
            if key in whole:
                raise window.broken(f"the key {key} is there twice")
            whole[str(key)] = window.value()
        if window.peek() == ",":
            window.take(",")
        elif window.peek() != "}":
            raise window.broken("expected a comma or the object's end")
    window.take("}")
    if not found:
        yield Item(start, whole, listed=False)


class _Window:
    """The part of a document that is being read; `line` counts from 1."""

    def __init__(self, stream: Readable, decoder: json.JSONDecoder) -> None:
        self.line = 1
        self._stream = stream
        self._values = decoder
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
        self._text = ""
        self._at = 0
        self._ended = False
        self._started = False

    def peek(self) -> str:
        """The next character that is not blank; empty at the end."""
        while True:
            match = _BLANK.match(self._text, self._at)
            self._move(match.end() if match else self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                return ""
            self._more(_BLOCK)

    def take(self, mark: str) -> None:
        """Go past `mark`. Raises Unusable where something else stands."""
        if self.peek() != mark:
            raise self.broken(f"expected {mark}")
        self._move(self._at + 1)

    def value(self) -> Any:
        """The next value. Raises Unusable."""
        self.peek()
        size = _BLOCK
        while True:
            try:
                value, end = self._values.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                complete = self._ended or len(self._text) - self._at > LARGEST_ITEM
                if complete or not isinstance(error, json.JSONDecodeError):
                    raise self._unreadable(error) from error
            else:
                # A number that ends where the text does may go on.
                if end < len(self._text) or self._ended:
                    self._move(end)
                    return value
            self._more(size)
            size *= 2

    def broken(self, said: str) -> Unusable:
        """What is said of a document that goes wrong here."""
        if self._ended and not self._text[self._at :].strip():
            return Unusable(f"the file is cut off: it ends on line {self.line} within a list or a record")
        return Unusable(f"line {self.line} is no JSON: {said[:1].lower()}{said[1:]}")

    def _unreadable(self, error: Exception) -> Unusable:
        if isinstance(error, json.JSONDecodeError):
            # A text that never ends is said to go wrong where it begins.
            self._move(len(self._text) if "Unterminated" in error.msg else min(error.pos, len(self._text)))
            return self.broken(error.msg)
        plain = isinstance(error, RecursionError) or type(error) is ValueError
        return self.broken("nested too deeply or a number too long" if plain else str(error))

    def _move(self, at: int) -> None:
        self.line += self._text.count("\n", self._at, at)
        self._at = at

    def _more(self, size: int) -> None:
        part = self._stream.read(size)
        self._ended = not part
        if not self._started and part.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise Unusable("the file is written in UTF-16; save it in UTF-8")
        self._started = True
        self._text = self._text[self._at :] + self._decoder.decode(part, final=self._ended)
        self._at = 0
