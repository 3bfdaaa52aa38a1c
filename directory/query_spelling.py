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
from directory.places import city_point
from directory.query_names import known_words, small_words, words_by_use
from directory.query_places import city_words, place_words, state_at
from directory.query_words import Token, english, plain, same
from directory.text import is_plain

_LARGE: Final = 20
"""ZIPs of a city that is thought of wherever a word stands."""


@cache
def _targets() -> Mapping[int, tuple[str, ...]]:
    """Words worth mending to, by length."""
    found: dict[int, list[str]] = defaultdict(list)
    ours = known_words() | small_words("professionals") | small_words("treatment")
    extra = {same(w) for w in ("telehealth", "evening", "weekend", "accepting", "insurance", "speaking", "affirming")}
    for word in sorted(ours | extra):
        if len(word) > 3 and is_plain(word):
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
    for place, token in enumerate(words):
        if place in fixed or _right(token):
            continue
        city, exists = _city(words, place)
        if exists:
            meant, person = city, None
        else:
            meant, person = _meant(token, city, lexicon)
        if person:
            people.add(place)
        if new := person or meant:
            out[place] = replace(token, key=new)
            mended[place] = new
    return out, mended, people


def _right(token: Token) -> bool:
    """Whether a word is to be left alone: known, ordinary English, or too short to tell."""
    word, ordinary = token.key, english()[0]
    if token.quoted or len(word) < 4 or not (is_plain(word)):
        return True
    if _known(word) or word in ordinary or plain(token.typed) in ordinary or _inflected(word):
        return True
    return token.letters and len(word) < 6


def _inflected(word: str) -> bool:
    """Whether it is a form of an ordinary word: "gambled"."""
    for ending in ("ed", "ing", "es"):
        base = word.removesuffix(ending)
        if base != word and len(base) > 2 and not english()[0].isdisjoint((base, f"{base}e")):
            return True
    return False


def _city(words: Sequence[Token], place: int) -> tuple[str | None, bool]:
    """(the word of a city that is meant, whether the word is one of places or names as it stands). Such a word is only
    taken for another where a state stands behind it that has no city of its name, but has the other."""
    word, name = words[place].key, plain(words[place].typed)
    state = state_at(words, place + 1)
    near = _nearest(word, _cities_by_length(), city_words())
    if word in place_words() or not english()[1].isdisjoint((word, name)):
        other = near is not None and state is not None and not city_point(name, state) and city_point(near[1], state)
        return (near[1] if near and other else None), True
    if near is None:
        return None, False
    before = words[place - 1].key if place else ""
    asked = state is not None or before in small_words("near_words") or before in small_words("in_words")
    meant = _nearest(word, _targets(), words_by_use())
    if meant is not None and (meant[0] < near[0] or (meant[0] == near[0] and not asked)):
        return None, False
    large = len(word) > 5 and near[1][0] == word[0] and city_words()[near[1]] >= _LARGE
    return (near[1] if asked or large else None), False


def _meant(token: Token, city: str | None, lexicon: Lexicon | None) -> tuple[str | None, str | None]:
    """(the word that is meant, the name of a person that is meant instead because it is nearer)."""
    name = plain(token.typed)
    if lexicon is not None and lexicon.knows(name):
        return None, None
    found = _nearest(token.key, _targets(), words_by_use())
    meant = city or (found[1] if found else None)
    near = lexicon.near(name, "name", 1) if lexicon is not None else []
    if near and (meant is None or OSA.distance(name, near[0]) < OSA.distance(token.key, meant)):
        return None, near[0]
    return meant, None
