"""The use case: a request and an engine give a `Page` with labels, selected and zero-count values, eligibility,
distances and explanations, ready to be rendered as JSON or HTML.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, cached_property
from typing import Any

from directory import crisis, evidence, licensure, places, reasons
from directory.cursor import Cursor
from directory.engines.base import Engine, Generation, Hit, Result
from directory.errors import WalkGone
from directory.facets import FACETS, Facet
from directory.interpret import interpret, interpreter
from directory.plan import plan
from directory.profile import Profile, from_dict, grants_of, public
from directory.relaxation import FEW, Change, relaxed
from directory.search_request import SearchRequest
from directory.understanding import Understanding
from directory.vocabulary import facet_vocabulary


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet: how many there would be with it alone selected."""

    code: str
    label: str
    count: int
    selected: bool


@dataclass(frozen=True, slots=True)
class FacetCounts:
    """A facet: how many there would be of each code (one left out counts 0), what is selected, and how many state
    nothing for it."""

    facet: Facet
    counts: Mapping[str, int]
    selected: tuple[str, ...]
    not_stated: int

    def rows(self) -> Iterator[tuple[str, str, int, bool]]:
        """(code, label, count, whether it is selected) of all values, zeros and selected ones included."""
        count, selected, every = self.counts.get, self.selected, not self.facet.open
        for code, label in _labels(self.facet):
            found = count(code, 0)
            if found or every or code in selected:
                yield code, label, found, code in selected

    @property
    def values(self) -> tuple[FacetValue, ...]:
        """The values."""
        return tuple(FacetValue(*row) for row in self.rows())


@dataclass(frozen=True)
class Found:
    """One result: the provider as stored (see `base.Hit`), and what depends on the request: see API.md."""

    stored: Mapping[str, Any]
    eligibility: Mapping[str, Any] | None
    distance_miles: float | None
    why: tuple[Mapping[str, Any], ...] | None

    @cached_property
    def profile(self) -> Profile:
        """The provider."""
        return from_dict(self.stored)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of results. `next` goes on with the walk; `unknown` says how many `include_unknown` would add; `relax`
    holds, where hardly anybody was found, the changes that find more."""

    request: SearchRequest
    total: int
    results: tuple[Found, ...]
    next: str | None
    facets: tuple[FacetCounts, ...]
    unknown: Mapping[str, int]
    generation: Generation
    crisis: bool
    relax: tuple[Change, ...] = ()
    degraded: bool = False


def page(request: SearchRequest, engine: Engine) -> Page:
    """Answer `request`, with what its words ask for. Raises `errors.EngineUnavailable`, `errors.WalkGone`."""
    asked, request = request, effective(request, engine)
    result = engine.search(plan(request))
    return Page(
        request=request,
        total=result.total,
        results=tuple(explained(result.hits, request)),
        next=_next(request, result).token() if result.more and result.hits else None,
        facets=tuple(
            FacetCounts(f, found.counts, request.selected.get(f.name, ()), found.not_stated)
            for f in FACETS
            if (found := result.facets.get(f.name))
        ),
        unknown=result.unknown,
        generation=result.generation,
        crisis=bool(request.q) and crisis.is_crisis(request.q),
        relax=_relaxed(asked, result, engine),
    )


def effective(request: SearchRequest, engine: Engine) -> SearchRequest:
    """`request` with what its words ask for (`interpret`), in the generation that it is answered from."""
    if not request.q or not request.understand or request.understood is not None:
        return request
    return interpret(request, engine.lexicon(request.after.generation if request.after else None))


def _relaxed(asked: SearchRequest, result: Result, engine: Engine) -> tuple[Change, ...]:
    if result.total >= FEW or asked.after:
        return ()
    try:
        generation = result.generation.name
        lexicon = engine.lexicon(generation) if asked.q and asked.understand else None
        return relaxed(asked, interpreter(lexicon), engine, generation, result.total)
    except WalkGone:
        # Replaced and pruned since the search; its results are still right.
        return ()


def _next(request: SearchRequest, result: Result) -> Cursor:
    last: Hit = result.hits[-1]
    return Cursor(
        generation=result.generation.name,
        args=tuple(request.to_args(everything=False)),
        key=last.key,
        id=last.stored["id"],
        today=request.today,
    )


@cache
def _labels(facet: Facet) -> tuple[tuple[str, str], ...]:
    """Codes and labels of a facet, in the order of its vocabulary."""
    known = facet_vocabulary(facet)
    return tuple((code, known.label(code)) for code in known.codes)


def explained(hits: Iterable[Hit], request: SearchRequest) -> Iterator[Found]:
    """What of each result depends on `request`, said of what is stored: no profile is made."""
    state, near = request.state, request.near
    explainer = reasons.Explainer(request) if request.q else None
    for stored in (hit.stored for hit in hits):
        yield Found(
            stored=stored,
            eligibility=licensure.eligibility(grants_of(stored), state, request.today) if state else None,
            distance_miles=distance(stored, near.point) if near else None,
            why=explainer.why(stored) if explainer else None,
        )


def why_not(profile: Profile, request: SearchRequest) -> tuple[Mapping[str, Any], ...]:
    """Which filters of `request` keep `profile` out, see `reasons.why_not`; empty when the search finds it."""
    return reasons.why_not(profile, request)


def distance(stored: Mapping[str, Any], point: places.Point) -> float | None:
    """Miles to the nearest placed location, to two decimals; None when none is placed."""
    placed = [(loc.get("lat"), loc.get("lon")) for loc in stored.get("locations", ())]
    miles = [places.miles(point, places.Point(lat, lon)) for lat, lon in placed if lat is not None and lon is not None]
    return round(min(miles), 2) if miles else None


# The JSON forms


def page_dict(page_: Page) -> dict[str, Any]:
    """The API's answer, as in API.md."""
    request = page_.request
    return {
        "total": page_.total,
        "page": request.page,
        "page_size": request.page_size,
        "next": page_.next,
        "degraded": page_.degraded,
        "generation": generation_dict(page_.generation),
        "results": [found_dict(f, request) for f in page_.results],
        "facets": [
            {
                "name": f.facet.name,
                "label": f.facet.label,
                "values": [
                    {"code": code, "label": label, "count": count, "selected": selected}
                    for code, label, count, selected in f.rows()
                ],
                "not_stated": f.not_stated,
            }
            for f in page_.facets
        ],
        "filters": [{"name": name, "not_stated": count} for name, count in page_.unknown.items()],
        "understood": understood_dict(request.understood, page_.crisis) | _evidence(request) if request.q else None,
        "relax": [change_dict(change) for change in page_.relax],
    }


def change_dict(change: Change) -> dict[str, Any]:
    """A way to find more, and how many it finds: a filter (or word) less, a wider value, or `include_unknown`."""
    said: dict[str, Any] = {change.kind: change.name}
    if change.kind == "widen":
        said |= {"from": change.before, "to": change.after}
    elif change.kind == "drop":
        said["value"] = change.before
    if change.words:
        said["words"] = change.words
    if change.also:
        said["and"] = [{k: v for k, v in change_dict(other).items() if k != "total"} for other in change.also]
    return {**said, "total": change.total}


def understood_dict(understood: Understanding | None, in_crisis: bool) -> dict[str, Any]:
    """What was understood of `q`; with plain words nothing but crisis language. `findings` say which words each filter
    came from, and why some filter nothing."""
    if understood is None:
        return {"filters": {}, "concepts": [], "text": "", "corrected": [], "crisis": in_crisis}
    return {
        "filters": {name: list(values) for name, values in understood.filters.items()},
        "concepts": [c.code for c in understood.concepts],
        "text": understood.text,
        "corrected": [{"from": c.typed, "to": c.meant} for c in understood.corrected],
        "crisis": in_crisis,
        "required": list(understood.required),
        "findings": [
            {
                "parameter": f.parameter,
                "values": list(f.values),
                "words": f.words,
                "applied": f.applied,
                "because": f.because or None,
            }
            for f in understood.findings
        ],
    }


def _evidence(request: SearchRequest) -> dict[str, Any]:
    """Treatments with evidence for what `q` is about."""
    return {"evidence": [evidence.evidence_dict(e) for e in request.treatments]}


def found_dict(found_: Found, request: SearchRequest, *, detail: bool = False) -> dict[str, Any]:
    """One result; with `detail`, one provider's own answer. What depends on a parameter comes with it."""
    out = public(found_.stored, detail=detail)
    if request.state:
        out["eligibility"] = found_.eligibility
    if request.near:
        out["distance_miles"] = found_.distance_miles
    if request.q:
        out["why"] = found_.why
    return out


def generation_dict(generation: Generation) -> dict[str, Any]:
    """The generation that answered, and when it was built (UTC)."""
    built = generation.built_at.astimezone(UTC).replace(microsecond=0, tzinfo=None)
    return {"name": generation.name, "built_at": f"{built.isoformat()}Z"}


def utc_today() -> date:
    """Today's date in UTC."""
    return datetime.now(UTC).date()
