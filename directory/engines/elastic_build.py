"""A generation in the making on Elasticsearch: an index that nothing points at, filled in bulk, closed to writes; and
beside it the index of its words (see `elastic_words`). Both are new, or clones of those of the generation copied.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, Final

import orjson
from elasticsearch import Elasticsearch, NotFoundError

from directory.engines import elastic_index, elastic_words
from directory.engines.base import Generation, parse_generation_name
from directory.engines.elastic_bulk import Prepared, Sender, bodies, delete_lines, index_lines, prepared
from directory.engines.elastic_client import readable, translated
from directory.engines.elastic_words import generation_of, note_sources, words_index
from directory.engines.preparing import BATCH, PreparedBuild, Rising, batches
from directory.errors import EngineUnavailable
from directory.lexicon import NOTE, Builder, Lexicon

_BEAT_SECONDS: Final = 15.0
_DEAD_AFTER: Final = timedelta(minutes=10)
"""An unfinished index of another machine is a dead build's when nothing has been heard of it for so long. Longer than
any one request of a build may take."""


class ElasticBuild(PreparedBuild):
    """See `base.Build`. `client` must allow for long requests; `base` is the generation to begin as a copy of."""

    def __init__(self, client: Elasticsearch, name: str, mark: str, base: str | None = None) -> None:
        self.name = name
        self._words = words_index(name)
        self._client = client
        self._mark = mark
        self._copy = base is not None
        self._sender = Sender(client)
        self._profile_ids = Rising()
        self._word_ids = Rising()
        self._notes: set[str] = set()
        self._lexicon = Builder()
        self.prepare = prepared
        self._over = False
        self._meta: dict[str, Any] = {"fingerprint": mark, "process": _process(os.getpid())}
        self._beat_at = monotonic()
        with translated():
            if base is None:
                self._create(name, elastic_index.mapping(), elastic_index.settings())
                self._create(self._words, elastic_words.mapping(), elastic_words.SETTINGS)
            else:
                self._clone(base, name)
                self._clone(words_index(base), self._words)
                self._lexicon = Builder(Lexicon(b"".join(elastic_words.kept(client, base, NOTE))))

    def _create(self, index: str, mapping: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        mappings = {**mapping, "_meta": {**self._meta, "beat": _now()}}
        self._client.indices.create(index=index, mappings=mappings, settings=settings)

    def _clone(self, base: str, index: str) -> None:
        """Make `index` by hard links to the files of `base`; what is written to it is written to it alone."""
        settings = {"index.blocks.write": None, "index.number_of_replicas": 0, "index.refresh_interval": "-1"}
        made = self._client.indices.clone(index=base, target=index, settings=settings)
        # It says what `base` says of itself, under another name: no build has finished that (see `is_finished`).
        self._say(index, {**self._meta, "beat": _now()})
        if not made["shards_acknowledged"]:
            raise EngineUnavailable("Elasticsearch did not copy the generation in time")
        self._sender.more[index] = int(self._client.count(index=index)["count"])

    def put(self, prepared: Prepared) -> None:
        """See `base.Build.put`. What Elasticsearch is too busy for is sent again, later and slower."""
        self._profile_ids.check(prepared.ids)
        self._word_ids.check(prepared.word_ids)
        self._lexicon.take(prepared.lexicon)
        self._drop_names(prepared.ids)
        self._send(self.name, prepared.profiles)
        self._send(self._words, prepared.words)

    def _send(self, index: str, bodies: Iterable[bytes]) -> None:
        if self._over:
            raise RuntimeError("this build is over")
        for body in bodies:
            if monotonic() - self._beat_at > _BEAT_SECONDS:
                with translated():
                    self._beat()
            self._sender.send(index, body)

    def settle(self) -> None:
        """See `PreparedBuild.settle`."""
        self._sender.drain()

    def remove(self, ids: Iterable[str]) -> None:
        """See `base.Build.remove`."""
        if not self._copy:
            raise RuntimeError("only a copy holds somebody to remove")
        gone = list(ids)
        self.settle()
        self._drop_names(gone)
        self._send(self.name, bodies(map(delete_lines, gone)))
        self.settle()

    def _drop_names(self, ids: Sequence[str]) -> None:
        """Take the names out of the lexicon of those of `ids` that a copy holds so far."""
        for some in batches(ids if self._copy else (), BATCH):
            with translated(), readable():
                found = self._client.mget(index=self.name, ids=some, source_includes=["profile"])["docs"]
                self._lexicon.drop(orjson.loads(doc["_source"]["profile"]) for doc in found if doc.get("found"))

    def keep(self, name: str, parts: Iterable[bytes]) -> None:
        """See `base.Build.keep`."""
        written = 0
        for id_, source in note_sources(name, parts):
            self._send(self._words, [index_lines(id_, orjson.dumps(source))])
            written += 1
        self.settle()
        if self._copy or name in self._notes:
            self._forget(name, written)
        self._notes.add(name)

    def _forget(self, name: str, first: int) -> None:
        """Delete the pieces of a note from number `first` on: the new one may be shorter."""
        with translated():
            self._client.indices.refresh(index=self._words)
            query = {"bool": {"filter": [{"term": {"note": name}}, {"range": {"part": {"gte": first}}}]}}
            gone = self._client.delete_by_query(index=self._words, query=query)
        self._sender.more[self._words] -= int(gone["deleted"])

    def finish(self, sources: Mapping[str, Any]) -> Generation:
        """See `base.Build.finish`. The words come first: who sees the generation finished finds them finished, too."""
        self.keep(NOTE, self._lexicon.pieces())
        with translated():
            self._beat()
            for index in (self._words, self.name):
                self._client.indices.refresh(index=index)
                counted = int(self._client.count(index=index)["count"])
                if counted != self._sender.more[index]:
                    raise EngineUnavailable(
                        f"the index {index} holds {counted} of {self._sender.more[index]} documents"
                    )
            self._beat()
            # Also a copy of which little has changed: scores count those who were deleted until they are merged away,
            # and no merge may come later, in the middle of somebody's walk.
            self._client.indices.forcemerge(index=self.name, max_num_segments=1)
            built_at = datetime.now(UTC)
            done = {
                "name": self.name,
                "built_at": built_at.isoformat(),
                "providers": self._sender.more[self.name],
                "fingerprint": self._mark,
                "sources": dict(sources),
            }
            for index in (self._words, self.name):
                self._client.indices.put_settings(index=index, settings=elastic_index.FINISHED)
            self._say(self.name, done)
        self._over = True
        self._sender.close()
        return Generation(self.name, built_at, self._sender.more[self.name], self._mark, dict(sources))

    def abort(self) -> None:
        """See `base.Build.abort`. What cannot be deleted now is cleared by the next build."""
        self._over = True
        self._sender.close()
        with suppress(EngineUnavailable, NotFoundError), translated():
            delete_generation(self._client, self.name)

    def _beat(self) -> None:
        self._beat_at = monotonic()
        for index in (self.name, self._words):
            self._check_ours(index)
        self._say(self.name, {**self._meta, "beat": _now()})

    def _check_ours(self, index: str) -> None:
        """Writing to an index that was deleted meanwhile makes one whose fields are guessed: never finish that."""
        try:
            mapping = self._client.indices.get_mapping(index=index)[index]["mappings"]
        except NotFoundError:
            mapping = {}
        if mapping.get("_meta", {}).get("process") != self._meta["process"]:
            raise EngineUnavailable("the index of this build was deleted while it was being built")

    def _say(self, index: str, meta: Mapping[str, Any]) -> None:
        self._client.indices.put_mapping(index=index, meta=dict(meta))


def _now() -> str:
    return datetime.now(UTC).isoformat()


def is_finished(name: str, meta: Mapping[str, Any]) -> bool:
    """Whether an index that says `meta` of itself is a finished generation: a fresh clone still says what the index
    says that it was made of."""
    return "built_at" in meta and meta.get("name", name) == name


def delete_generation(client: Elasticsearch, name: str) -> None:
    """Delete a generation and its words, in one step."""
    client.indices.delete(index=[name, words_index(name)], ignore_unavailable=True)


def delete_generations(client: Elasticsearch, alias: str, names: Sequence[str], live: Sequence[str]) -> None:
    """Delete generations and their words in one step, if `live` (one, or else it is not looked at) is what `alias`
    still points at: else NotFoundError, and nothing has changed."""
    there = client.indices.get_mapping(index=f"{alias}-*")
    indices = [index for name in names for index in (name, words_index(name)) if index in there]
    if not indices:
        return
    actions: list[dict[str, Any]] = []
    if len(live) == 1:
        actions.append({"remove": {"index": live[0], "alias": alias, "must_exist": True}})
        actions.append({"add": {"index": live[0], "alias": alias, "is_write_index": True}})
    client.indices.update_aliases(actions=[*actions, {"remove_index": {"indices": indices}}])


def clear_dead_builds(client: Elasticsearch, alias: str) -> None:
    """Delete the unfinished indices whose build is no more, and words without a generation."""
    mappings = client.indices.get_mapping(index=f"{alias}-*", ignore_unavailable=True)
    for index, body in mappings.items():
        name = generation_of(index) or index
        parsed = parse_generation_name(name, alias)
        if parsed is None:
            continue
        if index != name:
            # A generation is made before its words.
            if name not in mappings:
                client.indices.delete(index=index, ignore_unavailable=True)
            continue
        meta = body["mappings"].get("_meta", {})
        if "built_at" in meta:
            # A fresh clone, of which its build hasn't said anything yet: its name tells when that began.
            meta = meta if is_finished(name, meta) else {"beat": parsed[1].isoformat()}
        if "built_at" not in meta and _is_dead(meta):
            delete_generation(client, name)


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
