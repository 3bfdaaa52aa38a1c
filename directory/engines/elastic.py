"""The engine on Elasticsearch: generations are indices, an alias points at the live one, a page is one `_msearch`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from elasticsearch import Elasticsearch, NotFoundError

from directory import document, licensure, text, vocabulary
from directory.config import Settings
from directory.cursor import CHANGED_CURSOR
from directory.engines import elastic_index
from directory.engines.base import (
    FacetCount,
    Generation,
    Hit,
    PromotionRefused,
    Result,
    UnknownGeneration,
    fingerprint,
    generation_name,
    parse_generation_name,
    source_of,
)
from directory.engines.elastic_build import ElasticBuild, clear_dead_builds
from directory.engines.elastic_client import BUILD_SECONDS, connect, of_status, translated
from directory.engines.elastic_query import Search, counts_of, key_of, searches
from directory.errors import BadRequest, EngineUnavailable, NoGeneration, ParameterError, WalkGone
from directory.plan import SearchPlan
from directory.profile import Profile, from_dict

_PROBE: Final = {"size": 1, "_source": False, "track_total_hits": False, "terminate_after": 1}
"""A search of the alias that only tells which index it points at."""

_PREFERENCE: Final = "_local"


def _fingerprint() -> str:
    """Changes with whatever decides what is in an index: mapping, settings, vocabularies, analysis."""
    shape = (repr(elastic_index.mapping()), repr(elastic_index.settings()))
    return fingerprint(vocabulary.fingerprint(), *shape, *source_of(document, licensure, text))


class ElasticEngine:
    """See `base.Engine`. `settings` name the cluster and the alias."""

    def __init__(self, settings: Settings) -> None:
        self.fingerprint = _fingerprint()
        self._alias = settings.alias
        self._client: Elasticsearch = connect(settings)
        self._building = self._client.options(request_timeout=BUILD_SECONDS)
        self._known: dict[str, Generation] = {}
        self._live_name: str | None = None

    # Reading

    def live(self) -> Generation:
        """See `base.Engine.live`."""
        name = self._resolve()
        return replace(self._generation(name), live=True)

    def search(self, plan: SearchPlan) -> Result:
        """See `base.Engine.search`. One round trip; two when another generation has just been promoted."""
        wanted = searches(plan)
        name = plan.generation or self._live_name or self._resolve()
        live, answers = self._ask(name, wanted, walk=plan.generation is not None)
        if plan.generation is None and live != name:
            # The alias has moved since the last request: only an answer from one generation throughout is given.
            name = live
            live, answers = self._ask(name, wanted, walk=False)
        self._live_name = live
        return self._result(plan, wanted, answers, replace(self._generation(name), live=name == live))

    def _ask(self, name: str, wanted: Sequence[Search], *, walk: bool) -> tuple[str, list[Mapping[str, Any]]]:
        """(the live generation's name, the answers of `name`) in one round trip."""
        if walk and parse_generation_name(name, self._alias) is None:
            raise WalkGone("this walk does not belong to this directory; start again without `after`")
        header = {"index": name, "allow_partial_search_results": False, "preference": _PREFERENCE}
        lines: list[Mapping[str, Any]] = [line for search in wanted for line in (header, search.body)]
        lines += [{"index": self._alias, "allow_partial_search_results": False}, _PROBE]
        with translated():
            answers = self._client.msearch(searches=lines)["responses"]
        live = self._live_of(answers[-1])
        missing = answers[0].get("status") == 404
        if missing and walk:
            raise WalkGone("the generation that this walk started on is no longer kept; start again without `after`")
        if missing and live != name:
            return live, []
        if walk and answers[0].get("status") == 400:
            # The only part of a search that a caller can write.
            raise BadRequest("", [ParameterError("after", "", CHANGED_CURSOR)])
        for answer in answers[:-1]:
            _check(answer)
        return live, answers[:-1]

    def _live_of(self, probe: Mapping[str, Any]) -> str:
        if probe.get("status") == 404:
            self._live_name = None
            raise NoGeneration
        _check(probe)
        hits = probe["hits"]["hits"]
        return str(hits[0]["_index"]) if hits else self._resolve()

    def _result(
        self,
        plan: SearchPlan,
        wanted: Sequence[Search],
        answers: Sequence[Mapping[str, Any]],
        generation: Generation,
    ) -> Result:
        counts: dict[str, FacetCount] = {}
        unknown: dict[str, int] = {}
        for search, answer in zip(wanted, answers, strict=True):
            for facet in search.facets:
                counts[facet.name] = FacetCount(*counts_of(facet, answer["aggregations"]))
            if search.unknown:
                unknown[search.unknown] = _total(answer)
        found = answers[0]["hits"]["hits"]
        hits = tuple(Hit(from_dict(h["_source"]["profile"]), key_of(plan, h["sort"])) for h in found[: plan.limit])
        total = _total(answers[0])
        more = len(found) > plan.limit if plan.after_id is not None else total > plan.offset + plan.limit
        return Result(total, hits, more, counts, unknown, generation)

    def get(self, id_: str) -> tuple[Profile, Generation] | None:
        """See `base.Engine.get`."""
        if len(id_.encode()) > 512:
            return None
        try:
            with translated():
                found = self._client.get(index=self._alias, id=id_, source_includes=["profile"])
        except NotFoundError as error:
            if "found" in error.body:
                return None
            raise NoGeneration from None
        return from_dict(found["_source"]["profile"]), replace(self._generation(found["_index"]), live=True)

    def _resolve(self) -> str:
        """The name of the index that the alias points at."""
        try:
            with translated():
                names = list(self._client.indices.get_alias(name=self._alias))
        except NotFoundError:
            raise NoGeneration from None
        if len(names) != 1:
            raise EngineUnavailable("the alias points at several indices; promote one of them")
        return str(names[0])

    def _generation(self, name: str) -> Generation:
        if name not in self._known:
            with translated():
                found = self._client.indices.get_mapping(index=name)
            generation = _read(name, found[name]["mappings"])
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
            if parse_generation_name(name, self._alias) and (generation := _read(name, body["mappings"]))
        ]
        return sorted(found, key=lambda g: (g.built_at, g.name), reverse=True)

    def start_build(self) -> ElasticBuild:
        """See `base.Engine.start_build`."""
        with translated():
            clear_dead_builds(self._building, self._alias)
            return ElasticBuild(self._building, generation_name(self._alias, self.fingerprint), self.fingerprint)

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
        actions: list[dict[str, Any]] = [{"add": {"index": name, "alias": self._alias}}]
        if expected and expected != name:
            actions.insert(0, {"remove": {"index": expected, "alias": self._alias, "must_exist": True}})
        try:
            with translated():
                self._building.indices.update_aliases(actions=actions)
        except NotFoundError:
            raise PromotionRefused("the alias was moved meanwhile") from None
        if (now := self._aliased()) != [name]:
            with translated():
                self._building.indices.update_aliases(
                    actions=[{"remove": {"index": name, "alias": self._alias, "must_exist": False}}]
                )
            raise PromotionRefused(f"another build was promoted meanwhile: {', '.join(sorted({*now} - {name}))}")
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
        generations = self.generations()
        live = next((g for g in generations if g.live), None)
        earlier = [g for g in generations if live and (g.built_at, g.name) < (live.built_at, live.name)]
        if live is None or not earlier:
            raise UnknownGeneration("there is no generation before the live one")
        return self.promote(earlier[0].name, expected=live.name)

    def prune(self, keep: int) -> list[str]:
        """See `base.Engine.prune`."""
        old = [g.name for g in self.generations()[keep:] if not g.live]
        with translated():
            clear_dead_builds(self._building, self._alias)
            for name in old:
                self._building.indices.delete(index=name, ignore_unavailable=True)
        return old

    def close(self) -> None:
        """See `base.Engine.close`."""
        self._client.close()


def _read(name: str, mappings: Mapping[str, Any]) -> Generation | None:
    """The generation that an index is; None as long as its build has not finished."""
    meta = mappings.get("_meta", {})
    if "built_at" not in meta:
        return None
    return Generation(
        name=name,
        built_at=datetime.fromisoformat(meta["built_at"]),
        providers=meta["providers"],
        fingerprint=meta["fingerprint"],
        sources=meta["sources"],
    )


def _check(answer: Mapping[str, Any]) -> None:
    """Nothing partial is ever taken for complete."""
    if "error" in answer:
        raise EngineUnavailable(of_status(int(answer.get("status", 500))))
    if answer.get("timed_out"):
        raise EngineUnavailable("Elasticsearch did not answer in time")
    if answer["_shards"]["failed"]:
        raise EngineUnavailable("Elasticsearch has no usable copy of a part of the index")


def _total(answer: Mapping[str, Any]) -> int:
    return int(answer["hits"]["total"]["value"])
