"""Answers kept for whoever asks the same again: in memory alone, bounded in bytes, never written down or logged.

An answer is right for one generation, one day and one request. The generation is looked at whenever an answer is
given: a promotion shows at the next request, and an engine that is away is said to be away.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from directory.engines.base import Engine
from directory.search_request import SearchRequest


@dataclass(frozen=True, slots=True)
class Question:
    """What an answer hangs on besides the generation: its `form` (an endpoint), the day, the canonical request, and for
    whom it was filtered (`partner`, empty for everybody), so that one's answer never serves another."""

    form: str
    day: int
    args: tuple[tuple[str, str], ...]
    partner: str = ""


def question(form: str, request: SearchRequest) -> Question | None:
    """The question of `request`; None for a page of a walk, which is asked once."""
    if request.after:
        return None
    return Question(form, request.today.toordinal(), tuple(request.to_args()))


class Answers:
    """At most `most` bytes of answers, those asked for lately."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0
        self._known: OrderedDict[Question, tuple[str, bytes]] = OrderedDict()
        self._lock = Lock()

    def find(self, asked: Question | None, engine: Engine) -> bytes | None:
        """The answer to `asked`, if the live generation gave it. Raises what `engine.live` does."""
        with self._lock:
            if asked is None or asked not in self._known:
                return None
            generation, body = self._known[asked]
        if engine.live().name != generation:
            self._forget(asked)
            return None
        with self._lock:
            if asked in self._known:
                self._known.move_to_end(asked)
        return body

    def keep(self, asked: Question | None, generation: str, body: bytes) -> None:
        """Keep the answer that `generation` gave; the ones not asked for the longest go."""
        if asked is None or len(body) > self._most // 8:
            return
        self._forget(asked)
        with self._lock:
            self._known[asked] = generation, body
            self._held += len(body)
            while self._held > self._most:
                self._held -= len(self._known.popitem(last=False)[1][1])

    def _forget(self, asked: Question) -> None:
        with self._lock:
            if gone := self._known.pop(asked, None):
                self._held -= len(gone[1])
