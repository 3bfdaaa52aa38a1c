"""Invented people: names of many cultures (`demo_names.csv`), with what languages and communities go with them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Final

from indexer.demo_draws import one, weighted, whole

_TABLE: Final = Path(__file__).with_name("demo_names.csv")
_GENDERS: Final = ("female", "male", "nonbinary")
_GENDER_SHARES: Final = (68, 97, 100)
_COMMUNITIES: Final = {
    "african_american": "black",
    "haitian": "black",
    "nigerian": "black",
    "mexican": "latino",
    "caribbean": "latino",
    "brazilian": "latino",
    "chinese": "asian",
    "cantonese": "asian",
    "korean": "asian",
    "japanese": "asian",
    "vietnamese": "asian",
    "filipino": "asian",
    "indian": "asian",
    "jewish": "jewish",
    "arab": "muslim",
    "pakistani": "muslim",
    "somali": "muslim",
    "navajo": "native",
}


@dataclass(frozen=True, slots=True)
class _Culture:
    name: str
    language: str | None
    speaks: float
    female: tuple[str, ...]
    male: tuple[str, ...]
    family: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who isn't: names, gender, languages beside English, and the community of their culture, if any."""

    name: str
    given: str
    family: str
    other_names: tuple[str, ...]
    gender: str
    languages: tuple[str, ...]
    community: str | None


@cache
def _cultures() -> tuple[tuple[_Culture, ...], tuple[int, ...]]:
    """Every culture, and the running sums of their weights."""
    found: list[_Culture] = []
    weights: list[int] = []
    with _TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            names = (tuple(row[kind].split("|")) for kind in ("female", "male", "family"))
            found.append(_Culture(row["culture"], row["language"] or None, float(row["speaks"]), *names))
            weights.append(int(row["weight"]))
    return tuple(found), tuple(accumulate(weights))


def _culture(random: Random) -> _Culture:
    known, sums = _cultures()
    return weighted(random, known, sums)


def person(random: Random) -> Person:
    """A person; about one in twenty has a family name of two cultures, a third of those with names in another script
    also give that."""
    culture = _culture(random)
    gender = weighted(random, _GENDERS, _GENDER_SHARES)
    firsts = (
        culture.female if gender == "female" else culture.male if gender == "male" else culture.female + culture.male
    )
    given, _, given_script = one(random, firsts).partition("=")
    family, _, family_script = one(random, culture.family).partition("=")
    first_family, others = family, []
    if random.random() < 0.05:
        second = one(random, _culture(random).family).partition("=")[0]
        family = f"{family}-{second}" if " " not in family + second and second != family else family
    native = family_script + given_script if family_script and given_script else ""
    initial = f"{chr(whole(random, ord('A'), ord('W')))}. " if random.random() < 0.25 else ""
    name = f"{given} {initial}{family}"
    if native and random.random() < 0.05:
        name, given, family, native = native, given_script, family_script, name
    if native and random.random() < 0.35:
        others.append(native)
    elif random.random() < 0.03 and family == first_family:
        former = one(random, culture.family).partition("=")[0]
        others.extend([f"{given} {former}"] if former not in name else [])
    speaks = culture.language is not None and random.random() < culture.speaks
    languages = (culture.language,) if speaks and culture.language else ()
    return Person(name, given, family, tuple(others), gender, languages, _COMMUNITIES.get(culture.name))
