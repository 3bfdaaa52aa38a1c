"""One provider from what several sources say. Pure.

Today whole fields are taken: of two sources that both state one, the one whose word weighs more (`sources.SOURCES`).
"""

from __future__ import annotations

import dataclasses
import heapq
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from directory.profile import Profile
from indexer.normalize import settle
from indexer.sources.base import Source, profiles_of


def merged(sources: Sequence[Source]) -> Iterator[Profile]:
    """The providers of all `sources` (weightiest word last), each once, in increasing order of id, without those whose
    NPI a source says is gone."""
    weightiest_first = [_stream(source, rank) for rank, source in enumerate(reversed(sources))]
    in_order = heapq.merge(*weightiest_first, key=itemgetter(0, 1))
    for _, said in groupby(in_order, key=itemgetter(0)):
        profile = combine([p for _, _, p in said])
        if profile.npi is None or not any(source.removed(profile.npi) for source in sources):
            yield profile


def _stream(source: Source, rank: int) -> Iterator[tuple[str, int, Profile]]:
    for profile in profiles_of(source):
        yield profile.id, rank, profile


def combine(profiles: Sequence[Profile]) -> Profile:
    """One profile from several of the same id, weightiest word first: each field from the first that states it."""
    first, *others = profiles
    if not others:
        return first
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(Profile):
        if getattr(first, field.name) in (None, ()):
            stated = (getattr(p, field.name) for p in others)
            changes[field.name] = next((v for v in stated if v not in (None, ())), getattr(first, field.name))
    provenance = {group: said for p in reversed(profiles) for group, said in p.provenance.items()}
    return settle(dataclasses.replace(first, **changes, provenance=provenance))
