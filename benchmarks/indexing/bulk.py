"""Filling an index by our build and by the client's bare `parallel_bulk` with the same documents, by turns."""

from __future__ import annotations

import os
import secrets
import statistics
import time
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from elasticsearch import helpers

from benchmarks.indexing.stages import _settled
from directory.config import Settings
from directory.engines import elastic_index
from directory.engines.elastic import ElasticEngine
from indexer import demo
from indexer.sources.base import profiles_of

_THREADS = 2


def compare(path: Path | None, profiles: int, rounds: int) -> dict[str, Any]:
    """Documents a second of both, and their ratio: medians over `rounds` (the first warms up, and does not count).

    The documents are of the providers in the file, or richer ones that the demo makes. The bare way has them ready as
    dictionaries before its clock starts; ours makes them from profiles while it runs.
    """
    settings = Settings("elasticsearch", (os.environ["ELASTICSEARCH_URL"],), alias=f"bulk{secrets.token_hex(3)}")
    engine = ElasticEngine(settings)
    # The engine's own client for builds, so that both speak alike.
    client = engine._building
    bare = f"{settings.alias}-bare"
    people = profiles_of(_settled(path)) if path else demo.profiles(profiles)
    build = engine.start_build()
    client.indices.create(index=bare, mappings=elastic_index.mapping(), settings=elastic_index.settings())
    rates: list[tuple[float, float]] = []
    size = 0
    try:
        each = max(1, profiles // (rounds + 1))
        while len(rates) <= rounds and (some := list(islice(people, each))):
            bodies = [orjson.loads(orjson.dumps(elastic_index.body(p))) for p in some]
            size += sum(len(orjson.dumps(b)) for b in bodies)
            turns = {
                "ours": lambda some=some: build.add(some),
                "bare": lambda bodies=bodies: [
                    None
                    for _ in helpers.parallel_bulk(
                        client, ({"_index": bare, "_id": b["id"], "_source": b} for b in bodies), thread_count=_THREADS
                    )
                ],
            }
            found = {}
            for name in sorted(turns, reverse=len(rates) % 2 == 0):
                began = time.perf_counter()
                turns[name]()
                found[name] = len(some) / (time.perf_counter() - began)
            rates.append((found["ours"], found["bare"]))
    finally:
        build.abort()
        client.indices.delete(index=bare)
        engine.close()
    ours, plain = (statistics.median(column) for column in zip(*rates[1:], strict=True))
    ratio = statistics.median(a / b for a, b in rates[1:])
    return {"profiles": profiles, "ours": ours, "bare": plain, "ratio": ratio, "bytes": size / profiles}
