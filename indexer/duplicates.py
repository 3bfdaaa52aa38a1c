"""The same person under two ids? Nobody is merged by likeness, but an operator is told: two ids with the same family
and given name and the same license (state and number) are possible duplicates.
"""

from __future__ import annotations

import hashlib
import io
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import polars as pl

from directory.document import name_key
from directory.profile import Stored, grant_identity
from directory.text import fold

NOTE: Final = "license-keys"
"""Under which the keys of a generation are kept with it."""

_SCHEMA: Final = {"key": pl.UInt64, "id": pl.String}
_EXAMPLES: Final = 20


def keys(stored: Stored) -> list[int]:
    """One number for each license of a profile, which somebody of the same name with the same license has, too."""
    licenses: set[str] = set()
    for grant in stored.get("grants", ()):
        if grant["kind"] == "license" and (written := grant.get("number")):
            identity = grant_identity("license", grant.get("compact"), grant["jurisdiction"], written)
            licenses.add("\t".join(map(str, identity)))
    if not licenses:
        return []
    name = name_key(stored) if stored.get("family") else fold(stored["name"])
    digests = [hashlib.blake2b(f"{name}\t{held}".encode(), digest_size=8).digest() for held in licenses]
    return [*map(int.from_bytes, digests)]


class Duplicates:
    """Gathers the keys of all who are listed. `earlier` is what `memory` gave for the generation to go on from."""

    def __init__(self, earlier: Iterable[bytes] = ()) -> None:
        data = b"".join(earlier)
        self._earlier = pl.read_parquet(io.BytesIO(data)) if data else pl.DataFrame(schema=_SCHEMA)
        self._keys = array("Q")
        self._ids: list[str] = []
        self._left: list[str] = []

    def add(self, id_: str, found: Sequence[int]) -> None:
        """Take in the `keys` of one who is listed, in place of what was known under this id."""
        self.extend([id_], [id_] * len(found), found)

    def extend(self, ids: Iterable[str], owners: Iterable[str], found: Iterable[int]) -> None:
        """Take in the `keys` of those who are listed under `ids`, given with the id that each belongs to."""
        self._left.extend(ids)
        self._ids.extend(owners)
        self._keys.extend(found)

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
