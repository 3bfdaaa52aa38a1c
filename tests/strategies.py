"""Searches as people and programs write them: raw query strings over all parameters together, for hypothesis.

Most are aimed at one profile: each filter asks for what that profile states, often at the very edge (its fee exactly,
its last day), and beside it for other codes, so that several filters together still find somebody.

Every choice is read from one string of bytes, the only thing that hypothesis draws. Drawing each by itself would let
hypothesis fill five of six examples with variations of the one before; so all are independent, and shrink as well,
because zero bytes stand for the simplest choices.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar
from urllib.parse import urlencode

from hypothesis import strategies as st

from directory.facets import FACET
from directory.parameters import FILTERS_WITH_UNKNOWN, SORTS
from directory.profile import Profile
from directory.understanding import Concept, Understanding
from directory.vocabulary import facet_vocabulary
from tests.oracle import lowest_fee, stated, states_nothing
from tests.profiles import STATES, ZIPS

T = TypeVar("T")

PLACES: Final = (*ZIPS[:-2], "Austin, TX", "New York, NY", "st louis mo", "San Juan, PR", "78704-1234", "Boise, ID")
ABSENT: Final = ("xylophone", "obrienz", "李", "zzz", "王王", "'", "--", "…")
COMMON: Final = (
    "obrien", "O'Brien", "o brien", "MUÑOZ", "munoz", "al sayed", "al-sayed", "alsayed", "王芳", "芳", "王", "민수",
    "佐々木", "kaiulani", "Ka‘iulani", "de la cruz", "delacruz", "anxiety", "couples", "psychologist", "cbt", "ph.d.",
    "phd", "sleeping", "therapy", "austin", "心理", "咨询服务",
    "week-end", "face-to-face",
)  # fmt: skip
ORDINARY_FILTERS: Final = ("q", "state", "office_state", "near", "max_fee", "min_experience", "verified_within")
ASKING: Final = (
    "in Austin TX", "near 78704", "within 50 miles of Austin", "CBT", "not EMDR", "female therapist", "under $120",
    "video", "online", "evenings", "takes Aetna", "en español", "for teens", "psychologist", "LCSW", "sliding scale",
    "in Texas", "telehealth in Texas", "accepting new clients", "10+ years experience", "medication", "anxeity",
    "no phone", "obrien", "office in Texas", '"anxiety"', "couples therapy",
)  # fmt: skip
"""Words that ask for filters, when they are understood."""
FILTERS: Final = (*ORDINARY_FILTERS, *FACET)


@dataclass(frozen=True, slots=True)
class Search:
    """A query string, how to page on from it (`sizes` of the pages of a walk; none: no walk), its filters, and what its
    words are taken to mean (None: what they are understood to mean if `interpreted`, else plain words)."""

    query: str
    sizes: tuple[int, ...]
    filters: tuple[str, ...]
    understood: Understanding | None = None
    interpreted: bool = False


class _Choices:
    """Choices read from bytes, two each; the first of what there is when they have run out."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def below(self, bound: int) -> int:
        """A whole number from 0."""
        read = self._data[self._place : self._place + 2]
        self._place += 2
        return int.from_bytes(read) % bound

    def pick(self, options: Sequence[T]) -> T:
        """One of `options`."""
        return options[self.below(len(options))]

    def one_in(self, times: int) -> bool:
        """True once in so many times."""
        return self.below(times) == times - 1

    def some(self, options: Sequence[T], most: int) -> list[T]:
        """At most `most` of `options`, each once, in the order drawn."""
        return list(dict.fromkeys(self.pick(options) for _ in range(self.below(most + 1)))) if options else []


def _spelt(choices: _Choices, word: str) -> str:
    """`word` as somebody else might type it."""
    how = choices.below(6)
    if how == 1:
        return word.upper()
    if how == 2:
        return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    if how == 3:
        return word.replace("'", "").replace("-", "").replace("’", "")
    if how == 4:
        return word.replace("'", " ").replace("-", " ").replace("’", "'")
    return word


def _query(choices: _Choices, target: Profile | None, today: date) -> list[str]:
    known: Sequence[str] = COMMON
    if target and not choices.one_in(4):
        labels = [
            facet_vocabulary(FACET[n]).label(c)
            for n in ("concern", "modality", "provider_type")
            for c in stated(target, FACET[n])
        ]
        cities = [p.city for p in target.locations if p.city]
        known = " ".join([target.name, *target.other_names, *labels, *cities, target.bio or ""]).split()
    typed = [_spelt(choices, choices.pick(known)) for _ in range(choices.pick((1, 1, 1, 2, 2, 3)))]
    if len(known) > 1 and choices.one_in(4):
        place = choices.below(len(known) - 1)
        typed = ["-".join(known[place : place + 2])]
    if choices.one_in(10):
        typed.append(choices.pick(ABSENT))
    if choices.one_in(4):
        typed = choices.some(ASKING, 3) or typed
    return [choices.pick((" ", "  ", "\n", ", ")).join(typed)[:200]]


def _facet(choices: _Choices, name: str, target: Profile | None) -> list[str]:
    facet = FACET[name]
    codes = facet_vocabulary(facet).codes
    likely = stated(target, facet) if target else ()
    first = choices.pick(likely or codes[:4])
    return [first] if facet.kind == "flag" else [first, *choices.some(codes[:8], 3)]


def _number(choices: _Choices, edge: int | None, usual: Sequence[int], low: int, high: int) -> list[str]:
    """A bound right at `edge`, beside it or, without one, a usual one."""
    if edge is None or choices.one_in(5):
        return [str(choices.pick(usual))]
    return [str(max(low, min(high, edge + choices.pick((0, 0, 1, -1, 20)))))]


def _max_fee(choices: _Choices, target: Profile | None, today: date) -> list[str]:
    return _number(choices, lowest_fee(target) if target else None, (0, 60, 80, 100, 120, 500), 0, 100_000)


def _min_experience(choices: _Choices, target: Profile | None, today: date) -> list[str]:
    since = target.experience_since if target else None
    return _number(choices, today.year - since if since else None, (1, 5, 10, 60), 1, 60)


def _verified_within(choices: _Choices, target: Profile | None, today: date) -> list[str]:
    day = target.verified_on if target else None
    return _number(choices, (today - day).days if day else None, (1, 30, 90, 365, 3650), 1, 3650)


def _near(choices: _Choices, target: Profile | None, today: date) -> list[str]:
    zips = [p.zip for p in target.locations if p.zip and p.lat is not None] if target else []
    return [choices.pick(PLACES if choices.one_in(3) or not zips else zips)]


def _state(choices: _Choices, target: Profile | None, today: date) -> list[str]:
    if choices.one_in(12):
        return ["WY"]  # hardly anybody holds a grant there
    return [choices.pick([g.jurisdiction for g in target.grants] if target and target.grants else STATES)]


def _office_state(choices: _Choices, target: Profile | None, today: date) -> list[str]:
    states = [p.state for p in target.locations if p.state] if target else []
    return [choices.pick(states or STATES)]


_VALUES: Final[dict[str, Callable[[_Choices, Profile | None, date], list[str]]]] = {
    "q": _query,
    "max_fee": _max_fee,
    "min_experience": _min_experience,
    "verified_within": _verified_within,
    "near": _near,
    "state": _state,
    "office_state": _office_state,
}


def _names(choices: _Choices, target: Profile | None) -> list[str]:
    """Which filters are on: those that `target` passes for the most part."""
    names = choices.some(FILTERS, 6)
    # Where somebody may be seen hangs on the way of meeting, and nobody types words every time: draw these more often.
    if choices.one_in(5):
        names += [n for n in ("state", "meeting", "remote") if choices.one_in(2)]
    if choices.one_in(3):
        names.append(choices.pick(("q", *ORDINARY_FILTERS)))
    passed = [n for n in names if not target or not _silent_on(target, n) or choices.one_in(3)]
    return list(dict.fromkeys(passed))


def _silent_on(profile: Profile, name: str) -> bool:
    """Whether the filter `name` finds nothing to test in `profile`."""
    return name not in ("q", "office_state") and states_nothing(profile, name)


def _unknown(choices: _Choices, names: Sequence[str], target: Profile | None) -> list[str]:
    """Names for `include_unknown`: active filters for the most part, and some that are off."""
    possible = [n for n in names if n in FILTERS_WITH_UNKNOWN]
    some = choices.some(possible, 2)
    if target and choices.one_in(2):
        some += [n for n in possible if states_nothing(target, n)]
    if choices.one_in(8):
        some.append(choices.pick(FILTERS_WITH_UNKNOWN))
    return some


def _paging(choices: _Choices) -> list[tuple[str, str]]:
    page, size = choices.pick((1, 1, 1, 1, 2, 2, 3, 7)), choices.pick((20, 20, 1, 2, 3, 5, 10, 50, 100))
    return [*([("page", str(page))] if page > 1 else []), *([("page_size", str(size))] if size != 20 else [])]


def _counted(choices: _Choices) -> list[tuple[str, str]]:
    """Which facets are counted: all for the most part, none, or some."""
    which = choices.below(6)
    if which == 5:
        return [("facets", "none")]
    if which == 4:
        return [("facets", choices.pick(tuple(FACET))) for _ in range(2)]
    return []


def _understood(choices: _Choices, q: str, target: Profile | None) -> Understanding:
    """Something that `q` may be taken to mean, likely or not: any concerns, any of its words."""
    codes = facet_vocabulary(FACET["concern"]).codes
    likely = target.concerns if target and target.concerns else codes[:8]
    chosen = choices.some([*likely, choices.pick(codes)], 3)
    concepts = [Concept(code, choices.pick((1.0, 0.5, 0.33, 0.001)), q, 0, len(q), "need") for code in chosen]
    typed = q.split()
    required = choices.some(typed, 1)
    left = [*required, *choices.some(typed, 2)]
    return Understanding(q, (), tuple(concepts), " ".join(left), tuple(required))


def search(data: bytes, profiles: Sequence[Profile], today: date) -> Search:
    """The search over `profiles` that `data` stands for: any parameters together, always without mistakes."""
    choices = _Choices(data)
    target = choices.pick(profiles) if profiles and not choices.one_in(10) else None
    names = _names(choices, target)
    args: list[tuple[str, str]] = []
    for name in names:
        values = _facet(choices, name, target) if name in FACET else _VALUES[name](choices, target, today)
        args += [(name, value) for value in values]
    if "near" in names and not choices.one_in(3):
        args.append(("radius", str(choices.pick((1, 5, 10, 50, 100, 250, 500)))))
    args += [("include_unknown", name) for name in _unknown(choices, names, target)]
    sorts = [*SORTS, "distance", "distance"] if "near" in names else [s for s in SORTS if s != "distance"]
    if sort := choices.pick(("", *sorts)):
        args.append(("sort", sort))
    if choices.one_in(4):
        args.append(("understand", "false"))
    args += _paging(choices) + _counted(choices)
    start = choices.below(len(args)) if args else 0
    sizes = [choices.pick((1, 2, 3, 7, 20, 50, 100)) for _ in range(3)] if choices.one_in(8) else []
    typed = next((value for name, value in args if name == "q"), "")
    understood = _understood(choices, typed, target) if typed and choices.one_in(2) else None
    interpreted = ("understand", "false") not in args and choices.one_in(2)
    return Search(urlencode(args[start:] + args[:start]), tuple(sizes), tuple(names), understood, interpreted)


def searches(profiles: Sequence[Profile], today: date) -> st.SearchStrategy[Search]:
    """See `search`."""
    return st.binary(min_size=200, max_size=200).map(lambda data: search(data, profiles, today))
