"""The parameters of a search: names, fields that read and check their values, and what each means.

The facets' parameters come from the facet table, the others stand in `ORDINARY`. Requests are parsed by them, and the
OpenAPI document is made from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import marshmallow as ma
from rapidfuzz import fuzz, process

from directory import places
from directory.cursor import Cursor, CursorError
from directory.facets import FACET, FACETS, Facet
from directory.vocabulary import facet_vocabulary, vocabulary

MAX_RESULTS_BY_PAGE: Final = 10_000
MAX_QUERY_LENGTH: Final = 200
SORTS: Final = ("relevance", "distance", "fee", "soonest", "verified", "name")
FILTERS_WITH_UNKNOWN: Final = (
    *FACET, "max_fee", "min_experience", "near", "state", "verified_within",
)  # fmt: skip
"""What `include_unknown` may name."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place as it was typed, and where it is."""

    text: str
    point: places.Point


class _Mistake(ma.ValidationError):
    """A value that is not allowed: which one, what is, and perhaps what was meant."""

    def __init__(self, value: str, message: str, suggestion: str | None = None) -> None:
        super().__init__([{"value": value, "message": message, "suggestion": suggestion}])


def like(text: str, names: Sequence[str]) -> str | None:
    """The name that was meant, perhaps: one that begins alike (lang), is spelt nearly so (pagesize) or has `text` in
    it (fee)."""
    key = text.lower()
    if not 2 < len(key) <= 100:
        return None
    for likely, cutoff in (
        (names, 85),
        ([n for n in names if n.lower().startswith(key) or (len(n) > 2 and key.startswith(n.lower()))], 0),
        (names, 70),
        ([n for n in names if key in n.lower()], 0),
    ):
        if found := process.extractOne(key, likely, scorer=fuzz.ratio, score_cutoff=cutoff):
            return found[0]
    return None


class _Whole(ma.fields.Field[int]):
    """A whole number between two bounds, written in ASCII digits."""

    def __init__(self, low: int, high: int, unit: str) -> None:
        super().__init__()
        self.low, self.high, self.unit = low, high, unit

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        text = str(value)
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
            raise _Mistake(text, f"must be a whole number of {self.unit}, {self.low} to {self.high}")
        if not self.low <= int(text) <= self.high:
            raise _Mistake(text, f"must be from {self.low} to {self.high} ({self.unit})")
        return int(text)


class _Code(ma.fields.Field[str]):
    """One of a list of codes; near spellings are suggested."""

    def __init__(self, codes: Sequence[str], what: str, vocabulary_name: str | None = None) -> None:
        super().__init__()
        self.codes, self.what, self.vocabulary_name = tuple(codes), what, vocabulary_name

    def _suggest(self, text: str) -> str | None:
        if same := next((c for c in self.codes if c.lower() == text.lower()), None):
            return same
        if self.vocabulary_name:
            known = vocabulary(self.vocabulary_name)
            if meant := [c for c in (known.find(text), *known.near(text)) if c]:
                return meant[0]
        return like(text, self.codes)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = str(value)
        if text in self.codes:
            return text
        allowed = (
            f"allowed: {', '.join(self.codes)}"
            if len(self.codes) <= 12
            else f"the codes are listed in /api/v1/vocabularies ({self.what})"
        )
        raise _Mistake(text, f"is not a known {self.what}; {allowed}", self._suggest(text))


class _Codes(ma.fields.Field[tuple[str, ...]]):
    """Several codes; every unknown one is named. The result is in the vocabulary's order, without repeats."""

    def __init__(self, inner: _Code) -> None:
        super().__init__()
        self.inner = inner

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> tuple[str, ...]:
        mistakes: list[Any] = []
        found: set[str] = set()
        for item in value:
            try:
                found.add(self.inner.deserialize(item))
            except _Mistake as mistake:
                mistakes.extend(mistake.messages)
        known = tuple(c for c in self.inner.codes if c in found)
        if mistakes:
            # What is known goes on: the website searches for it all the same.
            raise ma.ValidationError(mistakes, valid_data=list(known))
        return known


class _Query(ma.fields.Field[str]):
    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = str(value)
        if len(text) > MAX_QUERY_LENGTH:
            raise _Mistake(text, f"has {len(text):,} characters; at most {MAX_QUERY_LENGTH} are allowed")
        return text


class _Near(ma.fields.Field[Place]):
    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Place:
        text = str(value)
        if len(text) > 100:
            raise _Mistake(text, "has more than 100 characters; give a ZIP code or a city with its state")
        try:
            return Place(text, places.find(text))
        except places.UnknownPlace as unknown:
            raise _Mistake(text, str(unknown), unknown.suggestion) from None


class _After(ma.fields.Field[Cursor]):
    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Cursor:
        try:
            return Cursor.parse(str(value))
        except CursorError as error:
            raise _Mistake(str(value), str(error)) from None


def _facet_field(facet: Facet) -> ma.fields.Field[Any]:
    known = facet_vocabulary(facet)
    code = _Code(known.codes, facet.name, facet.vocabulary)
    return code if facet.kind == "flag" else _Codes(code)


_STATES: Final = vocabulary("states").codes

ORDINARY: Final[Mapping[str, tuple[ma.fields.Field[Any], str]]] = MappingProxyType(
    {
        "q": (_Query(), f"free text, at most {MAX_QUERY_LENGTH} characters"),
        "state": (_Code(_STATES, "state", "states"), "where the client is: who may see a client there"),
        "office_state": (_Code(_STATES, "state", "states"), "has an address there"),
        "near": (_Near(), "ZIP code or `City, ST`"),
        "radius": (_Whole(1, 500, "miles"), "miles around `near`, default 25"),
        "max_fee": (
            _Whole(0, 100_000, "dollars"),
            "the lowest fee stated is at most this, in dollars a session",
        ),
        "min_experience": (_Whole(1, 60, "years"), "practicing at least this many years"),
        "verified_within": (_Whole(1, 3650, "days"), "confirmed within this many days"),
        "include_unknown": (
            _Codes(_Code(FILTERS_WITH_UNKNOWN, "filter")),
            "names of filters whose providers that do not state it stay in",
        ),
        "sort": (_Code(SORTS, "order"), "the order of the results"),
        "page": (_Whole(1, MAX_RESULTS_BY_PAGE, "pages"), "from 1"),
        "page_size": (_Whole(1, 100, "results"), "results a page, default 20"),
        "after": (_After(), "the opaque `next` of the answer before"),
        "facets": (
            _Codes(_Code((*FACET, "none"), "facet")),
            "names of facets to count, or `none`; default all",
        ),
        "understand": (_Code(("true", "false"), "switch"), "`false`: take `q` as plain words"),
    }
)
"""The parameters beside the facets: field and meaning."""

MULTI_VALUED: Final = frozenset({"include_unknown", "facets", *(f.name for f in FACETS if f.kind != "flag")})
PARAMETERS: Final = ("q", *FACET, *(n for n in ORDINARY if n != "q"))
FIELDS: Final[Mapping[str, ma.fields.Field[Any]]] = MappingProxyType(
    {**{name: fld for name, (fld, _) in ORDINARY.items()}, **{f.name: _facet_field(f) for f in FACETS}}
)
"""Each reads one parameter; a mistake is a dict with `value`, `message` and `suggestion`."""
