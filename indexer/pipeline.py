"""read -> normalise -> merge -> build -> promote. Every row read ends as indexed, skipped, deleted or rejected.

Nothing changes for readers before the very end: a run that is refused or fails leaves no trace.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from directory.engines.base import Engine, Generation, PromotionRefused
from directory.errors import NoGeneration, Problem
from directory.profile import Profile
from indexer.merge import merged
from indexer.report import Outcome, RejectLog, too_few_providers, too_many_rejects
from indexer.sources import SOURCES
from indexer.sources.base import Source
from indexer.sources.files import Unusable
from indexer.suppress import Entry, Honoring

_PROGRESS_EVERY: Final = 1000


@dataclass(frozen=True, slots=True)
class Input:
    """A file and the source that reads it."""

    source: str
    path: Path


@dataclass(frozen=True, slots=True)
class Options:
    """What a run may do all the same, where it tells of its progress (a step, what is done, of how much or None), its
    day (UTC), and who asked not to be listed."""

    allow_rejects: bool = False
    allow_shrink: bool = False
    progress: Callable[[str, int, int | None], None] = lambda step, done, whole: None
    today: date | None = None
    suppressed: Mapping[str, Entry] = field(default_factory=dict)


class _Refused(Exception):
    """The run ends here, nothing has changed; the message says why."""


class _Run:
    """The state of one run over its inputs."""

    def __init__(self, inputs: Sequence[Input], rejects: RejectLog, options: Options) -> None:
        today = options.today or datetime.now(UTC).date()
        named = [name for name in SOURCES if any(i.source == name for i in inputs)]
        self.sources: dict[str, Source] = {name: Honoring(SOURCES[name](today), options.suppressed) for name in named}
        self._inputs = inputs
        self._rejects = rejects
        self._options = options
        self.checksums: dict[Path, dict[Path, Future[str]]] = {}
        self._demo = 0

    def read(self, *, checksums: bool = False) -> None:
        """Read every input, in the order given. Raises _Refused."""
        with ThreadPoolExecutor(1) as hashing:
            for given in self._inputs:
                self._read(given, hashing if checksums else None)
        for source in self.sources.values():
            source.settle()
        refusal = too_many_rejects({name: s.counts for name, s in self.sources.items()})
        if refusal and not self._options.allow_rejects:
            raise _Refused(refusal)

    def _read(self, given: Input, hashing: ThreadPoolExecutor | None) -> None:
        step = f"reading {given.path.name}"
        source = self.sources[given.source]
        try:
            files = source.files(given.path)
            if hashing:
                self.checksums[given.path] = {file: hashing.submit(_checksum, file) for file in files}
            size = sum(file.stat().st_size for file in files)
            for position in source.read(given.path, self._rejects):
                self._options.progress(step, position, size)
        except Unusable as error:
            raise _Refused(f"{given.path} cannot be used: {error}") from error
        except OSError as error:
            raise _Refused(f"{given.path} cannot be read: {error.strerror or error}") from error
        self._options.progress(step, size, size)

    def providers(self) -> Iterator[Profile]:
        """Everyone the sources state, in increasing order of id."""
        step = "building"
        for count, profile in enumerate(merged(list(self.sources.values())), start=1):
            if count % _PROGRESS_EVERY == 0:
                self._options.progress(step, count, None)
            self._demo += profile.demo
            yield profile

    def about(self) -> Mapping[str, Any]:
        """What is kept with the generation: counts, files with their SHA-256, version of the code, and how many of the
        providers are fictional, which only own profiles can be."""
        found: dict[str, Any] = {
            name: {
                **source.counts.as_dict(),
                "files": [
                    {"name": file.name, "sha256": checksum.result()}
                    for i in self._inputs
                    if i.source == name
                    for file, checksum in self.checksums[i.path].items()
                ],
                "version": version("provider-directory"),
            }
            for name, source in self.sources.items()
        }
        if "profiles" in found:
            found["profiles"]["demo"] = self._demo
        return found

    def outcome(self, command: str, **result: Any) -> Outcome:
        """How the run ended."""
        return Outcome(
            command,
            {name: source.counts for name, source in self.sources.items()},
            unmapped={name: source.unmapped for name, source in self.sources.items()},
            **result,
        )


def check(inputs: Sequence[Input], rejects: RejectLog, options: Options) -> Outcome:
    """Read and validate `inputs`, and build nothing."""
    run = _Run(inputs, rejects, options)
    try:
        run.read()
    except _Refused as refused:
        return run.outcome("check", refusal=str(refused))
    return run.outcome("check", providers=sum(1 for _ in run.providers()))


def build(inputs: Sequence[Input], engine: Engine, rejects: RejectLog, options: Options) -> Outcome:
    """Make a generation from `inputs` and promote it. A refusal, or an engine that is away, is in the outcome."""
    run = _Run(inputs, rejects, options)
    providers = 0
    try:
        live = _live(engine)
        run.read(checksums=True)
        making = engine.start_build()
        try:
            providers = _add(making.add, run.providers())
            refusal = too_few_providers(providers, live.providers if live else 0)
            if refusal and not options.allow_shrink:
                raise _Refused(refusal)
            generation = making.finish(run.about())
        except BaseException:
            making.abort()
            raise
        try:
            engine.promote(generation.name, expected=live.name if live else None)
        except PromotionRefused:
            making.abort()  # on any other trouble it may be live already
            raise
    except (_Refused, PromotionRefused, Problem) as error:
        return run.outcome("build", providers=providers, refusal=str(error))
    return run.outcome("build", providers=providers, generation=generation.name, promoted=True)


def _add(add: Callable[[Iterable[Profile]], None], profiles: Iterator[Profile]) -> int:
    count = 0

    def counted() -> Iterator[Profile]:
        nonlocal count
        for profile in profiles:
            count += 1
            yield profile

    add(counted())
    return count


def _live(engine: Engine) -> Generation | None:
    try:
        return engine.live()
    except NoGeneration:
        return None


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
