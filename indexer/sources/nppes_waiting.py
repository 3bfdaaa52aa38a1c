"""What rows of ours say, until it is known which row of an NPI counts: in memory, and beyond a bound on disk."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Iterator
from typing import Final

import polars as pl

MOST: Final = 256 * 1024 * 1024
"""Bytes of rows that wait in memory."""


class Waiting:
    """Takes rows in increasing `order`, and gives the `words` of those that count. At most `most` bytes stay in memory;
    the temporary database of the others vanishes with its owner."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._held: list[pl.DataFrame] = []
        self._bytes = 0
        self._disk: sqlite3.Connection | None = None

    def add(self, rows: pl.DataFrame) -> None:
        """Keep rows (`order`, `words`)."""
        self._held.append(rows)
        self._bytes += int(rows.estimated_size())
        if self._bytes > self._most:
            self._put_aside()

    def of(self, orders: pl.Series, at_once: int) -> Iterator[pl.Series]:
        """The words of the rows of these `orders`, as they come, some `at_once`."""
        parts = orders.to_frame("order").iter_slices(at_once)
        if self._disk is not None:
            self._put_aside()
            yield from (_from_disk(self._disk, part["order"]) for part in parts)
            return
        held = pl.concat([*self._held, pl.DataFrame(schema={"order": pl.Int64, "words": pl.String})])
        self._held = [held]
        for part in orders.to_frame("order").join(held, on="order", maintain_order="left").iter_slices(at_once):
            yield part["words"]

    def _put_aside(self) -> None:
        if self._disk is None:
            self._disk = sqlite3.connect("", check_same_thread=False)  # without a name; any thread may collect it
            weakref.finalize(self, self._disk.close)
            self._disk.execute("CREATE TABLE row (number INTEGER PRIMARY KEY, words TEXT)")
        for rows in self._held:
            self._disk.executemany("INSERT INTO row VALUES (?, ?)", rows.select("order", "words").iter_rows())
        self._held, self._bytes = [], 0


def _from_disk(disk: sqlite3.Connection, orders: pl.Series) -> pl.Series:
    one = "SELECT words FROM row WHERE number = ?"
    return pl.Series([disk.execute(one, (order,)).fetchone()[0] for order in orders], dtype=pl.String)
