"""Fills a build with providers and the words that they are merged from, and counts them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from directory.engines.base import Build
from directory.engines.preparing import BATCH, Prepare, Provider, Word
from directory.processes import preload, spread
from indexer.duplicates import Duplicates, keys
from indexer.tally import Tally
from indexer.words import Change, applied, listed, pack, unpack

Said: TypeAlias = tuple[str, bytes, Change]
"""An id, its words as a generation keeps them (empty: none), and what has changed of them since."""

Removed = Callable[[str], bool]
"""Whether nobody may be listed under an id."""

preload(__name__)


@dataclass(slots=True)
class _Part:
    """What comes of some ids: their counts, the keys of each who is listed, and what their build takes."""

    tally: Tally = field(default_factory=Tally)
    keys: list[tuple[str, list[int]]] = field(default_factory=list)
    prepared: Any = None


def _part(prepare: Prepare | None, batch: Sequence[tuple[str, bytes, Change, bool]]) -> _Part:
    part = _Part()
    profiles: list[Provider] = []
    kept: list[Word] = []
    for id_, packed, change, gone in batch:
        before = unpack(packed)
        words = applied(change, before) if change else before
        part.tally.ended.update(before.keys() - words.keys())
        found = listed(words, gone)
        part.tally.count(words, found)
        if found is not None:
            profiles.append(found.provider)
            part.keys.append((id_, list(keys(found.stored))))
        kept.append((id_, pack(words) if change else packed))
    if prepare is not None:
        part.prepared = prepare(profiles, kept)
    return part


def fill(
    build: Build | None,
    said: Iterable[Said],
    removed: Removed,
    tally: Tally,
    duplicates: Duplicates,
    progress: Callable[[int], None],
) -> None:
    """Put all of `said` (by id, ascending) into an empty `build` (None: only count), telling `progress` how many
    providers there are so far. The work on them is spread over processes."""
    items = ((id_, packed, change, removed(id_)) for id_, packed, change in said)
    for part in spread(partial(_part, build.prepare if build is not None else None), items, BATCH):
        tally.add(part.tally)
        for id_, found in part.keys:
            duplicates.add(id_, found)
        progress(tally.providers)
        if build is not None:
            build.put(part.prepared)
