"""Addresses as registers and payers write them -> places at the center of their ZIP or city. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from directory.places import city_point, zip_point
from directory.profile import Location
from directory.vocabulary import state_code
from indexer.names import city_name
from indexer.normalize import zip5

_US: Final = frozenset({"", "US", "USA", "UNITED STATES", "UNITED STATES OF AMERICA"})
_TERRITORIES: Final = frozenset({"PR", "GU", "VI", "AS", "MP", "PRI", "GUM", "VIR", "ASM", "MNP"})
_state = lru_cache(maxsize=4096)(state_code)


@lru_cache(maxsize=10_000)
def located(city: str, state: str, zip_code: str, country: str, street: str | None = None) -> Location | None:
    """City, state and ZIP with their centroid, and the street where it is an office's. States come in full too, and
    countries as states: what is no US state is left out, and the country kept. None where nothing is told."""
    country = country.strip().upper()
    usps = _state(state)
    # UM is chosen by mistake for US; a territory may be given as a country or as a state.
    at_home = country in _US or (usps is not None and (country == "UM" or country in _TERRITORIES))
    city = city_name(city)
    if not at_home:
        known = country if re.fullmatch("[A-Z]{2}", country) else "ZZ"
        return Location(city=city or None, country=known) if city or known != "ZZ" else None
    code = zip5(zip_code)
    point = zip_point(code) if code else city_point(city, usps) if city and usps else None
    lat, lon = point or (None, None)
    if not (city or usps or code):
        return None
    return Location(city=city or None, state=usps, zip=code, lat=lat, lon=lon, street=street)
