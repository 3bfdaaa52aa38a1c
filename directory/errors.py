"""One class per problem, each with its HTTP status, and the RFC 9457 object that the API answers with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class ParameterError:
    """One mistake in a request: what was given and what is allowed. `value` is cut to 100 characters."""

    parameter: str
    value: str
    message: str
    suggestion: str | None = None


class Problem(Exception):
    """Something that a caller is told about. `detail` never holds an engine's own words or a query's text."""

    status: ClassVar[int] = 500
    kind: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Something went wrong on our side"
    retry_after: ClassVar[int | None] = None

    def __init__(self, detail: str = "", errors: Sequence[ParameterError] = ()) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = tuple(errors)

    def as_dict(self) -> dict[str, Any]:
        """The problem+json object: type, title, status, detail and, if there are any, errors."""
        body: dict[str, Any] = {
            "type": f"urn:provider-directory:problem:{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = [asdict(e) for e in self.errors]
        return body


class BadRequest(Problem):
    """The request cannot be understood; `errors` names every mistake in it."""

    status, kind, title = 400, "bad-request", "The request has mistakes"


class NotFound(Problem):
    """No provider has this id, or no page this address."""

    status, kind, title = 404, "not-found", "Not found"


class MethodNotAllowed(Problem):
    """The address exists, but not for this method."""

    status, kind, title = 405, "method-not-allowed", "This method is not allowed here"


class WalkGone(Problem):
    """The generation that an `after` walk started on has been pruned."""

    status, kind, title = 410, "walk-gone", "This walk cannot go on"


class TooLarge(Problem):
    """The request's body or address is too long."""

    status, kind, title = 413, "too-large", "The request is too large"


class EngineUnavailable(Problem):
    """The engine does not answer, answers too late or not completely; nothing partial is ever shown."""

    status, kind, title = 503, "engine-unavailable", "Search is not available right now"
    retry_after = 10


class NoGeneration(EngineUnavailable):
    """Nothing has been built yet."""

    kind, title = "no-generation", "The directory has not been built yet"
