"""The resources of one Plan-Net directory on disk, and the joins between them. Memory is flat in their number."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Final

import orjson

from directory.vocabulary import insurer_payment, vocabulary
from indexer.sources.fhir import Resource, codes, current, extensions, key, moment, objects, one, reference, text
from indexer.sources.plan_net_parts import InNetwork, Remark, RoleFound
from indexer.sources.plan_net_person import active, concerns_us, unknown_specialties

PRACTITIONER: Final = "Practitioner"
ROLE: Final = "PractitionerRole"

_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    PRACTITIONER: frozenset(
        {"active", "name", "identifier", "telecom", "address", "gender", "qualification", "communication"}
    ),
    ROLE: frozenset(
        {
            "extension", "active", "period", "practitioner", "organization", "specialty", "location",
            "healthcareService", "telecom", "availableTime",
        }
    ),
    "Location": frozenset({"extension", "status", "telecom", "address"}),
    "HealthcareService": frozenset({"extension", "active", "telecom", "availableTime", "location"}),
    "Organization": frozenset({"active", "name", "alias", "partOf"}),
    "InsurancePlan": frozenset({"status", "type", "name", "ownedBy", "administeredBy", "network", "period"}),
}  # fmt: skip

READ: Final = {kind: fields | {"id", "meta", "resourceType"} for kind, fields in _FIELDS.items()}
"""Kinds of resource that are read, and the fields that are kept of each."""

_ROW: Final = "INTO resource VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_MOST_STEPS: Final = 20
"""Organizations above each other that are looked through for a network's company."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a resource stands: the number of its file, and the line on which it starts."""

    file: int
    line: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A Practitioner as JSON, with the roles that name them, and where each stands."""

    practitioner: bytes
    place: Place
    roles: tuple[tuple[bytes, Place], ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """A resource, as JSON and as its values."""

    body: bytes
    resource: Resource


class Join:
    """Takes resources in any order, then gives practitioners with what is known of them."""

    def __init__(self, today: date) -> None:
        self._today = today
        self._db = sqlite3.connect("", check_same_thread=False)  # on disk; any thread may collect it
        weakref.finalize(self, self._db.close)
        self._db.executescript(
            """
            PRAGMA page_size = 16384;
            CREATE TABLE resource (
                key TEXT PRIMARY KEY, kind TEXT, day TEXT, file INT, line INT, ref TEXT, ours INT, words BLOB, body BLOB
            );
            CREATE TABLE address (uri TEXT PRIMARY KEY, key TEXT) WITHOUT ROWID;
            """
        )
        # Many roles name the same networks, services and places.
        self._network = lru_cache(maxsize=10_000)(self._read_network)
        self._get = lru_cache(maxsize=10_000)(self._read_resource)

    def close(self) -> None:
        """Let go of the database."""
        self._db.close()

    def keep(self, resource: Resource, place: Place, uri: str = "") -> Place | None:
        """Keep a resource with an id, under its `uri` too. Of two with the same id the one last written counts, else
        the later one: the place of the one that does not is returned."""
        kind = text(resource, "resourceType")
        name = key(kind, text(resource, "id"))
        if uri.startswith("urn:") or "#" in uri:
            self._db.execute("REPLACE INTO address VALUES (?, ?)", (uri, name))
        updated = text(one(resource, "meta"), "lastUpdated")
        ref, words, ours = "", None, False
        if kind == ROLE:
            ref = reference(one(resource, "practitioner"), name)
            ours = concerns_us({}, [resource])
            if not ours and (unknown := list(unknown_specialties(resource))):
                words = orjson.dumps(unknown)
        elif kind == PRACTITIONER:
            ours = concerns_us(resource, ())
        read = READ[kind]
        body = orjson.dumps({k: v for k, v in resource.items() if k in read})
        row = (name, kind, updated, place.file, place.line, ref, ours, words, body)
        if self._db.execute(f"INSERT OR IGNORE {_ROW}", row).rowcount:
            return None
        day, file, line = self._db.execute("SELECT day, file, line FROM resource WHERE key = ?", (name,)).fetchone()
        if moment(day) > moment(updated):
            return place
        self._db.execute(f"REPLACE {_ROW}", row)
        return Place(file, line)

    def settle(self) -> None:
        """Call after the last resource: from now on everything can be found."""
        self._db.executescript(
            """
            UPDATE resource SET ref = (SELECT key FROM address WHERE uri = ref)
                WHERE ref <> '' AND EXISTS (SELECT 1 FROM address WHERE uri = ref);
            CREATE INDEX role ON resource (ref, key) WHERE ref <> '';
            CREATE INDEX kind ON resource (kind, ours, words, ref);
            CREATE TABLE ours (key TEXT PRIMARY KEY) WITHOUT ROWID;
            INSERT INTO ours SELECT key FROM resource WHERE kind = 'Practitioner' AND ours
                UNION SELECT ref FROM resource WHERE kind = 'PractitionerRole' AND ours;
            CREATE TABLE plan (network TEXT, body BLOB);
            """
        )
        for (body,) in self._db.execute("SELECT body FROM resource WHERE kind = 'InsurancePlan' ORDER BY key"):
            plan = orjson.loads(body)
            if text(plan, "status") not in ("", "active") or not current(plan, self._today):
                continue
            for network in objects(plan, "network"):
                target = self._named(reference(network))
                self._db.execute("INSERT INTO plan VALUES (?, ?)", (target, body))
        self._db.execute("CREATE INDEX plan_network ON plan (network)")

    def practitioners(self) -> Iterator[Listed]:
        """Every Practitioner who concerns us or has a role that does, in order of id, with all roles that name them."""
        rows = self._db.execute(
            """
            SELECT p.key, p.file, p.line, p.body, r.file, r.line, r.body FROM ours
            CROSS JOIN resource p ON p.key = ours.key LEFT JOIN resource r ON r.ref = p.key AND r.ref <> ''
            WHERE p.kind = 'Practitioner' ORDER BY ours.key, r.key
            """
        )
        for _, group in groupby(rows, key=itemgetter(0)):
            several = list(group)
            _, file, line, body = several[0][:4]
            roles = tuple((r[6], Place(r[4], r[5])) for r in several if r[6] is not None)
            yield Listed(body, Place(file, line), roles)

    def others(self) -> int:
        """How many Practitioners concern nobody here."""
        rows = self._db.execute(
            "SELECT count(*) FROM resource WHERE kind = 'Practitioner' AND key NOT IN (SELECT key FROM ours)"
        )
        return int(rows.fetchone()[0])

    def unknown_specialties(self) -> Iterator[str]:
        """The words of their roles that sound like ours and are in no vocabulary."""
        rows = self._db.execute(
            """
            SELECT r.words FROM resource r JOIN resource p ON p.key = r.ref AND p.kind = 'Practitioner'
            WHERE r.kind = 'PractitionerRole' AND NOT r.ours AND r.words IS NOT NULL
                AND r.ref NOT IN (SELECT key FROM ours)
            ORDER BY r.ref, r.key
            """
        )
        for (words,) in rows:
            yield from orjson.loads(words)

    def roles_of_nobody(self) -> Iterator[tuple[Resource, Place]]:
        """The roles that concern us and whose practitioner is not there."""
        rows = self._db.execute(
            """
            SELECT r.body, r.file, r.line FROM resource r LEFT JOIN resource p ON p.key = r.ref
            WHERE r.kind = 'PractitionerRole' AND r.ours AND r.ref <> '' AND p.key IS NULL ORDER BY r.file, r.line
            """
        )
        for body, file, line in rows:
            yield orjson.loads(body), Place(file, line)

    def role(self, body: bytes, resource: Resource, remark: Callable[[Remark], None]) -> RoleFound:
        """A role, as JSON and as its values, with what it refers to; what it refers to in vain is told to `remark`."""
        owner = key(ROLE, text(resource, "id"))

        def found(name: str) -> Iterator[_Found]:
            for given in objects(resource, name):
                if found_ := self._find(given, owner, {"location": "Location"}.get(name, "HealthcareService")):
                    yield found_
                elif given.get("reference"):
                    remark(_dangling(name, given))

        networks = []
        for extension in extensions(resource, "network-reference"):
            given = one(extension, "valueReference")
            target = self._named(reference(given, owner))
            network, remarks = self._network(target) if target else (None, ())
            for said in remarks:
                remark(said)
            if network:
                networks.append(network)
            elif not remarks:
                remark(_dangling("network-reference", given))
        return RoleFound(
            body,
            tuple([s.body for s in found("healthcareService") if active(s.resource, self._today)]),
            tuple([loc.body for loc in found("location") if text(loc.resource, "status") in ("", "active")]),
            tuple(networks),
        )

    def _named(self, target: str) -> str:
        """What the resource is called that a reference means: only those within a Bundle or a resource go by others."""
        if not target.startswith("urn:") and "#" not in target:
            return target
        row = self._db.execute("SELECT key FROM address WHERE uri = ?", (target,)).fetchone()
        return str(row[0]) if row else target

    def _find(self, given: Resource, owner: str, kind: str) -> _Found | None:
        return self._get(self._named(reference(given, owner)), kind)

    def _read_resource(self, name: str, kind: str) -> _Found | None:
        row = self._db.execute("SELECT body FROM resource WHERE key = ? AND kind = ?", (name, kind)).fetchone()
        return _Found(row[0], orjson.loads(row[0])) if row else None

    def _read_network(self, name: str) -> tuple[InNetwork | None, tuple[Remark, ...]]:
        """The network of this name with its plans and its company; None where it is not there or not in force."""
        found = self._get(name, "Organization")
        if found is None:
            return None, ()
        organization = found.resource
        if organization.get("active") is False:
            said = Remark("network-reference", name, "inactive_network", "the network is not active; it is left out")
            return None, (said,)
        plans = [orjson.loads(b) for (b,) in self._db.execute("SELECT body FROM plan WHERE network = ?", (name,))]
        owner, remarks = self._owner(organization, name, plans)
        names = [text(organization, "name"), *(text(p, "name") for p in plans)]
        known = tuple(dict.fromkeys(n for n in names if n))
        programs = tuple(dict.fromkeys(c for p in plans for c in _programs(p)))
        return (InNetwork(known, owner, programs) if known else None), remarks

    def _owner(self, organization: Resource, name: str, plans: list[Resource]) -> tuple[str, tuple[Remark, ...]]:
        """The name of the company above a network, else of the one that owns a plan of it."""
        above, seen = organization, {name}
        for _ in range(_MOST_STEPS):
            given = one(above, "partOf")
            step = self._named(reference(given, name))
            if not given:
                break
            if step in seen:
                message = "these organizations are part of each other; the company is not looked for above them"
                return "", (Remark("partOf", step, "cyclic_reference", message),)
            found = self._get(step, "Organization")
            if found is None:
                return text(given, "display"), (_dangling("partOf", given),)
            above = found.resource
            seen.add(step)
        if above is not organization:
            return text(above, "name"), ()
        for plan in plans:
            for field in ("ownedBy", "administeredBy"):
                company = self._find(one(plan, field), "", "Organization")
                if said := text(company.resource if company else {}, "name") or text(one(plan, field), "display"):
                    return said, ()
        return "", ()


def _programs(plan: Resource) -> Iterator[str]:
    """Medicaid, Medicare or TRICARE where a plan is of that type."""
    known = vocabulary("insurers")
    for concept in objects(plan, "type"):
        for word in (*codes(concept), text(concept, "text")):
            found = known.find(word)
            if found and insurer_payment(found) != "insurance":
                yield found


def _dangling(field: str, given: Resource) -> Remark:
    said = "this resource is not in the directory; the reference is passed over"
    return Remark(field, text(given, "reference") or text(given, "display"), "dangling_reference", said)
