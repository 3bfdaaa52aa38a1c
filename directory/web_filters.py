"""What a search can still become: facets, chips, orders, pages and those who state nothing, all as links. Pure.

Links are relative to the results page (`?modality=emdr`), and the folded values of long facets are a list to choose
from, because hundreds of links that each repeat the whole search would make the page twice as large.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from directory.cursor import Cursor
from directory.facets import FACET
from directory.parameters import MAX_RESULTS_BY_PAGE
from directory.search import FacetCounts, FacetValue, Page
from directory.search_request import SearchRequest
from directory.text import fold
from directory.vocabulary import vocabulary
from directory.web_words import line, number, plural

SHOWN_VALUES: Final = 7
"""Values of a long facet that are seen at once; the rest is folded."""

_LONG: Final = 10
_OPEN_AT_FIRST: Final = ("meeting", "concern")


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a facet. `href` toggles it; without one it is a value that nobody has."""

    code: str
    label: str
    count: str
    href: str | None
    selected: bool


@dataclass(frozen=True, slots=True)
class FacetPanel:
    """A facet: the values seen as links, those folded away (by label, to choose one from), and those who state nothing
    (a toggle once a value is chosen)."""

    name: str
    label: str
    help: str
    open: bool
    values: tuple[Value, ...]
    folded: tuple[Value, ...]
    not_stated: Value


@dataclass(frozen=True, slots=True)
class Choice:
    """A link among several, of which one is the current."""

    label: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class Unknown:
    """Those who do not state what a filter asks for: how many, in words, and the link that takes them in or out."""

    text: str
    href: str
    included: bool


@dataclass(frozen=True, slots=True)
class Pages:
    """The way through the results. `numbers` has None for a gap."""

    before: str | None
    numbers: tuple[Choice | None, ...]
    next: str | None


def address(request: SearchRequest) -> str:
    """The relative link to the results of `request`."""
    return f"?{request.query_string()}"


def facet_panels(page: Page) -> tuple[FacetPanel, ...]:
    """Every facet that was counted, in the table's order."""
    return tuple(_panel(page.request, counts) for counts in page.facets)


def _panel(request: SearchRequest, counts: FacetCounts) -> FacetPanel:
    facet = counts.facet
    chosen = request.selected.get(facet.name, ())
    values = list(counts.values)
    shown = values
    if len(values) > _LONG:
        values.sort(key=lambda v: -v.count)
        shown = [v for n, v in enumerate(values) if v.selected or (n < SHOWN_VALUES and v.count)]
    folded = sorted((v for v in values if v not in shown), key=lambda v: fold(v.label))
    return FacetPanel(
        name=facet.name,
        label=facet.label,
        help=facet.help,
        open=bool(chosen) or facet.name in _OPEN_AT_FIRST,
        values=tuple(_value(request, facet.name, v) for v in shown),
        folded=tuple(_value(request, facet.name, v) for v in folded),
        not_stated=_not_stated(request, facet.name, counts.not_stated),
    )


def _value(request: SearchRequest, name: str, value: FacetValue) -> Value:
    href = address(toggled(request, name, value.code)) if value.count or value.selected else None
    return Value(value.code, value.label, number(value.count), href, value.selected)


def toggled(request: SearchRequest, name: str, code: str) -> SearchRequest:
    """`request` with `code` added to facet `name`, or taken out of it; a flag has one value at a time."""
    chosen = request.selected.get(name, ())
    if code in chosen:
        rest = tuple(c for c in chosen if c != code)
        return request.with_selected(name, rest) if rest else request.without(name)
    return request.with_selected(name, (code,) if FACET[name].kind == "flag" else (*chosen, code))


def _not_stated(request: SearchRequest, name: str, count: int) -> Value:
    included = name in request.include_unknown
    if name not in request.selected:
        return Value("", "Not stated", number(count), None, False)
    href = address(toggled_unknown(request, name)) if count or included else None
    return Value("", "who don’t say", f"+{number(count)}", href, included)


def toggled_unknown(request: SearchRequest, name: str) -> SearchRequest:
    """`request` with those who state nothing for filter `name` taken in, or left out again."""
    return replace(request, include_unknown=request.include_unknown ^ {name}, page=1, after=None)


# What each filter that is not a facet says of those whom it leaves out: one person, several.
_UNSTATED: Final = {
    "max_fee": ("who doesn’t state a fee", "who don’t state a fee"),
    "near": ("whose place isn’t known", "whose place isn’t known"),
    "state": ("with no license known", "with no license known"),
    "min_experience": ("who doesn’t state experience", "who don’t state experience"),
    "verified_within": ("never confirmed so far", "never confirmed so far"),
}


def unknowns(page: Page) -> tuple[Unknown, ...]:
    """For every active filter that is not a facet, those who state nothing; left out when there are none."""
    found = []
    for name, count in page.unknown.items():
        included = name in page.request.include_unknown
        if count or included:
            text = f"{number(count)} {_UNSTATED[name][0 if count == 1 else 1]}"
            found.append(Unknown(text, address(toggled_unknown(page.request, name)), included))
    return tuple(found)


def other_filters(request: SearchRequest) -> Iterator[tuple[str, str]]:
    """The filters that are on beside the facets: name and what it says."""
    states = vocabulary("states")
    if request.state:
        yield "state", f"I’m in {states.label(request.state)}"
    if request.near:
        yield "near", f"Within {plural(round(request.radius), 'mile', 'miles')} of {line(request.near.text, 40)}"
    if request.max_fee is not None:
        yield "max_fee", f"At most ${number(request.max_fee)} a session"
    if request.min_experience is not None:
        yield "min_experience", f"{plural(request.min_experience, 'year', 'years')} or more in practice"
    if request.verified_within is not None:
        yield "verified_within", f"Checked within {plural(request.verified_within, 'day', 'days')}"
    if request.office_state:
        yield "office_state", f"Office in {states.label(request.office_state)}"


def filter_count(request: SearchRequest) -> int:
    """How many filters are on (`Filter: 3 on`): every value chosen and every other filter; the words are none."""
    return sum(map(len, request.selected.values())) + sum(1 for _ in other_filters(request))


def sorts(request: SearchRequest) -> tuple[Choice, ...]:
    """The orders that make sense for `request`, as links."""
    labels = {
        "relevance": "Best match" if request.q else "Recently confirmed",
        "distance": "Nearest" if request.near else "",
        "fee": "Lowest fee",
        "soonest": "Soonest opening",
        # Without words the best match is what was confirmed last.
        "verified": "Recently confirmed" if request.q or request.sort == "verified" else "",
        "name": "Name",
    }
    if request.sort == "verified" and not request.q:
        labels["relevance"] = ""
    return tuple(
        Choice(label, address(replace(request, sort=code, page=1, after=None)), code == request.sort)
        for code, label in labels.items()
        if label
    )


def pages(page: Page) -> Pages | None:
    """Links to the pages around this one; None when there is but one. After the last numbered page the walk goes on."""
    request = page.request
    if request.after:
        return Pages(address(replace(request, after=None, page=1)), (), _further(page))
    last = min(-(-page.total // request.page_size), MAX_RESULTS_BY_PAGE // request.page_size)
    if last <= 1 and request.page == 1:
        return None
    current = request.page
    wanted = sorted({n for n in (1, 2, current - 1, current, current + 1, last) if 1 <= n <= last})
    numbers: list[Choice | None] = []
    for n in wanted:
        if numbers and n - wanted[wanted.index(n) - 1] > 1:
            numbers.append(None)
        numbers.append(Choice(number(n), address(replace(request, page=n)), n == current))
    before = address(replace(request, page=min(current - 1, last))) if current > 1 and last else None
    further = address(replace(request, page=current + 1)) if current < last else _further(page)
    return Pages(before, tuple(numbers), further)


def _further(page: Page) -> str | None:
    """The link that goes on where page numbers end."""
    if not page.next:
        return None
    return address(replace(page.request, page=1, after=Cursor.parse(page.next)))


def clear_all(request: SearchRequest) -> str:
    """The link without any filter; the words and what else was typed go too."""
    return f"?{urlencode([('sort', request.sort)])}" if request.sort in ("fee", "soonest", "name") else "?"
