"""The stages of reading, each run by itself from the start, so that the difference between two is what one costs. No
engine is needed, nor is the time it takes to load one.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Final

from indexer.sources.files import opened
from indexer.sources.nppes import NppesSource
from indexer.sources.nppes_table import data_table
from indexer.sources.plan_net import PlanNetSource
from indexer.sources.records import BLOCK

TODAY: Final = date(2026, 11, 23)


def parse(path: Path) -> dict[str, Any]:
    """Only the columns of the file, in blocks."""
    with opened(path) as file:
        return {"rows": sum(chunk.read for chunk in data_table(file, BLOCK).chunks)}


def judge(path: Path) -> dict[str, Any]:
    """And which rows count, and which of those of one NPI."""
    return settled(path).counts.as_dict()


def words(path: Path) -> dict[str, Any]:
    """And what they say in our terms: all that reading is, up to the door of an engine."""
    source = settled(path)
    return source.counts.as_dict() | {"profiles": sum(1 for _ in source.words())}


def settled(path: Path) -> NppesSource:
    """The file, read, and it is known which rows count."""
    source = NppesSource(TODAY)
    for _ in source.read(path, lambda issue: None):
        pass
    source.settle()
    return source


def plans(path: Path) -> dict[str, Any]:
    """What a health plan's directory says in our terms."""
    source = PlanNetSource(TODAY)
    for _ in source.read(path, lambda issue: None):
        pass
    source.settle()
    return source.counts.as_dict() | {"profiles": sum(1 for _ in source.words())}


STAGES: Final = {s.__name__: s for s in (parse, judge, words, plans)}
