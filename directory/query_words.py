"""The words of a query, where they stand and how they compare; and the file that says how words of queries are read.

Words compare folded, without apostrophes and inner dots, in American spelling and singular, so that `Couple's`,
`couples` and `L.M.F.T.` find `couple` and `lmft`. Blanks, hyphens and slashes part words alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import yaml

from directory.text import fold
from directory.vocabulary import FOLDER
from directory.vocabulary_files import SAFE_LOADER

Key: TypeAlias = tuple[str, ...]
"""A name, word by word, as words compare."""

_WORD: Final = re.compile(
    r"\b[wW]/[oO]?(?=\W|$)|<=?|≤"
    r"|\$?\d+(?:,\d{3})*(?:\.\d\d?(?!\d))?(?:[^\W\d_][^\W_]*)?"
    r"|[^\W_](?:[^\W_]|[\u0300-\u036f]|['’‘ʼʻ`´.](?=[^\W_]))*"
)
_INNER: Final = re.compile(r"['.\s]+")
_NOT_PLURAL: Final = ("ss", "us", "is", "as", "os")
_SHORT: Final = {"w/": "with", "w/o": "without"}
_IRREGULAR: Final = {"children": "child", "women": "woman", "men": "man", "people": "people", "families": "family"}


@cache
def rules() -> Mapping[str, Any]:
    """`vocabularies/query.yaml`."""
    return MappingProxyType(yaml.load((FOLDER / "query.yaml").read_text("utf-8"), SAFE_LOADER))  # noqa: S506 - it is safe


@cache
def english() -> tuple[frozenset[str], frozenset[str]]:
    """(ordinary words, names) of `vocabularies/english_words.txt`, all in small letters."""
    lines = (FOLDER / "english_words.txt").read_text("utf-8").splitlines()
    found = [line for line in lines if line and not line.startswith("#")]
    ordinary = frozenset(w for w in found if not w[0].isupper())
    return ordinary, frozenset(w.lower() for w in found if w[0].isupper()) - ordinary


def singular(word: str) -> str:
    """`word` without a plural's ending.

    >>> [singular(w) for w in ("couples", "families", "stress", "children", "lbs")]
    ['couple', 'family', 'stress', 'child', 'lbs']
    """
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or not word.endswith("s") or word.endswith(_NOT_PLURAL):
        return word
    return f"{word[:-3]}y" if word.endswith("ies") and len(word) > 5 else word[:-1]


@cache
def _american() -> tuple[tuple[str, str], ...]:
    return tuple(rules()["american"].items())


@lru_cache(maxsize=50_000)
def same(word: str) -> str:
    """How `word` (one word) compares with others."""
    flat = fold(word)
    if flat[:1] in "$0123456789":
        return flat.partition(".")[0]
    flat = _INNER.sub("", flat)
    flat = _SHORT.get(flat, flat)
    for british, american in _american():
        if british in flat:
            flat = flat.replace(british, american)
    return singular(flat)


@lru_cache(maxsize=50_000)
def plain(word: str) -> str:
    """How `word` compares as a name of people and places: folded, without apostrophes, nothing taken off."""
    return _INNER.sub("", fold(word))


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a query: as typed, as it compares (`key`; mended, when it was misspelt), where it stands, what stood
    before it (`gap`), and whether quotation marks are around it."""

    typed: str
    key: str
    start: int
    end: int
    gap: str
    quoted: bool = False

    @property
    def capital(self) -> bool:
        """Whether it begins with a capital."""
        return self.typed[0].isupper()

    @property
    def letters(self) -> bool:
        """Whether it is typed in capitals throughout, as abbreviations are."""
        bare = [c for c in self.typed if c.isalpha()]
        return len(bare) > 1 and all(c.isupper() for c in bare)


_QUOTED: Final = re.compile(r'"([^"]+)"|“([^“”]+)”|«([^«»]+)»|„([^„“”]+)[“”]')


def tokens(q: str) -> list[Token]:
    """The words of `q` in order."""
    marked = [m.span() for m in _QUOTED.finditer(q)]
    found: list[Token] = []
    end = 0
    for match in _WORD.finditer(q.replace("&", "+")):
        start, stop = match.span()
        typed = q[start:stop]
        inside = any(a < start and stop < b for a, b in marked)
        key = same(typed)
        if key:
            found.append(Token(typed, key, start, stop, q[end:start], inside))
            end = stop
    return found


def key(text: str) -> Key:
    """`text` as a name: its words as they compare.

    >>> key("Cognitive-behavioural therapies")
    ('cognitive', 'behavioral', 'therapy')
    """
    words = (same(match[0]) for match in _WORD.finditer(text.replace("_", " ").replace("&", "+")))
    return tuple(word for word in words if word)


def listed(text: str) -> frozenset[str]:
    """The words of a list of words in `rules()`, as they compare."""
    return frozenset(same(w) for w in text.split())
