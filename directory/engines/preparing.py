"""What both engines' builds share: whatever goes into a generation is prepared first, which another process can do, and
then put in. `add` and `say` do both at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeAlias, TypeVar

import orjson

from directory.engines.base import check_increasing
from directory.profile import Profile, Stored, to_json

_T = TypeVar("_T")

Provider: TypeAlias = tuple[Stored, bytes]
"""A profile as it is stored, and the JSON of it (see `profile.to_json`)."""

Word: TypeAlias = tuple[str, bytes]
"""An id, and what the sources said of it (see `base.Build.say`)."""

Prepare: TypeAlias = Callable[[Sequence[Provider], Sequence[Word]], Any]
"""Pure and picklable: makes of providers and words, both in increasing order of id, what a build's `put` takes."""

BATCH: Final = 1000
"""Providers that are prepared at once."""


def provider(data: bytes) -> Provider:
    """The provider of whom `data` is stored."""
    return orjson.loads(data), data


class PreparedBuild(ABC):
    """A build that is filled by preparing and putting."""

    prepare: Prepare

    @abstractmethod
    def put(self, prepared: Any) -> None:
        """See `base.Build.put`."""

    @abstractmethod
    def settle(self) -> None:
        """Wait until all that was put is in."""

    def add(self, profiles: Iterable[Profile]) -> None:
        """See `base.Build.add`."""
        for some in batches(profiles, BATCH):
            self.put(self.prepare([provider(to_json(profile)) for profile in some], ()))
        self.settle()

    def say(self, words: Iterable[Word]) -> None:
        """See `base.Build.say`."""
        for some in batches(words, BATCH):
            self.put(self.prepare((), some))
        self.settle()


class Rising:
    """Ids that must increase over several batches."""

    def __init__(self) -> None:
        self._last = ""

    def check(self, ids: Sequence[str]) -> None:
        """Raises ValueError unless `ids` increase strictly, and come after all that were there before."""
        for id_ in ids:
            check_increasing(id_, self._last)
            self._last = id_


def batches(items: Iterable[_T], size: int) -> Iterator[Sequence[_T]]:
    """`items` in lists of `size`."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
