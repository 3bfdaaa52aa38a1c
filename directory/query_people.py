"""Names of people in a query: behind a title, two names that somebody in the generation bears together, or a word that
is a name there and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from directory.lexicon import Lexicon
from directory.query_names import concerns, known_words, names, small_words
from directory.query_places import is_place
from directory.query_words import Token, english, plain

TITLES: Final = frozenset({"dr", "mr", "mrs", "ms", "miss", "prof", "professor"})


def people(words: Sequence[Token], lexicon: Lexicon | None, *, story: bool) -> set[int]:
    """Which words are names of people looked for."""
    found: set[int] = set()
    for place, token in enumerate(words):
        if token.key in TITLES and not token.quoted:
            found.update(_titled(words, place + 1, lexicon))
    if lexicon is not None and len(lexicon):
        found.update(_pairs(words, lexicon, found))
        if not story:
            found.update(_single(words, lexicon, found) or _nothing_else(words, lexicon))
    return found


def _nothing_else(words: Sequence[Token], lexicon: Lexicon) -> set[int]:
    """All words of a query of nothing but names, even those that are ordinary words ("hope")."""
    rest = small_words("stopwords") | small_words("professionals")
    left = {i for i, t in enumerate(words) if t.key not in rest}
    named = all(
        _is_word(words[i]) and not _means(words[i]) and lexicon.knows(plain(words[i].typed), "name") for i in left
    )
    return left if named and not any(_within_place(words, i) for i in left) else set()


def _is_word(token: Token) -> bool:
    return token.key.isalpha() and not token.quoted


def _titled(words: Sequence[Token], start: int, lexicon: Lexicon | None) -> list[int]:
    """The names behind a title: one at least, unless what follows is plainly no name ("dr near me")."""
    found: list[int] = []
    for place in range(start, min(start + 3, len(words))):
        token = words[place]
        if not _is_word(token) or token.gap.strip(" .-’'") or token.key in small_words("behind_titles"):
            break
        name = plain(token.typed)
        ordinary = token.key in small_words("stopwords") | small_words("professionals") or (token.key,) in names()
        if lexicon is not None and len(lexicon):
            known = lexicon.knows(name, "name")
            if found:
                borne = lexicon.together(plain(words[place - 1].typed), name)
                known = borne or (known and not _means(token) and token.capital)
            elif not known:
                known = (token.capital or name not in english()[0]) and not _means(token) and not ordinary
        else:
            known = (token.capital if found else True) and not ordinary and not _means(token)
            known = known or (not found and token.capital and not ordinary)
        if not known:
            break
        found.append(place)
    return found


def _means(token: Token) -> bool:
    """Whether the word means something else than a name."""
    name = (token.key,)
    return name in names() or name in concerns() or is_place(name)


def _pairs(words: Sequence[Token], lexicon: Lexicon, found: set[int]) -> set[int]:
    pairs: set[int] = set()
    for place in range(len(words) - 1):
        first, second = words[place], words[place + 1]
        if not (_is_word(first) and _is_word(second)):
            continue
        comma = second.gap.strip() == ","
        if second.gap.strip(" -'’.") and not comma:
            continue
        a, b = plain(first.typed), plain(second.typed)
        borne = lexicon.together(b, a) if comma else lexicon.together(a, b)
        if not borne or len(a) < 2 or len(b) < 2:
            continue
        both = (first.key, second.key)
        if both in names() or both in concerns() or is_place(both):
            continue
        doubtful = all(_ordinary(t) for t in (first, second))
        alone = len(words) == 2
        if doubtful and not alone and not (first.capital and second.capital and not (first.letters or second.letters)):
            continue
        if doubtful and is_place((second.key,)) and not alone and not first.capital:
            continue
        pairs.update((place, place + 1))
    return pairs


def _within_place(words: Sequence[Token], place: int) -> bool:
    """Whether the word is part of a place of several words: the Antonio of San Antonio is nobody."""
    for count in (2, 3):
        for start in range(max(0, place - count + 1), place + 1):
            part = words[start : start + count]
            if len(part) == count and is_place(tuple(t.key for t in part)):
                return True
    return False


def _ordinary(token: Token) -> bool:
    return plain(token.typed) in english()[0] or _means(token)


def _single(words: Sequence[Token], lexicon: Lexicon, found: set[int]) -> set[int]:
    single: set[int] = set()
    for place, token in enumerate(words):
        if place in found or not _is_word(token) or len(token.key) < 3:
            continue
        name = plain(token.typed)
        if name in english()[0] or token.key in english()[0] or token.key in known_words() or _means(token):
            continue
        if token.key in small_words("stopwords") | small_words("professionals"):
            continue
        if lexicon.knows(name, "name") and not _within_place(words, place):
            single.add(place)
    return single
