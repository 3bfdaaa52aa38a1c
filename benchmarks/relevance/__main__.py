"""How good the results are, on judged queries.

    [ELASTICSEARCH_URL=…] python -m benchmarks.relevance [--engine both] [--profiles 20000] [--failures]

Builds a fictional corpus in each engine under an alias of its own and deletes it at the end. `--failures` lists what
is wrong with single answers, but for a third of the queries, which is held out: rules made for single queries would
show as a gap between the two parts.
"""

from __future__ import annotations

import argparse
import os
from functools import partial

from benchmarks.relevance.asking import ENGINES, TODAY, ask, filled, profiles, tell
from benchmarks.relevance.cost import cost, told
from benchmarks.relevance.grading import Corpus
from benchmarks.relevance.judgements import load
from benchmarks.relevance.report import failures, lines, table
from benchmarks.relevance.scores import Scored, difference, score
from directory.query import understand


def main() -> None:
    """Build, ask, judge, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.relevance", description="How good the results are.")
    parser.add_argument("--engine", choices=(*ENGINES, "both"), default="both")
    parser.add_argument("--profiles", type=int, default=20_000)
    parser.add_argument("--failures", action="store_true", help="list what is wrong with single answers")
    parser.add_argument("--told", action="store_true", help="judge the ranking alone: filters and concepts are given")
    parser.add_argument("--floor", type=float, default=0.8, help="nDCG@10 below which an answer is listed (0.8)")
    asked = parser.parse_args()
    engines = ENGINES if asked.engine == "both" else (asked.engine,)
    url = os.environ.get("ELASTICSEARCH_URL", "")
    if "elasticsearch" in engines and not url:
        parser.error("ELASTICSEARCH_URL is needed; `python -m tests.elastic_node` starts a node")
    judgements, made = load(), profiles(asked.profiles)
    corpus = Corpus(made, TODAY)
    results: dict[str, tuple[Scored, ...]] = {}
    for name in engines:
        with filled(name, made, url) as engine:
            spent = cost(partial(understand, lexicon=engine.lexicon()), [j.q for j in judgements])
            results[name] = score(corpus, judgements, partial(tell if asked.told else ask, engine))
        print(f"\n{name}, {len(made):,} profiles, {len(judgements)} queries\n")
        print("\n".join([*table(results[name]), "", *lines(results[name]), told(spent)]), flush=True)
        if asked.failures:
            print("\n".join(["", *failures(results[name], asked.floor)]), flush=True)
    if len(results) > 1:
        apart = difference(*results.values())
        print(
            f"\nengines apart by {apart.overall:.4f} in nDCG@10 overall, by {apart.single:.4f} a query; "
            f"{apart.shared:.1%} of the first ten in common"
        )


if __name__ == "__main__":
    main()
