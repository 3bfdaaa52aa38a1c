"""Fills a build with providers and the words that they are merged from, and counts them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, TypeVar

from directory.engines.base import Build
from directory.profile import Profile
from indexer.duplicates import Duplicates
from indexer.merge import Merged
from indexer.tally import Tally
from indexer.words import Words, merged, pack

_T = TypeVar("_T")
BATCH: Final = 5000
"""Ids that are merged, added and said at once."""

Removed = Callable[[str], bool]
"""Whether nobody may be listed under an id."""


def listed(id_: str, words: Words, removed: Removed) -> Merged | None:
    """The provider listed under an id, if there is one."""
    return merged(words) if words and not removed(id_) else None


def fill(
    build: Build | None,
    said: Iterable[tuple[str, Words]],
    removed: Removed,
    tally: Tally,
    duplicates: Duplicates,
    progress: Callable[[int], None],
) -> None:
    """Put all of `said` (by id, ascending) into an empty `build` (None: only count), telling `progress` how many
    providers there are so far."""
    for batch in batches(said, BATCH):
        profiles: list[Profile] = []
        for id_, words in batch:
            found = listed(id_, words, removed)
            tally.count(words, found)
            if found is not None:
                profiles.append(found.profile)
                duplicates.add(found.profile)
        progress(tally.providers)
        if build is not None:
            build.add(profiles)
            build.say((id_, pack(words)) for id_, words in batch)


def batches(items: Iterable[_T], size: int) -> Iterator[Sequence[_T]]:
    """`items` in lists of `size`."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some
