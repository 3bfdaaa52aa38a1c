"""What was measured, kept beside the stores: kinds may be measured in several runs, the last one of each counts."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from benchmarks.search import stores
from benchmarks.search.load import Load, Times


@dataclass(frozen=True, slots=True)
class Figures:
    """What a candidate took: `process` in process, `one` over HTTP with one connection, `again` the same with the same
    few requests, `many` with 16 connections."""

    process: Times | None = None
    one: Load | None = None
    again: Load | None = None
    many: Load | None = None


@dataclass(frozen=True, slots=True)
class Rest:
    """What of an engine hangs on no kind: `start` seconds to the first answer, `memory` bytes of 4 workers, `walk`
    milliseconds a page of 100."""

    start: float
    memory: int
    walk: float


@dataclass(slots=True)
class Results:
    """`kinds`: kind -> candidate -> figures; `when`: the run of a kind; `rest`: by engine; `nothing`: an application
    that does nothing, behind the same server."""

    count: int
    kinds: dict[str, dict[str, Figures]] = field(default_factory=dict)
    when: dict[str, str] = field(default_factory=dict)
    rest: dict[str, Rest] = field(default_factory=dict)
    nothing: Figures | None = None


def _path(cache: Path, count: int) -> Path:
    return cache / f"results-{stores.short(count)}.json"


def read(cache: Path, count: int) -> Results:
    """What was measured of `count` profiles so far."""
    try:
        kept = orjson.loads(_path(cache, count).read_bytes())
    except FileNotFoundError:
        return Results(count)
    return Results(
        count,
        {kind: {name: _figures(said) for name, said in found.items()} for kind, found in kept["kinds"].items()},
        kept["when"],
        {name: Rest(**said) for name, said in kept["rest"].items()},
        _figures(kept["nothing"]) if kept["nothing"] else None,
    )


def _figures(said: dict[str, Any]) -> Figures:
    loads = {name: Load(**said[name]) for name in ("one", "again", "many") if said[name]}
    return Figures(process=Times(**said["process"]) if said["process"] else None, **loads)


def write(results: Results, cache: Path) -> None:
    """Keep `results` in place of what was there."""
    aside = _path(cache, results.count).with_suffix(f".{os.getpid()}")
    aside.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2))
    os.replace(aside, _path(cache, results.count))
