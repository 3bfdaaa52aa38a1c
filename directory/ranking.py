"""What makes one match come before another: THE table of the ranking, and the score of a request made from it.

A score is a sum: the points of every row whose condition a provider meets, and the words' BM25 times the points of
`text`. Points are whole numbers and conditions are expressions that every engine compiles, so all of a score but BM25
is the same number on each; equals take turns from day to day (`document.rotation`). Nobody can pay for a place.
`docs/relevance.md` tells how to judge a change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from directory.evidence import Evidence
from directory.expressions import Between, Expr, Has, Missing, Near
from directory.search_request import SearchRequest
from directory.text import Word
from directory.understanding import Concept
from directory.vocabulary import vocabulary


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table. `points` count once, or, with `steps`, once for each step that is reached."""

    feature: str
    points: int
    condition: str
    why: str
    steps: tuple[int, ...] = ()


TABLE: Final = (
    Row("text", 4, "BM25 of each word that ranks, by the weight of the text it is in (`document.TEXTS`)",
        "What someone typed comes first; a name or a rare word outweighs everything else."),
    Row("concern", 60, "states a concern that the words are about (times the weight of the concept)",
        "They say that they work with it."),
    Row("related_concern", 40, "states it, the concern above it or one below (times the weight of the concept)",
        "Who works with anxiety knows panic; less sure than saying so."),
    Row("evidence", 30, "offers a treatment with evidence for such a concern (times the weight of the concept)",
        "What was found to help most people with it; of the treatment, not of who offers it."),
    Row("strong_evidence", 5, "offers one that is recommended, not just an option (times the weight of the concept)",
        "Guidelines differ in their words, so the difference is small."),
    Row("completeness", 3, "states so much of what clients decide by (percent)",
        "Who can be judged before a call is worth more of it.", (40, 60, 80)),
    Row("freshness", 4, "confirmed within so many days",
        "Most wrong listings are old ones.", (90, 180, 365)),
    Row("distance", 4, "nearest place within so many miles of the place asked for",
        "Sessions that are near are kept up; steps, because a mile more decides nothing.", (5, 10, 25)),
    Row("accepting", 12, "takes new clients", "A call that can lead to an appointment."),
    Row("waitlist", 9, "has a waiting list", "Later is better than no."),
    Row("accepting_not_stated", 6, "does not state whether new clients are taken", "Unknown is not no."),
)  # fmt: skip
"""No row asks how much a provider pays, how often they are looked at, or who they are."""

ROWS: Final = MappingProxyType({row.feature: row for row in TABLE})


@dataclass(frozen=True, slots=True)
class Boost:
    """`points` for everybody who matches `where`."""

    where: Expr
    points: int


@dataclass(frozen=True, slots=True)
class Score:
    """What an order by score counts. `words` rank wherever they occur, those of `required` must occur anyway.
    `standing` hangs on the day alone, so that an engine may keep its sum for everybody; `boosts` are of the request."""

    words: tuple[Word, ...]
    required: tuple[Word, ...]
    standing: tuple[Boost, ...]
    boosts: tuple[Boost, ...]


def score(request: SearchRequest) -> Score:
    """The score of `request`. Pure: the same on every engine."""
    known = request.treatments
    boosts = [b for concept in request.concepts for b in (*_concept(concept), *_evidence(concept, known))]
    return Score(request.ranked_words, request.words, standing(request.today), (*boosts, *_distance(request)))


def standing(today: date) -> tuple[Boost, ...]:
    """What counts in every search of the day `today`."""
    day = today.toordinal()
    fresh, complete = ROWS["freshness"], ROWS["completeness"]
    return (
        *(Boost(Between("verified_on", low=day - days), fresh.points) for days in fresh.steps),
        *(Boost(Between("completeness", low=percent), complete.points) for percent in complete.steps),
        Boost(Has("accepting", ("yes",)), ROWS["accepting"].points),
        Boost(Has("accepting", ("waitlist",)), ROWS["waitlist"].points),
        Boost(Missing("accepting"), ROWS["accepting_not_stated"].points),
    )


def _concept(concept: Concept) -> Iterator[Boost]:
    near = related(concept.code)
    yield Boost(Has("concern", (concept.code,)), _share(ROWS["concern"], concept))
    yield Boost(Has("concern", (concept.code, *near)), _share(ROWS["related_concern"], concept))


_RECOMMENDED: Final = frozenset({"strong", "recommended"})


def _evidence(concept: Concept, treatments: Iterable[Evidence]) -> Iterator[Boost]:
    known = [e for e in treatments if e.concern == concept.code]
    strong = [e for e in known if e.strength in _RECOMMENDED]
    for name, of_it in (("evidence", known), ("strong_evidence", strong)):
        if of_it:
            codes = tuple(dict.fromkeys(e.modality for e in of_it))
            yield Boost(Has("modality", codes), _share(ROWS[name], concept))


def _share(row: Row, concept: Concept) -> int:
    return max(1, round(row.points * concept.weight))


def related(concern: str) -> tuple[str, ...]:
    """The concern above `concern`, if any, and those right below it."""
    known = vocabulary("concerns")
    term = known.terms.get(concern)
    return (*([term.parent] if term and term.parent else ()), *known.children(concern))


def _distance(request: SearchRequest) -> Iterator[Boost]:
    row = ROWS["distance"]
    if request.near:
        for miles in row.steps:
            yield Boost(Near(request.near.point, miles), row.points)
