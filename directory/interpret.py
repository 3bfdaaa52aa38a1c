"""The effective request: what was asked for by parameters, with what the words of `q` ask for beside it.

Explicit parameters win: a filter that words ask for does nothing where its parameter says something else (`overruled`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from directory import places
from directory.facets import FACET
from directory.lexicon import Lexicon
from directory.parameters import Place
from directory.query import understand
from directory.search_request import SearchRequest
from directory.understanding import Finding, Understanding
from directory.vocabulary import facet_vocabulary

_READ: Final[Mapping[str, Callable[[str], Any]]] = {
    "near": lambda text: Place(text, places.find(text)),
    "radius": float,
    "max_fee": int,
    "min_experience": int,
    "state": str,
    "office_state": str,
}


def interpret(request: SearchRequest, lexicon: Lexicon | None = None) -> SearchRequest:
    """The effective request of `request`: with `understand` off, or without words, `request` itself.

    Pure; the same request and lexicon give the same, so that the pages of a walk are of one search."""
    return interpreter(lexicon)(request)


def interpreter(lexicon: Lexicon | None = None) -> Callable[[SearchRequest], SearchRequest]:
    """`interpret` for many requests, understanding the same words once."""
    understood = cache(lambda q: understand(q, lexicon))

    def read(request: SearchRequest) -> SearchRequest:
        if not request.understand or not request.q or request.understood is not None:
            return request
        return apply(request, understood(request.q))

    return read


def apply(request: SearchRequest, understood: Understanding) -> SearchRequest:
    """`request` with the filters of `understood` that no explicit parameter overrules; findings say which were."""
    findings = tuple(_judged(f, request) for f in understood.findings)
    if request.near is None and not any(f.parameter == "near" and f.applied for f in findings):
        # A distance without a place asks for nothing.
        findings = tuple(f for f in findings if f.parameter != "radius")
        if request.sort == "distance":
            request = replace(request, sort="relevance", radius=25)
    told = replace(understood, findings=findings)
    selected = dict(request.selected)
    values: dict[str, Any] = {}
    for name, wanted in told.filters.items():
        if name in FACET:
            order = facet_vocabulary(FACET[name]).codes
            chosen = {*wanted, *request.selected.get(name, ())}
            selected[name] = tuple(c for c in order if c in chosen)
        else:
            values[name] = _READ[name](wanted[0])
    return replace(request, understood=told, selected=MappingProxyType(selected), **values)


def _judged(finding: Finding, request: SearchRequest) -> Finding:
    """`finding`, overruled where an explicit parameter says something else."""
    if not finding.applied:
        return finding
    name = finding.parameter
    if name in FACET:
        explicit = request.selected.get(name)
        same = explicit is None or set(finding.values) <= set(explicit)
    elif name == "radius":
        same = request.radius in (25, float(finding.values[0]))
    elif name == "near":
        same = request.near is None or request.near.text == finding.values[0]
    else:
        explicit = getattr(request, name)
        same = explicit is None or str(explicit) == finding.values[0]
    return finding if same else replace(finding, applied=False, because="overruled")
