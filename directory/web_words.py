"""How the website says things: numbers, dates, lists, telephone numbers, addresses, other people's text. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import quote, urlsplit

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# Embeddings, overrides and isolates: they would turn the words around them; the plain marks (LRM, RLM) stay.
_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NANP: Final = re.compile(r"\+1 (\d{3}) (\d{3}) (\d{4})")
_EMAIL: Final = re.compile(r"[^\s@<>\"'(),:;\\?&]+@[A-Za-z0-9.-]+")

LONGEST_TEXT: Final = 20_000
"""Characters of a provider's own words on their page; more is cut."""


@dataclass(frozen=True, slots=True)
class Link:
    """An address and what is shown of it."""

    href: str
    text: str


def day(when: date) -> str:
    """`3 Jan 2024`."""
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def soon(when: date, today: date) -> str:
    """A day to come: `Tue 1 Dec`, with the year when it isn't this one."""
    shown = f"{_WEEKDAYS[when.weekday()]} {when.day} {_MONTHS[when.month - 1]}"
    return shown if when.year == today.year else f"{shown} {when.year}"


def number(value: int) -> str:
    """`12,345`."""
    return f"{value:,}"


def people(count: int) -> str:
    """`1 person`, `57 people`."""
    return "1 person" if count == 1 else f"{count:,} people"


def dollars(amount: int) -> str:
    """`$1,200`."""
    return f"${amount:,}"


def listing(items: Sequence[str], most: int | None = None) -> str:
    """`a, b and c`; with `most`, what is left over is counted: `a, b and 3 more`."""
    shown = list(items)
    if most is not None and len(shown) > most:
        shown = [*shown[:most], f"{len(items) - most} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else ""


def plural(count: int, one: str, many: str) -> str:
    """`1 year`, `2 years`."""
    return f"{count:,} {one if count == 1 else many}"


def clean(text: str) -> str:
    """`text` without characters that control or turn the text around it; line breaks stay."""
    return "".join(
        c for c in text if c == "\n" or (c not in _TURNING and unicodedata.category(c) not in ("Cc", "Cs", "Co"))
    )


def line(text: str, most: int = 160) -> str:
    """`text` cleaned, on one line, cut after a word at `most` characters."""
    whole = " ".join(clean(text[: most * 8]).split())
    if len(whole) <= most:
        return whole
    cut = whole[: most - 1]
    space = most - 1 if whole[most - 1] == " " else cut.rfind(" ")
    return cut[: space if space > most // 2 else most - 1].rstrip(" ,.;:–-") + "…"


def paragraphs(text: str) -> tuple[str, ...]:
    """The paragraphs of a provider's own words, cleaned; after `LONGEST_TEXT` characters they are cut."""
    whole = clean(text[:LONGEST_TEXT].replace("\r\n", "\n").replace("\r", "\n"))
    found = [" ".join(p.split()) for p in re.split(r"\n\s*\n", whole)]
    if len(text) > LONGEST_TEXT and found:
        found[-1] += "…"
    return tuple(p for p in found if p)


def telephone(phone: str | None) -> Link | None:
    """A number to call: `+1 512 555 0142` as `(512) 555-0142`. None without digits."""
    if not phone:
        return None
    if match := _NANP.fullmatch(phone):
        return Link(f"tel:+1{match[1]}{match[2]}{match[3]}", f"({match[1]}) {match[2]}-{match[3]}")
    digits = re.sub(r"[^0-9]", "", phone)
    return Link(f"tel:{'+' if phone.startswith('+') else ''}{digits}", line(phone, 30)) if digits else None


def website(address: str | None) -> Link | None:
    """An http or https address; None for anything else, such as `javascript:`."""
    if not address or any(c.isspace() or unicodedata.category(c)[0] == "C" for c in address):
        return None
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    return Link(address, line(host.removeprefix("www."), 50))


def email(address: str | None) -> Link | None:
    """An address to write to; None when it could hold more than an address."""
    if not address or not _EMAIL.fullmatch(address):
        return None
    return Link(f"mailto:{quote(address, safe='@')}", line(address, 60))
