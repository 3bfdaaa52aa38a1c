"""Made-up NPPES files: rows by our names of the columns, written as CMS writes them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from indexer.sources.nppes_table import _columns

FIXTURES: Final = Path(__file__).parent / "fixtures" / "nppes"
SMALL: Final = FIXTURES / "weekly_small.csv"
NEXT: Final = FIXTURES / "weekly_next.csv"
DEACTIVATIONS: Final = FIXTURES / "deactivations_small.csv"

with SMALL.open(encoding="utf-8", newline="") as _file:
    HEADER: Final[tuple[str, ...]] = tuple(next(csv.reader(_file)))
"""The 330 columns of a current data file."""

_POSITION: Final = {c.field: HEADER.index(next(h for h in c.headers if h in HEADER)) for c in _columns()}

PERSON: Final[Mapping[str, str]] = {
    "entity_type": "1",
    "family": "RIVERA",
    "given": "ANA",
    "city": "AUSTIN",
    "state": "TX",
    "zip": "787041234",
    "country": "US",
    "phone": "5125550142",
    "updated": "01/05/2024",
    "certified": "01/04/2024",
    "sex": "F",
    "taxonomy_1": "101YM0800X",
    "license_1": "12345",
    "license_state_1": "TX",
    "primary_1": "Y",
}
"""A counselor."""


def npi(number: int) -> str:
    """A valid NPI made of `number` (below 100,000,000)."""
    base = f"1{number:08d}"
    for digit in range(10):
        digits = [int(d) for d in f"80840{base}{digit}"]
        doubled = [d * 2 - 9 * (d > 4) if i % 2 else d for i, d in enumerate(reversed(digits))]
        if sum(doubled) % 10 == 0:
            return f"{base}{digit}"
    raise AssertionError(number)


def row(number: int, /, **fields: str) -> list[str]:
    """The 330 values of a counselor with the NPI made of `number`; `fields` change them, by our names."""
    values = [""] * len(HEADER)
    for name, value in {**PERSON, "npi": npi(number), **fields}.items():
        values[_POSITION[name]] = value
    return values


def gone(number: int, day: str) -> list[str]:
    """A deactivated NPI, with nearly everything else empty."""
    return row(number, **dict.fromkeys(PERSON, ""), deactivated=day)


def text(
    rows: Iterable[Sequence[str]], header: Sequence[str] = HEADER, quoting: int = csv.QUOTE_ALL, **form: str
) -> str:
    """The rows as CSV; `form` may have a delimiter or a lineterminator."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=quoting, **({"lineterminator": "\n"} | form))  # type: ignore[arg-type]
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def write(path: Path, rows: Iterable[Sequence[str]], header: Sequence[str] = HEADER) -> Path:
    """Write a data file."""
    path.write_text(text(rows, header), encoding="utf-8", newline="")
    return path
