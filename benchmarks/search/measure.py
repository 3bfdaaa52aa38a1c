"""Measures every kind of search on every candidate, by turns."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import orjson
import urllib3

from benchmarks.search import corpus, kinds, load, peers, servers, stores
from benchmarks.search.load import Load, Target, Times
from benchmarks.search.peers import Request
from directory import search
from directory.app import create_app
from directory.engines.base import Engine
from directory.facets import FACETS
from directory.plan import plan as planned
from directory.search_request import SearchRequest, parse
from directory.vocabulary import facet_vocabulary

RAW: Final = ("raw split", "raw post_filter")
AGAIN: Final = ", again"
_VARIANTS: Final = 3000
"""Different addresses of a kind; more than a run sends, or than any of our caches holds."""

_AIMS: Final = 2000
"""Profiles that searches are aimed at, spread over the whole corpus."""

_REPEATED: Final = 5
"""Addresses asked for again and again, to show what is kept of answers."""

_WALK: Final = 10_000
_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure: see the options of the command."""

    count: int
    engines: tuple[str, ...]
    cache: Path
    kinds: tuple[str, ...] = ()
    rounds: int = 2
    seconds: float = 1
    calls: int = 100
    http: bool = True
    peers: bool = True
    as_is: bool = False


@dataclass(slots=True)
class Results:
    """What was measured. By (kind, candidate): `process` in process, `one` over HTTP with one connection, `many` with
    16, `again` with one connection and the same few requests. `walk`: milliseconds a page of 100. `memory`: bytes of 4
    workers; `start`: seconds to the first answer."""

    plan: Plan
    process: dict[tuple[str, str], Times] = field(default_factory=dict)
    one: dict[tuple[str, str], Load] = field(default_factory=dict)
    many: dict[tuple[str, str], Load] = field(default_factory=dict)
    again: dict[tuple[str, str], Load] = field(default_factory=dict)
    walk: dict[str, float] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)
    start: dict[str, float] = field(default_factory=dict)


def say(text: str) -> None:
    """Progress, beside the results."""
    print(text, file=sys.stderr, flush=True)


def measure(plan: Plan) -> Results:
    """Fill the stores, then measure everything that `plan` asks for."""
    found = [stores.store(name, plan.cache, plan.count) for name in plan.engines]
    for one in found:
        stores.fill(one, plan.cache, as_is=plan.as_is)
    addresses = _addresses(plan)
    results = Results(plan)
    with _without_cache():
        _in_process(plan, found, addresses, results)
    if plan.http:
        _over_http(plan, found, addresses, results)
        for one in found:
            _memory(one, addresses, results)
    return results


def _addresses(plan: Plan) -> dict[str, list[str]]:
    aims = list(corpus.sample(plan.cache, plan.count, _AIMS))
    wanted = [k for k in plan.kinds or kinds.KINDS if k != "suggest" or _suggests()]
    return {kind: kinds.addresses(kind, aims, _VARIANTS) for kind in wanted}


def _suggests() -> bool:
    return any(rule.rule == "/api/v1/suggest" for rule in create_app().url_map.iter_rules())


@contextmanager
def _without_cache() -> Iterator[None]:
    """Answers are not kept in this process meanwhile."""
    before = os.environ.get("DIRECTORY_CACHE_MB")
    os.environ["DIRECTORY_CACHE_MB"] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ["DIRECTORY_CACHE_MB"]
        else:
            os.environ["DIRECTORY_CACHE_MB"] = before


# In process


def _in_process(
    plan: Plan, found: Sequence[stores.Store], addresses: Mapping[str, Sequence[str]], results: Results
) -> None:
    with ExitStack() as stack:
        calls: dict[str, Callable[[str], object]] = {}
        for one in found:
            app = create_app(one.settings, today=lambda: corpus.TODAY)
            calls[one.name] = lambda path, app=app: load.call(app, path)  # type: ignore[misc]
            results.walk[one.name] = _walk(calls[one.name])
        if plan.peers and "elasticsearch" in plan.engines:
            elastic = next(s for s in found if s.name == "elasticsearch")
            pool = stack.enter_context(urllib3.PoolManager(maxsize=2))
            raw = _Raw(elastic, elastic.engine())
            for name in RAW:
                calls[name] = lambda path, name=name: raw.send(pool, name, path)  # type: ignore[misc]
        for kind, paths in addresses.items():
            say(f"in process: {kind}")
            mine = {n: c for n, c in calls.items() if n not in RAW or kind in kinds.SEARCHES}
            _by_turns(kind, mine, paths, plan.calls, results)


def _by_turns(
    kind: str, calls: Mapping[str, Callable[[str], object]], paths: Sequence[str], count: int, results: Results
) -> None:
    walls: dict[str, list[float]] = {name: [] for name in calls}
    spent = dict.fromkeys(calls, 0.0)
    for i, path in enumerate(paths[: count + 5]):
        for name, call in calls.items():
            cpu, start = time.process_time(), time.perf_counter()
            call(path)
            if i >= 5:
                walls[name].append(time.perf_counter() - start)
                spent[name] += time.process_time() - cpu
    for name in calls:
        results.process[kind, name] = load.times(walls[name], spent[name])


def _walk(call: Callable[[str], object]) -> float:
    """Milliseconds a page of a walk through the first 10,000."""
    walls: list[float] = []
    path = f"{kinds.PROVIDERS}?page_size={_PAGE}&facets=none"
    seen: set[str] = set()
    while len(seen) < _WALK:
        start = time.perf_counter()
        answer = orjson.loads(call(path))  # type: ignore[arg-type]
        walls.append(time.perf_counter() - start)
        seen |= {r["id"] for r in answer["results"]}
        if not answer["next"]:
            break
        path = f"{kinds.PROVIDERS}?page_size={_PAGE}&facets=none&after={answer['next']}"
    return 1000 * sum(walls) / len(walls)


class _Raw:
    """The searches of our addresses as the peers would send them."""

    def __init__(self, store: stores.Store, engine: Engine) -> None:
        self.url = store.settings.elasticsearch_urls[0]
        self._index = engine.live().name
        self._engine = engine

    def request(self, name: str, path: str) -> Request:
        """The request of the peer `name` that asks what `path` asks."""
        asked = effective(path, self._engine)
        searched = planned(asked)
        if name == "raw split":
            return peers.split(searched, self._index)
        if name == "raw post_filter":
            return peers.post_filter(searched, self._index)
        filters = [(n, code) for n, codes in asked.selected.items() for code in codes]
        tokens = list(dict.fromkeys(t for word in asked.words for t in word[-1]))
        return peers.searchkit(searched, filters, tokens, fuzzy="typo" in name)

    def send(self, pool: urllib3.PoolManager, name: str, path: str) -> bytes:
        """The bytes of the answer."""
        one = self.request(name, path)
        answer = pool.request(one.method, self.url + one.path, body=one.body, headers=peers.HEADERS)
        if answer.status != 200:
            raise RuntimeError(f"{name}: {answer.data[:300]!r}")
        return answer.data


def effective(path: str, engine: Engine) -> SearchRequest:
    """The request of an address as the engine gets it."""
    return search.effective(parse(path.partition("?")[2].encode(), corpus.TODAY), engine)


# Over HTTP


def _over_http(
    plan: Plan, found: Sequence[stores.Store], addresses: Mapping[str, Sequence[str]], results: Results
) -> None:
    with ExitStack() as stack:
        urls: dict[str, str] = {}
        for one in found:
            cold = {**one.environment, "DIRECTORY_CACHE_MB": "0"}
            urls[one.name] = stack.enter_context(servers.gunicorn(cold)).url
            urls[one.name + AGAIN] = stack.enter_context(servers.gunicorn(one.environment)).url
        noop = stack.enter_context(servers.gunicorn({}, "benchmarks.search.noop:app", "/"))
        target = Target("nothing", noop.url, [Request("/")])
        results.one["nothing", "flask"] = load.middle([target.run(1, plan.seconds) for _ in range(plan.rounds)])
        results.many["nothing", "flask"] = load.middle([target.run(16, plan.seconds) for _ in range(plan.rounds)])
        target.close()
        raw = None
        if plan.peers and "elasticsearch" in plan.engines:
            elastic = next(s for s in found if s.name == "elasticsearch")
            raw = _Raw(elastic, elastic.engine())
            sizes = {f.name: len(facet_vocabulary(f).codes) for f in FACETS}
            server = stack.enter_context(servers.searchkit(raw.url, elastic.engine().live().name, sizes))
            urls |= dict.fromkeys(RAW, raw.url)
            if server:
                urls["searchkit"] = server.url
        for kind, paths in addresses.items():
            say(f"over HTTP: {kind}")
            _kind_over_http(plan, kind, paths, urls, raw, results)


def _kind_over_http(
    plan: Plan, kind: str, paths: Sequence[str], urls: Mapping[str, str], raw: _Raw | None, results: Results
) -> None:
    targets = list(_targets(kind, paths, urls, raw))
    for into, connections in ((results.one, 1), (results.many, 16)):
        asked = [t for t in targets if connections == 1 or not t.name.endswith(AGAIN)]
        runs: dict[str, list[Load]] = {target.name: [] for target in asked}
        for _ in range(plan.rounds):
            for target in asked:
                runs[target.name].append(target.run(connections, plan.seconds))
        for name, found in runs.items():
            table = results.again if name.endswith(AGAIN) else into
            table[kind, name.removesuffix(AGAIN)] = load.middle(found)
    for target in targets:
        target.close()


def _targets(kind: str, paths: Sequence[str], urls: Mapping[str, str], raw: _Raw | None) -> Iterator[Target]:
    for name, url in urls.items():
        if name.endswith(AGAIN):
            yield Target(name, url, [Request(p) for p in paths[:_REPEATED]])
        elif name in stores.ENGINES:
            yield Target(name, url, [Request(p) for p in paths])
        elif raw and kind in kinds.SEARCHES:
            peer = f"{name} typo" if kind == "typo" and name == "searchkit" else name
            yield Target(name, url, [raw.request(peer, p) for p in paths[:1000]], peers.HEADERS["content-type"])


def _memory(store: stores.Store, addresses: Mapping[str, Sequence[str]], results: Results) -> None:
    """Four workers after a thousand searches of all kinds, and how long the first answer took."""
    with servers.gunicorn(store.environment, workers=4) as server:
        results.start[store.name] = server.seconds_to_answer
        mixed = [Request(paths[-i]) for i in range(1, 100) for paths in addresses.values() if i < len(paths)]
        target = Target("memory", server.url, mixed)
        target.run(16, 5)
        target.close()
        results.memory[store.name] = server.memory()
