"""Measures kinds of searches, one after the other, each on every candidate by turns."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import orjson
import urllib3

from benchmarks.search import corpus, kinds, load, peers, servers, stores
from benchmarks.search.load import Load, Target, Times
from benchmarks.search.peers import Request
from benchmarks.search.raw import RAW, SEARCHKIT, Raw
from benchmarks.search.results import Figures, Rest
from directory.app import create_app
from directory.facets import FACETS
from directory.vocabulary import facet_vocabulary
from directory.warming import warm

_AGAIN: Final = ", again"
_VARIANTS: Final = 3000
"""Different addresses of a kind; more than a run sends, or than any of our caches holds."""

_PEERS_VARIANTS: Final = 1000
"""Different requests to the peers, which are made before they are sent."""

_AIMS: Final = 2000
"""Profiles that searches are aimed at, spread over the whole corpus."""

_REPEATED: Final = 5
"""Addresses asked for again and again, to show what is kept of answers."""

_UNTIMED: Final = 5
"""Calls before those that count."""

_WALK: Final = 10_000
_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure: see the options of the command."""

    count: int
    engines: tuple[str, ...]
    cache: Path
    rounds: int = 2
    seconds: float = 1
    calls: int = 30
    http: bool = True
    peers: bool = True
    as_is: bool = False


def say(text: str) -> None:
    """Progress, beside the results."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def measuring(plan: Plan) -> Iterator[Bench]:
    """What is measured stands ready until the end of the block: filled stores, applications and servers."""
    found = [stores.store(name, plan.cache, plan.count) for name in plan.engines]
    for one in found:
        stores.fill(one, plan.cache, as_is=plan.as_is)
    with ExitStack() as stack:
        yield Bench(plan, found, stack)


class Bench:
    """See `measuring`."""

    def __init__(self, plan: Plan, found: Sequence[stores.Store], stack: ExitStack) -> None:
        self._plan = plan
        self._stores = found
        self._aims = list(corpus.sample(plan.cache, plan.count, _AIMS))
        self._calls = {one.name: _application(one) for one in found}
        self._pool = stack.enter_context(urllib3.PoolManager(maxsize=2))
        elastic = next((s for s in found if s.name == "elasticsearch"), None)
        self._raw = Raw(elastic) if elastic and plan.peers else None
        if self._raw:
            stack.callback(self._raw.close)
        self._urls = self._served(stack) if plan.http else {}

    def _served(self, stack: ExitStack) -> dict[str, str]:
        """The address of each candidate's server."""
        urls: dict[str, str] = {}
        for one in self._stores:
            cold = {**one.environment, "DIRECTORY_CACHE_MB": "0"}
            urls[one.name] = stack.enter_context(servers.gunicorn(cold)).url
            urls[one.name + _AGAIN] = stack.enter_context(servers.gunicorn(one.environment)).url
        if raw := self._raw:
            sizes = {f.name: len(facet_vocabulary(f).codes) for f in FACETS}
            urls |= dict.fromkeys(RAW, raw.url)
            if kit := stack.enter_context(servers.searchkit(raw.url, raw.index, sizes)):
                urls[SEARCHKIT] = kit.url
        return urls

    def kind(self, kind: str) -> dict[str, Figures]:
        """The figures of a kind, by candidate."""
        paths = kinds.addresses(kind, self._aims, _VARIANTS)
        asked: list[dict[str, Request]] = []
        if self._raw and kind in kinds.SEARCHES:
            asked = [self._raw.requests(path, fuzzy=kind == "typo") for path in paths[:_PEERS_VARIANTS]]
        process = self._in_process(paths, asked)
        targets = list(_targets(self._urls, paths, asked))
        one = self._runs(targets, 1)
        many = self._runs([t for t in targets if not t.name.endswith(_AGAIN)], 16)
        for target in targets:
            target.close()
        return {
            name: Figures(process.get(name), one.get(name), one.get(name + _AGAIN), many.get(name))
            for name in dict.fromkeys((*process, *many))
        }

    def _in_process(self, paths: Sequence[str], asked: Sequence[Mapping[str, Request]]) -> dict[str, Times]:
        calls: dict[str, Callable[[int], object]] = {
            name: lambda i, call=call: call(paths[i])  # type: ignore[misc]
            for name, call in self._calls.items()
        }
        if (raw := self._raw) and asked:
            for name in RAW:
                calls[name] = lambda i, name=name: raw.send(self._pool, asked[i][name])  # type: ignore[misc]
        return _by_turns(calls, min(self._plan.calls + _UNTIMED, len(paths)))

    def _runs(self, targets: Sequence[Target], connections: int) -> dict[str, Load]:
        runs: dict[str, list[Load]] = {target.name: [] for target in targets}
        for _ in range(self._plan.rounds):
            for target in targets:
                runs[target.name].append(target.run(connections, self._plan.seconds))
        return {name: load.middle(found) for name, found in runs.items()}

    def nothing(self) -> Figures:
        """A Flask application that does nothing, behind the same server."""
        with servers.gunicorn({}, "benchmarks.search.noop:app", "/") as server:
            target = Target("nothing", server.url, [Request("/")])
            one, many = (self._runs([target], connections)["nothing"] for connections in (1, 16))
            target.close()
        return Figures(one=one, many=many)

    def rest(self, store: stores.Store) -> Rest:
        """Four workers after five seconds of all kinds, how long the first answer took, and a walk."""
        walk = _walk(self._calls[store.name])
        found = (kinds.addresses(kind, self._aims, 100) for kind in kinds.KINDS)
        paths = [path for some in zip(*found, strict=False) for path in some]
        with servers.gunicorn(store.environment, workers=4) as server:
            target = Target("memory", server.url, [Request(p) for p in paths])
            target.run(16, 5)
            target.close()
            return Rest(server.seconds_to_answer, server.memory(), walk)

    @property
    def stores(self) -> Sequence[stores.Store]:
        """The stores of our engines."""
        return self._stores


def _application(store: stores.Store) -> Callable[[str], bytes]:
    # In this process no answer is kept: each call is to be worked for.
    app = create_app(replace(store.settings, cache_bytes=0), today=lambda: corpus.TODAY)
    warm(app)
    return lambda path: load.call(app, path)


def _by_turns(calls: Mapping[str, Callable[[int], object]], count: int) -> dict[str, Times]:
    walls: dict[str, list[float]] = {name: [] for name in calls}
    spent = dict.fromkeys(calls, 0.0)
    for i in range(count):
        for name, call in calls.items():
            cpu, start = time.process_time(), time.perf_counter()
            call(i)
            if i >= _UNTIMED:
                walls[name].append(time.perf_counter() - start)
                spent[name] += time.process_time() - cpu
    return {name: load.times(walls[name], spent[name]) for name in calls}


def _targets(urls: Mapping[str, str], paths: Sequence[str], asked: Sequence[Mapping[str, Request]]) -> Iterator[Target]:
    for name, url in urls.items():
        if name.endswith(_AGAIN):
            yield Target(name, url, [Request(p) for p in paths[:_REPEATED]])
        elif name in stores.ENGINES:
            yield Target(name, url, [Request(p) for p in paths])
        elif asked:
            yield Target(name, url, [one[name] for one in asked], peers.HEADERS["content-type"])


def _walk(call: Callable[[str], bytes]) -> float:
    """Milliseconds a page of a walk through the first 10,000."""
    walls: list[float] = []
    path = f"{kinds.PROVIDERS}?page_size={_PAGE}&facets=none"
    seen: set[str] = set()
    while len(seen) < _WALK:
        start = time.perf_counter()
        answer = orjson.loads(call(path))
        walls.append(time.perf_counter() - start)
        seen |= {r["id"] for r in answer["results"]}
        if not answer["next"]:
            break
        path = f"{kinds.PROVIDERS}?page_size={_PAGE}&facets=none&after={answer['next']}"
    return 1000 * sum(walls) / len(walls)
