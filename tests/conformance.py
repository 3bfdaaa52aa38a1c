"""What every engine must do, checked against the oracle: totals, counts, membership, order and walks.

    engine = …; build(engine, profiles)
    conform(engine, Oracle(profiles), today, examples=300, seed=1)

A failure names the query string; `check(engine, oracle, Search("…", (), ()), today)` repeats it.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from itertools import cycle, islice, pairwise
from typing import Any, Final
from urllib.parse import urlencode

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings

from directory import plan, search_request
from directory.cursor import Cursor
from directory.engines.base import Engine, FacetCount, Generation, Hit, Result
from directory.interpret import apply, interpret
from directory.profile import Profile
from directory.search_request import SearchRequest
from tests.oracle import Expected, Oracle, points, turn
from tests.strategies import Search, searches

_MOST_PAGES: Final = 12
"""About how many pages a walk has at most: larger ones than drawn, where there are many results."""
_FARTHEST: Final = 20
"""After how many pages a walk over tens of thousands of results ends."""


@dataclass(slots=True)
class Tally:
    """What the searches of a run were like, so that nobody mistakes a run over empty results for a proof."""

    searches: int = 0
    with_results: int = 0
    three_filters: int = 0
    three_filters_with_results: int = 0
    walks: int = 0
    totals: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        shares = {
            "with results": self.with_results,
            "with three filters or more": self.three_filters,
            "both": self.three_filters_with_results,
            "walked": self.walks,
        }
        said = ", ".join(f"{100 * n / max(1, self.searches):.0f}% {what}" for what, n in shares.items())
        middle = statistics.median(self.totals) if self.totals else 0
        return f"{self.searches} searches: {said}; median total {middle:g}"

    def __add__(self, other: Tally) -> Tally:
        return Tally(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    def count(self, search: Search, total: int) -> None:
        """Take in one search that found `total` providers."""
        many = len(search.filters) >= 3
        self.searches += 1
        self.with_results += total > 0
        self.three_filters += many
        self.three_filters_with_results += many and total > 0
        self.walks += bool(search.sizes)
        self.totals.append(total)


def build(engine: Engine, profiles: Iterable[Profile]) -> Generation:
    """Make a generation of `profiles` the live one of `engine`."""
    before = next((g.name for g in engine.generations() if g.live), None)
    made = engine.start_build()
    made.add(sorted(profiles, key=lambda p: p.id))
    return engine.promote(made.finish({}).name, expected=before)


def conform(engine: Engine, oracle: Oracle, today: date, *, examples: int, seed: int, shrink: bool = True) -> Tally:
    """Check `examples` random searches, the same ones for the same seed. AssertionError at the first that differs,
    after looking for its smallest form unless `shrink` is off."""
    tally = Tally()
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)

    @hypothesis.seed(seed)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(searches(oracle.profiles, today))
    def run(search: Search) -> None:
        tally.count(search, check(engine, oracle, search, today))

    run()
    return tally


def check(engine: Engine, oracle: Oracle, search: Search, today: date) -> int:
    """The total of `search`, once the engine's answer and, if asked for, its walk are as the oracle says."""
    request = search_request.parse(search.query.encode(), today)
    if search.understood is not None:
        request = replace(request, understood=search.understood)
    elif search.interpreted:
        request = interpret(request, engine.lexicon())
    expected = oracle.search(request)
    result = engine.search(plan.plan(request))
    wrong = [*_counts(result, expected), *_page(result, expected, request, oracle)]
    if not wrong and search.sizes:
        wrong = _walk(engine, oracle, request, expected, search.sizes)
    asked = [f"on {today}: /api/v1/providers?{search.query}", f"pages of {search.sizes}", f"{search.understood}"]
    assert not wrong, "\n".join([*asked, *wrong])
    return expected.total


def _differs(what: str, got: Any, wanted: Any) -> list[str]:
    return [] if got == wanted else [f"{what}: got {got!r}, expected {wanted!r}"]


def _facet(name: str, got: FacetCount, counts: dict[str, int], not_stated: int) -> list[str]:
    wrong = _differs(f"not stated of {name}", got.not_stated, not_stated)
    for code in {**counts, **got.counts}:
        wrong += _differs(f"count of {name}={code}", got.counts.get(code, 0), counts.get(code, 0))
    return wrong


def _counts(result: Result, expected: Expected) -> list[str]:
    wrong = _differs("total", result.total, expected.total)
    wrong += _differs("facets", set(result.facets), set(expected.facets))
    for name in result.facets.keys() & expected.facets.keys():
        wrong += _facet(name, result.facets[name], dict(expected.facets[name]), expected.not_stated[name])
    return wrong + _differs("unknown", dict(result.unknown), dict(expected.unknown))


def _page(result: Result, expected: Expected, request: SearchRequest, oracle: Oracle) -> list[str]:
    ids = [hit.profile.id for hit in result.hits]
    start, end = request.offset, request.offset + request.page_size
    if expected.ordered:
        wrong = _differs("page", ids, list(expected.ids[start:end]))
    else:
        wrong = _differs("results on the page", len(ids), len(expected.ids[start:end]))
        wrong += _differs("results that don't match", set(ids) - set(expected.ids), set())
        wrong += _ranked(result.hits, request.today) + _scored(result.hits, request, oracle)
    known = oracle.by_id
    wrong += [f"profile changed: {h.profile}" for h in result.hits if h.profile != known.get(h.profile.id)]
    return wrong + _differs("more", result.more, end < expected.total)


def _ranked(hits: Sequence[Hit], today: date) -> list[str]:
    """Whether text matches come by score, then by turn, then by id, each once."""

    def place(hit: Hit) -> tuple[float, int, str]:
        score = hit.key[0]
        assert isinstance(score, int | float)
        return abs(score), -turn(hit.profile, today), hit.profile.id

    wrong = []
    for before, after in pairwise(hits):
        (score, late, id_), (score_after, late_after, id_after) = place(before), place(after)
        in_order = score > score_after or (
            score == score_after and (late > late_after or (late == late_after and id_ < id_after))
        )
        if not in_order:
            wrong.append(f"out of order: {before.profile.id} {before.key} before {id_after} {after.key}")
    return wrong


def _scored(hits: Sequence[Hit], request: SearchRequest, oracle: Oracle) -> list[str]:
    """Whether a score is the points of the table, and more by what the words are worth to the engine."""
    tokens = {t for word in request.ranked_words for alternative in word for t in alternative}
    wrong = []
    for hit in hits:
        score, by_table = hit.key[0], points(hit.profile, request)
        assert isinstance(score, int | float)
        by_words = abs(score) - by_table
        has_words = not oracle.found(hit.profile.id).isdisjoint(tokens)
        if by_words <= 0 if has_words else by_words != 0:
            wrong.append(f"score of {hit.profile.id}: {score}, {by_table} by the table, words: {has_words}")
    return wrong


def next_query(request: SearchRequest, result: Result, size: int) -> str:
    """The query string that goes on after `result`, with pages of `size`, as a program would send it."""
    last = result.hits[-1]
    args = tuple(request.to_args(everything=False))
    cursor = Cursor(result.generation.name, args, last.key, last.profile.id, request.today)
    return urlencode([("after", cursor.token()), ("page_size", size), ("facets", "none")])


def walk(engine: Engine, request: SearchRequest, sizes: Iterable[int]) -> Iterable[Result]:
    """The pages of a walk through all results, of `sizes` by turns."""
    turns = iter(sizes)
    request = replace(request, page=1, page_size=next(turns), facets=frozenset())
    result = engine.search(plan.plan(request))
    yield result
    while result.more:
        # A walk keeps its date, even when it goes on another day.
        tomorrow = request.today + timedelta(days=1)
        query = next_query(request, result, next(turns))
        again = search_request.parse(query.encode(), tomorrow)
        request = again if request.understood is None else apply(again, request.understood)
        result = engine.search(plan.plan(request))
        yield result


def _walk(
    engine: Engine, oracle: Oracle, request: SearchRequest, expected: Expected, sizes: Sequence[int]
) -> list[str]:
    least = -(-expected.total // _MOST_PAGES)
    large = [min(100, max(size, least)) for size in sizes]
    hits: list[Hit] = []
    wrong: list[str] = []
    pages = islice(walk(engine, request, cycle(large)), _FARTHEST)
    for size, result in zip(cycle(large), pages, strict=False):
        hits += result.hits
        wrong += _differs("total on the walk", result.total, expected.total)
        wrong += _differs("more on the walk", result.more, len(hits) < expected.total)
        full = size if result.more else expected.total - (len(hits) - len(result.hits))
        wrong += _differs("results on a page of the walk", len(result.hits), full)
        if wrong:
            return wrong
    ids = [hit.profile.id for hit in hits]
    if expected.ordered:
        return _differs("walk", ids, list(expected.ids[: len(ids)]))
    # What is found once each and as often as there are results is all of them.
    wrong = _differs("results of the walk that don't match", set(ids) - set(expected.ids), set())
    return wrong + _differs("results of the walk, each once", len(set(ids)), len(ids)) + _ranked(hits, request.today)
