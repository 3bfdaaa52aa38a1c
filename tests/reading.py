"""What sources make of files, for their tests."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

from directory.profile import Profile
from indexer.report import Issue
from indexer.sources import Kind
from indexer.sources.base import profiles_of
from indexer.sources.profiles import ProfilesSource

TODAY = date(2026, 11, 23)


class Read:
    """What a source of some `kind` makes of files or folders, given one after the other."""

    kind: ClassVar[Kind]

    def __init__(self, *paths: Path) -> None:
        self.issues: list[Issue] = []
        self.source = self.kind(TODAY)
        for path in paths:
            for _ in self.source.read(path, self.issues.append):
                pass
        self.source.settle()
        self.counts = self.source.counts
        self.profiles = list(profiles_of(self.source))
        assert self.counts.read == self.counts.indexed + self.counts.skipped + self.counts.rejected

    @property
    def one(self) -> Profile:
        """The only profile."""
        (profile,) = self.profiles
        return profile


class Reading(Read):
    """What the profiles source makes of files."""

    kind = ProfilesSource

    @property
    def codes(self) -> list[str]:
        return [i.code for i in self.issues]

    @property
    def one(self) -> Profile:
        """The only profile, of a file without mistakes."""
        assert [i for i in self.issues if i.code != "characters_removed"] == []
        return super().one


def table(path: Path, *rows: Mapping[str, str]) -> Path:
    """A CSV file with the columns of the first row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, list(rows[0]))
        out.writeheader()
        out.writerows(rows)
    return path


def json_file(path: Path, value: Any) -> Path:
    """A JSON file with `value`."""
    path.write_text(json.dumps(value), encoding="utf-8")
    return path
