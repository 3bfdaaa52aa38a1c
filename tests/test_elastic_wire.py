"""What goes over the wire: one round trip a page, bulk items sent again when the node is too busy, keys and
certificates. A proxy in front of a real node counts requests and refuses some.
"""

from __future__ import annotations

import http.client
import json
import secrets
import ssl
import subprocess
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from elasticsearch import Elasticsearch

from directory import search, search_request
from directory.config import Settings
from directory.engines import elastic_bulk
from directory.engines.base import PromotionRefused
from directory.engines.elastic import ElasticEngine
from directory.errors import EngineUnavailable
from tests import conformance
from tests.elastic_node import Node
from tests.profiles import profiles

pytestmark = pytest.mark.xdist_group("elasticsearch")

_KEPT: Final = ("content-type", "accept", "authorization")
# As a node said while it deleted an index.
_NO_COPY: Final = {
    "error": {"type": "search_phase_execution_exception", "reason": "all shards failed", "phase": "query"},
    "status": 503,
}


class Proxy(ThreadingHTTPServer):
    """Hands requests to the node at `url`, notes them, and refuses bulk requests as busy nodes do: the first
    `refuse_requests` altogether, of the next `refuse_items` the first half of the items. Searches of the index
    `without_copies` are answered as in the instant in which its copies are being deleted."""

    daemon_threads = True

    def __init__(self, url: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.node = urlsplit(url)
        self.seen: list[tuple[str, str, str | None]] = []
        self.bodies: list[bytes] = []
        self.refuse_requests = 0
        self.refuse_items = 0
        self.without_copies = ""
        self.lock = Lock()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def bulk(self) -> str:
        """What becomes of the next bulk request."""
        with self.lock:
            if self.refuse_requests:
                self.refuse_requests -= 1
                return "refuse"
            if self.refuse_items:
                self.refuse_items -= 1
                return "half"
        return "pass"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Proxy

    def _hand_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.command, self.path, self.headers.get("Authorization")))
        self.server.bodies.append(body)
        fate = self.server.bulk() if "/_bulk" in self.path else "pass"
        if fate == "refuse":
            return self._answer(429, b'{"error":{"type":"es_rejected_execution_exception"},"status":429}')
        lines = body.split(b"\n")
        refused = lines[: 2 * (len(lines) // 4)] if fate == "half" else []
        status, answer = self._ask(b"\n".join(lines[len(refused) :]))
        if refused:
            said = json.loads(answer)
            busy = {"status": 429, "error": {"type": "es_rejected_execution_exception", "reason": "busy"}}
            items = [{"index": {**json.loads(line)["index"], **busy}} for line in refused[::2]]
            answer = json.dumps({**said, "errors": True, "items": items + said["items"]}).encode()
        if self.server.without_copies and "/_msearch" in self.path:
            asked = [json.loads(line)["index"] == self.server.without_copies for line in lines[:-1:2]]
            said = json.loads(answer)
            found = [_NO_COPY if gone else one for gone, one in zip(asked, said["responses"], strict=True)]
            answer = json.dumps({**said, "responses": found}).encode()
        return self._answer(status, answer)

    def _ask(self, body: bytes) -> tuple[int, bytes]:
        node = http.client.HTTPConnection(self.server.node.hostname or "", self.server.node.port, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() in _KEPT}
        node.request(self.command, self.path, body, headers)
        response = node.getresponse()
        said = response.read()
        node.close()
        return response.status, said

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Type", "application/vnd.elasticsearch+json;compatible-with=9")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _hand_on  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def proxy(node: Node) -> Iterator[Proxy]:
    """A proxy in front of the shared node."""
    with Proxy(node.url) as running:
        thread = Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def engine(proxy: Proxy, node: Node) -> Iterator[ElasticEngine]:
    """An engine that asks through the proxy; its generations are deleted at the end."""
    settings = Settings("elasticsearch", (proxy.url,), alias=f"wire{secrets.token_hex(3)}")
    made = ElasticEngine(settings, search_seconds=60)
    yield made
    with Elasticsearch(node.url, request_timeout=60) as client:
        for generation in made.generations():
            client.indices.delete(index=generation.name)
    made.close()


# Round trips


@pytest.mark.parametrize(
    "query",
    [
        "",
        "q=therapy&page=2",
        "concern=anxiety&language=en&accepting=yes&payment=sliding_scale&meeting=video",
        "state=TX&meeting=video&remote=true&near=78704&sort=distance&include_unknown=state&max_fee=100",
    ],
)
def test_a_page_is_one_round_trip(engine: ElasticEngine, proxy: Proxy, today: date, query: str) -> None:
    conformance.build(engine, profiles(120, 8, today))
    request = search_request.parse(query.encode(), today)
    search.page(request, engine)
    proxy.seen.clear()
    page = search.page(request, engine)
    headers = [json.loads(line) for line in proxy.bodies[-1].splitlines()[::2]]
    # The header of a search decides whether it may leave something out.
    assert len(headers) > 1
    assert {header["allow_partial_search_results"] for header in headers} == {False}
    trips = [(method, path.partition("?")[0]) for method, path, _ in proxy.seen]
    # Where hardly anybody is found, another one counts what would find more.
    assert trips == [("POST", "/_msearch")] * (1 + bool(page.relax))
    assert len(page.facets) > 10


def test_a_page_of_another_process_s_new_generation_costs_no_more_than_three(
    engine: ElasticEngine, proxy: Proxy, node: Node, today: date
) -> None:
    conformance.build(engine, profiles(10, 8, today))
    request = search_request.parse(b"", today)
    assert search.page(request, engine).total == 10
    alias = engine.live().name.partition("-")[0]
    other = ElasticEngine(Settings("elasticsearch", (node.url,), alias=alias), search_seconds=60)
    conformance.build(other, profiles(12, 8, today))
    other.close()
    proxy.seen.clear()
    assert search.page(request, engine).total == 12
    assert len(proxy.seen) == 3
    proxy.seen.clear()
    search.page(request, engine)
    assert len(proxy.seen) == 1


def test_a_search_is_not_hurt_by_the_end_of_the_generation_before(
    engine: ElasticEngine, proxy: Proxy, node: Node, today: date
) -> None:
    before = conformance.build(engine, profiles(10, 8, today)).name
    request = search_request.parse(b"", today)
    assert search.page(request, engine).total == 10
    proxy.without_copies = before
    # While it is live, that is an outage.
    with pytest.raises(EngineUnavailable, match="no usable copy"):
        search.page(request, engine)
    other = ElasticEngine(Settings("elasticsearch", (node.url,), alias=before.partition("-")[0]), search_seconds=60)
    conformance.build(other, profiles(12, 8, today))
    other.close()
    assert search.page(request, engine).total == 12


# Too busy


@pytest.mark.parametrize(("requests", "items"), [(2, 0), (0, 3), (2, 3)], ids=["requests", "items", "both"])
def test_what_a_busy_node_refuses_is_sent_again(
    engine: ElasticEngine, proxy: Proxy, today: date, monkeypatch: pytest.MonkeyPatch, requests: int, items: int
) -> None:
    monkeypatch.setattr(elastic_bulk, "_BODY_BYTES", 60_000)
    monkeypatch.setattr(elastic_bulk, "_BACKOFF_SECONDS", 0.01)
    proxy.refuse_requests, proxy.refuse_items = requests, items
    people = profiles(300, 8, today)
    generation = conformance.build(engine, people)
    assert (proxy.refuse_requests, proxy.refuse_items) == (0, 0)
    assert generation.providers == len(people)
    request = search_request.parse(b"sort=name&page_size=100&facets=none", today)
    found = {hit.profile.id for page in conformance.walk(engine, request, iter([100] * 9)) for hit in page.hits}
    assert found == {p.id for p in people}


def test_a_node_that_stays_busy_ends_the_build_and_leaves_nothing(
    engine: ElasticEngine, proxy: Proxy, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elastic_bulk, "_BACKOFF_SECONDS", 0.01)
    proxy.refuse_requests = 1000
    made = engine.start_build()
    with pytest.raises(EngineUnavailable, match="overloaded"):
        made.add(profiles(30, 8, today))
    made.abort()
    with Elasticsearch(proxy.url, request_timeout=60) as client:
        assert not client.indices.exists(index=made.name)


def test_an_index_deleted_under_a_build_is_not_finished(engine: ElasticEngine, proxy: Proxy, today: date) -> None:
    made = engine.start_build()
    with Elasticsearch(proxy.url, request_timeout=60) as client:
        client.indices.delete(index=made.name)
        made.add(profiles(30, 8, today))
        with pytest.raises(EngineUnavailable, match="was deleted while"):
            made.finish({})
        made.abort()
        assert not client.indices.exists(index=made.name)


# An alias moved by hand


@pytest.mark.parametrize("moved_to", ["nothing", "other", "foreign", "live_and_other", "live_and_foreign"])
def test_a_promotion_leaves_an_alias_alone_that_was_moved_by_hand(
    engine: ElasticEngine, node: Node, today: date, moved_to: str
) -> None:
    live = conformance.build(engine, profiles(10, 1, today)).name
    builds = [engine.start_build() for _ in range(2)]
    for made in builds:
        made.add(profiles(12, 2, today))
        made.finish({})
    other, new = (made.name for made in builds)
    alias, foreign = live.partition("-")[0], f"foreign{secrets.token_hex(3)}"
    with Elasticsearch(node.url, request_timeout=60) as client:
        client.indices.create(index=foreign)
        names = {"live": live, "other": other, "foreign": foreign}
        there = [names[part] for part in moved_to.split("_and_") if part in names]
        actions: list[dict[str, Any]] = [{"remove": {"index": live, "alias": alias}}]
        client.indices.update_aliases(actions=actions + [{"add": {"index": n, "alias": alias}} for n in there])
        with pytest.raises(PromotionRefused):
            engine.promote(new, expected=live)
        now = list(client.indices.get_alias(index="*", name=alias).body) if there else []
        client.indices.delete(index=foreign)
    assert sorted(now) == sorted(there)


def test_what_is_made_live_while_others_are_pruned_is_kept(
    engine: ElasticEngine, node: Node, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (conformance.build(engine, profiles(size, 1, today)).name for size in (3, 4))
    seen = engine.generations()
    # Just after it has looked, somebody goes back to the generation that it is about to delete.
    engine.rollback()
    looks = iter([seen])
    inner = engine.generations
    monkeypatch.setattr(engine, "generations", lambda: next(looks, None) or inner())
    assert engine.prune(1) == []
    assert engine.live().name == first
    assert {g.name for g in inner()} == {first, second}


# Keys and certificates


def test_the_api_key_is_sent_and_shown_nowhere(proxy: Proxy) -> None:
    key = "a2V5OnNlY3JldA=="
    settings = Settings.from_env({"ELASTICSEARCH_URL": proxy.url, "ELASTICSEARCH_API_KEY": key})
    engine = ElasticEngine(settings)
    engine.generations()
    engine.close()
    assert {authorization for _, _, authorization in proxy.seen} == {f"ApiKey {key}"}
    assert key not in repr(settings)


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody has signed but itself, and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


def test_only_a_node_with_a_known_certificate_is_trusted(proxy: Proxy, tmp_path: Path) -> None:
    cert, key = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    proxy.socket = context.wrap_socket(proxy.socket, server_side=True)
    env = {"ELASTICSEARCH_URL": proxy.url.replace("http:", "https:")}
    trusting = ElasticEngine(Settings.from_env({**env, "ELASTICSEARCH_CA_CERTS": str(cert)}), search_seconds=60)
    trusting.generations()
    assert next(path.partition("?")[0] for _, path, _ in proxy.seen) == "/providers-*/_mapping"
    trusting.close()
    proxy.seen.clear()
    wary = ElasticEngine(Settings.from_env({**env, "ELASTICSEARCH_API_KEY": "a2V5"}), search_seconds=60)
    with pytest.raises(EngineUnavailable, match="cannot be reached"):
        wary.live()
    wary.close()
    # Nothing was said to it, least of all the key.
    assert proxy.seen == []


class _Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<h1>hello</h1>")

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


def test_something_else_than_elasticsearch_is_named() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Hello) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        engine = ElasticEngine(Settings("elasticsearch", (f"http://127.0.0.1:{server.server_address[1]}",)))
        with pytest.raises(EngineUnavailable, match="is not Elasticsearch"):
            engine.live()
        engine.close()
        server.shutdown()
        thread.join()
