"""The words of all sources on one id, as a generation keeps them: a JSON object of source -> word. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias, TypeVar

import orjson

from directory import provenance
from directory.engines.base import fingerprint, source_of
from directory.engines.preparing import Provider, provider
from directory.profile import Stored, from_dict, to_json
from indexer import merge as merge_module
from indexer import normalize
from indexer.merge import Conflict, merge

Words: TypeAlias = dict[str, bytes]
"""Source -> what it says of one id: a profile as `profile.to_json` has it."""

Change: TypeAlias = dict[str, bytes | None]
"""Source -> its new word on one id, None where it has none any more; the others keep theirs."""

_W = TypeVar("_W")


def pack(words: Mapping[str, bytes]) -> bytes:
    """`words` as a generation keeps them; empty for none."""
    if not words:
        return b""
    if len(words) == 1:
        ((source, word),) = words.items()
        return b"".join((b"{", orjson.dumps(source), b":", word, b"}"))
    return orjson.dumps({source: orjson.Fragment(word) for source, word in sorted(words.items())})


def said_by(packed: bytes) -> dict[str, dict[str, Any]]:
    """Source -> its word as plain JSON values, of what `pack` gave; what is not stated may be missing."""
    found: dict[str, dict[str, Any]] = orjson.loads(packed) if packed else {}
    return found


def unpack(packed: bytes | None) -> Words:
    """The words in what `pack` gave; none for nothing."""
    if not packed:
        return {}
    found = orjson.loads(packed)
    if len(found) == 1:
        # What is between the braces, after the name and the colon.
        (source,) = found
        return {source: packed[len(orjson.dumps(source)) + 2 : -1]}
    return {source: orjson.dumps(word) for source, word in found.items()}


class Listed(NamedTuple):
    """A provider as a generation has it, and what the sources do not agree on."""

    provider: Provider
    conflicts: tuple[Conflict, ...] = ()

    @property
    def stored(self) -> Stored:
        """Its profile."""
        return self.provider[0]


def listed(words: Words, removed: bool) -> Listed | None:
    """The provider listed under an id of which the sources say `words`, if there is one: `removed` says that nobody
    may be."""
    if removed or not words:
        return None
    if len(words) == 1:
        # There is nothing to be merged: what is said is what is stored.
        (word,) = words.values()
        return Listed(provider(word))
    found = merge({source: from_dict(orjson.loads(word)) for source, word in words.items()})
    return Listed(provider(to_json(found.profile)), found.conflicts)


def applied(change: Change, words: Words) -> Words:
    """The words of an id after a change."""
    said = {source: word for source, word in change.items() if word is not None}
    return {source: word for source, word in words.items() if source not in change} | said if words else said


def merge_code() -> str:
    """Changes with the code that merges words: a copy of a generation must not mix two ways of merging."""
    return fingerprint(*source_of(merge_module, normalize, provenance))


def by_id(streams: Iterable[tuple[str, Iterable[tuple[str, _W]]]]) -> Iterator[tuple[str, dict[str, _W]]]:
    """What the sources say of each id, in increasing order of id, given (source, its (id, word) in such an order)."""
    in_order = heapq.merge(*(_named(source, stream) for source, stream in streams), key=itemgetter(0))
    for id_, said in groupby(in_order, key=itemgetter(0)):
        yield id_, {source: word for _, source, word in said}


def _named(source: str, stream: Iterable[tuple[str, _W]]) -> Iterator[tuple[str, str, _W]]:
    for id_, word in stream:
        yield id_, source, word
