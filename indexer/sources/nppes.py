"""NPPES: CMS's register of everyone with an NPI. Weekly and monthly data files, and deactivation files.

A row is judged by column, for a whole block at once: only rows of individuals with one of our taxonomy codes ever
become Python objects, and of those only the winners (see `nppes_events`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

import polars as pl

from directory.places import zip_rows
from directory.processes import ahead
from directory.vocabulary import taxonomy_pattern
from indexer.normalize import npi_problem
from indexer.report import Counts, Issue
from indexer.rolls import LeftOut
from indexer.sources import nppes_profile
from indexer.sources.base import Reject
from indexer.sources.files import Opened, Unusable, opened
from indexer.sources.nppes_events import SCHEMA, Events
from indexer.sources.nppes_parts import SEPARATOR, read_date
from indexer.sources.nppes_profile import FIELDS, SLOTS, usual_date
from indexer.sources.nppes_table import Table, data_table, report_table
from indexer.sources.nppes_waiting import MOST, Waiting
from indexer.sources.records import BLOCK, Chunk

NAME: Final = "nppes"

ORGANIZATION: Final = "organization"
ORGANIZATION_WITH_CODE: Final = "organization_with_individual_code"
NO_CODE: Final = "no_behavioral_code"
SUPERSEDED: Final = "superseded"
_OURS: Final = "ours"
_DELETED: Final = "deleted"
_ENTITY: Final = "entity_type"
_BROKEN: Final = "invalid_utf8"

_LINES: Final = 1 << 40
"""More than the lines of any file: file * _LINES + line orders rows over all files."""

_NEVER: Final = -1_000_000
"""The day (since 1970) of an event without a date: before any other."""

_ROWS_AT_ONCE: Final = 20_000
"""Rows that become profiles together: enough that what is the same in many of them is made once."""

_EPOCH: Final = date(1970, 1, 1)
_MESSAGES: Final = {
    "npi_malformed": "an NPI is ten digits beginning with 1 or 2",
    "npi_check_digit": "the check digit of this NPI is wrong",
    "date_malformed": "a date is MM/DD/YYYY",
    "date_in_future": "the date is after today",
    "name_missing": "neither a last nor a first name is given",
    _ENTITY: "the entity type is 1 (a person) or 2 (an organization), or empty with a deactivation date",
    _BROKEN: "the row has bytes that are not UTF-8",
}


def _codes(name: str) -> list[str]:
    return [f"{name}_{n}" for n in range(1, SLOTS + 1)]


_DATES: Final = ("updated", "certified", "deactivated", "reactivated")


def _day(name: str) -> pl.Expr:
    return pl.col(f"{name} day")


def _with_days(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """`frame` with a column `<name> day` (Int32, days since 1970; null for what is no date) for each date column."""
    frame = frame.with_columns(pl.col(*names).str.strip_chars()).with_columns(_usual_day(name) for name in names)
    unusual = frame.select(((pl.col(name) != "") & _day(name).is_null()).any() for name in names)
    for name in (name for name in names if unusual[name].any()):
        texts = frame.filter((pl.col(name) != "") & _day(name).is_null())[name].unique().to_list()
        days = {text: (d - _EPOCH).days for text in texts if (d := read_date(text))}
        if days:
            found = pl.col(name).replace_strict(days, default=None, return_dtype=pl.Int32)
            frame = frame.with_columns(_day(name).fill_null(found))
    return frame


@cache
def _usual_day(name: str) -> pl.Expr:
    return usual_date(pl.col(name)).cast(pl.Int32).alias(f"{name} day")


def _usual(npis: pl.Series) -> bool:
    """Whether all these are certainly without a problem (see `npi_problem`, which has the last word on others)."""
    numbers = npis.cast(pl.Int64, strict=False).fill_null(0).to_numpy()
    digits = [numbers // 10**place % 10 for place in range(10)]
    total = 24 + sum(digits[::2]) + sum(2 * d - 9 * (d > 4) for d in digits[1::2])
    ten = (npis.str.len_bytes() == 10).to_numpy() & (numbers >= 10**9) & (numbers < 3 * 10**9)
    return bool((ten & (total % 10 == 0)).all())


_Check: TypeAlias = tuple[pl.Expr, str, pl.Expr]
"""Where a row is wrong, in which column, and the code of what is."""

_NAMELESS: Final[_Check] = (
    (pl.col("family").str.strip_chars() == "") & (pl.col("given").str.strip_chars() == ""),
    "family",
    pl.lit("name_missing"),
)
_NO_DATE: Final[_Check] = (pl.col("deactivated") == "", "deactivated", pl.lit("date_malformed"))


def _bad_dates(today: int, *names: str) -> Iterator[_Check]:
    for name in names:
        yield _day(name).is_null() & (pl.col(name) != ""), name, pl.lit("date_malformed")
        yield _day(name) > today, name, pl.lit("date_in_future")


class _Checks:
    """Checks as expressions, made once for all blocks: whether any row is wrong but for its NPI, and, beside a column
    `npi problem`, its first problem and the field of that."""

    def __init__(self, checks: Sequence[_Check]) -> None:
        self.wrong = pl.any_horizontal(wrong for wrong, _, _ in checks).any()
        checks = [(pl.col("npi problem").is_not_null(), "npi", pl.col("npi problem")), *checks]
        self.problem = pl.coalesce(*(pl.when(wrong).then(code) for wrong, _, code in checks))
        self.field = pl.coalesce(*(pl.when(wrong).then(pl.lit(name)) for wrong, name, _ in checks))


@cache
def _has_our_code() -> pl.Expr:
    pattern = rf"^\s*{taxonomy_pattern().removeprefix('^').removesuffix('$')}\s*$"
    return pl.any_horizontal(pl.col(name).str.contains(pattern) for name in _codes("taxonomy"))


class NppesSource:
    """See `base.Source`. `today` (UTC) is the day after which a date lies in the future; `block` the bytes parsed at
    once, `held` those of rows that wait in memory."""

    name = NAME
    takes_folder = False
    whole = False

    def __init__(self, today: date, *, block: int = BLOCK, held: int = MOST) -> None:
        self.counts = Counts()
        self._unmapped: Counter[str] = Counter()
        self.unmapped: Mapping[str, Counter[str]] = {"credential": self._unmapped}
        day = (today - _EPOCH).days
        self._checks_of_gone = _Checks([_NO_DATE, *_bad_dates(day, "deactivated")])
        self._checks_of_ours = _Checks([_NAMELESS, *_bad_dates(day, *_DATES)])
        self._block = block
        self._files = 0
        self._ours: list[pl.DataFrame] = []
        self._others: list[pl.DataFrame] = []
        self._waiting = Waiting(held)
        self._winners = pl.Series(dtype=pl.Int64)
        self._latest = Events()

    # Reading

    def files(self, path: Path) -> list[Path]:
        """See `base.Source.files`."""
        return [path]

    def read(self, path: Path, reject: Reject) -> Iterator[int]:
        """See `base.Source.read`. The header tells a data file from a deactivation file."""
        with opened(path) as file:
            table = self._table(file)
            rows = 0
            for chunk in table.chunks:
                rows += chunk.read
                self._take(table, chunk, _Rejects(self.counts, reject, path, table.headers))
                yield file.position()
            if not rows:
                hint = " (a *_fileheader.csv lists the columns; the data are in npidata_pfile_*.csv)"
                raise Unusable(f"the file has a header and no rows{hint if 'fileheader' in file.name else ''}")
        self._files += 1

    def _table(self, file: Opened) -> Table:
        return report_table(file) if file.spreadsheet else data_table(file, self._block)

    def _take(self, table: Table, chunk: Chunk, rejects: _Rejects) -> None:
        for record in chunk.bad:
            rejects.add(record.line, None, record.value, record.code, record.message)
        dates = ("deactivated",) if table.deactivations else _DATES
        frame = _with_days(chunk.frame, dates)
        frame = frame.with_columns(verdict=pl.lit(_DELETED)) if table.deactivations else _judged(frame)
        found = Counter(dict(frame["verdict"].value_counts().iter_rows()))
        if chunk.sifted.height:
            people = int(chunk.sifted["person"].sum())
            found.update({NO_CODE: people, ORGANIZATION: chunk.sifted.height - people})
            order = self._files * _LINES + pl.col("line")
            self._others.append(chunk.sifted.select("npi", "day", order.alias("order"), gone=pl.lit(False)))
        for verdict in (ORGANIZATION, ORGANIZATION_WITH_CODE, NO_CODE):
            self.counts.skip(verdict, found[verdict])
        for verdict, column in ((_ENTITY, "entity_type"), (_BROKEN, None)):
            if verdict not in found:
                continue
            for row in frame.filter(pl.col("verdict") == verdict).iter_rows(named=True):
                rejects.broken(row) if column is None else rejects.row(row, column, verdict)
        gone = self._valid(frame.filter(pl.col("verdict") == _DELETED), self._checks_of_gone, rejects)
        self.counts.delete(gone.height)
        self._others.append(self._events(gone, _day("deactivated")).with_columns(gone=pl.lit(True)))
        if table.deactivations:
            return
        other = pl.col("verdict").is_in([ORGANIZATION, ORGANIZATION_WITH_CODE, NO_CODE])
        events = self._events(frame, _last_event(), other)
        self._others.append(events.filter("kept").select(*SCHEMA, gone=pl.lit(False)))
        ours = self._valid(frame.filter(pl.col("verdict") == _OURS), self._checks_of_ours, rejects)
        events = self._events(ours, _last_event())
        self._ours.append(events)
        self._waiting.add(events.select("order").hstack(_words(ours)))

    def _events(self, frame: pl.DataFrame, day: pl.Expr, kept: pl.Expr | None = None) -> pl.DataFrame:
        return frame.select(
            pl.col("npi").str.strip_chars().cast(pl.Int64, strict=False),
            day.fill_null(_NEVER).alias("day"),
            (self._files * _LINES + pl.col("line")).alias("order"),
            *([] if kept is None else [kept.alias("kept")]),
        )

    def _valid(self, frame: pl.DataFrame, checks: _Checks, rejects: _Rejects) -> pl.DataFrame:
        """The rows of `frame` that can be used; the others are rejected for their first problem."""
        if _usual(frame["npi"]) and not frame.select(checks.wrong).item():
            return frame
        npi = pl.Series("npi problem", [npi_problem(n.strip()) for n in frame["npi"]], dtype=pl.String)
        judged = frame.with_columns(npi).with_columns(problem=checks.problem, field=checks.field)
        for row in judged.filter(pl.col("problem").is_not_null()).iter_rows(named=True):
            rejects.row(row, row["field"], row["problem"])
        return judged.filter(pl.col("problem").is_null())

    # Deciding

    def settle(self) -> None:
        """See `base.Source.settle`."""
        ours = pl.concat([*self._ours, pl.DataFrame(schema=SCHEMA)])
        others = pl.concat([*self._others, pl.DataFrame(schema=SCHEMA | {"gone": pl.Boolean})])
        self._ours, self._others = [], []
        self._winners = self._latest.settle(ours, others)["order"]
        self.counts.index(len(self._winners))
        self.counts.skip(SUPERSEDED, ours.height - len(self._winners))

    def words(self) -> Iterator[tuple[str, bytes]]:
        """See `base.Source.words`."""
        zip_rows()  # loaded once, rather than by every thread
        for ids, words, unmapped in ahead(nppes_profile.words, self._waiting.of(self._winners, _ROWS_AT_ONCE)):
            self._unmapped.update(unmapped)
            yield from zip(ids, words, strict=True)

    def removed(self, npi: str) -> bool:
        """See `base.Source.removed`: the latest event of this NPI is a deactivation."""
        return self._latest.gone(int(npi))

    # Going on from an earlier run

    def recall(self, memory: Iterator[bytes]) -> None:
        """See `base.Source.recall`."""
        self._latest.recall(memory)

    def memory(self) -> Iterator[bytes]:
        """See `base.Source.memory`."""
        return self._latest.memory()

    def was_removed(self, npi: str) -> bool:
        """See `base.Source.was_removed`."""
        return self._latest.was_gone(int(npi))

    def withdrawn(self) -> Iterator[str]:
        """See `base.Source.withdrawn`."""
        return (f"npi:{npi}" for npi in self._latest.withdrawn())

    def left_out(self) -> list[LeftOut] | None:
        """See `base.Source.left_out`: a week's file speaks of those whom it names alone."""
        return []


def _words(frame: pl.DataFrame) -> pl.DataFrame:
    """What a profile is made of, as one string a row: a tenth of the memory of as many columns."""
    # Of most rows the slots but the first few are empty.
    stated = frame.select((pl.col(name) != "").any() for name in FIELDS).row(0)
    fields = FIELDS[: 1 + max((i for i, some in enumerate(stated) if some), default=0)]
    words = frame.select(words=pl.concat_str(fields, separator=SEPARATOR))
    separators = words["words"].str.count_matches(SEPARATOR, literal=True)
    if (separators != len(fields) - 1).any():
        bare = [pl.col(name).str.replace_all(SEPARATOR, " ", literal=True) for name in fields]
        words = frame.select(words=pl.concat_str(bare, separator=SEPARATOR))
    return words.select(pl.col("words").str.strip_chars_end(SEPARATOR))


def _last_event() -> pl.Expr:
    return pl.max_horizontal(pl.coalesce(_day("updated"), _day("certified")), _day("reactivated"))


@cache
def _verdict() -> pl.Expr:
    """What a row is, before its NPI and dates are looked at; `known`: whether it has one of our codes."""
    gone = (pl.col("deactivated") != "") & (
        (pl.col("reactivated") == "") | (_day("reactivated") < _day("deactivated")).fill_null(False)
    )
    person, firm = pl.col("entity_type") == "1", pl.col("entity_type") == "2"
    return (
        pl.when(gone)
        .then(pl.lit(_DELETED))
        .when(person & pl.col("known"))
        .then(pl.lit(_OURS))
        .when(person)
        .then(pl.lit(NO_CODE))
        .when(firm & pl.col("known"))
        .then(pl.lit(ORGANIZATION_WITH_CODE))
        .when(firm)
        .then(pl.lit(ORGANIZATION))
        .otherwise(pl.lit(_ENTITY))
    )


def _judged(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with the column `verdict`."""
    stripped = frame.with_columns(pl.col("npi", "entity_type").str.strip_chars(), known=_has_our_code())
    judged = stripped.with_columns(verdict=_verdict())
    if not judged["broken"].any():
        return judged
    # A damaged row that is none of ours is skipped like any other; one that might be ours is not guessed at.
    doubtful = pl.any_horizontal(pl.col(name).str.contains("\ufffd", literal=True) for name in _codes("taxonomy"))
    matters = pl.col("verdict").is_in([_OURS, _DELETED, _ENTITY]) | ((pl.col("verdict") == NO_CODE) & doubtful)
    return judged.with_columns(
        pl.when(pl.col("broken") & matters).then(pl.lit(_BROKEN)).otherwise("verdict").alias("verdict")
    )


class _Rejects:
    """Counts and reports the rejects of one file."""

    def __init__(self, counts: Counts, reject: Reject, path: Path, headers: Mapping[str, str]) -> None:
        self._counts = counts
        self._reject = reject
        self._path = path
        self._headers = headers

    def add(self, line: int, field: str | None, value: str, code: str, message: str) -> None:
        """Reject the row on `line`; `field` is the column's name in the file."""
        self._counts.reject(code)
        self._reject(Issue(NAME, str(self._path), line, field, value, code, message))

    def row(self, row: Mapping[str, str | int], column: str, code: str) -> None:
        """Reject `row` for what stands in `column`."""
        header = self._headers.get(column, column)
        self.add(int(row["line"]), header, str(row[column]), code, _MESSAGES[code])

    def broken(self, row: Mapping[str, str | int]) -> None:
        """Reject `row` for bytes that are not UTF-8, naming the first of our columns that has some."""
        column = next((c for c in self._headers if "\ufffd" in str(row[c])), None)
        header, value = (self._headers[column], str(row[column])) if column else (None, "")
        self.add(int(row["line"]), header, value, _BROKEN, _MESSAGES[_BROKEN])
