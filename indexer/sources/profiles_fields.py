"""The fields of an own row that stand for themselves: codes, flags, dates, numbers, texts, addresses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeAlias

from directory.facets import FACETS
from directory.profile import Profile
from directory.profile_schema import rule
from directory.vocabulary import vocabulary
from indexer.sources import profiles_values as values
from indexer.sources.profiles_reading import Reading
from indexer.sources.profiles_values import Wrong

_CODES: Final = {f.field: f.vocabulary for f in FACETS if f.vocabulary}
_SEVERAL: Final = frozenset(f.field for f in FACETS if f.kind == "codes")
_FLAGS: Final = frozenset({f.field for f in FACETS if f.kind == "flag"} | {"demo", "primary"})
_DAYS: Final = frozenset({"accepting_as_of", "next_available", "verified_on"})
_LINES: Final = frozenset({"bio", "hours"})
"""Texts whose line breaks count."""

_Read: TypeAlias = Callable[[str, Any, Reading], None]


def take(target: str, value: Any, out: Reading) -> None:
    """Read the field `target` of a row into `out`."""
    _READ.get(target, _plain)(target, value, out)


def _plain(target: str, value: Any, out: Reading) -> None:
    """A field whose kind tells how it is read."""
    known = rule(Profile, target)
    if target in _FLAGS:
        out.put(target, value, values.flag)
    elif target in _SEVERAL:
        out.extend(target, *values.codes(value, vocabulary(_CODES[target])))
    elif target in _CODES:
        out.put(target, value, lambda v: values.code(v, vocabulary(_CODES[target])))
    elif target in _DAYS:
        out.put(target, value, lambda v: values.day(v, not_after=out.today if known.past else None))
    else:
        out.put(target, value, lambda v: values.text(v, known, lines=target in _LINES))


def _professions(target: str, value: Any, out: Reading) -> None:
    """One or several professions: the first of `provider_type` is the main one."""
    found, wrong = values.codes(value, vocabulary("professions"))
    if target == "provider_type" and found:
        out.public["provider_type"] = found[0]
    out.extend("provider_types", found)
    for error in wrong:
        out.wrong(target, value, error)


def _accepting(target: str, value: Any, out: Reading) -> None:
    """A code or its names, or a word for yes or no."""
    known = vocabulary("accepting")
    try:
        out.public[target] = "yes" if values.flag(value) else "no"
    except Wrong:
        out.put(target, value, lambda v: values.code(v, known))


def _credentials(target: str, value: Any, out: Reading) -> None:
    """Credentials; the states of licenses and offices decide what ambiguous letters mean."""
    states = [g.get("jurisdiction") for g in out.public.get("grants", ())]
    states += [loc["state"] for loc in out.public.get("locations", ())]
    out.extend(target, *values.credential_codes(value, [s for s in states if s]))


def _other_names(target: str, value: Any, out: Reading) -> None:
    for name in values.parts(value):
        try:
            out.extend(target, [values.text(name, rule(Profile, target))])
        except Wrong as error:
            out.wrong(target, name, error)


def _since(target: str, value: Any, out: Reading) -> None:
    year = out.put(target, value, lambda v: values.whole(v, rule(Profile, target)))
    if year is not None and year > out.today.year:
        del out.public[target]
        out.wrong(target, value, Wrong("date_in_future", f"expected a year up to {out.today.year}"))


def _phone(target: str, value: Any, out: Reading) -> None:
    out.put(target, value, values.phone)


def _email(target: str, value: Any, out: Reading) -> None:
    out.put(target, value, lambda v: values.email(v, rule(Profile, target)))


def _web(target: str, value: Any, out: Reading) -> None:
    out.put(target, value, lambda v: values.web_address(v, rule(Profile, target)))


def _networks(target: str, value: Any, out: Reading) -> None:
    """Plans and networks as objects; a column of that name which holds names means insurers."""
    if not isinstance(value, list) or not any(isinstance(v, Mapping) for v in value):
        _plain("insurers", value, out)
        return
    for i, given in enumerate(value):
        if not isinstance(given, Mapping):
            shape = "expected an object with name, company, tier, source and as_of"
            out.wrong(target, given, Wrong("wrong_type", shape))
            continue
        out.extend(target, [_part(f"{target}[{i}]", given, out)])


def _provenance(target: str, value: Any, out: Reading) -> None:
    """The word of others, as an answer of the API tells it."""
    if not isinstance(value, Mapping) or not all(isinstance(v, Mapping) for v in value.values()):
        out.wrong(target, value, Wrong("wrong_type", "expected an object of groups, each with source, as_of and how"))
        return
    groups: dict[str, dict[str, Any]] = {}
    for group, said in value.items():
        groups[str(group)] = _part(f"{target}.{group}", said, out)
        others = said.get("others")
        if isinstance(others, list) and all(isinstance(o, Mapping) for o in others):
            path = f"{target}.{group}.others"
            groups[str(group)]["others"] = [_part(f"{path}[{i}]", o, out) for i, o in enumerate(others)]
    out.public[target] = groups


def _part(path: str, given: Mapping[str, Any], out: Reading) -> dict[str, Any]:
    """The object at `path` with its `as_of` as a date and its `company` as a code, where they are right."""
    readers: dict[str, Callable[[Any], Any]] = {
        "as_of": lambda v: values.day(v, not_after=out.today),
        "company": lambda v: values.code(v, vocabulary("insurers")),
    }
    inner = Reading(out.today, public={k: v for k, v in given.items() if v or k not in readers})
    for name, read in readers.items():
        if given.get(name) and inner.put(name, given[name], read) is None:
            del inner.public[name]
    out.mistakes.extend(replace(m, target=f"{path}.{m.target}") for m in inner.mistakes)
    return inner.public


_READ: Final[Mapping[str, _Read]] = {
    "provider_type": _professions,
    "provider_types": _professions,
    "accepting": _accepting,
    "credentials": _credentials,
    "other_names": _other_names,
    "experience_since": _since,
    "phone": _phone,
    "email": _email,
    "website": _web,
    "photo": _web,
    "networks": _networks,
    "provenance": _provenance,
}
