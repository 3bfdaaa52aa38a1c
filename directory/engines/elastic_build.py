"""A generation in the making on Elasticsearch: an index that nothing points at, filled in bulk, closed to writes."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Final

from elasticsearch import Elasticsearch, NotFoundError, helpers

from directory.engines import elastic_index
from directory.engines.base import Generation, parse_generation_name
from directory.engines.elastic_client import translated
from directory.errors import EngineUnavailable
from directory.profile import Profile

_BEAT_SECONDS: Final = 15.0
_DEAD_AFTER: Final = timedelta(minutes=10)
"""An unfinished index of another machine is a dead build's when nothing has been heard of it for so long."""

_CHUNK: Final = 500
_CHUNK_BYTES: Final = 8 * 1024 * 1024
_THREADS: Final = 2


class ElasticBuild:
    """See `base.Build`. `client` must allow for long requests."""

    def __init__(self, client: Elasticsearch, name: str, mark: str) -> None:
        self.name = name
        self._client = client
        self._mark = mark
        self._count = 0
        self._last_id = ""
        self._over = False
        self._meta: dict[str, Any] = {"fingerprint": mark, "host": socket.gethostname(), "pid": os.getpid()}
        self._beat_at = monotonic()
        mapping = {**elastic_index.mapping(), "_meta": {**self._meta, "beat": _now()}}
        with translated():
            client.indices.create(index=name, mappings=mapping, settings=elastic_index.settings())

    def add(self, profiles: Iterable[Profile]) -> None:
        """See `base.Build.add`. What Elasticsearch is too busy for is sent again, later and slower."""
        if self._over:
            raise RuntimeError("this build is over")
        rejected: list[dict[str, Any]] = []
        with translated():
            for ok, item in helpers.parallel_bulk(
                self._client,
                self._actions(profiles),
                thread_count=_THREADS,
                chunk_size=_CHUNK,
                max_chunk_bytes=_CHUNK_BYTES,
                raise_on_error=False,
                raise_on_exception=True,
            ):
                if not ok:
                    rejected.append(_again(item))
            if rejected:
                for _ in helpers.streaming_bulk(self._client, rejected, max_retries=8, initial_backoff=1):
                    pass

    def _actions(self, profiles: Iterable[Profile]) -> Iterator[dict[str, Any]]:
        for profile in profiles:
            if profile.id <= self._last_id:
                raise ValueError(f"ids must increase: {profile.id!r} after {self._last_id!r}")
            self._last_id = profile.id
            self._count += 1
            if monotonic() - self._beat_at > _BEAT_SECONDS:
                self._beat_at = monotonic()
                self._say({**self._meta, "beat": _now()})
            yield {"_index": self.name, "_id": profile.id, "_source": elastic_index.body(profile)}

    def finish(self, sources: Mapping[str, Any]) -> Generation:
        """See `base.Build.finish`."""
        with translated():
            self._client.indices.refresh(index=self.name)
            counted = int(self._client.count(index=self.name)["count"])
            if counted != self._count:
                raise EngineUnavailable(f"the index holds {counted} of {self._count} providers")
            self._client.indices.forcemerge(index=self.name, max_num_segments=1)
            built_at = datetime.now(UTC)
            done = {
                "built_at": built_at.isoformat(),
                "providers": self._count,
                "fingerprint": self._mark,
                "sources": dict(sources),
            }
            self._client.indices.put_settings(index=self.name, settings=elastic_index.FINISHED)
            self._say(done)
        self._over = True
        return Generation(self.name, built_at, self._count, self._mark, dict(sources))

    def abort(self) -> None:
        """See `base.Build.abort`. What cannot be deleted now is cleared by the next build."""
        self._over = True
        with suppress(EngineUnavailable, NotFoundError), translated():
            self._client.indices.delete(index=self.name, ignore_unavailable=True)

    def _say(self, meta: Mapping[str, Any]) -> None:
        self._client.indices.put_mapping(index=self.name, meta=dict(meta))


def _again(item: Mapping[str, Any]) -> dict[str, Any]:
    """The bulk action of an item that was refused for being too many; any other refusal is an error."""
    result: Mapping[str, Any] = next(iter(item.values()))
    if result.get("status") != 429 or "data" not in result:
        raise EngineUnavailable(f"Elasticsearch refused a provider (status {result.get('status')})")
    return {"_index": result["_index"], "_id": result["_id"], "_source": result["data"]}


def _now() -> str:
    return datetime.now(UTC).isoformat()


def clear_dead_builds(client: Elasticsearch, alias: str) -> None:
    """Delete the unfinished indices whose build is no more."""
    mappings = client.indices.get_mapping(index=f"{alias}-*", ignore_unavailable=True)
    for name, body in mappings.items():
        meta = body["mappings"].get("_meta", {})
        if parse_generation_name(name, alias) and "built_at" not in meta and _is_dead(meta):
            client.indices.delete(index=name, ignore_unavailable=True)


def _is_dead(meta: Mapping[str, Any]) -> bool:
    if meta.get("host") == socket.gethostname():
        return not _runs(int(meta.get("pid", 0)))
    beat = meta.get("beat")
    return beat is None or datetime.now(UTC) - datetime.fromisoformat(beat) > _DEAD_AFTER


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid > 0
