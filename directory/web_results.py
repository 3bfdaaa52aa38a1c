"""The results page as one value: everything the template shows, and nothing it has to work out. Pure but for
`relaxed`, which searches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from directory import search
from directory.engines.base import Engine, Generation
from directory.search import Page
from directory.search_request import SearchRequest
from directory.web_card import Card, card
from directory.web_filters import (
    Chip,
    Choice,
    FacetPanel,
    Pages,
    Unknown,
    address,
    chips,
    clear_all,
    facet_panels,
    filter_count,
    pages,
    sorts,
    unknowns,
)
from directory.web_form import Asked, Form, Trouble, form
from directory.web_words import number, people

_SECOND_FORM: Final = frozenset({"min_experience", "verified_within", "office_state"})
"""Fields that are folded away until one of them is used."""

_FEW: Final = 6
"""Filters that are tried without, when nothing is found."""


@dataclass(frozen=True, slots=True)
class ResultsPage:
    """See the fields' types. `relaxed` is filled when nothing was found."""

    heading: str
    total: int
    form: Form
    troubles: tuple[Trouble, ...]
    chips: tuple[Chip, ...]
    clear: str
    filters_on: int
    panels: tuple[FacetPanel, ...]
    unknowns: tuple[Unknown, ...]
    sorts: tuple[Choice, ...]
    cards: tuple[Card, ...]
    pages: Pages | None
    relaxed: tuple[Choice, ...]
    first_page: str | None
    more_filters_on: bool


def results_page(page: Page, asked: Asked, relaxed: tuple[Choice, ...] = ()) -> ResultsPage:
    """The page for what was found, with what was asked."""
    request = page.request
    return ResultsPage(
        heading=people(page.total) if page.total else "Nobody matches all of this",
        total=page.total,
        form=form(asked),
        troubles=asked.troubles,
        chips=chips(request),
        clear=clear_all(request),
        filters_on=filter_count(request),
        panels=facet_panels(page),
        unknowns=unknowns(page),
        sorts=sorts(request),
        cards=tuple(card(found, request) for found in page.results),
        pages=pages(page),
        relaxed=relaxed,
        first_page=address(replace(request, page=1)) if page.total and not page.results else None,
        more_filters_on=any((request.min_experience, request.verified_within, request.office_state))
        or not _SECOND_FORM.isdisjoint(asked.by_field),
    )


def relaxed(request: SearchRequest, engine: Engine) -> tuple[Choice, ...]:
    """For each filter of a search that found nobody, how many there are without it; most first, none left out.

    One small search for each of the first few filters. Raises what `search.page` raises.
    """
    found = []
    for chip, without in _without_each(request):
        total = search.page(replace(without, facets=frozenset(), page_size=1), engine).total
        if total:
            found.append((total, Choice(f"without {chip} ({number(total)})", address(without), False)))
    return tuple(choice for _, choice in sorted(found, key=lambda f: -f[0]))


def _without_each(request: SearchRequest) -> Iterable[tuple[str, SearchRequest]]:
    names = [name for name in ("q", *request.selected) if name != "q" or request.q]
    names += [n for n in ("state", "near", "max_fee", "min_experience", "verified_within", "office_state")
              if getattr(request, n) is not None]  # fmt: skip
    for name in names[:_FEW]:
        without = request.without(name)
        gone = {c.label for c in chips(request)} - {c.label for c in chips(without)}
        yield " and ".join(c.label for c in chips(request) if c.label in gone), without


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
