"""Both engines against the brute-force oracle at a size that no test can afford: random requests over 100,000 profiles.

    ELASTICSEARCH_URL=http://localhost:9200 python -m benchmarks.conformance_at_scale [--requests 10000] [--size 100000]
    python -m benchmarks.conformance_at_scale --engine embedded

The profiles are those of `benchmarks.search`, in its cache and under its aliases; built when missing. The oracle reads
them once (about 0.2 ms each) and keeps the answer to every question about everybody as a set. A walk goes 20 pages far.
Ends with status 1 at the first difference, naming it.
"""

from __future__ import annotations

import argparse
import gc
import os
import time
from datetime import date
from pathlib import Path
from random import Random
from typing import Final

from benchmarks.search import corpus, stores
from benchmarks.search.__main__ import CACHE
from directory.engines.base import Engine
from tests import conformance
from tests.conformance import Tally
from tests.oracle import Oracle
from tests.strategies import search

_BYTES: Final = 200
"""What a search is read from, as in the tests."""

_ANSWERS: Final = 40_000
_ORDERS: Final = 200
"""What the oracle keeps: 12 KB and 800 KB each at 100,000 profiles."""


def run(engine: Engine, name: str, oracle: Oracle, requests: int, seed: int, today: date) -> Tally:
    """Check `requests` random searches. Raises AssertionError at the first that differs."""
    random, tally, began = Random(seed), Tally(), time.perf_counter()
    for done in range(1, requests + 1):
        asked = search(random.randbytes(_BYTES), oracle.profiles, today)
        tally.count(asked, conformance.check(engine, oracle, asked, today))
        oracle.forget(_ANSWERS, _ORDERS)
        if done % 100 == 0:
            print(f"{name}: {done:,} in {time.perf_counter() - began:.0f} s", flush=True)
    return tally


def main() -> None:
    """Check, and say what was checked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.conformance_at_scale", description="Are both exact?")
    parser.add_argument("--requests", type=int, default=10_000, help="of each engine")
    parser.add_argument("--size", type=int, default=100_000, help="profiles")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--engine", choices=stores.ENGINES, help="only this one; else all that are there")
    asked = parser.parse_args()
    there = stores.ENGINES if os.environ.get("ELASTICSEARCH_URL") else stores.ENGINES[:1]
    if asked.engine and asked.engine not in there:
        parser.error("ELASTICSEARCH_URL is needed; `python -m tests.elastic_node` starts a node")
    engines = [name for name in stores.ENGINES if name == asked.engine] or there
    found = [stores.store(name, asked.cache, asked.size) for name in engines]
    for one in found:
        stores.fill(one, asked.cache)
    oracle = Oracle(corpus.profiles(asked.cache, asked.size))
    # The collector would go through the oracle's millions of objects again and again.
    gc.collect()
    gc.freeze()
    for one in found:
        engine = one.engine()
        seed = asked.seed + stores.ENGINES.index(one.name)
        tally = run(engine, one.name, oracle, asked.requests, seed, corpus.TODAY)
        engine.close()
        print(f"{one.name} agrees with the oracle on {asked.size:,} profiles: {tally}", flush=True)


if __name__ == "__main__":
    main()
