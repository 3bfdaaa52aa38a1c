"""Who says what is shown, when and how it was checked, and who says otherwise; plans with their sources. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import groupby
from types import MappingProxyType
from typing import Final

from directory.facets import FACET, FACETS
from directory.profile import Network, OtherWord, Profile, Provenance
from directory.provenance import GROUPS
from directory.vocabulary import vocabulary
from directory.web_standing import ago
from directory.web_words import day, line, listing

CONFIRM_PLAN: Final = FACET["insurer"].help

_MOST_PLANS: Final = 40
"""Plans of one company that are named; more are counted."""

_SOURCES: Final = MappingProxyType(
    {
        "nppes": "NPPES, the national registry of providers",
        "plan_net": "a health plan’s directory",
        "qhp": "a marketplace health plan",
        "profiles": "a file kept by this directory",
        "own profile": "their own profile",
        "demo": "made up for this demo",
        "fictional": "made up for this demo",
    }
)
_FIELDS: Final = MappingProxyType(
    {f.field: f.label for f in FACETS}
    | {
        "family": "family name",
        "given": "given name",
        "provider_type": "main profession",
        "grants": "licenses",
        "locations": "places",
        "networks": "plans and networks",
        "fee": "fees",
        "hours": "hours",
        "accepting_as_of": "date of “new clients”",
        "next_available": "next opening",
        "experience_since": "years in practice",
        "bio": "text about themselves",
        "primary": "whether it is the main profession",
    }
)


@dataclass(frozen=True, slots=True)
class Plans:
    """What is known of one company's plans: `company` (empty where it is not one of ours), their names as one line, and
    who said so and when."""

    company: str
    names: str
    said: str


@dataclass(frozen=True, slots=True)
class Told:
    """Who said a group of fields: `label` names the group, `said` who, when and how it was checked; `others` what else
    was said of it, each a sentence."""

    label: str
    said: str
    others: tuple[str, ...]


def source_label(source: str) -> str:
    """Who a source is, in words."""
    return _SOURCES.get(source.lower(), line(source, 60))


def plans(profile: Profile) -> tuple[Plans, ...]:
    """The plans and networks, those of a company from one source and day together, companies in order."""
    known = vocabulary("insurers")
    usual = profile.provenance.get("network")

    def origin(network: Network) -> tuple[str, str, str, date]:
        said = network.source or (usual.source if usual else "")
        when = network.as_of or (usual.as_of if usual and not network.source else None)
        company = known.label(network.company) if network.company else ""
        return "" if company else "~", company, said, when or date.min

    found = []
    for (_, company, source, when), several in groupby(sorted(profile.networks, key=origin), key=origin):
        names = dict.fromkeys(
            line(n.name, 120) + (f" ({line(n.tier, 60)})" if n.tier else "") for n in several
        )  # one plan may be named by several files
        parts = [f"source: {source_label(source)}" if source else "source not stated"]
        parts.append(day(when) if when != date.min else "date not stated")
        found.append(Plans(company, listing(sorted(names), _MOST_PLANS), ", ".join(parts)))
    return tuple(found)


def told(profile: Profile, today: date) -> tuple[Told, ...]:
    """Who said each group of fields and when, in words where that is long ago; groups in their order, those that no
    table knows last, under their name."""
    said = profile.provenance
    order = (*(g for g in GROUPS if g in said), *(g for g in said if g not in GROUPS))
    return tuple(
        Told(group_label(g), _who(said[g], today), tuple(_other(other, today) for other in said[g].others))
        for g in order
    )


def group_label(group: str) -> str:
    """What people read for a group of fields; its own name where no table has it."""
    return GROUPS[group].label if group in GROUPS else line(group.replace("_", " "), 40).capitalize()


def _who(said: Provenance | OtherWord, today: date) -> str:
    parts = [source_label(said.source), day(said.as_of) if said.as_of else "date not stated"]
    if said.as_of and (old := ago(said.as_of, today)):
        parts.append(old)
    if said.how:
        parts.append(line(said.how, 80))
    return ", ".join(parts)


def _other(other: OtherWord, today: date) -> str:
    """`Different: gender, places (a health plan’s directory, 3 Jan 2024)`, or that they say the same."""
    if not other.fields:
        return f"Nothing different: {_who(other, today)}"
    return f"Different {listing([_word(f) for f in other.fields], 6)}: {_who(other, today)}"


def _word(field: str) -> str:
    label = _FIELDS.get(field, line(field.replace("_", " "), 40))
    return label if label[:2].isupper() else label[:1].lower() + label[1:]
