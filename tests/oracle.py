"""The truth about a search: brute force over a list of profiles, straight from the words of the public contract.

Nothing here comes from `directory.plan` or an engine, so that both can be wrong without the oracle being wrong with
them. Each filter is a plain question to one profile, asked of every profile; its answers are kept as a set of places
in the list (bits of one whole number), because the same question comes back for every value of every facet. Profiles
that are alike in all that a question looks at are asked through one of them.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache, reduce
from operator import and_, or_
from typing import Any, Final, TypeAlias

import numpy as np

from directory import document, evidence, licensure, places, ranking, text
from directory.facets import FACET, FACETS, Facet
from directory.profile import Profile
from directory.search_request import SearchRequest
from directory.vocabulary import facet_vocabulary, vocabulary

Places: TypeAlias = int
"""A set of places in the list of profiles, one bit each."""

words = lru_cache(maxsize=1000)(text.words)

_REMOTE_CODES: Final = {"video", "phone", "chat", "online"}
_ALL_CODES: Final = {"in_person", *_REMOTE_CODES}


@dataclass(frozen=True, slots=True)
class Expected:
    """The answer that every engine must give. `ids` are all results, in order when `ordered` (else by id): among text
    matches by relevance the order is the engine's. `unknown`: how many more `include_unknown` lets in, by filter."""

    total: int
    ids: tuple[str, ...]
    ordered: bool
    facets: Mapping[str, Mapping[str, int]]
    not_stated: Mapping[str, int]
    unknown: Mapping[str, int]


def required(request: SearchRequest) -> tuple[text.Word, ...]:
    """The words that must occur."""
    understood = request.understood
    return words(request.q if understood is None else " ".join(understood.required))


def by_score(request: SearchRequest) -> bool:
    """Whether results come by score: an engine's own as far as words rank."""
    return request.sort == "relevance" and bool(words(request.q))


def stated(profile: Profile, facet: Facet) -> tuple[str, ...]:
    """The codes that `profile` states for `facet`; none when it states nothing."""
    value = getattr(profile, facet.field)
    if value is None:
        return ()
    if isinstance(value, bool):
        return ("true" if value else "false",)
    return (value,) if isinstance(value, str) else tuple(value)


def lowest_fee(profile: Profile) -> int | None:
    """The lowest fee stated for a session, in dollars."""
    if profile.fee is None:
        return None
    fees = [n for n in (profile.fee.session, profile.fee.sliding_low) if n is not None]
    return min(fees) if fees else None


def located(profile: Profile) -> tuple[places.Point, ...]:
    """Where the locations with coordinates are."""
    return tuple(places.Point(p.lat, p.lon) for p in profile.locations if p.lat is not None and p.lon is not None)


def nearest(point: places.Point, here: Iterable[places.Point]) -> float | None:
    """Miles from `point` to the nearest of `here`; None when there is none."""
    return min((places.miles(point, p) for p in here), default=None)


def searchable(profile: Profile) -> frozenset[str]:
    """Every token under which `profile` is found by `q`."""
    names = [profile.name, profile.family or "", profile.given or "", *profile.other_names]
    labels = [
        vocabulary(FACET[name].vocabulary or "").label(code)
        for name in ("modality", "concern", "provider_type")
        for code in stated(profile, FACET[name])
    ]
    rest = [*labels, *(p.city or "" for p in profile.locations), profile.bio or ""]
    return frozenset(text.name_tokens(names)) | {t for line in rest for t in text.tokens(line)}


def may_see(standing: Mapping[str, str], meeting: tuple[str, ...], request: SearchRequest) -> bool:
    """Whether a client in the request's state may be seen in a way that is offered and asked for, by what the grants
    come to there (`standing`). The filters on `meeting` and `remote` each ask for such a way; who doesn't state
    `meeting` may offer any."""
    asked = []
    if chosen := request.selected.get("meeting"):
        asked.append(set(chosen))
    if chosen := request.selected.get("remote"):
        asked.append(_REMOTE_CODES if chosen == ("true",) else {"in_person"})
    for codes in asked or [_ALL_CODES]:
        offered = codes & set(meeting) if meeting else codes
        ways = {"remote" if code in _REMOTE_CODES else "in_person" for code in offered}
        if not any(standing[way] in ("yes", "listed") for way in ways):
            return False
    return True


def states_nothing(profile: Profile, name: str) -> bool:
    """Whether `profile` states nothing that the filter `name` could test."""
    if name in FACET:
        return not stated(profile, FACET[name])
    if name == "max_fee":
        return lowest_fee(profile) is None
    if name == "min_experience":
        return profile.experience_since is None
    if name == "verified_within":
        return profile.verified_on is None
    if name == "near":
        return not located(profile)
    if name == "state":
        return not profile.grants
    raise KeyError(name)


def _looked_at(name: str, request: SearchRequest, profile: Profile) -> Any:
    """All that the filter `name` looks at in `profile`; None when it states nothing that could be tested."""
    if name == "office_state":
        return frozenset(p.state for p in profile.locations)
    if name == "state":
        standing = licensure.eligibility(profile.grants, request.state or "", request.today)
        return standing["in_person"], standing["remote"], profile.meeting
    if name == "max_fee":
        return lowest_fee(profile)
    return profile.experience_since if name == "min_experience" else profile.verified_on


def _keeps(name: str, request: SearchRequest, seen: Any) -> bool:
    """Whether the filter `name` of `request` keeps a profile in which it looked at `seen`."""
    today = request.today
    if name == "office_state":
        return request.office_state in seen
    if name == "state":
        in_person, remote, meeting = seen
        return may_see({"in_person": in_person, "remote": remote}, meeting, request)
    if name == "max_fee":
        return bool(seen <= request.max_fee)
    if name == "min_experience":
        return bool(today.year - seen >= (request.min_experience or 0))
    if name == "verified_within":
        return bool((today - seen).days <= (request.verified_within or 0))
    raise KeyError(name)


def _active(request: SearchRequest) -> dict[str, Any]:
    """The filters of `request`, each with all that its answer hangs on."""
    found: dict[str, Any] = dict(request.selected)
    if required(request):
        found["q"] = required(request)
    for name in ("office_state", "max_fee"):
        if (value := getattr(request, name)) is not None:
            found[name] = value
    for name in ("min_experience", "verified_within"):
        if (value := getattr(request, name)) is not None:
            found[name] = value, request.today
    if request.near is not None:
        found["near"] = request.near.point, request.radius
    if request.state is not None:
        ways = request.selected.get("meeting"), request.selected.get("remote")
        found["state"] = request.state, request.today, ways
    return found


def _alone(request: SearchRequest, name: str, codes: tuple[str, ...]) -> SearchRequest:
    """`request` with the selection of facet `name` replaced by `codes`, without `include_unknown` for it."""
    selected = {n: c for n, c in request.selected.items() if n != name}
    if codes:
        selected[name] = codes
    return replace(request, selected=selected, include_unknown=request.include_unknown - {name})


def _last(value: Any) -> tuple[bool, Any]:
    """A sort value that puts what is not stated last."""
    return value is None, 0 if value is None else value


def _places(kept: Sequence[bool] | np.ndarray[Any, Any]) -> Places:
    """The places of what is kept: one truth a profile, in order."""
    return int.from_bytes(np.packbits(np.asarray(kept, bool), bitorder="little").tobytes(), "little")


def _newest(day: date | None) -> tuple[bool, Any]:
    return _last(None if day is None else -day.toordinal())


def _refused(known: evidence.Evidence, request: SearchRequest) -> bool:
    """Whether the treatment is named to be left out ("not CBT")."""
    findings = request.understood.findings if request.understood else ()
    return any(f.because == "negated" and f.parameter == "modality" and known.modality in f.values for f in findings)


def _is_for(known: evidence.Evidence, request: SearchRequest) -> bool:
    """Whether the evidence is of people as old as those asked for; of anybody, when no age is."""
    ages = request.selected.get("age_group")
    return not known.audience or not ages or bool(set(ages) & set(known.audience))


def points(profile: Profile, request: SearchRequest) -> int:
    """What `profile` is worth for `request` by the table of the ranking, words apart."""
    rows, terms = ranking.ROWS, vocabulary("concerns").terms
    met: list[tuple[str, float, int]] = []  # feature, weight, how often
    for concept in request.understood.concepts if request.understood else ():
        family = {c for c, t in terms.items() if t.parent == concept.code} | {terms[concept.code].parent, concept.code}
        met.append(("concern", concept.weight, concept.code in profile.concerns))
        met.append(("related_concern", concept.weight, not family.isdisjoint(profile.concerns)))
        helpful = [
            e
            for e in evidence.BY_CONCERN.get(concept.code, ())
            if concept.weight >= 0.5 and _is_for(e, request) and not _refused(e, request)
        ]
        offered = [e.strength in ("strong", "recommended") for e in helpful if e.modality in profile.modalities]
        met += [("evidence", concept.weight, bool(offered)), ("strong_evidence", concept.weight, any(offered))]
    if profile.verified_on:
        age = (request.today - profile.verified_on).days
        met.append(("freshness", 1, sum(age <= days for days in rows["freshness"].steps)))
    share = 100 * sum(getattr(profile, f) not in (None, ()) for f in document.DECIDING) / len(document.DECIDING)
    met.append(("completeness", 1, sum(share >= percent for percent in rows["completeness"].steps)))
    far = nearest(request.near.point, located(profile)) if request.near else None
    met.append(("distance", 1, 0 if far is None else sum(far <= miles for miles in rows["distance"].steps)))
    taking = {"yes": "accepting", "waitlist": "waitlist", None: "accepting_not_stated"}.get(profile.accepting)
    met += [(taking, 1, 1)] if taking else []
    return sum(max(1, round(rows[feature].points * weight)) * times for feature, weight, times in met)


def turn(profile: Profile, today: date) -> int:
    """The place of a profile among equals on a day."""
    digest = hashlib.blake2b(profile.id.encode(), digest_size=8).digest()
    return document.rotation(int.from_bytes(digest) >> 12, today.toordinal())


def _sort_key(profile: Profile, request: SearchRequest) -> tuple[Any, ...]:
    if request.sort == "relevance":
        return _newest(profile.verified_on), turn(profile, request.today)
    if request.sort == "fee":
        return _last(lowest_fee(profile))
    if request.sort == "soonest":
        free = profile.next_available
        return _last(free if free is not None and free >= request.today else None)
    if request.sort == "verified":
        return _newest(profile.verified_on)
    return text.fold(profile.family or profile.name), text.fold(profile.given or "")


class Oracle:
    """Answers any request over `profiles` (in any order; ids differ)."""

    def __init__(self, profiles: Iterable[Profile]) -> None:
        self.profiles: Final = tuple(sorted(profiles, key=lambda p: p.id))
        self.by_id: Final = {p.id: p for p in self.profiles}
        self._found = [searchable(p) for p in self.profiles]
        self._everyone: Final[Places] = (1 << len(self.profiles)) - 1
        self._located = [located(p) for p in self.profiles]
        self._answers: dict[Any, Places] = {}
        self._codes: dict[str, dict[str, Places]] = {}
        self._alike: dict[Any, dict[Any, Places]] = {}
        self._miles: dict[places.Point, list[float | None]] = {}
        self._orders: dict[Any, list[int]] = {}

    def search(self, request: SearchRequest) -> Expected:
        """What `request` must find."""
        matching = self._matching(request)
        kept = f"{matching:0{len(self.profiles)}b}"[::-1]
        names = [f.name for f in FACETS if f.name in request.facets]
        return Expected(
            total=matching.bit_count(),
            ids=tuple(self.profiles[i].id for i in self._order(request) if kept[i] == "1"),
            ordered=not by_score(request),
            facets={name: self._counts(request, name) for name in names},
            not_stated={name: self._not_stated(request, name) for name in names},
            unknown={name: self._unknown(request, name) for name in _active(request) if self._may_be_unknown(name)},
        )

    def found(self, id_: str) -> frozenset[str]:
        """The tokens under which the provider of this id is found."""
        return self._found[bisect_left(self.profiles, id_, key=lambda p: p.id)]

    def forget(self, answers: int, orders: int) -> None:
        """Keep no more than so many answers and orders, the latest: for long runs over many profiles."""
        for known, kept in ((self._answers, answers), (self._orders, orders), (self._miles, orders)):
            while len(known) > kept:
                del known[next(iter(known))]

    def total(self, request: SearchRequest) -> int:
        """How many match `request`."""
        return self._matching(request).bit_count()

    def _counts(self, request: SearchRequest, name: str) -> dict[str, int]:
        """`literal_counts`, sooner: a selection changes nothing but its own filter, and where somebody may be seen."""
        if request.state and name in ("meeting", "remote"):
            return self.literal_counts(request, name)
        others = self._matching(_alone(request, name, ()))
        codes = facet_vocabulary(FACET[name]).codes
        return {code: (others & self._stating(name, code)).bit_count() for code in codes}

    def literal_counts(self, request: SearchRequest, name: str) -> dict[str, int]:
        """The facet law, word by word: a value's count is the total of the same request with it alone selected."""
        codes = facet_vocabulary(FACET[name]).codes
        return {code: self.total(_alone(request, name, (code,))) for code in codes}

    def _not_stated(self, request: SearchRequest, name: str) -> int:
        return (self._matching(_alone(request, name, ())) & self._silent(name)).bit_count()

    def _unknown(self, request: SearchRequest, name: str) -> int:
        with_them = replace(request, include_unknown=request.include_unknown | {name})
        without = replace(request, include_unknown=request.include_unknown - {name})
        return self.total(with_them) - self.total(without)

    @staticmethod
    def _may_be_unknown(name: str) -> bool:
        return name not in FACET and name not in ("q", "office_state")

    def _matching(self, request: SearchRequest) -> Places:
        found = self._everyone
        for name, asked in _active(request).items():
            kept = self._kept(name, asked, request)
            if name in request.include_unknown:
                kept |= self._silent(name)
            found &= kept
        return found

    def _kept(self, name: str, asked: Any, request: SearchRequest) -> Places:
        """The places of those whom the filter `name` of `request` keeps."""
        if name == "q":
            return reduce(and_, [self._having(word) for word in required(request)])
        if name in FACET:
            return reduce(or_, [self._stating(name, code) for code in request.selected[name]])
        if name == "near":
            return self._answer((name, asked), lambda: self._within(request))
        return self._answer((name, asked), lambda: self._keeping(name, request))

    def _having(self, word: text.Word) -> Places:
        """The places of those who have all tokens of one of the alternatives for `word`."""
        return reduce(or_, [reduce(and_, [self._token(t) for t in tokens], self._everyone) for tokens in word], 0)

    def _token(self, token: str) -> Places:
        return self._answer(("token", token), lambda: _places([token in found for found in self._found]))

    def _within(self, request: SearchRequest) -> Places:
        assert request.near is not None
        return _places([far is not None and far <= request.radius for far in self._distances(request.near.point)])

    def _keeping(self, name: str, request: SearchRequest) -> Places:
        """The places of those whom a filter keeps by what it looks at in them, each distinct one asked about once."""
        key = (name, request.state, request.today) if name == "state" else name
        if key not in self._alike:
            seen = [_looked_at(name, request, p) for p in self.profiles]
            number = {one: n for n, one in enumerate(set(seen))}
            numbers = np.array([number[one] for one in seen], dtype=int)
            self._alike[key] = {one: _places(numbers == n) for one, n in number.items() if one is not None}
        return reduce(or_, [alike for seen, alike in self._alike[key].items() if _keeps(name, request, seen)], 0)

    def _stating(self, name: str, code: str) -> Places:
        if name not in self._codes:
            kept = {code: np.zeros(len(self.profiles), bool) for code in facet_vocabulary(FACET[name]).codes}
            for i, profile in enumerate(self.profiles):
                for one in stated(profile, FACET[name]):
                    kept[one][i] = True
            self._codes[name] = {code: _places(those) for code, those in kept.items()}
        return self._codes[name][code]

    def _silent(self, name: str) -> Places:
        return self._answer(name, lambda: _places([states_nothing(p, name) for p in self.profiles]))

    def _answer(self, question: Any, ask: Callable[[], Places]) -> Places:
        """What `ask` says, asked once for each `question`."""
        if question not in self._answers:
            self._answers[question] = ask()
        return self._answers[question]

    def _distances(self, point: places.Point) -> list[float | None]:
        """Miles from `point` to each profile."""
        if point not in self._miles:
            miles = {here: nearest(point, here) for here in set(self._located)}
            self._miles[point] = [miles[here] for here in self._located]
        return self._miles[point]

    def _order(self, request: SearchRequest) -> list[int]:
        """All places in the order that `request` asks for, ties by id."""
        point = request.near.point if request.near and request.sort == "distance" else None
        key = request.sort, request.today, point
        if key not in self._orders:
            # The list is in order of id and sorting is stable, so ties stay in order of id.
            far = self._distances(point) if point else []
            everyone = range(len(self.profiles))
            self._orders[key] = sorted(
                everyone, key=lambda i: _last(far[i]) if point else _sort_key(self.profiles[i], request)
            )
        return self._orders[key]
