"""The operator's suppression list: who asked not to be listed, whatever any source says of them.

It is `suppress.csv` (columns npi_or_id, date, reason) in the data folder, so that it outlives every generation, on
either engine. A list with a mistake stops the run: an opt-out is never passed over silently.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Final

from directory.profile import Profile
from directory.profile_schema import OWN_ID, rule
from indexer.normalize import npi_problem
from indexer.report import Counts
from indexer.rolls import LeftOut
from indexer.sources.base import Reject, Source
from indexer.sources.profiles_values import Wrong, day

FILE: Final = "suppress.csv"
COLUMNS: Final = ("npi_or_id", "date", "reason")
REASON: Final = "suppressed"
"""Under which skipped rows are counted."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Someone not to be listed: the provider's id (`npi:<NPI>`…), when that was asked for, and why."""

    id: str
    date: date
    reason: str


class BrokenList(Exception):
    """The list has mistakes; the message names each with file and line."""


def provider_id(text: str) -> str:
    """The provider's id that an NPI, an id as the API gives it, or an own id (a letter first) means.

    Raises ValueError saying what is allowed: a slip in an NPI must not become somebody's own id.
    """
    text = text.strip()
    npi = text.removeprefix("npi:")
    if npi.isdigit() or text.startswith("npi:"):
        if problem := npi_problem(npi):
            said = "its check digit is wrong" if problem == "npi_check_digit" else "an NPI has ten digits"
            raise ValueError(f"{text!r} is no NPI: {said}")
        return f"npi:{npi}"
    if re.fullmatch(rule(Profile, "id").pattern or "", text):
        return text
    if text[:1].isalpha() and re.fullmatch(OWN_ID, text):
        return f"profiles:{text}"
    raise ValueError(f"{text!r} is neither an NPI nor an id such as npi:1999999984 or profiles:A-17")


def load(path: Path) -> Mapping[str, Entry]:
    """The list in `path` by provider's id; empty where there is no such file. Raises BrokenList."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return MappingProxyType({})
    except UnicodeDecodeError as error:
        raise BrokenList(f"{path}: byte {error.start} is not UTF-8") from error
    except OSError as error:
        raise BrokenList(f"{path} cannot be read: {error.strerror}") from error
    found: dict[str, Entry] = {}
    mistakes: list[str] = []
    for line, cells in _rows(path, text):
        try:
            entry = _entry(cells)
        except ValueError as error:
            mistakes.append(f"{path}:{line}: {error}")
        else:
            found.setdefault(entry.id, entry)
    if mistakes:
        raise BrokenList("\n".join(mistakes))
    return MappingProxyType(found)


def _rows(path: Path, text: str) -> Iterator[tuple[int, Sequence[str]]]:
    """(line, cells) of every row that is not blank, after the header."""
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [c.strip().lower() for c in next(reader, [])]
        while header and not header[-1]:
            header.pop()
        if tuple(header) != COLUMNS:
            raise BrokenList(f"{path}:1: the header must be {','.join(COLUMNS)}")
        line = reader.line_num + 1
        for cells in reader:
            if any(c.strip() for c in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise BrokenList(f"{path}:{reader.line_num}: {error}") from error


def _entry(cells: Sequence[str]) -> Entry:
    if len(cells) < len(COLUMNS) or any(c.strip() for c in cells[len(COLUMNS) :]):
        raise ValueError(f"{len(cells)} columns, expected {','.join(COLUMNS)}")
    try:
        asked = date.fromisoformat(day(cells[1]))
    except Wrong as error:
        raise ValueError(f"date {cells[1]!r}: {error.message}") from error
    return Entry(provider_id(cells[0]), asked, " ".join(cells[2].split()))


def add(path: Path, entry: Entry) -> bool:
    """Put `entry` on the list; False where its provider is on it already. Raises BrokenList."""
    known = load(path)
    if entry.id in known:
        return False
    _write(path, [*known.values(), entry])
    return True


def remove(path: Path, id_: str) -> bool:
    """Take a provider off the list; False where it was not on it. Raises BrokenList."""
    known = load(path)
    if id_ not in known:
        return False
    _write(path, [e for e in known.values() if e.id != id_])
    return True


def _write(path: Path, entries: Sequence[Entry]) -> None:
    """Replace the list in one step, so that no run ever reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    with fresh.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        rows.writerows((e.id, e.date.isoformat(), e.reason) for e in entries)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)


class Honoring:
    """A source without the providers of the list: their rows are skipped, and counted so. See `base.Source`."""

    def __init__(self, source: Source, listed: Mapping[str, Entry]) -> None:
        self._source = source
        self._listed = listed
        self.name = source.name
        self.takes_folder = source.takes_folder
        self.whole = source.whole
        self.counts: Counts = source.counts
        self.unmapped: Mapping[str, Counter[str]] = source.unmapped

    def files(self, path: Path) -> list[Path]:
        """See `base.Source.files`."""
        return self._source.files(path)

    def read(self, path: Path, reject: Reject) -> Iterator[int]:
        """See `base.Source.read`."""
        return self._source.read(path, reject)

    def settle(self) -> None:
        """See `base.Source.settle`."""
        self._source.settle()

    def words(self) -> Iterator[tuple[str, bytes]]:
        """See `base.Source.words`. The counts follow while the words go by."""
        for id_, word in self._source.words():
            if id_ in self._listed:
                self.counts.indexed -= 1
                self.counts.skipped += 1
                self.counts.reasons[REASON] += 1
            else:
                yield id_, word

    def removed(self, npi: str) -> bool:
        """See `base.Source.removed`."""
        return self._source.removed(npi)

    def was_removed(self, npi: str) -> bool:
        """See `base.Source.was_removed`."""
        return self._source.was_removed(npi)

    def recall(self, memory: Iterator[bytes]) -> None:
        """See `base.Source.recall`."""
        self._source.recall(memory)

    def memory(self) -> Iterator[bytes]:
        """See `base.Source.memory`."""
        return self._source.memory()

    def withdrawn(self) -> Iterator[str]:
        """See `base.Source.withdrawn`."""
        return self._source.withdrawn()

    def left_out(self) -> list[LeftOut] | None:
        """See `base.Source.left_out`."""
        return self._source.left_out()
