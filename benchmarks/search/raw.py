"""What our addresses ask, as the peers would ask it (see `peers`)."""

from __future__ import annotations

from typing import Final

import urllib3

from benchmarks.search import corpus, peers, stores
from benchmarks.search.peers import Request
from directory import search
from directory.engines.base import Engine
from directory.plan import plan
from directory.search_request import SearchRequest, parse

RAW: Final = ("raw split", "raw post_filter")
"""The same search without us, in Elasticsearch's two usual forms."""

SEARCHKIT: Final = "searchkit"


class Raw:
    """Makes and sends what the peers ask of the index of `store`."""

    def __init__(self, store: stores.Store) -> None:
        self.url = store.settings.elasticsearch_urls[0]
        self._engine = store.engine()
        self.index = self._engine.live().name

    def requests(self, path: str, *, fuzzy: bool) -> dict[str, Request]:
        """By peer, what asks the same as our address `path`; `fuzzy`: its words may be misspelt."""
        asked = _effective(path, self._engine)
        searched = plan(asked)
        filters = [(n, code) for n, codes in asked.selected.items() for code in codes]
        tokens = list(dict.fromkeys(t for word in asked.words for t in word[-1]))
        split, post_filter = RAW
        return {
            split: peers.split(searched, self.index),
            post_filter: peers.post_filter(searched, self.index),
            SEARCHKIT: peers.searchkit(searched, filters, tokens, fuzzy),
        }

    def send(self, pool: urllib3.PoolManager, one: Request) -> bytes:
        """The bytes of the answer of Elasticsearch."""
        answer = pool.request(one.method, self.url + one.path, body=one.body, headers=peers.HEADERS)
        if answer.status != 200:
            raise RuntimeError(f"{one.path}: {answer.data[:300]!r}")
        return answer.data

    def close(self) -> None:
        """Let go of connections."""
        self._engine.close()


def _effective(path: str, engine: Engine) -> SearchRequest:
    """The request of an address as the engine gets it."""
    return search.effective(parse(path.partition("?")[2].encode(), corpus.TODAY), engine)
