"""Which column of an own file, or which key of an own JSON record, means which field.

Every field of the profile has a column of its name; friendly spellings come from the facet table (label and name) and
from `profiles_columns.csv`, which also has the columns that stand for a part of a nested field.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from directory.facets import FACETS
from directory.profile import Profile
from directory.profile_schema import COMPUTED, rule
from directory.text import fold

_TABLE: Final = Path(__file__).with_name("profiles_columns.csv")
_JSON_ONLY: Final = ("provider_types", "primary", "grants", "networks", "provenance")
"""Fields that a column can hold only clumsily, so the template leaves them out; they are taken all the same."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `target` is the field it fills (`modalities`, `fee.session_max`) or one of the parts of a location or
    license; `aliases` are other headings; `help` says what it holds, `example` shows it."""

    name: str
    target: str
    aliases: tuple[str, ...]
    help: str
    example: str = ""


_PART_HELP: Final = {
    "license": "Licenses, such as `TX 12345`, `LPC TX 12345 exp 2027-01-31`; several with ; or |.",
    "license_states": "States of licenses without a number.",
    "license_status": "listed, active, expired or revoked; active needs who checked and when.",
    "license_source": "Who checked the licenses.",
    "license_checked_on": "When they were checked.",
    "license_expires_on": "The last day on which they hold, where `license` doesn't say.",
    "fee": "Fee for a session in whole dollars, or a range such as $130-$150.",
    "insurers": "Insurance companies and public programs that are accepted.",
    "locations": "Several places at once: `Austin, TX 78704 | Dallas, TX 75201`.",
}


def _help(target: str) -> str:
    from directory.profile import Fee, Location

    if target in _PART_HELP:
        return _PART_HELP[target]
    if target.startswith("fee."):
        return rule(Fee, target.removeprefix("fee.")).help
    owner: type[Any] = Profile if target in {f.name for f in fields(Profile)} else Location
    return rule(owner, target).help


@lru_cache(maxsize=1)
def columns() -> tuple[Column, ...]:
    """Every column, in the order of the template; those of fields that the file doesn't name come last."""
    labels = {f.field: (f.name, f.label) for f in FACETS}
    found: dict[str, Column] = {}
    with _TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            aliases = tuple(a for a in row["aliases"].split("|") if a)
            target = row["target"]
            found[target] = Column(row["column"], target, aliases, _help(target), row["example"])
    for f in fields(Profile):
        found.setdefault(f.name, Column(f.name, f.name, (), _help(f.name)))
    return tuple(
        Column(c.name, c.target, (*labels.get(c.target, ()), *c.aliases), c.help, c.example) for c in found.values()
    )


def template_columns() -> tuple[Column, ...]:
    """The columns of the template: those that a spreadsheet can hold."""
    return tuple(c for c in columns() if c.target not in _JSON_ONLY)


def heading_key(heading: str) -> str:
    """What of a heading is compared: folded, without punctuation and blanks, each word in the singular.

    >>> heading_key("Therapy types"), heading_key(" ZIP-Code "), heading_key("specialties")
    ('therapytype', 'zipcode', 'specialty')
    """
    return "".join(_singular(w) for w in re.findall(r"[^\W_]+", fold(heading)))


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us")) else word


@lru_cache(maxsize=1)
def _targets() -> Mapping[str, str]:
    """Heading key -> target. Own names win over aliases, and earlier columns over later ones."""
    table: dict[str, str] = {name: name for name in COMPUTED}
    for column in columns():
        table.setdefault(column.name, column.target)
        table.setdefault(column.target, column.target)
    for column in columns():
        for heading in (column.name, column.target, *column.aliases):
            table.setdefault(heading_key(heading), column.target)
    return table


@lru_cache(maxsize=1000)
def target_of(heading: str) -> str | None:
    """The field that a heading or a key means; None when nobody knows it.

    >>> target_of("Therapy types"), target_of("Sliding scale from"), target_of("Favorite color")
    ('modalities', 'fee.sliding_low', None)
    """
    table = _targets()
    return table.get(heading.strip()) or table.get(heading_key(heading))


def near_column(heading: str) -> str | None:
    """The name of the column whose heading is spelt nearly like `heading`."""
    key = heading_key(heading)
    if len(key) < 3:
        return None
    found = process.extractOne(key, list(_targets()), scorer=OSA.distance, score_cutoff=max(1, len(key) // 4))
    target = _targets()[str(found[0])] if found else None
    return next((c.name for c in columns() if c.target == target), None)
