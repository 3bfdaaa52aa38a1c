"""What a run says of how far it is."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from indexer.progress import Progress, described


@pytest.mark.parametrize(
    ("step", "done", "whole", "seconds", "said"),
    [
        ("reading n.csv", 600_000_000, 1_000_000_000, 4, "reading n.csv: 600 MB of 1,000 MB, 150 MB/s, about 3 s left"),
        ("reading n.csv", 0, 1_000_000_000, 0, "reading n.csv: 0 MB of 1,000 MB, 0 MB/s"),
        ("building", 120_000, None, 60, "building: 120,000 providers, 2,000/s"),
        ("building", 100, 1_000_000, 1, "building: 100 of 1,000,000 providers, 100/s, about 2 h 47 min left"),
        ("updating", 60_000, 1_260_000, 60, "updating: 60,000 of 1,260,000 providers, 1,000/s, about 20 min left"),
    ],
)
def test_how_far(step: str, done: int, whole: int | None, seconds: float, said: str) -> None:
    assert described(step, done, whole, seconds) == said


def test_plain_lines_now_and_then_where_there_is_no_terminal() -> None:
    now = 0.0
    out = io.StringIO()
    with Progress(Console(file=out, soft_wrap=True), clock=lambda: now) as progress:
        for now in range(25):
            progress.show("building", now * 1000, 50_000)
    assert out.getvalue().splitlines() == [
        "building: 10,000 of 50,000 providers, 1,000/s, about 40 s left",
        "building: 20,000 of 50,000 providers, 1,000/s, about 30 s left",
    ]


def test_bars_in_a_terminal() -> None:
    out = io.StringIO()
    with Progress(Console(file=out, force_terminal=True, width=120)) as progress:
        progress.show("reading n.csv", 1_000_000, 4_000_000)
        progress.show("reading n.csv", 4_000_000, 4_000_000)
    assert "reading n.csv: 4 MB of 4 MB" in out.getvalue()
