"""An embedded generation in the making: a folder that nobody reads yet, locked by its process. One that began as a copy
keeps its changes aside and lays them over the copied generation at the end, so that memory stays flat.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson

from directory.engines.base import Generation
from directory.engines.embedded_files import GenerationWriter
from directory.engines.embedded_reader import read_generation
from directory.engines.embedded_rows import Rows, prepared
from directory.engines.embedded_splice import KeptRows, RowsWriter, spliced
from directory.engines.embedded_words import Notes, Records, RecordsWriter, overlaid, words_of, words_writer
from directory.engines.preparing import Prepare, PreparedBuild, Provider, Word, provider
from directory.lexicon import NOTE, Builder, Lexicon
from directory.processes import preload

preload(__name__)

BUILDING: Final = ".building-"
LOCK: Final = "lock"
_CHANGES: Final = "changes"


class EmbeddedBuild(PreparedBuild):
    """See `base.Build`. `base` is the folder of the generation that this one begins as a copy of."""

    def __init__(self, folder: Path, name: str, mark: str, base: Path | None = None) -> None:
        self.name = name
        self._mark = mark
        self._final = folder / name
        self._aside = folder / f"{BUILDING}{name}"
        self._aside.mkdir(parents=True)
        self._lock = os.open(self._aside / LOCK, os.O_CREAT | os.O_RDWR)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._over = False
        self._files = GenerationWriter(self._aside)
        self._words = words_writer(self._aside)
        self._notes = Notes(self._aside)
        self._rows = RowsWriter(self._aside)
        self._lexicon = Builder()
        self._changes: _Changes | None = None
        self.prepare: Prepare = prepared
        if base is not None:
            self._notes.take(base)
            self._lexicon = Builder(Lexicon(b"".join(self._notes.kept(NOTE))))
            self._changes = _Changes(self._aside / _CHANGES, base)
            self.prepare = _Changed

    def put(self, prepared: Any) -> None:
        """See `base.Build.put`."""
        self._check_open()
        if self._changes is not None:
            self._changes.put(prepared)
        else:
            self._take(prepared.rows)
            self._words.extend((id_, word) for id_, word in prepared.words if word)

    def _take(self, rows: Rows) -> None:
        self._files.take(rows)
        self._rows.take(rows)
        self._lexicon.take(rows.lexicon)

    def settle(self) -> None:
        """See `PreparedBuild.settle`: what is put is in at once."""

    def remove(self, ids: Iterable[str]) -> None:
        """See `base.Build.remove`."""
        self._check_open()
        if self._changes is None:
            raise RuntimeError("only a copy holds somebody to remove")
        self._changes.remove(ids)

    def keep(self, name: str, parts: Iterable[bytes]) -> None:
        """See `base.Build.keep`."""
        self._check_open()
        self._notes.keep(name, parts)

    def finish(self, sources: Mapping[str, Any]) -> Generation:
        """See `base.Build.finish`."""
        self._check_open()
        if self._changes is not None:
            changes, self._changes = self._changes, None
            changes.finish()
            for rows in changes.rows(self._lexicon):
                self._take(rows)
            self._words.extend(changes.said())
            shutil.rmtree(self._aside / _CHANGES)
        self._rows.close()
        self._words.finish()
        self._notes.keep(NOTE, self._lexicon.pieces())
        self._files.finish(self.name, self._mark, sources)
        self._over = True
        os.replace(self._aside, self._final)
        (self._final / LOCK).unlink()
        os.close(self._lock)
        sync(self._final.parent)
        return read_generation(self._final)

    def abort(self) -> None:
        """See `base.Build.abort`. A generation that was finished, but not promoted, goes too."""
        if not self._over:
            self._over = True
            self._files.close()
            self._rows.close()
            self._words.close()
            if self._changes is not None:
                self._changes.close()
            os.close(self._lock)
        for folder in (self._aside, self._final):
            shutil.rmtree(folder, ignore_errors=True)

    def _check_open(self) -> None:
        if self._over:
            raise RuntimeError("this build is over")


@dataclass(frozen=True, slots=True)
class _Changed:
    """What is put into a copy: it is prepared at the end, between what stayed."""

    profiles: Sequence[Provider]
    words: Sequence[Word]


class _Changes:
    """What becomes of the copy of the generation in the folder `base`: who comes, goes and changes, kept in `folder`
    until the end. `base` is opened at once, so that it may be deleted meanwhile."""

    def __init__(self, folder: Path, base: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._base_profiles = Records(base, "profiles", "ids")
        self._base_rows = iter(KeptRows(base))
        self._base_words = words_of(base)
        self._added = RecordsWriter(folder, "profiles", "ids")
        self._removed: set[str] = set()
        self.words = words_writer(folder)

    def put(self, changed: _Changed) -> None:
        """Take in providers and words; ids must increase strictly."""
        for stored, data in changed.profiles:
            self._added.extend([(stored["id"], data)])
            self._removed.discard(stored["id"])
        self.words.extend(changed.words)

    def remove(self, ids: Iterable[str]) -> None:
        """Take out these providers."""
        self._removed.update(ids)

    def finish(self) -> None:
        """All changes are known; what follows reads them."""
        self._added.finish()
        self.words.finish()

    def rows(self, lexicon: Builder) -> Iterator[Rows]:
        """The columns of everyone of the copy, by id. Who is no more, or not as before, is taken out of `lexicon`."""
        held = iter(self._base_profiles)
        coming = iter(Records(self._folder, "profiles", "ids"))
        waiting = next(coming, None)
        later: Rows | None = next(self._base_rows, Rows())
        while later is not None:
            rows, later = later, next(self._base_rows, None)
            new: list[tuple[str, bytes]] = []
            while waiting and (later is None or waiting[0] < later.ids[0]):
                new.append(waiting)
                waiting = next(coming, None)
            old = list(islice(held, len(rows.ids)))
            rows.stored = b"".join(data for _, data in old)
            came = {id_ for id_, _ in new}
            stays = [id_ not in came and id_ not in self._removed for id_ in rows.ids]
            lexicon.drop(orjson.loads(data) for (_, data), stay in zip(old, stays, strict=True) if not stay)
            said = [provider(data) for id_, data in new if id_ not in self._removed]
            yield spliced(rows, stays, prepared(said).rows)

    def said(self) -> Iterator[tuple[str, bytes]]:
        """All words of the copy."""
        return ((id_, word) for id_, word in overlaid(self._base_words, words_of(self._folder)) if word)

    def close(self) -> None:
        """Let go of the files."""
        self._added.close()
        self.words.close()


def sync(folder: Path) -> None:
    """Make the names in `folder` survive a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
