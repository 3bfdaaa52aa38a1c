"""The same searches as others would send them to Elasticsearch: bodies of one `post_filter` search and of a split
`_msearch`, and addresses of the Searchkit server beside this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from directory.engines import elastic_query
from directory.engines.elastic_query import clause, facet_aggregations
from directory.expressions import And, Expr, Near
from directory.places import Point
from directory.plan import FacetPlan, SearchPlan

HEADERS = {"content-type": "application/x-ndjson"}


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request: what `load` sends."""

    path: str
    method: str = "GET"
    body: bytes = b""


def _items(expr: Expr) -> tuple[Expr, ...]:
    return expr.items if isinstance(expr, And) else (expr,)


def _lines(bodies: Sequence[Any], index: str) -> bytes:
    return b"".join(orjson.dumps(line) + b"\n" for body in bodies for line in ({"index": index}, body))


def _main(plan: SearchPlan) -> dict[str, Any]:
    """The main search as one would write it: the hits, order and score of the engine, and an exact total."""
    body = elastic_query.searches(plan)[0].body
    query = {"filter": [clause(e) for e in _items(plan.where)]}
    if plan.score:
        query["filter"] = query["filter"] or [{"match_all": {}}]
        query["should"] = [c for c in body["query"]["bool"]["should"] if c is not elastic_query.EVERYBODY]
    return {name: value for name, value in body.items() if name != "aggs"} | {
        "query": {"bool": query},
        "track_total_hits": True,
    }


def split(plan: SearchPlan, index: str) -> Request:
    """The main search with the facets that are not selected, and one search of size 0 for each that is."""
    by_base: dict[Expr, list[FacetPlan]] = {plan.where: []}
    for facet in plan.facets:
        by_base.setdefault(facet.base, []).append(facet)

    def counted(facets: Sequence[FacetPlan]) -> dict[str, Any]:
        return {name: agg for facet in facets for name, agg in facet_aggregations(facet).items()}

    main = _main(plan)
    if own := by_base.pop(plan.where):
        main["aggs"] = counted(own)
    rest = [
        {"size": 0, "track_total_hits": False, "query": clause(And(_items(base))), "aggs": counted(facets)}
        for base, facets in by_base.items()
    ]
    unknown = [
        {"size": 0, "track_total_hits": True, "query": clause(And(_items(expr)))} for expr in plan.unknown.values()
    ]
    return Request("/_msearch", "POST", _lines([main, *rest, *unknown], index))


def post_filter(plan: SearchPlan, index: str) -> Request:
    """One search: what every count shares in the query, the rest in `post_filter` and in a filter of each count."""
    bases = [frozenset(_items(facet.base)) for facet in plan.facets] or [frozenset(_items(plan.where))]
    shared = frozenset.intersection(*bases) & frozenset(_items(plan.where))

    def rest(expr: Expr) -> dict[str, Any]:
        return clause(And(tuple(e for e in _items(expr) if e not in shared)))

    main = _main(plan)
    query = {"filter": [clause(e) for e in _items(plan.where) if e in shared]}
    if should := main["query"].get("bool", {}).get("should"):
        query["should"] = should
    main["query"] = {"bool": query}
    main["post_filter"] = rest(plan.where)
    main["aggs"] = {
        f"{facet.name}*": {"filter": rest(facet.base), "aggs": facet_aggregations(facet)} for facet in plan.facets
    } | {f"{name}?": {"filter": rest(expr)} for name, expr in plan.unknown.items()}
    return Request(f"/{index}/_search", "POST", orjson.dumps(main))


def searchkit(plan: SearchPlan, filters: Sequence[tuple[str, str]], tokens: Sequence[str], fuzzy: bool) -> Request:
    """The address of `searchkit/server.mjs` for the facet `filters` (name, code), all of `tokens` and the place, order
    and page of `plan`; `fuzzy`: the tokens may be misspelt, as Searchkit does it by default."""
    args = [*filters, *(("token", t) for t in tokens)]
    if fuzzy:
        args.append(("fuzzy", "1"))
    if plan.near:
        args += [("around", _around(plan.near)), ("miles", str(_miles(plan)))]
        if plan.order[0].column == "distance":
            args.append(("sort", "distance"))
    args.append(("page", str(plan.offset // plan.limit)))
    return Request(f"/search?{urlencode(args)}")


def _around(point: Point) -> str:
    return f"{point.lat},{point.lon}"


def _miles(plan: SearchPlan) -> float:
    return next((e.miles for e in _items(plan.where) if isinstance(e, Near)), 500)
