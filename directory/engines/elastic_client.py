"""The connection to Elasticsearch: one client, bounded in time, whose trouble becomes our own problems. What the engine
says in its errors never goes further than here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast

import orjson
from elasticsearch import (
    ApiError,
    AuthenticationException,
    AuthorizationException,
    ConnectionTimeout,
    Elasticsearch,
    NotFoundError,
    SerializationError,
    TransportError,
    UnsupportedProductError,
)
from elasticsearch.serializer import CompatibilityModeNdjsonSerializer, OrjsonSerializer

from directory.config import Settings
from directory.errors import EngineUnavailable

SEARCH_SECONDS: Final = 2.5
"""A search has this long; then the answer is 503, within the three seconds that people are promised."""

_UNREADABLE: Final = "Elasticsearch answered something that cannot be read"

BUILD_SECONDS: Final = 300.0
"""A bulk request, a merge or a refresh may take this long."""


class _Lines(CompatibilityModeNdjsonSerializer):
    """Sends bytes as they are; the client's own copies them twice."""

    def dumps(self, data: Any) -> bytes:
        """See the client's."""
        return data if isinstance(data, bytes) else bytes(super().dumps(data))


def connect(settings: Settings, seconds: float) -> Elasticsearch:
    """A client whose requests end after `seconds`. Opens no connection before its first use."""
    options: dict[str, Any] = {
        "request_timeout": seconds,
        "retry_on_timeout": False,
        # Another node is tried once when one cannot be reached; nothing is sent twice to a node that is slow.
        "max_retries": 1 if len(settings.elasticsearch_urls) > 1 else 0,
        "retry_on_status": (),
        "serializers": {s.mimetype: s for s in (OrjsonSerializer(), _Lines())},
    }
    if settings.elasticsearch_api_key:
        options["api_key"] = settings.elasticsearch_api_key
    if settings.elasticsearch_ca_certs:
        options["ca_certs"] = settings.elasticsearch_ca_certs
    return Elasticsearch(list(settings.elasticsearch_urls), **options)


@contextmanager
def translated() -> Iterator[None]:
    """Turns the client's exceptions into `EngineUnavailable`; a NotFoundError goes through, for it means something
    else at each call."""
    try:
        yield
    except NotFoundError:
        raise
    except (AuthenticationException, AuthorizationException) as error:
        raise EngineUnavailable("Elasticsearch refuses our credentials") from error
    except UnsupportedProductError as error:
        raise EngineUnavailable("what answers at ELASTICSEARCH_URL is not Elasticsearch") from error
    except ApiError as error:
        raise EngineUnavailable(of_status(error.status_code)) from error
    except ConnectionTimeout as error:
        raise EngineUnavailable("Elasticsearch did not answer in time") from error
    except SerializationError as error:
        raise EngineUnavailable(_UNREADABLE) from error
    except TransportError as error:
        raise EngineUnavailable("Elasticsearch cannot be reached") from error


@contextmanager
def readable() -> Iterator[None]:
    """Turns what an answer of another shape than Elasticsearch's leads to into `EngineUnavailable`: something between
    us and it (a proxy, a portal) may have answered in its place."""
    try:
        yield
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise EngineUnavailable(_UNREADABLE) from error


def multi_search(client: Elasticsearch, lines: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The answers to the searches of `lines` (header, body, header, …), in order, in one round trip. What each says of
    itself (an error, a status) is the caller's to look at."""
    # Ready bytes: the client writes lines by the standard library's JSON, whatever its serializer.
    body = b"".join([orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines])
    try:
        with translated():
            said = client.msearch(searches=cast(Any, body))
    except NotFoundError as error:
        # An index that is not there is said inside of the answer.
        raise EngineUnavailable(of_status(404)) from error
    with readable():
        answers: list[Mapping[str, Any]] = said["responses"]
        if len(answers) != len(lines) // 2:
            raise EngineUnavailable(_UNREADABLE)
        return answers


def of_status(status: int) -> str:
    """What an HTTP status of Elasticsearch means for us, in our words."""
    if status == 429:
        return "Elasticsearch is overloaded"
    if status == 503:
        return "Elasticsearch has no usable copy of a part of the index"
    return f"Elasticsearch could not answer (status {status})"


def check_whole(answer: Mapping[str, Any]) -> None:
    """Nothing partial is ever taken for complete. Raises EngineUnavailable."""
    if "error" in answer:
        raise EngineUnavailable(of_status(int(answer.get("status", 500))))
    if answer.get("timed_out"):
        raise EngineUnavailable("Elasticsearch did not answer in time")
    if answer["_shards"]["failed"]:
        raise EngineUnavailable("Elasticsearch has no usable copy of a part of the index")
