"""Progress on standard error, with rate and time left: bars in a terminal, elsewhere a plain line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final

from rich import progress
from rich.console import Console
from rich.text import Text

_EVERY: Final = 10.0
"""Seconds between two plain lines; a run that is over sooner says nothing."""

_READING: Final = "reading "
"""A step that begins so is measured in bytes, any other in providers."""


@dataclass(slots=True)
class _Step:
    """A step under way: when it began, and when it was last spoken of (seconds of a clock)."""

    began: float
    told: float


def described(step: str, done: int, whole: int | None, seconds: float) -> str:
    """How far a step is after `seconds`: `done` of `whole` (None: not known), bytes while reading, else providers.

    >>> described("reading npidata.csv", 600_000_000, 1_000_000_000, 4)
    'reading npidata.csv: 600 MB of 1,000 MB, 150 MB/s, about 3 s left'
    >>> described("building", 120_000, None, 60)
    'building: 120,000 providers, 2,000/s'
    """
    rate = done / seconds if seconds > 0 else 0.0
    left = f", about {_duration((whole - done) / rate)} left" if whole is not None and rate else ""
    of = f" of {_amount(step, whole)}" if whole is not None else ""
    unit = "" if step.startswith(_READING) else " providers"
    return f"{step}: {_amount(step, done)}{of}{unit}, {_amount(step, rate)}/s{left}"


def _amount(step: str, number: float) -> str:
    return f"{number / 1e6:,.0f} MB" if step.startswith(_READING) else f"{number:,.0f}"


def _duration(seconds: float) -> str:
    whole = max(0, round(seconds))
    if whole < 100:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


class _How(progress.ProgressColumn):
    """The amount, the rate and the time left of a bar's step."""

    def render(self, task: progress.Task) -> Text:
        whole = None if task.total is None else int(task.total)
        text = described(str(task.fields["step"]), int(task.completed), whole, task.elapsed or 0.0)
        return Text(text, no_wrap=True)


class Progress:
    """One bar a step, shown while the run is in it; or plain lines, each `_EVERY` seconds by `clock`."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._bars = progress.Progress(
            progress.BarColumn(bar_width=20),
            progress.TaskProgressColumn(),
            _How(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, progress.TaskID] = {}
        self._steps: dict[str, _Step] = {}

    def __enter__(self) -> Progress:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def show(self, step: str, done: int, whole: int | None) -> None:
        """`done` of `whole` (None: not known) of a step: bytes while reading, providers while building."""
        if self._console.is_terminal:
            if step not in self._tasks:
                self._tasks[step] = self._bars.add_task(step, total=whole, step=step)
            self._bars.update(self._tasks[step], completed=done, total=whole)
            return
        now = self._clock()
        seen = self._steps.setdefault(step, _Step(now, now))
        if now - seen.told >= _EVERY:
            seen.told = now
            self._console.print(described(step, done, whole, now - seen.began), markup=False)
