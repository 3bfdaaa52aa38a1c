"""Where fictional providers practice: real ZIP codes of some thirty metropolitan areas (`demo_places.csv`)."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Final

from directory.places import ZipCode, zip_rows
from directory.profile import Location
from directory.vocabulary import vocabulary
from indexer.demo_draws import one, weighted

_TABLE: Final = Path(__file__).with_name("demo_places.csv")
_ISLANDS: Final = frozenset({"AS", "FM", "GU", "MH", "MP", "PR", "PW", "VI"})
_SECOND_OFFICE: Final = 0.12


@dataclass(frozen=True, slots=True)
class Home:
    """Where someone practices: offices, the state, a telephone area code, and how high fees are there (1: average)."""

    locations: tuple[Location, ...]
    state: str
    area_code: str
    fees: float


@dataclass(frozen=True, slots=True)
class _Area:
    """ZIP rows of a metropolitan area, the running sums of their weights, and the level of fees."""

    zips: tuple[ZipCode, ...]
    sums: tuple[float, ...]
    fees: float

    def draw(self, random: Random) -> ZipCode:
        return weighted(random, self.zips, self.sums)


def _area(rows: Iterable[ZipCode], fees: float) -> _Area:
    """Some ZIP codes have many practices and most have few: a weight of each, always the same."""
    zips = tuple(rows)
    weights = (Random(int(row.code)).lognormvariate(0, 0.9) for row in zips)  # noqa: S311 - no secret
    return _Area(zips, tuple(accumulate(weights)), fees)


@cache
def _areas() -> tuple[tuple[_Area, ...], tuple[float, ...]]:
    """Every area, and the running sums of their weights."""
    usable = [row for row in zip_rows().values() if _usable(row)]
    areas: list[_Area] = []
    weights: list[float] = []
    taken: set[str] = set()
    with _TABLE.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            counties = set(filter(None, line["counties"].split("|")))
            rows = [
                r
                for r in usable
                if (r.state == line["state"] and r.county in counties) or (not counties and r.code not in taken)
            ]
            taken |= {r.code for r in rows}
            areas.append(_area(rows, float(line["fees"])))
            weights.append(float(line["weight"]))
    return tuple(areas), tuple(accumulate(weights))


def _usable(row: ZipCode) -> bool:
    return (
        row.kind == "STANDARD"
        and row.active
        and bool(row.area_codes)
        and row.state in vocabulary("states")
        and row.state not in _ISLANDS
        and row.point is not None
    )


def _location(row: ZipCode) -> Location:
    lat, lon = row.point or (None, None)
    return Location(city=row.city, state=row.state, zip=row.code, lat=lat, lon=lon)


def home(random: Random) -> Home:
    """A place to practice; about one in eight has a second office in the same area and state."""
    areas, sums = _areas()
    area = weighted(random, areas, sums)
    first = area.draw(random)
    rows = [first]
    if random.random() < _SECOND_OFFICE:
        second = area.draw(random)
        if second.state == first.state and second.code != first.code:
            rows.append(second)
    return Home(tuple(map(_location, rows)), first.state, one(random, first.area_codes), area.fees)
