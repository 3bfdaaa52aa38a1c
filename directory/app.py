"""The application: engine, blueprints, error pages and headers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from traceback import extract_tb
from typing import Any, Final, cast

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from directory import api, crisis, web
from directory.answers import Answers
from directory.config import Settings
from directory.engines.base import Engine
from directory.engines.choose import engine_from
from directory.errors import BadRequest, MethodNotAllowed, NotFound, Problem, TooLarge
from directory.search import utc_today
from directory.search_request import decode

MAX_QUERY_STRING: Final = 65_536
"""Bytes. Long enough for every mistake to be explained, short enough to bound the work."""

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; connect-src 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def create_app(
    settings: Settings | None = None, engine: Engine | None = None, today: Callable[[], date] = utc_today
) -> Flask:
    """The service of `settings` (default: the environment's; raises `config.ConfigError`).

    `engine` replaces the one that the settings name; `today` gives the UTC date that requests are answered for.
    """
    settings = settings or Settings.from_env()
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 1024
    app.extensions["engine"] = engine or engine_from(settings)
    app.extensions["settings"] = settings
    app.extensions["answers"] = Answers(settings.cache_bytes)
    app.extensions["today"] = today
    app.register_blueprint(api.blueprint)
    app.register_blueprint(web.blueprint)
    app.before_request(_bound)
    app.after_request(_headers)
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)
    return app


def _bound() -> None:
    if len(request.query_string) > MAX_QUERY_STRING:
        raise TooLarge(f"the query string has over {MAX_QUERY_STRING:,} bytes")


def _headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _problem(problem: Problem) -> Response:
    in_crisis = _in_crisis()
    if web.is_page(request.path):
        response = _page(problem, in_crisis)
    else:
        body: dict[str, Any] = problem.as_dict()
        if in_crisis is not None:
            body["crisis"] = in_crisis
        response = api.json(body, problem.status, "application/problem+json")
    response.status_code = problem.status
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def _page(problem: Problem, in_crisis: bool | None) -> Response:
    try:
        return web.problem_page(problem, in_crisis)
    except Exception as error:
        _log(error)
        lines = [problem.title, "In crisis? Call or text 988, any time. In danger, call 911."]
        return Response("\n".join(lines), mimetype="text/plain")


def _in_crisis() -> bool | None:
    """Whether the request's `q` is in crisis language; None without one. Help is shown whatever else fails."""
    queries = [value for name, value in decode(request.query_string[:MAX_QUERY_STRING])[0] if name == "q"]
    return any(crisis.is_crisis(q) for q in queries) if queries else None


def _http_error(error: HTTPException) -> Response:
    if error.response is not None:
        return cast(Response, error.response)
    if 300 <= (error.code or 500) < 400:
        return Response(error.get_body(), error.code, error.get_headers())
    problem: Problem = {
        404: NotFound("there is nothing at this address"),
        405: MethodNotAllowed(),
        413: TooLarge(),
        414: TooLarge(),
    }.get(error.code or 500) or (BadRequest() if (error.code or 500) < 500 else Problem())
    response = _problem(problem)
    if allowed := dict(error.get_headers()).get("Allow"):
        response.headers["Allow"] = allowed
    return response


def _unexpected(error: Exception) -> Response:
    _log(error)
    return _problem(Problem("this was logged; please try again"))


def _log(error: Exception) -> None:
    """Where it happened, never what was asked: an exception's message may hold a query's text."""
    places = [f"{frame.filename}:{frame.lineno}" for frame in extract_tb(error.__traceback__)[-6:]]
    current_app.logger.error("unexpected %s at %s", type(error).__name__, " < ".join(reversed(places)))
