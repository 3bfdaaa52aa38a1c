"""Reads files with the nppes source, and checks what must hold of any reading."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Final

from directory.profile import Profile
from indexer.report import Issue
from indexer.sources.base import profiles_of
from indexer.sources.nppes import NppesSource
from tests.nppes_rows import npi, row, write

TODAY: Final = date(2026, 11, 23)


def read(*paths: Path, block: int = 1 << 20) -> tuple[NppesSource, dict[str, Profile], list[Issue]]:
    """The source after these files, its providers by NPI, and the rejects."""
    source, issues = NppesSource(TODAY, block=block), list[Issue]()
    for path in paths:
        for _ in source.read(path, issues.append):
            pass
    source.settle()
    profiles = list(profiles_of(source))
    assert [p.id for p in profiles] == sorted({p.id for p in profiles})
    c = source.counts
    assert c.read == c.indexed + c.skipped + c.deleted + c.rejected
    assert c.reasons.total() == c.skipped + c.rejected
    assert len(issues) == c.rejected
    assert len(profiles) == c.indexed
    return source, {p.npi or "": p for p in profiles}, issues


def one(tmp_path: Path, **fields: str) -> Profile:
    """The profile of one row."""
    _, profiles, issues = read(write(tmp_path / "one.csv", [row(1, **fields)]))
    assert not issues
    return profiles[npi(1)]


def as_counter(source: NppesSource) -> Counter[str]:
    counts = source.counts
    return Counter(read=counts.read, deleted=counts.deleted, indexed=counts.indexed) + counts.reasons
