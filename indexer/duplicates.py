"""The same person under two ids? Nobody is merged by likeness, but an operator is told: two ids with the same family
and given name and the same license (state and number) are possible duplicates.
"""

from __future__ import annotations

import hashlib
import io
from array import array
from collections.abc import Iterable, Iterator
from typing import Any, Final

import polars as pl

from directory.document import name_key
from directory.profile import Stored, grant_identity
from directory.text import fold

NOTE: Final = "license-keys"
"""Under which the keys of a generation are kept with it."""

_SCHEMA: Final = {"key": pl.UInt64, "id": pl.String}
_EXAMPLES: Final = 20


def keys(stored: Stored) -> Iterator[int]:
    """One number for each license of a profile, which somebody of the same name with the same license has, too."""
    name = name_key(stored) if stored.get("family") else fold(stored["name"])
    licenses = [grant for grant in stored.get("grants", ()) if grant["kind"] == "license" and grant.get("number")]
    for identity in {grant_identity(g["kind"], g.get("compact"), g["jurisdiction"], g["number"]) for g in licenses}:
        digest = hashlib.blake2b("\t".join([name, *map(str, identity)]).encode(), digest_size=8)
        yield int.from_bytes(digest.digest())


class Duplicates:
    """Gathers the keys of all who are listed. `earlier` is what `memory` gave for the generation to go on from."""

    def __init__(self, earlier: Iterable[bytes] = ()) -> None:
        data = b"".join(earlier)
        self._earlier = pl.read_parquet(io.BytesIO(data)) if data else pl.DataFrame(schema=_SCHEMA)
        self._keys = array("Q")
        self._ids: list[str] = []
        self._left: list[str] = []

    def add(self, id_: str, found: Iterable[int]) -> None:
        """Take in the `keys` of one who is listed, in place of what was known under this id."""
        self._left.append(id_)
        for key in found:
            self._keys.append(key)
            self._ids.append(id_)

    def remove(self, id_: str) -> None:
        """Forget what an earlier generation knew under this id."""
        self._left.append(id_)

    def _all(self) -> pl.DataFrame:
        if not self._left:
            return self._earlier
        found = pl.DataFrame({"key": pl.Series(self._keys, dtype=pl.UInt64), "id": self._ids}, schema=_SCHEMA)
        stayed = self._earlier
        if stayed.height:
            left = pl.DataFrame({"id": self._left}, schema={"id": pl.String})
            stayed = stayed.join(left, on="id", how="anti", maintain_order="left")
        self._earlier = pl.concat([stayed, found]).sort("id", "key")
        self._keys, self._ids, self._left = array("Q"), [], []
        return self._earlier

    def memory(self) -> Iterator[bytes]:
        """All keys, for the next generation."""
        out = io.BytesIO()
        self._all().write_parquet(out, compression="zstd")
        yield out.getvalue()

    def found(self) -> dict[str, Any]:
        """How many `groups` of ids share a key, how many `providers` these are, and some `examples` (lists of ids)."""
        shared = self._all().filter(pl.len().over("key") > 1)
        groups = (
            shared.group_by("key").agg(pl.col("id").sort()).select("id").unique().sort(pl.col("id").list.join("\t"))
        )
        return {
            "groups": groups.height,
            "providers": shared["id"].n_unique(),
            "examples": groups["id"].head(_EXAMPLES).to_list(),
        }
