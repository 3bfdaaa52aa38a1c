"""The website: parse, call search, render; no logic. Every page works without JavaScript."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Response, current_app, render_template, request, url_for
from flask.blueprints import BlueprintSetupState

from directory import crisis, search
from directory.api import engine
from directory.engines.base import Generation
from directory.errors import NotFound, Problem
from directory.vocabulary import vocabulary
from directory.web_form import Asked, empty_form, form, understand
from directory.web_glossary import sections
from directory.web_profile import json_ld, profile_page
from directory.web_results import demo_note, results_page
from directory.web_words import day, listing

blueprint: Final = Blueprint("web", __name__)

_NOT_PAGES: Final = ("/api", "/healthz", "/readyz", "/fhir", "/metrics")
_STATIC: Final = Path(__file__).parent / "static"
EXIT_SITE: Final = "https://www.weather.gov/"
"""Where the quick exit goes: a neutral page that nobody wonders about."""

STARTING_POINTS: Final = (
    "anxiety", "depression", "grief", "trauma", "relationship",
    "insomnia", "stress", "substance_use", "parenting", "adhd",
)  # fmt: skip
"""Concerns that the start page offers as links."""


def is_page(path: str) -> bool:
    """Whether `path` (or what a mistake in it meant) is of the website, so that problems are told as a page.

    >>> is_page("/providers/npi:1"), is_page("/api/v1/providers"), is_page("/apiary")
    (True, False, True)
    """
    return not any(path == p or path.startswith(f"{p}/") for p in _NOT_PAGES)


def problem_page(problem: Problem, in_crisis: bool | None) -> Response:
    """The page that tells of `problem`, with the crisis panel first when `in_crisis` and the search as it was typed."""
    # After an error of ours reading the search may be what failed.
    asked = _asked() if problem.status not in (413, 500) else None
    again = None
    if problem.status == 503 and request.method == "GET":
        again = request.path + (f"?{request.query_string.decode('ascii', 'replace')}" if request.query_string else "")
    body = render_template(
        "problem.html",
        problem=problem,
        form=form(asked) if asked else empty_form(),
        again=again,
        crisis=bool(in_crisis),
        noindex=True,
    )
    return Response(body, problem.status)


@blueprint.get("/")
def start() -> str:
    """The start page; it is there when the engine isn't."""
    typed = _asked()
    known = vocabulary("concerns")
    return _page(
        "start.html",
        typed,
        generation=_generation(),
        form=form(typed),
        meeting=[t for t in vocabulary("meeting") if t.code != "online"],
        chosen=typed.request.selected.get("meeting", ()),
        concerns=[(code, known.terms[code].short or known.label(code)) for code in STARTING_POINTS],
    )


@blueprint.get("/search")
def results() -> str:
    """Results, with what of the request could not be understood."""
    asked = _asked()
    page = search.page(asked.request, engine())
    return _page(
        "results.html",
        asked,
        generation=page.generation,
        some_demo=any(found.profile.demo for found in page.results),
        results=results_page(page, asked),
        noindex=True,
    )


@blueprint.get("/providers/<id_>")
def provider(id_: str) -> str:
    """One provider with everything known, for the search that led here."""
    asked = _asked()
    found = engine().get(id_)
    if found is None:
        raise NotFound("Nobody in this directory has this address. They may have left, or the link may be cut off.")
    profile, generation = found
    return _page(
        "profile.html",
        asked,
        generation=generation,
        some_demo=profile.demo,
        profile=profile_page(profile, search.effective(asked.request, engine())),
        linked_data=json_ld(profile, asked.request.today),
        canonical=url_for("web.provider", id_=profile.id),
        noindex=profile.demo,
    )


@blueprint.get("/kinds-of-help")
def kinds() -> str:
    """Which kind of help? Professions and therapies in plain words."""
    return _page("kinds.html", None, sections=sections())


@blueprint.get("/help")
def help_now() -> str:
    """The helplines, and what to do right now."""
    lines = crisis.helplines()
    return _page(
        "help.html",
        None,
        numbers_checked=day(min(h.as_of for h in lines)),
        numbers_from=listing([h.source for h in lines]),
    )


@blueprint.get("/about")
def about() -> str:
    """What this directory is, where it is from and what it keeps."""
    return _page("about.html", None, generation=_generation())


def _asked() -> Asked:
    return understand(request.query_string, current_app.extensions["today"]())


def _page(template: str, asked: Asked | None, **values: Any) -> str:
    """`template` with what every page has: the crisis panel when what was typed asks for it, the demo note."""
    in_crisis = asked is not None and any(crisis.is_crisis(words) for words in asked.words)
    generation: Generation | None = values.get("generation")
    note = demo_note(generation) if generation else ""
    if not note and values.get("some_demo"):
        note = "Some of these profiles are fictional, made up for a demo."
    built = day(generation.built_at.date()) if generation else None
    return render_template(template, crisis=in_crisis, demo_note=note, built=built, **values)


def _generation() -> Generation | None:
    """The live generation; None when the engine is away, because the page needs it for a note only."""
    try:
        return engine().live()
    except Problem:
        return None


@cache
def _version(name: str) -> str:
    return sha256((_STATIC / name).read_bytes()).hexdigest()[:10]


def asset(name: str) -> str:
    """The address of a static file, which changes with its content, so that browsers may keep it."""
    return url_for("static", filename=name, v=_version(name))


@blueprint.record_once
def _prepare(state: BlueprintSetupState) -> None:
    state.app.jinja_env.trim_blocks = state.app.jinja_env.lstrip_blocks = True


@blueprint.app_context_processor
def _everywhere() -> dict[str, Any]:
    return {"asset": asset, "exit_site": EXIT_SITE, "helplines": crisis.helplines()}


@blueprint.after_app_request
def _caching(response: Response) -> Response:
    """A page is for one person; a static file asked for by its version never changes."""
    if request.endpoint == "static":
        if request.args.get("v") and response.status_code in (200, 304):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    elif is_page(request.path):
        response.headers.setdefault("Cache-Control", "private, no-cache")
    return response
