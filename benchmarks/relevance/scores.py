"""Answers held against judgements, and figures over many of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from benchmarks.relevance.asking import Answer
from benchmarks.relevance.extraction import Extraction, compare
from benchmarks.relevance.grading import Corpus
from benchmarks.relevance.judgements import KINDS, Judgement
from benchmarks.relevance.measures import DEPTH, GOOD, mean, ndcg, recall

CONCEPTS_SHOWN: Final = 3
"""Concepts that are looked at."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One answer, judged. `grades` are those of the results shown, `relevant` and `good` count the corpus; `ndcg` and
    `recall` are None where nobody in it is relevant, or good."""

    judgement: Judgement
    answer: Answer
    grades: tuple[int, ...]
    relevant: int
    good: int
    ndcg: float | None
    recall: float | None
    extraction: Extraction

    @property
    def empty(self) -> bool:
        """Nothing was found, though someone is relevant."""
        return self.answer.total == 0 and self.relevant > 0

    @property
    def concepts_missing(self) -> tuple[str, ...]:
        """Judged concepts that are not among the first three understood."""
        return tuple(c for c in self.judgement.concepts or () if c not in self.answer.concepts[:CONCEPTS_SHOWN])

    @property
    def concepts_unasked(self) -> tuple[str, ...]:
        """Concepts that were understood where none should be."""
        return self.answer.concepts if self.judgement.concepts == () else ()

    @property
    def miscorrected(self) -> tuple[tuple[str, str], ...]:
        """Corrections of a query that is spelt as it should be."""
        return self.answer.corrected if self.judgement.of is None else ()

    @property
    def wrong_crisis(self) -> bool:
        """The crisis panel is there and shouldn't be, or the other way round."""
        return self.judgement.crisis not in (None, self.answer.crisis)


def score(corpus: Corpus, judgements: Sequence[Judgement], ask: Callable[[Judgement], Answer]) -> tuple[Scored, ...]:
    """Ask every query and judge the answers."""
    return tuple(_scored(corpus, j, ask(j)) for j in judgements)


def _scored(corpus: Corpus, judgement: Judgement, answer: Answer) -> Scored:
    grades = corpus.grades(judgement)
    shown = [int(grades[corpus.place[id_]]) for id_ in answer.ids[:DEPTH]]
    everybody = grades.tolist()
    return Scored(
        judgement=judgement,
        answer=answer,
        grades=tuple(shown),
        relevant=int((grades > 0).sum()),
        good=int((grades >= GOOD).sum()),
        ndcg=ndcg(shown, everybody),
        recall=recall(shown, everybody),
        extraction=compare(answer.filters, judgement),
    )


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures over some queries; not a number where nothing was to be measured.

    `ranked`: queries with someone relevant, which `ndcg` and `empty` (the part that found nothing) are of.
    `small_recall`: recall@10 where at most ten are good. `precision` and `recall` are those of the filters, over all
    single values; `forbidden` how many were applied that must not be. `concepts`: the part of the judged ones among the
    first three. `unasked`, `miscorrected`: how many queries got a concept or a correction that they shouldn't.
    """

    queries: int
    ranked: int
    ndcg: float
    small_recall: float
    empty: float
    precision: float
    recall: float
    forbidden: int
    concepts: float
    unasked: int
    miscorrected: int
    crisis: int


def figures(scored: Sequence[Scored]) -> Figures:
    """The figures over `scored`."""
    ranked = [s.ndcg for s in scored if s.ndcg is not None]
    small = [s.recall for s in scored if s.recall is not None and s.good <= DEPTH]
    right = sum(len(s.extraction.right) for s in scored)
    wrong = sum(len(s.extraction.wrong) for s in scored)
    missing = sum(len(s.extraction.missing) for s in scored)
    concepts = sum(len(s.judgement.concepts or ()) for s in scored)
    return Figures(
        queries=len(scored),
        ranked=len(ranked),
        ndcg=mean(ranked),
        small_recall=mean(small),
        empty=_part(sum(s.empty for s in scored), len(ranked)),
        precision=_part(right, right + wrong),
        recall=_part(right, right + missing),
        forbidden=sum(len(s.extraction.forbidden) for s in scored),
        concepts=_part(concepts - sum(len(s.concepts_missing) for s in scored), concepts),
        unasked=sum(bool(s.concepts_unasked) for s in scored),
        miscorrected=sum(bool(s.miscorrected) for s in scored),
        crisis=sum(s.wrong_crisis for s in scored),
    )


def _part(some: int, of: int) -> float:
    return some / of if of else math.nan


def by_kind(scored: Sequence[Scored]) -> dict[str, tuple[Scored, ...]]:
    """The answers by kind of query, in the order of the kinds."""
    ordered = sorted(scored, key=lambda s: KINDS.index(s.judgement.kind))
    return {kind: tuple(group) for kind, group in groupby(ordered, key=lambda s: s.judgement.kind)}


@dataclass(frozen=True, slots=True)
class Spelling:
    """Misspelt queries beside their clean ones: recall@10 and nDCG@10 of both, `ratio` of the recalls."""

    pairs: int
    clean_recall: float
    typo_recall: float
    ratio: float
    clean_ndcg: float
    typo_ndcg: float


def spelling(scored: Sequence[Scored]) -> Spelling:
    """Figures over the pairs in which someone good is to be found."""
    by_q = {s.judgement.q: s for s in scored}
    pairs = [(by_q[s.judgement.of], s) for s in scored if s.judgement.of and s.recall is not None]
    clean, typo = (mean([p[side].recall or 0.0 for p in pairs]) for side in (0, 1))
    return Spelling(
        pairs=len(pairs),
        clean_recall=clean,
        typo_recall=typo,
        ratio=typo / clean if clean else math.nan,
        clean_ndcg=mean([p[0].ndcg or 0.0 for p in pairs]),
        typo_ndcg=mean([p[1].ndcg or 0.0 for p in pairs]),
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """How far two engines lie apart: overall nDCG@10, the mean over the queries of what they differ in it, and the part
    of the first ten that both show."""

    overall: float
    single: float
    shared: float


def difference(a: Sequence[Scored], b: Sequence[Scored]) -> Difference:
    """The difference between two engines' answers to the same queries in the same order."""
    ranked = [(x.ndcg, y.ndcg) for x, y in zip(a, b, strict=True) if x.ndcg is not None and y.ndcg is not None]
    shown = [(set(x.answer.ids), set(y.answer.ids)) for x, y in zip(a, b, strict=True)]
    return Difference(
        overall=abs(mean([x for x, _ in ranked]) - mean([y for _, y in ranked])),
        single=mean([abs(x - y) for x, y in ranked]),
        shared=mean([len(x & y) / max(len(x), len(y)) for x, y in shown if x or y]),
    )
