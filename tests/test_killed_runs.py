"""A run killed at any step: readers notice nothing, the next run finishes the job, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Final

import pytest

from directory import plan, search_request
from directory.engines import elastic_build
from directory.engines.base import Engine
from directory.engines.embedded import EmbeddedEngine
from indexer import update as update_module
from indexer.report import RejectLog
from indexer.update import update
from tests.homes import Home
from tests.nppes_rows import DEACTIVATIONS, NEXT, SMALL
from tests.test_update import SETTINGS, built, everything, inputs

ROOT: Final = Path(__file__).parent.parent
CASES: Final = (
    ("update", "started"),
    ("update", "put"),
    ("update", "sealing"),
    ("update", "finished"),
    ("update", "promoted"),
    ("build", "sealing"),
    ("build", "promoted"),
)
"""Commands, and where they are killed: `sealing` is just before there is a finished generation."""

_RUNNER: Final = """
import sys
from pathlib import Path
from directory.config import Settings
from directory.engines import elastic_build, embedded_build
from directory.engines.choose import engine_from
from indexer import pipeline, update
from indexer.report import RejectLog
from tests.test_update import SETTINGS, inputs

command, step, *paths = sys.argv[1:]
update._LARGE = 0

def here(now):
    if now == step:
        print("here", flush=True)
        sys.stdin.read()

def watch(owner, name, before=None, after=None):
    inner = getattr(owner, name)
    def watched(*args, **kwargs):
        if before:
            here(before)
        found = inner(*args, **kwargs)
        if after:
            here(after)
        return found
    setattr(owner, name, watched)

def say(self, index, meta, inner=elastic_build.ElasticBuild._say):
    here("sealing" if "built_at" in meta else "cloned")
    inner(self, index, meta)

elastic_build.ElasticBuild._say = say
watch(embedded_build.GenerationWriter, "finish", after="sealing")
engine = engine_from(Settings.from_env())
for kind in (embedded_build.EmbeddedBuild, elastic_build.ElasticBuild):
    for name, after in (("put", "put"), ("keep", "kept"), ("finish", "finished")):
        watch(kind, name, after=after)
watch(type(engine), "start_build", after="started")
watch(type(engine), "promote", after="promoted")
run = update.update if command == "update" else pipeline.build
run(inputs([Path(p) for p in paths]), engine, RejectLog(), SETTINGS)
"""


def _kill(home: Home, command: str, step: str, *paths: Path) -> None:
    """Run a command in a process of its own, and kill it at `step`."""
    process = subprocess.Popen(
        [sys.executable, "-c", _RUNNER, command, step, *map(str, paths)], cwd=ROOT, env={**os.environ, **home.env},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        reached = process.stdout.readline().strip()
        process.send_signal(signal.SIGKILL)
    assert reached == "here"


@contextmanager
def _readers(engine: Engine, today: date) -> Iterator[None]:
    """Somebody searches all the time, and must get whole generations only."""
    wanted = plan.plan(search_request.parse(b"page_size=5&facets=provider_type", today))
    wrong: list[str] = []
    over = Event()

    def read() -> None:
        while not over.is_set():
            try:
                result = engine.search(wanted)
            except Exception as error:
                wrong.append(repr(error))
                return
            counted = sum(result.facets["provider_type"].counts.values())
            if result.total != result.generation.providers or counted < result.total:
                wrong.append(f"{result.generation}: {result.total}, {counted}")
            over.wait(0.05)

    reader = Thread(target=read)
    reader.start()
    try:
        yield
    finally:
        over.set()
        reader.join()
    assert wrong == []


@pytest.mark.parametrize(("command", "step"), CASES)
def test_a_killed_run_is_as_if_it_had_not_been(
    home: Home, command: str, step: str, tmp_path: Path, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    _kill_and_go_on(home, command, step, tmp_path, today, monkeypatch)


@pytest.mark.parametrize("home", ["elasticsearch"], indirect=True)
def test_a_clone_that_says_nothing_of_itself_yet(
    home: Home, tmp_path: Path, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    _kill_and_go_on(home, "update", "cloned", tmp_path, today, monkeypatch)


def _kill_and_go_on(
    home: Home, command: str, step: str, tmp_path: Path, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update_module, "_LARGE", 0)
    first = built(home.engine, SMALL).generation
    given = (NEXT, DEACTIVATIONS) if command == "update" else (SMALL, NEXT, DEACTIVATIONS)
    with _readers(home.new(), today):
        _kill(home, command, step, *given)
        names = {g.name for g in home.engine.generations()}
        live = home.engine.live().name
        assert (live != first) == (step == "promoted")
        assert len(names) == (2 if step in ("finished", "promoted") else 1)
        outcome = update(inputs([NEXT, DEACTIVATIONS]), home.engine, RejectLog(), SETTINGS)
        assert outcome.promoted
        if step == "cloned":
            # Whose clone it is nobody knows: it is left alone for as long as one may take.
            monkeypatch.setattr(elastic_build, "_DEAD_AFTER", timedelta(0))
        home.engine.prune(1)
    whole = EmbeddedEngine(tmp_path / "whole")
    built(whole, SMALL, NEXT, DEACTIVATIONS)
    assert everything(home.engine) == everything(whole)
    assert [g.name for g in home.engine.generations()] == [outcome.generation]
    assert home.leftovers() == []
