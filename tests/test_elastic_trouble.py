"""What people and partners see while Elasticsearch is away, slow, overloaded or astray: 503 in our words within three
seconds, and answers again by itself. One process of the service lives through all of it.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from elasticsearch import Elasticsearch

from directory.config import Settings
from directory.engines import elastic_index
from directory.engines.elastic import ElasticEngine
from tests import conformance
from tests.elastic_node import Node, running_node
from tests.profiles import profiles
from tests.served import Service, served

pytestmark = pytest.mark.xdist_group("elasticsearch")

PROMISED_SECONDS: Final = 3.0
AGAIN_SECONDS: Final = 60
ALIAS: Final = "providers"
# Words that only Elasticsearch, its client or Python would say.
ENGINE_WORDS: Final = (
    "shard", "exception", "traceback", "_search", "msearch", "elastic_transport", "urllib3", "index_", "phase",
    "rejected", "es_", "127.0.0.1", "javascript:", "secret-of-the-engine",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the service, and the seconds it took."""

    status: int
    kind: str
    text: str
    seconds: float


@dataclass(frozen=True, slots=True)
class World:
    """A service, the node that it asks, a client of that node that waits, and the live generation's name."""

    service: Service
    node: Node
    client: Elasticsearch
    generation: str


def _get(service: Service, path: str) -> Answer:
    began = time.monotonic()
    try:
        with urlopen(service.url + path, timeout=20) as response:
            status, kind, text = response.status, response.headers.get_content_type(), response.read().decode()
    except HTTPError as error:
        status, kind, text = error.code, error.headers.get_content_type(), error.read().decode()
    return Answer(status, kind, text, time.monotonic() - began)


@contextmanager
def _service(folder: Path, url: str) -> Iterator[Service]:
    folder.mkdir()
    with served(folder, {"ELASTICSEARCH_URL": url, "DIRECTORY_ALIAS": ALIAS, "WEB_CONCURRENCY": "1"}) as running:
        yield running


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, today: date) -> Iterator[World]:
    """A node of its own, because it is stopped here; with 60 made-up profiles, and a service over them."""
    given = os.environ.pop("ELASTICSEARCH_URL", None)
    try:
        with running_node() as node:
            engine = ElasticEngine(Settings("elasticsearch", (node.url,), alias=ALIAS), search_seconds=60)
            generation = conformance.build(engine, profiles(60, 6, today)).name
            client = Elasticsearch(node.url, request_timeout=60)
            with _service(tmp_path_factory.mktemp("trouble") / "served", node.url) as service:
                yield World(service, node, client, generation)
            client.close()
            engine.close()
    finally:
        if given is not None:
            os.environ["ELASTICSEARCH_URL"] = given


def _answers_again(service: Service) -> None:
    """The same process answers completely, by itself, soon."""
    end = time.monotonic() + AGAIN_SECONDS
    while (answer := _get(service, "/api/v1/providers")).status != 200:
        assert time.monotonic() < end, answer
        time.sleep(0.2)
    assert json.loads(answer.text)["total"] == 60
    assert _get(service, "/readyz").status == 200
    assert _get(service, "/search").status == 200


def _is_down(service: Service, because: str) -> None:
    """Every way in says that the search is away, in time and in our words."""
    for path in ("/api/v1/providers?q=therapy&state=TX&concern=anxiety", "/api/v1/providers/npi:1000000001", "/readyz"):
        answer = _get(service, path)
        assert (answer.status, answer.kind) == (503, "application/problem+json"), (path, answer)
        assert answer.seconds < PROMISED_SECONDS, path
        problem = json.loads(answer.text)
        assert problem["status"] == 503
        assert because in problem["detail"], (path, problem)
        assert not [word for word in ENGINE_WORDS if word in answer.text.lower()], answer.text
    page = _get(service, "/search?q=therapy")
    assert (page.status, page.kind) == (503, "text/html")
    assert page.seconds < PROMISED_SECONDS
    assert 'href="/help"' in page.text
    assert not [word for word in ENGINE_WORDS if word in page.text.lower().replace("x-elastic", "")], page.text
    assert _get(service, "/help").status == 200
    assert "988" in _get(service, "/help").text
    assert _get(service, "/healthz").status == 200


# The node away


def test_stopped(world: World) -> None:
    _answers_again(world.service)
    world.node.stop()
    try:
        _is_down(world.service, "cannot be reached")
    finally:
        world.node.start()
    _answers_again(world.service)


def test_hung(world: World) -> None:
    _answers_again(world.service)
    world.node.pause()
    try:
        _is_down(world.service, "did not answer in time")
    finally:
        world.node.resume()
    _answers_again(world.service)


# The alias astray


def _point(client: Elasticsearch, *indices: str) -> None:
    """Move the alias by hand to all of `indices`, in one step."""
    actions: list[dict[str, Any]] = [{"remove": {"index": "*", "alias": ALIAS, "must_exist": False}}]
    actions += [{"add": {"index": index, "alias": ALIAS}} for index in indices]
    client.indices.update_aliases(actions=actions)


@contextmanager
def _astray(world: World, *indices: str) -> Iterator[None]:
    _answers_again(world.service)
    _point(world.client, *indices)
    try:
        yield
    finally:
        _point(world.client, world.generation)
    _answers_again(world.service)


@pytest.fixture
def other(world: World, today: date) -> Iterator[str]:
    """A second finished generation."""
    engine = ElasticEngine(Settings("elasticsearch", (world.node.url,), alias=ALIAS), search_seconds=60)
    made = engine.start_build()
    made.add(profiles(20, 7, today))
    yield made.finish({}).name
    engine.close()
    world.client.indices.delete(index=made.name)


@pytest.fixture
def foreign(world: World) -> Iterator[str]:
    """An index of somebody else, with a document."""
    world.client.index(index="notes", id="1", document={"note": "secret-of-the-engine"}, refresh=True)
    yield "notes"
    world.client.indices.delete(index="notes")


def test_alias_missing(world: World) -> None:
    with _astray(world):
        _is_down(world.service, "has not been built yet")


def test_alias_on_two_generations(world: World, other: str) -> None:
    with _astray(world, world.generation, other):
        _is_down_for_searches(world.service, "something else than one generation")


def test_alias_on_an_index_of_others(world: World, foreign: str) -> None:
    with _astray(world, foreign):
        _is_down_for_searches(world.service, "that no build has finished")


def test_alias_on_an_unfinished_generation(world: World) -> None:
    engine = ElasticEngine(Settings("elasticsearch", (world.node.url,), alias=ALIAS), search_seconds=60)
    made = engine.start_build()
    with _astray(world, made.name):
        _is_down_for_searches(world.service, "that no build has finished")
    made.abort()
    engine.close()


def test_alias_on_another_whole_generation_is_followed(world: World, other: str) -> None:
    _answers_again(world.service)
    _point(world.client, other)
    answer = json.loads(_get(world.service, "/api/v1/providers").text)
    assert (answer["total"], answer["generation"]["name"]) == (20, other)
    _point(world.client, world.generation)
    _answers_again(world.service)


def _is_down_for_searches(service: Service, because: str) -> None:
    """As `_is_down` without the pages of one provider, which a node can find or not find in any index."""
    for path in ("/api/v1/providers?state=TX", "/readyz"):
        answer = _get(service, path)
        assert (answer.status, answer.kind) == (503, "application/problem+json"), (path, answer)
        assert answer.seconds < PROMISED_SECONDS
        assert because in json.loads(answer.text)["detail"]
        assert not [word for word in ENGINE_WORDS if word in answer.text.lower()], answer.text
    assert _get(service, "/search").status == 503
    assert _get(service, "/healthz").status == 200


def test_red_index(world: World) -> None:
    red = "providers-00000000-20260101t000000z-0000"
    meta = {"built_at": "2026-01-01T00:00:00+00:00", "providers": 1, "fingerprint": "00000000", "sources": {}}
    world.client.indices.create(
        index=red,
        mappings={**elastic_index.mapping(), "_meta": meta},
        settings={**elastic_index.settings(), "routing.allocation.require._name": "nobody"},
        wait_for_active_shards=0,
        timeout="1s",
    )
    assert world.client.cluster.health(index=red)["status"] == "red"
    with _astray(world, red):
        _is_down(world.service, "no usable copy")
    world.client.indices.delete(index=red)


# What answers is no healthy Elasticsearch

ELASTIC: Final = {"X-Elastic-Product": "Elasticsearch", "Content-Type": "application/vnd.elasticsearch+json"}
_SLOW: Final = {
    "took": 1, "timed_out": True, "status": 200, "_shards": {"total": 1, "successful": 1, "skipped": 0, "failed": 0},
    "hits": {"total": {"value": 1, "relation": "eq"}, "hits": []}, "aggregations": {},
}  # fmt: skip
_PARTIAL: Final = {**_SLOW, "timed_out": False, "_shards": {"total": 2, "successful": 1, "skipped": 0, "failed": 1}}
_REJECTED: Final = json.dumps({"error": {"type": "es_rejected_execution_exception", "reason": "rejected"}}).encode()
_NAME: Final = "providers-00000000-20260101t000000z-0000"


@dataclass(frozen=True, slots=True)
class Said:
    """What a server answers to everything; `by_path` what it answers to some addresses instead."""

    status: int
    headers: dict[str, str]
    body: bytes
    by_path: tuple[tuple[str, bytes], ...] = ()


def _generation_then(answer: dict[str, Any]) -> Said:
    """A server with a generation, each search of which is answered with `answer`."""
    meta = {"built_at": "2026-01-01T00:00:00+00:00", "providers": 1, "fingerprint": "00000000", "sources": {}}
    mapping = {_NAME: {"mappings": {"_meta": meta}}}
    return Said(
        200,
        ELASTIC,
        json.dumps({_NAME: {"aliases": {ALIAS: {}}}}).encode(),
        (("_mapping", json.dumps(mapping).encode()), ("_msearch", json.dumps(answer).encode())),
    )


class _Impostor(ThreadingHTTPServer):
    """A server that says `said`."""

    daemon_threads = True
    said: Said

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Impostor

    def _answer(self) -> None:
        said = self.server.said
        asked = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = next((answer for path, answer in said.by_path if path in self.path), said.body)
        if b'"responses": [' in body and body.endswith(b"]}"):
            # As many answers as there are searches.
            (one,) = json.loads(body)["responses"]
            body = json.dumps({"took": 1, "responses": [one] * (asked.count(b"\n") // 2)}).encode()
        self.send_response(said.status)
        for name, value in said.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def impostor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[_Impostor, Service]]:
    """A server that says what it is told to, and a service that takes it for its node."""
    with _Impostor() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        with _service(tmp_path_factory.mktemp("impostor") / "served", url) as service:
            yield server, service
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("said", "because"),
    [
        (Said(429, ELASTIC, _REJECTED), "overloaded"),
        (Said(500, ELASTIC, b'{"error":"secret-of-the-engine"}'), "could not answer (status 500)"),
        (Said(503, ELASTIC, b'{"error":"secret-of-the-engine"}'), "no usable copy"),
        (Said(401, ELASTIC, b'{"error":"secret-of-the-engine"}'), "refuses our credentials"),
        (Said(200, ELASTIC, b'{"responses": [{"secret-of-the-engine'), "cannot be read"),
        (Said(200, ELASTIC, b"\xff\xfe\x00"), "cannot be read"),
        (Said(200, ELASTIC, b"[]"), "cannot be read"),
        (Said(200, ELASTIC, b"{}"), ""),
        (Said(200, {"Content-Type": "text/html"}, b"<h1>secret-of-the-engine</h1>"), "cannot be read"),
        (Said(404, {"Content-Type": "text/html"}, b"<h1>secret-of-the-engine</h1>"), ""),
        (_generation_then({"responses": [_SLOW]}), "did not answer in time"),
        (_generation_then({"responses": [_PARTIAL]}), "no usable copy"),
        (_generation_then({"responses": [{"status": 429, "error": {"type": "es_rejected"}}]}), "overloaded"),
        (_generation_then({"responses": [{"status": 200}]}), "cannot be read"),
        (_generation_then({"unheard": "of"}), "cannot be read"),
    ],
    ids=[
        "429", "500", "503", "401", "cut_json", "no_utf8", "list", "empty", "html", "html_404", "timed_out",
        "failed_part", "429_inside", "hollow", "other_json",
    ],
)  # fmt: skip
def test_answers_that_are_no_answers(impostor: tuple[_Impostor, Service], said: Said, because: str) -> None:
    server, service = impostor
    server.said = said
    _is_down_for_searches(service, because)
    provider = _get(service, "/api/v1/providers/npi:1000000001")
    assert provider.status == 503
    assert not [word for word in ENGINE_WORDS if word in provider.text.lower()]


def test_connections_are_not_accepted(tmp_path: Path) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        # The one place in the queue is taken, so that connections wait for ever.
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        with _service(tmp_path / "served", f"http://127.0.0.1:{port}") as service:
            _is_down_for_searches(service, "did not answer in time")
        for each in waiting:
            each.close()
