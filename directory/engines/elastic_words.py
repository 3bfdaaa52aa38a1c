"""What a generation on Elasticsearch keeps beside its profiles: words by id, and notes, in an index of their own that
no search touches. It is made, copied, finished and deleted together with the generation whose name it bears.

Every document has a `body`; a word has its `id`, a piece of a note the `note`'s name and its number as `part`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final

from elasticsearch import Elasticsearch, NotFoundError

from directory.engines.base import UnknownGeneration, checked_note
from directory.engines.elastic_client import check_whole, readable, translated

_SUFFIX: Final = "-words"
_WORDS_AT_ONCE: Final = 1000
_PART: Final = 1 << 20
"""Bytes of a note in one document."""

_PARTS_AT_ONCE: Final = 4


def words_index(generation: str) -> str:
    """The index of the words of a generation."""
    return generation + _SUFFIX


def generation_of(index: str) -> str | None:
    """The name of the generation whose words are in `index`; None for any other index."""
    return index.removesuffix(_SUFFIX) if index.endswith(_SUFFIX) else None


def mapping() -> dict[str, Any]:
    """The mapping of an index of words: bodies are stored and never looked into."""
    keyword = {"type": "keyword"}
    return {
        "dynamic": "strict",
        "properties": {
            "id": keyword,
            "note": keyword,
            "part": {"type": "integer"},
            "body": {"type": "object", "enabled": False},
        },
    }


SETTINGS: Final = {
    "number_of_shards": 1,
    "number_of_replicas": 0,
    "refresh_interval": "-1",
    # Read in order of id, from end to end, and nothing else.
    "sort.field": "id",
    "sort.order": "asc",
}
"""Settings while building; `elastic_index.FINISHED` follows."""


def word_source(id_: str, word: bytes) -> dict[str, Any]:
    """The document that keeps a word."""
    return {"id": id_, "body": _packed(word)}


def note_sources(name: str, parts: Iterable[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The documents that keep a note, each with its id. Raises ValueError for a name that none may have."""
    checked_note(name)
    for number, part in enumerate(_resized(parts)):
        yield f"note {name} {number}", {"note": name, "part": number, "body": _packed(part)}


def said(client: Elasticsearch, generation: str) -> Iterator[tuple[str, bytes]]:
    """All words of a generation, in increasing order of id."""
    for hit in _hits(client, generation, {"exists": {"field": "id"}}, "id", _WORDS_AT_ONCE):
        yield hit["_source"]["id"], _unpacked(hit["_source"]["body"])


def kept(client: Elasticsearch, generation: str, name: str) -> Iterator[bytes]:
    """The pieces of a note, in order."""
    for hit in _hits(client, generation, {"term": {"note": checked_note(name)}}, "part", _PARTS_AT_ONCE):
        yield _unpacked(hit["_source"]["body"])


def said_of(client: Elasticsearch, generation: str, ids: Iterable[str]) -> dict[str, bytes]:
    """The words of `ids`, as far as there are any."""
    found: dict[str, bytes] = {}
    rest = iter(ids)
    while some := list(islice(rest, _WORDS_AT_ONCE)):
        with _there(generation), translated(), readable():
            answer = client.mget(index=words_index(generation), ids=some, source_includes=["body"])
            for doc in answer["docs"]:
                if "error" in doc:
                    raise _gone(generation)
                if doc.get("found"):
                    found[str(doc["_id"])] = _unpacked(doc["_source"]["body"])
    return found


def _hits(
    client: Elasticsearch, generation: str, query: Mapping[str, Any], order: str, size: int
) -> Iterator[Mapping[str, Any]]:
    """Every document that `query` finds, by the field `order`. A finished index doesn't change between two pages."""
    after: Sequence[Any] | None = None
    while True:
        with _there(generation), translated(), readable():
            answer = client.search(
                index=words_index(generation),
                query=query,
                sort=[{order: "asc"}],
                size=size,
                search_after=after,
                track_total_hits=False,
                allow_partial_search_results=False,
            )
            hits: list[Mapping[str, Any]] = answer["hits"]["hits"]
        check_whole(answer.body)
        yield from hits
        if len(hits) < size:
            return
        after = hits[-1]["sort"]


@contextmanager
def _there(generation: str) -> Iterator[None]:
    """What is pruned while it is read must not be taken for empty."""
    try:
        yield
    except NotFoundError:
        raise _gone(generation) from None


def _gone(generation: str) -> UnknownGeneration:
    return UnknownGeneration(f"the words of {generation} are not there, or not there any more")


def _resized(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of a size."""
    waiting = bytearray()
    for part in parts:
        waiting += part
        while len(waiting) >= _PART:
            yield bytes(waiting[:_PART])
            del waiting[:_PART]
    if waiting:
        yield bytes(waiting)


def _packed(data: bytes) -> dict[str, str]:
    """Bytes as JSON can hold them: text where they are text, which takes less room."""
    try:
        return {"text": data.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}


def _unpacked(body: Mapping[str, str]) -> bytes:
    return body["text"].encode() if "text" in body else base64.b64decode(body["base64"])
