"""What people type, forgiven where its meaning is plain, and explained in plain words where it isn't. Pure.

The API refuses a mistake; the website goes on without it, keeps what was typed and says what to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

from directory.errors import ParameterError
from directory.facets import FACET
from directory.parameters import MAX_QUERY_LENGTH
from directory.search_request import SearchRequest, decode, parse_leniently
from directory.vocabulary import facet_vocabulary, state_code, vocabulary
from directory.web_filters import Choice
from directory.web_words import line, plural

TYPED: Final = ("q", "near", "state", "max_fee", "radius", "min_experience", "verified_within", "office_state")
"""The fields of the form, in its order."""

_MONEY: Final = re.compile(r"\$?\s*([0-9][0-9,]*)(?:\.00?)?\s*(?:\$|dollars?|usd|bucks)?", re.IGNORECASE)
_AMOUNT: Final = re.compile(r"([0-9]+)\s*(?:miles?|mi|years?|yrs?|days?)?\+?", re.IGNORECASE)
_RADII: Final = (5, 10, 50, 100, 250)
_YEARS: Final = (2, 5, 10, 20)
_DAYS: Final = (30, 90, 180, 365, 730)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A mistake in plain words. `field` is the form's field it belongs to (empty: none); `suggestion` is a link to the
    same search with what was probably meant."""

    field: str
    text: str
    suggestion: Choice | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of the website: the search that is left, what was typed by field, and what went wrong.

    `words` is all that was typed as free text, whole, for the crisis matcher.
    """

    request: SearchRequest
    typed: Mapping[str, str]
    troubles: tuple[Trouble, ...]
    words: tuple[str, ...]

    @property
    def by_field(self) -> Mapping[str, Trouble]:
        """The trouble of each field of the form that has one."""
        return {t.field: t for t in self.troubles if t.field}


@dataclass(frozen=True, slots=True)
class Form:
    """The search form: values by field, choices of its lists (value, label), and what goes along unseen."""

    values: Mapping[str, str]
    choices: Mapping[str, tuple[tuple[str, str], ...]]
    hidden: tuple[tuple[str, str], ...]
    troubles: Mapping[str, Trouble]


def understand(query_string: bytes, today: date) -> Asked:
    """Read the raw query string of a page. Unknown names are ignored; whatever makes sense is kept."""
    pairs, unreadable = decode(query_string)
    words = tuple(value for name, value in pairs if name == "q")
    troubles: list[Trouble] = []
    forgiven = []
    for name, value in pairs:
        if name == "q" and len(" ".join(value.split())) > MAX_QUERY_LENGTH:
            troubles.append(
                Trouble("q", f"That was long, so we searched for its beginning only ({MAX_QUERY_LENGTH} characters).")
            )
            value = _cut(" ".join(value.split()))
        forgiven.append((name, _forgive(name, value)))
    request, mistakes, _ = parse_leniently(urlencode(forgiven).encode(), today)
    asked = replace(request, facets=frozenset(FACET))
    troubles += [_trouble(m, asked) for m in (*unreadable, *mistakes) if m.parameter not in ("facets",)]
    typed = {name: value for name, value in reversed(pairs) if name in TYPED}
    return Asked(asked, MappingProxyType(typed), tuple(troubles), words)


def _cut(text: str) -> str:
    """The beginning of `text` that may be searched for, without a half word at its end."""
    cut = text[:MAX_QUERY_LENGTH]
    return cut.rsplit(" ", 1)[0] if " " in cut and text[MAX_QUERY_LENGTH] != " " else cut


def _forgive(name: str, value: str) -> str:
    """`$80` and `Texas` as `80` and `TX`; anything else as it is."""
    text = value.strip()
    if name == "max_fee" and (match := _MONEY.fullmatch(text)):
        return match[1].replace(",", "")
    if name in ("radius", "min_experience", "verified_within") and (match := _AMOUNT.fullmatch(text)):
        return match[1]
    if name in ("state", "office_state"):
        return state_code(text) or value
    return value


_PLAIN: Final[Mapping[str, Callable[[str], str]]] = {
    "near": lambda v: f"We couldn’t find “{v}”. Type a five-digit ZIP code, or a city with its state: Austin, TX.",
    "max_fee": lambda v: f"“{v}” isn’t an amount we can use. Type whole dollars, such as 80.",
    "state": lambda v: f"“{v}” isn’t a state we know. Choose it from the list.",
    "office_state": lambda v: f"“{v}” isn’t a state we know. Type its name, such as Texas, or TX.",
    "radius": lambda v: f"We couldn’t use “{v}” as a distance. It works with a place, from 1 to 500 miles.",
    "min_experience": lambda v: f"“{v}” isn’t a number of years we can use. Choose from 1 to 60.",
    "verified_within": lambda v: f"“{v}” isn’t a number of days we can use. Choose from 1 to 3650.",
    "q": lambda v: "We couldn’t read some of the characters in what you typed.",
    "sort": lambda v: f"We can’t put the list in the order “{v}”, so it is in the usual one.",
    "page": lambda v: "There is no such page, so this is the first one.",
    "page_size": lambda v: f"A page can’t show “{v}” people, so this one shows 20.",
    "after": lambda v: "That link can’t go on where it left off, so this is the beginning of the list.",
}


def _trouble(mistake: ParameterError, request: SearchRequest) -> Trouble:
    name = mistake.parameter
    value = line(mistake.value, 60)
    field = name if name in TYPED else ""
    if name == "sort" and mistake.value == "distance":
        return Trouble(field, "To see the nearest first, say where you are: a ZIP code or a city.")
    if "several" in mistake.message:
        return Trouble(field, f"“{name.replace('_', ' ')}” was given more than once, so it was left out.")
    if name in FACET:
        text = f"“{value}” isn’t in our list for “{FACET[name].label}”, so it was left out."
    elif name in _PLAIN:
        text = _PLAIN[name](value)
    else:
        text = f"“{value}” was left out: we couldn’t use it."
    return Trouble(field, text, _suggestion(mistake, request))


def _suggestion(mistake: ParameterError, request: SearchRequest) -> Choice | None:
    """The link to the same search with the near spelling in place."""
    name, meant = mistake.parameter, mistake.suggestion
    if meant is None or name not in (*FACET, *TYPED):
        return None
    label = meant
    if name in FACET:
        label = facet_vocabulary(FACET[name]).label(meant)
    elif name in ("state", "office_state"):
        label = vocabulary("states").label(meant)
    return Choice(label, f"?{urlencode([*request.to_args(), (name, meant)])}", False)


def form(asked: Asked) -> Form:
    """The form for `asked`: it keeps what was typed, and takes along what is on elsewhere on the page."""
    args = asked.request.to_args()
    understood = {name: value for name, value in args if name in TYPED and name not in asked.by_field}
    values = MappingProxyType({**asked.typed, **understood})
    return Form(
        values=values,
        choices=_choices(values),
        hidden=tuple((n, v) for n, v in args if n not in TYPED and n not in ("page", "after")),
        troubles=asked.by_field,
    )


def empty_form(typed: Mapping[str, str] = MappingProxyType({})) -> Form:
    """The form without a search."""
    return Form(typed, _choices(typed), (), {})


def _choices(typed: Mapping[str, str]) -> dict[str, tuple[tuple[str, str], ...]]:
    return {
        "state": tuple((term.code, term.label) for term in vocabulary("states")),
        "radius": _numbers(typed.get("radius", ""), _RADII, "mile", "miles"),
        "min_experience": _numbers(typed.get("min_experience", ""), _YEARS, "year", "years"),
        "verified_within": _numbers(typed.get("verified_within", ""), _DAYS, "day", "days"),
    }


def _numbers(typed: str, offered: Sequence[int], one: str, many: str) -> tuple[tuple[str, str], ...]:
    """The choices of a list of numbers; one that came by a link is among them."""
    own = {int(typed)} if typed.isascii() and typed.isdigit() and len(typed) < 5 else set()
    return tuple((str(n), plural(n, one, many)) for n in sorted({*offered, *own} - {0}))
