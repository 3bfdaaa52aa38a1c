"""The API under /api/v1, and the probes: parse, call search, render; no logic."""

from __future__ import annotations

from typing import Any, Final, cast

import orjson
from flask import Blueprint, Response, current_app, request

from directory import openapi, search, suggest
from directory.answers import Answers
from directory.answers import question as question_of
from directory.engines.base import Engine, Hit
from directory.errors import NotFound
from directory.facets import FACETS
from directory.search_request import SearchRequest, parse
from directory.vocabulary import VOCABULARIES

blueprint: Final = Blueprint("api", __name__)


def json(body: Any, status: int = 200, mimetype: str = "application/json") -> Response:
    """`body` as a JSON answer."""
    return Response(orjson.dumps(body), status, mimetype=mimetype)


def engine() -> Engine:
    """The engine of this application."""
    return cast(Engine, current_app.extensions["engine"])


def _request() -> SearchRequest:
    return parse(request.query_string, current_app.extensions["today"]())


@blueprint.get("/api/v1/providers")
def providers() -> Response:
    """Search: see API.md."""
    asked = _request()
    answers, question = cast(Answers, current_app.extensions["answers"]), question_of("api", asked)
    body = answers.find(question, engine())
    if body is None:
        page = search.page(asked, engine())
        body = orjson.dumps(search.page_dict(page))
        if not page.degraded:
            answers.keep(question, page.generation.name, body)
    return Response(body, mimetype="application/json")


@blueprint.get("/api/v1/providers/<id_>")
def provider(id_: str) -> Response:
    """One provider with everything known, what depends on `state`, `near` (given or understood) and `q`, and whether
    the same search finds them; if not, why not."""
    asked = _request()
    found = engine().get(id_)
    if found is None:
        raise NotFound("there is no provider with this id")
    profile, generation = found
    asked = search.effective(asked, engine())
    (result,) = search.explained([Hit.of(profile)], asked)
    answer = search.found_dict(result, asked, detail=True)
    why_not = search.why_not(profile, asked)
    said = {"matches": not why_not, "why_not": why_not, "generation": search.generation_dict(generation)}
    return json({**answer, **said})


@blueprint.get("/api/v1/suggest")
def suggestions() -> Response:
    """What the words of `q` may become, under the filters of a search."""
    suggest.check(request.query_string)
    asked = _request()
    return json(suggest.suggestions_dict(asked, suggest.suggest(asked, engine(), engine().lexicon())))


@blueprint.get("/api/v1/vocabularies")
def vocabularies() -> Response:
    """Every code with its label, abbreviation, plain explanation and parent; and which facet takes which."""
    lists = {
        name: [
            {"code": t.code, "label": t.label, "short": t.short or None, "parent": t.parent, "help": t.help or None}
            for t in known.terms.values()
        ]
        for name, known in VOCABULARIES.items()
    }
    facets = [{"name": f.name, "label": f.label, "kind": f.kind, "vocabulary": f.vocabulary} for f in FACETS]
    return json({"facets": facets, "vocabularies": lists})


@blueprint.get("/api/v1/openapi.json")
def openapi_document() -> Response:
    """The OpenAPI document, made from the same tables as everything else."""
    return json(openapi.document())


@blueprint.get("/healthz")
def healthz() -> Response:
    """Whether the process answers."""
    return json({"status": "ok"})


@blueprint.get("/readyz")
def readyz() -> Response:
    """Whether searches can be answered, from which generation; warns when it was built by other code."""
    live = engine().ready()
    warnings = []
    if live.fingerprint != engine().fingerprint:
        warnings.append("the live generation was built with other fields or vocabularies than this code's: rebuild it")
    return json(
        {
            "status": "ok",
            "engine": current_app.extensions["settings"].engine,
            "generation": search.generation_dict(live),
            "providers": live.providers,
            "warnings": warnings,
        }
    )
