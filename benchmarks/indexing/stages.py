"""The stages of a build that come after reading (see `reading`), each run by itself from the start."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

from benchmarks.indexing.reading import TODAY
from directory.config import Settings
from directory.engines.base import Engine, Generation
from directory.engines.choose import engine_from
from directory.engines.elastic_words import words_index
from directory.engines.preparing import Provider
from directory.errors import NoGeneration
from directory.profile import Profile
from indexer.pipeline import Input, Options, build
from indexer.report import RejectLog


def merge(path: Path) -> dict[str, Any]:
    """A whole build on an engine that takes everything in and keeps nothing."""
    return _build(path, cast(Engine, _Nothing()))  # building asks an engine for no more


def embedded(path: Path) -> dict[str, Any]:
    """A whole build on the embedded engine, in a folder of its own that goes afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="indexing-", dir=path.parent))
    try:
        engine = engine_from(Settings("embedded", data=folder))
        return _build(path, engine) | {"bytes": sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())}
    finally:
        shutil.rmtree(folder)


def elasticsearch(path: Path) -> dict[str, Any]:
    """A whole build at ELASTICSEARCH_URL, under an alias of its own that goes afterwards."""
    settings = Settings("elasticsearch", (os.environ["ELASTICSEARCH_URL"],), alias=f"indexing{os.getpid()}")
    engine = engine_from(settings)
    try:
        return _build(path, engine)
    finally:
        for generation in engine.generations():
            engine._building.indices.delete(index=[generation.name, words_index(generation.name)])  # type: ignore[attr-defined]
        engine.close()


def _build(path: Path, engine: Engine) -> dict[str, Any]:
    with RejectLog() as rejects:
        outcome = build([Input("nppes", path)], engine, rejects, Options(today=TODAY))
    if outcome.refusal:
        raise SystemExit(outcome.refusal)
    return outcome.sources["nppes"].as_dict() | {"profiles": outcome.providers}


def _count(profiles: Sequence[Provider], words: Sequence[tuple[str, bytes]]) -> int:
    return len(profiles)


class _Nothing:
    """An engine that forgets, and its build."""

    fingerprint = name = "nothing"
    prepare = staticmethod(_count)

    def __init__(self) -> None:
        self._count = 0

    def live(self) -> Generation:
        raise NoGeneration

    def start_build(self, copy_of: str | None = None) -> _Nothing:
        return self

    def add(self, profiles: Iterable[Profile]) -> None:
        self._count += sum(1 for _ in profiles)

    def put(self, prepared: int) -> None:
        self._count += prepared

    def say(self, words: Iterable[tuple[str, bytes]]) -> None:
        for _ in words:
            pass

    def keep(self, name: str, parts: Iterable[bytes]) -> None:
        for _ in parts:
            pass

    def kept(self, generation: str, name: str) -> Iterator[bytes]:
        return iter(())

    def finish(self, sources: Mapping[str, Any]) -> Generation:
        return Generation(self.name, datetime.now(UTC), self._count, self.fingerprint)

    def abort(self) -> None:
        pass

    def promote(self, name: str, *, expected: str | None) -> Generation:
        return Generation(self.name, datetime.now(UTC), self._count, self.fingerprint, live=True)


STAGES: Final = {s.__name__: s for s in (merge, embedded, elasticsearch)}
