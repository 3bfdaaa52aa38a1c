"""From what people and spreadsheets write to the public form of a profile, value by value. Pure.

Each function takes one raw value that is stated (never empty) and raises `Wrong`, which says what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from directory.profile_schema import HIGHEST_FEE, UNCLEAN, Rule
from directory.terms import Vocabulary
from directory.text import fold
from directory.vocabulary import state_code, vocabulary
from indexer import credentials, normalize


class Wrong(ValueError):
    """A value that cannot be taken. `code` is short and stable, `value` the part meant (None: the whole value)."""

    def __init__(self, code: str, message: str, value: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.value = value


_YES: Final = frozenset({"yes", "y", "true", "t", "x", "1", "on", "si", "✓", "✔", "☑"})
_NO: Final = frozenset({"no", "n", "false", "f", "0", "off", "✗", "✘", "☐"})
_MORE_CODES: Final = 15
"""Vocabularies up to this size are listed in full in a message."""


def flag(value: Any) -> bool:
    """yes, y, true, x, 1… or no, n, false, 0…, in any case."""
    if isinstance(value, bool):
        return value
    word = fold(str(value))
    if word in _YES or word in _NO:
        return word in _YES
    raise Wrong("not_yes_or_no", "expected yes or no (also y/n, true/false, x)")


_SEPARATORS: Final = re.compile(r"[;|\n\r]+")


def parts(value: Any) -> list[Any]:
    """The several values in one: the items of a list, or what stands between `;`, `|` or line breaks."""
    if isinstance(value, list):
        return [v for v in value if v is not None and v != ""]
    if isinstance(value, str):
        return [p for part in _SEPARATORS.split(value) if (p := part.strip())]
    return [value]


def code(value: Any, known: Vocabulary) -> str:
    """The code that a code, label, abbreviation or alias names."""
    if isinstance(value, str):
        if value in known:
            return value
        if found := _find(known.name, value):
            return found
    raise unknown_code(value, known)


@lru_cache(maxsize=50_000)
def _find(name: str, value: str) -> str | None:
    return vocabulary(name).find(value)


def unknown_code(value: Any, known: Vocabulary) -> Wrong:
    """What is said of a value that `known` does not have."""
    if not isinstance(value, str):
        return Wrong("wrong_type", f"expected text, not {_kind(value)}", str(value))
    near = known.near(value)
    hint = f"; did you mean {known.label(near[0])} ({near[0]})?" if near else ""
    if len(known) <= _MORE_CODES:
        allowed = f"allowed: {', '.join(known.codes)}"
    else:
        allowed = f"allowed: the {len(known)} codes and names of {known.name}, such as {', '.join(known.codes[:3])}"
    return Wrong("unknown_code", f"{value!r} is not known{hint}; {allowed}", value)


def codes(value: Any, known: Vocabulary) -> tuple[list[str], list[Wrong]]:
    """All codes that a list names, and what is wrong with the rest. Commas separate too, where no name has them."""
    found: list[str] = []
    wrong: list[Wrong] = []
    for part in parts(value):
        pieces = [part]
        if isinstance(part, str) and "," in part and part not in known and known.find(part) is None:
            pieces = [p for piece in part.split(",") if (p := piece.strip())]
        for piece in pieces:
            try:
                found.append(code(piece, known))
            except Wrong as error:
                wrong.append(error)
    return list(dict.fromkeys(found)), wrong


def credential_codes(value: Any, states: Sequence[str]) -> tuple[list[str], list[Wrong]]:
    """Codes of credentials in any punctuation ("PSY.D., LCSW"); degrees that license nobody are passed over.
    `states` decide what letters like LAC mean."""
    known = vocabulary("credentials")
    found: list[str] = []
    wrong: list[Wrong] = []
    for part in parts(value):
        if isinstance(part, str) and part in known:
            found.append(part)
            continue
        if not isinstance(part, str):
            wrong.append(unknown_code(part, known))
            continue
        read = credentials.parse(part, tuple(states))
        found.extend(read.codes)
        wrong.extend(unknown_code(word, known) for word in read.unmapped)
    return list(dict.fromkeys(found)), wrong


_GROUPED: Final = r"\d{1,3}(?:,\d{3})+|\d+"
_MONEY: Final = re.compile(
    rf"(?:usd|us\$|\$)?\s*(?P<whole>{_GROUPED})(?:\.(?P<cents>\d+))?\s*(?:usd|us\$|\$|dollars?)?"
    r"\s*(?:(?:/|per |a |each )\s*(?:session|visit))?",
    re.ASCII,
)
_OTHER_MONEY: Final = re.compile(r"[€£¥₹]|\b(?:eur|gbp|cad|mxn)\b")
_RANGE: Final = re.compile(r"\s*(?:-|–|—|\bto\b)\s*")


def money(value: Any) -> int:
    """Whole US dollars: 120, "120.00", "$1,200", "$120 per session", "free"."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Wrong("not_a_price", f"expected whole dollars such as 120, not {_kind(value)}")
    text = fold(str(value))
    if text == "free":
        return 0
    if _OTHER_MONEY.search(text):
        raise Wrong("currency", "only US dollars can be compared; expected whole dollars such as 120")
    match = _MONEY.fullmatch(text)
    if match is None:
        raise Wrong("not_a_price", "expected whole dollars such as 120 or $120")
    if int(match["cents"] or 0):
        raise Wrong("not_whole", f"expected whole dollars, such as {match['whole']}")
    amount = int(match["whole"].replace(",", "")[:12])
    if amount > HIGHEST_FEE:
        raise Wrong("out_of_range", f"expected at most {HIGHEST_FEE:,} dollars")
    return amount


def price_range(value: Any) -> tuple[int, int | None]:
    """(lowest, highest) fee of a session; highest is None for a single price."""
    ends = _RANGE.split(value.strip()) if isinstance(value, str) else [value]
    if len(ends) == 2 and all(ends):
        low, high = money(ends[0]), money(ends[1])
        if high < low:
            raise Wrong("contradiction", f"the range ends at {high}, below its start {low}")
        return low, high
    return money(value), None


_WHOLE: Final = re.compile(rf"({_GROUPED})(?:\.0+)?(?:\s*(?:min|mins|minutes))?", re.ASCII)


def whole(value: Any, rule: Rule) -> int:
    """A whole number within the bounds of `rule`."""
    match = None if isinstance(value, bool) else _WHOLE.fullmatch(str(value).strip().lower())
    if match is None:
        raise Wrong("not_a_number", "expected a whole number")
    number = int(match[1].replace(",", "")[:12])
    if not (rule.least or 0) <= number <= (rule.most or number):
        raise Wrong("out_of_range", f"expected {rule.least} to {rule.most}")
    return number


_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH: Final = rf"(?P<month>{'|'.join(_MONTHS)})[a-z]*\.?"
_TIME: Final = r"(?:[t ]\s*\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?\s*(?:am|pm)?(?:z|[+-]\d\d:?\d\d)?)?"
_DATES: Final = tuple(
    re.compile(pattern + _TIME, re.ASCII)
    for pattern in (
        r"(?P<y>\d{4})[-/](?P<m>\d{1,2})[-/](?P<d>\d{1,2})",
        r"(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4}|\d\d)",
        rf"(?P<d>\d{{1,2}})[- ]{_MONTH}[- ](?P<y>\d{{4}}|\d\d)",
        rf"{_MONTH} (?P<d>\d{{1,2}}),? (?P<y>\d{{4}})",
    )
)
_SERIAL: Final = re.compile(r"(\d{5})(?:\.\d+)?", re.ASCII)
_SERIAL_ZERO: Final = date(1899, 12, 30)  # Excel's day 0 for every date from March 1900 on
_DATE_SHAPES: Final = "expected a date such as 2026-10-01, 10/1/2026 (month first) or 1-Oct-26"


def day(value: Any, *, not_after: date | None = None) -> str:
    """A date in ISO 8601, from the ways spreadsheets write one, a spreadsheet's serial number among them.
    With `not_after` a later one is refused."""
    text = value.strip().lower() if isinstance(value, str) else "" if isinstance(value, bool) else str(value)
    found = _serial(text) or _written_date(text)
    if found is None:
        raise Wrong("not_a_date", _DATE_SHAPES)
    if not_after is not None and found > not_after:
        raise Wrong("date_in_future", f"{found} is in the future: expected a date up to today, {not_after}")
    return found.isoformat()


def _serial(text: str) -> date | None:
    match = _SERIAL.fullmatch(text)
    return _SERIAL_ZERO + timedelta(days=int(match[1])) if match and match[1] >= "20000" else None


def _written_date(text: str) -> date | None:
    for pattern in _DATES:
        if match := pattern.fullmatch(text):
            named = match.groupdict()
            month = int(named["m"]) if named.get("m") else _MONTHS.index(named["month"]) + 1
            year = int(named["y"])
            if year < 100:  # as spreadsheets read two digits
                year += 2000 if year < 30 else 1900
            try:
                return date(year, month, int(named["d"]))
            except ValueError:
                return None
    return None


def text(value: Any, rule: Rule, *, lines: bool = False) -> str:
    """`value` as clean text: no control characters or invisible direction marks, blanks folded, or with `lines` line
    breaks kept. Markup stays what it is: text."""
    if isinstance(value, (bool, list, dict)):
        raise Wrong("wrong_type", f"expected text, not {_kind(value)}")
    raw = str(value)
    clean = UNCLEAN.sub("", re.sub("\r\n?|[\u2028\u2029\x85]", "\n", raw))
    folded = (line.rstrip() for line in clean.split("\n")) if lines else (" ".join(clean.split()),)
    clean = "\n".join(folded).strip()
    if not clean:
        raise Wrong("blank", "holds nothing that can be shown")
    if len(clean) > rule.longest:
        raise Wrong("too_long", f"{len(clean):,} characters; at most {rule.longest:,} are allowed", clean[:100])
    return clean


def removed(value: Any) -> list[str]:
    """The invisible characters that `text` takes out of a value, as `U+202E`; line breaks aren't counted."""
    if not isinstance(value, str):
        return []
    found = set(UNCLEAN.findall(value)) - {"\r", "\u2028", "\u2029", "\x85"}
    return sorted(f"U+{ord(c):04X}" for c in found)


def npi(value: Any) -> str:
    """A National Provider Identifier whose check digit is right."""
    digits = re.sub(r"[\s-]|\.0+$", "", str(value)) if not isinstance(value, bool) else ""
    problem = normalize.npi_problem(digits)
    if problem == "npi_check_digit":
        raise Wrong(problem, "the last digit doesn't fit the others (Luhn over 80840 + NPI): a slip in the number")
    if problem:
        scientific = re.fullmatch(r"[\d.]+e\+?\d+", digits.lower()) is not None
        hint = "; the spreadsheet has rounded it: format the column as text" if scientific else ""
        raise Wrong(problem, f"expected ten digits, the first 1 or 2{hint}")
    return digits


def phone(value: Any) -> str:
    """A North American number as `+1 512 555 0142`."""
    found = None if isinstance(value, (bool, list, dict)) else normalize.phone(re.sub(r"\.0+$", "", str(value)))
    if found is None:
        raise Wrong("not_a_phone", "expected a North American number with area code, such as 512-555-0142")
    return found


_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)


def web_address(value: Any, rule: Rule) -> str:
    """An http or https address with a host; `www.example.com` becomes https."""
    address = text(value, rule)
    if UNCLEAN.search(str(value)) or " " in address:
        raise Wrong("not_a_web_address", f"expected {rule.shape}, without blanks")
    if not _SCHEME.match(address):
        address = f"https://{address}"
    try:
        split = urlsplit(address)
        host, port = split.hostname or "", split.port
    except ValueError:
        host, port, split = "", None, urlsplit("")
    if split.scheme not in ("http", "https"):
        raise Wrong("not_a_web_address", f"expected {rule.shape}")
    if split.username is not None or "." not in host or host.startswith(".") or port == 0:
        raise Wrong("not_a_web_address", f"expected {rule.shape}, then a host such as www.example.com")
    address = f"{split.scheme}{address[len(split.scheme) :]}"
    if not re.fullmatch(rule.pattern or ".*", address):
        raise Wrong("not_a_web_address", f"expected {rule.shape}, without quotes, brackets or backslashes")
    return address


def email(value: Any, rule: Rule) -> str:
    """An e-mail address; a leading `mailto:` is passed over."""
    address = re.sub(r"(?i)^mailto:", "", text(value, rule))
    if not re.fullmatch(rule.pattern or ".*", address) or ".." in address:
        raise Wrong("not_an_email", "expected an address such as name@example.com")
    return address


def state(value: Any) -> str:
    """The USPS code of a state's code or name."""
    if isinstance(value, str) and (found := state_code(value)):
        return found
    raise unknown_code(value, vocabulary("states"))


def _kind(value: Any) -> str:
    named = {bool: "true or false", list: "a list", dict: "an object", int: "a number", float: "a number"}
    return named.get(type(value), "nothing" if value is None else "text")
