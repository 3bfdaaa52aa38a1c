"""The results page as one value: everything the template shows, and nothing it has to work out. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from directory.engines.base import Generation
from directory.search import Page
from directory.web_card import Card, card
from directory.web_chips import Chip, Mended, about, chips, mended, unapplied
from directory.web_evidence import EvidenceNote, evidence_notes
from directory.web_filters import (
    Choice,
    FacetPanel,
    Pages,
    Unknown,
    address,
    clear_all,
    facet_panels,
    filter_count,
    pages,
    sorts,
    unknowns,
)
from directory.web_form import Asked, Form, Trouble, form
from directory.web_relaxed import relaxed
from directory.web_words import number, people

_SECOND_FORM: Final = frozenset({"min_experience", "verified_within", "office_state"})
"""Fields that are folded away until one of them is used."""


@dataclass(frozen=True, slots=True)
class ResultsPage:
    """See the fields' types. `relaxed` is filled when hardly anybody was found."""

    heading: str
    total: int
    form: Form
    troubles: tuple[Trouble, ...]
    mended: Mended | None
    chips: tuple[Chip, ...]
    about: tuple[Choice, ...]
    unapplied: tuple[str, ...]
    clear: str
    filters_on: int
    panels: tuple[FacetPanel, ...]
    unknowns: tuple[Unknown, ...]
    evidence: tuple[EvidenceNote, ...]
    sorts: tuple[Choice, ...]
    cards: tuple[Card, ...]
    pages: Pages | None
    relaxed: tuple[Choice, ...]
    first_page: str | None
    more_filters_on: bool


def results_page(page: Page, asked: Asked) -> ResultsPage:
    """The page for what was found, with what was asked."""
    request = page.request
    return ResultsPage(
        heading=people(page.total) if page.total else "Nobody matches all of this",
        total=page.total,
        form=form(asked),
        troubles=asked.troubles,
        mended=mended(request),
        chips=chips(request),
        about=about(request),
        unapplied=unapplied(request),
        clear=clear_all(request),
        filters_on=filter_count(request),
        panels=facet_panels(page),
        unknowns=unknowns(page),
        evidence=evidence_notes(page),
        sorts=sorts(request),
        cards=tuple(card(found, request) for found in page.results),
        pages=pages(page),
        relaxed=relaxed(request, page.relax),
        first_page=address(replace(request, page=1)) if page.total and not page.results else None,
        more_filters_on=any((request.min_experience, request.verified_within, request.office_state))
        or not _SECOND_FORM.isdisjoint(asked.by_field),
    )


def demo_note(generation: Generation) -> str:
    """What to say of fictional profiles: exact numbers where the build counted them; empty when there are none."""
    counted = [s.get("demo", 0) for s in generation.sources.values() if isinstance(s, Mapping)]
    made_up = sum(n for n in counted if isinstance(n, int))
    real = generation.providers - made_up
    if not made_up:
        return ""
    if real <= 0:
        return f"This is a demo: all {number(made_up)} profiles are fictional."
    fictional, those_real = ("is" if n == 1 else "are" for n in (made_up, real))
    return f"This is a demo: {number(made_up)} of its profiles {fictional} fictional, {people(real)} {those_real} real."
