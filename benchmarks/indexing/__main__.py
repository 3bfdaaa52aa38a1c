"""How fast, and in how much memory, a directory is made from NPPES-shaped files, or a health plan's read.

    python -m benchmarks.indexing reading [--rows 2000000] [--share 0.2]    # parse, filter, normalise: no engine
    python -m benchmarks.indexing building [--rows 1000000] [--share 1] [--engine embedded]   # a whole build
    python -m benchmarks.indexing plans FOLDER    # reading a health plan's directory (plan_net), in practitioners
    ELASTICSEARCH_URL=http://localhost:9200 python -m benchmarks.indexing bulk [--profiles 100000]
    python -m benchmarks.indexing make FILE [--rows 2000000] [--share 0.2]  # only the file

A file of that size is made in --folder and kept for the next time. Each stage runs as a process of its own from the
start, so what one costs is the difference to the one before. `cpu` is what all processes used (it hardly depends on who
else uses the machine), `wall` the time on the clock, `rate` rows a second of it, `peak` the resident memory of all
processes together. --json prints one object instead of a table.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import orjson

from benchmarks.indexing import reading
from benchmarks.indexing.watched import Cost, run

# What only some commands need is imported by those: a stage's time begins with its process.

_READING: Final = {"parse": "parsing", "judge": "validation", "words": "normalising"}
_RATIO: Final = "documents/s: {ours:,.0f} by a build, {bare:,.0f} bare; ratio {ratio:.2f} ({bytes:,.0f} bytes each)"
_FOLDER: Final = Path(tempfile.gettempdir()) / "indexing-benchmark"


def _file(folder: Path, rows: int, share: float) -> Path:
    """The made-up file of this size, made now or before."""
    path = folder / f"npidata_pfile_{rows}_{share:g}.csv"
    if not path.exists():
        from benchmarks.indexing import nppes_files

        folder.mkdir(parents=True, exist_ok=True)
        print(f"making {path}", file=sys.stderr)
        aside = path.with_suffix(".new")
        nppes_files.write(aside, rows, share)
        aside.rename(path)
    return path


def _measured(path: Path, stages: dict[str, str]) -> list[dict[str, Any]]:
    """A row of figures for each stage; `alone` is what it costs beyond the one before."""
    found: list[dict[str, Any]] = []
    costs: list[Cost] = []
    for stage, what in stages.items():
        cost = run(["stage", stage, str(path)])
        before = costs[-1].cpu if costs else 0.0
        costs.append(cost)
        rows, profiles = cost.said.get("read", cost.said.get("rows", 0)), cost.said.get("profiles")
        found.append(
            {
                "stage": what, "cpu": cost.cpu, "wall": cost.wall, "peak": cost.peak, "alone": cost.cpu - before,
                "rows": rows, "profiles": profiles, "rate": rows / cost.wall,
                "profiles_rate": profiles / cost.wall if profiles else None, "said": cost.said,
            }
        )  # fmt: skip
    for row in found:
        row["part"] = row["alone"] / costs[-1].cpu
    return found


def _table(rows: list[dict[str, Any]]) -> None:
    print(f"{'up to and with':<16}{'cpu s':>9}{'wall s':>9}{'rows/s':>11}{'profiles/s':>12}{'peak MB':>9}{'part':>7}")
    for r in rows:
        profiles = f"{r['profiles_rate']:,.0f}" if r["profiles_rate"] else ""
        print(
            f"{r['stage']:<16}{r['cpu']:>9.1f}{r['wall']:>9.1f}{r['rate']:>11,.0f}{profiles:>12}"
            f"{r['peak'] / 1e6:>9,.0f}{100 * r['part']:>6.0f}%"
        )
    last = rows[-1]
    quiet = last["rows"] / last["cpu"] * 2
    print(f"two processors that do nothing else could do {quiet:,.0f} rows/s at most, by the processor seconds")


def _stage(name: str) -> Callable[[Path], dict[str, Any]]:
    if name in reading.STAGES:
        return reading.STAGES[name]
    from benchmarks.indexing import stages

    return stages.STAGES[name]


def main() -> None:
    """Make, measure, print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.indexing", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, rows, share in (("reading", 2_000_000, 0.2), ("building", 1_000_000, 1.0), ("make", 2_000_000, 0.2)):
        command = commands.add_parser(name)
        command.add_argument("--rows", type=int, default=rows)
        command.add_argument("--share", type=float, default=share, help="of the rows that are behavioral individuals")
        if name == "make":
            command.add_argument("file", type=Path)
    commands.choices["building"].add_argument("--engine", choices=["embedded", "elasticsearch"], default="embedded")
    compared = commands.add_parser("bulk")
    compared.add_argument("--profiles", type=int, default=100_000)
    compared.add_argument("--rounds", type=int, default=5)
    compared.add_argument("--demo", action="store_true", help="richer documents than NPPES makes")
    for name in ("reading", "building", "bulk"):
        commands.choices[name].add_argument("--folder", type=Path, default=_FOLDER)
        commands.choices[name].add_argument("--json", action="store_true")
    commands.add_parser("plans").add_argument("folder", type=Path)
    commands.choices["plans"].add_argument("--json", action="store_true")
    stage = commands.add_parser("stage")
    stage.add_argument("stage")
    stage.add_argument("file", type=Path)
    asked = parser.parse_args()
    match asked.command:
        case "stage":
            print(orjson.dumps(_stage(asked.stage)(asked.file)).decode())
        case "make":
            from benchmarks.indexing import nppes_files

            began = time.perf_counter()
            nppes_files.write(asked.file, asked.rows, asked.share)
            print(f"{asked.rows:,} rows in {time.perf_counter() - began:.0f} s")
        case "bulk":
            from benchmarks.indexing import bulk

            path = None if asked.demo else _file(asked.folder, asked.profiles, 1.0)
            found = bulk.compare(path, asked.profiles, asked.rounds)
            print(orjson.dumps(found).decode() if asked.json else _RATIO.format(**found))
        case _:
            if asked.command == "plans":
                measured = _measured(asked.folder, {"plans": "reading"})
            else:
                engine = {} if asked.command == "reading" else {"merge": "merge", asked.engine: "engine"}
                measured = _measured(_file(asked.folder, asked.rows, asked.share), _READING | engine)
            if asked.json:
                print(orjson.dumps({"command": asked.command, "stages": measured}).decode())
            else:
                _table(measured)


if __name__ == "__main__":
    main()
