"""Arguments -> a frozen `SearchRequest`, or every mistake at once.

`parameters` says which there are. The API refuses mistakes (`parse`); the website drops them and says so
(`parse_leniently`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import unquote_to_bytes, urlencode

import marshmallow as ma

from directory.cursor import CHANGED_CURSOR, Cursor
from directory.errors import BadRequest, ParameterError
from directory.evidence import Evidence, suggestions
from directory.facets import FACET, FACETS
from directory.parameters import (
    FIELDS,
    FILTERS_WITH_UNKNOWN,
    MAX_RESULTS_BY_PAGE,
    MULTI_VALUED,
    PARAMETERS,
    Place,
    like,
)
from directory.query import understand
from directory.text import Word, words
from directory.understanding import Concept, Understanding
from directory.vocabulary import facet_vocabulary

_RADIUS: Final = 25
_WALK_MAY_CHANGE: Final = frozenset({"page_size", "facets", "after"})
_NOT_WALKED: Final = _WALK_MAY_CHANGE | {"page"}


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search that makes sense. `selected` maps facet names to codes in the vocabulary's order; `radius` is in miles,
    `max_fee` in dollars, `min_experience` in years, `verified_within` in days; `today` is the UTC date to answer for.
    `understood` is what its words were taken to mean; None: they are plain words, and each must occur.
    """

    today: date
    q: str = ""
    selected: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    state: str | None = None
    office_state: str | None = None
    near: Place | None = None
    radius: float = 25
    max_fee: int | None = None
    min_experience: int | None = None
    verified_within: int | None = None
    include_unknown: frozenset[str] = frozenset()
    sort: str = "relevance"
    page: int = 1
    page_size: int = 20
    facets: frozenset[str] = frozenset(FACET)
    understand: bool = True
    after: Cursor | None = None
    understood: Understanding | None = None

    @property
    def words(self) -> tuple[Word, ...]:
        """The words that must occur: all of `q`, or what was understood to be required."""
        return words(self.q if self.understood is None else " ".join(self.understood.required))

    @property
    def ranked_words(self) -> tuple[Word, ...]:
        """The words that rank, wherever they occur; those that must occur are among them."""
        if self.understood is None:
            return self.words
        return tuple(dict.fromkeys((*self.words, *words(self.understood.text))))

    @property
    def concepts(self) -> tuple[Concept, ...]:
        """The concerns that `q` is about, best first; they rank."""
        return () if self.understood is None else self.understood.concepts

    @property
    def treatments(self) -> tuple[Evidence, ...]:
        """Treatments with evidence for what the words are about, for the ages asked for, but those that they refuse."""
        if self.understood is None:
            return ()
        return suggestions(self.concepts, self.selected.get("age_group", ()), self.understood.refused("modality"))

    @property
    def offset(self) -> int:
        """How many results come before this page; 0 on a walk, whose place is in `after`."""
        return 0 if self.after else (self.page - 1) * self.page_size

    def with_selected(self, name: str, codes: tuple[str, ...]) -> SearchRequest:
        """This request with the selection of facet `name` replaced, on page 1."""
        selected = {n: c for n, c in self.selected.items() if n != name}
        if codes:
            order = facet_vocabulary(FACET[name]).codes
            selected[name] = tuple(sorted(dict.fromkeys(codes), key=order.index))
        return replace(self._unsaid(name, codes), selected=MappingProxyType(selected), page=1, after=None)

    def without(self, name: str) -> SearchRequest:
        """This request without the filter `name` and without `include_unknown` for it, on page 1."""
        request = replace(self, include_unknown=self.include_unknown - {name}, page=1, after=None)
        if name in FACET:
            return request.with_selected(name, ())
        if name == "q":
            return replace(request.explicit(), q="")
        if name == "near":
            sort = "relevance" if self.sort == "distance" else self.sort
            return replace(request._unsaid("near")._unsaid("radius"), near=None, radius=25, sort=sort)
        cleared: dict[str, Any] = {name: None}
        return replace(request._unsaid(name), **cleared)

    def _unsaid(self, name: str, keep: Collection[str] = ()) -> SearchRequest:
        """This request without the words that ask for other values of the parameter `name` than those of `keep`."""
        if self.understood is None or name not in self.understood.filters:
            return self
        left = self.understood.without(name, keep)
        # Small words alone ("in", "takes") are no search.
        says = left.findings or left.concepts or left.text or left.required
        return replace(self, q=left.q if says else "", understood=left if says else None)

    def explicit(self) -> SearchRequest:
        """This request without what its words ask for: what its arguments say beside `q`."""
        if self.understood is None:
            return self
        asked = self.understood.filters
        selected = {n: c for n, c in self.selected.items() if set(c) != set(asked.get(n, ()))}
        values: dict[str, Any] = {
            name: _RADIUS if name == "radius" else None
            for name, said in asked.items()
            if name not in FACET and _written(getattr(self, name)) == said[0]
        }
        return replace(self, selected=MappingProxyType(selected), understood=None, **values)

    def to_args(self, *, everything: bool = True) -> list[tuple[str, str]]:
        """The canonical arguments of this request: parsing (and interpreting) them gives it back. Defaults, and what
        the words of `q` say anyway, are left out.

        Without `everything`, only what decides which results come in which order (no page, size, facets, `after`).
        """
        if self.understood is not None:
            return self.explicit().to_args(everything=everything)
        args: list[tuple[str, str]] = [("q", self.q)] if self.q else []
        args += [(f.name, code) for f in FACETS for code in self.selected.get(f.name, ())]
        for name in ("state", "office_state", "max_fee", "min_experience", "verified_within"):
            if (value := getattr(self, name)) is not None:
                args.append((name, str(value)))
        if self.near:
            args.append(("near", self.near.text))
        if self.radius != _RADIUS:
            args.append(("radius", f"{self.radius:g}"))
        args += [("include_unknown", name) for name in FILTERS_WITH_UNKNOWN if name in self.include_unknown]
        if self.sort != "relevance":
            args.append(("sort", self.sort))
        if not self.understand:
            args.append(("understand", "false"))
        return args + self._paging_args() if everything else args

    def _paging_args(self) -> list[tuple[str, str]]:
        args = [("page", str(self.page))] if self.page > 1 else []
        if self.page_size != 20:
            args.append(("page_size", str(self.page_size)))
        if self.facets != frozenset(FACET):
            args += [("facets", name) for name in FACET if name in self.facets] or [("facets", "none")]
        if self.after:
            args.append(("after", self.after.token()))
        return args

    def query_string(self) -> str:
        """`to_args` as a query string."""
        return urlencode(self.to_args())


def _written(value: Any) -> str:
    """A value as its parameter takes it."""
    return value.text if isinstance(value, Place) else f"{value:g}" if isinstance(value, float) else str(value)


def decode(query_string: bytes) -> tuple[list[tuple[str, str]], list[ParameterError]]:
    """The (name, value) pairs of a raw query string, and the mistakes of its encoding.

    Reads the bytes itself, because frameworks keep or replace invalid UTF-8 silently.
    """
    pairs: list[tuple[str, str]] = []
    errors: list[ParameterError] = []
    for item in query_string.split(b"&"):
        if not item:
            continue
        raw_name, _, raw_value = (unquote_to_bytes(p.replace(b"+", b" ")) for p in item.partition(b"="))
        name = raw_name.decode("utf-8", "replace")
        try:
            raw_name.decode()
            pairs.append((name, raw_value.decode()))
        except UnicodeDecodeError:
            shown = raw_value.decode("utf-8", "replace")
            errors.append(ParameterError(_cut(name), _cut(shown), "is not valid UTF-8"))
    return pairs, errors


def _cut(text: str) -> str:
    shown = "".join("�" if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)
    return shown if len(shown) <= 100 else shown[:99] + "…"


def _clean(name: str, value: str) -> tuple[str, ParameterError | None]:
    value = " ".join(value.split())
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in value):
        return "", ParameterError(name, _cut(value), "holds a control character, such as a NUL byte")
    return value, None


def _gather(
    pairs: Sequence[tuple[str, str]],
) -> tuple[dict[str, Any], list[ParameterError], list[ParameterError]]:
    """Values by parameter; the mistakes; and, apart, the names that are no parameter."""
    values: dict[str, Any] = {}
    errors: list[ParameterError] = []
    unknown: dict[str, ParameterError] = {}
    repeated: set[str] = set()
    for name, raw in pairs:
        if name not in PARAMETERS:
            unknown[name] = ParameterError(
                _cut(name), _cut(raw), "is not a parameter of this search", like(name, PARAMETERS)
            )
            continue
        value, error = _clean(name, raw)
        if error:
            errors.append(error)
        elif not value:
            continue
        elif name in MULTI_VALUED:
            values.setdefault(name, []).append(value)
        elif name in values:
            if name not in repeated:
                errors.append(ParameterError(name, _cut(value), "takes one value, but was given several"))
            repeated.add(name)
        else:
            values[name] = value
    for name in repeated:
        del values[name]
    return values, errors, list(unknown.values())


def _load(values: dict[str, Any]) -> tuple[dict[str, Any], list[ParameterError]]:
    """What the fields read; and the mistakes, beside which what is right of a value goes on."""
    data: dict[str, Any] = {}
    errors: list[ParameterError] = []
    for name in (n for n in FIELDS if n in values):
        try:
            data[name] = FIELDS[name].deserialize(values[name])
        except ma.ValidationError as error:
            mistakes: list[Any] = list(error.messages)
            errors += [ParameterError(name, _cut(m["value"]), m["message"], m["suggestion"]) for m in mistakes]
            if error.valid_data:
                data[name] = error.valid_data
    return data, errors


def _request(data: dict[str, Any], today: date) -> SearchRequest:
    facets = data.pop("facets", None)
    if facets:
        data["facets"] = frozenset(f for f in facets if f != "none")
    if "understand" in data:
        data["understand"] = data["understand"] == "true"
    data["include_unknown"] = frozenset(data.get("include_unknown", ()))
    selected = {f.name: data.pop(f.name) for f in FACETS if f.name in data}
    for name, codes in selected.items():
        selected[name] = (codes,) if isinstance(codes, str) else tuple(codes)
    return SearchRequest(today=today, selected=MappingProxyType(selected), **data)


def _together(data: dict[str, Any], given: Collection[str]) -> list[ParameterError]:
    """Mistakes of values that are fine alone, but not together; `data` is left without them. A walk has its `near` in
    the cursor; a `near` or `after` that is wrong itself (`given`, not in `data`) is one mistake, not two."""
    errors = []
    if "near" not in data and "after" not in data and not _place_in_words(data):
        lonely = [n for n in ("radius", "sort") if n in data and (n == "radius" or data[n] == "distance")]
        left = [ParameterError(n, str(data.pop(n)), "needs `near`") for n in lonely]
        errors = [] if "near" in given or "after" in given else left
    if len(data.get("facets", ())) > 1 and "none" in data["facets"]:
        errors.append(ParameterError("facets", "none", "cannot stand beside names of facets"))
        del data["facets"]
    page, size = data.get("page", 1), data.get("page_size", 20)
    if page * size > MAX_RESULTS_BY_PAGE:
        message = (
            f"only the first {MAX_RESULTS_BY_PAGE:,} results can be had by page; go on with `after`, "
            "the `next` of an answer"
        )
        errors.append(ParameterError("page", str(data.pop("page", 1)), message))
    return errors


def _place_in_words(data: Mapping[str, Any]) -> bool:
    """Whether `q` says where: a distance from there, or an order by it, makes sense then."""
    if (
        not {"radius", "sort"} & data.keys()
        or data.get("understand") == "false"
        or data.get("sort", "distance") != "distance"
    ):
        return False
    return "near" in understand(data.get("q", "")).filters


def _walk(data: dict[str, Any], page: Any) -> tuple[SearchRequest | None, list[ParameterError]]:
    """The request that a walk goes on with: that of its cursor, with this page's size and facets."""
    cursor: Cursor = data["after"]
    values, errors, unknown = _gather(cursor.args)
    walked, wrong = _load(values)
    if errors or unknown or wrong or _together(walked, walked) or walked.keys() & _NOT_WALKED:
        return None, [ParameterError("after", "", CHANGED_CURSOR)]
    wanted = _request(walked, cursor.today)
    if page is not None:
        return None, [ParameterError("page", _cut(page), "cannot stand beside `after`")]
    paging = {k: v for k, v in data.items() if k in _WALK_MAY_CHANGE}
    asked = {k: v for k, v in data.items() if k not in _WALK_MAY_CHANGE}
    again = _request(dict(asked), cursor.today)
    errors = [
        ParameterError(name, "", "differs from the walk that `after` goes on; leave it out or start anew")
        for name in sorted(asked)
        if _of(again, name) != _of(wanted, name)
    ]
    if errors:
        return None, errors
    size = _request(paging, cursor.today)
    return replace(wanted, after=cursor, page_size=size.page_size, facets=size.facets), []


def _of(request: SearchRequest, name: str) -> Any:
    return request.selected.get(name) if name in FACET else getattr(request, name)


def parse_leniently(
    query_string: bytes, today: date
) -> tuple[SearchRequest, list[ParameterError], list[ParameterError]]:
    """(request, mistakes, unknown names): the request that is left when every mistake is dropped."""
    pairs, errors = decode(query_string)
    values, more, unknown = _gather(pairs)
    data, wrong = _load(values)
    given = {*values, *(e.parameter for e in (*errors, *more))}
    errors += more + wrong + _together(data, given)
    if "after" in data:
        walk, mistakes = _walk(data, values.get("page"))
        if walk:
            return walk, errors, unknown
        errors += mistakes
        del data["after"]
        _together(data, given)
    return _request(data, today), errors, unknown


def parse(query_string: bytes, today: date) -> SearchRequest:
    """The request of a raw query string, answered for `today` (UTC). Raises BadRequest naming every mistake."""
    request, errors, unknown = parse_leniently(query_string, today)
    if errors or unknown:
        count = len(errors) + len(unknown)
        raise BadRequest(f"{count} mistake{'s' if count > 1 else ''} in the parameters", (*errors, *unknown))
    return request
