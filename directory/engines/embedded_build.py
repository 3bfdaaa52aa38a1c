"""An embedded generation in the making: a folder that nobody reads yet, locked by its process. One that began as a copy
keeps its changes aside and lays them over the copied generation at the end, so that memory stays flat.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from directory.engines.base import Generation
from directory.engines.embedded_files import GenerationWriter
from directory.engines.embedded_reader import read_generation
from directory.engines.embedded_rows import Prepared, prepared
from directory.engines.embedded_words import Notes, Records, RecordsWriter, overlaid, words_of, words_writer
from directory.engines.preparing import BATCH, Prepare, PreparedBuild, Stored, Word
from directory.lexicon import NOTE, Builder
from directory.processes import preload, spread
from directory.profile import from_dict

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
        self._lexicon = Builder()
        self._changes: _Changes | None = None
        self.prepare: Prepare = prepared
        if base is not None:
            self._notes.take(base)
            self._changes = _Changes(self._aside / _CHANGES, base)
            self.prepare = _Changed

    def put(self, prepared: Any) -> None:
        """See `base.Build.put`."""
        self._check_open()
        if self._changes is not None:
            self._changes.put(prepared)
        else:
            self._files.take(prepared.rows)
            self._lexicon.take(prepared.rows.lexicon)
            self._words.extend((id_, word) for id_, word in prepared.words if word)

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
            for whole in spread(_prepared_anew, changes.stored(), BATCH):
                self.put(whole)
            self._words.extend(changes.said())
            shutil.rmtree(self._aside / _CHANGES)
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
    """What is put into a copy: it is prepared at the end, together with what stayed."""

    profiles: Sequence[Stored]
    words: Sequence[Word]


def _prepared_anew(stored: list[bytes]) -> Prepared:
    """The columns of providers who were stored."""
    return prepared([(from_dict(orjson.loads(data)), data) for data in stored])


class _Changes:
    """What becomes of the copy of the generation in the folder `base`: who comes, goes and changes, kept in `folder`
    until the end. `base` is opened at once, so that it may be deleted meanwhile."""

    def __init__(self, folder: Path, base: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._base_profiles = Records(base, "profiles", "ids")
        self._base_words = words_of(base)
        self._added = RecordsWriter(folder, "profiles", "ids")
        self._removed: set[str] = set()
        self.words = words_writer(folder)

    def put(self, changed: _Changed) -> None:
        """Take in providers and words; ids must increase strictly."""
        for profile, data in changed.profiles:
            self._added.extend([(profile.id, data)])
            self._removed.discard(profile.id)
        self.words.extend(changed.words)

    def remove(self, ids: Iterable[str]) -> None:
        """Take out these providers."""
        self._removed.update(ids)

    def finish(self) -> None:
        """All changes are known; what follows reads them."""
        self._added.finish()
        self.words.finish()

    def stored(self) -> Iterator[bytes]:
        """Everyone of the copy, as JSON."""
        for id_, data in overlaid(self._base_profiles, Records(self._folder, "profiles", "ids")):
            if id_ not in self._removed:
                yield data

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
