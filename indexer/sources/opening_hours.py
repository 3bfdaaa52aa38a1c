"""Opening hours as machines write them -> the directory's times of day, and a line that people read. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKEND: Final = frozenset({"sat", "sun"})
_EVENING: Final = "17:30"
"""Open later than this is open in the evening: `times` says after about 5."""
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Opening:
    """Open on `days` (of `DAYS`) from `start` to `end` (HH:MM, up to 24:00)."""

    days: tuple[str, ...]
    start: str
    end: str


def times(openings: Sequence[Opening]) -> tuple[str, ...]:
    """Codes of the vocabulary `times` that the hours show."""
    found = set()
    for opening in openings:
        days = set(opening.days) & set(DAYS)
        if days & _WEEKEND:
            found.add("weekend")
        if days and opening.end > _EVENING:
            found.add("evening")
        if days - _WEEKEND and opening.start < "17:00":
            found.add("daytime")
    return tuple(sorted(found))


def hours(openings: Sequence[Opening]) -> str:
    """`Mon–Thu 9 am–12 pm; Sat 10 am–2:30 pm`; whole parts only, at most 500 characters."""
    line = ""
    for opening in dict.fromkeys(openings):
        if not (days := _days(opening.days)):
            continue
        open_ = "all day" if (opening.start, opening.end) == ("00:00", "24:00") else _span(opening)
        part = f"{days} {open_}"
        longer = f"{line}; {part}" if line else part
        if len(longer) > _LONGEST:
            break
        line = longer
    return line


def _span(opening: Opening) -> str:
    return f"{_clock(opening.start)}–{_clock(opening.end)}"


def _clock(time: str) -> str:
    hour, minute = int(time[:2]), time[3:]
    half = "am" if hour % 24 < 12 else "pm"
    return f"{hour % 12 or 12}{'' if minute == '00' else f':{minute}'} {half}"


def _days(given: Sequence[str]) -> str:
    """`Mon–Thu, Sat`."""
    on = [i for i, day in enumerate(DAYS) if day in given]
    runs: list[list[int]] = []
    for i in on:
        if runs and runs[-1][-1] == i - 1:
            runs[-1].append(i)
        else:
            runs.append([i])
    names = [d.capitalize() for d in DAYS]
    return ", ".join(
        names[r[0]] if len(r) == 1 else f"{names[r[0]]}{'–' if len(r) > 2 else ', '}{names[r[-1]]}" for r in runs
    )
