"""What the harness prints: tables of figures, and the single failures of the part that may be looked at."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from benchmarks.relevance.extraction import Pair
from benchmarks.relevance.scores import Figures, Scored, by_kind, figures, spelling

_COLUMNS: Final = ("queries", "ranked", "nDCG@10", "recall≤10", "empty", "precision", "recall", "forbidden", "concepts")


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def _cells(name: str, f: Figures) -> tuple[str, ...]:
    numbers = (f.ndcg, f.small_recall, f.empty, f.precision, f.recall)
    return name, str(f.queries), str(f.ranked), *map(_number, numbers), str(f.forbidden), _number(f.concepts)


def table(scored: Sequence[Scored]) -> Iterator[str]:
    """Figures per kind, of both parts and over all, as a Markdown table."""
    yield "| kind | " + " | ".join(_COLUMNS) + " |"
    yield "|---" + "|--:" * len(_COLUMNS) + "|"
    parts: Mapping[str, Sequence[Scored]] = {
        **by_kind(scored),
        "**open part**": [s for s in scored if not s.judgement.held_out],
        "**held-out part**": [s for s in scored if s.judgement.held_out],
        "**all**": scored,
    }
    for name, part in parts.items():
        yield "| " + " | ".join(_cells(name, figures(part))) + " |"


def lines(scored: Sequence[Scored]) -> Iterator[str]:
    """The remaining figures, one a line."""
    over, spelt = figures(scored), spelling(scored)
    yield (
        f"misspelt: recall@10 {spelt.typo_recall:.3f} against {spelt.clean_recall:.3f} clean, ratio {spelt.ratio:.3f}; "
        f"nDCG@10 {spelt.typo_ndcg:.3f} against {spelt.clean_ndcg:.3f} ({spelt.pairs} pairs)"
    )
    yield (
        f"queries with a concept where none should be: {over.unasked}; corrected though well spelt: "
        f"{over.miscorrected}; wrong about a crisis: {over.crisis}"
    )


def _list(pairs: Sequence[Pair]) -> str:
    return ", ".join(f"{name}={value}" for name, value in pairs)


def _complaints(s: Scored) -> Iterator[str]:
    e = s.extraction
    if e.forbidden:
        yield f"forbidden {_list(e.forbidden)}"
    if e.wrong:
        yield f"wrong {_list(e.wrong)}"
    if e.missing:
        yield f"missing {_list(e.missing)}"
    if s.concepts_missing:
        yield f"no concept {', '.join(s.concepts_missing)} among {', '.join(s.answer.concepts[:5]) or 'none'}"
    if s.concepts_unasked:
        yield f"unasked concept {', '.join(s.concepts_unasked)}"
    if s.miscorrected:
        yield "corrected " + ", ".join(f"{a} to {b}" for a, b in s.miscorrected)
    if s.wrong_crisis:
        yield f"crisis is {s.answer.crisis}"
    if s.empty:
        yield f"nothing found ({s.relevant} relevant)"


def failures(scored: Sequence[Scored], floor: float) -> Iterator[str]:
    """What is wrong with single answers of the open part, a line a query; nDCG@10 below `floor` counts as wrong."""
    for s in scored:
        if s.judgement.held_out:
            continue
        found = list(_complaints(s))
        if s.ndcg is not None and s.ndcg < floor:
            found.append(f"nDCG {s.ndcg:.2f}, grades {''.join(map(str, s.grades))} of {s.answer.total}")
        if found:
            yield f"{s.judgement.kind:<11} {s.judgement.q!r}: {'; '.join(found)}"
