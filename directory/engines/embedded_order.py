"""The order of results on the embedded engine: exact pages without ordering a whole set.

The first key of an order decides who may be on a page at all. Where it is a column or a distance, its own order is
known beforehand: it is walked from the front, in groups that hold all of equal value, until enough members are met.
Only these are then ordered by all keys. A small set is simply ordered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from pyroaring import BitMap

from directory.cursor import Key
from directory.engines.base import walk_key
from directory.engines.embedded_reader import Memo, Reader
from directory.engines.embedded_rows import MISSING_NUMBER
from directory.engines.embedded_score import leading, scores
from directory.engines.embedded_text import Array, bitmap_of, numbers_of
from directory.errors import WalkGone
from directory.plan import SearchPlan, SortKey
from directory.ranking import Score

_LAST: Final = np.inf

_SMALL: Final = 2_000
"""Members that are ordered without further ado."""

_NOBODY: Final = np.empty(0, dtype=np.uint32)

_SAMPLE: Final = 16_384

_GROUP: Final = 4_096
"""Rows of a column's order that are looked at together, at least."""


def page(reader: Reader, plan: SearchPlan, found: BitMap, memo: Memo) -> tuple[list[tuple[int, Key]], bool]:
    """(the numbers of the page of `found` that `plan` asks for, each with its sort values; whether more follow).

    Raises WalkGone or BadRequest for a walk that cannot go on."""
    wanted = plan.offset + plan.limit + 1
    key = number = None
    if plan.after_id is not None:
        key, number = walk_key(plan), reader.number(plan.after_id)
        if number is None:
            raise WalkGone("this walk's last provider is not in its generation; start anew")
    if plan.score is not None and plan.order[0].column == "score":
        numbers, columns = _by_score(reader, plan, plan.score, found, wanted, key, memo)
    else:
        numbers = _candidates(reader, plan, found, wanted, key)
        columns = [_column(reader, plan, k, numbers) for k in plan.order]
    if key is not None and number is not None:
        rest = after(columns, numbers, key, number)
        columns, numbers = [c[rest] for c in columns], numbers[rest]
    order = first(columns, wanted)
    rows = order[plan.offset : plan.offset + plan.limit]
    return [(int(numbers[i]), key_of(columns, int(i))) for i in rows], len(order) == wanted


def _by_score(
    reader: Reader, plan: SearchPlan, score: Score, found: BitMap, wanted: int, key: Key | None, memo: Memo
) -> tuple[Array, list[Array]]:
    """As `_candidates`, with the columns of the order, the first of them the score."""
    if key is None:
        found = leading(reader, score, found, wanted, memo)
    numbers, head = numbers_of(found), -scores(reader, score, found, memo)
    if key is not None:
        kept = np.flatnonzero(head >= np.float64(_LAST if key[0] is None else key[0]))
        # Those of the very score the walk has come to may come before it.
        wanted += int(np.count_nonzero(head[kept] == head[kept].min(initial=_LAST)))
        numbers, head = numbers[kept], head[kept]
    if len(head) > max(_SMALL, 2 * wanted):
        kept = np.flatnonzero(head <= _bound(head, wanted))
        numbers, head = numbers[kept], head[kept]
    rest = [_column(reader, plan, k, numbers) for k in plan.order[1:]]
    return numbers, [head.astype(np.float64), *rest]


def _bound(head: Array, wanted: int) -> float:
    """A value that at least `wanted` of `head` don't exceed, and not many more: taken from a sample, if it holds."""
    step = max(1, len(head) // _SAMPLE)
    sample = head[::step]
    place = 2 * wanted // step + 16
    if place < len(sample):
        bound = float(np.partition(sample, place)[place])
        if np.count_nonzero(head <= bound) >= wanted:
            return bound
    return float(np.partition(head, wanted - 1)[wanted - 1])


def _candidates(reader: Reader, plan: SearchPlan, found: BitMap, wanted: int, key: Key | None) -> Array:
    """Members of `found`, ascending, among whom are the first `wanted` of those that come after the sort values
    `key`."""
    if not _worth_walking(len(found), wanted, reader.count):
        return numbers_of(found)
    head = plan.order[0]
    since = None if key is None else _LAST if key[0] is None else float(key[0])
    if head.column == "distance" and plan.near:
        groups = reader.places.outward(plan.near, since) if since != _LAST else iter(())
        return _met(groups, found, reader.members_missing("near"), wanted, walking=since is not None)
    groups = _groups(reader, head, since)
    return _met(groups, found, _unstated(reader, head), wanted, walking=since is not None)


def _worth_walking(members: int, wanted: int, count: int) -> bool:
    """Whether the first `wanted` of so many `members` of all are met sooner than all members are ordered. Where they
    are rare, more rows would be looked at than there are members."""
    return members > max(_SMALL, 2 * wanted) and members**2 > wanted * count


def _met(groups: Iterator[Array], found: BitMap, unstated: BitMap, wanted: int, *, walking: bool) -> Array:
    """At least `wanted` members of `found`, if there are so many: from the front of `groups`, then of `unstated`. On a
    walk the first group is not counted: it holds those who may come before the place that is walked on from."""
    met = bitmap_of(np.sort(next(groups, _NOBODY))) & found if walking else BitMap()
    least = len(met) + wanted
    for group in groups:
        # Sets are made several times faster from what is in order.
        met |= bitmap_of(np.sort(group)) & found
        if len(met) >= least:
            return numbers_of(met)
    return numbers_of(met | (unstated & found))


def _unstated(reader: Reader, key: SortKey) -> BitMap:
    """Those who come last in the order by `key`, all equal."""
    if key.column == "name":
        return BitMap()
    missing = reader.members_missing(key.column)
    if key.floor is None:
        return missing
    order = reader.column(f"{key.column}.order")
    return missing | bitmap_of(np.sort(order[: _place(reader, key.column, key.floor)]))


def _place(reader: Reader, column: str, value: float) -> int:
    """How many rows of the order of `column` have a value less than `value`."""
    order, values = reader.column(f"{column}.order"), reader.column(column)
    low, high = 0, len(order)
    while low < high:
        middle = (low + high) // 2
        if values[order[middle]] < value:
            low = middle + 1
        else:
            high = middle
    return low


def _groups(reader: Reader, key: SortKey, since: float | None) -> Iterator[Array]:
    """Who states the column of `key`, in its order, in growing groups such that nobody outside of a group and the ones
    before equals anybody inside. With `since` (negated, if the order descends) the first are those of that value."""
    order, values = reader.column(f"{key.column}.order"), reader.column(key.column)
    start = 0 if key.floor is None else _place(reader, key.column, key.floor)
    end = _place(reader, key.column, MISSING_NUMBER)
    if since is not None:
        value = -since if key.descending else since
        edges = [min(max(_place(reader, key.column, v), start), end) for v in (value, value + 1)]
        yield order[edges[0] : edges[1]]
        start, end = (start, edges[0]) if key.descending else (edges[1], end)
    size = _GROUP
    while start < end:
        if key.descending:
            edge = max(start, _place(reader, key.column, int(values[order[max(start, end - size)]])))
            yield order[edge:end]
            end = edge
        else:
            edge = min(end, _place(reader, key.column, int(values[order[min(end, start + size) - 1]]) + 1))
            yield order[start:edge]
            start = edge
        size *= 2


def _column(reader: Reader, plan: SearchPlan, key: SortKey, numbers: Array) -> Array:
    """The column of a sort key for the providers `numbers`, such that ascending is the order wanted and what is not
    stated is infinite. Whole numbers here are below 2^53, so floats hold them exactly."""
    if key.column == "distance":
        if plan.near is None:
            raise ValueError("an order by distance needs a point")
        return reader.places.distances(plan.near, numbers)
    if key.column == "rotation":
        return rotations(reader.column("shuffle")[numbers], plan.day)
    values = reader.column(key.column)[numbers]
    out = -values.astype(np.float64) if key.descending else values.astype(np.float64)
    missing = values == MISSING_NUMBER
    if key.floor is not None:
        missing = missing | (values < key.floor)
    out[missing] = _LAST
    return out


def rotations(shuffle: Array, day: int) -> Array:
    """`document.rotation` by column."""
    with np.errstate(over="ignore"):
        z = shuffle.astype(np.uint64) + np.uint64(day * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(12)).astype(np.float64)


def first(columns: Sequence[Array], wanted: int) -> Array:
    """The places of the first `wanted` rows in lexicographic order of the columns, ties by place."""
    count = len(columns[0])
    if wanted >= count:
        return np.lexsort(tuple(reversed(columns)))
    if wanted <= 0:
        return np.empty(0, dtype=np.intp)
    head = columns[0]
    limit = np.partition(head, wanted - 1)[wanted - 1]
    before = np.flatnonzero(head < limit)
    tied = np.flatnonzero(head == limit)
    room = wanted - len(before)
    if len(tied) > room:
        tied = tied[np.sort(first([c[tied] for c in columns[1:]], room))] if len(columns) > 1 else tied[:room]
    chosen = np.sort(np.concatenate((before, tied)))
    return chosen[np.lexsort(tuple(reversed([c[chosen] for c in columns])))]


def after(columns: Sequence[Array], numbers: Array, key: Key, number: int) -> Array:
    """Which rows come after the one with sort values `key` and provider `number`."""
    values = [_LAST if k is None else k for k in key]
    beyond = numbers > number
    for column, value in zip(reversed(columns), reversed(values), strict=True):
        beyond = (column > value) | ((column == value) & beyond)
    return np.flatnonzero(beyond)


def key_of(columns: Sequence[Array], place: int) -> Key:
    """The sort values of a row, as a cursor keeps them."""
    return tuple(None if np.isinf(c[place]) else _exact(c[place]) for c in columns)


def _exact(value: Any) -> int | float:
    number = float(value)
    return int(number) if number.is_integer() else number
