"""gunicorn's threaded worker with our own words for what is no HTTP request. gunicorn's would write the address, and so
what somebody searched for, into its log, and answer the API's users in HTML.
"""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import Any

import orjson
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.workers.gthread import ThreadWorker

from directory.errors import Problem


class _BadHttp(Problem):
    status, kind, title = 400, "bad-http", "This is not an HTTP request"


class _LongAddress(Problem):
    status, kind, title = 414, "address-too-long", "The address is too long"


class _LargeHeaders(Problem):
    status, kind, title = 431, "headers-too-large", "The request's headers are too large"


def _problem(error: Exception) -> Problem:
    if isinstance(error, LimitRequestLine):
        return _LongAddress()
    if isinstance(error, LimitRequestHeaders):
        return _LargeHeaders()
    if isinstance(error, ParseException):
        return _BadHttp("percent-encode what is not ASCII in the address, and send well-formed headers")
    return Problem()


class Worker(ThreadWorker):
    """See the module."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer with problem+json; log what kind of mistake it was, and nothing of what was sent."""
        problem = _problem(exc)
        self.log.warning("request refused before it was read: %s", type(exc).__name__)
        body = orjson.dumps(problem.as_dict())
        head = (
            f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}\r\nConnection: close\r\n"
            f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with suppress(OSError):
            client.sendall(head.encode() + body)
