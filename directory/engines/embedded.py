"""The engine that needs no server: immutable generations in a folder, switched by one atomic pointer.

<data>/generations/<name>/   see `embedded_files`
<data>/generations/.building-<name>/   a build in the making, locked by its process
<data>/CURRENT               the live generation's name, replaced in one step
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Final

from directory import document, facets, lexicon, licensure, text, vocabulary
from directory.engines import (
    embedded_files,
    embedded_order,
    embedded_places,
    embedded_rows,
    embedded_splice,
    embedded_text,
    embedded_words,
)
from directory.engines.base import (
    Generation,
    Hit,
    PromotionRefused,
    Result,
    UnknownGeneration,
    before_live,
    check_copyable,
    fingerprint,
    generation_name,
    parse_generation_name,
    source_of,
)
from directory.engines.embedded_build import BUILDING, LOCK, EmbeddedBuild, sync
from directory.engines.embedded_files import MANIFEST
from directory.engines.embedded_reader import Memo, Reader, read_generation
from directory.engines.embedded_words import Notes, words_of
from directory.errors import EngineUnavailable, NoGeneration, WalkGone
from directory.expressions import Expr
from directory.lexicon import Lexicon
from directory.plan import SearchPlan
from directory.profile import Profile

_OPEN: Final = 4
"""Generations kept open: the live one, and those of walks that go on."""


_LAYOUT: Final = (
    document, facets, lexicon, licensure, text,
    embedded_files, embedded_places, embedded_rows, embedded_splice, embedded_text, embedded_words,
)  # fmt: skip


def _fingerprint() -> str:
    """Changes with whatever decides what is in the files: vocabularies, facets, analysis, layout."""
    return fingerprint(vocabulary.fingerprint(), *source_of(*_LAYOUT))


class EmbeddedEngine:
    """See `base.Engine`. `data` is the folder of generations, `alias` the first part of their names."""

    def __init__(self, data: Path, alias: str = "providers") -> None:
        self.fingerprint = _fingerprint()
        self._alias = alias
        self._data = data
        self._folder = data / "generations"
        self._pointer = data / "CURRENT"
        self._readers: OrderedDict[str, Reader] = OrderedDict()
        self._opening = Lock()

    # Reading

    def live(self) -> Generation:
        """See `base.Engine.live`."""
        return replace(self._live_reader().generation, live=True)

    def ready(self) -> Generation:
        """See `base.Engine.ready`: what is open can be read."""
        return self.live()

    def search(self, plan: SearchPlan) -> Result:
        """See `base.Engine.search`."""
        reader = self._live_reader()
        live = reader.generation.name
        if plan.generation not in (None, live):
            reader = self._earlier(plan.generation)
        memo: Memo = {}
        found = reader.members(plan.where, memo)
        page, more = embedded_order.page(reader, plan, found, memo)
        return Result(
            total=len(found),
            hits=tuple(Hit(reader.stored(number), key) for number, key in page),
            more=more,
            facets={f.name: reader.counts(f, memo) for f in plan.facets},
            unknown={name: len(reader.members(expr, memo)) for name, expr in plan.unknown.items()},
            generation=replace(reader.generation, live=reader.generation.name == live),
        )

    def count(self, exprs: Sequence[Expr], generation: str) -> list[int]:
        """See `base.Engine.count`."""
        reader = self._earlier(generation)
        memo: Memo = {}
        return [len(reader.members(expr, memo)) for expr in exprs]

    def get(self, id_: str) -> tuple[Profile, Generation] | None:
        """See `base.Engine.get`."""
        reader = self._live_reader()
        number = reader.number(id_)
        return None if number is None else (reader.profile(number), replace(reader.generation, live=True))

    def lexicon(self, generation: str | None = None) -> Lexicon:
        """See `base.Engine.lexicon`."""
        reader = self._live_reader()
        return (self._earlier(generation) if generation not in (None, reader.generation.name) else reader).lexicon

    def _live_reader(self) -> Reader:
        """The live generation's; the one after it when that is replaced and deleted before it is open."""
        name = self._live_name()
        while True:
            try:
                return self._reader(name)
            except EngineUnavailable:
                before, name = name, self._live_name()
                if name == before:
                    raise

    def _live_name(self) -> str:
        try:
            return self._pointer.read_text("utf-8").strip()
        except FileNotFoundError:
            raise NoGeneration from None

    def _reader(self, name: str) -> Reader:
        with self._opening:
            reader = self._readers.get(name)
            if reader is None:
                try:
                    reader = Reader(self._folder / name)
                except (OSError, ValueError, KeyError) as error:
                    raise EngineUnavailable("the live generation cannot be read") from error
                self._readers[name] = reader
                if len(self._readers) > _OPEN:
                    self._readers.popitem(last=False)
            self._readers.move_to_end(name)
            return reader

    def _earlier(self, name: str) -> Reader:
        if parse_generation_name(name, self._alias) is None or not (self._folder / name / MANIFEST).is_file():
            raise WalkGone("the generation that this walk started on is no longer kept; start again without `after`")
        return self._reader(name)

    # Generations

    def generations(self) -> list[Generation]:
        """See `base.Engine.generations`."""
        live = self._pointer.read_text("utf-8").strip() if self._pointer.exists() else None
        found = [
            replace(read_generation(folder), live=folder.name == live)
            for folder in self._folder.glob("*")
            if parse_generation_name(folder.name, self._alias) and (folder / MANIFEST).is_file()
        ]
        return sorted(found, key=lambda g: (g.built_at, g.name), reverse=True)

    def said(self, generation: str) -> Iterator[tuple[str, bytes]]:
        """See `base.Engine.said`."""
        yield from words_of(self._finished(generation))

    def said_of(self, generation: str, ids: Iterable[str]) -> Mapping[str, bytes]:
        """See `base.Engine.said_of`."""
        words = words_of(self._finished(generation))
        return {id_: word for id_ in ids if (word := words.get(id_)) is not None}

    def kept(self, generation: str, name: str) -> Iterator[bytes]:
        """See `base.Engine.kept`."""
        yield from Notes(self._finished(generation)).kept(name)

    def _finished(self, name: str) -> Path:
        """The folder of a finished generation. Raises UnknownGeneration."""
        if parse_generation_name(name, self._alias) is None or not (self._folder / name / MANIFEST).is_file():
            raise UnknownGeneration(f"there is no generation {name!r}")
        return self._folder / name

    def start_build(self, copy_of: str | None = None) -> EmbeddedBuild:
        """See `base.Engine.start_build`. A copy goes on when the generation that it copies is pruned meanwhile."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._switching():
            self._clear_dead_builds()
            base = None if copy_of is None else self._finished(copy_of)
            if base is not None:
                check_copyable(read_generation(base), self.fingerprint)
            name = generation_name(self._alias, self.fingerprint)
            return EmbeddedBuild(self._folder, name, self.fingerprint, base)

    def promote(self, name: str, *, expected: str | None) -> Generation:
        """See `base.Engine.promote`."""
        with self._switching():
            live = self._pointer.read_text("utf-8").strip() if self._pointer.exists() else None
            if live != expected:
                raise PromotionRefused(
                    f"{live or 'nothing'} is live now, not {expected or 'nothing'}: "
                    "another build was promoted meanwhile"
                )
            self._finished(name)
            aside = self._data / f".CURRENT-{os.getpid()}"
            with aside.open("w", encoding="utf-8") as file:
                file.write(name + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(aside, self._pointer)
            sync(self._data)
        return self.live()

    def rollback(self) -> Generation:
        """See `base.Engine.rollback`."""
        live, earlier = before_live(self.generations())
        return self.promote(earlier.name, expected=live.name)

    def prune(self, keep: int) -> list[str]:
        """See `base.Engine.prune`."""
        with self._switching():
            self._clear_dead_builds()
            old = [g.name for g in self.generations()[keep:] if not g.live]
            for name in old:
                # The manifest goes first, so that a half-deleted folder is never taken for a generation.
                with suppress(FileNotFoundError):
                    (self._folder / name / MANIFEST).unlink()
                shutil.rmtree(self._folder / name)
        return old

    def close(self) -> None:
        """See `base.Engine.close`."""
        with self._opening:
            self._readers.clear()

    def _clear_dead_builds(self) -> None:
        for folder in self._folder.glob(f"{BUILDING}*"):
            try:
                lock = os.open(folder / LOCK, os.O_RDWR)
            except FileNotFoundError:
                shutil.rmtree(folder, ignore_errors=True)
                continue
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            else:
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
        for folder in self._folder.glob("*"):
            if parse_generation_name(folder.name, self._alias) and not (folder / MANIFEST).exists():
                shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def _switching(self) -> Iterator[None]:
        """One process at a time starts, promotes or prunes; held for moments."""
        self._data.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._data / ".lock", os.O_CREAT | os.O_RDWR)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
