"""Records of a large CSV file in blocks of flat memory, each with the physical line on which it starts.

A sieve may keep rows back of which it knows all that is wanted. The others are parsed by polars, only in the columns
asked for. Where polars and the plain facts (newlines, quotes, columns) do not agree, Python's csv module reads that
line, or that block, again. So a row with the wrong number of columns or a stray quote costs that row and no other, and
a file that ends in the middle of a row is never taken for a whole one. Several blocks are parsed at once, in threads:
nearly all of that lets go of Python's lock.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from directory.processes import processes
from indexer.sources.files import Readable, Unusable

BLOCK: Final = 16 * 1024 * 1024
"""Bytes parsed at once: few enough for their memory to be used again rather than given back and asked for anew."""

_THREADS: Final = min(processes(), 4)
"""More would hold more blocks than the rest of reading keeps up with."""

_LONGEST_RECORD: Final = 100
"""Lines that a record with line breaks in its fields may span; beyond that a quote is missing."""

_FIRST_BYTES: Final = 64 * 1024
_LONGEST_HEADER: Final = 1024 * 1024
_LONGEST_FIELD: Final = 128 * 1024

_LAST: Final = "last column"
_BEYOND: Final = "beyond the last column"
_BLANK: Final = b" \t\r\n\x00\x1a"
_NEWLINE, _RETURN, _COMMA = b"\n\r,"


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that cannot be read: `line` is where it starts, `code` and `message` say why."""

    line: int
    code: str
    value: str
    message: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some records. `frame` has a row for each that could be read: the columns asked for as strings (empty is ""),
    `line` (Int64) and `broken` (Boolean: it holds bytes that are not UTF-8, shown as U+FFFD). `sifted` has a row for
    each that a sieve has kept back: what that says of them, and `line`."""

    frame: pl.DataFrame
    bad: tuple[BadRecord, ...]
    sifted: pl.DataFrame = field(default_factory=pl.DataFrame)

    @property
    def read(self) -> int:
        """How many records these are."""
        return self.frame.height + len(self.bad) + self.sifted.height


def read_header(stream: Readable) -> tuple[bytes, bytes, int]:
    """(the first line that is not blank, the bytes read after it, the number of the next line).

    Raises Unusable for an empty file and for one that is not a table of lines in UTF-8.
    """
    data = b""
    while len(data) < _LONGEST_HEADER and (part := stream.read(_FIRST_BYTES)):
        data += part
        if b"\n" in data.lstrip(_BLANK):
            break
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unusable("the file is written in UTF-16; save it as CSV in UTF-8")
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip(_BLANK):
        raise Unusable("the file is empty")
    line = 1
    while True:
        head, newline, rest = data.partition(b"\n")
        if head.strip(_BLANK):
            break
        data, line = rest, line + 1
    if not newline and len(head) > _LONGEST_HEADER // 2:
        raise Unusable("the file has no lines: this is no CSV table")
    if head.rstrip(b"\r").count(b"\r"):
        raise Unusable("lines end in a bare carriage return; save the file with ordinary line ends")
    return head.rstrip(b"\r"), rest, line + 1


def split_line(text: str) -> list[str]:
    """The fields of one CSV record. Raises csv.Error for one that csv refuses."""
    # The limit belongs to the process, and other readers set their own.
    csv.field_size_limit(_LONGEST_FIELD)
    return next(csv.reader([text]), [])


class Lines:
    """The lines of `text` that end in a newline: line i is `text[starts[i]:ends[i]]`, `bytes` all of them."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.bytes = np.frombuffer(text, dtype=np.uint8)
        self.ends = np.flatnonzero(self.bytes == _NEWLINE)
        self.starts = np.concatenate(([0], self.ends[:-1] + 1)) if len(self.ends) else self.ends

    @cached_property
    def ascii(self) -> bool:
        """Whether all is ASCII."""
        return int(self.bytes.max(initial=0)) < 128  # which, unlike `isascii`, lets go of Python's lock

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, i: int) -> bytes:
        return self.text[self.starts[i] : self.ends[i]]

    def without(self, some: NDArray[np.bool_]) -> Lines:
        """The lines that are not among `some`."""
        kept = np.flatnonzero(~some)
        places = zip(self.starts[kept].tolist(), (self.ends[kept] + 1).tolist(), strict=True)
        text = memoryview(self.text)
        return Lines(b"".join([text[start:end] for start, end in places]))

    def ending_in(self, byte: int) -> Sequence[int]:
        """Indices of the lines whose last byte, before a carriage return, is `byte`."""
        last = self.bytes[self.ends - 1]
        if (last == _RETURN).any():
            last = np.where(last == _RETURN, self.bytes[self.ends - 2], last)
        found: list[int] = np.flatnonzero(last == byte).tolist()
        return found


Sieve: TypeAlias = Callable[[Lines], tuple[NDArray[np.bool_], pl.DataFrame]]
"""Which lines it keeps back, and a row of what it knows for each of these. It keeps back whole records, and none where
a record may go on over the end of a line."""


@dataclass(frozen=True, slots=True)
class _Block:
    """Whole lines, in parts; the line on which they start and that after them, once those are known; and whether the
    file ends here."""

    parts: tuple[bytes, ...]
    line: Future[int]
    next_line: Future[int]
    last: bool


class Records:
    """The records after the header of a CSV file of `width` columns.

    `columns` maps the names wanted to their positions, `rest` is what was read after the header, `line` the physical
    line on which it starts, `sieve` what keeps rows back. Iterating raises Unusable at the end of a file that is cut
    off.
    """

    def __init__(
        self,
        stream: Readable,
        columns: Mapping[str, int],
        width: int,
        *,
        rest: bytes = b"",
        line: int = 2,
        block: int = BLOCK,
        sieve: Sieve | None = None,
    ) -> None:
        self._stream = stream
        self._columns = dict(columns)
        self._width = width
        self._rest = rest
        self._line = line
        self._block = block
        self._sieve = sieve
        # Names for polars: those wanted, the last column to see short rows, and one more to see long ones.
        names = [f"{i}" for i in range(width + 1)]
        for name, position in columns.items():
            names[position] = name
        names[width] = _BEYOND
        self._last = names[width - 1] if width - 1 in self._columns.values() else _LAST
        names[width - 1] = self._last
        self._head = (",".join(names) + "\n").encode()
        self._wanted = [*self._columns, *([] if self._last in self._columns else [_LAST]), _BEYOND]
        self._stated = [pl.col(name).fill_null("") for name in self._columns]
        self._schema = dict.fromkeys(self._columns, pl.String) | {"line": pl.Int64, "broken": pl.Boolean}
        self._none = Chunk(self._frame([]), ())

    def __iter__(self) -> Iterator[Chunk]:
        left = b""
        waiting: deque[tuple[_Block, Future[tuple[Chunk, bytes]]]] = deque()
        with ThreadPoolExecutor(_THREADS) as threads:
            blocks = self._blocks()
            while True:
                while len(waiting) <= _THREADS and (block := next(blocks, None)):
                    waiting.append((block, threads.submit(self._numbered, block)))
                if not waiting:
                    return
                block, parsed = waiting.popleft()
                if left:  # a record that is not complete, of which the thread did not know
                    line = block.line.result() - left.count(b"\n")
                    chunk, left = self._parse(self._lines((left, *block.parts), block.last), line, block.last)
                else:
                    chunk, left = parsed.result()
                yield chunk

    def _blocks(self) -> Iterator[_Block]:
        before, line, last = self._rest, Future[int](), False
        line.set_result(self._line)
        while not last:
            part = self._stream.read(self._block)
            rest = self._stream.readline(self._block) if part and not part.endswith(b"\n") else b""
            last = not part or not (rest or part).endswith(b"\n")
            block = _Block((before, part, rest), line, Future[int](), last)
            if len(rest) == self._block and last:
                number = line.result() + before.count(b"\n") + part.count(b"\n")
                raise Unusable(f"line {number} is longer than {self._block:,} bytes: this is no table of records")
            yield block
            before, line = b"", block.next_line

    def _numbered(self, block: _Block) -> tuple[Chunk, bytes]:
        """What `_parse` makes of `block`. Its lines have their numbers as soon as those before are counted: blocks are
        taken up one after another."""
        try:
            lines = self._lines(block.parts, block.last)
            line = block.line.result()
            block.next_line.set_result(line + len(lines))
        except BaseException as error:
            block.next_line.set_exception(error)
            raise
        return self._parse(lines, line, block.last)

    def _lines(self, parts: tuple[bytes, ...], last: bool) -> Lines:
        text = b"".join(parts)  # of nothing but bytes, which lets go of Python's lock
        return Lines(self._closed(text) if last else text)

    def _closed(self, body: bytes) -> bytes:
        """The end of the file with a newline after a last record that lacks just that."""
        start = body.rfind(b"\n") + 1
        tail = body[start:]
        if not tail.strip(_BLANK):
            return body[:start]
        return body + b"\n" if self._fields([tail]) is not None else body

    def _parse(self, lines: Lines, line: int, last: bool) -> tuple[Chunk, bytes]:
        """The records of `lines`, of which the first is `line`; and the lines at their end that belong to a record not
        yet complete."""
        numbers = np.arange(line, line + len(lines) + 1)
        if not lines.text.endswith(b"\n"):
            return self._careful(lines.text, numbers.tolist(), last)
        numbers = numbers[:-1]
        sifted = pl.DataFrame()
        if self._sieve is not None:
            kept, sifted = self._sieve(lines)
            sifted = sifted.with_columns(line=numbers[kept])
            if kept.any():
                lines, numbers = lines.without(kept), numbers[~kept]
        chunk, left = self._fast(lines, numbers), b""
        if chunk is None:
            chunk, left = self._careful(lines.text, numbers.tolist(), last)
        return replace(chunk, sifted=sifted), left

    def _fast(self, lines: Lines, numbers: NDArray[np.int64]) -> Chunk | None:
        """All records of `lines`, which have these numbers, by polars; None when the lines are not the records."""
        count = len(lines)
        if not count:
            return self._none
        broken = frozenset() if lines.ascii else _broken_lines(lines.text)
        try:
            frame = pl.read_csv(
                self._head + lines.text,
                columns=self._wanted,
                infer_schema=False,
                truncate_ragged_lines=True,
                encoding="utf8-lossy" if broken else "utf8",
            )
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            return None
        if frame.height != count:
            return None
        dropped, again, bad = [], [], []
        for i in _odd_rows(frame, self._last, lines):
            raw = lines[i].rstrip(b"\r")
            if raw.strip(_BLANK) and b'"' not in raw and raw.count(b",") + 1 == self._width:
                continue  # its last column is empty, that is all
            dropped.append(i)
            if raw.strip(_BLANK):
                fields = self._fields([raw])
                if fields is None:
                    bad.append(self._bad(int(numbers[i]), raw))
                else:
                    again.append((int(numbers[i]), i in broken, fields))
        frame = frame.select(
            *self._stated,
            pl.Series("line", numbers),
            pl.lit(False).alias("broken")
            if not broken
            else pl.int_range(0, count).is_in(sorted(broken)).alias("broken"),
        )
        if dropped:
            keep = pl.int_range(0, count).is_in(dropped).not_()
            frame = pl.concat([frame.filter(keep), self._frame(again)])
        return Chunk(frame, tuple(bad))

    def _careful(self, body: bytes, numbers: Sequence[int], last: bool) -> tuple[Chunk, bytes]:
        """The records of `body`, whose lines have these numbers, line by line, and the lines at its end that belong to
        a record not yet complete."""
        lines = body.split(b"\n")
        terminated = not lines[-1]
        if terminated:
            lines.pop()
        good: list[tuple[int, bool, list[str]]] = []
        bad: list[BadRecord] = []
        i = 0
        while i < len(lines):
            if not lines[i].strip(_BLANK):
                i += 1
                continue
            size = self._extent(lines, i)
            if size is None and not last:
                return Chunk(self._frame(good), tuple(bad)), b"\n".join(lines[i:]) + b"\n"
            record = lines[i : i + (size or 1)]
            fields = self._fields(record) if size else None
            at = numbers[i]
            if fields is not None:
                good.append((at, bool(_broken_lines(b"\n".join(record))), fields))
            elif i + len(record) == len(lines) and not terminated:
                raise Unusable(f"the file is cut off: its last row, on line {at}, is not complete")
            else:
                bad.append(self._bad(at, lines[i]))
            i += len(record)
        return Chunk(self._frame(good), tuple(bad)), b""

    def _extent(self, lines: Sequence[bytes], start: int) -> int | None:
        """How many lines the record beginning at `start` spans: 1 unless a quoted field goes on, and makes a whole
        record there; 0 if it makes none; None if the lines end before that is known."""
        quotes = lines[start].count(b'"')
        if quotes % 2 == 0:
            return 1
        for end in range(start + 1, min(start + _LONGEST_RECORD, len(lines))):
            quotes += lines[end].count(b'"')
            if quotes % 2 == 0:
                size = end - start + 1
                return size if self._fields(lines[start : start + size]) is not None else 0
        return 0 if start + _LONGEST_RECORD <= len(lines) else None

    def _fields(self, record: Sequence[bytes]) -> list[str] | None:
        """The fields of a record of these lines; None if it is no record of the right width."""
        raw = b"\n".join(record)
        if raw.count(b'"') % 2:
            return None
        try:
            fields = split_line(raw.rstrip(b"\r").decode("utf-8", "replace"))
        except csv.Error:
            return None
        return fields if len(fields) == self._width else None

    def _bad(self, line: int, raw: bytes) -> BadRecord:
        """Why the line `raw` is no record."""
        if raw.count(b'"') % 2:
            text = raw[:100].decode("utf-8", "replace")
            return BadRecord(line, "stray_quote", text, "a quotation mark is missing or too many in this row")
        try:
            count = len(split_line(raw.decode("utf-8", "replace")))
        except csv.Error:
            message = "a field is longer than 128 kB, or has a bare carriage return"
            return BadRecord(line, "unreadable_row", raw[:100].decode("utf-8", "replace"), message)
        message = f"the row has {count} columns, the header {self._width}"
        return BadRecord(line, "wrong_number_of_columns", str(count), message)

    def _frame(self, rows: Sequence[tuple[int, bool, list[str]]]) -> pl.DataFrame:
        table = [(*(fields[p] for p in self._columns.values()), line, broken) for line, broken, fields in rows]
        return pl.DataFrame(table, schema=self._schema, orient="row")


def _broken_lines(body: bytes) -> frozenset[int]:
    """Indices of the lines of `body` that are not UTF-8."""
    if not body.isascii() and not _is_utf8(body):
        return frozenset(i for i, line in enumerate(body.split(b"\n")) if not _is_utf8(line))
    return frozenset()


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _odd_rows(frame: pl.DataFrame, last: str, lines: Lines) -> list[int]:
    """Indices of rows that may have the wrong number of columns: the last column is missing, something is beyond it, or
    a comma is at the end, which polars overlooks."""
    odd = (frame[last].is_null() | frame[_BEYOND].is_not_null()).arg_true().to_list()
    return sorted({*odd, *lines.ending_in(_COMMA)})
