"""Where the generations of a test live, on each engine: for tests of several processes, or behind the port."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from directory.config import Settings
from directory.engines.base import Engine
from directory.engines.choose import engine_from
from directory.engines.elastic import ElasticEngine
from directory.engines.elastic_words import words_index
from tests.elastic_node import Node

ENGINES = ("embedded", "elasticsearch")


@dataclass(frozen=True, slots=True)
class Home:
    """Where generations live: `env` names it to other processes, `engine` is one of this process, `new` makes more,
    `leftovers` lists what is there and is no finished generation."""

    env: dict[str, str]
    engine: Engine
    new: Callable[[], Engine]
    leftovers: Callable[[], list[str]]


def _unfinished_indices(engine: Engine, url: str, alias: str) -> list[str]:
    with Elasticsearch(url, request_timeout=60) as client:
        there = set(client.indices.get_mapping(index=f"{alias}-*"))
    finished = {g.name for g in engine.generations()}
    return sorted(there - finished - {words_index(name) for name in finished})


@pytest.fixture(params=ENGINES)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Home]:
    """An engine without generations, of each kind in turn."""
    alias = f"gens{secrets.token_hex(4)}"
    env = {"DIRECTORY_ALIAS": alias, "DIRECTORY_DATA": str(tmp_path), "DIRECTORY_ENGINE": request.param}
    if request.param == "elasticsearch":
        node: Node = request.getfixturevalue("node")
        env["ELASTICSEARCH_URL"] = node.url
    settings = Settings.from_env(env)
    made: list[Engine] = []

    def new() -> Engine:
        made.append(
            ElasticEngine(settings, search_seconds=60) if settings.elasticsearch_urls else engine_from(settings)
        )
        return made[-1]

    engine = new()

    def leftovers() -> list[str]:
        if settings.elasticsearch_urls:
            return _unfinished_indices(engine, settings.elasticsearch_urls[0], alias)
        there = {path.name for path in (tmp_path / "generations").iterdir()}
        return sorted(there - {g.name for g in engine.generations()})

    yield Home(env, engine, new, leftovers)
    for each in made:
        each.close()
    if settings.elasticsearch_urls:
        clear_cluster(settings.elasticsearch_urls[0], alias)


def clear_cluster(url: str, alias: str) -> None:
    """Delete the generations of `alias`: a cluster that was given is not filled with those of tests."""
    with Elasticsearch(url, request_timeout=60) as client:
        if there := list(client.indices.get_mapping(index=f"{alias}-*")):
            client.indices.delete(index=there)
