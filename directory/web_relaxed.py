"""Ways to find more as links with exact numbers, smallest changes first: `up to $100 (7)`. Pure."""

from __future__ import annotations

from typing import Final

from directory.facets import FACET
from directory.relaxation import Change
from directory.search_request import SearchRequest
from directory.vocabulary import facet_vocabulary
from directory.web_chips import chips
from directory.web_filters import Choice, address
from directory.web_words import dollars, line, listing, number, plural

_MOST: Final = 8
"""Links shown; the smallest changes are the first."""

_MORE: Final = {
    "video": "by video too",
    "in_person": "in person too",
    "waitlist": "with a waiting list too",
}
_SILENT: Final = {
    "max_fee": "who don’t state a fee",
    "near": "whose place isn’t known",
    "state": "with no license known",
    "min_experience": "who don’t state their experience",
    "verified_within": "never confirmed so far",
}


def relaxed(request: SearchRequest, changes: tuple[Change, ...]) -> tuple[Choice, ...]:
    """The links for `changes` of `request` (as it was understood)."""
    return tuple(
        Choice(f"{_label(request, change)} ({number(change.total)})", address(change.request), False)
        for change in changes[:_MOST]
    )


def _label(request: SearchRequest, change: Change) -> str:
    if change.kind == "widen":
        return _wider(change)
    if change.kind == "include_unknown":
        if change.name in FACET:
            return f"with those who don’t say: {FACET[change.name].label.lower()}"
        return f"with those {_SILENT[change.name]}"
    return "without " + " and ".join(_dropped(request, c) for c in (change, *change.also))


def _wider(change: Change) -> str:
    if change.name == "max_fee":
        return f"up to {dollars(change.after)}"
    if change.name == "radius":
        return f"within {plural(round(change.after), 'mile', 'miles')}"
    if change.name == "verified_within":
        return f"checked within {plural(change.after, 'day', 'days')}"
    if change.name == "min_experience":
        return f"with {plural(change.after, 'year', 'years')} or more in practice"
    (more,) = (code for code in change.after if code not in change.before)
    return _MORE[more]


def _dropped(request: SearchRequest, change: Change) -> str:
    """What is left out, in the words that people know it by: their own, or those of its chip."""
    if change.name == "q":
        return f"“{line(change.before, 60)}”"
    if change.words:
        return f"“{line(change.words, 60)}”"
    if change.name in FACET:
        known = facet_vocabulary(FACET[change.name])
        labels = [known.label(code) for code in change.before]
        shown = f"{FACET[change.name].label}: {labels[0]}" if FACET[change.name].kind == "flag" else listing(labels, 3)
        return f"“{shown}”"
    kept = {chip.label for chip in chips(request.without(change.name))}
    return listing([f"“{chip.label}”" for chip in chips(request) if chip.label not in kept])
