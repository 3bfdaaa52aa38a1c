"""Bulk requests as the bytes that go over the wire: made in any process, sent by a few threads, and what Elasticsearch
is too busy for is sent again, later and slower.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import Any, Final, cast

import orjson
from elasticsearch import ApiError, Elasticsearch

from directory.engines import elastic_index, elastic_words
from directory.engines.elastic_client import of_status, readable, translated
from directory.engines.preparing import Provider, Word
from directory.errors import EngineUnavailable
from directory.lexicon import Builder
from directory.processes import preload

preload(__name__)

_BODY_BYTES: Final = 8 * 1024 * 1024
"""A request has about as many bytes at most, unless a single document has more."""

_THREADS: Final = 2
_RETRIES: Final = 8
_BACKOFF_SECONDS: Final = 1.0
_MOST_BACKOFF_SECONDS: Final = 30
_BUSY: Final = 429

_ANSWER: Final = ("items.*.status",)
"""What is asked of an answer: the status says all."""

_DONE: Final = 200
_CREATED: Final = 201
_GOOD: Final = frozenset({("index", _DONE), ("index", _CREATED), ("delete", _DONE), ("delete", 404)})


def index_lines(id_: str, source: bytes) -> bytes:
    """The lines that put a document in, given as JSON, in place of the one of its id."""
    return b"".join((b'{"index":{"_id":', orjson.dumps(id_), b"}}\n", source, b"\n"))


def delete_lines(id_: str) -> bytes:
    """The line that takes a document out."""
    return b'{"delete":{"_id":%b}}\n' % orjson.dumps(id_)


def bodies(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of whole documents as requests of a size."""
    held: list[bytes] = []
    size = 0
    for some in lines:
        if held and size + len(some) > _BODY_BYTES:
            yield b"".join(held)
            held, size = [], 0
        held.append(some)
        size += len(some)
    if held:
        yield b"".join(held)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What goes into a generation on Elasticsearch: ids and requests for the index of profiles and that of words, and
    the words of the profiles for the lexicon."""

    ids: Sequence[str]
    profiles: Sequence[bytes]
    lexicon: Builder
    word_ids: Sequence[str]
    words: Sequence[bytes]


def prepared(profiles: Sequence[Provider], words: Sequence[Word]) -> Prepared:
    """The requests that put in providers and words; an empty word deletes."""
    lexicon = Builder()
    lexicon.add(stored for stored, _ in profiles)
    return Prepared(
        [stored["id"] for stored, _ in profiles],
        list(bodies(index_lines(stored["id"], elastic_index.body(stored, data)) for stored, data in profiles)),
        lexicon,
        [id_ for id_, _ in words],
        list(
            bodies(
                index_lines(id_, orjson.dumps(elastic_words.word_source(id_, word))) if word else delete_lines(id_)
                for id_, word in words
            )
        ),
    )


class Sender:
    """Sends requests by a few threads. `more` is index -> how many more documents it holds by what was sent and, after
    `drain`, answered."""

    def __init__(self, client: Elasticsearch) -> None:
        self.more: Counter[str] = Counter()
        self._client = client
        self._threads = ThreadPoolExecutor(_THREADS)
        self._running: deque[tuple[str, Future[int]]] = deque()
        self._over = Event()

    def send(self, index: str, body: bytes) -> None:
        """Have a request sent. Waits where too many are under way, and raises EngineUnavailable if one has failed."""
        # One waits for each that is under way; more would only fill the memory.
        if len(self._running) == 2 * _THREADS:
            self._take()
        self._running.append((index, self._threads.submit(self._sent, index, body)))

    def drain(self) -> None:
        """Wait for all requests. Raises EngineUnavailable if one has failed."""
        while self._running:
            self._take()

    def close(self) -> None:
        """Send nothing more, and wait for what is on its way."""
        self._over.set()
        self._threads.shutdown(cancel_futures=True)
        self._running.clear()

    def _take(self) -> None:
        index, future = self._running.popleft()
        self.more[index] += future.result()

    def _sent(self, index: str, body: bytes) -> int:
        """Send until nothing is refused as too much; how many more documents there are."""
        more = 0
        delays = iter(min(_BACKOFF_SECONDS * 2**n, _MOST_BACKOFF_SECONDS) for n in range(_RETRIES))
        while True:
            if self._over.is_set():
                raise EngineUnavailable("the build was given up")
            with translated(), readable():
                answer = _asked(self._client, index, body)
                added, body = (0, body) if answer is None else _judged(answer, body)
            more += added
            if not body:
                return more
            delay = next(delays, None)
            if delay is None:
                raise EngineUnavailable(of_status(_BUSY))
            self._over.wait(delay)


def _asked(client: Elasticsearch, index: str, body: bytes) -> Any:
    """The answer to a request; None where all of it is refused as too much."""
    try:
        # The client takes bytes for what they are, whatever its types say.
        return client.bulk(index=index, operations=cast(Any, body), filter_path=_ANSWER).body
    except ApiError as error:
        if error.status_code == _BUSY:
            return None
        raise


def _judged(answer: Any, body: bytes) -> tuple[int, bytes]:
    """(How many documents more an answer says there are, the lines that were refused as too much.) Raises
    EngineUnavailable for what was refused for good."""
    said = [next(iter(item.items())) for item in answer["items"]]
    statuses = Counter((kind, done["status"]) for kind, done in said)
    more = statuses["index", _CREATED] - statuses["delete", _DONE]
    refused = sorted(status for kind, status in statuses if (kind, status) not in _GOOD and status != _BUSY)
    if refused:
        raise EngineUnavailable(f"Elasticsearch refused a provider (status {refused[0]})")
    if not any(status == _BUSY for _, status in statuses):
        return more, b""
    operations = list(_operations(body))
    return more, b"".join(lines for lines, (_, done) in zip(operations, said, strict=True) if done["status"] == _BUSY)


def _operations(body: bytes) -> Iterator[bytes]:
    """The lines of each document of a request."""
    lines = iter(body.splitlines(keepends=True))
    for line in lines:
        yield line if line.startswith(b'{"delete"') else line + next(lines)
