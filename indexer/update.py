"""A new generation from the live one's words and a few files: what the files say takes the place of what their sources
said before, then everybody concerned is merged anew.

A small change goes into a copy of the live generation; a large one, or one that other code built, is built from all the
words. Either way the result is what `pipeline.build` makes of all files, and readers see it in one step.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from directory.engines.base import Build, Engine, Generation, PromotionRefused, UnknownGeneration
from directory.engines.preparing import BATCH, Provider, batches
from directory.errors import Problem
from indexer.duplicates import NOTE as LICENSE_KEYS
from indexer.duplicates import Duplicates, keys
from indexer.filling import Said
from indexer.pipeline import Input, Options, Refused, Run, live_generation
from indexer.report import Outcome, RejectLog
from indexer.tally import ABOUT_MERGE, FORMAT, Tally
from indexer.words import Change, applied, listed, merge_code, pack, unpack

_LARGE: Final = 5
"""A change that concerns more than one in so many providers is built anew: to copy and change costs more."""


def update(inputs: Sequence[Input], engine: Engine, rejects: RejectLog, options: Options) -> Outcome:
    """Make a generation from the live one and `inputs`, and promote it. A refusal, or an engine that is away, is in the
    outcome."""
    run = Run(inputs, rejects, options)
    try:
        live = _updatable(engine)
        run.go_on_from(engine, live)
        run.read(checksums=True)
        run.check_left_out()
        if _is_small(run, live) and _is_alike(engine, live):
            changing = engine.start_build(live.name)
            generation = run.complete(engine, changing, live, lambda: _change(run, engine, changing, live))
        else:
            making = engine.start_build()
            said = _said(engine.said(live.name), run.changes())
            generation = run.complete(engine, making, live, lambda: run.fill(making, said))
    except (Refused, PromotionRefused, UnknownGeneration, Problem) as error:
        return run.outcome("update", refusal=str(error))
    return run.outcome("update", generation=generation.name, promoted=True)


def _updatable(engine: Engine) -> Generation:
    live = live_generation(engine)
    if live is None:
        raise Refused("nothing has been built yet, so there is nothing to update; run `build` with all sources first")
    if live.sources.get(ABOUT_MERGE, {}).get("format") != FORMAT:
        raise Refused(
            f"{live.name} was made by code that kept less of what its sources said; run `build` with all of them once"
        )
    return live


def _is_small(run: Run, live: Generation) -> bool:
    concerned = sum(s.counts.indexed + sum(1 for _ in s.withdrawn()) for s in run.sources.values())
    return concerned * _LARGE <= live.providers


def _is_alike(engine: Engine, live: Generation) -> bool:
    """Whether the present code would have made of its words what is in `live`."""
    return live.fingerprint == engine.fingerprint and live.sources[ABOUT_MERGE]["code"] == merge_code()


def _said(stored: Iterable[tuple[str, bytes]], changes: Iterable[tuple[str, Change]]) -> Iterator[Said]:
    """The stored words of each id with what has changed of them, in increasing order of id."""
    old = ((id_, 0, packed) for id_, packed in stored)
    new = ((id_, 1, change) for id_, change in changes)
    sides: list[Iterator[tuple[str, int, Any]]] = [old, new]
    for id_, both in groupby(heapq.merge(*sides, key=itemgetter(0, 1)), key=itemgetter(0)):
        packed, change = b"", {}
        for _, side, what in both:
            if side:
                change = what
            else:
                packed = what
        yield id_, packed, change


def _change(run: Run, engine: Engine, build: Build, live: Generation) -> None:
    """Put what has changed into a copy of the live generation."""
    run.tally = Tally.of(live.sources, live.providers)
    run.duplicates = Duplicates(engine.kept(live.name, LICENSE_KEYS))
    done, most = 0, sum(source.counts.indexed for source in run.sources.values())
    for batch in batches(run.changes(), BATCH):
        _change_some(run, build, batch, engine.said_of(live.name, [id_ for id_, _ in batch]))
        done += len(batch)
        run.options.progress("updating", done, max(most, done))


def _change_some(run: Run, build: Build, batch: Sequence[tuple[str, Change]], kept: Mapping[str, bytes]) -> None:
    profiles: list[Provider] = []
    gone: list[str] = []
    said: list[tuple[str, bytes]] = []
    for id_, change in batch:
        before = unpack(kept.get(id_))
        after = applied(change, before)
        if before == after and run.was_removed(id_) == run.removed(id_):
            continue
        old, new = listed(before, run.was_removed(id_)), listed(after, run.removed(id_))
        run.tally.count(before, [old] if old else [], -1)
        run.tally.count(after, [new] if new else [])
        run.tally.ended.update(before.keys() - after.keys())
        run.duplicates.remove(id_)
        if new is not None:
            profiles.append(new.provider)
            run.duplicates.add(id_, keys(new.stored))
        elif old is not None:
            gone.append(id_)
        if before != after:
            said.append((id_, pack(after)))
    build.put(build.prepare(profiles, said))
    build.remove(gone)
