"""A plan as the bodies of one `_msearch`. Pure: what goes in is the plan, what comes out is JSON values.

The main search has all filters in its query and counts the facets that are not selected; a facet that is, is counted
by a search of size 0 without its own filter. One round trip, and the searches of size 0 use the shard's request cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from directory.cursor import CHANGED_CURSOR
from directory.document import TEXTS
from directory.engines.base import walk_key
from directory.engines.elastic_index import licensed_term
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
    """One search of the `_msearch`: what it counts (`facets`, or the total for the filter `unknown`) and its body."""

    body: dict[str, Any]
    facets: tuple[FacetPlan, ...] = ()
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


def facet_aggregations(facet: FacetPlan) -> dict[str, Any]:
    """Aggregations that count `facet`: `<name>` by value, `<name>/-` those who state nothing."""
    if facet.values is not None:
        by_value = {f"{facet.name}/{code}": {"filter": clause(expr)} for code, expr in facet.values.items()}
        return {**by_value, f"{facet.name}/-": {"filter": clause(facet.missing)}}
    size = len(facet_vocabulary(FACET[facet.name]).codes)
    return {
        facet.name: {"terms": {"field": facet.name, "size": size}},
        f"{facet.name}/-": {"missing": {"field": facet.name}},
    }


def _counting(base: Expr, facets: tuple[FacetPlan, ...]) -> Search:
    aggregations = {name: agg for facet in facets for name, agg in facet_aggregations(facet).items()}
    query = {"bool": {"filter": _filters(base)}}
    return Search({"size": 0, "track_total_hits": False, "query": query, "aggs": aggregations}, facets)


def _main(plan: SearchPlan, facets: tuple[FacetPlan, ...], total: bool) -> Search:
    query: dict[str, Any] = {"filter": _filters(plan.where)}
    if plan.score:
        # Without a filter `should` would not only rank, but leave out those whom no clause matches.
        query["filter"] = query["filter"] or [{"match_all": {}}]
        query["should"] = _scores(plan.score)
    body: dict[str, Any] = {
        "size": plan.limit,
        "track_total_hits": total,
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
    if facets:
        body["aggs"] = {name: agg for facet in facets for name, agg in facet_aggregations(facet).items()}
    return Search(body, facets)


def searches(plan: SearchPlan, *, total: bool = True) -> list[Search]:
    """All searches of `plan`, the main one first. Facets with the same base share a search. Without `total` it is not
    counted how many match, which spares looking at all of them."""
    by_base: dict[Expr, list[FacetPlan]] = {plan.where: []}
    for facet in plan.facets:
        by_base.setdefault(facet.base, []).append(facet)
    found = [_main(plan, tuple(by_base.pop(plan.where)), total)]
    found += [_counting(base, tuple(facets)) for base, facets in by_base.items()]
    return found + list(_unknown(plan))


def counting(expr: Expr, unknown: str | None = None) -> Search:
    """A search that only tells how many match `expr`."""
    query = {"bool": {"filter": _filters(expr)}}
    return Search({"size": 0, "track_total_hits": True, "query": query}, unknown=unknown)


def _unknown(plan: SearchPlan) -> Iterator[Search]:
    for name, expr in plan.unknown.items():
        yield counting(expr, name)


def counts_of(facet: FacetPlan, aggregations: Mapping[str, Any]) -> tuple[dict[str, int], int]:
    """(count by code, how many state nothing) out of a search's aggregations."""
    not_stated = int(aggregations[f"{facet.name}/-"]["doc_count"])
    if facet.values is not None:
        return {code: int(aggregations[f"{facet.name}/{code}"]["doc_count"]) for code in facet.values}, not_stated
    return {b["key"]: int(b["doc_count"]) for b in aggregations[facet.name]["buckets"]}, not_stated
