"""The connection to Elasticsearch: one client, bounded in time, whose trouble becomes our own problems. What the engine
says in its errors never goes further than here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

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
from elasticsearch.serializer import OrjsonSerializer

from directory.config import Settings
from directory.errors import EngineUnavailable

SEARCH_SECONDS: Final = 2.5
"""A search has this long; then the answer is 503, within the three seconds that people are promised."""

BUILD_SECONDS: Final = 300.0
"""A bulk request, a merge or a refresh may take this long."""


def connect(settings: Settings, seconds: float) -> Elasticsearch:
    """A client whose requests end after `seconds`. Opens no connection before its first use."""
    options: dict[str, Any] = {
        "request_timeout": seconds,
        "retry_on_timeout": False,
        # Another node is tried once when one cannot be reached; nothing is sent twice to a node that is slow.
        "max_retries": 1 if len(settings.elasticsearch_urls) > 1 else 0,
        "retry_on_status": (),
        "serializer": OrjsonSerializer(),
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
        raise EngineUnavailable("Elasticsearch answered something that cannot be read") from error
    except TransportError as error:
        raise EngineUnavailable("Elasticsearch cannot be reached") from error


def of_status(status: int) -> str:
    """What an HTTP status of Elasticsearch means for us, in our words."""
    if status == 429:
        return "Elasticsearch is overloaded"
    if status == 503:
        return "Elasticsearch has no usable copy of a part of the index"
    return f"Elasticsearch could not answer (status {status})"
