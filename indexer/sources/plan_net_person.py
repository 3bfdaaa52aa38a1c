"""A Plan-Net Practitioner with the roles that lead to them -> a profile. Pure but for the date of the day.

Plan-Net is a payer's word: it publishes offices, so streets stay, and knows its networks; a license it repeats is
`listed`, because a payer is no board; its dates tell when it last wrote a record, not when anybody confirmed it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Final

import orjson

from directory.profile import Grant, Location, Network, Profile, Provenance, to_json
from directory.provenance import GROUPS, stated
from directory.text import fold
from directory.vocabulary import TaxonomyRule, read_specialty, state_code, taxonomy, vocabulary
from indexer import credentials
from indexer.insurers import insurer
from indexer.names import SUFFIXES, family_name, given_name
from indexer.normalize import clean, license_number, npi_problem, settle
from indexer.sources import plan_net_services as services
from indexer.sources.fhir import Resource, codes, current, day, extensions, objects, one, text, texts
from indexer.sources.kept import MOST_PARTS
from indexer.sources.opening_hours import hours, times
from indexer.sources.payer_words import (
    HOW,
    contact_phone,
    email_address,
    place,
    prescribes,
    sounds_like_ours,
    specialty_word,
    web_site,
)
from indexer.sources.plan_net_parts import Made, Person, Remark, Role, RoleFound, written_on

NAME: Final = "plan_net"

NO_CODE: Final = "no_behavioral_code"
INACTIVE: Final = "inactive"
NO_ROLE: Final = "no_active_role"

_NPI: Final = "us-npi"
_NUCC: Final = "nucc"
_DEGREE_SYSTEM: Final = "v2-"
_FLUENT: Final = 30
"""General professional proficiency (ILR 3): below that nobody holds a session in the language."""

# Many roles name the same services and places.
_parsed: Callable[[bytes], Resource] = lru_cache(maxsize=5_000)(orjson.loads)
_taxonomy = lru_cache(maxsize=10_000)(taxonomy)


def concerns_us(practitioner: Resource, roles: Iterable[Resource]) -> bool:
    """Whether any role, active or not, or any qualification has one of our codes or specialties."""
    return bool(any(_rules(r) for r in roles) or _qualified(practitioner))


def active(role: Resource, today: date) -> bool:
    """Whether a role or service is in force."""
    return role.get("active") is not False and current(role, today)


def chosen_roles(practitioner: Resource, roles: Sequence[Resource], today: date) -> tuple[str | None, list[Resource]]:
    """(why the practitioner is skipped, the roles that tell of them): the active ones with a specialty of ours; where a
    qualification alone is ours, all active ones."""
    if not concerns_us(practitioner, roles):
        return NO_CODE, []
    if practitioner.get("active") is False:
        return INACTIVE, []
    in_force = [r for r in roles if active(r, today)]
    ours = [r for r in in_force if _rules(r)]
    if (roles and not in_force) or (not ours and not _qualified(practitioner)):
        return NO_ROLE, []
    return None, ours or in_force


def made(today: date, people: Sequence[tuple[bytes, Sequence[RoleFound]]]) -> list[Made]:
    """What is kept of Practitioners, each as JSON with their roles."""
    out: list[Made] = []
    for practitioner, found in people:
        roles = [
            Role(orjson.loads(r.body), tuple(map(_parsed, r.services)), tuple(map(_parsed, r.locations)), r.networks)
            for r in found
        ]
        person = build(orjson.loads(practitioner), roles, today)
        id_, word = (person.profile.id, to_json(person.profile)) if person.profile else ("", b"")
        out.append(Made(id_, word, person.payers, person.mistake, person.remarks, person.unmapped))
    return out


def build(practitioner: Resource, roles: Sequence[Role], today: date) -> Person:
    """The person of a Practitioner whom `chosen_roles` has not skipped."""
    out = Person()
    family, given, name, letters = _name(practitioner)
    if mistake := _unusable(practitioner, family or given, today):
        out.mistake = mistake
        return out
    id_, npi = _identity(practitioner, out)
    by_role = [rule for r in roles for rule in _rules(r.resource)]
    rules = by_role or _qualified(practitioner)
    said = written_on(practitioner, today, out)
    role_day = max((d for r in roles if (d := written_on(r.resource, today, out))), default=said)
    places = _places(practitioner, roles)
    grants = tuple(_grants(practitioner, npi, said, out))
    states = tuple(dict.fromkeys(s for s in (*(g.jurisdiction for g in grants), *(p.state for p in places)) if s))
    taking, taking_on = services.accepting(roles, today, out)
    open_ = [o for r in roles for o in services.openings(r)]
    networks, programs = _networks(roles, role_day, out)
    contacts = [c for r in roles for c in objects(r.resource, "telecom")] + objects(practitioner, "telecom")
    places_of_work = [c for r in roles for s in (*r.services, *r.locations) for c in objects(s, "telecom")]
    profile = Profile(
        id=id_,
        npi=npi,
        name=name,
        family=family or None,
        given=given or None,
        provider_type=rules[0].provider_type,
        provider_types=tuple(rule.provider_type for rule in rules),
        primary=bool(by_role) or not roles,
        credentials=_credentials(practitioner, letters, states, out),
        languages=tuple(_languages(practitioner, out)),
        gender={"female": "female", "male": "male"}.get(text(practitioner, "gender")),
        prescribes=prescribes(rules),
        meeting=services.ways(roles),
        times=times(open_),
        hours=hours(open_) or None,
        accessibility=tuple(services.accessibility(roles)),
        accepting=taking,
        accepting_as_of=taking_on,
        phone=contact_phone([*contacts, *places_of_work]),
        email=email_address(contacts),
        website=web_site(contacts),
        locations=places,
        grants=grants,
        networks=networks,
        insurers=programs,
        payment=("insurance",) if networks else (),
    )  # fmt: skip
    out.profile = _sourced(settle(profile), said, role_day)
    return out


def _sourced(profile: Profile, said: date | None, role_day: date | None) -> Profile:
    """`profile` with who said each group: what stands in the Practitioner on its day, the rest on that of the roles."""
    own = ("identity", "license", "practice")
    return replace(
        profile,
        provenance={
            g: Provenance(NAME, said if g in own else role_day, HOW) for g in GROUPS if stated(profile, g)
        },
    )  # fmt: skip


# Who


def _unusable(practitioner: Resource, name: str, today: date) -> Remark | None:
    if not name:
        return Remark("name", "", "name_missing", "neither a family nor a given name is there")
    updated = text(one(practitioner, "meta"), "lastUpdated")
    if (when := day(updated)) and when > today:
        return Remark("meta.lastUpdated", updated, "date_in_future", "the date is after today")
    return None


def _identity(practitioner: Resource, out: Person) -> tuple[str, str | None]:
    given = [text(i, "value") for i in objects(practitioner, "identifier") if _NPI in text(i, "system")]
    for npi in given:
        if problem := npi_problem(npi):
            message = "this is no NPI; the person is kept under the directory's own id"
            out.remarks.append(Remark("identifier", npi, problem, message))
        else:
            return f"npi:{npi}", npi
    return f"{NAME}:{text(practitioner, 'id')}", None


def _name(practitioner: Resource) -> tuple[str, str, str, list[str]]:
    """(family, given, the whole name, the letters after it) of the name in use."""
    best = {"official": 0, "usual": 1, "": 2}
    names = [n for n in objects(practitioner, "name") if text(n, "use") != "old"]
    name = min(names, key=lambda n: best.get(text(n, "use"), 3), default={})
    written, _, after = text(name, "text").partition(",")
    family = family_name(clean(text(name, "family")))[:100]
    first, *middle = texts(name, "given") or [""]
    given = given_name(clean(first))[:100]
    if not (family or given) and written.strip():
        *before, family = clean(written).split() or [""]
        family, given = family_name(family)[:100], given_name(" ".join(before))[:100]
    suffixes = texts(name, "suffix")
    generation = next((SUFFIXES[s.upper().rstrip(".")] for s in suffixes if s.upper().rstrip(".") in SUFFIXES), "")
    between = " ".join(given_name(clean(m)) for m in middle)[:60]
    letters = [s for s in suffixes if s.upper().rstrip(".") not in SUFFIXES] + ([after] if after.strip() else [])
    whole = " ".join(p for p in (given, between, family, generation) if p)
    return family, given, whole[:200], letters


def _credentials(practitioner: Resource, letters: list[str], states: tuple[str, ...], out: Person) -> tuple[str, ...]:
    """Letters after the name, and qualifications that are a degree or a credential rather than a specialty."""
    for q in objects(practitioner, "qualification"):
        letters.extend(codes(one(q, "code"), _DEGREE_SYSTEM))
    found: list[str] = []
    for written in dict.fromkeys(letters):
        known = credentials.parse(written, states)
        found.extend(known.codes)
        out.unmapped.extend(("credential", word) for word in known.unmapped)
    return tuple(found)


# What


def _rules(resource: Resource, name: str = "specialty") -> list[TaxonomyRule]:
    """What the specialties of a role, or the codes of a qualification, say of their holder, in their order."""
    return [rule for concept in objects(resource, name) if (rule := _rule(concept))]


def _rule(concept: Resource) -> TaxonomyRule | None:
    nucc = codes(concept, _NUCC)
    if nucc:
        return next((rule for code in nucc if (rule := _taxonomy(code))), None)
    return read_specialty(specialty_word(concept)).rule


def unknown_specialties(role: Resource) -> Iterator[str]:
    """The specialties of a role, in words only, that sound like ours and are in no vocabulary."""
    for concept in objects(role, "specialty"):
        if not codes(concept, _NUCC) and sounds_like_ours(word := specialty_word(concept)):
            yield clean(word)[:100]


def _qualified(practitioner: Resource) -> list[TaxonomyRule]:
    return [rule for q in objects(practitioner, "qualification") for rule in _rules(q, "code")]


def _languages(practitioner: Resource, out: Person) -> Iterator[str]:
    known = vocabulary("languages")
    for spoken in objects(practitioner, "communication"):
        levels = [
            int(code)
            for e in extensions(spoken, "communication-proficiency")
            for code in codes(one(e, "valueCodeableConcept"))
            if code.isascii() and code.isdigit()
        ]
        if levels and max(levels) < _FLUENT:
            continue
        for tag in codes(spoken):
            found = known.find(tag) or known.find(tag.partition("-")[0])
            if found:
                yield found
            else:
                out.unmapped.append(("language", tag))


def _grants(practitioner: Resource, npi: str | None, said: date | None, out: Person) -> Iterator[Grant]:
    """Licenses: active qualifications with one of our codes and the state where they are valid."""
    found: set[tuple[str, str | None, str, str]] = set()
    for q in objects(practitioner, "qualification"):
        if not _rules(q, "code"):
            continue
        numbers = [text(i, "value") for i in objects(q, "identifier") if _NPI not in text(i, "system")]
        number = next((n for given in numbers if (n := license_number(given, npi))), None)
        if numbers and number is None:
            continue
        ends = text(one(q, "period"), "end")
        until = day(ends, last=True)
        if ends and until is None:
            out.remarks.append(Remark("qualification.period.end", ends, "date_malformed", "expected a date; not used"))
        for state in _valid_in(q):
            grant = Grant("license", state, number and number[:60], "listed", NAME, said, until)
            if grant.identity not in found:
                found.add(grant.identity)
                yield grant


def _valid_in(qualification: Resource) -> Iterator[str]:
    for extension in extensions(qualification, "practitioner-qualification"):
        if any(text(p, "valueCode") != "active" for p in extensions(extension, "status")):
            continue
        for where in extensions(extension, "whereValid"):
            concept = one(where, "valueCodeableConcept")
            for written in (*codes(concept), text(concept, "text")):
                if state := state_code(written):
                    yield state
                    break


# Where and when


def _places(practitioner: Resource, roles: Sequence[Role]) -> tuple[Location, ...]:
    """The offices of the roles; without any, where the practitioner can be written to, without the street."""
    offices = [one(loc, "address") for r in roles for loc in r.locations]
    found = [p for a in offices if (p := place(a, "postalCode", texts(a, "line")))]
    if not found:
        found = [
            p
            for a in objects(practitioner, "address")
            if text(a, "use") not in ("home", "old", "temp") and text(a, "type") != "postal"
            if (p := place(a, "postalCode", ()))
        ]
    return tuple(dict.fromkeys(found))[:MOST_PARTS]


# For whom


def _networks(roles: Sequence[Role], as_of: date | None, out: Person) -> tuple[tuple[Network, ...], tuple[str, ...]]:
    """The networks and plans of the roles, and the public programs among them. A payer is the company above a network,
    whose name stays when plans get new ones; where there is none, the network."""
    found: dict[Network, None] = {}
    programs: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for known in dict.fromkeys(n for r in roles for n in r.networks):
        company = insurer(known.owner) or next((c for name in known.names if (c := insurer(name))), None)
        payer = known.owner or known.names[0]
        out.payers.setdefault(fold(payer) or payer, clean(payer)[:200])
        if company is None:
            unknown[payer] = None
        for name in known.names:
            found[Network(clean(name)[:200], company, None, NAME, as_of)] = None
        programs.update(dict.fromkeys(known.programs))
    out.unmapped.extend(("insurer", payer) for payer in unknown)
    return tuple(found)[:MOST_PARTS], tuple(programs)
