"""Proper casing of names that a register holds in capitals. Pure.

What is written in mixed case is left alone: only someone who shouts (or whispers) is re-cased, because nobody knows
better than the source how "DeShawn" or "van Dyke" spell themselves.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from directory.text import is_plain
from indexer.normalize import clean

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*['’]?")
_NUMERALS: Final = frozenset({"II", "III", "IV", "VI", "VII", "VIII"})
# "Mac" is a prefix only before these: Macias, Machado and Macy are names of their own.
_MAC: Final = re.compile(
    r"mac(?=(?:adam|allister|arthur|aulay|auley|bride|callum|carthy|cormack|crae|diarmid|donald|donnell|dougall|duff"
    r"|ewan|farland|farlane|gillivray|gowan|gregor|innes|innis|intosh|intyre|isaac|kay|kenna|kenzie|kinnon|kintosh"
    r"|lachlan|laren|laughlin|lean|lennan|leod|mahon|manus|master|millan|murray|murtry|nab|namara|naughton|neil"
    r"|neill|nicol|niven|pherson|quarrie|rae|taggart|tavish|vicar)\w*$)"
)
# Words inside a family name that are written small, and those that are so only after another such word.
_PARTICLES: Final = frozenset({"de", "del", "da", "das", "do", "dos", "di", "du", "y", "e"})
_FOLLOWERS: Final = frozenset({"la", "las", "los", "le", "den", "der", "het", "ter"})
_BEFORE_FOLLOWERS: Final = frozenset({"de", "van", "von", "in", "op"})
_CITY_SMALL: Final = frozenset(
    {"of", "the", "in", "on", "by", "and", "at", "or", "de", "del", "du", "des", "la", "las", "le", "los", "y"}
)
_CITY_ARTICLES: Final = frozenset({"la", "las", "le", "los"})
_CITY_CAPITALS: Final = frozenset({"APO", "FPO", "DPO", "AFB", "NAS", "NE", "NW", "SE", "SW", "DC"})

SUFFIXES: Final = {"JR": "Jr.", "SR": "Sr.", "II": "II", "III": "III", "IV": "IV", "V": "V"}
"""Suffixes that tell people of one name apart. NPPES also has I and X, which tell nobody anything."""

# Firms written into the field of a family name.
_FIRM: Final = re.compile(r"(?<=\w)(?:[\s,]+(?:LLC|PLLC|LLP|INC|LTD|CORP)\.?)+\s*$", re.IGNORECASE)
_BUSINESS: Final = re.compile(
    r"\b(?:LLC|PLLC|LLP|INC|LTD|CORP|CORPORATION|COUNSELING|PSYCHOTHERAPY|THERAPY|SERVICES|ASSOCIATES|CLINIC|CENTER"
    r"|GROUP|PRACTICE|WELLNESS|COUNSELOR|CONSULTING|CONSULTANTS)\b",
    re.IGNORECASE,
)


def _one_case(text: str) -> bool:
    return text == text.upper() or text == text.lower()


def _words_cased(text: str) -> str:
    """All words in what may have hyphens, dots and the like between them."""
    return _cased(text) if is_plain(text) else _WORD.sub(lambda m: _cased(m.group()), text)


def _cased(word: str) -> str:
    """One word of letters and apostrophes: McKenzie, MacDonald, O'Neal, D'Angelo, Re'em."""
    low = word.lower()
    if is_plain(low):
        out = low[0].upper() + low[1:]
    else:
        parts = re.split(r"(['’])", low)
        # After an apostrophe a longer piece is a name of its own; a short one is a sound (Re'em, Michel'le).
        out = "".join(p if i % 2 or (i and len(p) < 3) else p[:1].upper() + p[1:] for i, p in enumerate(parts))
    if low.startswith("mc") and len(low) > 3:
        return "Mc" + out[2:3].upper() + out[3:]
    if _MAC.match(low):
        return "Mac" + out[3:4].upper() + out[4:]
    return out


def _initial(word: str) -> str | None:
    """`A` and `A.` are the initial `A.`; None for anything longer."""
    bare = word.rstrip(".")
    return f"{bare.upper()}." if len(bare) == 1 and bare.isalpha() and bare.isascii() else None


@lru_cache(maxsize=50_000)
def family_name(text: str) -> str:
    """A family name as it is written: `DE LA CRUZ` -> `de la Cruz`, `MCKENZIE-O'NEAL` -> `McKenzie-O'Neal`.

    >>> family_name("VAN DER BERG"), family_name("VAN HORN"), family_name("CHRISTENSEN II")
    ('van der Berg', 'Van Horn', 'Christensen II')
    """
    if is_plain(text):
        return _cased(text) if _one_case(text) else text
    text = clean(text)
    words = text.split()
    if not _one_case(text):
        return text
    out: list[str] = []
    for i, word in enumerate(words):
        low, following = word.lower(), words[i + 1].lower() if i + 1 < len(words) else ""
        before = words[i - 1].lower() if i else ""
        particle = (
            low in _PARTICLES
            or (low in _FOLLOWERS and before in _BEFORE_FOLLOWERS)
            or (low in ("van", "von") and following in _FOLLOWERS | {"de"})
        )
        if particle and following:
            out.append(low)
        elif word.upper() in _NUMERALS and i:
            out.append(word.upper())
        else:
            out.append(_words_cased(word))
    return " ".join(out)


@lru_cache(maxsize=50_000)
def given_name(text: str) -> str:
    """A given or middle name: `MARY ANN` -> `Mary Ann`, `J` -> `J.`, `FLOR DE LIZ` -> `Flor de Liz`.

    >>> given_name("T CHRISTINA"), given_name("ANNE-MARIE"), given_name("TJ")
    ('T. Christina', 'Anne-Marie', 'TJ')
    """
    if is_plain(text) and len(text) > 2:
        return _cased(text) if _one_case(text) else text
    words = [w for word in clean(text).split() if (w := word.rstrip(",;"))]
    shouted = _one_case(text)
    out: list[str] = []
    for i, word in enumerate(words):
        low = word.lower()
        if initial := _initial(word):
            out.append(initial)
        elif not shouted:
            out.append(word)
        elif len(bare := low.strip("()")) == 2 and (bare[1] == "j" or not set(bare) & set("aeiouy")):
            out.append(word.upper())  # AJ, TJ, (MK): initials
        elif 0 < i < len(words) - 1 and (low in _PARTICLES or (low in _FOLLOWERS and words[i - 1].lower() == "de")):
            out.append(low)
        else:
            out.append(_words_cased(word))
    return " ".join(out)


@lru_cache(maxsize=50_000)
def middle_name(text: str) -> str:
    """A middle name; empty where digits show that it is an address or a number. `DEL CARMEN` -> `del Carmen`."""
    if is_plain(text):
        return given_name(text)
    if any(c.isdigit() for c in text):
        return ""
    name = given_name(text)
    head, _, rest = name.partition(" ")
    return f"{head.lower()} {rest}" if rest and head.lower() in _PARTICLES and _one_case(text) else name


@lru_cache(maxsize=50_000)
def split_family(text: str) -> tuple[str, str | None]:
    """The family name without what does not belong there, and a generational suffix found in it.

    >>> split_family("MITCHELL, JR"), split_family("PARRA, LCSW"), split_family("CHRISTENSEN II INC")
    (('MITCHELL', 'Jr.'), ('PARRA', None), ('CHRISTENSEN', 'II'))
    """
    if is_plain(text):
        return text, None
    name, _, rest = clean(text).partition(",")
    words = _FIRM.sub("", name).split()
    found = SUFFIXES.get(rest.strip().upper().rstrip("."))
    if len(words) > 1 and (last := words[-1].upper().rstrip(".")) in SUFFIXES and last != "V":
        found = found or SUFFIXES[last]
        words.pop()
    return re.sub(r"\s*-\s*", "-", " ".join(words)), found


def is_business(text: str) -> bool:
    """Whether a name names a firm rather than a person."""
    return bool(_BUSINESS.search(text))


@lru_cache(maxsize=50_000)
def city_name(text: str) -> str:
    """A city as people write it: `MCALLEN` -> `McAllen`, `COEUR D'ALENE`, `MARINA DEL REY` -> `Marina del Rey`.

    >>> city_name("LAKE IN THE HILLS"), city_name("LA MESA"), city_name("APO")
    ('Lake in the Hills', 'La Mesa', 'APO')
    """
    text = clean(text).rstrip(",.")
    if not _one_case(text):
        return text
    out: list[str] = []
    words = text.split()
    for i, word in enumerate(words):
        low = word.lower()
        article = low in _CITY_ARTICLES and words[i - 1].lower() != "de"
        if word.upper() in _CITY_CAPITALS:
            out.append(word.upper())
        elif i and low in _CITY_SMALL and not article:
            out.append(low)
        else:
            out.append(_words_cased(word))
    return " ".join(out).replace(" D'", " d'")
