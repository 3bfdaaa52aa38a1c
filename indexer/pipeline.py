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

from directory.engines.base import Build, Engine, Generation, PromotionRefused
from directory.errors import NoGeneration, Problem
from indexer.duplicates import NOTE as LICENSE_KEYS
from indexer.duplicates import Duplicates
from indexer.filling import Said, fill
from indexer.report import (
    Outcome,
    RejectLog,
    halved,
    left_out,
    mostly_ended,
    too_few_providers,
    too_many_rejects,
    unknown_payers,
    unknown_words,
)
from indexer.sources import SOURCES
from indexer.sources.base import Source
from indexer.sources.files import Unusable
from indexer.suppress import Entry, Honoring
from indexer.tally import ABOUT_MERGE, BESIDE, FORMAT, Tally
from indexer.words import Change, by_id, merge_code

_EVERY: Final = ""
"""In place of a source: all of them have no word any more."""


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


class Refused(Exception):
    """The run ends here, nothing has changed; the message says why."""


class Run:
    """The state of one run over its inputs. An update goes on from the generation `earlier`."""

    def __init__(self, inputs: Sequence[Input], rejects: RejectLog, options: Options) -> None:
        today = options.today or datetime.now(UTC).date()
        self._every: dict[str, Source] = {n: Honoring(make(today), options.suppressed) for n, make in SOURCES.items()}
        self.sources = {name: s for name, s in self._every.items() if any(i.source == name for i in inputs)}
        self.tally = Tally()
        self.duplicates = Duplicates()
        self.options = options
        self.earlier: Generation | None = None
        self._inputs = inputs
        self._rejects = rejects
        self._checksums: dict[Path, dict[Path, Future[str]]] = {}

    def go_on_from(self, engine: Engine, earlier: Generation) -> None:
        """Take in what an earlier run's generation keeps; before anything is read."""
        self.earlier = earlier
        for name, source in self._every.items():
            source.recall(engine.kept(earlier.name, _memory(name)))

    def read(self, *, checksums: bool = False) -> None:
        """Read every input, in the order given. Raises Refused."""
        with ThreadPoolExecutor(1) as hashing:
            for given in self._inputs:
                self._read(given, hashing if checksums else None)
        for source in self._every.values():
            source.settle()
        refusal = too_many_rejects({name: s.counts for name, s in self.sources.items()})
        if refusal and not self.options.allow_rejects:
            raise Refused(refusal)

    def check_left_out(self) -> None:
        """See that the files read are of all whose files the earlier generation was made of. Raises Refused."""
        if self.options.allow_shrink:
            return
        for name, source in self.sources.items():
            left = source.left_out()
            if refusal := left_out(name, left) if left is not None else unknown_payers(name):
                raise Refused(refusal)

    def _read(self, given: Input, hashing: ThreadPoolExecutor | None) -> None:
        step = f"reading {given.path.name}"
        source = self.sources[given.source]
        try:
            files = source.files(given.path)
            if hashing:
                self._checksums[given.path] = {file: hashing.submit(_checksum, file) for file in files}
            size = sum(file.stat().st_size for file in files)
            for position in source.read(given.path, self._rejects):
                self.options.progress(step, position, size)
        except Unusable as error:
            raise Refused(f"{given.path} cannot be used: {error}") from error
        except OSError as error:
            raise Refused(f"{given.path} cannot be read: {error.strerror or error}") from error
        self.options.progress(step, size, size)

    def removed(self, id_: str) -> bool:
        """Whether a source says that nobody may be listed under this id."""
        kind, _, npi = id_.partition(":")
        return kind == "npi" and any(source.removed(npi) for source in self._every.values())

    def was_removed(self, id_: str) -> bool:
        """Whether one said so in the earlier generation."""
        kind, _, npi = id_.partition(":")
        return kind == "npi" and any(source.was_removed(npi) for source in self._every.values())

    def said(self) -> Iterator[Said]:
        """What the sources say of each id, in increasing order of id, where nothing was said before."""
        said = by_id([(name, source.words()) for name, source in self.sources.items()])
        return ((id_, b"", {**words}) for id_, words in said)

    def changes(self) -> Iterator[tuple[str, Change]]:
        """What has changed of the words of each id since the earlier generation, in increasing order of id: source ->
        its new word, or None where there is none any more."""
        streams: list[tuple[str, Iterable[tuple[str, bytes | None]]]] = []
        for name, source in self.sources.items():
            streams.append((name, source.words()))
            streams.append((name, ((id_, None) for id_ in source.withdrawn())))
        streams.append((_EVERY, ((id_, None) for id_ in sorted(self.options.suppressed))))
        for id_, change in by_id(streams):
            yield id_, dict.fromkeys(SOURCES) if _EVERY in change else change

    def fill(self, build: Build | None, said: Iterable[Said]) -> None:
        """Put all of `said` into an empty build (None: only count)."""

        # Of the sources' words on one provider one is enough to list them: there may be fewer.
        most = sum(source.counts.indexed for source in self.sources.values())

        def progress(done: int) -> None:
            self.options.progress("building", done, max(most, done))

        fill(build, said, self.removed, self.tally, self.duplicates, progress)

    def complete(
        self, engine: Engine, build: Build, live: Generation | None, filling: Callable[[], None]
    ) -> Generation:
        """Fill a build, and make it live if what it holds passes. Raises Refused, PromotionRefused or Problem, and
        leaves nothing behind then."""
        try:
            filling()
            self._check_fall(live)
            for name, source in self._every.items():
                build.keep(_memory(name), source.memory())
            build.keep(LICENSE_KEYS, self.duplicates.memory())
            generation = build.finish(self._about())
        except BaseException:
            build.abort()
            raise
        try:
            return engine.promote(generation.name, expected=live.name if live else None)
        except PromotionRefused:
            build.abort()  # on any other trouble it may be live already
            raise

    def _check_fall(self, live: Generation | None) -> None:
        if live is None or self.options.allow_shrink:
            return
        before = {name: about.get("providers", 0) for name, about in live.sources.items() if name in self.sources}
        refusal = (
            too_few_providers(self.tally.providers, live.providers)
            or halved(self.tally.words, before)
            or mostly_ended(self.tally.ended, before)
        )
        if refusal:
            raise Refused(refusal)

    def _about(self) -> dict[str, Any]:
        """What is kept with the generation of each source: counts and unknown words of the last run that read it,
        files with their SHA-256, version of the code, and how many ids it speaks of now; and what concerns several."""
        earlier = self.earlier.sources if self.earlier else {}
        found: dict[str, Any] = {name: about for name, about in earlier.items() if name != ABOUT_MERGE}
        for name, source in self.sources.items():
            earlier_files = () if source.whole else found.get(name, {}).get("files", ())
            files = [*earlier_files, *self._files(name)]
            found[name] = {
                **source.counts.as_dict(),
                "files": [f for i, f in enumerate(files) if f not in files[:i]],
                "version": version("provider-directory"),
                "unmapped": unknown_words(source.unmapped),
            }
        for name in found:
            found[name] = {**found[name], "providers": self.tally.words[name]}
        found[ABOUT_MERGE] = {
            "format": FORMAT,
            "code": merge_code(),
            "demo": self.tally.demo,
            "stated": {name: self.tally.stated[name] for name in BESIDE},
            "conflicts": self.tally.conflicts_as_list(),
            "possible_duplicates": self.duplicates.found(),
        }
        return found

    def _files(self, source: str) -> list[dict[str, str]]:
        given = [i.path for i in self._inputs if i.source == source]
        sums = [found for path in given for found in self._checksums[path].items()]
        return [{"name": path.name, "sha256": checksum.result()} for path, checksum in sums]

    def outcome(self, command: str, **result: Any) -> Outcome:
        """How the run ended."""
        return Outcome(
            command,
            {name: source.counts for name, source in self.sources.items()},
            providers=self.tally.providers,
            unmapped={name: source.unmapped for name, source in self.sources.items()},
            conflicts=self.tally.conflicts_as_list(),
            possible_duplicates=self.duplicates.found(),
            ended=+self.tally.ended,
            **result,
        )


def _memory(source: str) -> str:
    """The name of the note that holds what a source has to know of what it read."""
    return f"{source.replace('_', '-')}-memory"


def check(inputs: Sequence[Input], rejects: RejectLog, options: Options) -> Outcome:
    """Read and validate `inputs`, and build nothing."""
    run = Run(inputs, rejects, options)
    try:
        run.read()
    except Refused as refused:
        return run.outcome("check", refusal=str(refused))
    run.fill(None, run.said())
    return run.outcome("check")


def build(inputs: Sequence[Input], engine: Engine, rejects: RejectLog, options: Options) -> Outcome:
    """Make a generation from `inputs` and promote it. A refusal, or an engine that is away, is in the outcome."""
    run = Run(inputs, rejects, options)
    try:
        live = live_generation(engine)
        run.read(checksums=True)
        making = engine.start_build()
        generation = run.complete(engine, making, live, lambda: run.fill(making, run.said()))
    except (Refused, PromotionRefused, Problem) as error:
        return run.outcome("build", refusal=str(error))
    return run.outcome("build", generation=generation.name, promoted=True)


def live_generation(engine: Engine) -> Generation | None:
    """The live generation; None before the first."""
    try:
        return engine.live()
    except NoGeneration:
        return None


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
