"""What one NPPES row says, worked out cell by cell: the truth for the columnar `nppes_profile`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from directory.profile import Grant, Location, Profile, Provenance
from directory.text import fold
from directory.vocabulary import state_code, taxonomy, vocabulary
from indexer import credentials
from indexer.addresses import located
from indexer.names import SUFFIXES, family_name, given_name, is_business, middle_name, split_family
from indexer.normalize import in_order, license_number, phone
from indexer.sources.nppes_parts import read_date


def profile(cells: Mapping[str, str]) -> tuple[Profile, tuple[str, ...]]:
    """The profile that a row's cells make, and the credentials that nobody here knows."""
    npi = cells["npi"].strip()
    slots = [n for n in range(1, 16) if taxonomy(cells[f"taxonomy_{n}"].strip())]
    marked = {n for n in range(1, 16) if cells[f"primary_{n}"].strip().upper() == "Y"}
    main = next((n for n in slots if n in marked), slots[0])
    rules = {n: rule for n in slots if (rule := taxonomy(cells[f"taxonomy_{n}"].strip()))}
    said = {rule.prescribes for rule in rules.values()}
    updated, certified = read_date(cells["updated"].strip()), read_date(cells["certified"].strip())
    places = _places(cells)
    reached = phone(cells["phone"])
    grants = _grants(cells, slots, npi)
    found = _credentials(cells, [main, *slots], places)
    family, given, name = _name(cells, "")
    groups = ("identity", *(("license",) if grants else ()), *(("location",) if places or reached else ()))
    return Profile(
        id=f"npi:{npi}",
        name=name,
        npi=npi,
        family=family or None,
        given=given or None,
        other_names=_other_names(cells, name),
        provider_type=rules[main].provider_type,
        provider_types=in_order("professions", (rule.provider_type for rule in rules.values())),
        primary=main in marked or not any(cells[f"taxonomy_{n}"].strip() for n in marked),
        credentials=found.codes,
        gender=vocabulary("genders").find(cells["sex"]) if cells["sex"].strip() else None,
        prescribes=True if True in said else None if None in said else False,
        verified_on=certified or updated,
        phone=reached,
        locations=places,
        grants=grants,
        provenance=dict.fromkeys(groups, Provenance("NPPES", updated or certified, "self-reported")),
    ), found.unmapped


def _name(cells: Mapping[str, str], kind: str) -> tuple[str, str, str]:
    bare, in_family = split_family(cells[f"{kind}family"])
    family, given, middle = family_name(bare), given_name(cells[f"{kind}given"]), middle_name(cells[f"{kind}middle"])
    after = SUFFIXES.get(cells[f"{kind}suffix"].strip().upper().rstrip(".")) or in_family or ""
    name = " ".join(part for part in (given, middle, family, after) if part)
    if len(name) > 40 and middle and not middle.endswith("."):
        name = " ".join(part for part in (given, f"{middle[0].upper()}.", family, after) if part)
    return family, given, name


def _other_names(cells: Mapping[str, str], name: str) -> tuple[str, ...]:
    family, given = cells["other_family"], cells["other_given"]
    if not (family or given) or is_business(f"{family} {given}"):
        return ()
    other = _name(cells, "other_")[2]
    return () if set(fold(other).split()) <= set(fold(name).split()) else (other,)


def _places(cells: Mapping[str, str]) -> tuple[Location, ...]:
    place = located(cells["city"], cells["state"], cells["zip"], cells["country"])
    return (place,) if place else ()


def _credentials(cells: Mapping[str, str], slots: list[int], places: tuple[Location, ...]) -> credentials.Credentials:
    states = [state_code(cells[f"license_state_{n}"]) for n in slots] + [place.state for place in places]
    return credentials.parse(cells["credential"], tuple(dict.fromkeys(state for state in states if state)))


def _grants(cells: Mapping[str, str], slots: list[int], npi: str) -> tuple[Grant, ...]:
    on = read_date(cells["certified"].strip()) or read_date(cells["updated"].strip())
    found: dict[tuple[str, str], Grant] = {}
    for n in slots:
        state, number = state_code(cells[f"license_state_{n}"]), license_number(cells[f"license_{n}"], npi)
        if state and number:
            key = state, re.sub("[^0-9A-Z]", "", number)
            found.setdefault(key, Grant("license", state, number, "listed", "NPPES", on))
    return tuple(found.values())
