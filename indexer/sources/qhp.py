"""QHP: the machine-readable directories of plans on the federal marketplace (CMS). See `docs/sources.md`.

Given is a folder, or the index in it. A row is an entry of `providers[]`; files are streamed, entries wait on disk.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from directory.profile import Location, Network, Profile, Provenance, to_json
from directory.provenance import GROUPS, stated
from directory.vocabulary import TaxonomyRule, read_specialty, vocabulary
from indexer import credentials
from indexer.names import SUFFIXES, family_name, given_name
from indexer.normalize import clean, npi_problem, phone, settle
from indexer.report import Counts, Issue
from indexer.rolls import Payers
from indexer.sources import qhp_files
from indexer.sources.base import Reject
from indexer.sources.fhir import day, objects, one, text
from indexer.sources.files import Unusable
from indexer.sources.kept import MOST_PARTS, Listing
from indexer.sources.payer_words import HOW, place, prescribes, sounds_like_ours
from indexer.sources.qhp_files import Plan

NAME: Final = "qhp"
FACILITY: Final = "organization"
NO_SPECIALTY: Final = "no_behavioral_specialty"
_ACCEPTING: Final = {"accepting": "yes", "accepting in some locations": "yes", "not accepting": "no"}
_PROGRESS_EVERY: Final = 500


class _Rejected(Exception):
    """The entry cannot be used."""

    def __init__(self, field: str | None, value: object, code: str, message: str) -> None:
        super().__init__(message)
        self.field, self.value, self.code, self.message = field, value, code, message


class QhpSource(Listing):
    """See `base.Source`. Entries of one NPI are joined: their plans, addresses and languages are those of all."""

    name = NAME
    takes_folder = True

    def __init__(self, today: date) -> None:
        super().__init__()
        self.counts = Counts()
        self._unmapped: dict[str, Counter[str]] = {
            n: Counter() for n in ("specialty", "insurer", "language", "credential")
        }
        self.unmapped: Mapping[str, Counter[str]] = self._unmapped
        self._today = today

    def files(self, path: Path) -> list[Path]:
        """See `base.Source.files`."""
        files = qhp_files.found(path)
        return [*([files.index] if files.index else []), *files.plans, *files.providers]

    def read(self, path: Path, reject: Reject) -> Iterator[int]:
        """See `base.Source.read`."""
        files = qhp_files.found(path)
        self._begin(path)
        plans = qhp_files.read_plans(files.plans)
        done, count, before = 0, 0, self.counts.read
        for file in files.providers:
            log = _Log(file.name, reject)
            for item, entry in qhp_files.entries(file, ("providers",)):
                self._take(item.line, entry if entry else item.value, plans, log)
                count += 1
                if count % _PROGRESS_EVERY == 0:
                    yield done
            done += file.stat().st_size
            yield done
        if self.counts.read == before:
            raise Unusable("there is no provider in its files")

    def _take(self, line: int, entry: Any, plans: Mapping[str, Plan], log: _Log) -> None:
        try:
            skipped = self._skipped(entry)
            if skipped is None:
                profile, payers = self._profile(line, entry, plans, log)
                self._keep(profile.id, to_json(profile), payers)
                self.counts.index(1)
            else:
                self.counts.skip(skipped)
        except _Rejected as error:
            self.counts.reject(error.code)
            log.say(line, error.field, error.value, error.code, error.message)

    def _skipped(self, entry: Any) -> str | None:
        """Why an entry does not concern us; None where it does."""
        if not isinstance(entry, dict):
            raise _Rejected(None, entry, "not_an_object", "expected an object with the fields of one provider")
        kind = text(entry, "type").upper()
        if kind in ("FACILITY", "GROUP"):
            return FACILITY
        if kind != "INDIVIDUAL":
            raise _Rejected("type", entry.get("type"), "unknown_type", "expected INDIVIDUAL or FACILITY")
        if _rules(entry):
            return None
        for word in _specialties(entry):
            if sounds_like_ours(word):
                self._unmapped["specialty"][clean(word)[:100]] += 1
        return NO_SPECIALTY

    # What an entry says

    def _profile(
        self, line: int, entry: Mapping[str, Any], plans: Mapping[str, Plan], log: _Log
    ) -> tuple[Profile, Payers]:
        """The profile of an entry, and the payers who list it."""
        updated = text(entry, "last_updated_on")
        said = day(updated)
        if said and said > self._today:
            raise _Rejected("last_updated_on", updated, "date_in_future", "the date is after today")
        if updated and said is None:
            log.say(line, "last_updated_on", updated, "date_malformed", "expected YYYY-MM-DD; it is not used")
        family, given, name, letters = _name(entry)
        addresses = objects(entry, "addresses")
        npi = _npi(entry, line, log)
        rules = _rules(entry)
        networks, payers = self._networks(line, entry, plans, said, log)
        accepting = _accepting(entry, line, log)
        numbers = (phone(str(a.get("phone") or "")) for a in addresses)
        places = tuple(dict.fromkeys(p for a in addresses if (p := _place(a))))[:MOST_PARTS]
        known = credentials.parse(letters, tuple(p.state for p in places if p.state))
        self._unmapped["credential"].update(known.unmapped)
        profile = settle(
            Profile(
                id=f"npi:{npi}" if npi else f"{NAME}:{_own_id(entry, name, addresses)}",
                npi=npi,
                name=name,
                family=family or None,
                given=given or None,
                provider_type=rules[0].provider_type,
                provider_types=tuple(rule.provider_type for rule in rules),
                credentials=known.codes,
                languages=tuple(self._languages(entry)),
                gender={"female": "female", "male": "male"}.get(text(entry, "gender").lower()),
                prescribes=prescribes(rules),
                accepting=accepting,
                accepting_as_of=said if accepting else None,
                phone=next((n for n in numbers if n), None),
                locations=places,
                networks=networks,
                payment=("insurance",) if networks else (),
            )
        )
        word = Provenance(NAME, said, HOW)
        return replace(profile, provenance={g: word for g in GROUPS if stated(profile, g)}), payers

    def _networks(
        self, line: int, entry: Mapping[str, Any], plans: Mapping[str, Plan], said: date | None, log: _Log
    ) -> tuple[tuple[Network, ...], Payers]:
        """The plans of this year or later, and their payers; one that no file of plans has keeps its id for a name."""
        found: dict[Network, None] = {}
        payers: dict[str, str] = {}
        for given in objects(entry, "plans"):
            id_ = str(given.get("plan_id") or "").strip()
            plan = plans.get(id_)
            years = qhp_files.years_of(given) or (plan.years if plan else ())
            if not id_ or (years and max(years) < self._today.year):
                continue
            if plan is None:
                log.once(line, "plans.plan_id", id_, "unknown_plan", "no file of plans has this plan; its id is kept")
                plan = Plan(id_[:200], None, ())
            tier = text(given, "network_tier").lower()[:60] or None
            found[Network(plan.name, plan.company, tier, NAME, said)] = None
            payer, name = qhp_files.payer(id_, plan)
            payers.setdefault(payer, name)
        self._unmapped["insurer"].update({n.name for n in found if n.company is None})
        return tuple(found)[:MOST_PARTS], payers

    def _languages(self, entry: Mapping[str, Any]) -> Iterator[str]:
        known = vocabulary("languages")
        for word in _several(entry, "languages"):
            if code := known.find(word):
                yield code
            else:
                self._unmapped["language"][clean(word)[:100]] += 1


def _several(entry: Mapping[str, Any], name: str) -> list[str]:
    value = entry.get(name)
    return [v.strip() for v in (value if isinstance(value, list) else [value]) if isinstance(v, str) and v.strip()]


def _specialties(entry: Mapping[str, Any]) -> list[str]:
    """The schema says `speciality`, its own sample `specialty`, and older files have both in the plural."""
    names = ("specialty", "speciality", "specialties", "specialities")
    return list(dict.fromkeys(word for name in names for word in _several(entry, name)))


def _rules(entry: Mapping[str, Any]) -> list[TaxonomyRule]:
    return [rule for word in _specialties(entry) if (rule := read_specialty(word).rule)]


def _npi(entry: Mapping[str, Any], line: int, log: _Log) -> str | None:
    given = entry.get("npi")
    npi = str(given).strip() if isinstance(given, (str, int)) and not isinstance(given, bool) else ""
    if not npi or npi.lower() == "null":
        return None
    if problem := npi_problem(npi):
        log.say(line, "npi", npi, problem, "this is no NPI; the person is kept without it")
        return None
    return npi


def _own_id(entry: Mapping[str, Any], name: str, addresses: list[Mapping[str, Any]]) -> str:
    """What someone without an NPI is called: the same as long as number, name and first ZIP are the same."""
    where = text(addresses[0], "zip")[:5] if addresses else ""
    whole = "\0".join((str(entry.get("npi") or ""), name.casefold(), where))
    return hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()[:16]


def _name(entry: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """(family, given, the whole name, what else stands in the suffix)."""
    name = one(entry, "name")
    family = family_name(clean(text(name, "last")))[:100]
    given = given_name(clean(text(name, "first")))[:100]
    if not (family or given):
        raise _Rejected("name", entry.get("name"), "name_missing", "neither a first nor a last name is there")
    suffix = text(name, "suffix")
    generation = SUFFIXES.get(suffix.upper().rstrip("."), "")
    parts = (given, given_name(clean(text(name, "middle")))[:60], family, generation)
    return family, given, " ".join(p for p in parts if p)[:200], "" if generation else suffix


def _accepting(entry: Mapping[str, Any], line: int, log: _Log) -> str | None:
    word = " ".join(text(entry, "accepting").lower().split())
    if word and word not in _ACCEPTING:
        log.say(line, "accepting", word, "unknown_code", f"expected {', '.join(_ACCEPTING)}; it is not used")
    return _ACCEPTING.get(word)


def _place(address: Mapping[str, Any]) -> Location | None:
    return place(address, "zip", [p for p in (text(address, "address"), text(address, "address_2")) if p])


class _Log:
    """Reports on the entries of one file."""

    def __init__(self, file: str, reject: Reject) -> None:
        self._file = file
        self._reject = reject
        self._told: set[str] = set()

    def say(self, line: int, field: str | None, value: object, code: str, message: str) -> None:
        """Report what is wrong with the entry on `line`."""
        shown = str(value)[:200].encode("utf-8", "replace").decode()
        self._reject(Issue(NAME, self._file, line, field, shown, code, message))

    def once(self, line: int, field: str, value: str, code: str, message: str) -> None:
        """Report it for the first entry with this value only."""
        if value not in self._told:
            self._told.add(value)
            self.say(line, field, value, code, message)
