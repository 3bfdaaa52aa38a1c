"""Finds the rows of a block that are plainly somebody else's, by their bytes: no cell of them is cut out.

Four rows of five in a data file are of no concern but for their NPI and the day of their last update. Nearly all are
written as CMS writes: every field in quotes, nothing odd in them. Such a row is known by where its quotes and commas
are, which vectors of bits tell for a whole block at once. Of any other row nothing is said here: the reader of records
has the word on those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property, lru_cache, partial
from typing import Final, TypeAlias

import numpy as np
import polars as pl
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from directory.vocabulary import taxonomy, taxonomy_beginnings
from indexer.sources.records import Lines, Sieve

_Bits: TypeAlias = NDArray[np.uint64]
_Numbers: TypeAlias = NDArray[np.int64]
_Flags: TypeAlias = NDArray[np.bool_]

_QUOTE, _COMMA, _RETURN, _BLANK, _ZERO, _ONE, _SLASH = b'",\r 01/'
_KNOWN: Final = {"npi": pl.Int64, "day": pl.Int32, "person": pl.Boolean}
_AT_ONCE: Final = 4000
"""Lines looked at together: their vectors stay in the processor's own memory."""
_FIRST: Final = 32
"""A field that the sieve looks for has more before it than 64 bytes hold."""
_FIRST_YEAR, _YEARS = 1970, 100
_NO_DAY: Final = np.int32(-(2**31))
_START: Final = b'"1234567890","1",'
_TEN: Final = 10
_TENS: Final = 10 ** np.arange(9, -1, -1, dtype=np.int64)


def sieve(columns: Mapping[str, int], width: int) -> Sieve | None:
    """The sieve for a file of `width` columns, ours at `columns`; None where they do not stand as CMS has them."""
    updated, taxonomies = columns["updated"], [at for name, at in columns.items() if name.startswith("taxonomy_")]
    first, near = (columns["npi"], columns["entity_type"]), {*range(updated + 1, updated + 4)}
    if first != (0, 1) or not {columns["deactivated"], columns["reactivated"]} <= near:
        return None
    if min(updated, *taxonomies) < _FIRST or max(*near, *taxonomies) >= width - 1:
        return None
    return partial(_sifted, layout=_Layout(width, updated, range(min(taxonomies), max(taxonomies) + 1)))


@dataclass(frozen=True, slots=True)
class _Layout:
    """How many columns a file has, and where the last update and the taxonomy codes (and more) are."""

    width: int
    updated: int
    taxonomies: range


def _sifted(lines: Lines, layout: _Layout) -> tuple[_Flags, pl.DataFrame]:
    """Which lines are rows plainly somebody else's, and what is known of these: `npi`, `day` (of the last update, since
    1970), and whether it is a `person`."""
    plain = np.zeros(len(lines), dtype=np.bool_)
    known: list[pl.DataFrame] = []
    for i in range(0, len(lines), _AT_ONCE):
        starts, ends = lines.starts[i : i + _AT_ONCE], lines.ends[i : i + _AT_ONCE]
        found = _part(lines.bytes[starts[0] : ends[-1] + 1], starts - starts[0], ends - starts[0], lines.ascii, layout)
        if found is None:
            return np.zeros(len(lines), dtype=np.bool_), pl.DataFrame()
        plain[i : i + _AT_ONCE] = found[0]
        known.append(found[1])
    return plain, pl.concat(known) if known else pl.DataFrame()


def _part(
    text: NDArray[np.uint8], starts: _Numbers, ends: _Numbers, ascii: bool, layout: _Layout
) -> tuple[_Flags, pl.DataFrame] | None:
    """The same for some lines of `text`; None where a field may go on over the end of a line."""
    width = layout.width
    if len(text) < 3 * width:
        return np.zeros(len(ends), dtype=np.bool_), pl.DataFrame(schema=_KNOWN)
    quotes, commas, blanks = _bits(text == _QUOTE), _bits(text == _COMMA), _bits(text <= _BLANK)
    # Where one field ends and the next begins: a quote, a comma, a quote.
    between = quotes & _ahead(commas, 1) & _ahead(quotes, 2)
    quoted = np.diff(_Ranks(quotes, starts, ends).of_lines)
    if (quoted % 2).any():
        return None
    rank = _Ranks(between, starts, ends)
    last = ends - 1 - (text[ends - 1] == _RETURN)
    # Each quote is the first, the last, or one of the two between fields: none is within a field.
    plain = (ends - starts >= 3 * width - 1) & (quoted == 2 * width) & (np.diff(rank.of_lines) == width - 1)
    plain &= text[last] == _QUOTE
    head = sliding_window_view(text, len(_START))[np.minimum(starts, len(text) - len(_START))]
    plain &= _is_person_or_firm(head)
    # Quotes that belong to two of these, and a blank beside a quote: a line's end, too, after a field not closed.
    odd = between & (_ahead(between, 2) | _ahead(blanks, 3)) | blanks & _ahead(between, 1)
    plain[_line_of(_positions(odd), starts)] = False
    if not ascii:
        plain[_line_of(np.flatnonzero(text > 127), starts)] = False
    ten = between & _ahead(between, 3 + _TEN)
    plain[_line_of(_ours(text, _positions(ten, rank.words(layout.taxonomies))), starts)] = False
    # The last update with three empty fields behind it: no deactivation, no reactivation.
    ten &= _ahead(between, 6 + _TEN) & _ahead(between, 9 + _TEN) & _ahead(between, 12 + _TEN)
    dates = _positions(ten, rank.words(range(layout.updated, layout.updated + 1)))
    line = _line_of(dates, starts)
    right = rank.before(dates) - rank.of_lines[line] == layout.updated - 1
    day = np.full(len(ends), _NO_DAY)
    day[line[right]] = _days(text, dates[right] + 3)
    plain &= day != _NO_DAY
    head = head[plain]
    known = {"npi": (head[:, 1:11] - np.int64(_ZERO)) @ _TENS, "day": day[plain], "person": head[:, 14] == _ONE}
    return plain, pl.DataFrame(known, schema=_KNOWN)


def _is_person_or_firm(head: NDArray[np.uint8]) -> _Flags:
    """Whether rows begin with ten digits, the first of them 1 or 2, and the entity type 1 or 2."""
    same = head == np.frombuffer(_START, dtype=np.uint8)
    one_or_two = head[:, [1, 14]] - np.uint8(_ONE) < 2
    digits = head[:, 2:11] - np.uint8(_ZERO) < _TEN
    marks = same[:, [0, 11, 12, 13, 15, 16]]
    flags: _Flags = np.logical_and.reduce(np.hstack((one_or_two, digits, marks)), axis=1)
    return flags


def _ours(text: NDArray[np.uint8], places: _Numbers) -> _Numbers:
    """Those of `places`, of what stands before a field of ten characters, that have one of our taxonomy codes there."""
    first = text[places + 3] * np.uint32(1 << 16) + text[places + 4] * np.uint32(1 << 8) + text[places + 5]
    places = places[np.isin(first, _beginnings())]
    codes, which = np.unique(sliding_window_view(text, _TEN)[places + 3].view("S10").ravel(), return_inverse=True)
    known = np.array([_is_ours(code) for code in codes.tolist()], dtype=np.bool_)
    return places[known[which]] if len(places) else places


@cache
def _beginnings() -> NDArray[np.uint32]:
    return np.array([int.from_bytes(code.encode()) for code in taxonomy_beginnings()], dtype=np.uint32)


@lru_cache(maxsize=4096)
def _is_ours(code: bytes) -> bool:
    return taxonomy(code.decode("ascii", "replace")) is not None


def _days(text: NDArray[np.uint8], places: _Numbers) -> NDArray[np.int32]:
    """The days since 1970 that stand at `places` as CMS writes them, MM/DD/YYYY; `_NO_DAY` for all else."""
    digits = [text[places + i] - np.uint8(_ZERO) for i in (0, 1, 3, 4, 6, 7, 8, 9)]
    good = (text[places + 2] == _SLASH) & (text[places + 5] == _SLASH)
    for digit in digits:
        good &= digit < _TEN
    month, day, century, year = (
        np.int64(10) * tens + ones for tens, ones in zip(digits[::2], digits[1::2], strict=True)
    )
    years = 100 * century + year - _FIRST_YEAR
    good &= (month <= 12) & (day <= 31) & (years >= 0) & (years < _YEARS)
    return np.where(good, _calendar()[np.where(good, (years * 13 + month) * 32 + day, 0)], _NO_DAY)


@cache
def _calendar() -> NDArray[np.int32]:
    """The days since 1970 of each year, month and day of `_YEARS` years; `_NO_DAY` where there is no such day."""
    found = np.full((_YEARS, 13, 32), _NO_DAY)
    first = date(_FIRST_YEAR, 1, 1)
    for n in range((date(_FIRST_YEAR + _YEARS, 1, 1) - first).days):
        day = first + timedelta(n)
        found[day.year - _FIRST_YEAR, day.month, day.day] = n  # the first is day 0
    return found.ravel()


# Vectors of bits, one for each byte of a block, with a word to spare at the end


def _bits(flags: _Flags) -> _Bits:
    packed = np.zeros(len(flags) // 64 * 8 + 16, dtype=np.uint8)
    found = np.packbits(flags, bitorder="little")
    packed[: len(found)] = found
    return packed.view("<u8")


def _ahead(bits: _Bits, by: int) -> _Bits:
    """Bit i is what was bit i + `by` (1 to 63)."""
    moved = bits >> np.uint64(by)
    moved[:-1] |= bits[1:] << np.uint64(64 - by)
    return moved


def _positions(bits: _Bits, some: _Numbers | None = None) -> _Numbers:
    """Where bits are set, ascending, in all words or in `some`; there should be few."""
    words = np.flatnonzero(bits != 0) if some is None else some[bits[some] != 0]
    bit = np.flatnonzero(np.unpackbits(bits[words].view(np.uint8), bitorder="little").view(np.bool_))
    found: _Numbers = words[bit >> 6] * 64 + (bit & 63)
    return found


def _line_of(positions: _Numbers, starts: _Numbers) -> _Numbers:
    found: _Numbers = np.searchsorted(starts, positions, side="right") - 1
    return found


class _Ranks:
    """Counts the bits that are set before a position. `of_lines`: before each line, and in all."""

    def __init__(self, bits: _Bits, starts: _Numbers, ends: _Numbers) -> None:
        self._bits = bits
        self._starts = starts
        self._sums = np.zeros(len(bits) + 1, dtype=np.int32)
        np.cumsum(np.bitwise_count(bits), dtype=np.int32, out=self._sums[1:])
        self.of_lines = self.before(np.append(starts, ends[-1] + 1))

    def before(self, positions: _Numbers) -> NDArray[np.int32]:
        words = positions >> 6
        below = (np.uint64(1) << (positions & 63).astype(np.uint64)) - np.uint64(1)
        found: NDArray[np.int32] = self._sums[words] + np.bitwise_count(self._bits[words] & below)
        return found

    def words(self, fields: range) -> _Numbers:
        """The words that have, among others, all bits before these fields of every line, none of them before
        `_FIRST`: with those the end of another line may be in one word."""
        start, stop = self._of_words
        found: _Numbers = np.flatnonzero((stop >= fields.start) & (start < fields.stop))
        return found

    @cached_property
    def _of_words(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The bits of its line that are set before each word, and before its end."""
        first = (self._starts + 63) >> 6
        before = np.repeat(self.of_lines[:-1], np.diff(np.append(first, len(self._bits))))
        return self._sums[:-1] - before, self._sums[1:] - before
