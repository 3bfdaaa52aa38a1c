"""Treatments with evidence for what a search is about, as the results page shows them: quietly, with who says so and
since when, each a link that makes it a filter. Pure. It speaks of treatments, never of how good a provider is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from directory.evidence import STRENGTHS, Evidence, concern_words, people_words
from directory.search import Page
from directory.vocabulary import vocabulary
from directory.web_filters import address, toggled
from directory.web_words import Link, number

_CONCERNS: Final = 2
"""Concerns that a note is shown for: it must not push the results out of sight."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """A treatment: `href` makes it a filter, or takes it off again; None where nobody offers it."""

    label: str
    count: str
    href: str | None
    selected: bool


@dataclass(frozen=True, slots=True)
class EvidenceNote:
    """Treatments for one concern that one source backs equally. `lead` is the sentence before them, `strength` and
    `source` (with its date) stand behind; `note` is what has to be added, or empty."""

    lead: str
    treatments: tuple[Treatment, ...]
    strength: str
    source: Link
    note: str


def evidence_notes(page: Page) -> tuple[EvidenceNote, ...]:
    """The notes for what `page` was understood to be about; none when it is about nothing with evidence."""
    request = page.request
    found = request.treatments
    shown = list(dict.fromkeys(e.concern for e in found))[:_CONCERNS]
    return tuple(_notes([e for e in found if e.concern in shown], page))


def _notes(found: list[Evidence], page: Page) -> Iterator[EvidenceNote]:
    counts = next((f for f in page.facets if f.facet.name == "modality"), None)
    values = {v.code: v for v in counts.values} if counts else {}
    for (concern, audience, strength, source, when, url, note), group in groupby(
        found, key=lambda e: (e.concern, e.audience, e.strength, e.source, e.date, e.url, e.note)
    ):
        whom = f" in {people_words(audience)}" if audience else ""
        treatments = []
        for evidence in group:
            value = values.get(evidence.modality)
            if value is None:
                continue
            term = vocabulary("modalities").terms[evidence.modality]
            href = address(toggled(page.request, "modality", value.code)) if value.count or value.selected else None
            treatments.append(Treatment(term.short or term.label, number(value.count), href, value.selected))
        if treatments:
            lead = f"Treatments with evidence for {concern_words(concern)}{whom}"
            said = Link(url, f"{source}, {_month(when)}")
            yield EvidenceNote(lead, tuple(treatments), STRENGTHS[strength], said, note)


def _month(when: str) -> str:
    """`Feb 2021` for `2021-02`; a year alone stays one."""
    return when if len(when) == 4 else date.fromisoformat(f"{when}-01"[:10]).strftime("%b %Y")
