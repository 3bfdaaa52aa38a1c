"""What a payer's directory says of reaching somebody: addresses, and FHIR's ContactPoint and CodeableConcept. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from directory.profile import Location, Profile
from directory.profile_schema import rule
from directory.vocabulary import TaxonomyRule, read_specialty
from indexer.addresses import located
from indexer.names import city_name
from indexer.normalize import clean, phone
from indexer.sources import profiles_values
from indexer.sources.fhir import Resource, objects, text
from indexer.sources.profiles_values import Wrong

HOW: Final = "not verified"
"""How a payer's word was checked: not at all by anybody else."""

_EXTENSION: Final = re.compile(r"\s*(?:x|ext\.?|extension)\s*\d+\s*$", re.IGNORECASE)
_OURS: Final = re.compile(r"psych|mental|behav|counsel|therap|social work|marriage|addict|substance", re.IGNORECASE)
_PRIVATE: Final = frozenset({"home", "old", "temp", "mobile"})


def prescribes(rules: Sequence[TaxonomyRule]) -> bool | None:
    """Whether someone of these specialties prescribes: any that does decides, one that doesn't tell leaves it open."""
    said = {rule.prescribes for rule in rules}
    return True if True in said else None if None in said else False


def _values(contacts: Iterable[Resource], system: str) -> list[str]:
    """The values of the contact points of a system, without private and former ones."""
    return [
        v for c in contacts if text(c, "system") == system and text(c, "use") not in _PRIVATE if (v := text(c, "value"))
    ]


def contact_phone(contacts: Iterable[Resource]) -> str | None:
    """The first number that can be called; an extension is left out, the number before it answers."""
    numbers = (phone(_EXTENSION.sub("", value)) for value in _values(contacts, "phone"))
    return next((n for n in numbers if n), None)


def email_address(contacts: Iterable[Resource]) -> str | None:
    """The first e-mail address."""
    for value in _values(contacts, "email"):
        try:
            return profiles_values.email(value, rule(Profile, "email"))
        except Wrong:
            continue
    return None


def web_site(contacts: Iterable[Resource]) -> str | None:
    """The first web address."""
    for value in _values(contacts, "url"):
        try:
            return profiles_values.web_address(value, rule(Profile, "website"))
        except Wrong:
            continue
    return None


def place(address: Resource, zip_field: str, lines: Iterable[str]) -> Location | None:
    """Where an address is; `lines` are its street, where that may be told."""
    street = city_name(", ".join(lines))[:200]
    parts = (clean(text(address, name))[:200] for name in ("city", "state", zip_field, "country"))
    return located(*parts, street or None)


def specialty_word(concept: Resource) -> str:
    """A specialty in words: the text, else what its coding shows."""
    return text(concept, "text") or next((t for c in objects(concept, "coding") if (t := text(c, "display"))), "")


def sounds_like_ours(word: str) -> bool:
    """Whether a specialty in words may be one of ours although no vocabulary has it: those are worth an operator's
    look, the many of the rest of medicine are not."""
    return bool(_OURS.search(word)) and read_specialty(word).kind == "unknown"
