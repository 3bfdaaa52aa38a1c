"""From what sources write to the directory's own terms: NPI, phones, ZIPs, license numbers, and the one normaliser of
a profile. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from directory.licensure import REMOTE_MEETING
from directory.profile import Profile
from directory.vocabulary import insurer_payment, vocabulary

# The Luhn sum of two digits of which the first is doubled.
_LUHN: Final = {f"{a}{b}": sum(divmod(2 * a, 10)) + b for a in range(10) for b in range(10)}
_NPI: Final = re.compile(r"[12][0-9]{9}")
_NANP: Final = re.compile(r"1?([2-9][0-9]{2})([2-9][0-9]{2})([0-9]{4})")
NO_NUMBER: Final = re.compile(
    r"\b(?:PENDING|NONE|TBD|UNKNOWN|EXEMPT|APPLIED|APPLYING|IN PROCESS|IN PROGRESS|NOT APPLICABLE|NOT REQUIRED)\b"
)
"""Words that people write where a number is asked for, even beside digits ("PENDING 2024"); in capitals."""

_LETTERS_AND_ZERO: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0"
SHORTEST_NO_LICENSE: Final = 10
"""Characters of an NPI and of a taxonomy code, which some give for a license number."""
_TAXONOMY_CODE: Final = re.compile(r"[0-9]{3}[0-9A-Z]{6}X")


def clean(text: str) -> str:
    """`text` without control and formatting characters (bidirectional overrides too), white space folded.

    >>> clean(" Ann\\x00\\u202e  Lee ")
    'Ann Lee'
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() or c.isspace() else "" for c in text)
    return " ".join(text.split())


def npi_problem(npi: str) -> str | None:
    """What is wrong with `npi`: `npi_malformed`, `npi_check_digit`, or None.

    An NPI is ten digits beginning with 1 or 2, of which the last makes the Luhn sum over 80840 + NPI end in 0
    (45 CFR 162.406, ISO/IEC 7812).

    >>> npi_problem("1234567893"), npi_problem("1234567890"), npi_problem("12345")
    (None, 'npi_check_digit', 'npi_malformed')
    """
    if not _NPI.fullmatch(npi):
        return "npi_malformed"
    pairs = _LUHN[npi[:2]] + _LUHN[npi[2:4]] + _LUHN[npi[4:6]] + _LUHN[npi[6:8]] + _LUHN[npi[8:]]
    total = 24 + pairs  # 24 is the sum over 80840
    return "npi_check_digit" if total % 10 else None


def phone(text: str) -> str | None:
    """`+1 512 555 0142`, from ten digits of the North American plan (or eleven with its 1), however punctuated.

    None for anything else: a number that cannot be called is no number.

    >>> phone("(512) 555-0142"), phone("0468167878")
    ('+1 512 555 0142', None)
    """
    if len(text) == 10 and text.isascii() and text.isdecimal():
        usual = text[0] > "1" and text[3] > "1"
        return f"+1 {text[:3]} {text[3:6]} {text[6:]}" if usual else None
    match = _NANP.fullmatch(re.sub(r"[\s().+/-]", "", text))
    return f"+1 {match[1]} {match[2]} {match[3]}" if match else None


def zip5(text: str) -> str | None:
    """The five digits of a US ZIP code, from ZIP, ZIP+4, or either with the leading zeros that spreadsheets eat.

    >>> zip5("78704-1234"), zip5("7030"), zip5("C1C 1M2")
    ('78704', '07030', None)
    """
    digits = text if text.isdecimal() else re.sub(r"[\s-]", "", text)
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in (3, 4, 5, 8, 9):
        return None
    whole = digits.zfill(5) if len(digits) <= 5 else digits.zfill(9)[:5]
    return whole if whole != "00000" else None


def license_number(text: str, npi: str | None = None) -> str | None:
    """A license number as stated, white space folded; None where it says that there is none.

    A number has a digit other than 0, is not a word like PENDING, not the person's own NPI and not a taxonomy code.

    >>> license_number(" lcs 12345 "), license_number("PENDING"), license_number("101YM0800X")
    ('LCS 12345', None, None)
    """
    if text.isalnum() and text.isascii():
        # Letters and digits alone, which most are: no word among them that could say there is none.
        number = text.upper()
        if not number.strip(_LETTERS_AND_ZERO):
            return None
        if len(number) < SHORTEST_NO_LICENSE:
            return number
        return None if (npi and npi in number) or _TAXONOMY_CODE.fullmatch(number) else number
    number = clean(text.upper()).strip(" .,:;#*'\"-")
    if not any(c in "123456789" for c in number) or NO_NUMBER.search(number):
        return None
    bare = re.sub(r"[^0-9A-Z]", "", number)
    return None if (npi and npi in bare) or _TAXONOMY_CODE.fullmatch(bare) else number


class Contradiction(ValueError):
    """Two things that a source states exclude each other. `field` and `value` name the one that is reported."""

    def __init__(self, field: str, value: object, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.value = value
        self.message = message


_LISTS: Final = {
    "provider_types": "professions",
    "credentials": "credentials",
    "modalities": "modalities",
    "concerns": "concerns",
    "formats": "formats",
    "age_groups": "age_groups",
    "languages": "languages",
    "meeting": "meeting",
    "payment": "payments",
    "insurers": "insurers",
    "times": "times",
    "accessibility": "accessibility",
    "communities": "communities",
}
"""Lists of codes of a profile, with their vocabulary."""

_NEVER_PRESCRIBE: Final = frozenset({"therapist", "social_worker"})


@lru_cache(maxsize=64)
def _rank(name: str) -> dict[str, int]:
    return {code: i for i, code in enumerate(vocabulary(name).codes)}


def in_order(name: str, codes: Iterable[str]) -> tuple[str, ...]:
    """`codes` of a vocabulary, each once, in the vocabulary's order."""
    if codes == ():
        return ()
    rank = _rank(name)
    return tuple(sorted(set(codes), key=lambda c: (rank.get(c, len(rank)), c)))


def prescribes(provider_types: Iterable[str]) -> bool | None:
    """Whether someone of these professions prescribes, as far as the profession alone tells; None if it does not.

    Psychiatrists do, therapists and social workers do not. Psychologists and psychiatric nurses differ among
    themselves: their taxonomy code may say more (see `sources.nppes_parts`).
    """
    types = frozenset(provider_types)
    if "psychiatrist" in types:
        return True
    return False if types and types <= _NEVER_PRESCRIBE else None


def settle(profile: Profile) -> Profile:
    """The profile with everything that its statements imply, lists in vocabulary order: the one normaliser.

    A sliding fee makes a sliding scale, which is a way to pay and the other way round; the company of a network is an
    insurer, and an insurer is a way to pay;
    a way to meet tells whether it is remote; the main profession is one of the professions; professions tell who
    prescribes. Settling twice changes nothing. Raises Contradiction where two statements exclude each other.
    """
    changes: dict[str, Any] = {}
    types = profile.provider_types + ((profile.provider_type,) if profile.provider_type else ())
    main = profile.provider_type or next(iter(types), None)
    _check_fee(profile)
    sliding = _sliding_scale(profile)
    insurers = profile.insurers + tuple(n.company for n in profile.networks if n.company)
    payment = _payment(profile, insurers, sliding)
    changes |= {
        "provider_type": main,
        "provider_types": types,
        "sliding_scale": sliding,
        "payment": payment,
        "insurers": insurers,
        "remote": _remote(profile),
        "prescribes": profile.prescribes if profile.prescribes is not None else prescribes(types),
    }
    for field, name in _LISTS.items():
        changes[field] = in_order(name, changes.get(field, getattr(profile, field)))
    return replace(profile, **changes)


def _check_fee(profile: Profile) -> None:
    fee = profile.fee
    if fee is None or fee.session is None:
        return
    highest = fee.session if fee.session_max is None else fee.session_max
    if highest < fee.session:
        raise Contradiction("fee", highest, f"the highest fee {highest} is below the fee {fee.session}")
    if fee.sliding_low is not None and fee.sliding_low > highest:
        raise Contradiction(
            "fee", fee.sliding_low, f"the lowest sliding fee {fee.sliding_low} is above the fee {highest}"
        )


def _sliding_scale(profile: Profile) -> bool | None:
    low = profile.fee.sliding_low if profile.fee else None
    if profile.sliding_scale is False and low is not None:
        raise Contradiction("sliding_scale", False, f"no sliding scale is stated, but a sliding fee from {low}")
    if profile.sliding_scale is False and "sliding_scale" in profile.payment:
        raise Contradiction("sliding_scale", False, "no sliding scale is stated, but it is among the ways to pay")
    if low is not None or "sliding_scale" in profile.payment:
        return True
    return profile.sliding_scale


def _payment(profile: Profile, insurers: Iterable[str], sliding: bool | None) -> tuple[str, ...]:
    implied = [insurer_payment(i) for i in insurers]
    return (*profile.payment, *implied, *(("sliding_scale",) if sliding else ()))


def _remote(profile: Profile) -> bool | None:
    if not profile.meeting:
        return profile.remote
    ways = [w for w in profile.meeting if w in REMOTE_MEETING]
    if profile.remote is False and ways:
        raise Contradiction(
            "remote", False, f"no remote sessions are stated, but a remote way to meet: {', '.join(ways)}"
        )
    if profile.remote is True and not ways:
        raise Contradiction("remote", True, "remote sessions are stated, but only meetings in person")
    return bool(ways)
