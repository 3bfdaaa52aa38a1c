"""Suggestions while someone types: what the last words may become, and how many there would be then.

One question to the engine counts them all, so that nothing is suggested that finds nobody: the count of a suggestion
is the total of the search that it leads to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, zip_longest
from typing import Any, Final, Literal, TypeAlias

from directory import crisis, needs, places
from directory.engines.base import Engine, Generation, Hit
from directory.errors import BadRequest, ParameterError
from directory.expressions import And, Expr, Or, Text
from directory.facets import FACET
from directory.interpret import apply
from directory.lexicon import Lexicon, name_words
from directory.parameters import Place
from directory.plan import FacetPlan, SearchPlan, SortKey, conditions
from directory.query import understand
from directory.ranking import Score
from directory.search import generation_dict
from directory.search_request import SearchRequest, decode
from directory.suggest_terms import Match, cities, folded, terms
from directory.text import Word, name_tokens, stem
from directory.understanding import Understanding
from directory.vocabulary import facet_vocabulary, vocabulary

Group: TypeAlias = Literal["concern", "modality", "profession", "name", "place"]
GROUPS: Final[Mapping[Group, str]] = {
    "concern": "Concerns",
    "modality": "Therapy types",
    "profession": "Kinds of professional",
    "name": "People",
    "place": "Places",
}
"""The groups in their order, with what the website calls them."""

LIMIT: Final = 10
_PARAMETER: Final[Mapping[Group, str]] = {"concern": "concern", "modality": "modality", "profession": "provider_type"}
_EACH: Final = 6
"""Candidates of a group that are counted."""
_WORDS: Final = 5
"""Words at the end that are completed together, at most."""
_NAMES: Final = 40
_HITS: Final = 12
_SURE: Final = 0.5
NOT_HERE: Final = ("after", "page", "page_size", "facets", "sort")
"""Parameters of a search that say nothing about suggestions."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that the end of `q` may mean. Choosing it leads to `request`, which finds `count` people; for a person
    (`id`) to their page. `matched` is the part of `q` that it stands for, `detail` tells namesakes apart."""

    group: Group
    code: str | None
    id: str | None
    label: str
    detail: str
    matched: str
    parameter: str | None
    value: str | None
    request: SearchRequest
    count: int


@dataclass(frozen=True, slots=True)
class Suggestions:
    """At most `LIMIT` suggestions, by group, from one generation."""

    items: tuple[Suggestion, ...]
    generation: Generation
    crisis: bool


@dataclass(frozen=True, slots=True)
class _Typed:
    """`q` and the places of its words."""

    q: str
    starts: tuple[int, ...]

    def ends(self) -> Iterator[tuple[str, str]]:
        """(what comes before, the end) of `q`, the longest end first."""
        for start in self.starts[-_WORDS:]:
            yield self.q[:start].strip(), self.q[start:]


def _typed(q: str) -> _Typed:
    starts, at = [], 0
    for word in q.split(" "):
        starts.append(at)
        at += len(word) + 1
    return _Typed(q, tuple(starts) if q else ())


def suggest(request: SearchRequest, engine: Engine, lexicon: Lexicon | None = None) -> Suggestions:
    """Suggestions for `request.q` under its filters. Raises `errors.EngineUnavailable`, `errors.NoGeneration`.

    Names of people need the `lexicon` of the live generation to be found by their beginnings.
    """
    typed = _typed(request.q)
    understood = _Understood(request.understand, lexicon)
    candidates = [c for find in _CANDIDATES.values() for c in islice(find(typed, request), _EACH)]
    wanted = {str(n): _all(understood.of(c.request)) for n, c in enumerate(candidates)}
    before, named = _named(typed, lexicon)
    people = understood.of(replace(request, q=before)) if named else {}
    result = engine.search(_plan(request, wanted, (*people.values(), Text(named)) if named else None, named))
    counts = result.facets["suggest"].counts if wanted else {}
    counted = [replace(c, count=counts.get(str(n), 0)) for n, c in enumerate(candidates)]
    found = [*counted, *_people(result.hits, typed, before, named, request)] if named else counted
    return Suggestions(tuple(_chosen(s for s in found if s.count)), result.generation, crisis.is_crisis(request.q))


class _Understood:
    """What requests come to, each text understood once."""

    def __init__(self, wanted: bool, lexicon: Lexicon | None) -> None:
        self._wanted, self._lexicon = wanted, lexicon
        self._known: dict[str, Understanding] = {}

    def of(self, request: SearchRequest) -> Mapping[str, Expr]:
        """The conditions of `request` with what its words ask for."""
        if self._wanted and request.q:
            if request.q not in self._known:
                self._known[request.q] = understand(request.q, self._lexicon)
            request = apply(request, self._known[request.q])
        return conditions(request)


def _all(conditions_: Mapping[str, Expr]) -> Expr:
    return And(tuple(conditions_.values()))


def _plan(
    request: SearchRequest, wanted: Mapping[str, Expr], people: tuple[Expr, ...] | None, named: tuple[Word, ...]
) -> SearchPlan:
    """One search: `people` are its hits, `wanted` its counts."""
    nobody = Or(())
    return SearchPlan(
        where=nobody if people is None else And(people),
        score=Score(named, named, (), ()) if named else None,
        facets=(FacetPlan("suggest", And(()), nobody, wanted),) if wanted else (),
        unknown={},
        order=(SortKey("score", descending=True), SortKey("rotation")) if named else (SortKey("rotation"),),
        near=None,
        day=request.today.toordinal(),
        offset=0,
        limit=_HITS if named else 1,
    )


def _chosen(suggestions: Iterable[Suggestion]) -> list[Suggestion]:
    """At most `LIMIT`, in turn from each group, then by group."""
    by_group: dict[Group, list[Suggestion]] = {group: [] for group in GROUPS}
    for suggestion in suggestions:
        by_group[suggestion.group].append(suggestion)
    turns = [s for turn in zip_longest(*by_group.values()) for s in turn if s is not None][:LIMIT]
    order = list(GROUPS)
    return sorted(turns, key=lambda s: order.index(s.group))


# Vocabularies


def _coded(group: Group) -> Callable[[_Typed, SearchRequest], Iterator[Suggestion]]:
    facet = FACET[_PARAMETER[group]]
    assert facet.vocabulary is not None
    name = facet.vocabulary

    def candidates(typed: _Typed, request: SearchRequest) -> Iterator[Suggestion]:
        chosen = set(request.selected.get(facet.name, ()))
        before, end, matches = _longest(typed, name)
        for match in matches:
            if match.code not in chosen:
                chosen.add(match.code)
                yield _suggestion(group, match.code, end, replace(request, q=before), match.name)
        if group == "concern":
            for concept in needs.concepts(typed.q):
                if concept.weight >= _SURE and concept.code not in chosen:
                    yield _suggestion(group, concept.code, concept.words, request)

    return candidates


def _longest(typed: _Typed, name: str) -> tuple[str, str, list[Match]]:
    """(what comes before, the end, its matches) for the longest end that begins a name; else for one with a slip."""
    for look in (terms(name).starting, terms(name).nearly):
        for before, end in typed.ends():
            if (key := folded(end)) and (matches := look(key)):
                return before, end, matches
    return "", "", []


def _suggestion(group: Group, code: str, matched: str, request: SearchRequest, name: str = "") -> Suggestion:
    """`name` is what led to it; it is shown where the label doesn't say so."""
    facet = FACET[_PARAMETER[group]]
    codes = (*request.selected.get(facet.name, ()), code)
    label = facet_vocabulary(facet).label(code)
    return Suggestion(
        group=group,
        code=code,
        id=None,
        label=label,
        detail="" if folded(name) in folded(label) else name,
        matched=matched,
        parameter=facet.name,
        value=code,
        request=request.with_selected(facet.name, codes),
        count=0,
    )


# Places


def _places(typed: _Typed, request: SearchRequest) -> Iterator[Suggestion]:
    states = terms("states")
    for before, end in typed.ends():
        key = folded(end)
        if len(key) < 2:
            continue
        rest = replace(request, q=before, page=1, after=None)
        found = [_state(m.code, end, rest) for m in states.starting(key) if m.code != request.state][:2]
        found += [_city(text, end, rest) for text in cities().starting(key, _EACH)]
        if found:
            yield from found
            return
    for before, end in typed.ends():
        rest = replace(request, q=before, page=1, after=None)
        if found := [_city(text, end, rest) for text in cities().nearly(folded(end), 2)]:
            yield from found
            return


def _state(code: str, matched: str, request: SearchRequest) -> Suggestion:
    label = vocabulary("states").label(code)
    there = replace(request, state=code)
    return Suggestion("place", code, None, label, "State you’re in", matched, "state", code, there, 0)


def _city(text: str, matched: str, request: SearchRequest) -> Suggestion:
    there = replace(request, near=Place(text, places.find(text)))
    return Suggestion("place", None, None, text, f"Within {there.radius:g} miles", matched, "near", text, there, 0)


_CANDIDATES: Final[Mapping[Group, Callable[[_Typed, SearchRequest], Iterator[Suggestion]]]] = {
    "concern": _coded("concern"),
    "modality": _coded("modality"),
    "profession": _coded("profession"),
    "place": _places,
}


# People


def _named(typed: _Typed, lexicon: Lexicon | None) -> tuple[str, tuple[Word, ...]]:
    """(what comes before, the words of a name) for the longest end that may be one; no words if none may."""
    for before, end in typed.ends():
        parts = name_words(end)
        if not parts or len(parts[-1]) < 2:
            continue
        words = [_known(part, lexicon) for part in parts[:-1]] + [_beginning(parts[-1], lexicon)]
        if all(words):
            return before, tuple(tuple((stem(w),) for w in either) for either in words)
    return "", ()


def _known(part: str, lexicon: Lexicon | None) -> list[str]:
    """`part` as a word of a name, or those that it may be a misspelling of."""
    if lexicon is None or lexicon.knows(part, "name"):
        return [part]
    return lexicon.near(part, "name")


def _beginning(part: str, lexicon: Lexicon | None) -> list[str]:
    """The words of names that begin with `part`, the most frequent of them; else those spelt nearly so."""
    if lexicon is None:
        return [part]
    found = list(islice(lexicon.starting(part, "name"), 2000))
    found.sort(key=lambda word: (word != part, -lexicon.frequency(word, "name")))
    return found[:_NAMES] or lexicon.near(part, "name")


def _people(
    hits: Iterable[Hit], typed: _Typed, before: str, named: tuple[Word, ...], request: SearchRequest
) -> Iterator[Suggestion]:
    """Those of `hits` whose name it is: the words may also stand in what someone writes about themselves."""
    matched = typed.q[len(before) :].strip()
    for stored in (hit.stored for hit in hits):
        own = set(name_tokens([stored["name"], *stored.get("other_names", ())]))
        if all(any(set(alternative) <= own for alternative in word) for word in named):
            yield Suggestion(
                "name", None, stored["id"], stored["name"], _detail(stored), matched, None, None, request, 1
            )


def _detail(stored: Mapping[str, Any]) -> str:
    kind = vocabulary("professions").label(stored["provider_type"]) if stored.get("provider_type") else ""
    places_ = ((p.get("city"), p.get("state")) for p in stored.get("locations", ()))
    place = next((f"{city}, {state}" for city, state in places_ if city and state), "")
    return ", ".join(part for part in (kind, place) if part)


# The JSON form


def check(query_string: bytes) -> None:
    """Raises BadRequest for parameters of a search that have no meaning here."""
    pairs, _ = decode(query_string)
    errors = [ParameterError(n, v[:100], "is not a parameter of suggestions") for n, v in pairs if n in NOT_HERE]
    if errors:
        raise BadRequest("a parameter that suggestions do not take", errors)


def suggestions_dict(request: SearchRequest, found: Suggestions) -> dict[str, Any]:
    """The API's answer. `search` holds the arguments of the search that a suggestion leads to."""
    return {
        "q": request.q,
        "crisis": found.crisis,
        "generation": generation_dict(found.generation),
        "groups": dict(GROUPS),
        "suggestions": [
            {
                "group": s.group,
                "code": s.code,
                "id": s.id,
                "label": s.label,
                "detail": s.detail or None,
                "matched": s.matched,
                "parameter": s.parameter,
                "value": s.value,
                "count": s.count,
                "search": None if s.id else s.request.query_string(),
            }
            for s in found.items
        ],
    }
