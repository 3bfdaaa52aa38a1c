"""Fictional profiles for measuring, made once and kept: parts of 10,000 as JSON lines in a cache folder.

The first part of a million is the first part of ten thousand, so every size shares what is there. Beyond a million the
same people come again under other NPIs: nothing that grows with the number of profiles tells them apart, and a million
takes ten minutes to make. Delete the folder after a change of the demo generator that matters here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import orjson

from directory.profile import Profile, from_dict, to_json
from indexer import demo

TODAY: Final = date(2026, 11, 23)
"""The day around which the profiles' dates lie."""

PART: Final = 10_000
_MADE: Final = 1_000_000
_SEED: Final = 1


def _path(folder: Path, start: int) -> Path:
    return folder / "profiles" / f"{start // PART:04}.ndjson"


def _write(task: tuple[Path, int]) -> None:
    folder, start = task
    path = _path(folder, start)
    aside = path.with_suffix(f".{os.getpid()}")
    with aside.open("wb") as out:
        for profile in demo.profiles(start + PART, _SEED, TODAY, start=start):
            out.write(to_json(profile) + b"\n")
    os.replace(aside, path)


def make(folder: Path, count: int, processes: int | None = None) -> None:
    """Make what is missing of the first `count` profiles; 0.5 ms of a core each."""
    (folder / "profiles").mkdir(parents=True, exist_ok=True)
    missing = [(folder, start) for start in range(0, min(count, _MADE), PART) if not _path(folder, start).exists()]
    if missing:
        # Fresh processes: a copy of one with threads may hang.
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            list(pool.map(_write, missing))


def lines(folder: Path, count: int) -> Iterator[bytes]:
    """The stored JSON of the first `count` profiles, in order of id."""
    left = count
    for start in range(0, count, PART):
        again, at = divmod(start, _MADE)
        with _path(folder, at).open("rb") as file:
            for line in file:
                if not left:
                    return
                left -= 1
                yield _renumbered(line, again) if again else line


def _renumbered(line: bytes, again: int) -> bytes:
    """`line` for the `again`th time: with the NPI in another range. The NPIs of a million begin with 1 or 2."""
    npi = orjson.loads(line)["npi"]
    other = f"{int(npi[0]) + 2 * again}{npi[1:]}"
    return line.replace(npi.encode(), other.encode(), 2)


def profiles(folder: Path, count: int) -> Iterator[Profile]:
    """The first `count` profiles, in order of id."""
    return (from_dict(orjson.loads(line)) for line in lines(folder, count))


def sample(folder: Path, count: int, wanted: int) -> Iterator[Profile]:
    """About `wanted` of the first `count` profiles, from all parts."""
    parts = range(0, min(count, _MADE), PART)
    each = -(-wanted // len(parts))
    for start in parts:
        with _path(folder, start).open("rb") as file:
            for line, _ in zip(file, range(min(each, count - start)), strict=False):
                yield from_dict(orjson.loads(line))
