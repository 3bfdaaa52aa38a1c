"""The lines of a text file as a stream, in flat memory, with their numbers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from indexer.sources.files import Readable, Unusable

LONGEST_LINE: Final = 4 * 1024 * 1024
"""Bytes; a longer line is taken for no line at all."""

_BLOCK: Final = 256 * 1024
_WORKBOOK: Final = b"\xd0\xcf\x11\xe0"  # Excel's format before 2007


@dataclass(frozen=True, slots=True)
class Line:
    """A physical line, counted from 1, with its line end. Bytes that are not UTF-8 are surrogates in `text`."""

    number: int
    text: str

    @property
    def ended(self) -> bool:
        """Whether it has a line end: the last line of a file that was cut off has none."""
        return self.text.endswith("\n")


class Lines:
    """Iterates over the lines of `stream`; lines can be put back. Raises Unusable for what is no UTF-8 text."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._waiting: deque[Line] = deque()
        self._number = 0
        self._rest = self._start()
        self._at = 0
        self._ended = False

    def _start(self) -> bytes:
        head = self._stream.read(_BLOCK) or b""
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise Unusable("the file is written in UTF-16; save it as CSV in UTF-8")
        if head.startswith(_WORKBOOK):
            raise Unusable("this is an Excel workbook; save it as CSV in UTF-8")
        head = head.removeprefix(b"\xef\xbb\xbf")
        if not head.strip(b" \t\r\n\x00\x1a,;"):
            raise Unusable("the file is empty")
        if b"\r" in head and b"\n" not in head:
            raise Unusable("lines end in a bare carriage return; save the file with ordinary line ends")
        return head

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> Line:
        if self._waiting:
            return self._waiting.popleft()
        raw = self._next()
        if not raw:
            raise StopIteration
        return Line(self._number, raw.decode("utf-8", "surrogateescape"))

    def raw(self) -> Iterator[tuple[int, bytes]]:
        """The lines as they are, with their numbers."""
        while raw := self._next():
            yield self._number, raw

    def _next(self) -> bytes:
        while (end := self._rest.find(b"\n", self._at)) < 0 and not self._ended:
            if len(self._rest) - self._at > LONGEST_LINE:
                raise Unusable(f"line {self._number + 1} is longer than {LONGEST_LINE:,} bytes: this is no table")
            block = self._stream.read(_BLOCK)
            self._ended = not block
            self._rest, self._at = self._rest[self._at :] + (block or b""), 0
        cut = end + 1 if end >= 0 else len(self._rest)
        raw, self._at = self._rest[self._at : cut], cut
        self._number += bool(raw)
        return raw

    def put_back(self, lines: Iterable[Line]) -> None:
        """`lines` come next, in their order."""
        self._waiting.extendleft(reversed(list(lines)))


def is_broken(text: str) -> bool:
    """Whether `text` holds bytes that are not UTF-8, or halves of surrogate pairs."""
    return any("\ud800" <= c <= "\udfff" for c in text) if not text.isascii() else False
