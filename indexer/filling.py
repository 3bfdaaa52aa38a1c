"""Fills a build with providers and the words that they are merged from, and counts them."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from directory.engines.base import Build
from directory.engines.preparing import BATCH, Prepare, Word
from directory.processes import preload, spread
from indexer.duplicates import Duplicates, keys
from indexer.tally import Tally
from indexer.words import Change, Listed, applied, listed, pack, unpack

Said: TypeAlias = tuple[str, bytes, Change]
"""An id, its words as a generation keeps them (empty: none), and what has changed of them since."""

Removed = Callable[[str], bool]
"""Whether nobody may be listed under an id."""

preload(__name__)


@dataclass(slots=True)
class _Part:
    """What comes of some ids: their counts, which are listed, the keys of these, each with its owner, and what their
    build takes."""

    tally: Tally = field(default_factory=Tally)
    listed: list[str] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)
    keys: array[int] = field(default_factory=lambda: array("Q"))
    prepared: Any = None


def _part(prepare: Prepare | None, batch: Sequence[tuple[str, bytes, Change, bool]]) -> _Part:
    part = _Part()
    sources: list[str] = []
    found: list[Listed] = []
    kept: list[Word] = []
    for id_, packed, change, gone in batch:
        words = before = unpack(packed)
        if change:
            words = applied(change, before)
            packed = pack(words)
            if before:
                part.tally.ended.update(before.keys() - words.keys())
        sources += words
        kept.append((id_, packed))
        if provider := listed(words, gone):
            found.append(provider)
            part.listed.append(id_)
            for key in keys(provider.stored):
                part.owners.append(id_)
                part.keys.append(key)
    part.tally.count(sources, found)
    if prepare is not None:
        part.prepared = prepare([provider.provider for provider in found], kept)
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
        duplicates.extend(part.listed, part.owners, part.keys)
        progress(tally.providers)
        if build is not None:
            build.put(part.prepared)
