"""What a page costs on Elasticsearch over the bare request: round trips, bytes, and time.

    ELASTICSEARCH_URL=http://localhost:9200 python -m benchmarks.page_load [--profiles 20000] [--rounds 60]

Builds fictional profiles under an alias of its own, deletes them at the end, and prints a table. For each request, by
turns (so that a busy machine is as unkind to all): `engine` is `ElasticEngine.search`, from the plan to the result;
`raw` sends the very same bytes with urllib3, on one kept connection, and reads the answer without looking at it;
`parsed` is raw and orjson. Times are medians in milliseconds; `ratio` is engine / raw.
"""

from __future__ import annotations

import argparse
import os
import secrets
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
import urllib3
from elasticsearch import Elasticsearch

from directory.config import Settings
from directory.engines.elastic import ElasticEngine
from directory.plan import SearchPlan, plan
from directory.search_request import parse
from indexer import demo

TODAY: Final = date(2026, 11, 23)
REQUESTS: Final = {
    "no filter": "",
    "text": "q=anxiety+therapy",
    "one filter": "concern=anxiety",
    "four filters": "concern=anxiety&language=en&accepting=yes&meeting=video",
    "state and meeting": "state=TX&meeting=video",
    "near by distance": "near=78704&radius=50&sort=distance",
    "no facets": "concern=anxiety&facets=none",
}
_CONTENT: Final = {
    "accept": "application/vnd.elasticsearch+json; compatible-with=9",
    "content-type": "application/vnd.elasticsearch+x-ndjson; compatible-with=9",
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it went over the wire, and the bytes of its answer."""

    target: str
    body: bytes
    answered: int


def _sent(client: Elasticsearch, work: Callable[[], object]) -> list[Sent]:
    """Every request that `client` sends for `work`, noted where it leaves."""
    seen: list[Sent] = []
    nodes: list[Any] = client.transport.node_pool.all()

    def noting(send: Callable[..., Any]) -> Callable[..., Any]:
        def noted(method: str, target: str, body: bytes | None = None, **rest: Any) -> Any:
            answer = send(method, target, body=body, **rest)
            seen.append(Sent(target, body or b"", len(answer.body)))
            return answer

        return noted

    for node in nodes:
        node.perform_request = noting(node.perform_request)
    work()
    for node in nodes:
        del node.perform_request
    return seen


def _medians(candidates: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Median milliseconds of each, taken by turns."""
    times: list[list[float]] = [[] for _ in candidates]
    for _ in range(rounds):
        for candidate, found in zip(candidates, times, strict=True):
            began = time.perf_counter()
            candidate()
            found.append(1000 * (time.perf_counter() - began))
    return [statistics.median(found) for found in times]


def _measure(engine: ElasticEngine, client: Elasticsearch, url: str, asked: SearchPlan, rounds: int) -> list[str]:
    for _ in range(20):
        engine.search(asked)
    sent = _sent(client, lambda: engine.search(asked))
    one = sent[0]
    address = urlsplit(url)
    with urllib3.HTTPConnectionPool(address.hostname or "", address.port, maxsize=1) as pool:

        def raw() -> bytes:
            return pool.request("POST", one.target, body=one.body, headers=_CONTENT).data

        took = _medians([lambda: engine.search(asked), raw, lambda: orjson.loads(raw())], rounds)
    return [
        f"{len(sent)}", f"{len(one.body):,}", f"{one.answered:,}", *(f"{ms:.1f}" for ms in took),
        f"{took[0] / took[1]:.2f}",
    ]  # fmt: skip


def _row(cells: Sequence[str]) -> str:
    return f"{cells[0]:<18}" + "".join(f"{cell:>12}" for cell in cells[1:])


def main() -> None:
    """Build, measure, print, delete."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page_load", description="What a page costs.")
    parser.add_argument("--profiles", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=60)
    asked = parser.parse_args()
    url = os.environ.get("ELASTICSEARCH_URL", "")
    if not url:
        parser.error("ELASTICSEARCH_URL is needed; `python -m tests.elastic_node` starts a node")
    settings = Settings("elasticsearch", (url,), alias=f"bench{secrets.token_hex(3)}")
    engine = ElasticEngine(settings, search_seconds=60)
    # The engine's own client, for what is sent cannot be seen from outside.
    client = engine._client
    made = engine.start_build()
    try:
        made.add(demo.profiles(asked.profiles, today=TODAY))
        engine.promote(made.finish({}).name, expected=None)
        print(f"{asked.profiles:,} profiles, {asked.rounds} rounds")
        print(_row(["", "round trips", "body bytes", "answer", "engine ms", "raw ms", "parsed ms", "ratio"]))
        for name, query in REQUESTS.items():
            searched = plan(parse(query.encode(), TODAY))
            print(_row([name, *_measure(engine, client, url, searched, asked.rounds)]), flush=True)
    finally:
        made.abort()
        engine.close()


if __name__ == "__main__":
    main()
