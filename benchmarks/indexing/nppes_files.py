"""NPPES-shaped files of any size: 330 columns as CMS writes them, invented people with valid NPIs, about 1,200 bytes a
row. How often a value is there, and how many different ones there are, follows two weekly files of January 2024.
"""

from __future__ import annotations

import csv
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Final

from directory.places import zip_rows
from directory.vocabulary import vocabulary
from indexer import demo_people
from tests.nppes_rows import HEADER

_PEOPLE_ELSEWHERE: Final = ("207Q00000X", "163W00000X", "363A00000X", "390200000X", "1223G0001X", "183500000X")
_FIRMS: Final = ("251E00000X", "261QM0801X", "332B00000X", "3336C0003X", "314000000X")
_OURS: Final = {
    "101YM0800X": 30, "1041C0700X": 21, "101YP2500X": 15, "104100000X": 12, "106H00000X": 7, "103TC0700X": 6,
    "363LP0808X": 5, "2084P0800X": 3, "101YA0400X": 3, "103T00000X": 2, "221700000X": 1, "225A00000X": 1,
}  # fmt: skip
_LETTERS: Final = {
    "": 34, "LCSW": 7, "LPC": 6, "LMSW": 3, "LMHC": 3, "LMFT": 3, "PHD": 3, "PSYD": 2, "MA": 2, "M.D.": 2, "LCPC": 2,
    "LICSW": 2, "PMHNP-BC": 2, "MSW": 2, "APRN": 1, "AMFT": 1, "LPCC": 1, "MS": 1, "M.ED.": 1, "LSW": 1, "NCC": 1,
    "LMFTA": 1, "LAC": 1, "CADC": 1, "DNP": 1, "LCAS": 1,
}  # fmt: skip
_HEADS: Final = "BAN BEL BRO CAR CHA COR DAN DEL DUR FAR FEN FIT GAR GOL HAR HEN HOL JAR KEN KOW LAN LIN MAR MON"
_MIDDLES: Final = ("", "A", "E", "I", "O", "U", "AND", "ER", "ICK", "ING", "ON", "OR", "UL", "ELL", "EST")
_TAILS: Final = "BERG BY DEN FORD GAN HAM INE KIN LEY LOW MAN NER SKI SON STEIN TON VEZ WELL WICZ WOOD"
_STREETS: Final = ("MAIN ST", "OAK AVE", "E 5TH ST STE 200", "PARK BLVD", "HEALY CT", "N LAKE DR", "STATE ROUTE 9")
_DAYS: Final = tuple(f"{date(2006, 5, 1) + timedelta(n):%m/%d/%Y}" for n in range(6400))

_NAMES: Final = (
    "NPI", "Entity Type Code", "Provider Organization Name (Legal Business Name)", "Provider Last Name (Legal Name)",
    "Provider First Name", "Provider Middle Name", "Provider Name Suffix Text", "Provider Credential Text",
    "Provider Other Last Name", "Provider Other First Name", "Provider First Line Business Mailing Address",
    "Provider Business Mailing Address City Name", "Provider Business Mailing Address State Name",
    "Provider Business Mailing Address Postal Code", "Provider Business Mailing Address Telephone Number",
    "Provider First Line Business Practice Location Address", "Provider Business Practice Location Address City Name",
    "Provider Business Practice Location Address State Name", "Provider Business Practice Location Address Postal Code",
    "Provider Business Practice Location Address Country Code (If outside U.S.)",
    "Provider Business Practice Location Address Telephone Number", "Provider Enumeration Date", "Last Update Date",
    "NPI Deactivation Date", "NPI Reactivation Date", "Provider Sex Code",
    *(f"{column}_{n}" for n in range(1, 5) for column in (
        "Healthcare Provider Taxonomy Code", "Provider License Number", "Provider License Number State Code",
        "Healthcare Provider Primary Taxonomy Switch")),
    "Certification Date",
)  # fmt: skip
_TEMPLATE: Final = '"' + '","'.join("%s" if name in _NAMES else "" for name in HEADER) + '"\r\n'
_ORDER: Final = [_NAMES.index(name) for name in HEADER if name in _NAMES]
_NO_SLOT: Final = ("", "", "", "")

_Draw = Callable[[], str]


def npi(number: int) -> str:
    """A valid NPI, another for each `number` below 99,999,989, in no order."""
    base = f"1{number * 7_368_787 % 99_999_989:08d}"
    odd, even = sum(map(int, base[1::2])), sum(sum(divmod(2 * int(d), 10)) for d in base[::2])
    return f"{base}{-(24 + odd + even) % 10}"


def _from(random: Random, weights: dict[str, int]) -> _Draw:
    items, sums = tuple(weights), tuple(accumulate(weights.values()))
    return lambda: items[bisect(sums, random.random() * sums[-1])]


@cache
def _known_names() -> tuple[Sequence[str], Sequence[str]]:
    """(family names, given names) of the fictional people, in capitals."""
    cultures, _ = demo_people._cultures()
    plain = [{n.partition("=")[0].upper() for n in names} for c in cultures for names in (c.family, c.female, c.male)]
    return sorted(set().union(*plain[::3])), sorted(set().union(*plain[1::3], *plain[2::3]))


class _People:
    """Draws of what a row says."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.family_names, self.given_names = _known_names()
        self.heads, self.tails = _HEADS.split(), _TAILS.split()
        places = [r for r in zip_rows().values() if r.state in vocabulary("states") and r.active]
        self.places = [(r.city.upper(), r.state, r.code) for r in places]
        self.code, self.letters = _from(self.random, _OURS), _from(self.random, _LETTERS)

    def below(self, n: int) -> int:
        return int(self.random.random() * n)

    def one(self, items: Sequence[str]) -> str:
        return items[int(self.random.random() * len(items))]

    def _often(self, items: Sequence[str]) -> str:
        """One of `items`; the first are far more frequent."""
        return items[int(self.random.random() ** 3 * len(items))]

    def family(self) -> str:
        if self.random.random() < 0.55:
            return self._often(self.family_names)
        name = self.one(self.heads) + self.one(_MIDDLES) + self.one(self.tails)
        return f"{name}-{self._often(self.family_names)}" if self.random.random() < 0.06 else name

    def given(self) -> str:
        return (
            self._often(self.given_names) if self.random.random() < 0.75 else self.one(self.heads) + self.one(_MIDDLES)
        )

    def middle(self) -> str:
        drawn = self.random.random()
        return "" if drawn < 0.48 else "ABCDEFGHIJKLMNOPRSTVW"[self.below(21)] if drawn < 0.72 else self.given()

    def credential(self) -> str:
        letters = self.letters()
        while letters and self.random.random() < 0.25:
            letters += (", ", ",", " ", "/")[self.below(4)] + (self.letters() or "CADC-II")
        return letters

    def telephone(self) -> str:
        return f"{2 + self.below(8)}{self.below(100):02d}{2 + self.below(8)}{self.below(1_000_000):06d}"

    def day(self) -> str:
        return _DAYS[int(self.random.random() ** 0.5 * 6400)]

    def slot(self, state: str, *, first: bool) -> tuple[str, str, str, str]:
        licensed = self.random.random() < 0.72
        number = f"{self.one(('', '', 'LCS', 'MH', 'PSY-'))}{self.below(1_000_000)}" if licensed else ""
        return self.code(), number, state if licensed else "", "Y" if first else "N"

    def address(self) -> tuple[str, str, str, str, str]:
        """Street, city, state, ZIP+4, telephone."""
        city, state, zip5 = self.places[int(self.random.random() ** 2 * len(self.places))]
        return (
            f"{self.below(9900) + 1} {self.one(_STREETS)}",
            city,
            state,
            f"{zip5}{self.below(10_000):04d}",
            self.telephone(),
        )

    def ours(self, number: str) -> tuple[str, ...]:
        place, day = self.address(), self.day()
        other = (self.family(), self.given()) if self.random.random() < 0.09 else ("", "")
        count = 1 if (drawn := self.random.random()) < 0.68 else 2 if drawn < 0.91 else 3 if drawn < 0.97 else 4
        slots = [self.slot(place[2], first=n == 0) for n in range(count)]
        suffix = "JR" if self.random.random() < 0.007 else ""
        return (
            number, "1", "", self.family(), self.given(), self.middle(), suffix, self.credential(), *other,
            *place, *place[:4], "US", place[4], self.day(), day, "", "", "FM"[self.random.random() < 0.2],
            *(cell for slot in slots for cell in slot), *("",) * 4 * (4 - count), day,
        )  # fmt: skip

    def elsewhere(self, number: str) -> tuple[str, ...]:
        """A person of another profession, a firm, or a number that was taken away."""
        drawn = self.random.random()
        if drawn < 0.03:
            return (number, *("",) * 22, self.day(), "", *("",) * 18)
        place, day, firm = self.address(), self.day(), drawn < 0.28
        name = (
            ("2", f"{self.family()} HEALTH LLC", "", "", "")
            if firm
            else ("1", "", self.family(), self.given(), self.middle())
        )
        slot = (self.one(_FIRMS if firm else _PEOPLE_ELSEWHERE), "", "", "Y")
        return (
            number, *name, "", "", "", "", *place, *place[:4], "US", place[4], self.day(), day, "", "", "",
            "" if firm else "F", *slot, *_NO_SLOT * 3, "" if self.random.random() < 0.5 else day,
        )  # fmt: skip


def rows(count: int, ours: float, seed: int) -> Iterator[str]:
    """`count` lines; every round of 1,000 holds the share `ours` of individuals with one of our codes."""
    people = _People(seed)
    each = round(ours * 1000)
    for i in range(count):
        # 619 and 1000 have no common divisor: ours are spread evenly.
        made = people.ours(npi(i)) if i * 619 % 1000 < each else people.elsewhere(npi(i))
        yield _TEMPLATE % tuple(made[at] for at in _ORDER)


def write(path: Path, count: int, ours: float = 0.2, seed: int = 1) -> None:
    """Write a data file of `count` rows, of which the share `ours` are behavioral individuals, without holding it."""
    with path.open("w", encoding="ascii", errors="replace", newline="", buffering=1 << 20) as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerow(HEADER)
        file.writelines(rows(count, ours, seed))
