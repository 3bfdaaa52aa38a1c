"""The website: parse, call search, render; no logic. Every page works without JavaScript."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, current_app, render_template, request

from directory import search
from directory.api import engine
from directory.errors import NotFound, Problem
from directory.search_request import parse_leniently

blueprint: Final = Blueprint("web", __name__)

_NOT_PAGES: Final = ("/api", "/healthz", "/readyz", "/fhir", "/metrics")


def is_page(path: str) -> bool:
    """Whether `path` (or what a mistake in it meant) is of the website, so that problems are told as a page.

    >>> is_page("/providers/npi:1"), is_page("/api/v1/providers"), is_page("/apiary")
    (True, False, True)
    """
    return not any(path == p or path.startswith(f"{p}/") for p in _NOT_PAGES)


def problem_page(problem: Problem, in_crisis: bool | None) -> Response:
    """The page that tells of `problem`, with the crisis panel first when `in_crisis`."""
    return Response(render_template("problem.html", problem=problem, crisis=bool(in_crisis)), problem.status)


@blueprint.get("/")
def start() -> str:
    """The start page."""
    return render_template("start.html", crisis=False)


@blueprint.get("/search")
def results() -> str:
    """Results, with what of the request could not be understood."""
    asked, mistakes, _ = parse_leniently(request.query_string, current_app.extensions["today"]())
    page = search.page(asked, engine())
    return render_template("results.html", page=page, mistakes=mistakes, crisis=page.crisis)


@blueprint.get("/providers/<id_>")
def provider(id_: str) -> str:
    """One provider with everything known."""
    found = engine().get(id_)
    if found is None:
        raise NotFound("there is no provider with this id")
    return render_template("profile.html", profile=found[0], crisis=False)
