"""Rows of an own CSV file, as spreadsheets write it: any of three delimiters, a byte order mark, either line end, line
breaks within quotes, empty columns and rows at the end.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from indexer.sources.files import Unusable
from indexer.sources.profiles_columns import columns, near_column, target_of
from indexer.sources.profiles_lines import Line, Lines, is_broken
from indexer.sources.profiles_reading import Mistake

DELIMITERS: Final = (",", ";", "\t")
LONGEST_RECORD: Final = 2_000
"""Lines that a row with line breaks in its cells may span; beyond that a quotation mark is missing."""

_HINT: Final = re.compile(r"sep=(.)\s*", re.IGNORECASE)
_LONGEST_CELL: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """What a row states (target -> value as written), what cannot even be read, and what nobody knows. `line` is where
    it starts."""

    line: int
    stated: Mapping[str, Any]
    mistakes: tuple[Mistake, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a file: their headings as written, what each means (None: nobody knows), what delimits them."""

    headings: tuple[str, ...]
    targets: tuple[str | None, ...]
    delimiter: str


def _gather(lines: Lines) -> list[Line]:
    """The next lines up to where quotation marks balance; all that there are, or `LONGEST_RECORD`, if they don't."""
    group: list[Line] = []
    quotes = 0
    for line in lines:
        group.append(line)
        quotes += line.text.count('"')
        if quotes % 2 == 0 or len(group) == LONGEST_RECORD:
            break
    return group


def _split(group: Sequence[Line], delimiter: str) -> list[str] | None:
    """The cells of a record of these lines; None if they are not exactly one."""
    try:
        read = list(csv.reader((line.text for line in group), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return read[0] if len(read) == 1 else [] if not read else None


def _is_blank(cells: Sequence[str]) -> bool:
    return not any(c.strip(" \t\x00") for c in cells)


def read_header(lines: Lines) -> Header:
    """The header: the first line that is not blank, after a `sep=` hint.

    Raises Unusable where no column tells a name, or who that is, or where two columns mean the same.
    """
    csv.field_size_limit(_LONGEST_CELL)
    delimiters: tuple[str, ...] = DELIMITERS
    while group := _gather(lines):
        if hint := _HINT.fullmatch(group[0].text.strip("\r\n")):
            delimiters = (hint[1],)
        elif group[0].text.strip(" \t\r\n,;\x00"):
            break
    if not group:
        raise Unusable("the file is empty")
    if group[0].text.lstrip().startswith(("{", "[")):
        raise Unusable("this is JSON; name the file .json or .ndjson")
    headers = [_header(_split(group, d) or [], d) for d in delimiters]
    return _checked(max(headers, key=lambda h: sum(t is not None for t in h.targets)))


def _header(cells: Sequence[str], delimiter: str) -> Header:
    headings = [" ".join(c.split()) for c in cells]
    while headings and not headings[-1]:
        headings.pop()
    return Header(tuple(headings), tuple(target_of(h) if h else None for h in headings), delimiter)


def _checked(header: Header) -> Header:
    known = {c.target: c.name for c in columns()}
    seen: dict[str, str] = {}
    for heading, target in zip(header.headings, header.targets, strict=True):
        if target is not None and target in seen:
            name = known.get(target, target)
            raise Unusable(f"the columns {seen[target]!r} and {heading!r} both mean {name}; keep one of them")
        if target is not None:
            seen[target] = heading
    missing = []
    if "name" not in seen and not {"given", "family"} <= seen.keys():
        missing.append("a name (column name, or given and family)")
    if "npi" not in seen and "id" not in seen:
        missing.append("an NPI or an id of your own (column npi or id)")
    if missing:
        found = ", ".join(repr(_shown(h)) for h in header.headings[:8]) or "nothing"
        hints = [f"{_shown(h)!r} may mean {near}" for h in header.headings if (near := _hint(h))]
        more = f"; {'; '.join(hints[:3])}" if hints else ""
        raise Unusable(f"the header has no column for {' nor for '.join(missing)}; it has {found}{more}")
    return header


def _shown(heading: str) -> str:
    return heading.encode("utf-8", "replace").decode()[:60]


def _hint(heading: str) -> str | None:
    return near_column(heading) if heading and target_of(heading) is None else None


def rows(lines: Lines, header: Header) -> Iterator[Row]:
    """The rows after the header; blank ones are passed over. Raises Unusable for a file that ends within a row."""
    width = len(header.headings)
    while group := _gather(lines):
        cells = _split(group, header.delimiter)
        if cells is None and len(group) > 1:
            # A stray quotation mark: it costs its own line, and the next ones are read again.
            lines.put_back(group[1:])
            group = group[:1]
            cells = _split(group, header.delimiter)
        line = group[0].number
        if cells is not None and _is_blank(cells):
            continue
        if cells is None or len(cells) < width or not _is_blank(cells[width:]):
            if not group[-1].ended:
                raise Unusable(f"the file is cut off: its last row, on line {line}, is not complete")
            yield Row(line, {}, (_unreadable(group, cells, width),))
        else:
            yield _row(line, cells, header)


def _unreadable(group: Sequence[Line], cells: Sequence[str] | None, width: int) -> Mistake:
    text = _readable(group[0].text.strip())[:100]
    if cells is None:
        return Mistake("", text, "stray_quote", "a quotation mark is missing or too many in this row")
    message = f"the row has {len(cells)} columns, the header {width}; a value with the delimiter in it needs quotes"
    return Mistake("", str(len(cells)), "wrong_number_of_columns", message)


def _readable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace") if is_broken(text) else text


def _row(line: int, cells: Sequence[str], header: Header) -> Row:
    stated: dict[str, str] = {}
    mistakes: list[Mistake] = []
    unknown: list[str] = []
    for heading, target, cell in zip(header.headings, header.targets, cells, strict=False):
        if target is None:
            if cell.strip():
                unknown.append(_shown(heading) or "(no heading)")
        elif is_broken(cell):
            message = "bytes that are not UTF-8; save the file as 'CSV UTF-8'"
            mistakes.append(Mistake(target, _readable(cell)[:100], "invalid_utf8", message))
        else:
            stated[target] = cell
    return Row(line, stated, tuple(mistakes), tuple(unknown))
