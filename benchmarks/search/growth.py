"""How cost grows with the number of profiles: a chart, as an SVG that stands alone and is readable in the dark too."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.search import kinds, stores, tables
from benchmarks.search.measure import Plan, measuring

CHART: Final = tables.PAGE.parent / "performance" / "growth.svg"

_SHOWN: Final = tuple(k for k in kinds.KINDS if k not in ("text, all words", "suggest", "profile"))
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 800, 440, 56, 200, 40, 44
_TICKS: Final = (1, 2, 5, 10, 20, 50, 100, 200)
_COLORS: Final = ("#2f6fde", "#d6453d", "#2a9d5c", "#b06ad4", "#e08a1e", "#1aa3b5", "#c23b8f", "#8a8f3a")
_STYLE: Final = (
    "text{font:12px system-ui,sans-serif;fill:#222}line{stroke:#ddd}path{fill:none;stroke-width:2}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}line{stroke:#444}svg{background:#111}}"
)


def run(cache: Path, sizes: Sequence[int], calls: int, *, as_is: bool, save: bool) -> None:
    """Measure the embedded engine in process at each of `sizes`, print a table and draw the chart."""
    found: dict[int, dict[str, float]] = {}
    for size in sizes:
        plan = Plan(size, ("embedded",), cache, calls=calls, http=False, peers=False, as_is=as_is)
        with measuring(plan) as bench:
            figures = {kind: bench.kind(kind)["embedded"].process for kind in _SHOWN}
        found[size] = {kind: times.p50 for kind, times in figures.items() if times}
    head = ["ms at the median", *(stores.short(size) for size in sizes)]
    text = tables.table(head, [[kind, *(f"{found[s][kind]:.1f}" for s in sizes)] for kind in _SHOWN])
    print(text)
    if save:
        CHART.parent.mkdir(exist_ok=True)
        CHART.write_text(chart(found), "utf-8")
        tables.save(text, "growth")


def _x(size: int, sizes: Sequence[int]) -> float:
    low, high = math.log(min(sizes)), math.log(max(sizes))
    return _LEFT + (math.log(size) - low) / max(high - low, 1e-9) * (_WIDTH - _LEFT - _RIGHT)


def _y(ms: float, top: float) -> float:
    low, high = math.log(_TICKS[0]), math.log(top)
    return _HEIGHT - _BOTTOM - (math.log(max(ms, _TICKS[0])) - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)


def chart(found: Mapping[int, Mapping[str, float]]) -> str:
    """Milliseconds by kind of search over sizes, both logarithmic."""
    sizes = sorted(found)
    top = next((t for t in _TICKS if t >= max(max(ms.values()) for ms in found.values())), _TICKS[-1])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="Milliseconds a search over the number of profiles"><style>{_STYLE}</style>',
        f'<text x="{_LEFT}" y="20">Milliseconds a search (median, embedded, in process) by number of profiles</text>',
    ]
    for tick in (t for t in _TICKS if t <= top):
        y = _y(tick, top)
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick}</text>')
    for size in sizes:
        parts.append(
            f'<text x="{_x(size, sizes):.1f}" y="{_HEIGHT - 16}" text-anchor="middle">{stores.short(size)}</text>'
        )
    ends = _spread({kind: _y(found[sizes[-1]][kind], top) for kind in found[sizes[-1]]})
    for color, kind in zip(_COLORS, found[sizes[-1]], strict=False):
        points = " L".join(f"{_x(s, sizes):.1f},{_y(found[s][kind], top):.1f}" for s in sizes)
        parts.append(f'<path d="M{points}" stroke="{color}"/>')
        parts.append(
            f'<text x="{_WIDTH - _RIGHT + 8}" y="{ends[kind] + 4:.1f}" style="fill:{color}">{kind} '
            f"({found[sizes[-1]][kind]:.1f})</text>"
        )
    return "".join((*parts, "</svg>\n"))


def _spread(heights: Mapping[str, float]) -> dict[str, float]:
    """`heights` moved apart, so that labels don't cover each other."""
    out: dict[str, float] = {}
    last = -math.inf
    for kind, y in sorted(heights.items(), key=lambda item: item[1]):
        last = max(y, last + 15)
        out[kind] = last
    return out
