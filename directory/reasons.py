"""Why a provider is among the results, and why one is not: said of one profile, from the same request, plan and
document as the search itself. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any, Final, TypeAlias

from directory import licensure
from directory.document import Document, document, own_names, stated
from directory.facets import FACET
from directory.matching import distance, matches, missing_words, states
from directory.plan import conditions
from directory.profile import Profile, Stored, as_stored
from directory.ranking import related
from directory.search_request import SearchRequest
from directory.terms import term_key
from directory.text import Word, name_tokens, tokens, words
from directory.understanding import Finding, Understanding
from directory.vocabulary import facet_vocabulary

_CODED: Final = ("modality", "concern", "provider_type")
"""Facets whose labels `q` searches."""

Reason: TypeAlias = Mapping[str, Any]


# Why


class Explainer:
    """Says why profiles are among the results of a request. What hangs on the request alone is found once, for all
    results of a page."""

    def __init__(self, request: SearchRequest) -> None:
        """`request` is an effective one."""
        said = request.understood.findings if request.understood else ()
        self._findings = [(f, _how(f, request.understood)) for f in said if f.applied and request.understood]
        self._concepts = [(concept, related(concept.code)) for concept in request.concepts]
        self._evidence = tuple(_evidence(request))
        self._typed = _typed_words(request)
        self._wanted = {token for _, word in self._typed for alternative in word for token in alternative}
        self._labels = {field: self._in_labels(field) for field in _CODED}

    def why(self, stored: Stored) -> tuple[Reason, ...]:
        """What of the words of the request led to a profile, given as it is stored: `field`, `code` (for vocabulary
        fields), the words as typed (`matched`), and how: `filter`, `synonym`, `typo` for a filter that was understood;
        `name`, `synonym`, `need`, `model` for a concern, `related` for one above or below it; `evidence` for a
        treatment with evidence for a concern (with `concern`, `audience`, `strength`, `source`, `date`); `text` for a
        word that occurs."""
        ways = (self._by_findings, self._by_concepts, self._by_evidence, self._by_words)
        found = [reason for way in ways for reason in way(stored)]
        return tuple({(r["field"], r["code"], r["matched"], r["how"], r.get("concern")): r for r in found}.values())

    def _by_findings(self, stored: Stored) -> Iterator[Reason]:
        for finding, how in self._findings:
            codes: Iterable[str | None] = (None,)
            if finding.parameter in FACET:
                known = stated(stored, FACET[finding.parameter])
                codes = [c for c in finding.values if c in known]
            for code in codes:
                yield {"field": finding.parameter, "code": code, "matched": finding.words, "how": how}

    def _by_concepts(self, stored: Stored) -> Iterator[Reason]:
        known = stated(stored, FACET["concern"])
        for concept, near in self._concepts:
            named = concept.code in known
            for code in (concept.code,) if named else [c for c in near if c in known]:
                how = concept.how if named else "related"
                yield {"field": "concern", "code": code, "matched": concept.words, "how": how}

    def _by_evidence(self, stored: Stored) -> Iterator[Reason]:
        known = stated(stored, FACET["modality"])
        return (reason for reason in self._evidence if reason["code"] in known)

    def _by_words(self, stored: Stored) -> Iterator[Reason]:
        found = [text for text in self._texts(stored) if text[2]] if self._typed else []
        for place, (written, _) in enumerate(self._typed):
            for field, code, occurring in found:
                if place in occurring:
                    yield {"field": field, "code": code, "matched": written, "how": "text"}

    def _texts(self, stored: Stored) -> Iterator[tuple[str, str | None, list[int]]]:
        """(field, code, which of the typed words occur) of every text that `q` searches, in the order of
        `document.TEXTS`."""
        given = stored.get("family"), stored.get("given"), tuple(stored.get("other_names", ()))
        yield "name", None, self._occurring(_names(stored["name"], *given))
        for field in _CODED:
            if named := self._labels[field]:
                yield from ((field, code, named[code]) for code in stated(stored, FACET[field]) if code in named)
        for place in stored.get("locations", ()):
            if city := place.get("city"):
                yield "city", None, self._occurring(_city(city))
        if bio := stored.get("bio"):
            yield "bio", None, self._occurring(tokens(bio))

    def _in_labels(self, field: str) -> dict[str, list[int]]:
        """The codes of a facet in whose label a typed word occurs."""
        occurring = ((code, self._occurring(held)) for code, held in _labels(field).items())
        return {code: places for code, places in occurring if places}

    def _occurring(self, text: Iterable[str]) -> list[int]:
        """The places of the typed words that occur in a text of these tokens."""
        if self._wanted.isdisjoint(text):
            return []
        held = self._wanted.intersection(text)
        return [i for i, (_, word) in enumerate(self._typed) if any(held.issuperset(tokens_) for tokens_ in word)]


def _how(finding: Finding, understood: Understanding) -> str:
    if any(c.start < finding.end and finding.start < c.end for c in understood.corrected):
        return "typo"
    facet = FACET.get(finding.parameter)
    if facet is None:
        return "filter"
    terms = facet_vocabulary(facet).terms
    names = {term_key(n) for v in finding.values if v in terms for n in (v, terms[v].label, terms[v].short) if n}
    return "filter" if term_key(finding.words) in names else "synonym"


def _evidence(request: SearchRequest) -> Iterator[Reason]:
    said = {concept.code: concept.words for concept in request.concepts}
    for known in request.treatments:
        yield {
            "field": "modality",
            "code": known.modality,
            "matched": said[known.concern],
            "how": "evidence",
            "concern": known.concern,
            "audience": list(known.audience),
            "strength": known.strength,
            "source": known.source,
            "date": known.date,
        }


def _typed_words(request: SearchRequest) -> list[tuple[str, Word]]:
    """The words that rank, each as it was typed. Words that were mended are found in `text` alone."""
    understood, ranked = request.understood, request.ranked_words
    q = request.q if understood is None else " ".join((*understood.required, understood.text))
    return [(typed, word) for typed in q.split() for word in words(typed) if word in ranked]


@cache
def _labels(field: str) -> Mapping[str, frozenset[str]]:
    """The tokens of the label of every code of a facet."""
    return {term.code: frozenset(tokens(term.label)) for term in facet_vocabulary(FACET[field])}


_city: Final = lru_cache(maxsize=50_000)(tokens)


@lru_cache(maxsize=2048)
def _names(name: str, family: str | None, given: str | None, others: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name_tokens(own_names(name, family, given, others)))


# Why not


def why_not(profile: Profile, request: SearchRequest) -> tuple[Reason, ...]:
    """The filters of `request` (an effective one) that keep `profile` out, as the plan has them: `filter`, what is
    `asked`, what is `stated` (None: nothing) and the `reason`. Empty: it is among the results."""
    doc = document(as_stored(profile))
    return tuple(
        _failing(name, profile, doc, request)
        for name, condition in conditions(request).items()
        if not matches(condition, doc)
    )


def _failing(name: str, profile: Profile, doc: Document, request: SearchRequest) -> Reason:
    if name == "q":
        asked: Any = _typed(missing_words(request.words, doc), request)
        return {"filter": "q", "asked": asked, "stated": None, "reason": "does not occur"}
    told = _told(name, profile, doc, request)
    reason = "not stated" if told is None else "states otherwise"
    return {"filter": name, "asked": _asked(name, request), "stated": told, "reason": reason}


def _typed(missing: tuple[Word, ...], request: SearchRequest) -> list[str]:
    q = request.q if request.understood is None else " ".join(request.understood.required)
    return list(dict.fromkeys(typed for typed in q.split() if not set(words(typed)).isdisjoint(missing)))


def _asked(name: str, request: SearchRequest) -> Any:
    """What a filter asks for, in the unit of its parameter; for `near` the miles."""
    if name in FACET:
        return list(request.selected[name])
    return round(request.radius) if name == "near" else getattr(request, name)


def _told(name: str, profile: Profile, doc: Document, request: SearchRequest) -> Any:
    """What `profile` states for a filter, in the unit of its parameter: codes, dollars, years, miles, days; for `state`
    how it stands there by way. None when it states nothing."""
    if not states(doc, _COLUMNS.get(name, name)):
        return None
    if name == "max_fee":
        return doc.numbers["lowest_fee"]
    if name == "min_experience":
        return request.today.year - (profile.experience_since or request.today.year)
    if name == "verified_within":
        return (request.today - (profile.verified_on or request.today)).days
    if name == "near":
        return round(distance(doc, request.near.point) or 0.0, 2) if request.near else None
    if name == "state":
        standing = licensure.eligibility(profile.grants, request.state or "", request.today)
        return {way: standing[way] for way in licensure.WAYS}
    return list(doc.codes[name])


_COLUMNS: Final = {"max_fee": "lowest_fee", "min_experience": "experience_since", "verified_within": "verified_on"}
