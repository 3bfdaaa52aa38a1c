"""Which columns an NPPES file has, by the names in its header; the map is `nppes_columns.csv`.

CMS changes names ("Provider Gender Code" became "Provider Sex Code") and adds columns, so nothing goes by position.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import fastexcel
import polars as pl

from indexer.sources.files import Opened, Unusable
from indexer.sources.nppes_profile import SLOTS
from indexer.sources.nppes_sieve import sieve
from indexer.sources.records import Chunk, Records, read_header, split_line

_MAP: Final = Path(__file__).with_name("nppes_columns.csv")
_DEACTIVATIONS: Final = {"npi": "NPI", "deactivated": "NPPES Deactivation Date"}
_DELIMITERS: Final = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
# The other files in CMS's archives, by a column that only they have.
_OTHER_FILES: Final = {
    "provider other organization name type code": "an othername file (further names of organizations)",
    "provider secondary practice location address- address line 1": "a pl_pfile (further practice locations)",
    "endpoint type": "an endpoint file (electronic addresses)",
}
_FIRST_ROWS: Final = 20
"""Rows of a spreadsheet among which its header is: CMS puts a title above it."""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of an NPPES file. `headers`: our name of a column -> the file's; `deactivations`: it lists nothing else
    than NPIs with the day of their deactivation."""

    headers: Mapping[str, str]
    chunks: Iterable[Chunk]
    deactivations: bool = False


@dataclass(frozen=True, slots=True)
class _Column:
    """A column wanted, under any of its names over the years."""

    field: str
    headers: tuple[str, ...]
    required: bool


@cache
def _columns() -> tuple[_Column, ...]:
    names: dict[str, list[str]] = {}
    required: dict[str, bool] = {}
    with _MAP.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for n in range(1, SLOTS + 1) if "{n}" in row["field"] else (0,):
                field = row["field"].format(n=n)
                names.setdefault(field, []).append(row["header"].format(n=n))
                required[field] = row["required"] == "yes"
    return tuple(_Column(field, tuple(headers), required[field]) for field, headers in names.items())


def _key(header: str) -> str:
    return " ".join(header.casefold().split())


def data_table(file: Opened, block: int) -> Table:
    """The table in a CSV file. Raises Unusable, saying what the file seems to be, when it is not one of NPPES's."""
    head, rest, line = read_header(file.stream)
    text = head.decode("utf-8", "replace")
    try:
        header = [name.strip() for name in split_line(text)]
    except csv.Error as error:
        raise Unusable("the header is no CSV row") from error
    keys = [_key(name) for name in header]
    positions = {key: i for i, key in enumerate(keys)}
    deactivations = all(_key(name) in positions for name in _DEACTIVATIONS.values())
    found = dict(_DEACTIVATIONS) if deactivations else _match(header, positions, text)
    columns = {field: positions[_key(name)] for field, name in found.items()}
    for field, at in columns.items():
        if keys.count(keys[at]) > 1:
            raise Unusable(f"the header has {found[field]!r} twice")
    kept = None if deactivations else sieve(columns, len(header))
    chunks = Records(file.stream, columns, len(header), rest=rest, line=line, block=block, sieve=kept)
    if deactivations:
        return Table(found, chunks, deactivations=True)
    absent = [c.field for c in _columns() if c.field not in found]
    if not absent:
        return Table(found, chunks)
    return Table(found, (_filled(chunk, absent) for chunk in chunks))


def _filled(chunk: Chunk, absent: Sequence[str]) -> Chunk:
    """`chunk` with the optional columns that its file lacks, empty."""
    return replace(chunk, frame=chunk.frame.with_columns(pl.lit("").alias(name) for name in absent))


def _match(header: Sequence[str], positions: Mapping[str, int], text: str) -> dict[str, str]:
    """Our name -> the header's, for every column of a data file that is there."""
    found: dict[str, str] = {}
    missing: list[str] = []
    for column in _columns():
        name = next((h for h in column.headers if _key(h) in positions), None)
        if name is not None:
            found[column.field] = name
        elif column.required:
            missing.append(" or ".join(column.headers))
    if missing:
        raise Unusable(_explain(header, positions, text, missing))
    return found


def _explain(header: Sequence[str], positions: Mapping[str, int], text: str, missing: Sequence[str]) -> str:
    known = {_key(h) for c in _columns() for h in c.headers} | {_key(h) for h in _DEACTIVATIONS.values()}
    for delimiter, name in _DELIMITERS.items():
        cells = next(csv.reader([text], delimiter=delimiter), [])
        if sum(_key(cell) in known for cell in cells) > max(1, sum(key in known for key in positions)):
            return f"the columns are separated by {name}; save the file with commas"
    if len(header) < len(missing):
        for column, what in _OTHER_FILES.items():
            if column in positions:
                return f"this is {what}; the providers are in npidata_pfile_*.csv"
    if header and header[0].isdigit():
        return "the file has no header: its first line must name the columns"
    if not any(key in known for key in positions):
        return "this is no NPPES file: its first line names none of NPPES's columns"
    listed = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
    return f"columns are missing: {listed}"


def report_table(file: Opened) -> Table:
    """The table in CMS's deactivation report, an XLSX whose header stands under a title."""
    try:
        sheet = fastexcel.read_excel(file.stream.read()).load_sheet(0, header_row=None, dtypes="string")
        rows: list[tuple[Any, ...]] = pl.DataFrame(sheet).rows()
    except fastexcel.FastExcelError as error:
        raise Unusable("the spreadsheet is damaged: it does not open") from error
    wanted = [_key(name) for name in _DEACTIVATIONS.values()]
    keys = [[_key(str(cell)) for cell in row] for row in rows[:_FIRST_ROWS]]
    at = next((i for i, row in enumerate(keys) if all(key in row for key in wanted)), None)
    if at is None:
        raise Unusable("the spreadsheet has no columns named NPI and NPPES Deactivation Date: no deactivation report")
    columns = [keys[at].index(key) for key in wanted]
    # Sheet rows count from 1; empty rows above the header are not given.
    table = [
        (*(_cell(row[c]) for c in columns), n, False)
        for n, row in enumerate(rows[at + 1 :], start=at + 2)
        if any(cell not in (None, "") for cell in row)
    ]
    schema = dict.fromkeys(_DEACTIVATIONS, pl.String) | {"line": pl.Int64, "broken": pl.Boolean}
    return Table(_DEACTIVATIONS, [Chunk(pl.DataFrame(table, schema=schema, orient="row"), ())], deactivations=True)


def _cell(value: object) -> str:
    """A cell as text: dates as ISO 8601, whole numbers without a decimal point."""
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    text = "" if value is None else str(value).strip()
    return text.removesuffix(" 00:00:00").removesuffix(".0")
