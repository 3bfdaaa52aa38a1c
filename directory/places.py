"""ZIP codes and cities as points: centroids, never an address. `zip_codes.csv.gz` is the table of the package
`zipcodes` (3.0.0, MIT) in a form that is read in a fifth of a second; `python -m tests.zip_table` makes it.

872 of the ZIPs (military, single organisations) have the coordinates 0/0: they exist, but are unplaced.
Distances are great-circle miles by the haversine formula, on every engine with the same radius.
"""

from __future__ import annotations

import csv
import gzip
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from sys import intern
from typing import Final, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from directory.text import fold
from directory.vocabulary import state_code

EARTH_RADIUS_MILES: Final = 3958.7613
"""IUGG mean Earth radius, 6371.0088 km."""

_ZIP: Final = re.compile(r"([0-9]{5})(?:-?[0-9]{4})?")
_CITY_STATE: Final = re.compile(r"(?P<city>[^,]+?)\s*(?:,\s*|\s+)(?P<state>[^,\d]{2,})")
_ABBREVIATED: Final = {"st": "saint", "ste": "sainte", "ft": "fort", "mt": "mount"}


@dataclass(frozen=True, slots=True)
class Point:
    """Degrees north and east."""

    lat: float
    lon: float


class UnknownPlace(ValueError):
    """A place that cannot be found or placed; `suggestion` is a near spelling, if there is one."""

    def __init__(self, message: str, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.suggestion = suggestion


ZIP_CODES: Final = Path(__file__).with_name("zip_codes.csv.gz")
LISTS: Final = ("acceptable_cities", "unacceptable_cities", "area_codes")
"""Columns of several names, divided by bars."""
COLUMNS: Final = ("zip_code", "zip_code_type", "active", "city", "state", "county", "lat", "long", *LISTS)
"""All columns of the table."""


class ZipCode(NamedTuple):
    """What the table knows of a ZIP code. `kind`: STANDARD, PO BOX, UNIQUE (one organisation) or MILITARY; `point`:
    (latitude, longitude) of its centroid in degrees, None when it is unplaced."""

    code: str
    kind: str
    active: bool
    city: str
    state: str
    county: str
    point: tuple[float, float] | None
    other_cities: tuple[str, ...]
    area_codes: tuple[str, ...]


@lru_cache(maxsize=1)
def zip_rows() -> Mapping[str, ZipCode]:
    """Every ZIP code with what is known of it, in order."""
    return {row.code: row for row in _rows()}


def _rows() -> Iterator[ZipCode]:
    with gzip.open(ZIP_CODES, "rt", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        for code, kind, active, city, state, county, lat, lon, *lists in rows:
            point = float(lat), float(lon)
            acceptable, unacceptable, area_codes = (tuple(names.split("|")) if names else () for names in lists)
            others = acceptable + unacceptable
            placed = point if point != (0, 0) else None
            yield ZipCode(code, intern(kind), active == "True", city, intern(state), county, placed, others, area_codes)


def zip_point(zip5: str) -> tuple[float, float] | None:
    """(latitude, longitude) of a five-digit ZIP's centroid, in degrees; None when unknown or unplaced."""
    row = zip_rows().get(zip5)
    return row.point if row else None


@lru_cache(maxsize=50_000)
def city_key(city: str) -> str:
    """How city names compare: folded, "St" and "Ft" spelt out, without punctuation and gaps (O'Fallon, Coeur d'Alene).

    No two cities of a state in the table share a key.
    """
    if city.isascii() and city.replace(" ", "").isalpha():
        parts = city.lower().split()
    else:
        parts = re.sub(r"[^\w ]+", " ", fold(city).replace("'", "")).split()
    return "".join(_ABBREVIATED.get(p, p) for p in parts)


@lru_cache(maxsize=1)
def _cities() -> Mapping[str, Mapping[str, tuple[str, list[tuple[float, float]]]]]:
    """state -> city key -> name and the points of its placed ZIPs; other names yield to cities."""
    own: dict[str, dict[str, tuple[str, list[tuple[float, float]]]]] = defaultdict(dict)
    others: dict[str, dict[str, tuple[str, list[tuple[float, float]]]]] = defaultdict(dict)
    for row in zip_rows().values():
        if row.point:
            own[row.state].setdefault(city_key(row.city), (row.city, []))[1].append(row.point)
            for other in row.other_cities:
                others[row.state].setdefault(city_key(other), (other, []))[1].append(row.point)
    return {state: others[state] | cities for state, cities in own.items()}


@lru_cache(maxsize=20_000)
def city_point(city: str, state: str) -> tuple[float, float] | None:
    """(latitude, longitude) of a city of a USPS state: the mean of its placed ZIPs; None when unknown."""
    _, points = _cities().get(state, {}).get(city_key(city), ("", []))
    if not points:
        return None
    # Six decimals (11 cm) are what every engine holds exactly.
    lat, lon = (round(math.fsum(degrees) / len(points), 6) for degrees in zip(*points, strict=True))
    return lat, lon


def find(text: str) -> Point:
    """The point of `text`: a ZIP code (ZIP+4 too) or `City, ST`.

    Raises `UnknownPlace`, with a suggestion where a city of that state is spelt nearly so.
    """
    if match := _ZIP.fullmatch(text.strip()):
        zip5 = match.group(1)
        if found := zip_point(zip5):
            return Point(*found)
        if row := zip_rows().get(zip5):
            city = f"{row.city}, {row.state}"
            raise UnknownPlace(
                f"ZIP code {zip5} has no place on the map (it serves one organization or the military); "
                "give a neighboring ZIP or a city",
                city if city_point(row.city, row.state) else None,
            )
        raise UnknownPlace("there is no such ZIP code")
    match = _CITY_STATE.fullmatch(text.strip())
    state = state_code(match["state"]) if match else None
    if match is None or state is None:
        # Two-word states: "Albany New York" splits after the first word above.
        words = text.replace(",", " ").split()
        for cut in range(1, len(words)):
            if state := state_code(" ".join(words[cut:])):
                return _city(" ".join(words[:cut]), state)
        raise UnknownPlace("give a five-digit ZIP code or a city with its state, such as Austin, TX")
    return _city(match["city"], state)


def _city(city: str, state: str) -> Point:
    if found := city_point(city, state):
        return Point(*found)
    known = _cities().get(state, {})
    near = process.extractOne(city_key(city), list(known), scorer=OSA.normalized_similarity, score_cutoff=0.7)
    raise UnknownPlace(f"there is no city of that name in {state}", f"{known[near[0]][0]}, {state}" if near else None)


def miles(a: Point, b: Point) -> float:
    """Great-circle distance in miles (haversine)."""
    lat1, lat2 = math.radians(a.lat), math.radians(b.lat)
    h = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin(math.radians(b.lon - a.lon) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_MILES * math.asin(min(1.0, math.sqrt(h)))
