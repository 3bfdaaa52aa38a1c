"""Which kind of help? Professions, therapies and letters in plain words, from the vocabularies. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from directory.facets import FACET
from directory.vocabulary import facet_vocabulary


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing and what it is. `href` finds those who offer it; `under` are its kinds."""

    anchor: str
    label: str
    help: str
    href: str
    under: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page."""

    id: str
    title: str
    intro: str
    entries: tuple[Entry, ...]


_SECTIONS: Final = (
    ("provider_type", "Kinds of professionals",
     "They overlap: any of them may be right for you. What sets them apart is training, and who can prescribe."),
    ("modality", "Therapies",
     "Ways of working that professionals name. You need not choose one: ask what they would do with you and why."),
    ("format", "Who comes along", "Couples, families and children often do better together than alone."),
    ("payment", "Ways to pay", "Ask before the first visit what it will cost you."),
    ("credential", "Letters after the name",
     "A license comes from a state and can be looked up there; a degree alone lets nobody practice."),
)  # fmt: skip


def sections() -> tuple[Section, ...]:
    """The page's parts, each with its entries in the vocabulary's order, kinds under what they are a kind of."""
    return tuple(Section(f"{name}s", title, intro, tuple(_entries(name, None))) for name, title, intro in _SECTIONS)


def _entries(facet: str, parent: str | None) -> Iterator[Entry]:
    for term in facet_vocabulary(FACET[facet]):
        if term.parent == parent:
            href = f"/search?{urlencode([(facet, term.code)])}"
            yield Entry(f"{facet}-{term.code}", term.label, term.help, href, tuple(_entries(facet, term.code)))
