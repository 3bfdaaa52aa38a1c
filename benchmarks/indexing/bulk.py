"""Filling a generation on Elasticsearch by our build and by the client's bare `parallel_bulk` with the same documents,
by turns, into fresh indices each time.
"""

from __future__ import annotations

import os
import secrets
import statistics
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson
from elasticsearch import helpers

from benchmarks.indexing.reading import settled
from directory.config import Settings
from directory.engines import elastic_index, elastic_words
from directory.engines.elastic import ElasticEngine
from directory.profile import to_json
from indexer import demo
from indexer.duplicates import Duplicates
from indexer.filling import Said, fill
from indexer.tally import Tally
from indexer.words import pack

_THREADS: Final = 2


def compare(path: Path | None, profiles: int, rounds: int) -> dict[str, Any]:
    """Documents a second of both, and their ratio: medians over `rounds` (the first warms up, and does not count).

    The documents are those of a generation of the providers in the file, or of richer ones that the demo makes: a
    searched one and one of its words for each. The bare way has them ready as dictionaries before its clock starts;
    ours begins with the words, merges them, and makes the documents while it runs. Both end with the last answer.
    """
    settings = Settings("elasticsearch", (os.environ["ELASTICSEARCH_URL"],), alias=f"bulk{secrets.token_hex(3)}")
    engine = ElasticEngine(settings)
    said = list(islice(_said(path, profiles), profiles))
    searched, words = _documents(said)
    rates: list[tuple[float, float]] = []
    try:
        for turn in range(rounds + 1):
            seconds = {}
            for name in ("ours", "bare") if turn % 2 else ("bare", "ours"):
                seconds[name] = _ours(engine, said) if name == "ours" else _bare(engine, searched, words)
            rates.append((2 * len(said) / seconds["ours"], 2 * len(said) / seconds["bare"]))
    finally:
        engine.close()
    counted = rates[1:] or rates
    ours, bare = (statistics.median(column) for column in zip(*counted, strict=True))
    ratios = [a / b for a, b in counted]
    size = sum(len(orjson.dumps(d)) for d in (*searched, *words)) / max(1, 2 * len(said))
    return {
        "profiles": len(said), "ours": ours, "bare": bare, "ratio": statistics.median(ratios), "ratios": ratios,
        "bytes": size,
    }  # fmt: skip


def _said(path: Path | None, profiles: int) -> Iterator[Said]:
    """What the providers' source says of them."""
    source = settled(path).words() if path else ((p.id, to_json(p)) for p in demo.profiles(profiles))
    return ((id_, b"", {"nppes" if path else "profiles": word}) for id_, word in source)


def _documents(said: list[Said]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The documents of both indices, as plain dictionaries."""
    searched, words = [], []
    for id_, _, change in said:
        given = {source: word for source, word in change.items() if word is not None}
        (word,) = given.values()
        searched.append(orjson.loads(elastic_index.body(orjson.loads(word), word)))
        words.append(elastic_words.word_source(id_, pack(given)))
    return searched, words


def _ours(engine: ElasticEngine, said: list[Said]) -> float:
    """Seconds of a build's filling."""
    build = engine.start_build()
    try:
        began = time.perf_counter()
        fill(build, said, lambda _: False, Tally(), Duplicates(), lambda _: None)
        build.settle()
        return time.perf_counter() - began
    finally:
        build.abort()


def _bare(engine: ElasticEngine, searched: list[dict[str, Any]], words: list[dict[str, Any]]) -> float:
    """Seconds of the client's helper, with its own settings but the threads."""
    # The engine's own client for builds, so that both speak alike.
    client = engine._building
    names = [f"bare{secrets.token_hex(4)}{suffix}" for suffix in ("", "-words")]
    client.indices.create(index=names[0], mappings=elastic_index.mapping(), settings=elastic_index.settings())
    client.indices.create(index=names[1], mappings=elastic_words.mapping(), settings=elastic_words.SETTINGS)
    try:
        began = time.perf_counter()
        for name, documents in zip(names, (searched, words), strict=True):
            actions = ({"_index": name, "_id": d["id"], "_source": d} for d in documents)
            for _ in helpers.parallel_bulk(client, actions, thread_count=_THREADS):
                pass
        return time.perf_counter() - began
    finally:
        client.indices.delete(index=names)
