"""What NPPES files say, worked out row by row in the plainest way: the truth for the columnar reader."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

# DOMAIN's list of professions, spelt out once more.
OURS: Final = re.compile(
    r"101Y.{6}|106H.{6}|102L.{6}|102X.{6}|101200000X|221700000X|225600000X|225A00000X|103T.{6}|103G.{6}|1041.{6}"
    r"|2084(P0800|P0802|P0804|P0805|F0202|P0015)X|363LP0808X|364SP08(07|08|09|10|11|12|13)X"
)


@dataclass
class Truth:
    """Counts by outcome and reason, the NPIs listed (with the last update they were taken from), those gone."""

    counts: Counter[str] = field(default_factory=Counter)
    listed: dict[str, str] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)


def _day(text: str) -> date | None:
    if not text:
        return None
    month, day, year = text.split("/")
    return date(int(year), int(month), int(day))


def truth(paths: Iterable[Path]) -> Truth:
    """The truth of well-formed files in this order."""
    out = Truth()
    events: dict[str, list[tuple[date, int, str, str]]] = {}
    order = 0
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                order += 1
                kind, day = _judge(row)
                out.counts["read"] += 1
                out.counts[kind] += 1
                events.setdefault(row["NPI"], []).append((day, order, kind, row.get("Last Update Date", "")))
    for npi, found in events.items():
        _, _, kind, updated = max(found)
        ours = sum(k == "ours" for _, _, k, _ in found)
        if kind == "ours":
            out.listed[npi] = updated
            ours -= 1
        elif kind == "deleted":
            out.gone.add(npi)
        out.counts["superseded"] += ours
    out.counts["indexed"] = len(out.listed)
    del out.counts["ours"]
    return out


def _judge(row: dict[str, str]) -> tuple[str, date]:
    if "NPPES Deactivation Date" in row:
        return "deleted", _day(row["NPPES Deactivation Date"]) or date.min
    gone, back = _day(row["NPI Deactivation Date"]), _day(row["NPI Reactivation Date"])
    if gone and not back:
        return "deleted", gone
    day = max(_day(row["Last Update Date"]) or date.min, back or date.min)
    codes = [row[f"Healthcare Provider Taxonomy Code_{n}"] for n in range(1, 16)]
    ours = any(OURS.fullmatch(code) for code in codes)
    if row["Entity Type Code"] == "1":
        return ("ours" if ours else "no_behavioral_code"), day
    return ("organization_with_individual_code" if ours else "organization"), day
