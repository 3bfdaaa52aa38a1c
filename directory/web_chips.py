"""What is on, as things to take off: filters that were chosen, filters that words ask for (with those words), what was
understood but filters nothing, and words that were mended. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from directory.facets import FACET, FACETS
from directory.parameters import MAX_QUERY_LENGTH
from directory.search_request import SearchRequest
from directory.text import fold
from directory.understanding import Understanding
from directory.vocabulary import facet_vocabulary, vocabulary
from directory.web_filters import Choice, address, other_filters, toggled, toggled_unknown
from directory.web_words import line

_LONGEST: Final = 60
_ABOUT: Final = 3
"""Concerns that are shown; more would say little about few words."""


@dataclass(frozen=True, slots=True)
class Chip:
    """Something that is on, with the link that turns it off; `words` are those it was understood from."""

    label: str
    detail: str
    href: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Mended:
    """Words that were taken for others: `meant`, and the link that searches for what was `typed`."""

    meant: str
    typed: str
    href: str


def chips(request: SearchRequest) -> tuple[Chip, ...]:
    """Everything that narrows the results, in the order of the page."""
    return tuple(_chips(request))


def _chips(request: SearchRequest) -> Iterator[Chip]:
    understood = request.understood
    if request.q and (understood is None or understood.required or not (understood.filters or understood.concepts)):
        yield Chip(f"“{line(request.q, _LONGEST)}”", "", address(request.without("q")))
    for facet in FACETS:
        for code in request.selected.get(facet.name, ()):
            label = facet_vocabulary(facet).label(code)
            shown = f"{facet.label}: {label.lower()}" if facet.kind == "flag" else label
            yield Chip(
                shown, "", address(toggled(request, facet.name, code)), _words(understood, facet.name, code, shown)
            )
        if facet.name in request.selected and facet.name in request.include_unknown:
            yield Chip(f"{facet.label}: not stated too", "", address(toggled_unknown(request, facet.name)))
    for name, label in other_filters(request):
        yield Chip(label, "", address(request.without(name)), _words(understood, name, None, label))
        if name in request.include_unknown:
            yield Chip("and those who don’t say", label, address(toggled_unknown(request, name)))


def _words(understood: Understanding | None, name: str, code: str | None, label: str) -> str:
    """The words that ask for a filter; none where they say the same as its label."""
    for finding in understood.findings if understood else ():
        if finding.applied and finding.parameter == name and (code is None or code in finding.values):
            return "" if fold(finding.words) == fold(label) else f"“{line(finding.words, _LONGEST)}”"
    return ""


def unapplied(request: SearchRequest) -> tuple[str, ...]:
    """What was understood, but filters nothing, in plain words."""
    findings = request.understood.findings if request.understood else ()
    why = {"negated": "wasn’t applied: we can’t leave people out", "overruled": "gave way to the filter you chose"}
    said = (f"“{line(f.words, _LONGEST)}” {why[f.because]}" for f in findings if not f.applied and f.because)
    return tuple(dict.fromkeys(said))


def about(request: SearchRequest) -> tuple[Choice, ...]:
    """The concerns that the words are about, each with the link that makes it a filter."""
    chosen = request.selected.get("concern", ())
    known = facet_vocabulary(FACET["concern"])
    return tuple(
        Choice(vocabulary("concerns").terms[c.code].short or known.label(c.code), _filtering(request, c.code), False)
        for c in request.concepts[:_ABOUT]
        if c.code not in chosen
    )


def _filtering(request: SearchRequest, code: str) -> str:
    return address(request.with_selected("concern", (*request.selected.get("concern", ()), code)))


def mended(request: SearchRequest) -> Mended | None:
    """What misspelt words were taken for, with the link that takes them as they were typed."""
    understood = request.understood
    if understood is None or not understood.corrected:
        return None
    q = request.q
    for word in sorted(understood.corrected, key=lambda c: -c.start):
        q = f'{q[: word.start]}"{q[word.start : word.end]}"{q[word.end :]}'
    start = replace(request.explicit(), page=1, after=None)
    if len(q) > MAX_QUERY_LENGTH:
        q, start = request.q, replace(start, understand=False)
    args = [(name, value if name != "q" else q) for name, value in start.to_args()]
    meant = ", ".join(dict.fromkeys(c.meant for c in understood.corrected))
    typed = ", ".join(dict.fromkeys(f"“{line(c.typed, _LONGEST)}”" for c in understood.corrected))
    return Mended(meant, typed, f"?{urlencode(args)}")
