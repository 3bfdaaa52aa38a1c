"""A vocabulary: codes with their labels, other names and parents.

Two names are the same when they agree after folding (`text.fold`) and without punctuation and blanks: `L.C.S.W.`,
`PSY D` and `tf-cbt` are found as `LCSW`, `PsyD` and `tf_cbt`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from directory.text import fold

_BRACKETS: Final = re.compile(r"\s*\([^()]*\)")


def term_key(text: str) -> str:
    """What is compared when a name is looked up: `text` folded, `&` as "and", without punctuation and blanks.

    >>> term_key("  L.C.S.W.-C ")
    'lcswc'
    """
    folded = fold(text).replace("&", "and")
    return "".join(c for c in folded if c.isalnum() or unicodedata.category(c)[0] == "M")


@dataclass(frozen=True, slots=True)
class Term:
    """One code of a vocabulary. `short` is a label for narrow places (may be empty), `aliases` are other names and
    spellings, `parent` the code it is a kind of (for browsing: filters don't expand), `help` a plain sentence."""

    code: str
    label: str
    short: str = ""
    aliases: tuple[str, ...] = ()
    parent: str | None = None
    help: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Everything it is called: code, label, short label, label without brackets, aliases; may repeat."""
        bare = _BRACKETS.sub("", self.label)
        return tuple(n for n in (self.code, self.label, self.short, bare, *self.aliases) if n)


class Vocabulary:
    """The terms of one file in its order, with look-up by code and by name."""

    def __init__(self, name: str, terms: Mapping[str, Term]) -> None:
        self.name = name
        self.terms: Final = MappingProxyType(dict(terms))
        self.codes: Final = tuple(self.terms)
        self._by_key: Final = {term_key(n): t.code for t in self.terms.values() for n in t.names}
        self._keys: Final = tuple(self._by_key)

    def __contains__(self, code: object) -> bool:
        return code in self.terms

    def __iter__(self) -> Iterator[Term]:
        return iter(self.terms.values())

    def __len__(self) -> int:
        return len(self.terms)

    def label(self, code: str) -> str:
        """The label of `code`; the code itself when unknown."""
        term = self.terms.get(code)
        return term.label if term else code

    def find(self, text: str) -> str | None:
        """The code that `text` names exactly (see `term_key`), by code, label, short label or alias."""
        return self._by_key.get(term_key(text))

    def near(self, text: str, limit: int = 1) -> list[str]:
        """At most `limit` codes with a name spelt nearly like `text`, nearest first, for "did you mean".

        One slip (a wrong, missing, extra letter or two swapped ones) in names of up to five letters, two in up to nine,
        else three; nothing for fewer than three letters.
        """
        key = term_key(text)
        if len(key) < 3:
            return []
        slips = 1 if len(key) <= 5 else 2 if len(key) <= 9 else 3
        found = process.extract(key, self._keys, scorer=OSA.distance, score_cutoff=slips, limit=None)
        ranked = sorted(found, key=lambda f: (f[1], f[2]))
        return list(dict.fromkeys(self._by_key[str(name)] for name, _, _ in ranked))[:limit]

    def children(self, code: str) -> tuple[str, ...]:
        """The codes directly under `code`, in the order of the file."""
        return self._children.get(code, ())

    def descendants(self, code: str) -> tuple[str, ...]:
        """Every code under `code`, each right after its parent."""
        return tuple(d for child in self.children(code) for d in (child, *self.descendants(child)))

    @cached_property
    def _children(self) -> Mapping[str, tuple[str, ...]]:
        under: dict[str, list[str]] = {}
        for term in self.terms.values():
            if term.parent is not None:
                under.setdefault(term.parent, []).append(term.code)
        return {code: tuple(children) for code, children in under.items()}
