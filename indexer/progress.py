"""Progress on standard error: bars in a terminal, nothing elsewhere."""

from __future__ import annotations

from types import TracebackType

from rich import progress
from rich.console import Console


class Progress:
    """One bar a step, shown while the run is in it."""

    def __init__(self, console: Console) -> None:
        self._bars = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.TaskProgressColumn(),
            progress.TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, progress.TaskID] = {}

    def __enter__(self) -> Progress:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def show(self, step: str, done: int, whole: int | None) -> None:
        """`done` of `whole` (None: not known) of a step: bytes while reading, providers while building."""
        if step not in self._tasks:
            self._tasks[step] = self._bars.add_task(step, total=whole)
        self._bars.update(self._tasks[step], completed=done)
        if whole is None:
            self._bars.update(self._tasks[step], description=f"{step} {done:,}")
