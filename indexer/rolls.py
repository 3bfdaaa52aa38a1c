"""Whom each directory that was given listed with which payer: so a later run can tell whose files it was not given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

import orjson

Payers: TypeAlias = Mapping[str, str]
"""What identifies a payer in files of any day -> its name for people."""

EVERYBODY: Final = ""
"""In place of a payer: all whom a directory lists, with or without one."""

_HANDFUL: Final = 5
"""So many may go at once: the only office of a small plan closes."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """`ended` of the `people` whom the directory called `given` listed with the payer `name` (empty: with any or none)
    are not listed so any more."""

    given: str
    name: str
    ended: int
    people: int


class Rolls:
    """The rolls of a run: each is of one directory and one payer, and has a number. Whoever is on some is marked with
    their numbers, ascending, as a text."""

    def __init__(self, rolls: Iterable[tuple[str, str, str]] = ()) -> None:
        self._rolls = list(rolls)
        """Directory, payer and its name, by number."""
        self._directory = ""
        self._numbers: dict[str, int] = {}

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """The rolls of what `to_json` gave."""
        return cls((given, payer, name) for given, payer, name in orjson.loads(data))

    def to_json(self) -> bytes:
        """The rolls as a line of JSON; empty where there are none."""
        return orjson.dumps(self._rolls) if self._rolls else b""

    def begin(self, directory: str) -> None:
        """From now on people are listed by another directory, called so."""
        self._directory = directory
        self._numbers = {}

    def mark(self, payers: Payers) -> str:
        """The mark of somebody whom this directory lists with these payers."""
        return _written(self._number(payer, name) for payer, name in ((EVERYBODY, ""), *payers.items()))

    def _number(self, payer: str, name: str) -> int:
        if payer not in self._numbers:
            self._numbers[payer] = len(self._rolls)
            self._rolls.append((_plain(self._directory), _plain(payer), _plain(name)))
        return self._numbers[payer]

    def left_out(self, later: Rolls, people: Iterable[tuple[str, str | None, int]]) -> list[LeftOut]:
        """The rolls of which over half are on none of the same payer among `later`, if they are more than a handful:
        most people first. `people` are (mark here, mark there or None, how many have both)."""
        whole: Counter[int] = Counter()
        ended: Counter[int] = Counter()
        for before, after, count in people:
            listed = {later._rolls[n][1] for n in _read(after or "")}
            for number in _read(before):
                whole[number] += count
                ended[number] += count * (self._rolls[number][1] not in listed)
        hit = [n for n, count in ended.items() if count * 2 > whole[n] and count > _HANDFUL]
        named = {self._rolls[n][0] for n in hit if self._rolls[n][1] != EVERYBODY}
        found = [
            LeftOut(given, name, ended[n], whole[n])
            for n in hit
            for given, payer, name in [self._rolls[n]]
            if payer != EVERYBODY or given not in named
        ]
        return sorted(found, key=lambda left: (-left.ended, left.given, left.name))


def both(first: str, second: str) -> str:
    """The mark of somebody who has two."""
    return first if first == second else _written({*_read(first), *_read(second)})


def _read(mark: str) -> list[int]:
    return [int(number) for number in mark.split()]


def _written(numbers: Iterable[int]) -> str:
    return " ".join(str(number) for number in sorted(numbers))


def _plain(text: str) -> str:
    """`text` with a mark in place of what no UTF-8 can say: names of folders may be any bytes."""
    return text.encode("utf-8", "replace").decode()
