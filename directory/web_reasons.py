"""Why somebody is shown, and why not, in plain words. Of a treatment it says what there is evidence for, of a provider
only what they state. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from directory import reasons
from directory.evidence import concern_words
from directory.facets import FACET
from directory.profile import Profile
from directory.search_request import SearchRequest
from directory.vocabulary import facet_vocabulary, vocabulary
from directory.web_words import dollars, line, listing, plural

_MOST: Final = 4
"""Codes named of one field."""


def why(found: Iterable[Mapping[str, Any]]) -> str:
    """Why it is shown: what of the words matched where, in a sentence; empty without any reason."""
    told = list(found)
    backed = [r for r in told if r["how"] == "evidence"]
    offered = {r["code"] for r in backed}
    by_field: dict[str, dict[str, str]] = {}
    for reason in told:
        if reason["field"] != "modality" or reason["code"] not in offered:
            key = reason.get("code") or reason["matched"]
            by_field.setdefault(str(reason["field"]), {}).setdefault(str(key), str(reason["matched"]))
    parts = [p for field, matched in by_field.items() if (p := _part(field, matched))]
    # What they say of themselves first, then what is known of the treatment.
    text = "; ".join([*parts, *_treatments(backed)])
    return text[:1].upper() + text[1:]


def _part(field: str, matched: Mapping[str, str]) -> str:
    """`matched` maps codes (or words, where a field has no codes) to the word as typed."""
    if field == "concern":
        return f"works with {', '.join([_concern(code) for code in matched][:_MOST])}"
    if field == "modality":
        return f"offers {', '.join([vocabulary('modalities').label(code) for code in matched][:_MOST])}"
    said = listing([f"“{line(word, 40)}”" for word in dict.fromkeys(matched.values())], 4)
    return {
        "name": f"the name has {said}",
        "city": f"the place has {said}",
        "bio": f"says {said} about their work",
    }.get(field, "")


def _concern(code: str) -> str:
    """`PTSD`, `insomnia and sleep`."""
    short = vocabulary("concerns").terms[code].short
    return short if short.isupper() else concern_words(code)


def _treatments(backed: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """`offers EMDR, a treatment with evidence for PTSD`."""
    by_concern: dict[str, list[str]] = {}
    for reason in backed:
        term, ages = vocabulary("modalities").terms[reason["code"]], vocabulary("age_groups")
        whom = listing([ages.label(code).lower() for code in reason.get("audience", ())])
        # EMDR and CBT are what people call these treatments; two letters are known to nobody.
        name = (term.short if len(term.short) > 2 else term.label) + (f" (for {whom})" if whom else "")
        by_concern.setdefault(str(reason["concern"]), []).append(name)
    for concern, names in by_concern.items():
        which = list(dict.fromkeys(names))
        kind = "a treatment" if len(which) == 1 else "treatments"
        yield f"offers {listing(which, _MOST)}, {kind} with evidence for {_concern(concern)}"


def why_not(profile: Profile, request: SearchRequest) -> tuple[str, ...]:
    """Why the search of `request` (as it was understood) does not find `profile`, a sentence for each filter; empty
    when it does."""
    return tuple(_sentence(reason, request) for reason in reasons.why_not(profile, request))


def _sentence(reason: Mapping[str, Any], request: SearchRequest) -> str:
    name, asked, stated = reason["filter"], reason["asked"], reason["stated"]
    if name in FACET:
        known = facet_vocabulary(FACET[name])
        theirs = listing([known.label(c) for c in stated], _MOST) if stated else "not stated"
        return f"{FACET[name].label}: {theirs}. You asked for {listing([known.label(c) for c in asked], _MOST)}."
    if name == "q":
        return f"{listing([f'“{line(word, 40)}”' for word in asked], _MOST)}: not in this profile."
    if name == "state":
        place = vocabulary("states").label(asked)
        if stated is None:
            return f"No license is known, in {place} or elsewhere."
        return f"Not known to be allowed to see someone in {place} in a way that you asked for and they offer."
    if name == "office_state":
        return f"No office in {vocabulary('states').label(asked)} is stated."
    theirs, wanted = _AMOUNTS[name]
    return f"{theirs(stated) if stated is not None else _SILENT[name]}. You asked for {wanted(asked)}."


_SILENT: Final = {
    "max_fee": "No fee is stated",
    "near": "No place is known",
    "min_experience": "Experience is not stated",
    "verified_within": "Never confirmed so far",
}
_AMOUNTS: Final[Mapping[str, Any]] = {
    "max_fee": (lambda n: f"The lowest fee stated is {dollars(n)} a session", lambda n: f"at most {dollars(n)}"),
    "near": (
        lambda n: f"The nearest place is {plural(round(n), 'mile', 'miles')} away",
        lambda n: f"at most {plural(round(n), 'mile', 'miles')}",
    ),
    "min_experience": (
        lambda n: f"In practice for {plural(n, 'year', 'years')}",
        lambda n: f"at least {plural(n, 'year', 'years')}",
    ),
    "verified_within": (
        lambda n: f"Last confirmed {plural(n, 'day', 'days')} ago",
        lambda n: f"at most {plural(n, 'day', 'days')}",
    ),
}
