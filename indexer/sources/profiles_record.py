"""One row of an own file -> a profile, or every mistake in it. Pure but for the date of the day."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from marshmallow import ValidationError

from directory import profile_schema, provenance
from directory.profile import Profile, Provenance
from directory.profile_schema import COMPUTED, OWN_ID, rule
from indexer import credentials
from indexer.normalize import Contradiction, settle
from indexer.sources import profiles_fees, profiles_fields, profiles_licenses, profiles_places, profiles_values
from indexer.sources.profiles_reading import Mistake, Reading
from indexer.sources.profiles_values import Wrong

SOURCE_ID: Final = "profiles"
"""What comes before the own id of a provider without NPI."""

_NOTHING: Final = frozenset({"", "n/a", "#n/a", "-", "--", "–", "—", "?", "not stated", "unknown", "null"})
"""What people write where nothing is to be said."""

_SHEET_ERROR: Final = re.compile(r"#(?:REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!)|#{4,}")
_KNOWN_ID: Final = rf"(?:{SOURCE_ID}|plan_net|qhp):{OWN_ID}"
_STAND_IN: Final = {"id": f"{SOURCE_ID}:0", "name": "0"}
"""In place of what is missing, so that what is wrong with the rest of a row is found all the same."""


@dataclass(frozen=True, slots=True)
class Record:
    """A row read: the profile, or None with the mistakes that forbid it. `id` is whom it means, if that can be told;
    `notes` are remarks on what was kept."""

    id: str | None
    profile: Profile | None
    mistakes: tuple[Mistake, ...]
    notes: tuple[Mistake, ...]


def read(stated: Mapping[str, Any], today: date, mistakes: Sequence[Mistake] = ()) -> Record:
    """The profile in a row: target (see `profiles_columns`) -> value as written; `mistakes` are those known before.

    Every mistake is found, not only the first; contradictions among what is right are, too.
    """
    out = Reading(today, mistakes=list(mistakes))
    row: dict[str, Any] = {}
    for target, value in stated.items():
        if (target in COMPUTED and target != "license_states") or _nothing(value):
            continue
        if isinstance(value, str) and _SHEET_ERROR.fullmatch(value.strip()):
            out.wrong(target, value, Wrong("spreadsheet_error", "an error of the spreadsheet stands here"))
            continue
        row[target] = value
        if found := profiles_values.removed(value):
            message = "invisible control characters were removed"
            out.notes.append(Mistake(target, ", ".join(found), "characters_removed", message))
    for group in (profiles_places, profiles_licenses, profiles_fees):
        group.take(row, out)
    _identify(row.pop("npi", None), row.pop("id", None), out)
    for target, value in row.items():
        profiles_fields.take(target, value, out)
    _name(out)
    profile = _loaded(out)
    profile = None if out.mistakes else profile
    return Record(out.public.get("id"), profile, tuple(_as_written(m, stated) for m in out.mistakes), tuple(out.notes))


def _as_written(mistake: Mistake, stated: Mapping[str, Any]) -> Mistake:
    """`mistake` with the value as the row has it, where a contradiction was found only later."""
    written = stated.get(mistake.target)
    late = mistake.code == "contradiction" and isinstance(written, str)
    return replace(mistake, value=written) if late and written else mistake


def _nothing(value: Any) -> bool:
    return value is None or value in ([], {}) or (isinstance(value, str) and value.strip().lower() in _NOTHING)


def _identify(npi: Any, own_id: Any, out: Reading) -> None:
    """`npi` and `id`: `npi:<NPI>` where there is one, else `profiles:<own id>`; ids of other sources stay."""
    own = "" if own_id is None else re.sub(r"(?<=\d)\.0+$", "", str(own_id).strip())
    if own.startswith("npi:"):
        if npi is not None and str(npi).strip() != own[4:]:
            out.wrong("id", own, Wrong("contradiction", f"another NPI than {npi}"))
        npi = own[4:] if npi is None else npi
    if npi is not None:
        if found := out.put("npi", npi, profiles_values.npi):
            out.public["id"] = f"npi:{found}"
    elif not own:
        if any(m.target in ("npi", "id") for m in out.mistakes):
            return
        out.wrong("npi", "", Wrong("missing", "an NPI is needed, or an id of your own"))
    elif re.fullmatch(_KNOWN_ID, own):
        out.public["id"] = own
    elif re.fullmatch(OWN_ID, own):
        out.public["id"] = f"{SOURCE_ID}:{own}"
    else:
        out.wrong("id", own, Wrong("bad_id", f"expected {rule(Profile, 'id').shape}"))


def _name(out: Reading) -> None:
    """The name: as given, else given and family name; credentials behind a comma move to where they belong."""
    public = out.public
    if "name" not in public:
        if any(m.target in ("name", "family", "given") for m in out.mistakes):
            return
        if not ("given" in public and "family" in public):
            out.wrong("name", "", Wrong("missing", "a name is needed: name, or given and family"))
            return
        public["name"] = f"{public['given']} {public['family']}"
    name, comma, after = public["name"].partition(",")
    if comma and name.strip():
        found = credentials.parse(after)
        if found.codes and not found.unmapped:
            public["name"] = name.strip()
            out.extend("credentials", found.codes)


def _loaded(out: Reading) -> Profile | None:
    """The profile of what was read, settled; None where the schema refuses it."""
    public = _STAND_IN | out.public
    try:
        profile = profile_schema.load(public)
    except ValidationError as error:
        for path, message in profile_schema.mistakes(error):
            out.mistakes.append(Mistake(path, _at(public, path), "invalid", message))
        return None
    profile = _settled(profile, out)
    return profile if profile.provenance else own_word(profile)


def _settled(profile: Profile, out: Reading) -> Profile:
    """`profile` settled; each contradiction is noted and what it names left out, so that the next is found."""
    while True:
        try:
            return settle(profile)
        except Contradiction as error:
            out.mistakes.append(Mistake(error.field, str(error.value), "contradiction", error.message))
            left_out: dict[str, Any] = {error.field: None}  # a fee or a flag
            profile = replace(profile, **left_out)


def own_word(profile: Profile) -> Profile:
    """A profile that its owner wrote, with its provenance: their own word for each group that they state."""
    said = Provenance("fictional" if profile.demo else "own profile", profile.verified_on, "self-reported")
    return replace(profile, provenance={name: said for name in provenance.GROUPS if provenance.stated(profile, name)})


def _at(public: Any, path: str) -> str:
    """The value at a path such as `grants[0].kind`; empty where there is none."""
    for step in re.findall(r"[^.\[\]]+", path):
        try:
            public = public[int(step)] if isinstance(public, list) else public[step]
        except (KeyError, IndexError, ValueError, TypeError):
            return ""
    return str(public)
