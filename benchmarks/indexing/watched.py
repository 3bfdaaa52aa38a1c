"""A command of its own process, watched from outside: time, processor seconds and memory of it and all its workers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

_EVERY: Final = 0.05
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took. `wall` and `cpu` in seconds, `peak` in bytes: the resident memory of all its processes at
    one moment, in which pages that they share count once for each. `said` is the JSON object that it printed."""

    wall: float
    cpu: float
    peak: int
    said: dict[str, Any]


def run(arguments: Sequence[str]) -> Cost:
    """Run `python -m benchmarks.indexing <arguments>` and watch it. Raises CalledProcessError if it fails."""
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.indexing", *arguments], stdout=subprocess.PIPE, text=False
    ) as process:
        seconds: dict[int, float] = {}
        peak = 0
        while process.poll() is None:
            memory = 0
            for pid in _family(process.pid):
                seen = _look(pid)
                if seen is not None:
                    seconds[pid], used = seen
                    memory += used
            peak = max(peak, memory)
            time.sleep(_EVERY)
        wall = time.perf_counter() - began
        output = process.stdout.read() if process.stdout else b""
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, arguments[0])
    return Cost(wall, sum(seconds.values()), peak, orjson.loads(output.splitlines()[-1]))


def _family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for parent in found:
        try:
            lists = [path.read_text() for path in Path(f"/proc/{parent}/task").glob("*/children")]
        except OSError:
            continue
        found.extend(int(child) for children in lists for child in children.split())
    return found


def _look(pid: int) -> tuple[float, int] | None:
    """(processor seconds so far, resident bytes) of a process; None when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return None
    return (int(fields[11]) + int(fields[12])) / _TICKS, pages * _PAGE
