"""Places of practice as people write them -> locations in the public form, at the center of their ZIP or city."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from directory import places
from directory.profile import Location
from directory.profile_schema import rule
from directory.vocabulary import state_code
from indexer import normalize
from indexer.sources.profiles_reading import Reading
from indexer.sources.profiles_values import Wrong, parts, state, text

PARTS: Final = ("street", "city", "state", "zip", "country")
"""Columns that together tell places."""

_ZIP_AT_END: Final = re.compile(r"(?:^|[\s,])(\d{5})(?:-\d{4})?$")
_SAME_REGION_MILES: Final = 60.0
_SHAPE: Final = "expected a city with its state, such as Austin, TX 78704"


def _public(**stated: str) -> dict[str, Any]:
    return {"street": None, "city": None, "state": None, "zip": None, "country": "US"} | stated


def from_text(value: str) -> dict[str, Any]:
    """`Austin, TX 78704`, `12 Elm St, Austin, Texas`, `78704` as a location. Raises Wrong."""
    rest = " ".join(value.split())
    stated: dict[str, str] = {}
    if match := _ZIP_AT_END.search(rest):
        stated["zip"] = match[1]
        rest = rest[: match.start()].rstrip(" ,")
    if rest:
        pieces = [p.strip() for p in rest.split(",") if p.strip()]
        head, tail = (pieces[:-1], pieces[-1]) if len(pieces) > 1 else _split_state(rest)
        usps = state_code(tail)
        if usps is None or not head:
            raise Wrong("not_a_place", _SHAPE, value)
        stated |= {"state": usps, "city": head[-1]}
        if head[:-1]:
            stated["street"] = ", ".join(head[:-1])
    return placed(_public(**stated))


def _split_state(rest: str) -> tuple[list[str], str]:
    """City and state of a text without comma: the state's name may have up to three words."""
    words = rest.split()
    for size in (3, 2, 1):
        if len(words) > size and state_code(" ".join(words[-size:])):
            return [" ".join(words[:-size])], " ".join(words[-size:])
    return [], rest


def from_object(value: Mapping[str, Any]) -> dict[str, Any]:
    """A location from the parts of `PARTS`, each as people write it. Coordinates that are given are passed over: they
    follow from the ZIP or the city. Raises Wrong."""
    unknown = set(value) - set(PARTS) - {"lat", "lon"}
    if unknown:
        raise Wrong("unknown_field", f"allowed: {', '.join(PARTS)}", sorted(unknown)[0])
    stated: dict[str, str] = {}
    for name in PARTS:
        given = value.get(name)
        if given is not None and given != "":
            stated[name] = _PART[name](given) if name in _PART else text(given, rule(Location, name))
    return placed(_public(**stated))


def _zip(value: Any) -> str:
    found = None if isinstance(value, (bool, list, dict)) else normalize.zip5(re.sub(r"\.0+$", "", str(value)))
    if found is None:
        raise Wrong("not_a_zip", "expected five digits, such as 78704", str(value))
    return found


def _country(value: Any) -> str:
    name = str(value).strip().upper()
    name = "US" if name in ("USA", "U.S.", "U.S.A.", "UNITED STATES", "UNITED STATES OF AMERICA") else name
    if not re.fullmatch("[A-Z]{2}", name):
        raise Wrong("not_a_country", "expected the two letters of ISO 3166-1, such as US", str(value))
    return name


_PART: Final = {"zip": _zip, "state": state, "country": _country}


def placed(location: dict[str, Any]) -> dict[str, Any]:
    """`location` with `lat` and `lon`. Raises Wrong where ZIP, city and state don't go together or aren't known."""
    lat_lon = _point(location["city"], location["state"], location["zip"], location["country"])
    if location["zip"] and not location["city"] and not location["state"]:
        row = places.zip_rows()[location["zip"]]
        location = location | {"city": row.city, "state": row.state}
    lat, lon = lat_lon or (None, None)
    return location | {"lat": lat, "lon": lon}


@lru_cache(maxsize=50_000)
def _point(city: str | None, usps: str | None, zip5: str | None, country: str) -> tuple[float, float] | None:
    if country != "US":
        if usps or zip5:
            raise Wrong("contradiction", f"a US state or ZIP code with the country {country}", usps or zip5)
        return None
    if zip5:
        return _zip_point(city, usps, zip5)
    if city and usps:
        try:
            found = places.find(f"{city}, {usps}")
        except places.UnknownPlace as error:
            hint = f"; did you mean {error.suggestion}?" if error.suggestion else ""
            raise Wrong("unknown_place", f"{error}{hint} Where the city is right, add its ZIP code.", city) from error
        return found.lat, found.lon
    if city:
        raise Wrong("not_a_place", f"a city needs its state or ZIP code; {_SHAPE}", city)
    return None


def _zip_point(city: str | None, usps: str | None, zip5: str) -> tuple[float, float] | None:
    row = places.zip_rows().get(zip5)
    if row is None:
        raise Wrong("unknown_zip", "there is no such ZIP code", zip5)
    point = places.zip_point(zip5)
    if usps and usps != row.state and not _close(city, usps, point):
        here = f"{row.city}, {row.state}"
        raise Wrong("contradiction", f"ZIP code {zip5} is in {here}, not in {usps}", zip5)
    return point


def _close(city: str | None, usps: str, point: tuple[float, float] | None) -> bool:
    """Whether a city of that state is near: some ZIP codes cross a state's border."""
    other = places.city_point(city, usps) if city else None
    return bool(point and other and places.miles(places.Point(*point), places.Point(*other)) <= _SAME_REGION_MILES)


def from_columns(stated: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Locations from columns of `PARTS`; several places have their parts side by side (`Austin | Dallas`,
    `78704 | 75201`), of which one state or country may serve all. Raises Wrong."""
    split = {name: parts(value) for name, value in stated.items()}
    most = max((len(values) for values in split.values()), default=0)
    split |= {name: split[name] * most for name in ("state", "country") if len(split.get(name, ())) == 1}
    counts = {len(values) for values in split.values()}
    if len(counts) > 1:
        listed = ", ".join(f"{len(values)} in {name}" for name, values in split.items())
        raise Wrong("not_aligned", f"several places need as many values in each of their columns: {listed}")
    return [from_object({name: values[i] for name, values in split.items()}) for i in range(most)]


def take(row: dict[str, Any], out: Reading) -> None:
    """Take `locations` and the columns of `PARTS` out of `row`, into `out.public["locations"]`."""
    given = row.pop("locations", None)
    found: list[dict[str, Any]] = []
    for one in given if isinstance(given, list) else parts(given) if given is not None else ():
        try:
            if not isinstance(one, (str, Mapping)):
                raise Wrong("wrong_type", _SHAPE)
            found.append(from_object(one) if isinstance(one, Mapping) else from_text(one))
        except Wrong as error:
            out.wrong("locations", one, error)
    columns: dict[str, Any] = {name: row.pop(name) for name in PARTS if name in row}
    if columns.keys() - {"country"}:
        try:
            found += [place for place in from_columns(columns) if place not in found]
        except Wrong as error:
            out.wrong(_blamed(columns, error), next(iter(columns.values())), error)
    if found:
        out.public["locations"] = found


def _blamed(columns: Mapping[str, Any], error: Wrong) -> str:
    """The column that an error means: the one that holds its value, else the first."""
    meant = (name for name, value in columns.items() if error.value is not None and error.value in str(value))
    return next(meant, next(iter(columns)))
