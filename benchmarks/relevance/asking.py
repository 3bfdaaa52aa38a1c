"""The engines under test, filled with the same fictional corpus, and what people get from them: everything is read from
the public answer.
"""

from __future__ import annotations

import csv
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from benchmarks.relevance.judgements import Judgement
from directory import places, search
from directory.config import Settings
from directory.engines.base import Engine
from directory.engines.elastic import ElasticEngine
from directory.engines.embedded import EmbeddedEngine
from directory.plan import plan
from directory.profile import Location, Profile
from directory.search_request import parse
from directory.understanding import Concept, Understanding
from indexer import demo

ENGINES: Final = ("embedded", "elasticsearch")
TODAY: Final = date(2026, 11, 23)

_PEOPLE: Final = Path(__file__).with_name("people.csv")


@dataclass(frozen=True, slots=True)
class Answer:
    """What matters of an answer: the providers shown, in order, and what was understood."""

    ids: tuple[str, ...]
    total: int
    filters: dict[str, list[str]]
    concepts: tuple[str, ...]
    corrected: tuple[tuple[str, str], ...]
    crisis: bool


def people() -> Iterator[Profile]:
    """Invented people whose names look like other things, so that queries for them can be judged."""
    with _PEOPLE.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            lat, lon = places.zip_point(row["zip"]) or (None, None)
            yield Profile(
                id=f"planted:{number:03d}",
                name=row["name"],
                given=row["given"],
                family=row["family"],
                demo=True,
                provider_type=row["provider_type"],
                provider_types=(row["provider_type"],),
                gender=row["gender"],
                verified_on=TODAY,
                locations=(Location(row["city"], row["state"], row["zip"], lat, lon),),
            )


def profiles(count: int) -> list[Profile]:
    """The corpus: `count` fictional profiles and the planted people, in increasing order of id."""
    return [*demo.profiles(count, today=TODAY), *people()]


@contextmanager
def filled(name: str, corpus: Sequence[Profile], url: str = "") -> Iterator[Engine]:
    """The engine `name` (Elasticsearch at `url`) serving `corpus` from a place of its own; nothing of it stays."""
    with tempfile.TemporaryDirectory(prefix="relevance") as folder:
        alias = f"relevance{secrets.token_hex(3)}"
        if name == "elasticsearch":
            settings = Settings("elasticsearch", (url,), alias=alias)
            engine: Engine = ElasticEngine(settings, search_seconds=60)
        else:
            engine = EmbeddedEngine(Path(folder), alias)
        made = engine.start_build()
        try:
            made.add(corpus)
            engine.promote(made.finish({}).name, expected=None)
            yield engine
        finally:
            made.abort()
            engine.close()


def ask(engine: Engine, judgement: Judgement, size: int = 10) -> Answer:
    """The answer to the query alone, as the API gives it."""
    request = parse(urlencode({"q": judgement.q, "page_size": size, "facets": "none"}).encode(), TODAY)
    answer = search.page_dict(search.page(request, engine))
    understood = answer["understood"]
    return Answer(
        ids=tuple(result["id"] for result in answer["results"]),
        total=answer["total"],
        filters={name: [str(v) for v in values] for name, values in understood["filters"].items()},
        concepts=tuple(understood["concepts"]),
        corrected=tuple((c["from"], c["to"]) for c in understood["corrected"]),
        crisis=understood["crisis"],
    )


def tell(engine: Engine, judgement: Judgement, size: int = 10) -> Answer:
    """What is shown when the judged filters and concepts are given instead of understood, and all words rank: what the
    ranking alone is worth."""
    reading, q, concepts = judgement.filters[0], judgement.q, judgement.concepts or ()
    args = [(name, value) for name, values in reading.items() for value in values]
    request = parse(urlencode([*args, ("page_size", size), ("facets", "none")]).encode(), TODAY)
    told = Understanding(q, concepts=tuple(Concept(c, 1.0, q, 0, len(q), "name") for c in concepts), text=q)
    result = engine.search(plan(replace(request, q=q, understood=told)))
    filters = {name: list(values) for name, values in reading.items()}
    return Answer(
        tuple(h.profile.id for h in result.hits), result.total, filters, concepts, (), judgement.crisis or False
    )
