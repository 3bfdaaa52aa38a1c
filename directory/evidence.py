"""Treatments with evidence: for each concern the modalities that a guideline or the field's consensus backs, how
strongly, and since when. It speaks of treatments, never of how good a provider is.

The facts are `vocabularies/evidence.csv`; a mistake in it stops the start.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from directory.understanding import Concept
from directory.vocabulary import EVIDENCE_COLUMNS, FOLDER, vocabulary
from directory.vocabulary_files import CsvFile, Row

STRENGTHS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "strong": "strongly recommended",
        "recommended": "recommended",
        "option": "one of the recommended options",
        "trials": "found helpful in trials",
        "consensus": "agreed on by many in the field, with fewer trials",
    }
)
"""How strong evidence is -> in words. Strongest first."""

LEAST_WEIGHT: Final = 0.5
"""A concept less sure than this suggests no treatment."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A treatment with evidence for a concern.

    `audience` are the age groups that it was found for (empty: not limited to any), `source` who says so, `date` when
    it was published, as precisely as is known (`2011-01`), `url` where it can be read (may be empty), `note` what has
    to be added ("beside medication"; may be empty).
    """

    concern: str
    modality: str
    audience: tuple[str, ...]
    strength: str
    source: str
    date: str
    url: str
    note: str

    @property
    def sentence(self) -> str:
        """`Cognitive behavioral therapy (CBT) is a treatment with evidence for anxiety (NICE CG113).`"""
        treatment = vocabulary("modalities").label(self.modality)
        whom = f" in {people_words(self.audience)}" if self.audience else ""
        note = f", {self.note}" if self.note else ""
        return (
            f"{treatment} is a treatment with evidence for {concern_words(self.concern)}{whom} ({self.source}){note}."
        )


def concern_words(code: str) -> str:
    """A concern inside a sentence: `anxiety`, `ADHD`, `post-traumatic stress disorder (PTSD)`."""
    label = vocabulary("concerns").label(code)
    return label if label[:2].isupper() else label[0].lower() + label[1:]


def people_words(audience: tuple[str, ...]) -> str:
    """Age groups inside a sentence: `children and teens`."""
    known = vocabulary("age_groups")
    return " and ".join(known.label(code).lower() for code in audience)


def suggestions(
    concepts: Iterable[Concept], age_groups: Collection[str] = (), refused: Collection[str] = ()
) -> tuple[Evidence, ...]:
    """Treatments with evidence for `concepts`, in their order; none for a concept that is less than likely, and none of
    the modalities `refused`: who says "not CBT" isn't told of it.

    With `age_groups` (codes of who it is for) what was found for others only is left out, and what was found for them
    comes first; without any, what was found for some comes last.
    """
    found: list[Evidence] = []
    for concept in concepts:
        if concept.weight >= LEAST_WEIGHT:
            rows = (
                row
                for row in BY_CONCERN.get(concept.code, ())
                if _fits(row, age_groups) and row.modality not in refused
            )
            found.extend(sorted(rows, key=lambda row: bool(row.audience) is not bool(age_groups)))
    return tuple(found)


def _fits(row: Evidence, age_groups: Collection[str]) -> bool:
    return not row.audience or not age_groups or not set(age_groups).isdisjoint(row.audience)


def evidence_dict(evidence: Evidence) -> dict[str, Any]:
    """The JSON form, with `text` to show."""
    return {
        "concern": evidence.concern,
        "modality": evidence.modality,
        "audience": list(evidence.audience),
        "strength": evidence.strength,
        "source": evidence.source,
        "date": evidence.date,
        "url": evidence.url or None,
        "text": evidence.sentence,
    }


def load(folder: Path) -> Mapping[str, tuple[Evidence, ...]]:
    """Concern -> treatments with evidence for it, in the order of the file. Raises VocabularyError for the first
    mistake in `folder`'s file."""
    file = CsvFile(folder / "evidence.csv", EVIDENCE_COLUMNS)
    found: dict[str, list[Evidence]] = {}
    seen: dict[tuple[str, str, str], int] = {}
    for line, row in file.rows:
        key = row["concern"], row["modality"], row["audience"]
        if key in seen:
            raise file.error(line, f"{row['modality']!r} for {row['concern']!r} is already on line {seen[key]}")
        seen[key] = line
        evidence = _evidence(file, (line, row))
        found.setdefault(evidence.concern, []).append(evidence)
    return MappingProxyType({concern: tuple(rows) for concern, rows in found.items()})


def _evidence(file: CsvFile, numbered: Row) -> Evidence:
    line, row = numbered
    audience = tuple(row["audience"].split("|")) if row["audience"] else ()
    codes = (("concern", "concerns", (row["concern"],)), ("modality", "modalities", (row["modality"],)))
    for column, name, given in (*codes, ("audience", "age_groups", audience)):
        for code in given:
            if code not in vocabulary(name):
                raise file.error(line, f"{column} {code!r} is not a code of {name}")
    if row["strength"] not in STRENGTHS:
        raise file.error(line, f"strength {row['strength']!r} is not one of {', '.join(STRENGTHS)}")
    if not row["source"]:
        raise file.error(line, "source is empty; say who says so")
    if not _is_date(row["date"]):
        raise file.error(line, f"date {row['date']!r} is not like 2011, 2011-01 or 2011-01-26")
    if row["url"] and not row["url"].startswith("https://"):
        raise file.error(line, f"url {row['url']!r} doesn't start with https://")
    rest = {name: row[name] for name in ("strength", "source", "date", "url", "note")}
    return Evidence(concern=row["concern"], modality=row["modality"], audience=audience, **rest)


def _is_date(text: str) -> bool:
    """Whether `text` is a year, a month or a day."""
    try:
        date.fromisoformat(f"{text}-01-01"[:10])
    except ValueError:
        return False
    return len(text) in (4, 7, 10)


BY_CONCERN: Final = load(FOLDER)
