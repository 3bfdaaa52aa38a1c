"""How fast searches are, ours and others', in one run on one machine.

    python -m benchmarks.search --size 100k                  # embedded; with ELASTICSEARCH_URL also that and its peers
    python -m benchmarks.search --size 1m --engine embedded
    python -m benchmarks.search --scale                      # how cost grows: 10k, 100k, 1m, 3m, as a chart

Profiles, folders and indices are made once and kept (`--cache`, and aliases `perf100k`… on the cluster). Candidates
take turns; every request of a run differs from those before it, so no cache of answers flatters, and what caches do is
shown apart (`again`). Each kind is printed and kept (`results-100k.json` in the cache) as soon as it is measured; the
tables at the end hold the last figures of every kind, also of earlier runs (`--kinds`). `--save` puts them into
docs/performance.md.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.search import growth, kinds, results, stores, tables
from benchmarks.search.measure import Plan, measuring

CACHE: Final = Path("~/.cache/provider-directory/benchmarks").expanduser()
_SIZES: Final = (10_000, 100_000, 1_000_000, 3_000_000)


def _size(text: str) -> int:
    match = re.fullmatch(r"(\d+)([km]?)", text.lower())
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write 10k, 100k, 1m, 3m")
    return int(match[1]) * {"": 1, "k": 1_000, "m": 1_000_000}[match[2]]


def main() -> None:
    """Build what is missing, measure, print, save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description="How fast searches are.")
    parser.add_argument("--size", type=_size, default=100_000, help="profiles: 10k, 100k, 1m …")
    parser.add_argument("--engine", choices=(*stores.ENGINES, "both"), default=None)
    parser.add_argument("--cache", type=Path, default=CACHE, help="where profiles and folders are kept")
    parser.add_argument("--kinds", nargs="+", choices=kinds.KINDS, metavar="KIND", help="only these kinds")
    parser.add_argument("--rounds", type=int, default=2, help="runs of each candidate")
    parser.add_argument("--seconds", type=int, default=1, help="length of a run over HTTP")
    parser.add_argument("--calls", type=int, default=30, help="calls of a kind in process")
    parser.add_argument("--no-http", action="store_true", help="in process only")
    parser.add_argument("--no-peers", action="store_true", help="without raw Elasticsearch and Searchkit")
    parser.add_argument("--scale", action="store_true", help="the chart of how cost grows, embedded, in process")
    parser.add_argument("--sizes", type=_size, nargs="+", default=_SIZES, help="sizes of --scale")
    parser.add_argument("--as-is", action="store_true", help="measure what was built, though by other code")
    parser.add_argument("--save", action="store_true", help="put the results into docs/")
    parser.add_argument("--note", default="", help="what else went on on the machine; printed with the tables")
    asked = parser.parse_args()
    asked.cache.mkdir(parents=True, exist_ok=True)
    if asked.scale:
        growth.run(asked.cache, asked.sizes, asked.calls, as_is=asked.as_is, save=asked.save)
        return
    engine = asked.engine or ("both" if os.environ.get("ELASTICSEARCH_URL") else "embedded")
    plan = Plan(
        count=asked.size,
        engines=stores.ENGINES if engine == "both" else (engine,),
        cache=asked.cache,
        rounds=asked.rounds,
        seconds=asked.seconds,
        calls=asked.calls,
        http=not asked.no_http,
        peers=not asked.no_peers,
        as_is=asked.as_is,
    )
    _measure(plan, asked.kinds)
    text = tables.markdown(results.read(plan.cache, plan.count), asked.note)
    print(text)
    if asked.save:
        tables.save(text, f"search-{stores.short(asked.size)}")


def _measure(plan: Plan, only: Sequence[str] | None) -> None:
    """Measure `only` these kinds, or all and what hangs on no kind; print and keep each as soon as it is measured."""
    known = results.read(plan.cache, plan.count)
    with measuring(plan) as bench:
        for kind in only or kinds.KINDS:
            known.kinds[kind] = bench.kind(kind)
            known.when[kind] = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
            results.write(known, plan.cache)
            print(tables.of_kind(kind, known.kinds[kind]), end="\n\n", flush=True)
        if plan.http and not only:
            known.nothing = bench.nothing()
            known.rest = {store.name: bench.rest(store) for store in bench.stores}
            results.write(known, plan.cache)


if __name__ == "__main__":
    main()
