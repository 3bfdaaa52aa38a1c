"""The files of an embedded generation: one immutable folder, memory-mapped by readers.

manifest.json       written last: a folder without it is unfinished
profiles.bin/.npy   the profiles as JSON, one after the other, and where each begins
ids.npy             their ids, ascending; a provider's *number* is its place here
bitmaps.bin/.json   roaring bitmaps of numbers, and the key and place of each
<column>.npy        one value a provider
<column>.order.npy  the numbers in ascending order of that value
expiring.npy        grants that end: (number, day), keyed in expiring.json
text/               see `embedded_text`
rows.bin            see `embedded_splice`
places*.npy…        see `embedded_places`
"""

from __future__ import annotations

import os
from array import array
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
from pyroaring import BitMap

from directory.document import NUMBERS, TEXTS
from directory.engines.embedded_places import save_places
from directory.engines.embedded_rows import Rows, missing_key
from directory.engines.embedded_text import TextWriter, bitmap_of
from directory.engines.preparing import Rising
from directory.facets import FACET

MANIFEST: Final = "manifest.json"


class GenerationWriter:
    """Writes the files of one generation into `folder`, which must exist and be empty."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._rising = Rising()
        self._ids: list[bytes] = []
        self._sizes = array("q")
        self._blob = (folder / "profiles.bin").open("wb")
        self._numbers = {name: array("i") for name in NUMBERS}
        self._shuffle = array("Q")
        self._names: list[str] = []
        self._members: dict[str, array[int]] = defaultdict(lambda: array("I"))
        for name in (*NUMBERS, "near", "state"):
            self._members[missing_key(name)] = array("I")
        self._points = array("d")  # latitude, longitude, number; latitude…
        self._expiring: dict[str, list[np.ndarray[Any, Any]]] = defaultdict(list)
        self._texts = TextWriter(folder / "text", TEXTS)

    def take(self, rows: Rows) -> None:
        """Put `rows` behind those that are there; ids must increase strictly (else ValueError)."""
        self._rising.check(rows.ids)
        first = self._count
        self._count += len(rows.ids)
        self._blob.write(rows.stored)
        self._sizes.extend(rows.sizes)
        self._ids.extend(id_.encode() for id_ in rows.ids)
        self._names.extend(rows.names)
        self._shuffle.extend(rows.shuffle)
        for name, values in rows.numbers.items():
            self._numbers[name].extend(values)
        for key, numbers in rows.members.items():
            self._members[key].frombytes((np.frombuffer(numbers, dtype=np.uint32) + np.uint32(first)).tobytes())
        points = np.array(rows.points).reshape(-1, 3)
        points[:, 2] += first
        self._points.frombytes(points.tobytes())
        for key, numbers in rows.expiring.items():
            ends = np.array(numbers, dtype=np.int32).reshape(-1, 2)
            ends[:, 0] += first
            self._expiring[key].append(ends)
        self._texts.take(rows.texts)

    def finish(self, name: str, fingerprint: str, sources: Mapping[str, Any]) -> dict[str, Any]:
        """Write everything out; returns the manifest, which is written last."""
        self._blob.close()
        self._texts.finish()
        self._save("profiles", np.cumsum([0, *self._sizes], dtype=np.int64))
        self._save("ids", np.array(self._ids, dtype=f"S{max(map(len, self._ids), default=1)}"))
        for column, values in self._numbers.items():
            self._save_ordered(column, np.frombuffer(values, dtype=np.int32))
        self._save("shuffle", np.frombuffer(self._shuffle, dtype=np.uint64))
        self._save_ordered("name", _ranks(self._names))
        save_places(self._folder, np.frombuffer(self._points).reshape(-1, 3), self._count)
        self._save_expiring()
        self._save_bitmaps()
        manifest = {
            "name": name,
            "built_at": datetime.now(UTC).isoformat(),
            "providers": self._count,
            "fingerprint": fingerprint,
            "sources": dict(sources),
        }
        self._write(MANIFEST, orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
        return manifest

    def close(self) -> None:
        """Let go of the files of a build that is given up."""
        self._blob.close()

    def _write(self, name: str, data: bytes) -> None:
        with (self._folder / name).open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def _save(self, name: str, values: np.ndarray[Any, Any]) -> None:
        np.save(self._folder / f"{name}.npy", values, allow_pickle=False)

    def _save_ordered(self, name: str, values: np.ndarray[Any, Any]) -> None:
        self._save(name, values)
        self._save(f"{name}.order", np.argsort(values, kind="stable").astype(np.uint32))

    def _save_expiring(self) -> None:
        held = {key: np.concatenate(found) for key, found in sorted(self._expiring.items())}
        ends = np.cumsum([0, *map(len, held.values())]).tolist()
        places = {key: (ends[i], ends[i + 1]) for i, key in enumerate(held)}
        self._save("expiring", np.concatenate([np.empty((0, 2), dtype=np.int32), *held.values()]))
        self._write("expiring.json", orjson.dumps(places))

    def _save_bitmaps(self) -> None:
        stated = {name: BitMap() for name in (*FACET, "office_state")}
        places: dict[str, tuple[int, int]] = {}
        with (self._folder / "bitmaps.bin").open("wb") as file:

            def put(key: str, bitmap: BitMap) -> None:
                bitmap.run_optimize()
                start = file.tell()
                places[key] = (start, start + file.write(bitmap.serialize()))

            for key, members in sorted(self._members.items()):
                bitmap = bitmap_of(np.frombuffer(members, dtype=np.uint32))
                if (name := key.partition("\t")[0]) in stated:
                    stated[name] |= bitmap
                put(key, bitmap)
            everyone = BitMap(range(self._count))
            for name, found in stated.items():
                put(missing_key(name), everyone - found)
        self._write("bitmaps.json", orjson.dumps(places))


def _ranks(keys: list[str]) -> np.ndarray[Any, Any]:
    """Each key's place in ascending order; equal keys share a place, so that ties go by id."""
    places = {key: place for place, key in enumerate(sorted(set(keys)))}
    return np.array([places[key] for key in keys], dtype=np.int32)
