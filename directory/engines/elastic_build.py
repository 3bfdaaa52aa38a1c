"""A generation in the making on Elasticsearch: an index that nothing points at, filled in bulk, closed to writes."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
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
"""An unfinished index of another machine is a dead build's when nothing has been heard of it for so long. Longer than
any one request of a build may take."""

_CHUNK: Final = 500
_CHUNK_BYTES: Final = 8 * 1024 * 1024
_THREADS: Final = 2
_RETRIES: Final = 8
_BACKOFF_SECONDS: Final = 1.0
_MOST_BACKOFF_SECONDS: Final = 30


class ElasticBuild:
    """See `base.Build`. `client` must allow for long requests."""

    def __init__(self, client: Elasticsearch, name: str, mark: str) -> None:
        self.name = name
        self._client = client
        self._mark = mark
        self._count = 0
        self._last_id = ""
        self._over = False
        self._meta: dict[str, Any] = {"fingerprint": mark, "process": _process(os.getpid())}
        self._beat_at = monotonic()
        mapping = {**elastic_index.mapping(), "_meta": {**self._meta, "beat": _now()}}
        with translated():
            client.indices.create(index=name, mappings=mapping, settings=elastic_index.settings())

    def add(self, profiles: Iterable[Profile]) -> None:
        """See `base.Build.add`. What Elasticsearch is too busy for is sent again, later and slower."""
        if self._over:
            raise RuntimeError("this build is over")
        actions = self._actions(profiles)
        running: deque[Future[None]] = deque()
        with translated(), ThreadPoolExecutor(_THREADS) as threads:
            try:
                while chunk := list(islice(actions, _CHUNK)):
                    # One chunk waits for each that is under way; more would only fill the memory.
                    if len(running) == 2 * _THREADS:
                        running.popleft().result()
                    running.append(threads.submit(self._send, chunk))
                while running:
                    running.popleft().result()
            finally:
                for chunk_sent in running:
                    chunk_sent.cancel()

    def _send(self, actions: list[dict[str, Any]]) -> None:
        # The client's parallel_bulk sends nothing again, and its streaming_bulk only when it may not raise.
        for ok, item in helpers.streaming_bulk(
            self._client,
            actions,
            chunk_size=_CHUNK,
            max_chunk_bytes=_CHUNK_BYTES,
            raise_on_error=False,
            max_retries=_RETRIES,
            initial_backoff=_BACKOFF_SECONDS,
            max_backoff=_MOST_BACKOFF_SECONDS,
            yield_ok=False,
        ):
            if not ok:
                status = next(iter(item.values())).get("status")
                raise EngineUnavailable(f"Elasticsearch refused a provider (status {status})")

    def _actions(self, profiles: Iterable[Profile]) -> Iterator[dict[str, Any]]:
        for profile in profiles:
            if profile.id <= self._last_id:
                raise ValueError(f"ids must increase: {profile.id!r} after {self._last_id!r}")
            self._last_id = profile.id
            self._count += 1
            if monotonic() - self._beat_at > _BEAT_SECONDS:
                self._beat()
            yield {"_index": self.name, "_id": profile.id, "_source": elastic_index.body(profile)}

    def finish(self, sources: Mapping[str, Any]) -> Generation:
        """See `base.Build.finish`."""
        with translated():
            self._beat()
            self._client.indices.refresh(index=self.name)
            counted = int(self._client.count(index=self.name)["count"])
            if counted != self._count:
                raise EngineUnavailable(f"the index holds {counted} of {self._count} providers")
            self._beat()
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

    def _beat(self) -> None:
        self._beat_at = monotonic()
        self._check_ours()
        self._say({**self._meta, "beat": _now()})

    def _check_ours(self) -> None:
        """Writing to an index that was deleted meanwhile makes one whose fields are guessed: never finish that."""
        try:
            mapping = self._client.indices.get_mapping(index=self.name)[self.name]["mappings"]
        except NotFoundError:
            mapping = {}
        if mapping.get("_meta", {}).get("process") != self._meta["process"]:
            raise EngineUnavailable("the index of this build was deleted while it was being built")

    def _say(self, meta: Mapping[str, Any]) -> None:
        self._client.indices.put_mapping(index=self.name, meta=dict(meta))


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
    """Whether the build that wrote `meta` has ended. Certain where its process can be looked up from here, which a
    host's name doesn't tell (containers share names, not processes); else from when it was last heard of."""
    process = meta.get("process") or {}
    here = _process(int(process.get("pid", 0)))
    if here["space"] is not None and here["space"] == process.get("space"):
        return bool(here["started"] is None or here["started"] != process.get("started"))
    beat = meta.get("beat")
    return beat is None or datetime.now(UTC) - datetime.fromisoformat(beat) > _DEAD_AFTER


def _process(pid: int) -> dict[str, Any]:
    """The process `pid` as nothing else is or will be called: `space` is this start of this machine with this set of
    process numbers (None where that can't be told), `started` the clock tick it began at (None: it doesn't run)."""
    try:
        space = f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}/{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        space = None
    try:
        # The name in parentheses may itself hold blanks and parentheses. State comes third, start twenty-second.
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        started = int(fields[19]) if fields[0] not in "ZX" else None
    except (OSError, ValueError, IndexError):
        started = None
    return {"pid": pid, "space": space, "started": started}
