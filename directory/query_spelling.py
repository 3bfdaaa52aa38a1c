"""Misspelt words of a query, mended to words that exist: of the vocabularies, of places, or names of the generation.
A word that is known is never touched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from directory.lexicon import Lexicon
from directory.query_names import known_words, small_words, words_by_use
from directory.query_places import city_words, place_words
from directory.query_words import Token, english, plain, same

_PLACE_BEFORE: Final = ("near_words", "in_words")


@cache
def _targets() -> Mapping[int, tuple[str, ...]]:
    """Words worth mending to, by length."""
    found: dict[int, list[str]] = defaultdict(list)
    ours = known_words() | small_words("professionals") | small_words("treatment")
    extra = {same(w) for w in ("telehealth", "evening", "weekend", "accepting", "insurance", "speaking", "affirming")}
    for word in sorted(ours | extra):
        if len(word) > 3 and word.isascii() and word.isalpha():
            found[len(word)].append(word)
    return {length: tuple(words) for length, words in found.items()}


@cache
def _cities_by_length() -> Mapping[int, tuple[str, ...]]:
    found: dict[int, list[str]] = defaultdict(list)
    for word in city_words():
        if len(word) > 3:
            found[len(word)].append(word)
    return {length: tuple(words) for length, words in found.items()}


def _slips(word: str) -> int:
    """How many slips are forgiven: one in words of up to seven letters, two in up to eleven, else three."""
    return 1 if len(word) <= 7 else 2 if len(word) <= 11 else 3


@lru_cache(maxsize=20_000)
def _known(word: str) -> bool:
    return (
        word in known_words()
        or word in place_words()
        or word in small_words("professionals")
        or word in small_words("stopwords")
        or word in small_words("story")
    )


def _nearest(word: str, choices: Mapping[int, tuple[str, ...]], uses: Mapping[str, int]) -> tuple[int, str] | None:
    """(slips, the word of `choices` that is meant): the nearest, then one that begins alike, then the most used."""
    most = _slips(word)
    near = [w for n in range(len(word) - most, len(word) + most + 1) for w in choices.get(n, ())]
    found = process.extract(word, near, scorer=OSA.distance, score_cutoff=most, limit=None)
    ranked = sorted(
        (slips, str(meant)[0] != word[0], -uses.get(str(meant), 0), str(meant))
        for meant, slips, _ in found
        if slips <= 1 or str(meant)[0] in word[:2]
    )
    return (int(ranked[0][0]), ranked[0][3]) if ranked else None


def mend(
    words: Sequence[Token], fixed: set[int], lexicon: Lexicon | None
) -> tuple[list[Token], dict[int, str], set[int]]:
    """(the words with misspelt ones mended, what each mended one is now, which of those are now names of people).

    `fixed` are left alone; so are quoted words, short ones and those in capitals."""
    out = list(words)
    mended: dict[int, str] = {}
    people: set[int] = set()
    ordinary, english_names = english()
    for place, token in enumerate(words):
        word = token.key
        if place in fixed or token.quoted or len(word) < 4 or not (word.isascii() and word.isalpha()):
            continue
        name = plain(token.typed)
        if _known(word) or word in ordinary or name in ordinary or name in english_names or word in english_names:
            continue
        if token.letters and len(word) < 6:
            continue
        if lexicon is not None and lexicon.knows(name):
            continue
        meant = _nearest(word, _targets(), words_by_use())
        in_place = place > 0 and (
            words[place - 1].key in small_words("near_words") or words[place - 1].key in small_words("in_words")
        )
        city = _nearest(word, _cities_by_length(), city_words()) if in_place else None
        near = lexicon.near(name, "name", 1) if lexicon is not None else []
        person = (int(OSA.distance(name, near[0])), near[0]) if near else None
        if city and (meant is None or city[0] <= meant[0]):
            meant = city
        if person and (meant is None or person[0] < meant[0]):
            people.add(place)
            out[place] = replace(token, key=person[1])
            mended[place] = person[1]
        elif meant:
            out[place] = replace(token, key=meant[1])
            mended[place] = meant[1]
    return out, mended, people
