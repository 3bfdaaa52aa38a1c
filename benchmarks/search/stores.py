"""The engines that are measured, filled with the corpus once and kept: a folder in the cache, an index of an alias."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.search import corpus
from directory.config import Settings
from directory.engines.base import Engine
from directory.engines.choose import engine_from
from directory.errors import NoGeneration

ENGINES: Final = ("embedded", "elasticsearch")


def short(count: int) -> str:
    """A count as people say it.

    >>> short(100_000), short(3_000_000)
    ('100k', '3m')
    """
    return f"{count // 1_000_000}m" if count % 1_000_000 == 0 else f"{count // 1_000}k"


@dataclass(frozen=True, slots=True)
class Store:
    """An engine with `count` profiles, and the environment in which a server finds it."""

    name: str
    count: int
    settings: Settings
    environment: dict[str, str]

    def engine(self) -> Engine:
        """A new engine over the store."""
        return engine_from(self.settings)


def store(name: str, folder: Path, count: int) -> Store:
    """The store of an engine `name` with `count` profiles: `folder` holds the embedded ones, `ELASTICSEARCH_URL` names
    the cluster."""
    alias = f"perf{short(count)}"
    environment = {"DIRECTORY_ENGINE": name, "DIRECTORY_ALIAS": alias, "DIRECTORY_DATA": str(folder / alias)}
    if name == "elasticsearch":
        environment["ELASTICSEARCH_URL"] = os.environ["ELASTICSEARCH_URL"]
    return Store(name, count, Settings.from_env(environment), environment)


def fill(wanted: Store, folder: Path, *, as_is: bool = False) -> None:
    """Build `wanted` from the corpus in `folder`, unless it is there already, made by this code (`as_is`: by any)."""
    engine = wanted.engine()
    try:
        live = engine.live()
    except NoGeneration:
        live = None
    if live and live.providers == wanted.count and (as_is or live.fingerprint == engine.fingerprint):
        engine.close()
        return
    print(f"building {wanted.count:,} profiles on {wanted.name} …", file=sys.stderr, flush=True)
    corpus.make(folder, wanted.count)
    began = time.perf_counter()
    making = engine.start_build()
    try:
        making.add(corpus.profiles(folder, wanted.count))
        made = making.finish({"profiles": {"demo": wanted.count}})
        engine.promote(made.name, expected=live.name if live else None)
    except BaseException:
        making.abort()
        raise
    engine.prune(1)
    engine.close()
    print(f"  took {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
