"""How a ranking is scored (pure): graded gains with a logarithmic discount (Järvelin, Kekäläinen 2002)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

DEPTH: Final = 10
"""Results that are looked at."""

GOOD: Final = 2
"""The least grade that counts as found, for recall."""


def dcg(grades: Sequence[int]) -> float:
    """Discounted gain of the first ten; a grade g gains 2^g - 1."""
    return sum(((1 << g) - 1) / math.log2(rank + 2) for rank, g in enumerate(grades[:DEPTH]))


def ndcg(found: Sequence[int], corpus: Sequence[int]) -> float | None:
    """DCG@10 of the grades `found`, in the order shown, over that of the best order of the whole `corpus`; None when
    nobody in it is relevant."""
    best = dcg(sorted(corpus, reverse=True)[:DEPTH])
    return dcg(found) / best if best else None


def recall(found: Sequence[int], corpus: Sequence[int]) -> float | None:
    """Of as many good results as the corpus has, at most ten: the part that is among the first ten. None when nobody is
    good."""
    good = sum(g >= GOOD for g in corpus)
    return sum(g >= GOOD for g in found[:DEPTH]) / min(DEPTH, good) if good else None


def mean(values: Sequence[float]) -> float:
    """The mean; not a number of nothing."""
    return sum(values) / len(values) if values else math.nan


def quantile(values: Sequence[float], part: float) -> float:
    """The value below which this part lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(part * len(ordered)) - 1)] if ordered else math.nan
