"""Places in a query: ZIP codes, cities with and without their state, states, and what people call them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from directory import places
from directory.query_names import names, small_words
from directory.query_words import Key, Token, english, key, rules, same
from directory.vocabulary import vocabulary

_LONGEST: Final = 4
_SHORT: Final = {"st": "saint", "ste": "sainte", "ft": "fort", "mt": "mount"}


@dataclass(frozen=True, slots=True)
class Reading:
    """Words `start` to `end` (counted in tokens, the end excluded) that ask for `values` of `parameter`."""

    start: int
    end: int
    parameter: str
    values: tuple[str, ...]

    @property
    def span(self) -> range:
        """The places of its words."""
        return range(self.start, self.end)


@dataclass(frozen=True, slots=True)
class City:
    """The city that a bare name means: the one with the most ZIPs."""

    name: str
    state: str
    zips: int

    @property
    def text(self) -> str:
        """As the parameter `near` takes it."""
        return f"{self.name}, {self.state}"


@cache
def _cities() -> Mapping[Key, City]:
    counted: dict[tuple[str, str], int] = defaultdict(int)
    for row in places.zip_rows().values():
        if row.point and row.kind != "MILITARY":
            counted[row.city, row.state] += 1
    found: dict[Key, City] = {}
    for (city, state), zips in counted.items():
        name = _spelt_out(key(city))
        if name and (name not in found or zips > found[name].zips):
            found[name] = City(city, state, zips)
    return found


@cache
def _nicknames() -> Mapping[Key, str]:
    return {key(name): place for name, place in rules()["places"].items()}


@cache
def _states() -> Mapping[Key, str]:
    """Names of states, without their USPS codes."""
    return {key(n): t.code for t in vocabulary("states") for n in (t.label, *t.aliases) if len(n) > 2}


@cache
def _state_starts() -> frozenset[str]:
    """The words that names of states begin with."""
    return frozenset(name[0] for name in _states())


@cache
def _place_starts() -> frozenset[str]:
    """The words that names of cities begin with, short for (St., Ft., Mt.) or in full."""
    starts = {name[0] for name in (*_cities(), *_nicknames())}
    return frozenset(starts | {short for short, whole in _SHORT.items() if whole in starts})


@cache
def _abbreviations() -> frozenset[Key]:
    """Old abbreviations of states (Ill., Miss., Mass., Del.): words of their own but behind a city."""
    short = {key(n) for t in vocabulary("states") for n in t.aliases if 2 < len(n) <= 5}
    return frozenset(n for n in short if len(n) == 1)


@cache
def _ordinary_codes() -> frozenset[str]:
    return frozenset(rules()["ordinary_codes"].split())


@cache
def city_words() -> Mapping[str, int]:
    """The words of cities with several ZIPs -> how many: what a misspelt place is mended to."""
    found: dict[str, int] = {}
    for name, city in _cities().items():
        if city.zips >= 4:
            for word in name:
                found[word] = max(found.get(word, 0), city.zips)
    for name in _states():
        for word in name:
            found[word] = max(found.get(word, 0), 100)
    return found


@cache
def place_words() -> frozenset[str]:
    """Every word of a place that is known."""
    return frozenset(w for n in (*_cities(), *_states(), *_nicknames()) for w in n)


def _spelt_out(name: Key) -> Key:
    return (_SHORT.get(name[0], name[0]), *name[1:]) if name else name


def state_at(words: Sequence[Token], start: int) -> str | None:
    """The USPS code of a state that is named at `start`, right behind a city."""
    found = _state_at(words, start, after_city=True, after_in=False) if start < len(words) else None
    return found[0] if found and not words[start].gap.strip(" ,") else None


def is_place(name: Key) -> bool:
    """Whether these words are a city of several ZIPs, or a state."""
    return name in _states() or name in _nicknames() or (name in _cities() and _cities()[name].zips >= 3)


def _keys(words: Sequence[Token], start: int, count: int) -> Key | None:
    """The next `count` words, if nothing but blanks, hyphens and dots is between them."""
    part = words[start : start + count]
    if len(part) < count or any(t.quoted for t in part) or any(t.gap.strip(" -.'’") for t in part[1:]):
        return None
    return tuple(t.key for t in part)


def _state_at(words: Sequence[Token], start: int, *, after_city: bool, after_in: bool) -> tuple[str, int] | None:
    """(USPS code, where it ends) of a state named at `start`."""
    if start >= len(words):
        return None
    token = words[start]
    for count in (3, 2, 1) if token.key in _state_starts() else ():
        name = _keys(words, start, count)
        if name and (code := _states().get(name)) and (after_city or name not in _abbreviations()):
            return code, start + count
    code = token.typed.replace(".", "").upper()
    if len(code) != 2 or code not in vocabulary("states"):
        return None
    if code in _ordinary_codes():
        last = start + 1 == len(words)
        comma = after_city and "," in token.gap
        if not (token.typed.isupper() and (after_city or after_in)) and not (after_city and (last or comma)):
            return None
    return code, start + 1


def _city_at(words: Sequence[Token], start: int) -> Iterator[tuple[str, str | None, City | None, int]]:
    """(name, state if named, the city a bare name means, where it ends), longest first."""
    begins = words[start].key in _place_starts()
    for count in range(min(_LONGEST, len(words) - start), 0, -1):
        end = start + count
        named = _state_at(words, end, after_city=True, after_in=False)
        # Behind most words stands neither a state, nor do they begin a city's name.
        name = _keys(words, start, count) if named or begins else None
        if name is None:
            continue
        text = " ".join(t.typed if same(t.typed) == t.key else t.key for t in words[start:end])
        if named and places.city_point(text, named[0]):
            yield _proper(text, named[0]), named[0], None, named[1]
        city = _cities().get(_spelt_out(name))
        if place := _nicknames().get(name):
            yield place, place[-2:], None, end
        elif city:
            yield city.text, None, city, end


def _proper(text: str, state: str) -> str:
    """`austin`, `TX` as `Austin, TX`: as it is written on the map, where it is spelt alike."""
    city = _cities().get(_spelt_out(key(text)))
    if city and city.state == state:
        return city.text
    shown = " ".join(w if any(c.isupper() for c in w) and not w.isupper() else w.capitalize() for w in text.split())
    return f"{shown}, {state}"


def _behind(words: Sequence[Token], start: int) -> str:
    """The kind of word right before `start`: `near`, `in` or nothing."""
    if start == 0 or words[start].gap.strip():
        return ""
    before = words[start - 1].key
    if before in small_words("near_words"):
        return "near"
    if before == "to" and start > 1 and words[start - 2].key in ("close", "next", "closest"):
        return "near"
    if (
        before in ("from", "de", "of")
        and start > 1
        and words[start - 2].key in ("mile", "mi", "radius", "cerca", "out", "vicinity", "area")
    ):
        return "near"
    return "in" if before in small_words("in_words") else ""


def _believable(words: Sequence[Token], start: int, end: int, city: City, behind: str, story: bool) -> bool:
    """Whether a city's name without a state is meant as a place."""
    part = words[start:end]
    single = len(part) == 1
    capital = part[0].capital and not (part[0].letters and len(part[0].typed) > 3)
    ordinary = single and (part[0].key in english()[0] or _keys(words, start, 1) in names())
    if tuple(t.key for t in part) in names() and not capital:
        return False
    if behind == "near":
        return capital or not ordinary or city.zips >= 10
    if behind == "in":
        return (capital or not ordinary or city.zips >= 20) and (capital or city.zips >= 2)
    if ordinary:
        return not story and capital and city.zips >= (40 if start == 0 else 20)
    if story:
        return (capital or not single) and city.zips >= 20
    return city.zips >= (8 if single else 3)


def _agrees(words: Sequence[Token], end: int, city: City) -> bool:
    """Whether no other state stands behind a city's name; codes that are words say nothing ("Austin or Dallas")."""
    other = state_at(words, end)
    return other in (None, city.state) or words[end].typed.upper() in _ordinary_codes()


def _point_exists(text: str) -> bool:
    try:
        places.find(text)
    except places.UnknownPlace:
        return False
    return True


def _zip_at(words: Sequence[Token], start: int, begin: int) -> Reading | None:
    token = words[start]
    if len(token.key) != 5 or len(token.typed) != 5 or not _point_exists(token.key):
        return None
    rest = words[start + 1 : start + 2]
    plus4 = bool(rest) and rest[0].gap == "-" and len(rest[0].key) == 4 and rest[0].key.isdigit()
    return Reading(begin, start + 1 + plus4, "near", (token.key,))


def _meant_city(words: Sequence[Token], start: int, behind: str, story: bool, state_end: int) -> tuple[str, int] | None:
    """(the city that is meant, where it ends), unless a state is named as long ("New York")."""
    for text, state, city, end in _city_at(words, start):
        if end <= state_end and not (state and city is None):
            return None
        if city is not None and not _believable(words, start, end, city, behind, story):
            continue
        if city is not None and not _agrees(words, end, city):
            continue
        token = words[start]
        alone = not behind or words[start - 1].key in ("de", "en")
        if city is None and end == start + 1 and alone and not token.letters and len(token.key) < 3:
            continue  # "la" in small letters: alone, or the article of "de la"
        if _point_exists(text):
            return text, end
    return None


def place_at(words: Sequence[Token], start: int, *, story: bool) -> Reading | None:
    """The place that words from `start` name. The word of place before it ("in", "near") belongs to it."""
    token = words[start]
    if token.quoted:
        return None
    behind = _behind(words, start)
    begin = start - bool(behind and words[start - 1].key in small_words("near_words") | small_words("in_words"))
    if token.key.isdigit():
        return _zip_at(words, start, begin)
    if start > 1 and words[start - 1].key == "from" and words[start - 2].key in small_words("left_by"):
        return None
    named = _state_at(words, start, after_city=False, after_in=behind == "in")
    if found := _meant_city(words, start, behind, story, named[1] if named else 0):
        return Reading(begin, found[1], "near", (found[0],))
    return _in_state(words, start, begin, named, behind) if named else None


def _in_state(words: Sequence[Token], start: int, begin: int, named: tuple[str, int], behind: str) -> Reading | None:
    code, end = named
    if words[start - 1].key in small_words("leaving") and start and not behind:
        return None
    if words[start].key in small_words("name_states") and not behind:
        # Names of people and cities too: alone only at the end of a list, or before "state".
        told = words[end - 1].key == "state" or (end < len(words) and words[end].key == "state")
        if not told and not (end == len(words) and (start == 0 or "," in words[start].gap)):
            return None
        end += told and words[end - 1].key != "state"
    before = words[start - 2].key if start > 1 and behind == "in" else ""
    if before in small_words("offices"):
        return Reading(start - 2, end, "office_state", (code,))
    return Reading(start - 2 if before in small_words("living") else begin, end, "state", (code,))
