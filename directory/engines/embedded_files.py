"""The files of an embedded generation: one immutable folder, memory-mapped by readers.

manifest.json       written last: a folder without it is unfinished
profiles.bin/.npy   the profiles as JSON, one after the other, and where each begins
ids.npy             their ids, ascending; a provider's *number* is its place here
bitmaps.bin/.json   roaring bitmaps of numbers, and the key and place of each
<column>.npy        one value a provider
<column>.order.npy  the numbers in ascending order of that value
expiring.npy        grants that end: (number, day), keyed in expiring.json
text/               see `embedded_text`
places*.npy…        see `embedded_places`
"""

from __future__ import annotations

import os
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
from pyroaring import BitMap

from directory.document import NUMBERS, TEXTS, Document, document
from directory.engines.embedded_places import save_places
from directory.engines.embedded_text import TextWriter, bitmap_of
from directory.facets import FACET
from directory.licensure import NO_END
from directory.profile import Profile, to_json

MANIFEST: Final = "manifest.json"
MISSING_NUMBER: Final = np.iinfo(np.int32).max
"""Not stated, in a column of numbers: comes last in ascending order."""

_FOREVER: Final = NO_END.toordinal()


def missing_key(name: str) -> str:
    """The bitmap of those who state nothing for a facet, a number column, `near` or `state`."""
    return f"missing\t{name}"


def value_key(name: str, code: str) -> str:
    """The bitmap of those who state `code` for the facet `name`."""
    return f"{name}\t{code}"


def licensed_key(way: str, state: str) -> str:
    """The bitmap (or the rows of `expiring.npy`) of those who hold a grant for a way and state."""
    return f"licensed\t{way}\t{state}"


class GenerationWriter:
    """Writes the files of one generation into `folder`, which must exist and be empty."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._last_id = ""
        self._ids: list[bytes] = []
        self._offsets = array("q", [0])
        self._blob = (folder / "profiles.bin").open("wb")
        self._numbers = {name: array("i") for name in NUMBERS}
        self._shuffle = array("Q")
        self._names: list[str] = []
        self._members: dict[str, array[int]] = defaultdict(lambda: array("I"))
        for name in (*NUMBERS, "near", "state"):
            self._members[missing_key(name)] = array("I")
        self._points = array("d")  # latitude, longitude, number; latitude…
        self._expiring: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._texts = TextWriter(folder / "text", TEXTS)

    def add(self, profiles: Iterable[Profile]) -> None:
        """Append profiles; ids must increase strictly (else ValueError)."""
        for profile in profiles:
            if profile.id <= self._last_id:
                raise ValueError(f"ids must increase: {profile.id!r} after {self._last_id!r}")
            self._last_id = profile.id
            self._add(profile, document(profile))

    def _add(self, profile: Profile, doc: Document) -> None:
        number = self._count
        self._count += 1
        stored = to_json(profile)
        self._blob.write(stored)
        self._offsets.append(self._offsets[-1] + len(stored))
        self._ids.append(profile.id.encode())
        self._names.append(doc.name_key)
        self._shuffle.append(doc.shuffle)
        for name, codes in doc.codes.items():
            for code in codes:
                self._members[value_key(name, code)].append(number)
        for name, value in doc.numbers.items():
            self._numbers[name].append(MISSING_NUMBER if value is None else int(value))
            if value is None:
                self._members[missing_key(name)].append(number)
        if not doc.points:
            self._members[missing_key("near")].append(number)
        self._points.extend(value for point in doc.points for value in (*point, number))
        if not doc.has_grants:
            self._members[missing_key("state")].append(number)
        for way, states in doc.licensed.items():
            for state, until in states.items():
                if until == _FOREVER:
                    self._members[licensed_key(way, state)].append(number)
                else:
                    self._expiring[licensed_key(way, state)].append((number, until))
        self._texts.add(doc.texts)

    def finish(self, name: str, fingerprint: str, sources: Mapping[str, Any]) -> dict[str, Any]:
        """Write everything out; returns the manifest, which is written last."""
        self._blob.close()
        self._texts.finish()
        self._save("profiles", np.frombuffer(self._offsets, dtype=np.int64))
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
        rows: list[tuple[int, int]] = []
        places: dict[str, tuple[int, int]] = {}
        for key, found in sorted(self._expiring.items()):
            places[key] = (len(rows), len(rows) + len(found))
            rows.extend(found)
        self._save("expiring", np.array(rows, dtype=np.int32).reshape(-1, 2))
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
