"""The OpenAPI 3.1 document, made from the tables that implement the API: facets, parameters, profile, problems."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from directory import __version__, suggest
from directory.evidence import STRENGTHS
from directory.facets import FACETS
from directory.parameters import FILTERS_WITH_UNKNOWN, MAX_QUERY_LENGTH, MULTI_VALUED, ORDINARY, PARAMETERS, SORTS
from directory.profile import DETAIL_FIELDS
from directory.profile_schema import ProfileSchema
from directory.vocabulary import facet_vocabulary, vocabulary

_TEXT: Final = {"type": "string"}
_WHOLE: Final = {"type": "integer"}
_FLAG: Final = {"type": "boolean"}


def _object(properties: Mapping[str, Any], *optional: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [name for name in properties if name not in optional],
    }


def _list(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(items)}


def _or_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {**schema, "type": [schema["type"], "null"]}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _value_schema(name: str) -> dict[str, Any]:
    """The schema of one value of a parameter, from the table that parses it."""
    facet = next((f for f in FACETS if f.name == name), None)
    if facet:
        return {"type": "string", "enum": list(facet_vocabulary(facet).codes)}
    field = ORDINARY[name][0]
    if (low := getattr(field, "low", None)) is not None:
        return {"type": "integer", "minimum": low, "maximum": getattr(field, "high", None)}
    listed: dict[str, Any] = {
        "state": vocabulary("states").codes,
        "office_state": vocabulary("states").codes,
        "sort": SORTS,
        "include_unknown": FILTERS_WITH_UNKNOWN,
        "facets": (*(f.name for f in FACETS), "none"),
        "understand": ("true", "false"),
    }
    if name in listed:
        return {"type": "string", "enum": list(listed[name])}
    return {"type": "string", "maxLength": MAX_QUERY_LENGTH} if name == "q" else dict(_TEXT)


def _parameters() -> list[dict[str, Any]]:
    meanings = {f.name: f"{f.label}. {f.help}" for f in FACETS} | {n: m for n, (_, m) in ORDINARY.items()}
    found = []
    for name in PARAMETERS:
        schema = _value_schema(name)
        found.append(
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": meanings[name],
                "schema": _list(schema) if name in MULTI_VALUED else schema,
                "explode": True,
            }
        )
    return found


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/problem+json": {"schema": _ref("Problem")}}}


def _answer(description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": dict(schema)}}}


_GENERATION: Final = _object({"name": _TEXT, "built_at": {"type": "string", "format": "date-time"}})
_COUNTS: Final = _object(
    {
        "name": _TEXT,
        "label": _TEXT,
        "values": _list(_object({"code": _TEXT, "label": _TEXT, "count": _WHOLE, "selected": _FLAG})),
        "not_stated": _WHOLE,
    }
)
_STANDING: Final = {"type": "string", "enum": ["yes", "listed", "not_verified", "no"]}
_OF_EVIDENCE: Final = ("concern", "audience", "strength", "source", "date")
_OF_THE_REQUEST: Final = {
    "eligibility": _object({"state": _TEXT, "in_person": _STANDING, "remote": _STANDING, "because": _list(_TEXT)}),
    "distance_miles": {"type": ["number", "null"]},
    "why": _list(
        _object(
            {
                "field": _TEXT,
                "code": _or_null(_TEXT),
                "matched": _TEXT,
                "how": _TEXT,
                "concern": _TEXT,
                "audience": _list(_TEXT),
                "strength": _TEXT,
                "source": _TEXT,
                "date": _TEXT,
            },
            *_OF_EVIDENCE,
        )
    ),
}
_WHY_NOT: Final = _object({"filter": _TEXT, "asked": {}, "stated": {}, "reason": _TEXT})
_UNDERSTOOD: Final = _object(
    {
        "filters": {"type": "object", "additionalProperties": _list(_TEXT)},
        "concepts": _list(_TEXT),
        "text": _TEXT,
        "corrected": _list(_object({"from": _TEXT, "to": _TEXT})),
        "crisis": _FLAG,
        "evidence": _list(
            _object(
                {
                    "concern": _TEXT,
                    "modality": _TEXT,
                    "audience": _list(_TEXT),
                    "strength": {"type": "string", "enum": list(STRENGTHS)},
                    "source": _TEXT,
                    "date": _TEXT,
                    "url": _or_null(_TEXT),
                    "text": _TEXT,
                }
            )
        ),
    }
)
_RELAX: Final = _object(
    {
        "drop": _TEXT,
        "value": {},
        "widen": _TEXT,
        "from": {},
        "to": {},
        "include_unknown": _TEXT,
        "words": _TEXT,
        "and": _list({"type": "object"}),
        "total": _WHOLE,
    },
    *("drop", "value", "widen", "from", "to", "include_unknown", "words", "and"),
)
_PAGE: Final = _object(
    {
        "total": _WHOLE,
        "page": _WHOLE,
        "page_size": _WHOLE,
        "next": _or_null(_TEXT),
        "degraded": _FLAG,
        "generation": _ref("Generation"),
        "results": _list(_ref("Result")),
        "facets": _list(_COUNTS),
        "filters": _list(_object({"name": _TEXT, "not_stated": _WHOLE})),
        "understood": _or_null(_UNDERSTOOD),
        "relax": _list(_RELAX),
    }
)
_SUGGESTIONS: Final = _object(
    {
        "q": _TEXT,
        "crisis": _FLAG,
        "generation": _ref("Generation"),
        "groups": {"type": "object", "additionalProperties": _TEXT},
        "suggestions": {
            "type": "array",
            "maxItems": suggest.LIMIT,
            "items": _object(
                {
                    "group": {"type": "string", "enum": list(suggest.GROUPS)},
                    "code": _or_null(_TEXT),
                    "id": _or_null(_TEXT),
                    "label": _TEXT,
                    "detail": _or_null(_TEXT),
                    "matched": _TEXT,
                    "parameter": _or_null(_TEXT),
                    "value": _or_null(_TEXT),
                    "count": _WHOLE,
                    "search": _or_null(_TEXT),
                }
            ),
        },
    }
)
_PROBLEM: Final = _object(
    {
        "type": _TEXT,
        "title": _TEXT,
        "status": _WHOLE,
        "detail": _TEXT,
        "errors": _list(_object({"parameter": _TEXT, "value": _TEXT, "message": _TEXT, "suggestion": _or_null(_TEXT)})),
        "crisis": _FLAG,
    },
    "errors",
    "crisis",
)


def _components(spec: APISpec) -> None:
    spec.components.schema("Generation", _GENERATION)
    spec.components.schema("Problem", _PROBLEM)
    spec.components.schema("Profile", schema=ProfileSchema)
    profile = spec.to_dict()["components"]["schemas"]["Profile"]
    computed = {"license_states": _list(_TEXT), **_OF_THE_REQUEST}
    whole = {**profile["properties"], **computed}
    short = {name: schema for name, schema in whole.items() if name not in DETAIL_FIELDS}
    spec.components.schema("Result", _object(short, *_OF_THE_REQUEST))
    one = {"matches": _FLAG, "why_not": _list(_WHY_NOT), "generation": _ref("Generation")}
    spec.components.schema("Provider", _object({**whole, **one}, *_OF_THE_REQUEST))
    spec.components.schema("Page", _PAGE)
    spec.components.schema("Suggestions", _SUGGESTIONS)


def _paths(spec: APISpec) -> None:
    parameters = _parameters()
    wrong = _problem("The parameters have mistakes; every one is named")
    away = _problem("The engine is away")
    spec.path(
        "/api/v1/providers",
        operations={
            "get": {
                "summary": "Search",
                "operationId": "searchProviders",
                "parameters": parameters,
                "responses": {
                    "200": _answer("A page of results with exact counts", _ref("Page")),
                    "400": wrong,
                    "410": _problem("The generation of this walk has been pruned"),
                    "503": away,
                },
            }
        },
    )
    id_ = {"name": "id", "in": "path", "required": True, "schema": _TEXT, "example": "npi:1999999984"}
    spec.path(
        "/api/v1/providers/{id}",
        operations={
            "get": {
                "summary": "One provider",
                "operationId": "getProvider",
                "parameters": [id_, *parameters],
                "responses": {
                    "200": _answer("Everything known", _ref("Provider")),
                    "400": wrong,
                    "404": _problem("No provider has this id"),
                    "503": away,
                },
            }
        },
    )
    spec.path(
        "/api/v1/suggest",
        operations={
            "get": {
                "summary": "What the words of a search may become",
                "operationId": "suggest",
                "parameters": [p for p in parameters if p["name"] not in suggest.NOT_HERE],
                "responses": {"200": _answer("At most ten", _ref("Suggestions")), "400": wrong, "503": away},
            }
        },
    )
    code = _object(
        {"code": _TEXT, "label": _TEXT, "short": _or_null(_TEXT), "parent": _or_null(_TEXT), "help": _or_null(_TEXT)}
    )
    vocabularies = _object(
        {
            "facets": _list(_object({"name": _TEXT, "label": _TEXT, "kind": _TEXT, "vocabulary": _or_null(_TEXT)})),
            "vocabularies": {"type": "object", "additionalProperties": _list(code)},
        }
    )
    _plain(spec, "/api/v1/vocabularies", "Codes and what they mean", {"200": _answer("All lists", vocabularies)})
    _plain(spec, "/api/v1/openapi.json", "This document", {"200": _answer("OpenAPI 3.1", {"type": "object"})})
    _plain(spec, "/healthz", "Whether the process answers", {"200": _answer("It does", _object({"status": _TEXT}))})
    ready = _object(
        {
            "status": _TEXT,
            "engine": _TEXT,
            "generation": _ref("Generation"),
            "providers": _WHOLE,
            "warnings": _list(_TEXT),
        }
    )
    _plain(spec, "/readyz", "Whether searches can be answered", {"200": _answer("They can", ready), "503": away})


def _plain(spec: APISpec, path: str, summary: str, responses: Mapping[str, Any]) -> None:
    spec.path(path, operations={"get": {"summary": summary, "responses": dict(responses)}})


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The document as plain JSON values."""
    spec = APISpec(
        title="Provider directory",
        version=__version__,
        openapi_version="3.1.0",
        info={"description": "Exact faceted search of mental health professionals in the United States."},
        plugins=[MarshmallowPlugin()],
    )
    _components(spec)
    _paths(spec)
    return dict(spec.to_dict())
