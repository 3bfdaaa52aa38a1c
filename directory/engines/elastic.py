"""The engine on Elasticsearch: generations are indices, an alias points at the live one, a page is one `_msearch`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from time import monotonic
from typing import Any, Final

import orjson
from elasticsearch import Elasticsearch, NotFoundError

from directory import document, lexicon, licensure, text, vocabulary
from directory.config import Settings
from directory.cursor import CHANGED_CURSOR
from directory.engines import elastic_index, elastic_words
from directory.engines.base import (
    Generation,
    Hit,
    PromotionRefused,
    Result,
    UnknownGeneration,
    before_live,
    check_copyable,
    fingerprint,
    generation_name,
    parse_generation_name,
    source_of,
)
from directory.engines.elastic_build import ElasticBuild, clear_dead_builds, delete_generations, is_finished
from directory.engines.elastic_client import (
    BUILD_SECONDS,
    SEARCH_SECONDS,
    check_whole,
    connect,
    multi_search,
    readable,
    translated,
)
from directory.engines.elastic_known import Counted, Known
from directory.engines.elastic_query import Search, counting, counts_of, searches
from directory.errors import BadRequest, EngineUnavailable, NoGeneration, ParameterError, WalkGone
from directory.expressions import Expr
from directory.lexicon import NOTE, Lexicon
from directory.plan import SearchPlan
from directory.profile import Profile, from_dict

_PROBE: Final = {"size": 1, "_source": False, "track_total_hits": False, "terminate_after": 1}
"""A search of the alias that only tells which index it points at."""

_LEXICONS: Final = 4
"""Lexicons kept: of the live generation, and of those that walks go on in."""

_MOVES: Final = 4
"""How often a search follows an alias that moves under it."""

_GONE: Final = "the generation that this walk started on is no longer kept; start again without `after`"
_SEVERAL: Final = "the alias points at something else than one generation; leave it on one"


def _fingerprint() -> str:
    """Changes with whatever decides what is in an index: mapping, settings, vocabularies, analysis."""
    shape = [repr(part) for part in (elastic_index.mapping(), elastic_index.settings(), elastic_words.mapping())]
    return fingerprint(vocabulary.fingerprint(), *shape, *source_of(elastic_index, document, lexicon, licensure, text))


class ElasticEngine:
    """See `base.Engine`. `settings` name the cluster and the alias; a search ends after `search_seconds`."""

    def __init__(self, settings: Settings, search_seconds: float = SEARCH_SECONDS) -> None:
        self.fingerprint = _fingerprint()
        self._alias = settings.alias
        self._client: Elasticsearch = connect(settings, search_seconds)
        self._search_seconds = search_seconds
        self._building = self._client.options(request_timeout=BUILD_SECONDS)
        self._known: dict[str, Generation] = {}
        self._lexicons: OrderedDict[str, Lexicon] = OrderedDict()
        self._live_name: str | None = None
        self._counted = Known()

    # Reading

    def live(self) -> Generation:
        """See `base.Engine.live`."""
        return self._live(self._resolve(self._client))

    def ready(self) -> Generation:
        """See `base.Engine.ready`."""
        lines: list[Mapping[str, Any]] = [{"index": self._alias, "allow_partial_search_results": False}, _PROBE]
        (probe,) = multi_search(self._client, lines)
        with readable():
            name = self._live_of(probe, self._client)
        return self._live(name)

    def _live(self, name: str) -> Generation:
        generation = self._generation(name, self._client)
        if generation is None:
            raise EngineUnavailable("the live generation has just been replaced")
        return replace(generation, live=True)

    def search(self, plan: SearchPlan) -> Result:
        """See `base.Engine.search`. One round trip; more when another generation has just been promoted."""
        end = monotonic() + self._search_seconds
        client = self._client
        walk = plan.generation is not None
        if walk and parse_generation_name(plan.generation or "", self._alias) is None:
            raise WalkGone("this walk does not belong to this directory; start again without `after`")
        name = plan.generation or self._live_name
        for _ in range(_MOVES):
            name = name or self._resolve(client)
            # Looked up once for each generation; first, because an index of others cannot be asked our questions.
            generation = self._generation(name, client)
            if generation is None and walk:
                raise WalkGone(_GONE)
            counted = self._counted.recall(generation, plan) if generation else Counted({}, {}, None)
            rest = _rest(plan, counted)
            wanted = searches(rest, total=counted.total is None)
            with readable():
                live, answers = self._ask(client, name, wanted, walk=walk)
                if generation and answers:
                    self._live_name = live
                    _count(counted, wanted, answers)
                    self._counted.learn(generation, rest, counted)
                    return _result(plan, answers[0], counted, replace(generation, live=live == name))
            # The alias has moved since the last request: only an answer from one generation throughout is given.
            name = live if live != name else None
            # All requests together have the time of one.
            client = self._client.options(request_timeout=max(0.1, end - monotonic()))
        raise EngineUnavailable("the live generation changes too fast to be searched")

    def _ask(
        self, client: Elasticsearch, name: str, wanted: Sequence[Search], *, walk: bool
    ) -> tuple[str, list[Mapping[str, Any]]]:
        """(the live generation's name, the answers of `name`; none if that is gone or, but for a walk, is not the live
        one) in one round trip."""
        header = {"index": name, "allow_partial_search_results": False, "preference": name}
        lines: list[Mapping[str, Any]] = [line for search in wanted for line in (header, search.body)]
        lines += [{"index": self._alias, "allow_partial_search_results": False}, _PROBE]
        answers = multi_search(client, lines)
        live = self._live_of(answers[-1], client)
        missing = answers[0].get("status") == 404
        if missing and walk:
            raise WalkGone(_GONE)
        if missing or (not walk and live != name):
            # Whatever it says: one that is being deleted at this moment has no copy of itself any more.
            return live, []
        if walk and answers[0].get("status") == 400:
            # The only part of a search that a caller can write.
            raise BadRequest("", [ParameterError("after", "", CHANGED_CURSOR)])
        for answer in answers[:-1]:
            check_whole(answer)
        return live, answers[:-1]

    def _live_of(self, probe: Mapping[str, Any], client: Elasticsearch) -> str:
        if probe.get("status") == 404:
            self._live_name = None
            raise NoGeneration
        check_whole(probe)
        if probe["_shards"]["total"] != 1:
            # Every generation is one shard.
            raise EngineUnavailable(_SEVERAL)
        hits = probe["hits"]["hits"]
        return str(hits[0]["_index"]) if hits else self._resolve(client)

    def count(self, exprs: Sequence[Expr], generation: str) -> list[int]:
        """See `base.Engine.count`. One round trip."""
        if parse_generation_name(generation, self._alias) is None:
            raise WalkGone(_GONE)
        with readable():
            _, answers = self._ask(self._client, generation, [counting(e) for e in exprs], walk=True)
            return [_total(answer) for answer in answers]

    def get(self, id_: str) -> tuple[Profile, Generation] | None:
        """See `base.Engine.get`."""
        if not 0 < len(id_.encode()) <= 512:
            return None
        try:
            with translated(), readable():
                found = self._client.get(index=self._alias, id=id_, source_includes=["profile"])
                profile, name = from_dict(_stored(found.body)), str(found["_index"])
        except NotFoundError as error:
            if isinstance(error.body, Mapping) and error.body.get("found") is False:
                return None
            raise NoGeneration from None
        return profile, self._live(name)

    def lexicon(self, generation: str | None = None) -> Lexicon:
        """See `base.Engine.lexicon`. Read once for each generation; of the live one as the last search found it."""
        name = generation or self._live_name or self._resolve(self._client)
        found = self._lexicons.get(name)
        if found is None:
            if parse_generation_name(name, self._alias) is None:
                raise WalkGone(_GONE)
            try:
                found = Lexicon(b"".join(elastic_words.kept(self._client, name, NOTE)))
            except UnknownGeneration:
                if generation is not None:
                    raise WalkGone(_GONE) from None
                # The live one has been replaced and pruned since the last search; the next one notices.
                self._live_name = None
                return Lexicon()
            self._lexicons[name] = found
            if len(self._lexicons) > _LEXICONS:
                self._lexicons.popitem(last=False)
        return found

    def _resolve(self, client: Elasticsearch) -> str:
        """The name of the index that the alias points at."""
        try:
            with translated(), readable():
                names = list(client.indices.get_alias(name=self._alias).body.keys())
        except NotFoundError:
            raise NoGeneration from None
        if len(names) != 1:
            raise EngineUnavailable(_SEVERAL)
        return str(names[0])

    def _generation(self, name: str, client: Elasticsearch) -> Generation | None:
        """The finished generation `name`; None when it is gone."""
        if name not in self._known:
            try:
                with translated(), readable():
                    found = client.indices.get_mapping(index=name)
                    generation = _read(name, self._alias, found[name]["mappings"])
            except NotFoundError:
                return None
            if generation is None:
                raise EngineUnavailable("the alias points at an index that no build has finished")
            self._known[name] = generation
        return self._known[name]

    # Generations

    def generations(self) -> list[Generation]:
        """See `base.Engine.generations`."""
        with translated():
            mappings = self._client.indices.get_mapping(index=f"{self._alias}-*", ignore_unavailable=True)
            try:
                live = set(self._client.indices.get_alias(name=self._alias))
            except NotFoundError:
                live = set()
        found = [
            replace(generation, live=name in live)
            for name, body in mappings.items()
            if (generation := _read(name, self._alias, body["mappings"]))
        ]
        return sorted(found, key=lambda g: (g.built_at, g.name), reverse=True)

    def said(self, generation: str) -> Iterator[tuple[str, bytes]]:
        """See `base.Engine.said`."""
        self._finished(generation)
        yield from elastic_words.said(self._building, generation)

    def said_of(self, generation: str, ids: Iterable[str]) -> Mapping[str, bytes]:
        """See `base.Engine.said_of`."""
        self._finished(generation)
        return elastic_words.said_of(self._building, generation, ids)

    def kept(self, generation: str, name: str) -> Iterator[bytes]:
        """See `base.Engine.kept`."""
        self._finished(generation)
        yield from elastic_words.kept(self._building, generation, name)

    def _finished(self, name: str) -> Generation:
        """The finished generation `name`. Raises UnknownGeneration."""
        found = next((g for g in self.generations() if g.name == name), None)
        if found is None:
            raise UnknownGeneration(f"there is no generation {name!r}")
        return found

    def start_build(self, copy_of: str | None = None) -> ElasticBuild:
        """See `base.Engine.start_build`."""
        if copy_of is not None:
            check_copyable(self._finished(copy_of), self.fingerprint)
        with translated():
            clear_dead_builds(self._building, self._alias)
            name = generation_name(self._alias, self.fingerprint)
            return ElasticBuild(self._building, name, self.fingerprint, copy_of)

    def promote(self, name: str, *, expected: str | None) -> Generation:
        """See `base.Engine.promote`. The alias moves in one step, which fails if it has moved meanwhile."""
        generations = {g.name: g for g in self.generations()}
        live = [g.name for g in generations.values() if g.live]
        if name not in generations:
            raise UnknownGeneration(f"there is no generation {name!r}")
        if live != ([expected] if expected else []) or self._foreign(live):
            raise PromotionRefused(
                f"{', '.join(self._aliased()) or 'nothing'} is live now, not {expected or 'nothing'}: "
                "another build was promoted, or the alias was moved, meanwhile"
            )
        # An alias has one write index at most, so of two that promote at once one is refused, whatever is live.
        actions: list[dict[str, Any]] = [{"add": {"index": name, "alias": self._alias, "is_write_index": True}}]
        if expected and expected != name:
            actions.insert(0, {"remove": {"index": expected, "alias": self._alias, "must_exist": True}})
        try:
            with translated():
                self._building.indices.update_aliases(actions=actions)
        except NotFoundError:
            raise PromotionRefused("the alias was moved meanwhile") from None
        except EngineUnavailable:
            if name not in (now := self._aliased()) and now != live:
                raise PromotionRefused(f"another build was promoted meanwhile: {', '.join(now)}") from None
            raise
        self._live_name = name
        return replace(generations[name], live=True)

    def _aliased(self) -> list[str]:
        try:
            with translated():
                return sorted(self._client.indices.get_alias(name=self._alias))
        except NotFoundError:
            return []

    def _foreign(self, live: Sequence[str]) -> bool:
        """Whether the alias points at an index that is no finished generation: somebody moved it by hand."""
        return set(self._aliased()) != set(live)

    def rollback(self) -> Generation:
        """See `base.Engine.rollback`."""
        live, earlier = before_live(self.generations())
        return self.promote(earlier.name, expected=live.name)

    def prune(self, keep: int) -> list[str]:
        """See `base.Engine.prune`. Deletes in the same step in which it makes sure of what is live: one that a rollback
        makes live meanwhile is not deleted."""
        with translated():
            clear_dead_builds(self._building, self._alias)
        for _ in range(_MOVES):
            generations = self.generations()
            old = [g.name for g in generations[keep:] if not g.live]
            try:
                with translated():
                    delete_generations(self._building, self._alias, old, [g.name for g in generations if g.live])
            except NotFoundError:
                continue
            return old
        raise EngineUnavailable("the live generation changes too fast to delete others")

    def close(self) -> None:
        """See `base.Engine.close`."""
        self._client.close()


def _read(name: str, alias: str, mappings: Mapping[str, Any]) -> Generation | None:
    """The generation that an index is; None for other people's, and as long as its build has not finished."""
    meta = mappings.get("_meta", {})
    if parse_generation_name(name, alias) is None or not is_finished(name, meta):
        return None
    return Generation(
        name=name,
        built_at=datetime.fromisoformat(meta["built_at"]),
        providers=meta["providers"],
        fingerprint=meta["fingerprint"],
        sources=meta["sources"],
    )


def _total(answer: Mapping[str, Any]) -> int:
    return int(answer["hits"]["total"]["value"])


def _rest(plan: SearchPlan, counted: Counted) -> SearchPlan:
    """`plan` without what was counted before."""
    return replace(
        plan,
        facets=tuple(f for f in plan.facets if f.name not in counted.facets),
        unknown={name: expr for name, expr in plan.unknown.items() if name not in counted.unknown},
    )


def _count(counted: Counted, wanted: Sequence[Search], answers: Sequence[Mapping[str, Any]]) -> None:
    """Add what `answers` count to `counted`."""
    for search, answer in zip(wanted, answers, strict=True):
        if search.facets:
            counted.facets |= counts_of(search.facets, answer["aggregations"])
        if search.unknown:
            counted.unknown[search.unknown] = _total(answer)
        if search.total:
            counted.total = _total(answer)


def _stored(found: Mapping[str, Any]) -> dict[str, Any]:
    stored: dict[str, Any] = orjson.loads(found["_source"]["profile"])
    return stored


def _result(plan: SearchPlan, main: Mapping[str, Any], counted: Counted, generation: Generation) -> Result:
    total = counted.total or 0
    found = main["hits"]["hits"]
    hits = tuple(Hit(_stored(h), tuple(h["sort"][:-1])) for h in found[: plan.limit])
    more = len(found) > plan.limit if plan.after_id is not None else total > plan.offset + plan.limit
    return Result(total, hits, more, counted.facets, counted.unknown, generation)
