"""The small algebra that plans are written in: eight kinds of question to one provider, which every engine compiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from directory.places import Point
from directory.text import Word


@dataclass(frozen=True, slots=True)
class Has:
    """States at least one of `codes` for the facet (or `office_state`) `name`."""

    name: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """States nothing for `name`: a facet, a number column, `near` (no placed location) or `state` (no grant known)."""

    name: str


@dataclass(frozen=True, slots=True)
class Between:
    """The number column `name` is stated and within the bounds, both included; None is open."""

    name: str
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Near:
    """The nearest location is at most `miles` from `point`."""

    point: Point
    miles: float


@dataclass(frozen=True, slots=True)
class Licensed:
    """A confirmed or self-reported grant in `state` covers `way` on `day` (an ordinal)."""

    state: str
    way: str
    day: int


@dataclass(frozen=True, slots=True)
class Text:
    """Every word occurs in some text field, each by any of its alternatives."""

    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class And:
    """All of `items`; everything when empty."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of `items`; nothing when empty."""

    items: tuple[Expr, ...]


Expr: TypeAlias = Has | Missing | Between | Near | Licensed | Text | And | Or
