"""Own profiles: CSV, JSON and NDJSON, as people and spreadsheets write them. See `docs/profiles.md`.

Rows are read one by one; what is good waits in a temporary SQLite database on disk, which keeps memory flat, finds a
provider given twice, and gives everyone back in order of id.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Final

from directory.profile import Profile, to_json
from indexer.report import Counts, Issue
from indexer.sources import profiles_json, profiles_table
from indexer.sources.base import Forgetful, Reject
from indexer.sources.files import Opened, Unusable, opened
from indexer.sources.profiles_columns import columns, near_column
from indexer.sources.profiles_lines import Lines
from indexer.sources.profiles_reading import Mistake
from indexer.sources.profiles_record import read as read_record
from indexer.sources.profiles_table import Row

NAME: Final = "profiles"
SUPERSEDED: Final = "superseded"
_TABLES: Final = (".csv", ".tsv", ".txt")
_FORMATS: Final = (*_TABLES, ".json", ".ndjson", ".jsonl")
_PROGRESS_EVERY: Final = 500


class ProfilesSource(Forgetful):
    """See `base.Source`. `today` (UTC) is the day after which a date lies in the future.

    Within a file the second row of a provider is rejected; of several files the last one given counts. An own file
    takes nobody back; the suppression list does.
    """

    name = NAME
    takes_folder = False

    def __init__(self, today: date) -> None:
        self.counts = Counts()
        self._unknown: Counter[str] = Counter()
        self.unmapped: Mapping[str, Counter[str]] = {"column": self._unknown}
        self._today = today
        self._files = 0
        self._kept = sqlite3.connect("", check_same_thread=False)  # on disk, gone with it; any thread may collect it
        weakref.finalize(self, self._kept.close)
        self._kept.execute(
            "CREATE TABLE row (id TEXT PRIMARY KEY, file INTEGER, line INTEGER, body BLOB) WITHOUT ROWID"
        )

    def files(self, path: Path) -> list[Path]:
        """See `base.Source.files`."""
        return [path]

    def read(self, path: Path, reject: Reject) -> Iterator[int]:
        """See `base.Source.read`. The name's ending tells the format; `.gz` may follow it."""
        self._files += 1
        with opened(path) as file:
            log = _Log(path.name, reject)
            count = 0
            for row in self._rows(path, file, log):
                self._take(row, log)
                count += 1
                if count % _PROGRESS_EVERY == 0:
                    yield file.position()
            if not count:
                raise Unusable("the file has no profiles in it")

    def _rows(self, path: Path, file: Opened, log: _Log) -> Iterator[Row]:
        if file.spreadsheet:
            raise Unusable("this is an Excel workbook; save it as CSV in UTF-8")
        endings = [s.lower() for s in path.suffixes if s.lower() != ".gz"]
        ending = endings[-1] if endings else ""
        if ending in _TABLES:
            lines = Lines(file.stream)
            header = profiles_table.read_header(lines)
            log.headings = {t: h for t, h in zip(header.targets, header.headings, strict=True) if t}
            return profiles_table.rows(lines, header)
        if ending == ".json":
            return profiles_json.document(file.stream)
        if ending in _FORMATS:
            return profiles_json.ndjson(file.stream)
        raise Unusable(f"its name tells no format; give a file ending in {', '.join(_FORMATS)}, or one of them and .gz")

    def _take(self, row: Row, log: _Log) -> None:
        for word in row.unknown:
            self._unknown[word] += 1
            log.unknown(row.line, word)
        if any(m.target == "" for m in row.mistakes):  # no row at all
            self._refuse(row.line, row.mistakes, log)
            return
        record = read_record(row.stated, self._today, row.mistakes)
        mistakes = (*record.mistakes, *self._twice(record.id, row.line))
        if record.profile is None or mistakes:
            self._refuse(row.line, mistakes, log)
            return
        for note in record.notes:
            log.say(row.line, note)
        self._keep(record.profile)

    def _keep(self, profile: Profile) -> None:
        """Keep a profile whose row `_twice` has noted, in place of what an earlier file said of it."""
        before = self._kept.execute("SELECT 1 FROM row WHERE id = ? AND body IS NOT NULL", (profile.id,)).fetchone()
        self.counts.skip(SUPERSEDED, 1 if before else 0)
        self._kept.execute("UPDATE row SET body = ? WHERE id = ?", (to_json(profile), profile.id))

    def _twice(self, id_: str | None, line: int) -> Iterator[Mistake]:
        """Note that this file has the provider on `line`; a mistake where it was there before. What an earlier file
        said stays until a good row replaces it."""
        known = self._kept.execute("SELECT file, line FROM row WHERE id = ?", (id_,)).fetchone()
        if known and known[0] == self._files:
            field = "npi" if id_ and id_.startswith("npi:") else "id"
            yield Mistake(
                field, str(id_).removeprefix("npi:"), "given_twice", f"the same provider is on line {known[1]}"
            )
        elif id_ is not None:
            self._kept.execute(
                "INSERT INTO row VALUES (?1, ?2, ?3, NULL) ON CONFLICT (id) DO UPDATE SET file = ?2, line = ?3",
                (id_, self._files, line),
            )

    def _refuse(self, line: int, mistakes: tuple[Mistake, ...], log: _Log) -> None:
        self.counts.reject(mistakes[0].code)
        for mistake in mistakes:
            log.say(line, mistake)

    def settle(self) -> None:
        """See `base.Source.settle`."""
        (kept,) = self._kept.execute("SELECT count(*) FROM row WHERE body IS NOT NULL").fetchone()
        self.counts.index(kept)

    def words(self) -> Iterator[tuple[str, bytes]]:
        """See `base.Source.words`."""
        yield from self._kept.execute("SELECT id, body FROM row WHERE body IS NOT NULL ORDER BY id")


class _Log:
    """Turns mistakes into issues that name the columns as the file does."""

    def __init__(self, file: str, reject: Reject) -> None:
        self.headings: Mapping[str, str] = {}
        self._file = file
        self._reject = reject
        self._known: set[str] = set()
        self._columns = {c.target: c.name for c in columns()}

    def say(self, line: int, mistake: Mistake) -> None:
        """Report a mistake of the row on `line`."""
        field = self._heading(mistake.target) if mistake.target else None
        self._reject(Issue(NAME, self._file, line, field, mistake.value, mistake.code, mistake.message))

    def unknown(self, line: int, word: str) -> None:
        """Report a column or key that nobody knows, once for the file."""
        if word not in self._known:
            self._known.add(word)
            near = near_column(word)
            hint = f"; did you mean {near}?" if near else ""
            message = f"this column is not known and was passed over{hint}"
            self._reject(Issue(NAME, self._file, line, word, "", "unknown_column", message))

    def _heading(self, target: str) -> str:
        """The heading of a target as the file writes it; that of its group, where the whole group is meant."""
        if target in self.headings:
            return self.headings[target]
        for part in self.headings:
            if part.startswith(f"{target}.") or (target.startswith(part) and target[len(part) :][:1] in ("[", ".")):
                return self.headings[part]
        return self._columns.get(target, target) if self.headings else target
