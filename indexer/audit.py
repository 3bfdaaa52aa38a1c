"""What the live generation knows and lacks, by source, so that an operator knows what to mend next.

Everything is counted over what each source said (`Engine.said`), one provider after another in flat memory; what was
counted while the generation was filled (conflicts, possible duplicates, unknown words, rows) was kept with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any, Final

from directory.engines.base import Engine, Generation
from directory.facets import FACETS
from directory.plan import plan
from directory.search_request import parse
from indexer.sources import SOURCES
from indexer.tally import ABOUT_MERGE, BESIDE
from indexer.words import said_by

BUCKETS: Final = ((90, "up to 90 days"), (365, "up to a year"), (730, "up to two years"), (None, "over two years"))
"""(most days, label) of the ages that are told apart; plans must verify every 90 days."""

_EVERYTHING: Final = b"page_size=1"

_FIELDS: Final = {f.name: f.field for f in FACETS} | {name: name for name in BESIDE}
_LABELS: Final = {f.name: f.label for f in FACETS} | BESIDE


@dataclass(frozen=True, slots=True)
class Completeness:
    """How many of `total` providers state a field; `facet` is its facet's name, or that of a field that has none."""

    facet: str
    label: str
    stated: int
    total: int

    @property
    def share(self) -> float:
        """Of 1."""
        return self.stated / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Ages:
    """How old a date of providers is: how many state one, the median age in days (None: nobody does), and how many fall
    into each of `BUCKETS` (label -> providers)."""

    stated: int
    median_days: int | None
    buckets: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Words:
    """Words of a field that no vocabulary knows: how many times in all, how many different ones, and the most frequent
    (word -> times)."""

    total: int
    distinct: int
    top: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SourceAudit:
    """One source: the providers it speaks of, what became of its rows, what they state, how old its word is.
    `verified` is when a provider or a board last confirmed, `written` when the source last wrote the record."""

    name: str
    providers: int
    rows: Mapping[str, Any]
    fields: tuple[Completeness, ...]
    verified: Ages
    written: Ages
    unmapped: Mapping[str, Words]


@dataclass(frozen=True, slots=True)
class Audit:
    """The audit of a generation on a day. `fields` are those of all who are listed, after the merge; `conflicts` are
    `{group, shown, other, providers}`; `possible_duplicates` is `{groups, providers, examples}`."""

    generation: str
    built_at: str
    day: date
    providers: int
    fields: tuple[Completeness, ...]
    sources: tuple[SourceAudit, ...]
    conflicts: tuple[Mapping[str, Any], ...]
    possible_duplicates: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """The `--json` object."""
        return {"command": "audit", **asdict(self)}


@dataclass(slots=True)
class _Counting:
    """What is counted of one source while its words go by."""

    providers: int = 0
    stated: Counter[str] = field(default_factory=Counter)
    verified: Counter[date] = field(default_factory=Counter)
    written: Counter[date] = field(default_factory=Counter)

    def add(self, word: Mapping[str, Any]) -> None:
        self.providers += 1
        for name, field_ in _FIELDS.items():
            if word.get(field_) not in (None, []):
                self.stated[name] += 1
        if said := word.get("verified_on"):
            self.verified[date.fromisoformat(said)] += 1
        days = [p["as_of"] for p in (word.get("provenance") or {}).values() if p.get("as_of")]
        if days:
            self.written[date.fromisoformat(max(days))] += 1


def audit(engine: Engine, today: date) -> Audit:
    """The audit of the live generation. Raises `errors.NoGeneration`, `errors.EngineUnavailable`."""
    live = engine.live()
    counting: dict[str, _Counting] = {}
    for _, packed in engine.said(live.name):
        for source, word in said_by(packed).items():
            counting.setdefault(source, _Counting()).add(word)
    merge: Mapping[str, Any] = live.sources.get(ABOUT_MERGE, {})
    known = [name for name in SOURCES if name in counting or name in live.sources]
    return Audit(
        generation=live.name,
        built_at=live.built_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        day=today,
        providers=live.providers,
        fields=_listed(engine, live, today),
        sources=tuple(_source(n, counting.get(n, _Counting()), live.sources.get(n, {}), today) for n in known),
        conflicts=tuple(merge.get("conflicts", ())),
        possible_duplicates=merge.get("possible_duplicates", {}),
    )


def _listed(engine: Engine, live: Generation, today: date) -> tuple[Completeness, ...]:
    """How complete the fields are of all who are listed: what the facets of a search for everything count, and what was
    counted of the others while the generation was filled."""
    result = engine.search(replace(plan(parse(_EVERYTHING, today)), generation=live.name))
    stated = {f.name: result.total - result.facets[f.name].not_stated for f in FACETS}
    return _complete(stated | live.sources.get(ABOUT_MERGE, {}).get("stated", {}), result.total)


def _complete(stated: Mapping[str, int], total: int) -> tuple[Completeness, ...]:
    return tuple(Completeness(name, label, stated.get(name, 0), total) for name, label in _LABELS.items())


def _source(name: str, counted: _Counting, about: Mapping[str, Any], today: date) -> SourceAudit:
    return SourceAudit(
        name=name,
        providers=counted.providers,
        rows={k: about[k] for k in ("read", "indexed", "skipped", "deleted", "rejected", "reasons") if k in about},
        fields=_complete(counted.stated, counted.providers),
        verified=_ages(counted.verified, today),
        written=_ages(counted.written, today),
        unmapped={field: Words(**words) for field, words in about.get("unmapped", {}).items()},
    )


def _ages(days: Counter[date], today: date) -> Ages:
    buckets = dict.fromkeys((label for _, label in BUCKETS), 0)
    for day, providers in days.items():
        age = (today - day).days
        buckets[next(label for most, label in BUCKETS if most is None or age <= most)] += providers
    stated = days.total()
    passed = 0
    for day in sorted(days, reverse=True):  # youngest first
        passed += days[day]
        if passed * 2 >= stated:
            return Ages(stated, (today - day).days, buckets)
    return Ages(0, None, buckets)
