"""Why a provider is among the results, and why one is not: said of one profile, from the same request, plan and
document as the search itself. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from directory import licensure
from directory.document import Document, document, own_names, stated
from directory.facets import FACET
from directory.matching import distance, matches, missing_words, states
from directory.plan import conditions
from directory.profile import Profile
from directory.ranking import related
from directory.search_request import SearchRequest
from directory.text import Word, name_tokens, tokens, words
from directory.understanding import Concept, Finding, Understanding
from directory.vocabulary import facet_vocabulary, term_key

_CODED: Final = ("modality", "concern", "provider_type")
"""Facets whose labels `q` searches."""

Reason = Mapping[str, Any]


# Why


def why(profile: Profile, request: SearchRequest) -> tuple[Reason, ...]:
    """What of the words of `request` (an effective one) led to `profile`: `field`, `code` (for vocabulary fields), the
    words as typed (`matched`), and how: `filter`, `synonym`, `typo` for a filter that was understood; `name`,
    `synonym`, `need`, `model` for a concern, `related` for one above or below it; `evidence` for a treatment with
    evidence for a concern (with `concern`, `audience`, `strength`, `source`, `date`); `text` for a word that occurs."""
    understood = request.understood
    found: list[Reason] = []
    if understood is not None:
        for finding in understood.findings:
            found += _by_finding(profile, finding, understood)
        for concept in understood.concepts:
            found += _by_concept(profile, concept)
        found += _by_evidence(profile, request)
    found += _by_words(profile, _typed_words(request))
    return tuple({(r["field"], r["code"], r["matched"], r["how"], r.get("concern")): r for r in found}.values())


def _by_finding(profile: Profile, finding: Finding, understood: Understanding) -> Iterator[Reason]:
    if not finding.applied:
        return
    how = _how(finding, understood)
    if finding.parameter in FACET:
        codes = stated(profile, FACET[finding.parameter])
        for code in (c for c in finding.values if c in codes):
            yield {"field": finding.parameter, "code": code, "matched": finding.words, "how": how}
    else:
        yield {"field": finding.parameter, "code": None, "matched": finding.words, "how": how}


def _how(finding: Finding, understood: Understanding) -> str:
    if any(c.start < finding.end and finding.start < c.end for c in understood.corrected):
        return "typo"
    facet = FACET.get(finding.parameter)
    if facet is None:
        return "filter"
    terms = facet_vocabulary(facet).terms
    names = {term_key(n) for v in finding.values if v in terms for n in (v, terms[v].label, terms[v].short) if n}
    return "filter" if term_key(finding.words) in names else "synonym"


def _by_concept(profile: Profile, concept: Concept) -> Iterator[Reason]:
    if concept.code in profile.concerns:
        yield {"field": "concern", "code": concept.code, "matched": concept.words, "how": concept.how}
        return
    for code in related(concept.code):
        if code in profile.concerns:
            yield {"field": "concern", "code": code, "matched": concept.words, "how": "related"}


def _by_evidence(profile: Profile, request: SearchRequest) -> Iterator[Reason]:
    said = {concept.code: concept.words for concept in request.concepts}
    for known in request.treatments:
        if known.modality in profile.modalities:
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


@lru_cache(maxsize=256)
def _words_as_typed(q: str, ranked: tuple[Word, ...]) -> tuple[tuple[str, Word], ...]:
    return tuple((typed, word) for typed in q.split() for word in words(typed) if word in ranked)


def _typed_words(request: SearchRequest) -> tuple[tuple[str, Word], ...]:
    """The words that rank, each as it was typed. Words that were mended are found in `text` alone."""
    understood = request.understood
    q = request.q if understood is None else " ".join((*understood.required, understood.text))
    return _words_as_typed(q, request.ranked_words)


def _by_words(profile: Profile, typed: tuple[tuple[str, Word], ...]) -> Iterator[Reason]:
    if not typed:
        return
    wanted = {token for _, word in typed for alternative in word for token in alternative}
    found = [text for text in _token_sets(profile) if not wanted.isdisjoint(text[2])]
    for written, word in typed:
        for field, code, occurring in found:
            if _occurs(word, occurring):
                yield {"field": field, "code": code, "matched": written, "how": "text"}


def _token_sets(profile: Profile) -> list[tuple[str, str | None, frozenset[str]]]:
    """(field, code, tokens) of every text that `q` searches, in the order of `document.TEXTS`. Results are explained on
    each page that shows them, so what takes long is kept."""
    return [
        ("name", None, _names(profile.name, profile.family, profile.given, profile.other_names)),
        *((field, code, _label(field, code)) for field in _CODED for code in stated(profile, FACET[field])),
        *(("city", None, _tokens(place.city)) for place in profile.locations if place.city),
        *((("bio", None, _tokens(profile.bio)),) if profile.bio else ()),
    ]


@lru_cache(maxsize=2048)
def _names(name: str, family: str | None, given: str | None, others: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name_tokens(own_names(name, family, given, others)))


@lru_cache(maxsize=2048)
def _tokens(text: str) -> frozenset[str]:
    return frozenset(tokens(text))


@lru_cache(maxsize=4096)
def _label(field: str, code: str) -> frozenset[str]:
    return _tokens(facet_vocabulary(FACET[field]).label(code))


def _occurs(word: Word, tokens: frozenset[str]) -> bool:
    return any(tokens.issuperset(alternative) for alternative in word)


# Why not


def why_not(profile: Profile, request: SearchRequest) -> tuple[Reason, ...]:
    """The filters of `request` (an effective one) that keep `profile` out, as the plan has them: `filter`, what is
    `asked`, what is `stated` (None: nothing) and the `reason`. Empty: it is among the results."""
    doc = document(profile)
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
