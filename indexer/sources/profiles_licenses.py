"""Licenses as people write them in one cell -> grants in the public form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from directory.licensure import GRANT_STATUSES
from directory.profile import Grant
from directory.profile_schema import rule
from directory.vocabulary import state_code, vocabulary
from indexer import credentials, normalize
from indexer.sources.profiles_reading import Mistake, Reading
from indexer.sources.profiles_values import Wrong, code, codes, day, parts, text

_EXPIRY: Final = re.compile(
    r"[\s,(]*\b(?:exp|expires|expiring|expiry|expiration|until|valid until|valid through|through|thru)\b[.:]?"
    r"(?:\s+on)?\s*(?P<date>[^()]+?)\s*\)?\s*$",
    re.IGNORECASE,
)
_FILLER: Final = re.compile(r"#|\b(?i:licensed?|licence|lic|number|no|nr)\b\.?:?|\b(?:in|of|state)\b")
_CUT: Final = re.compile(r"[\s,:()]+")
_NUMBER_PREFIX: Final = 6
_SHAPE: Final = "expected the state and the number, such as TX 12345 or LPC TX 12345 exp 2027-01-31"


@dataclass(frozen=True, slots=True)
class License:
    """A license read from text; `credentials` are those written beside it."""

    state: str
    number: str | None
    expires_on: str | None
    credentials: tuple[str, ...]

    def grant(self) -> dict[str, Any]:
        """The license as a self-reported grant in the public form."""
        return {
            "kind": "license",
            "jurisdiction": self.state,
            "number": self.number,
            "status": "listed",
            "expires_on": self.expires_on,
        }


def read(value: str) -> License:
    """`TX 12345`, `LPC TX 12345 exp 2027-01-31`, `Texas license #12345`, `TX`. Raises Wrong."""
    rest, expires_on = value.strip(), None
    if match := _EXPIRY.search(rest):
        expires_on = day(match["date"])
        rest = rest[: match.start()]
    words = [w for w in _CUT.split(_FILLER.sub(" ", rest) if state_code(rest) is None else rest) if w]
    for start, end, usps in _states(words):
        others = words[:start] + words[end:]
        known, left = _credentials(others, usps)
        if _fits_number(left):
            number = _number(left, value)
            return License(usps, number, expires_on, known)
    raise Wrong("not_a_license", _SHAPE, value)


def _states(words: Sequence[str]) -> list[tuple[int, int, str]]:
    """(first word, word after, code) of everything that may be the state; full names first, as `MD` may be a degree."""
    found = []
    for size in (3, 2, 1):
        for start in range(len(words) - size + 1):
            name = " ".join(words[start : start + size])
            usps = state_code(name)
            if usps and (len(name) > 2 or name == name.upper()):
                found.append((start, start + size, usps))
    # Of two that both fit, the one that is no credential: MD TX 12345 is a physician's license of Texas.
    return sorted(found, key=lambda f: credentials.parse(words[f[0]], (f[2],)).codes != ())


def _credentials(words: Sequence[str], usps: str) -> tuple[tuple[str, ...], list[str]]:
    """Codes of the words that are credentials, and the words left over."""
    known: list[str] = []
    left: list[str] = []
    for word in words:
        read_word = credentials.parse(word, (usps,)) if not any(c.isdigit() for c in word) else None
        if read_word and read_word.codes and not read_word.unmapped:
            known.extend(read_word.codes)
        else:
            left.append(word)
    return tuple(dict.fromkeys(known)), left


def _fits_number(words: Sequence[str]) -> bool:
    """Whether what is left can be a number: nothing, or words of which one has a digit and none is a long word."""
    if not words:
        return True
    return any(c.isdigit() for c in "".join(words)) and all(
        any(c.isdigit() for c in w) or len(w) <= _NUMBER_PREFIX for w in words
    )


def _number(words: Sequence[str], value: str) -> str | None:
    if not words:
        return None
    number = normalize.license_number(" ".join(words))
    if number is None:
        raise Wrong("not_a_license", f"no license number in it; {_SHAPE}", value)
    return text(number, rule(Grant, "number"))


# The columns and keys of a row that speak of licenses


def take(row: dict[str, Any], out: Reading) -> None:
    """Take `grants` (JSON), `license` and the columns beside it, and `license_states` out of `row`, into
    `out.public["grants"]`. Active needs who checked and when, else the license stays self-reported."""
    grants = _objects(row.pop("grants", None), out)
    common = _columns(row, out)
    for written in parts(row.pop("license", [])):
        grants.extend(_written("license", written, common, out))
    known = {g.get("jurisdiction") for g in grants if g.get("kind") == "license"}
    found, wrong = codes(row.pop("license_states", []), vocabulary("states"))
    for error in wrong:
        out.wrong("license_states", error.value, error)
    grants += [{"kind": "license", "jurisdiction": s, "status": "listed"} | common for s in found if s not in known]
    for grant in grants:
        if grant.get("status") == "active" and not (grant.get("source") and grant.get("checked_on")):
            grant["status"] = "listed"
            message = "kept as self-reported (listed): active needs who checked it and when (source, checked_on)"
            out.notes.append(Mistake("license_status", "active", "unconfirmed", message))
    if grants:
        out.public["grants"] = grants


def _written(target: str, written: Any, common: dict[str, Any], out: Reading) -> Iterator[dict[str, Any]]:
    """The grant in one text, with what its neighbours say of it; nothing where that is a mistake."""
    try:
        if not isinstance(written, str):
            raise Wrong("wrong_type", f"expected text; {_SHAPE}")
        read_license = read(written)
    except Wrong as error:
        out.wrong(target, written, error)
        return
    out.extend("credentials", read_license.credentials)
    own = {k: v for k, v in read_license.grant().items() if v is not None}
    expiry = {"expires_on": read_license.expires_on} if read_license.expires_on else {}
    yield own | common | expiry


def _columns(row: dict[str, Any], out: Reading) -> dict[str, Any]:
    """What the columns beside `license` say of every license in the row."""
    said = Reading(out.today)
    readers: dict[str, Callable[[Any], Any]] = {
        "status": _status,
        "source": lambda v: text(v, rule(Grant, "source")),
        "checked_on": lambda v: day(v, not_after=out.today),
        "expires_on": day,
    }
    for name, reader in readers.items():
        if f"license_{name}" in row:
            said.put(name, row.pop(f"license_{name}"), reader)
    out.mistakes.extend(replace(m, target=f"license_{m.target}") for m in said.mistakes)
    return said.public


def _status(value: Any) -> str:
    word = str(value).strip().lower()
    if word not in GRANT_STATUSES:
        raise Wrong("unknown_code", f"{value!r} is not known; allowed: {', '.join(GRANT_STATUSES)}", str(value))
    return word


def _objects(given: Any, out: Reading) -> list[dict[str, Any]]:
    """Grants as objects of the public form, in a cell as JSON; texts among them are read as licenses."""
    if isinstance(given, str) and given.lstrip().startswith(("[", "{")):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            out.wrong("grants", given, Wrong("not_json", "expected a JSON list of objects"))
            return []
    found: list[dict[str, Any]] = []
    for i, one in enumerate(given if isinstance(given, list) else [] if given is None else [given]):
        if isinstance(one, Mapping):
            found.append(_object(f"grants[{i}]", one, out))
        else:
            found.extend(_written(f"grants[{i}]", one, {}, out))
    return found


def _object(path: str, given: Mapping[str, Any], out: Reading) -> dict[str, Any]:
    inner = Reading(out.today)
    readers: dict[str, Callable[[Any], Any]] = {
        "checked_on": lambda v: day(v, not_after=out.today),
        "expires_on": day,
        "jurisdiction": lambda v: code(v, vocabulary("states")),
    }
    for name, value in given.items():
        if value is not None and value != "":
            inner.put(str(name), value, readers.get(str(name), lambda v: v))
    out.mistakes.extend(replace(m, target=f"{path}.{m.target}") for m in inner.mistakes)
    return inner.public
