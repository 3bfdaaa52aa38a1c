"""What would find more: every way to ask for a little less than a request does, with the exact number it would find.

Nothing is relaxed silently. A change is a request of its own, made by the same rules as any other, so the number that
is promised is the number that is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice
from typing import Any, Final, Literal

from directory.engines.base import Engine
from directory.expressions import Expr
from directory.facets import FACET, FACETS
from directory.parameters import FILTERS_WITH_UNKNOWN
from directory.plan import matching
from directory.search_request import SearchRequest
from directory.text import words

FEW: Final = 3
"""With fewer results than this, ways to find more are looked for."""

MOST_WORDS: Final = 8
"""So many words that must occur are tried without, each alone."""

_TOGETHER: Final = (2, 3)
_MOST_TOGETHER: Final = 60
"""Where no single change helps, so many filters are left out at once; and so many of those sets are tried."""

_DOLLARS: Final = (20, 50)
_RADII: Final = (5, 10, 25, 50, 100, 250, 500)
_DAYS: Final = (30, 90, 180, 365, 730)
_YEARS: Final = (10, 5, 2)
_STEPS: Final = 2
"""So many wider values of a filter are tried."""

_NUMBERS: Final = ("state", "near", "max_fee", "min_experience", "verified_within", "office_state")

Interpret = Callable[[SearchRequest], SearchRequest]


@dataclass(frozen=True, slots=True)
class Change:
    """One way to ask for less, and how many it finds. `name` is the filter (`q` for a word, `radius` for the distance
    of `near`), `before` what is asked now, `after` what instead (None for `drop` and `include_unknown`). `words` are
    those of the query that the filter was understood from. `request` is the changed request, not yet interpreted.
    `also` are the other filters that it leaves out."""

    kind: Literal["widen", "include_unknown", "drop"]
    name: str
    before: Any
    after: Any
    words: str
    request: SearchRequest
    total: int = 0
    also: tuple[Change, ...] = ()


def relaxed(
    request: SearchRequest, interpret: Interpret, engine: Engine, generation: str, found: int
) -> tuple[Change, ...]:
    """The changes of `request` (as it was asked) by which the engine finds more than the `found` of it, smallest first:
    wider values, then those who state nothing, then a filter less; of these the ones that find fewest first. Where
    none of them finds anybody more, two filters less, else three.

    One call of the engine, or one more for each number of filters. Raises what that raises.
    """
    effective = interpret(request)

    def counted(tried: Sequence[Change]) -> list[Change]:
        exprs: Sequence[Expr] = [matching(interpret(change.request)) for change in tried]
        totals = engine.count(exprs, generation) if exprs else []
        return [replace(c, total=n) for c, n in zip(tried, totals, strict=True)]

    single = counted(tuple(_changes(request, effective)))
    widened = list(_gaining([c for c in single if c.kind == "widen"], found))
    unstated = [c for c in single if c.kind == "include_unknown" and c.total > found]
    dropped = sorted((c for c in single if c.kind == "drop" and c.total > found), key=lambda c: c.total)
    if changes := (*widened, *unstated, *dropped):
        return changes
    filters = [c for c in single if c.kind == "drop" and c.name != "q"]
    for size in _TOGETHER:
        sets = islice(combinations(filters, size), _MOST_TOGETHER) if len(filters) > size else ()
        both = counted([_drop_all(request, effective, several) for several in sets])
        if helping := sorted((c for c in both if c.total > found), key=lambda c: c.total):
            return tuple(helping)
    return ()


def _drop_all(request: SearchRequest, effective: SearchRequest, drops: Sequence[Change]) -> Change:
    """All of `drops` at once, as one change."""
    for drop in drops:
        request = request.without(drop.name)
    first, *others = drops
    return replace(first, request=_cut(request, _spans(effective, [d.name for d in drops])), also=tuple(others))


def _gaining(widened: Sequence[Change], found: int) -> Iterator[Change]:
    """Those that find more than the step before them of the same filter does."""
    best: dict[str, int] = {}
    for change in widened:
        if change.total > best.get(change.name, found):
            best[change.name] = change.total
            yield change


def _changes(request: SearchRequest, effective: SearchRequest) -> Iterator[Change]:
    yield from _wider(request, effective)
    for name in FILTERS_WITH_UNKNOWN:
        if _asked(effective, name) is not None and name not in effective.include_unknown:
            wider = replace(_first_page(request), include_unknown=request.include_unknown | {name})
            yield Change("include_unknown", name, _asked(effective, name), None, _words(effective, name), wider)
    for name in (*(f.name for f in FACETS), *_NUMBERS):
        if _asked(effective, name) is not None:
            yield Change(
                "drop", name, _asked(effective, name), None, _words(effective, name), _without(request, effective, name)
            )
    yield from _fewer_words(request, effective)


def _asked(effective: SearchRequest, name: str) -> Any:
    """What the filter `name` asks for, as a JSON value; None while it is off."""
    if name in FACET:
        return list(chosen) if (chosen := effective.selected.get(name)) else None
    value = getattr(effective, name)
    return value.text if name == "near" and value else value


def _wider(request: SearchRequest, effective: SearchRequest) -> Iterator[Change]:
    """Wider values of single filters, each filter's smallest step first."""
    for name, before, values in (
        ("max_fee", effective.max_fee, [(effective.max_fee or 0) + more for more in _DOLLARS]),
        ("radius", round(effective.radius) if effective.near else None, [r for r in _RADII if r > effective.radius]),
        ("verified_within", effective.verified_within, [d for d in _DAYS if d > (effective.verified_within or 0)]),
        ("min_experience", effective.min_experience, [y for y in _YEARS if y < (effective.min_experience or 0)]),
    ):
        for value in values[:_STEPS] if before is not None else ():
            # A radius that is asked for keeps the place it is around, also one that was understood.
            changed: dict[str, Any] = {name: value}
            if name == "radius":
                changed["near"] = effective.near
            wider = replace(_first_page(request), **changed)
            yield Change("widen", name, before, value, _words(effective, name), wider)
    for name, more in (("meeting", "video"), ("meeting", "in_person"), ("accepting", "waitlist")):
        chosen = effective.selected.get(name, ())
        if chosen and more not in chosen:
            wider = request.with_selected(name, (*chosen, more))
            yield Change("widen", name, list(chosen), list(wider.selected[name]), _words(effective, name), wider)


def _first_page(request: SearchRequest) -> SearchRequest:
    return replace(request, page=1, after=None)


def _words(effective: SearchRequest, name: str) -> str:
    """The words that the filter `name` was understood from; empty when it was asked for by its parameter."""
    found = effective.understood.findings if effective.understood else ()
    return " ".join(f.words for f in found if f.applied and f.parameter == name)


def _without(request: SearchRequest, effective: SearchRequest, name: str) -> SearchRequest:
    """`request` without the filter `name` and without the words that ask for it, applied or not."""
    return _cut(request.without(name), _spans(effective, [name]))


def _spans(effective: SearchRequest, names: Sequence[str]) -> list[tuple[int, int]]:
    """Where in the query the filters `names` are asked for."""
    asking = {*names, *(["radius"] if "near" in names else [])}
    findings = effective.understood.findings if effective.understood else ()
    return [(f.start, f.end) for f in findings if f.parameter in asking and f.because != "negated"]


def _cut(request: SearchRequest, spans: Sequence[tuple[int, int]]) -> SearchRequest:
    """`request` without these parts of its words."""
    q = "".join(" " if any(a <= i < b for a, b in spans) else c for i, c in enumerate(request.q))
    left = " ".join(q.split())
    return replace(_first_page(request), q=left, understood=None)


def _fewer_words(request: SearchRequest, effective: SearchRequest) -> Iterator[Change]:
    """Each word that must occur left out; the last one takes the whole query with it."""
    must = set(effective.words)
    if not must:
        return
    place = 0
    tried = 0
    for typed in request.q.split(" "):
        if typed and not must.isdisjoint(words(typed)) and tried < MOST_WORDS:
            tried += 1
            yield Change("drop", "q", typed, None, "", _cut(request, [(place, place + len(typed))]))
        place += len(typed) + 1
    if tried > 1:
        yield Change("drop", "q", request.q, None, "", request.without("q"))
