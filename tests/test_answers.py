"""Answers that are kept: the same as anew, for the same request, day and generation only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from directory.answers import Answers, Question, question
from directory.app import create_app
from directory.config import ConfigError, Settings
from directory.engines.embedded import EmbeddedEngine
from directory.errors import EngineUnavailable
from directory.search_request import parse
from tests import conformance
from tests.profiles import profiles

ASKED = "/api/v1/providers?q=anxiety&state=TX"


class Counting(EmbeddedEngine):
    """Counts its searches."""

    searches = 0

    def search(self, plan: Any) -> Any:
        self.searches += 1
        return super().search(plan)


@pytest.fixture
def engine(tmp_path: Path, today: date) -> Counting:
    made = Counting(tmp_path)
    conformance.build(made, profiles(60, 4, today))
    return made


def served(engine: EmbeddedEngine, day: Callable[[], date], **settings: Any) -> Flask:
    """The service over `engine`."""
    return create_app(Settings(**settings), engine, day)


def test_the_same_again_is_not_searched_again(engine: Counting, today: date) -> None:
    client = served(engine, lambda: today).test_client()
    first = client.get(ASKED)
    searched = engine.searches
    again = client.get("/api/v1/providers?state=TX&q=+anxiety")
    assert (again.data, again.headers["Content-Type"]) == (first.data, first.headers["Content-Type"])
    assert engine.searches == searched
    client.get(ASKED + "&facets=none")
    assert engine.searches > searched


def test_another_day_or_generation_is_another_answer(engine: Counting, today: date) -> None:
    day = [today]
    client = served(engine, lambda: day[0]).test_client()
    first = client.get(ASKED).json
    day[0] += timedelta(days=1)
    searched = engine.searches
    client.get(ASKED)
    assert engine.searches > searched
    day[0] = today
    conformance.build(engine, profiles(30, 5, today))
    now = client.get(ASKED).json
    assert first
    assert now
    assert now["generation"] != first["generation"]
    assert now["generation"]["name"] == engine.live().name


def test_an_engine_that_is_away_is_away(engine: Counting, today: date, monkeypatch: pytest.MonkeyPatch) -> None:
    client = served(engine, lambda: today).test_client()
    assert client.get(ASKED).status_code == 200

    def away() -> None:
        raise EngineUnavailable("gone")

    monkeypatch.setattr(engine, "live", away)
    assert client.get(ASKED).status_code == 503


def test_no_cache_when_there_is_no_room(engine: Counting, today: date) -> None:
    client = served(engine, lambda: today, cache_bytes=0).test_client()
    client.get(ASKED)
    searched = engine.searches
    client.get(ASKED)
    assert engine.searches > searched


def test_bytes_are_bounded_and_the_oldest_go(engine: Counting) -> None:
    answers, name = Answers(1000), engine.live().name
    asked = [Question("f", 1, (("page", str(n)),)) for n in range(20)]
    for one in asked:
        answers.keep(one, name, b"x" * 100)
        answers.find(asked[0], engine)
    kept = [one for one in asked if answers.find(one, engine)]
    assert kept == [asked[0], *asked[-9:]]
    answers.keep(asked[1], name, b"x" * 500)
    assert answers.find(asked[1], engine) is None


def test_partners_and_walks(today: date) -> None:
    request = parse(b"q=anxiety", today)
    one = question("api", request)
    assert one
    assert one != replace(one, partner="clinic")
    assert one != question("page", request)


@pytest.mark.parametrize("value", ["-1", "many", "1.5"])
def test_a_wrong_size_stops_the_start(value: str) -> None:
    with pytest.raises(ConfigError, match="DIRECTORY_CACHE_MB"):
        Settings.from_env({"DIRECTORY_CACHE_MB": value})
