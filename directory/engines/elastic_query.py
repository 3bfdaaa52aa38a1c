"""A plan as the bodies of one `_msearch`. Pure: what goes in is the plan, what comes out is JSON values.

The first search finds the page. Where a score orders it counts nothing, so that Lucene may skip who cannot be on the
page, and another counts who matches and the facets that are not selected. A facet that is, is counted without its own
filter. One round trip; the node answers its searches side by side and keeps those of size 0 in its request cache.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from directory.cursor import CHANGED_CURSOR
from directory.document import TEXTS
from directory.engines.base import FacetCount, walk_key
from directory.engines.elastic_index import COUNTED, NOTHING, licensed_term
from directory.errors import BadRequest, ParameterError
from directory.expressions import And, Between, Expr, Has, Licensed, Missing, Near, Or, Text
from directory.facets import FACET
from directory.licensure import NO_END
from directory.places import EARTH_RADIUS_MILES, Point
from directory.plan import FacetPlan, SearchPlan, SortKey
from directory.ranking import ROWS, Score
from directory.text import Word
from directory.vocabulary import facet_vocabulary

LAST: Final = float(2**52)
"""The sort value of what is not stated, where a script gives the value."""

# Elasticsearch rounds coordinates and takes the Earth for another sphere; within so many miles of a circle's edge its
# own distance is not trusted (decision 10: it is off by 11 mm at most).
_EDGE_MILES: Final = 0.01
_METERS_PER_MILE: Final = 1609.344

_ROTATION: Final = """
long z = doc['shuffle'].value + params.day * -7046029254386353131L;
z = (z ^ (z >>> 30)) * -4658895280553007687L;
z = (z ^ (z >>> 27)) * -7723592293110705685L;
return (z ^ (z >>> 31)) >>> 12;
"""
# The formula of `places.miles`, over coordinates packed by `elastic_index.place`.
_MILES: Final = """
double nearest = params.last;
double lat = Math.toRadians(params.lat);
for (long place : doc['place']) {
  double there = Math.toRadians(((place >>> 29) - 90000000L) / 1000000.0);
  double delta = Math.toRadians(((place & 536870911L) - 180000000L) / 1000000.0 - params.lon);
  double a = Math.sin((there - lat) / 2);
  double b = Math.sin(delta / 2);
  double h = a * a + Math.cos(lat) * Math.cos(there) * b * b;
  nearest = Math.min(nearest, 2 * params.earth * Math.asin(Math.min(1.0, Math.sqrt(h))));
}
"""
_FROM_FLOOR: Final = """
if (doc[params.column].size() == 0) return params.last;
long value = doc[params.column].value;
return value < params.floor ? params.last : value;
"""


@dataclass(frozen=True, slots=True)
class Search:
    """One search of the `_msearch`: its body, and what it counts: `facets`, the plan's `total`, or the total for the
    filter `unknown`."""

    body: dict[str, Any]
    facets: tuple[FacetPlan, ...] = ()
    total: bool = False
    unknown: str | None = None


# Filters


def _field(name: str) -> str:
    return {"near": "point"}.get(name, name)


def clause(expr: Expr) -> dict[str, Any]:
    """`expr` as a query clause; in filter context it only includes and excludes."""
    match expr:
        case And(items):
            return {"bool": {"filter": [clause(e) for e in items]}} if items else {"match_all": {}}
        case Or(items):
            # Without a clause `should` would match everything.
            return _either([clause(e) for e in items]) if items else {"match_none": {}}
        case Has(name, codes):
            return {"terms": {name: list(codes)}}
        case Missing("state"):
            return {"term": {"has_grants": False}}
        case Missing(name):
            return {"bool": {"must_not": [{"exists": {"field": _field(name)}}]}}
        case Between(name, low, high):
            bounds = {key: value for key, value in (("gte", low), ("lte", high)) if value is not None}
            return {"range": {name: bounds}}
        case Near(point, miles):
            return _near(point, miles)
        case Licensed(state, way, day):
            last = licensed_term(state, NO_END.toordinal())
            return {"range": {f"licensed.{way}": {"gte": licensed_term(state, day), "lte": last}}}
        case Text(words):
            return {"bool": {"filter": [_word(w) for w in words]}}


def _word(word: Word) -> dict[str, Any]:
    return _either([_every([{"term": {"all": token}} for token in alternative]) for alternative in word])


def _either(clauses: list[dict[str, Any]]) -> dict[str, Any]:
    return clauses[0] if len(clauses) == 1 else {"bool": {"should": clauses, "minimum_should_match": 1}}


def _every(clauses: list[dict[str, Any]]) -> dict[str, Any]:
    return clauses[0] if len(clauses) == 1 else {"bool": {"filter": clauses}}


def _near(point: Point, miles: float) -> dict[str, Any]:
    """Surely within the circle, or in the thin ring around its edge and within by our own formula."""
    inner, outer = _circle(point, miles - _EDGE_MILES), _circle(point, miles + _EDGE_MILES)
    script = {
        "lang": "painless",
        "source": f"{_MILES.strip()}\nreturn nearest <= params.miles;",
        "params": {**_from(point), "miles": miles},
    }
    edge = {"bool": {"filter": [outer, {"script": {"script": script}}], "must_not": [inner]}}
    return {"bool": {"should": [inner, edge], "minimum_should_match": 1}}


def _circle(point: Point, miles: float) -> dict[str, Any]:
    meters = round(miles * _METERS_PER_MILE, 3)
    return {"geo_distance": {"distance": f"{meters}m", "point": {"lat": point.lat, "lon": point.lon}}}


def _from(point: Point) -> dict[str, float]:
    return {"lat": point.lat, "lon": point.lon, "earth": EARTH_RADIUS_MILES, "last": LAST}


EVERYBODY: Final = {"constant_score": {"filter": {"match_all": {}}, "boost": 0.0}}
"""What everybody matches, for no points."""


def _scores(score: Score) -> list[dict[str, Any]]:
    """What ranks: each token in each text, by the weight of the text, and the points of those who match."""
    tokens = dict.fromkeys(t for word in score.words for alternative in word for t in alternative)
    terms = [
        {"term": {f"text.{name}": {"value": token, "boost": weight * ROWS["text"].points}}}
        for token in tokens
        for name, weight in TEXTS.items()
    ]
    points = [
        {"constant_score": {"filter": clause(boost.where), "boost": boost.points}}
        for boost in (*score.standing, *score.boosts)
    ]
    return terms + points


def _filters(expr: Expr) -> list[dict[str, Any]]:
    items = expr.items if isinstance(expr, And) else (expr,)
    return [clause(e) for e in items]


# Order


def _sort(key: SortKey, plan: SearchPlan) -> dict[str, Any]:
    order = "desc" if key.descending else "asc"
    if key.column == "score":
        return {"_score": {"order": order}}
    if key.column == "rotation":
        return _script(_ROTATION, {"day": plan.day})
    if key.column == "distance":
        if plan.near is None:
            raise ValueError("an order by distance needs a point")
        return _script(f"{_MILES.strip()}\nreturn nearest;", _from(plan.near))
    if key.floor is not None:
        return _script(_FROM_FLOOR, {"column": key.column, "floor": key.floor, "last": LAST})
    return {key.column: {"order": order, "missing": "_last"}}


def _script(source: str, params: Mapping[str, Any]) -> dict[str, Any]:
    script = {"lang": "painless", "source": source.strip(), "params": dict(params)}
    return {"_script": {"type": "number", "script": script, "order": "asc"}}


def _sort_values(plan: SearchPlan) -> list[Any]:
    """The sort values to go on after. They came from here, where what is not stated is a number too."""
    key = walk_key(plan, texts=("name",))
    if None in key:
        raise BadRequest("", [ParameterError("after", "", CHANGED_CURSOR)])
    return [*key]


# Searches

_SEVERAL: Final = 5
"""So many facets take longer to count each by its own column than all by the one of all."""


def facet_aggregations(facet: FacetPlan) -> dict[str, Any]:
    """Aggregations that count `facet`: `<name>` by value, and those who state nothing by `<name>/-` or among these."""
    if facet.values is not None:
        # All in one: a filter by itself would look at everybody, where these go through those who match them.
        filters = {code: clause(expr) for code, expr in (*facet.values.items(), (NOTHING, facet.missing))}
        return {facet.name: {"filters": {"filters": filters}}}
    size = len(facet_vocabulary(FACET[facet.name]).codes)
    return {
        facet.name: {"terms": {"field": facet.name, "size": size}},
        f"{facet.name}/{NOTHING}": {"missing": {"field": facet.name}},
    }


def _page(plan: SearchPlan) -> Search:
    """The search that finds who is on the page, in order."""
    query: dict[str, Any] = {"filter": _filters(plan.where)}
    if plan.score:
        # Only where one clause of several must match, Lucene skips those whom the rest cannot lift onto the page; so
        # there is one that all match.
        query |= {"should": [*_scores(plan.score), EVERYBODY], "minimum_should_match": 1}
    body: dict[str, Any] = {
        "size": plan.limit,
        "track_total_hits": False,
        "_source": ["profile"],
        "query": {"bool": query},
        "sort": [*(_sort(key, plan) for key in plan.order), {"id": {"order": "asc"}}],
    }
    if plan.after_id is not None:
        body["search_after"] = [*_sort_values(plan), plan.after_id]
        # One more than asked for tells whether the walk goes on; by page the total does.
        body["size"] = plan.limit + 1
    elif plan.offset:
        body["from"] = plan.offset
    return Search(body)


def searches(plan: SearchPlan, *, total: bool = True) -> list[Search]:
    """All searches of `plan`, the page's first. Facets with the same base share a search. Without `total` it is not
    counted how many match."""
    by_base: dict[Expr, list[FacetPlan]] = {plan.where: []} if total else {}
    for facet in plan.facets:
        by_base.setdefault(facet.base, []).append(facet)
    found = [_page(plan)]
    for base, facets in by_base.items():
        here = base == plan.where
        count = counting(base, facets=tuple(facets), total=total and here)
        if here and plan.score is None:
            # To order by a column takes less than to find everybody twice.
            both = {**count.body, **found[0].body, "track_total_hits": count.body["track_total_hits"]}
            found[0] = replace(count, body=both)
        else:
            found.append(count)
    return [*found, *(counting(expr, unknown=name) for name, expr in plan.unknown.items())]


def counting(
    expr: Expr, *, facets: tuple[FacetPlan, ...] = (), total: bool = False, unknown: str | None = None
) -> Search:
    """A search that only counts: how many match `expr`, unless it is for `facets` alone, and what those state."""
    body: dict[str, Any] = {
        "size": 0,
        "track_total_hits": total or not facets,
        "query": {"bool": {"filter": _filters(expr)}},
    }
    if facets:
        body["aggs"] = _aggregations(facets)
    return Search(body, facets, total, unknown)


def _divided(facets: Sequence[FacetPlan]) -> tuple[list[FacetPlan], list[FacetPlan]]:
    """Which of `facets` are counted by the one column of all (it pays from a few on), and which by their own."""
    together = [facet for facet in facets if facet.values is None]
    if len(together) < _SEVERAL:
        return [], [*facets]
    return together, [facet for facet in facets if facet.values is not None]


def _aggregations(facets: Sequence[FacetPlan]) -> dict[str, Any]:
    together, alone = _divided(facets)
    found = {name: agg for facet in alone for name, agg in facet_aggregations(facet).items()}
    return {**found, "counted": {"terms": {"field": "counted", "size": COUNTED}}} if together else found


def counts_of(facets: Sequence[FacetPlan], aggregations: Mapping[str, Any]) -> dict[str, FacetCount]:
    """What `facets` count, by name, out of the aggregations of their search."""
    together, alone = _divided(facets)
    found = {facet.name: _count_of(facet, aggregations) for facet in alone}
    if together:
        stated: dict[str, dict[str, int]] = {facet.name: {} for facet in together}
        for bucket in aggregations["counted"]["buckets"]:
            name, _, code = bucket["key"].partition("/")
            if name in stated:
                stated[name][code] = int(bucket["doc_count"])
        found |= {name: FacetCount(counts, counts.pop(NOTHING, 0)) for name, counts in stated.items()}
    return found


def _count_of(facet: FacetPlan, aggregations: Mapping[str, Any]) -> FacetCount:
    buckets = aggregations[facet.name]["buckets"]
    if facet.values is not None:
        counts = {code: int(bucket["doc_count"]) for code, bucket in buckets.items()}
        return FacetCount(counts, counts.pop(NOTHING))
    not_stated = int(aggregations[f"{facet.name}/{NOTHING}"]["doc_count"])
    return FacetCount({bucket["key"]: int(bucket["doc_count"]) for bucket in buckets}, not_stated)
