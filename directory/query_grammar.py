"""Numbers in a query: prices, miles, years of experience, ages. Pure patterns over the words as they compare."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from directory.query_names import small_words
from directory.query_places import Reading
from directory.query_words import Token

_N: Final = r"(?P<sign>\$ ?)?(?P<n>\d{1,4}(?:,\d{3})?)(?:\.\d\d)?(?P<glued>usd|dollars?|bucks?)?"
_UNIT: Final = r"(?P<unit> (?:dollar|buck|usd|dolar|dolare))?"
_PER: Final = r"(?P<per>(?: (?:per|a|an|each|por|la))? (?:session|hour|hr|visit|appointment|appt|sesion))?"
_LESS: Final = (
    r"(?:(?:my |a |the )?(?:max(?:imum)? )?budget(?: of| is| around| about| under| max)*"
    r"|(?:can |could )?(?:only )?(?:afford|pay|spend)(?: about| around| up to| at most| max| maybe| only| like)*"
    r"|(?:cant|cannot|can not|couldnt|dont want to|do not want to|not|wont) (?:afford |pay |spend |be )?"
    r"(?:more than|over|above|exceed)"
    r"|no (?:more|higher|greater) than|not exceeding|nothing over|nothing above"
    r"|under|below|less than|lower than|cheaper than|fewer than|at most|up to|maximum of|max of|maximum|max|<=?|≤"
    r"|menos de|hasta|maximo|por debajo de|no mas de)"
)
_MORE: Final = r"(?: (?:or|and|o) (?:less|under|below|lower|cheaper|meno)| max| maximum| top| or so)"
_PRACTICE: Final = r"(?:experience|experienced|in practice|practicing|in the field|experiencia|in business)"
_PERSON: Final = r"(?:(?:my|our|a|an|the|his|her|their) )?(?:\w+ )?"

_BETWEEN: Final = re.compile(
    rf"(?<!\S)(?:(?:between|from|entre) )?(?P<low>\$?\d{{2,3}})(?: dollar)?(?: and| to| y| a| or)?"
    rf" {_N}{_UNIT}{_PER}(?!\S)"
)
_AT_MOST: Final = re.compile(rf"(?<!\S)(?P<less>{_LESS}) {_N}{_UNIT}{_PER}(?P<more>{_MORE})?(?!\S)")
_SUM: Final = re.compile(rf"(?<!\S){_N}{_UNIT}{_PER}(?P<more>{_MORE})?(?!\S)")
_RADIUS: Final = re.compile(
    r"(?<!\S)(?P<within>(?:within|in|inside|up to|less than|under|max|no more than)(?: a| an| about)? )?"
    r"(?P<n>\d{1,3}) ?(?:mile|mi)(?P<radius> radius)?(?P<of> (?:of|from|away from|around|away|radius))?(?!\S)"
)
_EXPERIENCE: Final = re.compile(
    rf"(?<!\S)(?:(?:at least|over|more than|minimum|minimum of|min|with|con|mas de) )*"
    rf"(?P<n>\d{{1,2}}) (?:or more |plus )?"
    rf"(?:year|yr|ano)(?: or more| plus)?(?: of| de)?(?: \w+)? {_PRACTICE}(?!\S)"
    rf"|(?<!\S)(?:experience|practicing|in practice|experienced)(?: of| for| at least| over| more than| minimum)*"
    rf" (?P<m>\d{{1,2}}) (?:year|yr)(?!\S)"
)
_AGE: Final = re.compile(
    rf"(?<!\S)(?P<whom>(?:for|help|with|para) {_PERSON}|my (?:\w+ )?(?:is |who is |is turning )?"
    r"|(?:i am|im|i) (?:a )?)?"
    r"(?:(?P<n>\d{1,3}) (?:year|yr) ?(?:old|of age)|(?P<yo>\d{1,3}) ?(?:yo|y o)|aged? (?P<aged>\d{1,3})"
    r"|(?P<months>\d{1,2}) month old)"
    r"(?: (?P<who>\w+))?(?!\S)"
)
_AGE_IS: Final = re.compile(
    r"(?<!\S)my (?:\w+ )?(?P<who>(?:step|grand)?(?:son|daughter)|child|kid|boy|girl|nephew|niece|hijo|hija)"
    r" (?:is|who is|age|aged|turned|just turned) (?P<n>\d{1,2})(?!\S| year| yr)"
)


_FREE: Final = re.compile(
    r"(?<!\S)free (?:initial |first |intro )?\d{1,2} ?(?:minute|min)(?: \w+)?"
    r" (?:consultation|consult|call|chat|session)(?!\S)"
)


class _Line:
    """The words as one line, with the way back from a place in it to a word."""

    def __init__(self, words: Sequence[Token]) -> None:
        self.words = words
        self.text = " ".join("" if t.quoted else t.key for t in words)
        self._starts = [0, *accumulate(len(t.key) * (not t.quoted) + 1 for t in words)]

    def span(self, match: re.Match[str]) -> tuple[int, int]:
        """(first word, behind the last word) of `match`."""
        start = bisect_right(self._starts, match.start()) - 1
        end = bisect_right(self._starts, match.end() - 1)
        return start, end

    def before(self, start: int) -> str:
        """The word before word `start`."""
        return self.words[start - 1].key if start else ""

    def after(self, end: int) -> str:
        """The word at `end`."""
        return self.words[end].key if end < len(self.words) else ""


def numbers(words: Sequence[Token]) -> list[Reading]:
    """Everything that numbers ask for; of two that overlap the first kind wins."""
    if not any(c.isdigit() for t in words for c in t.key):
        return []
    line = _Line(words)
    taken: set[int] = set()
    found = []
    for read in (_free_talks, _experience, _radius, _ages, _between, _at_most, _sums):
        for reading in read(line):
            if taken.isdisjoint(range(reading.start, reading.end)):
                taken.update(range(reading.start, reading.end))
                found.append(reading)
    return found


def _free_talks(line: _Line) -> Iterator[Reading]:
    for match in _FREE.finditer(line.text):
        yield Reading(*line.span(match), "free_consultation", ("true",))


def _experience(line: _Line) -> Iterator[Reading]:
    for match in _EXPERIENCE.finditer(line.text):
        years = int(match["n"] or match["m"])
        if 1 <= years <= 60:
            yield Reading(*line.span(match), "min_experience", (str(years),))


def _radius(line: _Line) -> Iterator[Reading]:
    for match in _RADIUS.finditer(line.text):
        miles = int(match["n"])
        if 1 <= miles <= 500:
            yield Reading(*line.span(match), "radius", (str(miles),))


def _ages(line: _Line) -> Iterator[Reading]:
    if not small_words("of_the_dead").isdisjoint(t.key for t in line.words):
        return
    for match in (*_AGE.finditer(line.text), *_AGE_IS.finditer(line.text)):
        groups = match.groupdict()
        who, whom = groups.get("who") or "", (groups.get("whom") or "").split()
        years = 1 if groups.get("months") else int(groups.get("n") or groups.get("yo") or groups.get("aged") or 0)
        if who in small_words("no_clients") or not small_words("no_clients").isdisjoint(whom) or not 1 <= years <= 110:
            continue
        start, end = line.span(match)
        if match.re is _AGE and who and who not in small_words("whose_age"):
            end -= 1
        group = "child" if years <= 12 else "teen" if years <= 17 else "older_adult" if years >= 65 else ""
        if group:
            yield Reading(start, end, "age_group", (group,))


def _between(line: _Line) -> Iterator[Reading]:
    for match in _BETWEEN.finditer(line.text):
        start, end = line.span(match)
        first = match.group().split()[0]
        gap = line.words[end - 1].gap
        signs = bool(match["sign"] or match["unit"] or match["per"] or match["glued"] or "$" in match["low"])
        dash = any(t.gap.strip() in ("-", "–", "—") for t in line.words[start:end])
        joined = dash or any(w in match.group().split() for w in ("and", "to", "y", "a", "or"))
        if signs and joined and (first in ("between", "from", "entre") or dash or gap.isspace()):
            yield from _fee(line, start, end, match["n"])


def _at_most(line: _Line) -> Iterator[Reading]:
    for match in _AT_MOST.finditer(line.text):
        start, end = line.span(match)
        amount = int(match["n"].replace(",", ""))
        money = bool(match["sign"] or match["unit"] or match["per"] or match["glued"] or match["more"])
        spent = any(w in match["less"] for w in ("budget", "afford", "pay", "spend"))
        if money or (amount >= (20 if spent else 40) and not _people_before(line, start)):
            yield from _fee(line, start, end, match["n"])


def _people_before(line: _Line, start: int) -> bool:
    return line.before(start) in (
        "anyone",
        "people",
        "adult",
        "men",
        "man",
        "woman",
        "everyone",
        "those",
        "age",
        "aged",
        "kid",
    )


def _sums(line: _Line) -> Iterator[Reading]:
    for match in _SUM.finditer(line.text):
        if match["sign"] or match["unit"] or match["per"] or match["glued"]:
            start, end = line.span(match)
            if (
                match["per"]
                and not (match["sign"] or match["unit"] or match["glued"])
                and int(match["n"].replace(",", "")) < 20
            ):
                continue  # "2 sessions"
            yield from _fee(line, start, end, match["n"])


def _fee(line: _Line, start: int, end: int, amount: str) -> Iterator[Reading]:
    number = int(amount.replace(",", ""))
    if (
        line.before(start) in small_words("no_price_behind")
        or line.after(end) in small_words("no_price_before")
        or not 1 <= number <= 1500
    ):
        return
    if line.after(end) == "too" or (line.after(end) in ("is", "are") and line.after(end + 1) == "too"):
        return  # too much
    if line.after(end) in ("a", "per", "each") and line.after(end + 1) in small_words("no_price_before"):
        return
    yield Reading(start, end, "max_fee", (str(number),))
