"""Which fields are said together: the groups that provenance names, that a merge weighs and that pages label. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final

from directory.profile import Profile


@dataclass(frozen=True, slots=True)
class Group:
    """Fields of `Profile` that one source says together; `label` is what people read."""

    label: str
    fields: tuple[str, ...]


GROUPS: Final[Mapping[str, Group]] = MappingProxyType(
    {
        "identity": Group(
            "Name and profession",
            (
                "name", "family", "given", "other_names", "pronouns", "gender", "provider_type", "provider_types",
                "primary", "credentials", "prescribes", "experience_since", "photo",
            ),
        ),
        "license": Group("Licenses", ("grants",)),
        "practice": Group(
            "How they work",
            ("modalities", "concerns", "formats", "age_groups", "languages", "communities", "bio"),
        ),
        "location": Group(
            "Places and contact", ("locations", "accessibility", "phone", "email", "website"),
        ),
        "cost": Group("Cost", ("fee", "sliding_scale", "free_consultation", "payment")),
        "network": Group("Insurance", ("insurers", "networks")),
        "remote": Group("How to meet", ("meeting", "remote")),
        "availability": Group(
            "New clients and times", ("accepting", "accepting_as_of", "next_available", "times", "hours"),
        ),
    }
)  # fmt: skip
"""Every field of `Profile` but who it is (`id`, `npi`), `demo`, `verified_on` and `provenance` itself, once."""

PAYERS: Final = frozenset({"plan_net", "qhp"})
"""Sources that are a health plan's word: no board, and never a confirmation of the provider's own."""

GROUP_OF: Final[Mapping[str, str]] = MappingProxyType({f: name for name, group in GROUPS.items() for f in group.fields})
"""Field -> its group."""


@cache
def _values(group: str) -> Callable[[Profile], tuple[Any, ...]]:
    fields = [field for field in GROUPS[group].fields if field != "primary"]
    # A second name, so that one field makes a tuple, too.
    return attrgetter(*fields, fields[0])


def stated(profile: Profile, group: str) -> bool:
    """Whether `profile` states anything of a group."""
    return any(value is not None and value != () for value in _values(group)(profile))
