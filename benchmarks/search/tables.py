"""Results as tables in Markdown, printed and put into docs/performance.md between their marks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.search import kinds, stores
from benchmarks.search.load import Load, Times
from benchmarks.search.raw import RAW, SEARCHKIT
from benchmarks.search.results import Figures, Results

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "performance.md"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are numbers."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _ms(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _times(found: Times | None) -> str:
    return f"{_ms(found.p50)} / {_ms(found.p95)} ({_ms(found.cpu)})" if found else ""


def _latency(found: Load | None) -> str:
    if found is None:
        return ""
    if not found.rate:
        return "–"
    return f"{_ms(found.p50)} / {_ms(found.p95)}" + (f" ({found.errors} failed)" if found.errors else "")


def _rate(found: Load | None) -> str:
    if found is None:
        return ""
    return f"{found.rate:.0f}" if found.rate else "–"


def of_kind(kind: str, found: Mapping[str, Figures]) -> str:
    """The figures of one kind, a line for each candidate."""
    head = [kind, "in process", "one connection", "again", "16 connections"]
    return table(
        head, [[n, _times(f.process), _latency(f.one), _latency(f.again), _rate(f.many)] for n, f in found.items()]
    )


def _by_kind(results: Results, cell: Callable[[Figures], str], suffix: str = "") -> tuple[list[str], list[list[str]]]:
    """(candidates, a row of cells for each kind) of what was measured: a candidate without any cell is left out."""
    cells = {kind: {name: cell(f) for name, f in found.items()} for kind, found in _kinds(results).items()}
    names = list(dict.fromkeys(name for found in cells.values() for name, said in found.items() if said))
    return [name + suffix for name in names], [
        [kind, *(found.get(name, "") for name in names)] for kind, found in cells.items()
    ]


def _kinds(results: Results) -> dict[str, dict[str, Figures]]:
    return {kind: results.kinds[kind] for kind in kinds.KINDS if kind in results.kinds}


def _process(results: Results) -> str:
    names, rows = _by_kind(results, lambda f: _times(f.process))
    return "In process: milliseconds at the median / at 95% (processor time of our process)\n\n" + table(
        ["", *names], rows
    )


def _http(results: Results) -> str:
    names, one = _by_kind(results, lambda f: _latency(f.one))
    ours, again = _by_kind(results, lambda f: _latency(f.again), ", again")
    every, many = _by_kind(results, lambda f: _rate(f.many))
    if not names:
        return ""
    parts = [
        "Over HTTP, one connection: milliseconds at the median / at 95%; *again*: five searches over and over; –: no "
        "answer before the run ended",
        table(["", *names, *ours], [[*row, *more[1:]] for row, more in zip(one, again, strict=True)]),
        "Over HTTP, 16 connections: answers a second",
        table(["", *every], many),
    ]
    if (nothing := results.nothing) and nothing.one and nothing.many:
        parts.append(
            f"A Flask application that does nothing, behind the same server: {nothing.one.p50:.2f} / "
            f"{nothing.one.p95:.2f} ms, {nothing.many.rate:.0f} answers a second."
        )
    return "\n\n".join(parts)


def _ratio(ours: float, theirs: float) -> str:
    """Empty where nothing of theirs was answered before the run ended."""
    return f"{ours / theirs:.2f}" if theirs else ""


def _against(found: Mapping[str, Figures]) -> list[str] | None:
    """Ours on Elasticsearch against the faster of the two raw ways, and against Searchkit; None without the former."""
    ours = found.get("elasticsearch")
    raw = [f for name in RAW if (f := found.get(name))]
    one, many = [f.one for f in raw if f.one], [f.many for f in raw if f.many]
    if not ours or not ours.one or not ours.many or not one or not many:
        return None
    best = min((load.p50 for load in one if load.rate), default=0.0)
    rate = max(load.rate for load in many)
    over = f"{ours.one.p50 - best:+.1f}" if best else ""
    said = [over, _ratio(ours.one.p50, best), _ratio(ours.many.rate, rate)]
    kit = found.get(SEARCHKIT)
    if not kit or not kit.one or not kit.many:
        return [*said, "", ""]
    return [*said, _ratio(ours.one.p50, kit.one.p50), _ratio(ours.many.rate, kit.many.rate)]


def _ratios(results: Results) -> str:
    rows = [[kind, *said] for kind, found in _kinds(results).items() if (said := _against(found))]
    if not rows:
        return ""
    head = ["", "ms over raw", "time / raw", "throughput / raw", "time / Searchkit", "throughput / Searchkit"]
    return "Our API on Elasticsearch against the faster raw request, and against Searchkit\n\n" + table(head, rows)


def _rest(results: Results) -> str:
    if not results.rest:
        return ""
    head = ["", "start to first answer", "4 workers together (PSS)", "a page of 100 on a walk of 10,000"]
    return table(
        head,
        [
            [name, f"{rest.start:.1f} s", f"{rest.memory / 1e6:.0f} MB", f"{_ms(rest.walk)} ms"]
            for name, rest in results.rest.items()
        ],
    )


def markdown(results: Results, note: str) -> str:
    """All tables, with when and how they came to be."""
    command = f"python -m benchmarks.search --size {stores.short(results.count)}"
    runs = sorted(set(results.when.values()))
    when = " to ".join(dict.fromkeys((runs[0], runs[-1])))
    said = f"{results.count:,} profiles, {when}, `{command}`{f'; {note}' if note else ''}"
    return "\n\n".join([said, *filter(None, (part(results) for part in (_process, _http, _ratios, _rest)))])


def save(text: str, mark: str) -> None:
    """Put `text` between the marks of this name in docs/performance.md."""
    page = PAGE.read_text("utf-8")
    begin, end = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(page):
        raise SystemExit(f"{PAGE} has no {begin} … {end}")
    PAGE.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n{end}", page), "utf-8")
