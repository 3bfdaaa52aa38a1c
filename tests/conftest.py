"""Settings and fixtures that all tests share."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from directory.config import Settings
from directory.engines.base import Engine
from directory.engines.elastic import ElasticEngine
from directory.engines.embedded import EmbeddedEngine
from tests.conformance import Tally
from tests.elastic_node import Node, running_node
from tests.homes import ENGINES, clear_cluster
from tests.homes import home as home

# The same examples on every run: a red test stays red, a green one green. `make conformance` draws many more.
hypothesis_settings.register_profile(
    "fixed", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("fixed")

NewEngine: TypeAlias = Callable[[str], Engine]
"""Makes an engine without generations; the text tells it apart from others (lower-case letters and digits)."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--conformance=N`: how many random searches each engine is checked with. `--write-golden`: see
    `test_elastic_query`."""
    parser.addoption("--write-golden", action="store_true", help="write tests/golden/*.json anew")
    parser.addoption("--conformance", type=int, default=300, metavar="N", help="random searches to check (300)")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the random searches of each engine were like."""
    tallies: dict[str, Tally] = {}
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            engine = next((e for e in ENGINES if e in report.nodeid), "")
            if name == "searches" and isinstance(value, dict):
                tallies[engine] = tallies.get(engine, Tally()) + Tally(**value)
    for engine, tally in tallies.items():
        terminalreporter.write_line(f"{engine} agrees with the oracle: {tally}")


@pytest.fixture(scope="session")
def today() -> date:
    """The date that tests search on."""
    return date(2026, 11, 23)


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    """A real Elasticsearch node for the whole run; what cannot be had is an error that says which ways were tried."""
    with running_node() as running:
        yield running


@pytest.fixture(scope="session", params=ENGINES)
def new_engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewEngine]:
    """Makes engines of each kind in turn; they are closed at the end, and leave nothing on a shared cluster."""
    made: list[Engine] = []
    filled: list[str] = []
    # A cluster that was given may hold other directories: ours are told apart by a random part.
    run = secrets.token_hex(3)
    # Asked for now, so that it ends after what is cleared from it.
    url = request.getfixturevalue("node").url if request.param == "elasticsearch" else ""

    def make(alias: str) -> Engine:
        if url:
            settings = Settings(engine="elasticsearch", elasticsearch_urls=(url,), alias=f"{alias}{run}")
            # These tests ask for right answers; how long a search may take is the business of others.
            engine: Engine = ElasticEngine(settings, search_seconds=60)
            filled.append(settings.alias)
        else:
            folder: Path = tmp_path_factory.mktemp(alias)
            engine = EmbeddedEngine(folder, alias)
        made.append(engine)
        return engine

    yield make
    for engine in made:
        engine.close()
    for alias in filled:
        clear_cluster(url, alias)
