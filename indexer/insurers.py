"""Names of insurance companies and of their plans -> codes of the insurers. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from directory.vocabulary import vocabulary

# What may follow the name of a company without making it another one.
_GENERIC: Final = frozenset(
    re.findall(
        r"\w+",
        """health healthcare medical plan plans insurance ins life and of the company co corp corporation inc
        incorporated llc ltd group services care network networks ppo hmo epo pos preferred provider organization choice
        marketplace exchange individual family commercial behavioral bronze silver gold platinum catastrophic""",
    )
)


@lru_cache(maxsize=20_000)
def insurer(text: str) -> str | None:
    """The code of the company that `text` names, also with what companies and plans add to their names.

    >>> insurer("Cigna Health and Life Insurance Company"), insurer("UnitedHealthcare of Texas, Inc.")
    ('cigna', 'united')
    >>> insurer("United Technologies Preferred Provider Network") is None
    True
    """
    known = vocabulary("insurers")
    if found := known.find(text):
        return found
    words = re.findall(r"[^\s,;()]+", text)
    for end in range(len(words) - 1, 0, -1):
        if not _generic(words[end:]):
            return None
        if found := known.find(" ".join(words[:end])):
            return found
    return None


def _generic(rest: list[str]) -> bool:
    """Whether `rest` begins with a word that says nothing of its own, or names a state after `of`."""
    word = rest[0].lower().strip(".-")
    return word in _GENERIC or not word or bool(_state(rest[0]))


@lru_cache(maxsize=1)
def _state_words() -> frozenset[str]:
    return frozenset(w.lower() for s in vocabulary("states") for w in (s.code, *s.label.split()))


def _state(word: str) -> bool:
    return word.lower().strip(".-") in _state_words()
