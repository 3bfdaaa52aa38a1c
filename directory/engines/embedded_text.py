"""The texts of an embedded generation: who holds a token, and how much that says about them.

A generation never changes, so what a token adds to a provider's BM25 score is known when it is built: one number for
each token and provider, over all text fields together. A set of matches is then work on roaring bitmaps, and a score is
a sum of a few columns, for whom it is wanted.

tokens.bin/.npy      the tokens in order of their bytes, and where each begins
places.npy           of each token in that order: which list is its
members.bin/.npy     the lists: a roaring bitmap of numbers each, and where it begins
impacts.bin/.npy     a 16-bit share of the list's largest impact for each member, and where a list begins
largest.npy          that largest impact
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from pyroaring import BitMap

from directory.engines.embedded_rows import Texts

Array = np.ndarray[Any, Any]

_K1: Final = 1.2
_B: Final = 0.75
"""BM25 as Lucene computes it, so that both engines' scores are of one size."""

_HELD: Final = 8_000_000
"""Tokens held in memory before they are sorted and put aside."""

_STEPS: Final = 65_535

_RARE: Final = 32
"""One in so many holders of a token, up to which looking up places is cheaper than marking them."""

_CHUNK: Final = 65_536
_COOKIE: Final = 12_346
"""What a serialized set without runs begins with."""


class TextWriter:
    """Takes the texts of providers 0, 1, 2… and writes the files. `weights` names the fields and what each counts."""

    def __init__(self, folder: Path, weights: Mapping[str, float]) -> None:
        folder.mkdir()
        self._folder = folder
        self._weights = weights
        self._ids: dict[str, int] = {}
        self._tokens = {name: array("I") for name in weights}
        self._lengths = {name: array("I") for name in weights}
        self._count = 0
        self._first = 0
        self._runs: list[dict[str, tuple[Path, Path]]] = []

    def take(self, texts: Texts) -> None:
        """The tokens of the next providers."""
        ids = self._ids
        numbers = np.array([ids.setdefault(token, len(ids)) for token in texts.tokens], dtype=np.uint32)
        held = count = 0
        for name, found in self._tokens.items():
            found.frombytes(numbers[np.frombuffer(texts.places[name], dtype=np.uint32)].tobytes())
            self._lengths[name].extend(texts.lengths[name])
            count = len(texts.lengths[name])
            held += len(found)
        self._count += count
        if held > _HELD:
            self._put_aside()

    def _put_aside(self) -> None:
        """Sort what is held by token and provider, count repetitions, and write it down."""
        run = {}
        for name, held in self._tokens.items():
            lengths = np.frombuffer(self._lengths[name], dtype=np.uint32)[self._first :]
            numbers = np.repeat(np.arange(self._first, self._count, dtype=np.uint64), lengths)
            keys = np.frombuffer(held, dtype=np.uint32).astype(np.uint64) << np.uint64(32) | numbers
            keys.sort()
            starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else keys
            times = np.diff(np.append(starts, len(keys)).astype(np.int64))
            paths = self._aside(name, "keys"), self._aside(name, "times")
            np.save(paths[0], keys[starts.astype(np.int64)])
            np.save(paths[1], np.minimum(times, 255).astype(np.uint8))
            run[name] = paths
            self._tokens[name] = array("I")
        self._runs.append(run)
        self._first = self._count

    def _aside(self, name: str, what: str) -> Path:
        return self._folder / f"aside-{len(self._runs)}-{name}-{what}.npy"

    def finish(self) -> None:
        """Write the files."""
        self._put_aside()
        self._save_tokens()
        fields = [_Field(self, name) for name in self._weights]
        held = np.sum([f.holders for f in fields], axis=0) if self._ids else np.empty(0, dtype=np.int64)
        with (
            (self._folder / "members.bin").open("wb") as members,
            (self._folder / "impacts.bin").open("wb") as impacts,
        ):
            lists = _Lists(members, impacts)
            for start, end in _blocks(held, _HELD):
                lists.write(start, end, [f.impacts(start, end) for f in fields])
        np.save(self._folder / "members.npy", np.array(lists.member_ends, dtype=np.int64))
        np.save(self._folder / "impacts.npy", np.array(lists.impact_ends, dtype=np.int64))
        np.save(self._folder / "largest.npy", np.array(lists.largest, dtype=np.float32))
        for run in self._runs:
            for paths in run.values():
                for path in paths:
                    path.unlink()

    def _save_tokens(self) -> None:
        ordered = sorted((token.encode(), place) for token, place in self._ids.items())
        ends = np.cumsum([0, *(len(token) for token, _ in ordered)])
        (self._folder / "tokens.bin").write_bytes(b"".join(token for token, _ in ordered))
        np.save(self._folder / "tokens.npy", ends.astype(np.int64))
        np.save(self._folder / "places.npy", np.array([place for _, place in ordered], dtype=np.uint32))


class _Field:
    """One text field of a finished `TextWriter`: how long it is in each provider, and who holds which token."""

    def __init__(self, writer: TextWriter, name: str) -> None:
        self._runs = [tuple(np.load(path, mmap_mode="r") for path in run[name]) for run in writer._runs]
        lengths = np.frombuffer(writer._lengths[name], dtype=np.uint32)
        size = len(writer._ids)
        self.holders = np.zeros(size, dtype=np.int64)
        for keys, _ in self._runs:
            self.holders += np.bincount((keys >> np.uint64(32)).astype(np.int64), minlength=size)
        stated = max(1, int(np.count_nonzero(lengths)))
        usual = max(1.0, float(lengths.sum()) / stated)
        self._norms = (_K1 * (1 - _B + _B * lengths / usual)).astype(np.float32)
        rarity = np.log1p((stated - self.holders + 0.5) / (self.holders + 0.5))
        self._worth = (writer._weights[name] * rarity).astype(np.float32)

    def impacts(self, start: int, end: int) -> tuple[Array, Array]:
        """(token and provider as one number, ascending within each run; BM25) for the tokens `start` to `end`."""
        bounds = np.array([start, end], dtype=np.uint64) << np.uint64(32)
        parts = []
        for keys, times in self._runs:
            first, last = np.searchsorted(keys, bounds)
            parts.append((keys[first:last], times[first:last]))
        keys = np.concatenate([k for k, _ in parts])
        times = np.concatenate([t for _, t in parts]).astype(np.float32)
        tokens = (keys >> np.uint64(32)).astype(np.int64)
        norms = self._norms[(keys & np.uint64(0xFFFFFFFF)).astype(np.int64)]
        return keys, self._worth[tokens] * times / (times + norms)


def _blocks(sizes: Array, most: int) -> Iterable[tuple[int, int]]:
    """Ranges of neighboring lists with about `most` members together."""
    ends = np.cumsum(sizes)
    start = 0
    while start < len(sizes):
        before = int(ends[start - 1]) if start else 0
        end = max(start + 1, int(np.searchsorted(ends, before + most, side="right")))
        yield start, end
        start = end


class _Lists:
    """Writes lists of members with their impacts, in order of token."""

    def __init__(self, members: BinaryIO, impacts: BinaryIO) -> None:
        self._members = members
        self._impacts = impacts
        self.member_ends = [0]
        self.impact_ends = [0]
        self.largest: list[float] = []

    def write(self, start: int, end: int, fields: list[tuple[Array, Array]]) -> None:
        """The lists of the tokens `start` to `end` from each field's (keys, impacts); a provider's fields are added."""
        keys = np.concatenate([k for k, _ in fields])
        impacts = np.concatenate([i for _, i in fields])
        order = np.argsort(keys, kind="stable")
        keys, impacts = keys[order], impacts[order]
        firsts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
        impacts = np.add.reduceat(impacts, firsts)
        keys = keys[firsts]
        numbers = (keys & np.uint64(0xFFFFFFFF)).astype(np.uint32)
        bounds = np.searchsorted(keys, np.arange(start, end + 1, dtype=np.uint64) << np.uint64(32))
        largest = np.maximum.reduceat(impacts, bounds[:-1])
        shares = np.repeat(_STEPS / largest, np.diff(bounds))
        self._impacts.write(np.rint(impacts * shares).astype(np.uint16).tobytes())
        self.impact_ends += (self.impact_ends[-1] + bounds[1:]).tolist()
        self.largest += largest.tolist()
        for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            bitmap = bitmap_of(numbers[first:last])
            bitmap.run_optimize()
            self.member_ends.append(self.member_ends[-1] + self._members.write(bitmap.serialize()))


def bitmap_of(numbers: Array) -> BitMap:
    """The set of an array of unsigned 32-bit numbers, best ascending. Through `array`, which the library copies at
    once; a numpy array it takes number by number, seven times slower."""
    held = array("I")
    held.frombytes(np.ascontiguousarray(numbers, dtype=np.uint32).tobytes())
    return BitMap(held)


def bitmap_where(mask: Array) -> BitMap:
    """The numbers at which `mask` (one bool each) is true. Written as the library would write the set, 65,536 numbers
    at a time (github.com/RoaringBitmap/RoaringFormatSpec): 40 times faster than number by number where many are."""
    words = np.zeros(-(-len(mask) // _CHUNK) * _CHUNK // 8, dtype=np.uint8)
    packed = np.packbits(mask, bitorder="little")
    words[: len(packed)] = packed
    chunks = words.reshape(-1, _CHUNK // 8)
    sizes = np.bitwise_count(chunks.view(np.uint64)).sum(axis=1, dtype=np.int64)
    kept = np.flatnonzero(sizes)
    bodies = [
        chunks[i].tobytes()
        if sizes[i] > _CHUNK // 16
        else np.flatnonzero(mask[i * _CHUNK : (i + 1) * _CHUNK]).astype("<u2").tobytes()
        for i in kept.tolist()
    ]
    head = np.array([_COOKIE, len(kept)], dtype="<u4").tobytes()
    keys = np.column_stack((kept, sizes[kept] - 1)).astype("<u2").tobytes()
    starts = len(head) + len(keys) + 4 * len(kept) + np.cumsum([0, *map(len, bodies[:-1])])
    offsets = starts[: len(kept)].astype("<u4").tobytes()
    return BitMap.deserialize(b"".join((head, keys, offsets, *bodies)))


def numbers_of(found: BitMap) -> Array:
    """The members of a set, ascending, as unsigned 32-bit numbers."""
    return np.frombuffer(found.to_array(), dtype=np.uint32)


def mapped(path: Path) -> Array:
    """The array of a file, mapped; as a plain array, because numpy's own class of maps is slow to index."""
    found: Array = np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray)
    return found


class Holders:
    """Who holds a token, and what it adds to the BM25 of each of them: `most` at most. What was read is kept, for the
    time of a request."""

    def __init__(self, members: BitMap, most: float, read_shares: Callable[[], bytes]) -> None:
        self.members = members
        self.most = most
        self._read_shares = read_shares

    @cached_property
    def _numbers(self) -> Array:
        return numbers_of(self.members)

    @cached_property
    def _shares(self) -> Array:
        return np.frombuffer(self._read_shares(), dtype=np.uint16)

    def impacts(self, found: BitMap) -> tuple[Array, Array]:
        """(the numbers of those of `found` who hold the token, ascending; what it adds to the BM25 of each)."""
        common = numbers_of(self.members & found)
        shares = self._shares
        if _RARE * len(common) < len(shares):
            shares = shares[np.searchsorted(self._numbers, common)]
        elif len(common) < len(shares):
            asked = np.zeros(int(self._numbers[-1]) + 1, dtype=bool)
            asked[common] = True
            shares = shares[asked.take(self._numbers)]
        return common, shares * np.float32(self.most / _STEPS)


class TextIndex:
    """Reads the texts of a generation. Lists are read when asked for and not kept: the operating
    system keeps what is read often, once for all processes."""

    def __init__(self, folder: Path) -> None:
        self._tokens = (folder / "tokens.bin").read_bytes()
        self._ends = mapped(folder / "tokens.npy")
        self._places = mapped(folder / "places.npy")
        self._member_ends = mapped(folder / "members.npy")
        self._impact_ends = mapped(folder / "impacts.npy")
        self._largest = mapped(folder / "largest.npy")
        self._members = File(folder / "members.bin")
        self._impacts = File(folder / "impacts.bin")

    def _place(self, token: str) -> int | None:
        """Which list is that of `token`."""
        wanted = token.encode()
        low, high = 0, len(self._places)
        while low < high:
            middle = (low + high) // 2
            if self._tokens[self._ends[middle] : self._ends[middle + 1]] < wanted:
                low = middle + 1
            else:
                high = middle
        if low == len(self._places) or self._tokens[self._ends[low] : self._ends[low + 1]] != wanted:
            return None
        return int(self._places[low])

    def holders(self, token: str) -> Holders:
        """Who holds `token` in any text."""
        place = self._place(token)
        if place is None:
            return Holders(BitMap(), 0.0, bytes)
        start, end = self._member_ends[place : place + 2].tolist()
        shares = [2 * end for end in self._impact_ends[place : place + 2].tolist()]
        members = BitMap.deserialize(self._members.read(start, end))
        return Holders(members, float(self._largest[place]), lambda: self._impacts.read(*shares))

    def close(self) -> None:
        """Let go of the files."""
        self._members.close()
        self._impacts.close()


class File:
    """A file read by place. Not mapped: pages of a map count as memory of each process that touched them."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDONLY)

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end`."""
        return os.pread(self._handle, end - start, start)

    def close(self) -> None:
        """Close the file; safe to call again."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __del__(self) -> None:
        self.close()
