"""A plan as the bodies of one `_msearch`. Pure: what goes in is the plan, what comes out is JSON values.

The main search has all filters in its query and counts the facets that are not selected; a facet that is, is counted
by a search of size 0 without its own filter. One round trip, and the searches of size 0 use the shard's request cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from directory.cursor import Key
from directory.document import TEXTS
from directory.engines.base import walk_key
from directory.engines.elastic_index import licensed_term
from directory.facets import FACET
from directory.licensure import NO_END
from directory.places import EARTH_RADIUS_MILES
from directory.plan import And, Between, Expr, FacetPlan, Has, Licensed, Missing, Near, Or, SearchPlan, SortKey, Text
from directory.text import Alternative, Word
from directory.vocabulary import facet_vocabulary

LAST: Final = float(2**53 - 1)
"""The sort value of what is not stated, where a script gives the value."""

# Lucene's haversine takes the Earth for a sphere of this radius (SloppyMath); distances scale with it.
_LUCENE_RADIUS_METERS: Final = 6_371_008.7714
METERS_PER_MILE: Final = _LUCENE_RADIUS_METERS / EARTH_RADIUS_MILES

_INFINITE: Final = "Infinity"

_ROTATION: Final = """
long z = doc['shuffle'].value + params.day * -7046029254386353131L;
z = (z ^ (z >>> 30)) * -4658895280553007687L;
z = (z ^ (z >>> 27)) * -7723592293110705685L;
return (z ^ (z >>> 31)) >>> 12;
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
            return {"bool": {"should": [clause(e) for e in items], "minimum_should_match": 1}}
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
            meters = miles * METERS_PER_MILE
            return {"geo_distance": {"distance": f"{meters!r}m", "point": {"lat": point.lat, "lon": point.lon}}}
        case Licensed(state, way, day):
            last = licensed_term(state, NO_END.toordinal())
            return {"range": {f"licensed.{way}": {"gte": licensed_term(state, day), "lte": last}}}
        case Text(words):
            return {"bool": {"must": [_word(w) for w in words]}}


def _word(word: Word) -> dict[str, Any]:
    either = [_alternative(a) for a in word]
    return either[0] if len(either) == 1 else {"bool": {"should": either, "minimum_should_match": 1}}


def _alternative(alternative: Alternative) -> dict[str, Any]:
    tokens = [_token(t) for t in alternative]
    return tokens[0] if len(tokens) == 1 else {"bool": {"must": tokens}}


def _token(token: str) -> dict[str, Any]:
    fields = [{"term": {f"text.{name}": {"value": token, "boost": weight}}} for name, weight in TEXTS.items()]
    return {"bool": {"should": fields, "minimum_should_match": 1}}


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
        point = {"lat": plan.near.lat, "lon": plan.near.lon}
        return {"_geo_distance": {"point": point, "order": order, "unit": "m", "mode": "min"}}
    if key.floor is not None:
        return _script(_FROM_FLOOR, {"column": key.column, "floor": key.floor, "last": LAST})
    return {key.column: {"order": order, "missing": "_last"}}


def _script(source: str, params: Mapping[str, Any]) -> dict[str, Any]:
    script = {"lang": "painless", "source": source.strip(), "params": dict(params)}
    return {"_script": {"type": "number", "script": script, "order": "asc"}}


def key_of(plan: SearchPlan, values: Sequence[Any]) -> Key:
    """A hit's sort values as a cursor keeps them, without the id. The distance of who has no place is infinite, which
    JSON cannot say as a number."""
    return tuple(None if value == _INFINITE else value for value in values[: len(plan.order)])


def _sort_values(plan: SearchPlan) -> list[Any]:
    key = walk_key(plan, texts=("name",))
    return [_INFINITE if value is None else value for value in key]


# Searches


def _counts(facet: FacetPlan) -> dict[str, Any]:
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
    aggregations = {name: agg for facet in facets for name, agg in _counts(facet).items()}
    query = {"bool": {"filter": _filters(base)}}
    return Search({"size": 0, "track_total_hits": False, "query": query, "aggs": aggregations}, facets)


def _main(plan: SearchPlan, facets: tuple[FacetPlan, ...]) -> Search:
    scored = any(key.column == "score" for key in plan.order)
    items = plan.where.items if isinstance(plan.where, And) else (plan.where,)
    query: dict[str, Any] = {"filter": [clause(e) for e in items if not (scored and isinstance(e, Text))]}
    if scored and plan.text:
        query["must"] = [clause(plan.text)]
    body: dict[str, Any] = {
        "size": plan.limit,
        "track_total_hits": True,
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
        body["aggs"] = {name: agg for facet in facets for name, agg in _counts(facet).items()}
    return Search(body, facets)


def searches(plan: SearchPlan) -> list[Search]:
    """All searches of `plan`, the main one first. Facets with the same base share a search."""
    by_base: dict[Expr, list[FacetPlan]] = {plan.where: []}
    for facet in plan.facets:
        by_base.setdefault(facet.base, []).append(facet)
    found = [_main(plan, tuple(by_base.pop(plan.where)))]
    found += [_counting(base, tuple(facets)) for base, facets in by_base.items()]
    return found + list(_unknown(plan))


def _unknown(plan: SearchPlan) -> Iterator[Search]:
    for name, expr in plan.unknown.items():
        query = {"bool": {"filter": _filters(expr)}}
        yield Search({"size": 0, "track_total_hits": True, "query": query}, unknown=name)


def counts_of(facet: FacetPlan, aggregations: Mapping[str, Any]) -> tuple[dict[str, int], int]:
    """(count by code, how many state nothing) out of a search's aggregations."""
    not_stated = int(aggregations[f"{facet.name}/-"]["doc_count"])
    if facet.values is not None:
        return {code: int(aggregations[f"{facet.name}/{code}"]["doc_count"]) for code in facet.values}, not_stated
    return {b["key"]: int(b["doc_count"]) for b in aggregations[facet.name]["buckets"]}, not_stated
