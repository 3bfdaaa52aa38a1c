"""The order of results on the embedded engine: exact top pages of large sets without sorting them whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from pyroaring import BitMap

from directory.cursor import Key
from directory.engines.embedded_files import MISSING_NUMBER
from directory.engines.embedded_reader import Array, Reader
from directory.engines.embedded_score import scores
from directory.expressions import Expr
from directory.plan import SearchPlan, SortKey

_LAST = np.inf


def sort_columns(reader: Reader, plan: SearchPlan, numbers: Array, memo: dict[Expr, BitMap]) -> list[Array]:
    """One column a sort key for the providers `numbers`, such that ascending is the order wanted and what is not
    stated is infinite. Whole numbers here are below 2^53, so floats hold them exactly. `memo`: see `Reader.members`."""
    return [_column(reader, plan, key, numbers, memo) for key in plan.order]


def _column(reader: Reader, plan: SearchPlan, key: SortKey, numbers: Array, memo: dict[Expr, BitMap]) -> Array:
    if key.column == "score":
        if plan.score is None:
            raise ValueError("an order by score needs a score")
        return -scores(reader, plan.score, numbers, memo)
    if key.column == "distance":
        if plan.near is None:
            raise ValueError("an order by distance needs a point")
        return reader.distances(plan.near, numbers)
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
