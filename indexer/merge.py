"""One provider from what several sources say of it. Pure.

Of every group of fields (see `directory.provenance`) the weightiest source that states a field has the word on it;
lists that add up are united. Who else spoke is kept as provenance; whoever stated something different is a conflict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from directory.profile import Grant, Location, Network, OtherWord, Profile, Provenance
from directory.profile_schema import LARGEST_LIST
from directory.provenance import GROUPS, stated
from directory.text import fold
from indexer.normalize import Contradiction, settle

PRECEDENCE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        # They know themselves best; a register knows them better than a plan does.
        "identity": ("profiles", "nppes", "plan_net", "qhp"),
        "license": ("profiles", "nppes", "plan_net", "qhp"),
        "practice": ("profiles", "plan_net", "qhp", "nppes"),
        # An address in the register may be a home: a plan lists where clients go.
        "location": ("profiles", "plan_net", "qhp", "nppes"),
        "cost": ("profiles", "plan_net", "qhp", "nppes"),
        # The plan decides who is in its network.
        "network": ("plan_net", "qhp", "profiles", "nppes"),
        "remote": ("profiles", "plan_net", "qhp", "nppes"),
        "availability": ("profiles", "plan_net", "qhp", "nppes"),
    }
)
"""Group -> sources, weightiest word first."""

_TOGETHER: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("family", "given"),
    "provider_types": ("provider_type", "primary"),
    "accepting": ("accepting_as_of",),
}
"""Field -> fields that mean nothing without it, and are taken from whom it is taken from."""

_FOLLOWERS: Final = frozenset(field for fields in _TOGETHER.values() for field in fields)
_EXCLUDING: Final[Mapping[str, tuple[str, ...]]] = {
    "fee": ("fee",),
    "sliding_scale": ("sliding_scale", "fee", "payment"),
    "remote": ("remote", "meeting"),
}
"""Field that a contradiction names -> fields that contradict each other."""

_NOTHING: Final = (None, ())


@dataclass(frozen=True, slots=True, order=True)
class Conflict:
    """Two sources that state something different of a group of fields; the word of `shown` weighs more."""

    group: str
    shown: str
    other: str


@dataclass(frozen=True, slots=True)
class Merged:
    """One provider, and what the sources do not agree on."""

    profile: Profile
    conflicts: tuple[Conflict, ...] = ()


def merge(words: Mapping[str, Profile]) -> Merged:
    """The provider of whom the sources say `words` (source -> its word; at least one, all of the same id)."""
    if len(words) == 1:
        return Merged(next(iter(words.values())))
    taken: dict[str, Any] = {}
    takers: dict[str, str] = {}
    for group in GROUPS:
        _take(group, words, taken, takers)
    some = next(iter(words.values()))
    days = [w.verified_on for w in words.values() if w.verified_on]
    profile = _settled(
        replace(some, **taken, demo=any(w.demo for w in words.values()), verified_on=max(days, default=None)),
        takers,
    )
    provenance: dict[str, Provenance] = {}
    conflicts: list[Conflict] = []
    for group in GROUPS:
        spoke = [s for s in _order(group, words) if stated(words[s], group)]
        if not spoke:
            continue
        shown = takers.get("accepting", spoke[0]) if group == "availability" else spoke[0]
        others = {s: _differing(group, profile, words[s]) for s in spoke if s != shown}
        said = _provenance(group, shown, words)
        provenance[group] = replace(said, others=tuple(_other(group, s, words, others[s]) for s in others))
        conflicts += [Conflict(group, shown, s) for s, fields in others.items() if fields]
    return Merged(replace(profile, provenance=provenance), tuple(conflicts))


def _order(group: str, words: Iterable[str]) -> list[str]:
    """Sources, weightiest word first; those that the table doesn't know come last."""
    weights = {source: place for place, source in enumerate(PRECEDENCE[group])}
    return sorted(words, key=lambda source: (weights.get(source, len(weights)), source))


def _take(group: str, words: Mapping[str, Profile], taken: dict[str, Any], takers: dict[str, str]) -> None:
    """Put the values of a group into `taken`, and whose they are into `takers`."""
    order = _order(group, words)
    for field in GROUPS[group].fields:
        if field in _FOLLOWERS:
            continue
        speakers = [s for s in order if getattr(words[s], field) not in _NOTHING]
        if not speakers:
            taken[field] = getattr(words[order[0]], field)
            speakers = order
        elif field in _UNITED:
            taken[field] = _UNITED[field]([getattr(words[s], field) for s in speakers])[:LARGEST_LIST]
            takers[field] = speakers[0]
        else:
            if field == "accepting":
                # Whoever said so last knows best; the sort keeps the order of those who said so at once.
                speakers.sort(key=lambda s: words[s].accepting_as_of or date.min, reverse=True)
            taken[field] = getattr(words[speakers[0]], field)
            takers[field] = speakers[0]
        taken |= {f: getattr(words[speakers[0]], f) for f in _TOGETHER.get(field, ())}


def _settled(profile: Profile, takers: Mapping[str, str]) -> Profile:
    """`profile` settled. Of two words that exclude each other the weaker is left out: one of the source that comes
    later in the order of the cost and of ways to meet, which is the same."""
    while True:
        try:
            return settle(profile)
        except Contradiction as error:
            weakest_first = reversed(_order("cost", set(takers.values())))
            involved = [f for f in _EXCLUDING[error.field] if _says(profile, f)]
            field = next((f for s in weakest_first for f in involved if takers.get(f) == s), error.field)
            if field == "payment":
                profile = replace(profile, payment=tuple(p for p in profile.payment if p != "sliding_scale"))
            else:
                nothing: dict[str, Any] = {field: () if isinstance(getattr(profile, field), tuple) else None}
                profile = replace(profile, **nothing)


def _says(profile: Profile, field: str) -> bool:
    """Whether a field has a part in a contradiction."""
    if field == "payment":
        return "sliding_scale" in profile.payment
    return getattr(profile, field) not in _NOTHING


# What is united


def _codes(said: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for codes in said for code in codes))


def _names(said: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    by_key: dict[str, str] = {}
    for name in (name for names in said for name in names):
        by_key.setdefault(fold(name), name)
    return tuple(by_key.values())


def _networks(said: Sequence[tuple[Network, ...]]) -> tuple[Network, ...]:
    """Each network once, as the latest word has it."""
    found: dict[tuple[str, str | None], Network] = {}
    for network in (n for networks in said for n in networks):
        key = fold(network.name), network.company
        if key not in found or (found[key].as_of or date.min) < (network.as_of or date.min):
            found[key] = network
    return tuple(found.values())


def _grants(said: Sequence[tuple[Grant, ...]]) -> tuple[Grant, ...]:
    """Every statement about every grant, for `licensure` weighs them; the same one twice only as it was made last."""
    found: dict[tuple[Any, ...], Grant] = {}
    for grant in (g for grants in said for g in grants):
        key = *grant.identity, grant.status
        if key not in found or (found[key].checked_on or date.min) < (grant.checked_on or date.min):
            found[key] = grant
    return tuple(found.values())


def _locations(said: Sequence[tuple[Location, ...]]) -> tuple[Location, ...]:
    """Each place once: a ZIP (or city) without a street is any place there that another source knows better."""
    found: list[Location] = list(said[0])
    for location in (loc for locations in said[1:] for loc in locations):
        here = [i for i, known in enumerate(found) if _area(known) == _area(location)]
        if location.street is None:
            if not here:
                found.append(location)
        elif vague := [i for i in here if found[i].street is None]:
            found[vague[0]] = location
        elif fold(location.street) not in {fold(found[i].street or "") for i in here}:
            found.append(location)
    return tuple(found)


def _area(location: Location) -> tuple[str | None, ...]:
    if location.zip:
        return (location.zip,)
    return location.country, location.state, fold(location.city or "")


_UNITED: Final[Mapping[str, Callable[[Any], Any]]] = {
    "other_names": _names,
    "payment": _codes,
    "insurers": _codes,
    "networks": _networks,
    "grants": _grants,
    "locations": _locations,
}
"""Field -> how what several sources say of it adds up, weightiest first."""

# What differs


def _differing(group: str, profile: Profile, word: Profile) -> tuple[str, ...]:
    """The fields of a group that `word` states differently from what is shown."""
    return tuple(f for f in GROUPS[group].fields if f not in _FOLLOWERS and _differs(f, profile, word))


def _differs(field: str, profile: Profile, word: Profile) -> bool:
    shown, said = getattr(profile, field), getattr(word, field)
    if said in _NOTHING or shown == said:
        return False
    if field == "name":
        # A middle name more or less is no other name.
        a, b = set(fold(shown).split()), set(fold(said).split())
        return not (a <= b or b <= a)
    if field == "grants":
        return _end_differs(shown, said)
    if field == "fee":
        return shown is None or replace(shown, as_of=None) != replace(said, as_of=None)
    if field in _UNITED:
        return False
    if isinstance(said, tuple):
        # To say more is not to say something different.
        return not (set(said) <= set(shown) or set(shown) <= set(said))
    return bool(shown != said)


def _end_differs(shown: Iterable[Grant], said: Iterable[Grant]) -> bool:
    """Whether a grant holds by one statement and has ended by another."""
    holding = {g.identity: g.status in ("active", "listed") for g in said}
    return any(g.identity in holding and holding[g.identity] != (g.status in ("active", "listed")) for g in shown)


# Provenance


def _provenance(group: str, source: str, words: Mapping[str, Profile]) -> Provenance:
    return words[source].provenance.get(group) or Provenance(source)


def _other(group: str, source: str, words: Mapping[str, Profile], fields: tuple[str, ...]) -> OtherWord:
    said = _provenance(group, source, words)
    return OtherWord(said.source, said.as_of, said.how, fields)
