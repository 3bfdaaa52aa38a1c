"""Results as tables in Markdown, printed and put into docs/performance.md between their marks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.search import stores
from benchmarks.search.load import Load
from benchmarks.search.measure import RAW, Results

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "performance.md"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are numbers."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _ms(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _kinds(results: Results) -> list[str]:
    return list(dict.fromkeys(kind for kind, _ in (*results.process, *results.one) if kind != "nothing"))


def _process(results: Results) -> str:
    names = list(dict.fromkeys(name for _, name in results.process))
    rows = []
    for kind in _kinds(results):
        cells = []
        for name in names:
            found = results.process.get((kind, name))
            cells.append(f"{_ms(found.p50)} / {_ms(found.p95)} ({_ms(found.cpu)})" if found else "")
        rows.append([kind, *cells])
    return "In process: milliseconds at the median / at 95% (processor time of our process)\n\n" + table(
        ["", *names], rows
    )


def _latency(load: Load | None) -> str:
    if load is None:
        return ""
    return f"{_ms(load.p50)} / {_ms(load.p95)}" + (f" ({load.errors} failed)" if load.errors else "")


def _http(results: Results) -> str:
    names = list(dict.fromkeys(name for kind, name in results.one if kind != "nothing"))
    kinds = _kinds(results)
    ours = [n for n in names if n in stores.ENGINES]
    one = [
        [
            kind,
            *(_latency(results.one.get((kind, n))) for n in names),
            *(_latency(results.again.get((kind, n))) for n in ours),
        ]
        for kind in kinds
    ]
    many = [
        [kind, *(f"{load.rate:.0f}" if (load := results.many.get((kind, n))) else "" for n in names)] for kind in kinds
    ]
    ceiling = results.one["nothing", "flask"], results.many["nothing", "flask"]
    return "\n\n".join(
        (
            "Over HTTP, one connection: milliseconds at the median / at 95%; *again*: five searches over and over",
            table(["", *names, *(f"{n}, again" for n in ours)], one),
            "Over HTTP, 16 connections: answers a second",
            table(["", *names], many),
            f"A Flask application that does nothing, behind the same server: {ceiling[0].p50:.2f} / "
            f"{ceiling[0].p95:.2f} ms, {ceiling[1].rate:.0f} answers a second.",
        )
    )


def _ratios(results: Results) -> str:
    """Ours on Elasticsearch against the faster of the two raw ways, and against Searchkit."""
    rows = []
    for kind in _kinds(results):
        ours, many = results.one.get((kind, "elasticsearch")), results.many.get((kind, "elasticsearch"))
        raw = [results.one[kind, n] for n in RAW if (kind, n) in results.one]
        if not ours or not many or not raw:
            continue
        best = min(load.p50 for load in raw)
        rate = max(results.many[kind, n].rate for n in RAW)
        kit, kit_many = results.one.get((kind, "searchkit")), results.many.get((kind, "searchkit"))
        rows.append(
            [
                kind,
                f"{ours.p50 - best:+.1f}",
                f"{ours.p50 / best:.2f}",
                f"{many.rate / rate:.2f}",
                f"{ours.p50 / kit.p50:.2f}" if kit else "",
                f"{many.rate / kit_many.rate:.2f}" if kit_many else "",
            ]
        )
    if not rows:
        return ""
    head = ["", "ms over raw", "time / raw", "throughput / raw", "time / Searchkit", "throughput / Searchkit"]
    return "Our API on Elasticsearch against the faster raw request, and against Searchkit\n\n" + table(head, rows)


def _rest(results: Results) -> str:
    rows = [
        [
            name,
            f"{results.start[name]:.1f} s" if name in results.start else "",
            f"{results.memory[name] / 1e6:.0f} MB" if name in results.memory else "",
            f"{_ms(results.walk[name])} ms" if name in results.walk else "",
        ]
        for name in results.plan.engines
    ]
    head = ["", "start to first answer", "4 workers together (PSS)", "a page of 100 on a walk of 10,000"]
    return table(head, rows)


def markdown(results: Results, when: str, note: str) -> str:
    """All tables, with when and how they came to be."""
    command = f"python -m benchmarks.search --size {stores.short(results.plan.count)}"
    said = f"{results.plan.count:,} profiles, {when}, `{command}`{f'; {note}' if note else ''}"
    parts: list[Callable[[Results], str]] = [_process]
    if results.one:
        parts += [_http, _ratios]
    return "\n\n".join([said, *filter(None, (part(results) for part in (*parts, _rest)))])


def save(text: str, mark: str) -> None:
    """Put `text` between the marks of this name in docs/performance.md."""
    page = PAGE.read_text("utf-8")
    begin, end = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(page):
        raise SystemExit(f"{PAGE} has no {begin} … {end}")
    PAGE.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n{end}", page), "utf-8")
