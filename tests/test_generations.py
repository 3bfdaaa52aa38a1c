"""One whole generation is live, whatever builds do: two at once, killed at any point, an alias moved by hand."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Final

import pytest

from directory import plan, search_request
from directory.engines.base import Engine, Generation, PromotionRefused, UnknownGeneration
from directory.profile import Profile
from tests import conformance
from tests.homes import Home
from tests.profiles import profiles

ROOT: Final = Path(__file__).parent.parent


def _finish(engine: Engine, people: list[Profile]) -> Generation:
    made = engine.start_build()
    made.add(people)
    return made.finish({"profiles": {"indexed": len(people)}})


def _names(engine: Engine) -> set[str]:
    return {g.name for g in engine.generations()}


def _live(engine: Engine) -> list[str]:
    return [g.name for g in engine.generations() if g.live]


def _total(engine: Engine, today: date) -> int:
    return engine.search(plan.plan(search_request.parse(b"", today))).total


# Two at once


@pytest.mark.parametrize("there", [True, False], ids=["one_is_live", "first_ever"])
def test_of_two_builds_at_once_one_is_live_and_the_other_is_told(home: Home, today: date, there: bool) -> None:
    before = conformance.build(home.engine, profiles(10, 1, today)).name if there else None
    sizes = (20, 30)
    start = Barrier(2)
    won: list[str] = []
    refused: list[str] = []
    broken: list[BaseException] = []

    def build(size: int) -> None:
        try:
            engine = home.new()
            made = engine.start_build()
            start.wait(60)
            made.add(profiles(size, size, today))
            generation = made.finish({})
            start.wait(60)
            try:
                engine.promote(generation.name, expected=before)
                won.append(generation.name)
            except PromotionRefused:
                refused.append(generation.name)
        except BaseException as error:
            start.abort()
            broken.append(error)

    both = [Thread(target=build, args=(size,)) for size in sizes]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert broken == []
    assert (len(won), len(refused)) == (1, 1)
    assert _live(home.engine) == won
    assert home.engine.live().name == won[0]
    assert _total(home.engine, today) == home.engine.live().providers in sizes
    # The other is whole, too, and reported; its build would abort it.
    assert set(refused) < _names(home.engine)
    assert home.leftovers() == []


def test_a_stale_promotion_is_refused(home: Home, today: date) -> None:
    first = conformance.build(home.engine, profiles(5, 1, today))
    slow, quick = _finish(home.engine, profiles(6, 2, today)), _finish(home.engine, profiles(7, 3, today))
    home.new().promote(quick.name, expected=first.name)
    with pytest.raises(PromotionRefused, match=quick.name):
        home.engine.promote(slow.name, expected=first.name)
    with pytest.raises(PromotionRefused):
        home.engine.promote(slow.name, expected=None)
    assert _live(home.engine) == [quick.name]
    assert _total(home.engine, today) == 7


def test_an_aborted_build_leaves_nothing(home: Home, today: date) -> None:
    kept = conformance.build(home.engine, profiles(5, 1, today))
    unfinished, finished = home.engine.start_build(), home.engine.start_build()
    unfinished.add(profiles(6, 2, today))
    finished.add(profiles(7, 3, today))
    finished.finish({})
    for made in (unfinished, finished):
        made.abort()
        made.abort()
    assert _names(home.engine) == {kept.name}
    assert home.leftovers() == []


def test_a_running_build_is_left_alone(home: Home, today: date) -> None:
    slow = home.engine.start_build()
    slow.add(profiles(6, 2, today))
    other = home.new()
    _finish(other, profiles(3, 1, today))
    other.prune(5)
    assert _total_of(home, slow.finish({}), today) == 6


def _total_of(home: Home, generation: Generation, today: date) -> int:
    live = _live(home.engine)
    home.engine.promote(generation.name, expected=live[0] if live else None)
    return _total(home.engine, today)


def test_ids_out_of_order_are_an_error(home: Home, today: date) -> None:
    people = profiles(5, 1, today)
    made = home.engine.start_build()
    made.add(people[2:])
    with pytest.raises(ValueError, match="increas"):
        made.add(people[:2])
    made.abort()
    assert home.leftovers() == []


# Killed

POINTS: Final = ("started", "adding", "added", "finished")

_BUILDER: Final = """
import os, sys
from datetime import date
from directory.config import Settings
from directory.engines.choose import engine_from
from tests.homes import Home
from tests.profiles import profiles

point = sys.argv[1]
def here(now):
    if now == point:
        print(made.name, flush=True)
        sys.stdin.read()

engine = engine_from(Settings.from_env())
made = engine.start_build()
here("started")
def people():
    for number, profile in enumerate(profiles(800, 5, date(2026, 11, 23))):
        if number == 700:
            here("adding")
        yield profile
made.add(people())
made.say((f"made:{n:03d}", b"{}") for n in range(300))
made.keep("note", [b"x" * 100])
here("added")
made.finish({})
here("finished")
"""


def _killed_build(home: Home, point: str) -> str:
    """The name of a build whose process was killed at `point`."""
    process = subprocess.Popen(
        [sys.executable, "-c", _BUILDER, point], cwd=ROOT, env={**os.environ, **home.env},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        process.send_signal(signal.SIGKILL)
    assert name
    return name


def _status(home: Home) -> set[str]:
    command = [sys.executable, "-m", "indexer", "status", "--json"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **home.env}, capture_output=True, check=True)
    return {g["name"] for g in json.loads(done.stdout)["generations"]}


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_build_changes_nothing_and_is_cleared_or_reported(home: Home, today: date, point: str) -> None:
    live = conformance.build(home.engine, profiles(40, 1, today))
    name = _killed_build(home, point)
    assert _live(home.engine) == [live.name]
    assert _total(home.engine, today) == 40
    if point == "finished":
        assert _status(home) == {live.name, name}
        assert home.leftovers() == []
        # Nothing is lost: it can be made live, and undone.
        assert home.engine.promote(name, expected=live.name).providers == 800
        assert home.engine.rollback().name == live.name
        home.engine.prune(0)
    else:
        assert _status(home) == {live.name}
        assert home.leftovers()
        home.engine.start_build().abort()
        assert home.leftovers() == []
    assert _names(home.engine) == {live.name}


def test_pruning_clears_a_killed_build_too(home: Home, today: date) -> None:
    _killed_build(home, "added")
    assert home.leftovers()
    assert home.engine.prune(2) == []
    assert home.leftovers() == []


# Going back, and tidying up


def test_promote_by_name_roll_back_and_prune(home: Home, today: date) -> None:
    made = [_finish(home.engine, profiles(size, size, today)) for size in (3, 4, 5, 6)]
    with pytest.raises(UnknownGeneration):
        home.engine.rollback()
    first, second, third, fourth = (g.name for g in made)
    home.engine.promote(third, expected=None)
    assert home.engine.promote(third, expected=third).name == third
    assert home.engine.rollback().name == second
    assert _total(home.engine, today) == 4
    assert home.engine.promote(first, expected=second).name == first
    with pytest.raises(UnknownGeneration):
        home.engine.rollback()
    with pytest.raises(UnknownGeneration):
        home.engine.promote(f"{fourth[:-1]}~", expected=first)
    assert _total(home.engine, today) == 3
    newest = sorted(made, key=lambda g: (g.built_at, g.name), reverse=True)
    assert [g.name for g in home.engine.generations()] == [g.name for g in newest]
    # The live one stays, however old.
    assert sorted(home.engine.prune(1)) == sorted([second, third])
    assert _names(home.engine) == {first, fourth}
    assert _live(home.engine) == [first]


# Readers


def test_readers_always_see_one_whole_generation(home: Home, today: date) -> None:
    """Every provider of a generation states one concern, another one in the next; so any mixture shows."""
    worlds = {"anxiety": 30, "depression": 45}

    def of(concern: str) -> list[Profile]:
        return [Profile(id=f"made:{n:03d}", name=f"{concern} {n}", concerns=(concern,)) for n in range(worlds[concern])]

    expected: dict[str, str] = {}

    def turn(concern: str) -> None:
        generation = _finish(home.engine, of(concern))
        expected[generation.name] = concern
        live = _live(home.engine)
        home.engine.promote(generation.name, expected=live[0] if live else None)
        home.engine.prune(1)

    turn("anxiety")
    over = Event()
    wrong: list[str] = []
    seen: set[str] = set()

    def read(engine: Engine) -> None:
        wanted = plan.plan(search_request.parse(b"facets=concern&page_size=5", today))
        while not over.is_set():
            try:
                result = engine.search(wanted)
            except Exception as error:
                wrong.append(repr(error))
                return
            concern = expected[result.generation.name]
            seen.add(result.generation.name)
            counts = {code: n for code, n in result.facets["concern"].counts.items() if n}
            people = {hit.profile.concerns for hit in result.hits}
            if (result.total, counts, people) != (worlds[concern], {concern: worlds[concern]}, {(concern,)}):
                wrong.append(f"{result.generation.name} of {concern}: {result.total} {counts} {people}")

    # One that shares the engine of the builds, one of a process of its own, so to say.
    readers = [Thread(target=read, args=(engine,)) for engine in (home.engine, home.new())]
    for thread in readers:
        thread.start()
    for number in range(5):
        turn("depression" if number % 2 == 0 else "anxiety")
    over.set()
    for thread in readers:
        thread.join()
    assert wrong == []
    assert len(seen) > 2
