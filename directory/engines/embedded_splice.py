"""Columns of providers as they were prepared, kept with an embedded generation (`rows.bin`): a copy of it prepares only
who has changed, and puts their columns between those of the others. What they store and their words are kept elsewhere.
"""

from __future__ import annotations

import weakref
from array import array
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from directory.document import TEXTS
from directory.engines.embedded_rows import Rows, Texts
from directory.engines.embedded_text import Array

_FILE: Final = "rows.bin"
_LENGTH: Final = 8
_TYPES: Final = {"sizes": "q", "shuffle": "Q", "points": "d", "numbers": "i"}
"""The types of arrays; of all others it is that of `_NONE`."""

_NONE: Final = array("I")


class RowsWriter:
    """Writes columns, some providers after the other, into `folder`."""

    def __init__(self, folder: Path) -> None:
        self._file = (folder / _FILE).open("wb")

    def take(self, rows: Rows) -> None:
        """Append columns."""
        if not rows.ids:
            return
        groups = _groups(rows)
        sizes = {name: {key: len(a) * a.itemsize for key, a in group.items()} for name, group in groups.items()}
        head = orjson.dumps([rows.ids, rows.names, rows.texts.tokens, sizes])
        self._file.write(len(head).to_bytes(_LENGTH) + head)
        self._file.writelines(memoryview(a) for group in groups.values() for a in group.values())

    def close(self) -> None:
        """All are there, or the build is given up."""
        self._file.close()


def _groups(rows: Rows) -> dict[str, Mapping[str, array[Any]]]:
    """Every array of `rows`, by what it belongs to."""
    return {
        "alone": {"sizes": rows.sizes, "shuffle": rows.shuffle, "points": rows.points},
        "numbers": rows.numbers,
        "members": rows.members,
        "expiring": rows.expiring,
        "places": rows.texts.places,
        "lengths": rows.texts.lengths,
    }


class KeptRows:
    """The columns that were kept with the generation in `folder`, which may be deleted meanwhile."""

    def __init__(self, folder: Path) -> None:
        self._file = (folder / _FILE).open("rb")
        weakref.finalize(self, self._file.close)

    def __iter__(self) -> Iterator[Rows]:
        while length := self._file.read(_LENGTH):
            ids, names, tokens, sizes = orjson.loads(self._file.read(int.from_bytes(length)))
            found = {group: {key: self._array(group, key, n) for key, n in of.items()} for group, of in sizes.items()}
            texts = Texts(TEXTS)
            texts.__setstate__((tokens, found["places"], found["lengths"]))
            alone = found["alone"]
            yield Rows(
                ids=ids,
                sizes=alone["sizes"],
                names=names,
                shuffle=alone["shuffle"],
                numbers=found["numbers"],
                members=found["members"],
                points=alone["points"],
                expiring=found["expiring"],
                texts=texts,
            )

    def _array(self, group: str, key: str, size: int) -> array[Any]:
        out = array(_TYPES.get(key if group == "alone" else group, _NONE.typecode))
        out.frombytes(self._file.read(size))
        return out


def spliced(old: Rows, stays: Sequence[bool], new: Rows) -> Rows:
    """The columns of those of `old` who stay and of all `new`, by id. Of both `stored` is there, and no id twice."""
    if all(stays) and not new.ids:
        return old
    stay = np.flatnonzero(stays)
    ids = [old.ids[i] for i in stay] + new.ids
    order = np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.int64)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    numbers = np.full(len(old.ids), -1, dtype=np.int64)
    numbers[stay] = place[: len(stay)]
    both = _Both(stay, order, numbers, place[len(stay) :])
    stored = [*_parts(old), *_parts(new)]
    stored = [stored[i] for i in stay] + stored[len(old.ids) :]
    names = [old.names[i] for i in stay] + new.names
    return Rows(
        ids=[ids[i] for i in order],
        stored=b"".join(stored[i] for i in order),
        sizes=both.column(old.sizes, new.sizes),
        names=[names[i] for i in order],
        shuffle=both.column(old.shuffle, new.shuffle),
        numbers={name: both.column(found, new.numbers[name]) for name, found in old.numbers.items()},
        members=both.keyed(old.members, new.members, width=1),
        points=both.numbered(old.points, new.points, width=3, at=2),
        expiring=both.keyed(old.expiring, new.expiring, width=2),
        texts=both.texts(old.texts, new.texts),
        lexicon=new.lexicon,
    )


def _parts(rows: Rows) -> list[bytes]:
    ends = np.cumsum([0, *rows.sizes]).tolist()
    return [rows.stored[a:b] for a, b in pairwise(ends)]


class _Both:
    """How providers come together: `stay` are the places of those of the old who do, `order` puts these and the new in
    order, `old` and `new` are the numbers that they have then (-1 for who doesn't stay)."""

    def __init__(self, stay: Array, order: Array, old: Array, new: Array) -> None:
        self._stay, self._order, self._old, self._new = stay, order, old, new

    def column(self, old: array[Any], new: array[Any]) -> array[Any]:
        """A column with one value a provider."""
        kept = np.frombuffer(old, old.typecode)[self._stay]
        return _array(old, np.concatenate([kept, np.frombuffer(new, new.typecode)])[self._order])

    def numbered(self, old: array[Any], new: array[Any], width: int, at: int = 0) -> array[Any]:
        """Rows of `width` values, of which the one at `at` is a provider's number; in order of that."""
        rows = np.frombuffer(old, old.typecode).reshape(-1, width).copy()
        numbers = self._old[rows[:, at].astype(np.int64)]
        rows[:, at] = np.maximum(numbers, 0)
        more = np.frombuffer(new, new.typecode).reshape(-1, width).copy()
        more[:, at] = self._new[more[:, at].astype(np.int64)]
        found = np.concatenate([rows[numbers >= 0], more])
        return _array(old, found[np.argsort(found[:, at], kind="stable")])

    def keyed(self, old: Mapping[str, array[int]], new: Mapping[str, array[int]], width: int) -> dict[str, array[int]]:
        """Such rows by a key; one without any is left out."""
        found = {key: self.numbered(old.get(key, _NONE), new.get(key, _NONE), width) for key in {**old, **new}}
        return {key: rows for key, rows in found.items() if rows}

    def texts(self, old: Texts, new: Texts) -> Texts:
        """The texts, and those tokens only that somebody has."""
        ids = {token: i for i, token in enumerate(old.tokens)}
        again = np.array([ids.setdefault(token, len(ids)) for token in new.tokens], dtype=np.int64)
        fields = {name: self._text(old, new, name, again) for name in TEXTS}
        used = np.unique(np.concatenate([places for places, _ in fields.values()]))
        shorter = np.zeros(len(ids), dtype=np.int64)
        shorter[used] = np.arange(len(used))
        tokens = list(ids)
        out = Texts(TEXTS)
        out.__setstate__(
            (
                [tokens[i] for i in used],
                {name: _array(_NONE, shorter[places]) for name, (places, _) in fields.items()},
                {name: _array(_NONE, lengths) for name, (_, lengths) in fields.items()},
            )
        )
        return out

    def _text(self, old: Texts, new: Texts, name: str, again: Array) -> tuple[Array, Array]:
        """(the tokens of a field, one provider after the other, and how many each has); `again` numbers those of `new`
        as in `old`."""
        lengths = np.frombuffer(old.lengths[name], np.uint32).astype(np.int64)
        stays = np.repeat(self._old >= 0, lengths)
        more = again[np.frombuffer(new.places[name], np.uint32)]
        places = np.concatenate([np.frombuffer(old.places[name], np.uint32)[stays].astype(np.int64), more])
        lengths = np.concatenate([lengths[self._stay], np.frombuffer(new.lengths[name], np.uint32).astype(np.int64)])
        starts = (np.cumsum(lengths) - lengths)[self._order]
        lengths = lengths[self._order]
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return places[np.repeat(starts, lengths) + within], lengths


def _array(like: array[Any], values: Array) -> array[Any]:
    out = array(like.typecode)
    out.frombytes(values.astype(like.typecode).tobytes())
    return out
