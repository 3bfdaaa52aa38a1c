"""The latest event of every NPI: what decides who is listed, and what a later run has to know of the rows before it.

An event is a row's: the last update or a reactivation of one of ours, or of somebody else (an organization, another
profession), or a deactivation. The latest by day counts, ties by order of files, then of rows.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Final

import polars as pl

OTHER: Final = 0
OURS: Final = 1
GONE: Final = 2

SCHEMA: Final = {"npi": pl.Int64, "day": pl.Int32, "order": pl.Int64}
_STATE: Final = {"npi": pl.Int64, "day": pl.Int32, "kind": pl.UInt8}
_BEFORE: Final = -1
"""The order of what an earlier run knew: before every row of this one."""


class Events:
    """The events of an earlier run, if there was one, and then of this one."""

    def __init__(self) -> None:
        self._earlier = pl.DataFrame(schema=_STATE)
        self._latest = pl.DataFrame(schema=SCHEMA | {"kind": pl.UInt8})
        self._gone: frozenset[int] = frozenset()
        self._were_gone: frozenset[int] = frozenset()

    def recall(self, memory: Iterable[bytes]) -> None:
        """Begin with what `memory` gave in an earlier run."""
        if data := b"".join(memory):
            self._earlier = pl.read_parquet(io.BytesIO(data)).select(pl.col("npi").cum_sum(), "day", "kind")
        self._were_gone = frozenset(self._earlier.filter(pl.col("kind") == GONE)["npi"])

    def settle(self, ours: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
        """Decide. `ours` and `others` have the columns of `SCHEMA`, `others` whether it is `gone`, too. Returns `npi`
        and `order` of those of `ours` that count, by NPI."""
        gone = pl.when("gone").then(pl.lit(GONE, pl.UInt8)).otherwise(pl.lit(OTHER, pl.UInt8)).alias("kind")
        events = pl.concat(
            [
                self._earlier.select("npi", "day", pl.lit(_BEFORE, pl.Int64).alias("order"), "kind"),
                ours.select(*SCHEMA, pl.lit(OURS, pl.UInt8).alias("kind")),
                others.drop_nulls("npi").select(*SCHEMA, gone),
            ]
        )
        self._latest = events.sort("npi", "day", "order").unique("npi", keep="last", maintain_order=True)
        self._gone = frozenset(self._latest.filter(pl.col("kind") == GONE)["npi"])
        return self._latest.filter((pl.col("kind") == OURS) & (pl.col("order") != _BEFORE)).select("npi", "order")

    def memory(self) -> Iterator[bytes]:
        """The latest event of every NPI, for `recall`: NPIs as differences, which take a fraction of the room."""
        out = io.BytesIO()
        npi = pl.col("npi").diff().fill_null(pl.col("npi"))
        self._latest.select(npi, "day", "kind").write_parquet(out, compression="zstd")
        yield out.getvalue()

    def gone(self, npi: int) -> bool:
        """Whether the latest event of this NPI is a deactivation."""
        return npi in self._gone

    def was_gone(self, npi: int) -> bool:
        """Whether it was one in the earlier run."""
        return npi in self._were_gone

    def withdrawn(self) -> pl.Series:
        """The NPIs, ascending, that this run has deactivated, or made somebody else's that were ours or gone."""
        new = self._latest.filter((pl.col("order") != _BEFORE) & (pl.col("kind") != OURS))
        before = self._earlier.select("npi", pl.col("kind").alias("before"))
        both = new.join(before, on="npi", how="left", maintain_order="left")
        changed = pl.col("before").fill_null(OTHER) != pl.col("kind")
        return both.filter(changed)["npi"]
