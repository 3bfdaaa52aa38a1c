"""Whether the build that left an unfinished index behind has ended: never wrongly, wherever it ran."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from directory.engines.elastic_build import _is_dead, _process


def _meta(process: dict[str, Any] | None, minutes: float = 0) -> dict[str, Any]:
    """What an unfinished index says, last heard of `minutes` ago."""
    return {"process": process, "beat": (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()}


def test_a_running_process_is_alive_however_long_it_is_silent() -> None:
    assert not _is_dead(_meta(_process(os.getpid()), minutes=600))


def test_an_ended_process_is_dead_at_once() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        process = _process(child.pid)
        assert process["started"]
        assert not _is_dead(_meta(process))
    assert _is_dead(_meta(process))


def test_one_that_nobody_has_waited_for_is_dead_too() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        process = _process(child.pid)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert _is_dead(_meta(process))


def test_another_process_with_its_number_is_not_it() -> None:
    mine = _process(os.getpid())
    assert _is_dead(_meta({**mine, "started": mine["started"] - 100}))


def test_a_process_of_another_machine_or_container_is_judged_by_when_it_was_heard_of() -> None:
    elsewhere = {**_process(os.getpid()), "space": "another-boot/pid:[4026531836]"}
    assert not _is_dead(_meta({**elsewhere, "pid": 4_000_000}))
    assert not _is_dead(_meta({**elsewhere, "pid": 4_000_000}, minutes=9))
    assert _is_dead(_meta(elsewhere, minutes=11))


def test_where_processes_cannot_be_told_apart_silence_decides() -> None:
    unknown = {"pid": os.getpid(), "space": None, "started": None}
    assert not _is_dead(_meta(unknown, minutes=9))
    assert _is_dead(_meta(unknown, minutes=11))
    assert _is_dead({})
