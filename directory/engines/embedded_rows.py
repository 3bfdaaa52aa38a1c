"""What providers add to the files of an embedded generation: the columns of a few thousand of them. Pure, made in any
process, and quickly put behind what is there. Providers are numbered within their batch, 0, 1, 2…
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np

from directory.document import NUMBERS, TEXTS, Document, document
from directory.engines.preparing import Provider, Word
from directory.lexicon import Builder
from directory.licensure import NO_END

MISSING_NUMBER: Final = int(np.iinfo(np.int32).max)
"""Not stated, in a column of numbers: comes last in ascending order."""

_FOREVER: Final = NO_END.toordinal()

Arrays: TypeAlias = "defaultdict[str, array[int]]"


def missing_key(name: str) -> str:
    """The bitmap of those who state nothing for a facet, a number column, `near` or `state`."""
    return f"missing\t{name}"


def value_key(name: str, code: str) -> str:
    """The bitmap of those who state `code` for the facet `name`."""
    return f"{name}\t{code}"


def licensed_key(way: str, state: str) -> str:
    """The bitmap (or the rows of `expiring.npy`) of those who hold a grant for a way and state."""
    return f"licensed\t{way}\t{state}"


class Texts:
    """The texts of some providers, by the name of the field: `places` says which of `tokens` each holds, one provider
    after the other, `lengths` how many each has. A token is there once, in the order of first occurrence."""

    def __init__(self, names: Iterable[str]) -> None:
        ids: defaultdict[str, int] = defaultdict(lambda: len(ids))
        self._ids = ids
        self.places = {name: array("I") for name in names}
        self.lengths = {name: array("I") for name in self.places}

    def __getstate__(self) -> tuple[list[str], Mapping[str, array[int]], Mapping[str, array[int]]]:
        return self.tokens, self.places, self.lengths

    def __setstate__(self, state: tuple[list[str], dict[str, array[int]], dict[str, array[int]]]) -> None:
        self.__init__(())  # type: ignore[misc]
        tokens, self.places, self.lengths = state
        self._ids.update(zip(tokens, range(len(tokens)), strict=True))

    @property
    def tokens(self) -> list[str]:
        """All tokens."""
        return list(self._ids)

    def add(self, texts: Mapping[str, Iterable[str]]) -> None:
        """The tokens of the next provider by field."""
        number = self._ids.__getitem__
        for name, found in self.places.items():
            before = len(found)
            if given := texts.get(name):
                found.extend(map(number, given))
            self.lengths[name].append(len(found) - before)


def _arrays() -> Arrays:
    return defaultdict(lambda: array("I"))


@dataclass(slots=True)
class Rows:
    """The columns of some providers. `members`: the key of a bitmap -> numbers; `points`: latitude, longitude, number;
    `expiring`: the key of a grant -> number, last good day."""

    ids: list[str] = field(default_factory=list)
    stored: bytes = b""
    sizes: array[int] = field(default_factory=lambda: array("q"))
    names: list[str] = field(default_factory=list)
    shuffle: array[int] = field(default_factory=lambda: array("Q"))
    numbers: dict[str, array[int]] = field(default_factory=lambda: {name: array("i") for name in NUMBERS})
    members: dict[str, array[int]] = field(default_factory=_arrays)
    points: array[float] = field(default_factory=lambda: array("d"))
    expiring: dict[str, array[int]] = field(default_factory=_arrays)
    texts: Texts = field(default_factory=lambda: Texts(TEXTS))
    lexicon: Builder = field(default_factory=Builder)

    def add(self, doc: Document) -> None:
        """Append a provider's columns."""
        number = len(self.ids)
        members = self.members
        self.ids.append(doc.id)
        self.names.append(doc.name_key)
        self.shuffle.append(doc.shuffle)
        for name, codes in doc.codes.items():
            for code in codes:
                members[value_key(name, code)].append(number)
        for name, value in doc.numbers.items():
            self.numbers[name].append(MISSING_NUMBER if value is None else int(value))
            if value is None:
                members[missing_key(name)].append(number)
        if not doc.points:
            members[missing_key("near")].append(number)
        for point in doc.points:
            self.points.extend((*point, number))
        self._add_grants(number, doc)
        self.texts.add(doc.texts)

    def _add_grants(self, number: int, doc: Document) -> None:
        if not doc.has_grants:
            self.members[missing_key("state")].append(number)
        for way, states in doc.licensed.items():
            for state, until in states.items():
                if until == _FOREVER:
                    self.members[licensed_key(way, state)].append(number)
                else:
                    self.expiring[licensed_key(way, state)].extend((number, until))


@dataclass(frozen=True, slots=True)
class Prepared:
    """What goes into an embedded generation: columns, and words."""

    rows: Rows
    words: Sequence[Word]


def prepared(profiles: Sequence[Provider], words: Sequence[Word] = ()) -> Prepared:
    """The columns of providers; words are only handed on."""
    rows = Rows()
    rows.lexicon.add(stored for stored, _ in profiles)
    for stored, _ in profiles:
        rows.add(document(stored))
    rows.sizes.extend(len(data) for _, data in profiles)
    rows.stored = b"".join(data for _, data in profiles)
    # What has no default of its own can be sent to another process.
    rows.members, rows.expiring = dict(rows.members), dict(rows.expiring)
    return Prepared(rows, words)
