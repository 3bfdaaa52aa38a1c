"""What suggestions cost: CPU time in process on the embedded engine, typing whole queries letter by letter.

    python -m benchmarks.suggest [--profiles 100000]

Builds a fictional corpus in a temporary folder. CPU time, because other work on the machine doesn't change it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time_ns
from typing import Final
from urllib.parse import quote

from benchmarks.relevance.asking import TODAY, profiles
from directory.engines.embedded import EmbeddedEngine
from directory.search_request import parse
from directory.suggest import suggest

TYPED: Final = (
    "anxiety", "deppression", "emdr", "cognitive behavioral", "marriage counseling", "psycologist", "maribel",
    "garcia", "san antonio", "austin tx", "chigago", "texas", "female therapist for trauma",
    "can't sleep since my dad died",
)  # fmt: skip
FILTERS: Final = ("", "&state=TX", "&modality=cbt&meeting=video", "&near=Austin,%20TX&max_fee=150")


def main() -> None:
    """Build, type, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.suggest", description="What suggestions cost.")
    parser.add_argument("--profiles", type=int, default=100_000)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        engine = EmbeddedEngine(Path(folder))
        build = engine.start_build()
        build.add(sorted(profiles(asked.profiles), key=lambda p: p.id))
        engine.promote(build.finish({}).name, expected=None)
        lexicon = engine.lexicon()
        times: list[float] = []
        for warm in (True, False):
            for query in (text[:end] for text in TYPED for end in range(1, len(text) + 1)):
                for filters in FILTERS:
                    request = parse(f"q={quote(query)}{filters}".encode(), TODAY)
                    start = process_time_ns()
                    suggest(request, engine, lexicon)
                    if not warm:
                        times.append((process_time_ns() - start) / 1e6)
        engine.close()
    times.sort()
    p50, p95 = (times[int(len(times) * share)] for share in (0.5, 0.95))
    print(f"{len(times)} questions over {asked.profiles:,} profiles: {p50:.1f} ms median, {p95:.1f} ms p95, "
          f"{times[-1]:.1f} ms at most (CPU)")  # fmt: skip


if __name__ == "__main__":
    main()
