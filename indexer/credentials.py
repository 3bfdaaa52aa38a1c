"""Credentials as people write them after their names -> codes. Pure.

What each one means is in the vocabulary files (`directory.vocabulary.read_credential`); here a text is cut into them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from directory.vocabulary import CredentialReading, read_credential
from indexer.normalize import clean, in_order

_CUT: Final = re.compile(r"[,;|&+()\[\]]|\s+(?:AND|WITH)\s+", re.IGNORECASE)
# "AMFT #143990", "LMFT 90331", "RADT I: 12-345": a license number behind its credential.
_NUMBER: Final = re.compile(r"\s*(?:#|\bNO\.?|\bNUMBER|:)*\s*#?[A-Z]{0,3}\d[\d-]{2,}\s*$", re.IGNORECASE)
# Words that say of the credential before them that its holder is not there yet.
_STAGES: Final = frozenset(
    {"ASSOCIATE", "INTERN", "TRAINEE", "CANDIDATE", "RESIDENT", "STUDENT", "SUPERVISEE", "PROVISIONAL"}
)
_DEGREES: Final = frozenset({"phd", "psyd", "edd", "md", "do", "rn"})


@dataclass(frozen=True, slots=True)
class Credentials:
    """`codes` in the vocabulary's order; `unmapped` are the pieces nobody here knows, or that mean several things.
    `by_state`: with other states they may be others."""

    codes: tuple[str, ...]
    unmapped: tuple[str, ...]
    by_state: bool


@lru_cache(maxsize=20_000)
def parse(text: str, states: tuple[str, ...] = ()) -> Credentials:
    """The credentials in `text`, such as "MA, LPC-A" or "PSY.D. LCSW".

    `states` (USPS) are those of the licenses, the main one first, then that of the practice: some letters mean one
    license here and another there, and the first state that decides counts.

    >>> parse("MSN, APRN, PMHNP-BC").codes, parse("LAC", ("AZ",)).codes, parse("LAC").unmapped
    (('pmhnp', 'aprn'), ('supervised',), ('LAC',))
    """
    found: list[str] = []
    unmapped: list[str] = []
    by_state = False
    for part in _CUT.split(clean(text)):
        piece = _NUMBER.sub("", part).strip(" .:-*'\"")
        if not piece:
            continue
        if piece.upper() in _STAGES:
            if found and found[-1] not in _DEGREES:
                found.pop()
            found.append("supervised")
            continue
        codes, unknown, differs = _piece(piece, states)
        found.extend(codes)
        unmapped.extend(unknown)
        by_state |= differs
    return Credentials(in_order("credentials", found), tuple(dict.fromkeys(unmapped)), by_state)


@lru_cache(maxsize=20_000)
def _piece(piece: str, states: tuple[str, ...]) -> tuple[list[str], list[str], bool]:
    """Codes and unknown words of a piece without commas (the longest run of words that is known, then the next), and
    whether any of them goes by state."""
    words = piece.split()
    codes: list[str] = []
    unknown: list[str] = []
    by_state = False
    start = 0
    while start < len(words):
        for end in range(len(words), start, -1):
            reading = _read(" ".join(words[start:end]), states)
            if reading.kind != "unknown" or end == start + 1:
                break
        if reading.kind == "unknown" and "/" in words[start]:
            words[start : start + 1] = [w for w in words[start].split("/") if w]
            continue
        by_state |= reading.by_state
        if reading.code:
            codes.append(reading.code)
        elif reading.kind in ("unknown", "ambiguous"):
            unknown.append(" ".join(words[start:end]).upper())
        start = end
    return codes, unknown, by_state


_known = lru_cache(maxsize=20_000)(read_credential)


@lru_cache(maxsize=20_000)
def _read(text: str, states: tuple[str, ...]) -> CredentialReading:
    reading = _known(text)
    if reading.kind == "unknown" or not states:
        return reading
    for state in states:
        there = _known(text, state)
        if there != reading:
            return there
    return reading
