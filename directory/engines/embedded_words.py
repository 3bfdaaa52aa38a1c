"""What an embedded generation keeps beside its profiles: words by id, and notes. Files of its folder:

words.bin/.npy, word_ids.npy   the words, one after the other, where each begins, and their ids, ascending
notes/<name>                   a note
"""

from __future__ import annotations

import heapq
import os
import weakref
from array import array
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import numpy as np

from directory.engines.base import check_increasing, checked_note

_WORDS: Final = ("words", "word_ids")
_AT_ONCE: Final = 500
"""Records that are read at once."""

_PART: Final = 1 << 20
"""Bytes of a note that are read at once."""


class RecordsWriter:
    """Writes `<name>.bin`, `<name>.npy` and `<ids>.npy` into `folder`: bytes by id, ids strictly increasing."""

    def __init__(self, folder: Path, name: str, ids: str) -> None:
        self._folder = folder
        self._name = name
        self._ids_name = ids
        self._blob = (folder / f"{name}.bin").open("wb")
        self._offsets = array("q", [0])
        self._ids: list[bytes] = []
        self._last_id = ""

    def extend(self, records: Iterable[tuple[str, bytes]]) -> None:
        """Append (id, bytes). Raises ValueError for an id that does not come after the last."""
        for id_, data in records:
            check_increasing(id_, self._last_id)
            self._last_id = id_
            self._blob.write(data)
            self._offsets.append(self._offsets[-1] + len(data))
            self._ids.append(id_.encode())

    def finish(self) -> None:
        """Write everything out."""
        self._blob.flush()
        os.fsync(self._blob.fileno())
        self._blob.close()
        np.save(self._folder / f"{self._name}.npy", np.frombuffer(self._offsets, dtype=np.int64), allow_pickle=False)
        ids = np.array(self._ids, dtype=f"S{max(map(len, self._ids), default=1)}")
        np.save(self._folder / f"{self._ids_name}.npy", ids, allow_pickle=False)

    def close(self) -> None:
        """Let go of the file of what is given up."""
        self._blob.close()


class Records:
    """What a `RecordsWriter` wrote; nothing, where none did. It can be read on when its folder is deleted meanwhile.

    Read, not mapped into memory: whoever goes through all of it would have all of it there."""

    def __init__(self, folder: Path, name: str, ids: str) -> None:
        self._ids = np.array([], dtype="S1")
        if (folder / f"{ids}.npy").exists():
            self._ids = _column(folder / f"{ids}.npy")
            self._offsets = _column(folder / f"{name}.npy")
            self._file = os.open(folder / f"{name}.bin", os.O_RDONLY)
            weakref.finalize(self, os.close, self._file)

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Every (id, bytes), in increasing order of id."""
        for start in range(0, len(self._ids), _AT_ONCE):
            ids = self._ids[start : start + _AT_ONCE].tolist()
            bounds = self._offsets[start : start + len(ids) + 1].tolist()
            data = self._read(bounds[0], bounds[-1])
            for i, id_ in enumerate(ids):
                yield id_.decode(), data[bounds[i] - bounds[0] : bounds[i + 1] - bounds[0]]

    def get(self, id_: str) -> bytes | None:
        """The record of this id."""
        raw = id_.encode()
        place = int(np.searchsorted(self._ids, np.bytes_(raw)))
        found = place < len(self._ids) and self._ids[place] == raw and not raw.endswith(b"\0")
        return self._read(int(self._offsets[place]), int(self._offsets[place + 1])) if found else None

    def _read(self, start: int, end: int) -> bytes:
        parts: list[bytes] = []
        while start < end:
            parts.append(os.pread(self._file, end - start, start))
            if not parts[-1]:
                raise OSError("a file of the generation is cut off")
            start += len(parts[-1])
        return b"".join(parts)


def words_writer(folder: Path) -> RecordsWriter:
    """Writes the words of the generation in `folder`."""
    return RecordsWriter(folder, *_WORDS)


def words_of(folder: Path) -> Records:
    """The words of the generation in `folder`; none where it keeps none."""
    return Records(folder, *_WORDS)


def overlaid(base: Iterable[tuple[str, bytes]], changes: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """Both in increasing order of id; where both have an id, the change."""
    in_order = heapq.merge(_ranked(changes, 0), _ranked(base, 1), key=itemgetter(0, 1))
    for id_, same in groupby(in_order, key=itemgetter(0)):
        yield id_, next(same)[2]


def _ranked(side: Iterable[tuple[str, bytes]], rank: int) -> Iterator[tuple[str, int, bytes]]:
    for id_, data in side:
        yield id_, rank, data


def _column(path: Path) -> np.ndarray[Any, Any]:
    values: np.ndarray[Any, Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return values


class Notes:
    """The notes of a generation, one file each in its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "notes"

    def keep(self, name: str, parts: Iterable[bytes]) -> None:
        """Write a note, in place of the one of its name. Raises ValueError for a name that none may have."""
        self._folder.mkdir(exist_ok=True)
        # Written aside: the file of this name may be shared with the generation that was copied.
        aside = self._folder / f".{checked_note(name)}"
        with aside.open("wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, self._folder / name)

    def take(self, other: Path) -> None:
        """Take over all notes of the generation in the folder `other`."""
        for note in (other / "notes").glob("*"):
            self._folder.mkdir(exist_ok=True)
            os.link(note, self._folder / note.name)

    def kept(self, name: str) -> Iterator[bytes]:
        """A note in parts; none where it was not kept."""
        try:
            file = (self._folder / checked_note(name)).open("rb")
        except FileNotFoundError:
            return
        with file:
            while part := file.read(_PART):
                yield part
