"""Records of a large CSV file in blocks of flat memory, each with the physical line on which it starts.

A block is parsed by polars, only in the columns asked for. Where polars and the plain facts (newlines, quotes, columns)
do not agree, Python's csv module reads that line, or that block, again. So a row with the wrong number of columns or a
stray quote costs that row and no other, and a file that ends in the middle of a row is never taken for a whole one.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from indexer.sources.files import Readable, Unusable

BLOCK: Final = 8 * 1024 * 1024
"""Bytes parsed at once: few enough for their memory to be used again rather than given back and asked for anew."""

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
    `line` (Int64) and `broken` (Boolean: it holds bytes that are not UTF-8, shown as U+FFFD)."""

    frame: pl.DataFrame
    bad: tuple[BadRecord, ...]
    lines: int = 0

    @property
    def read(self) -> int:
        """How many records these are."""
        return self.frame.height + len(self.bad)


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


class Records:
    """The records after the header of a CSV file of `width` columns.

    `columns` maps the names wanted to their positions, `rest` is what was read after the header, `line` the physical
    line on which it starts. Iterating raises Unusable at the end of a file that is cut off.
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
    ) -> None:
        self._stream = stream
        self._columns = dict(columns)
        self._width = width
        self._rest = rest
        self._line = line
        self._block = block
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

    def __iter__(self) -> Iterator[Chunk]:
        parts: Sequence[bytes | memoryview]
        pending, ended = self._rest, False
        while not ended:
            # At least one part each time: what is left of the block before may be a block by itself.
            read, ended = self._fill(pending)
            if ended:
                parts, pending = [self._closed(b"".join(read))], b""
            else:
                parts, pending = _cut(read)
                if not parts:
                    raise Unusable(
                        f"line {self._line} is longer than {self._block:,} bytes: this is no table of records"
                    )
            chunk, lines, left = self._parse(b"".join((self._head, *parts)), last=ended)
            self._line += lines
            pending = left + pending
            yield chunk

    def _fill(self, pending: bytes) -> tuple[list[bytes], bool]:
        """`pending` and what follows it, about a block in all; and whether the file ends there."""
        parts, size = [pending], len(pending)
        while True:
            part = self._stream.read(self._block)
            if not part:
                return parts, True
            parts.append(part)
            size += len(part)
            if size >= self._block:
                return parts, False

    def _closed(self, body: bytes) -> bytes:
        """The end of the file with a newline after a last record that lacks just that."""
        start = body.rfind(b"\n") + 1
        tail = body[start:]
        if not tail.strip(_BLANK):
            return body[:start]
        return body + b"\n" if self._fields([tail]) is not None else body

    def _parse(self, text: bytes, *, last: bool) -> tuple[Chunk, int, bytes]:
        """The records of `text`, which starts with the names for polars; how many lines they are; and the lines at its
        end that belong to a record not yet complete."""
        if len(text) == len(self._head):
            return Chunk(self._frame([]), ()), 0, b""
        if text.endswith(b"\n") and (chunk := self._fast(text)) is not None:
            return chunk, chunk.lines, b""
        body = text[len(self._head) :]
        chunk, left = self._careful(body, last=last)
        return chunk, body.count(b"\n") - left.count(b"\n"), left

    def _fast(self, text: bytes) -> Chunk | None:
        """All records of `text` by polars; None when its lines are not its records."""
        lines = _Lines(text, len(self._head))
        count = len(lines)
        broken = _broken_lines(text) if not text.isascii() else frozenset()
        try:
            frame = pl.read_csv(
                text,
                columns=self._wanted,
                infer_schema=False,
                truncate_ragged_lines=True,
                encoding="utf8-lossy" if broken else "utf8",
            )
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            return None
        if frame.height != count:
            return None
        # The names for polars are a line before the first.
        broken = frozenset(i - 1 for i in broken)
        dropped, again, bad = [], [], []
        for i in _odd_rows(frame, self._last, lines):
            raw = lines[i].rstrip(b"\r")
            if raw.strip(_BLANK) and b'"' not in raw and raw.count(b",") + 1 == self._width:
                continue  # its last column is empty, that is all
            dropped.append(i)
            if raw.strip(_BLANK):
                fields = self._fields([raw])
                if fields is None:
                    bad.append(self._bad(self._line + i, raw))
                else:
                    again.append((self._line + i, i in broken, fields))
        frame = frame.select(
            *self._stated,
            pl.int_range(self._line, self._line + count, dtype=pl.Int64).alias("line"),
            pl.lit(False).alias("broken")
            if not broken
            else pl.int_range(0, count).is_in(sorted(broken)).alias("broken"),
        )
        if dropped:
            keep = pl.int_range(0, count).is_in(dropped).not_()
            frame = pl.concat([frame.filter(keep), self._frame(again)])
        return Chunk(frame, tuple(bad), count)

    def _careful(self, body: bytes, *, last: bool) -> tuple[Chunk, bytes]:
        """The records of `body` line by line, and the lines at its end that belong to a record not yet complete."""
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
            at = self._line + i
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


def _cut(parts: list[bytes]) -> tuple[list[bytes | memoryview], bytes]:
    """`parts` up to their last newline, and what follows it; no parts where there is none. Copies no more than that."""
    end = parts[-1].rfind(b"\n") + 1
    if end:
        return [*parts[:-1], memoryview(parts[-1])[:end]], parts[-1][end:]
    body = b"".join(parts)
    end = body.rfind(b"\n") + 1
    return [memoryview(body)[:end]] if end else [], body[end:]


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


class _Lines:
    """The lines of `text` from the byte `start` on, without their newlines; the last byte is one."""

    def __init__(self, text: bytes, start: int) -> None:
        self._text = text
        self._start = start
        self._bytes = np.frombuffer(text, dtype=np.uint8)
        self._ends = np.flatnonzero(self._bytes[start:] == _NEWLINE) + start

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, i: int) -> bytes:
        return self._text[self._ends[i - 1] + 1 if i else self._start : self._ends[i]]

    def ending_in(self, byte: int) -> Sequence[int]:
        """Indices of the lines whose last byte, before a carriage return, is `byte`."""
        last = self._bytes[self._ends - 1]
        if (last == _RETURN).any():
            last = np.where(last == _RETURN, self._bytes[self._ends - 2], last)
        found: list[int] = np.flatnonzero(last == byte).tolist()
        return found


def _odd_rows(frame: pl.DataFrame, last: str, lines: _Lines) -> list[int]:
    """Indices of rows that may have the wrong number of columns: the last column is missing, something is beyond it, or
    a comma is at the end, which polars overlooks."""
    odd = (frame[last].is_null() | frame[_BEYOND].is_not_null()).arg_true().to_list()
    return sorted({*odd, *lines.ending_in(_COMMA)})
