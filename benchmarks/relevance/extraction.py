"""Whether the filters of an answer are the judged ones (pure). Ways of saying the same are folded together first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from benchmarks.relevance.judgements import Filters, Judgement
from directory import places

Pair: TypeAlias = tuple[str, str]
"""A parameter and one of its values."""

_SAME_PLACE: Final = 1.0
"""Miles between two ways of naming a place."""
_PROGRAMS: Final = frozenset({"medicaid", "medicare", "tricare"})
_REMOTE: Final = frozenset({"video", "phone", "chat", "online"})


@dataclass(frozen=True, slots=True)
class Extraction:
    """The filters of one answer, held against the reading of the judgement that they are nearest to."""

    right: tuple[Pair, ...]
    wrong: tuple[Pair, ...]
    missing: tuple[Pair, ...]
    forbidden: tuple[Pair, ...]

    @property
    def slips(self) -> int:
        """How many filters are wrong or missing."""
        return len(self.wrong) + len(self.missing)


def pairs(filters: Mapping[str, Sequence[str]]) -> frozenset[Pair]:
    """The filters one by one: public programs as insurers, all remote ways as `remote`, a sliding scale as its flag."""
    found = {(name, str(value)) for name, values in filters.items() for value in values}
    out = set()
    for name, value in found:
        if name == "payment" and value in _PROGRAMS:
            out.add(("insurer", value))
        elif (name, value) == ("payment", "sliding_scale"):
            out.add(("sliding_scale", "true"))
        else:
            out.add((name, value))
    if all(("meeting", way) in out for way in _REMOTE):
        out = {p for p in out if p[0] != "meeting"} | {("remote", "true")}
    return frozenset(out)


def _same(a: Pair, b: Pair) -> bool:
    if a[0] != b[0]:
        return False
    if a[0] != "near" or a[1] == b[1]:
        return a[1] == b[1]
    return places.miles(places.find(a[1]), places.find(b[1])) <= _SAME_PLACE


def _in(pair: Pair, others: Iterable[Pair]) -> bool:
    return any(_same(pair, other) for other in others)


def compare(understood: Mapping[str, Sequence[str]], judgement: Judgement) -> Extraction:
    """`understood` held against every right reading; the one with the fewest slips counts."""
    found, may = pairs(understood), pairs(judgement.may)
    forbidden = tuple(sorted(p for p in found if _in(p, pairs(judgement.forbidden))))
    return min((_against(found, may, forbidden, reading) for reading in judgement.filters), key=lambda e: e.slips)


def _against(found: frozenset[Pair], may: frozenset[Pair], forbidden: tuple[Pair, ...], reading: Filters) -> Extraction:
    wanted = pairs(reading)
    return Extraction(
        right=tuple(sorted(p for p in found if _in(p, wanted))),
        wrong=tuple(sorted(p for p in found if not _in(p, wanted) and not _in(p, may))),
        missing=tuple(sorted(p for p in wanted if not _in(p, found))),
        forbidden=forbidden,
    )
