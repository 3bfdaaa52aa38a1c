"""NPPES rows -> profiles, as JSON. Pure; the rows have been checked before (see `nppes`), so that nothing here fails.

Whatever depends on a few cells (see `nppes_parts`) is made once for each different value of them; what is different in
nearly every row is put together by column. No Python object is made for a row.

NPPES says nothing of modalities, fees, ways to meet or accepting: those stay not stated. Its enumeration date is no
experience, its address may be a home: city, state and ZIP are kept, the street is not.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Final

import polars as pl

from directory.profile import Provenance
from indexer.normalize import NO_NUMBER, SHORTEST_NO_LICENSE, phone
from indexer.sources import nppes_parts as parts
from indexer.sources.columns import as_json, columns_of_each, each, in_quotes, quoted
from indexer.sources.nppes_parts import NOTHING, SEPARATOR

SLOTS: Final = 15
"""Taxonomy codes a row has room for."""

_BEFORE: Final = (
    "npi",
    "family",
    "given",
    "middle",
    "suffix",
    "credential",
    "other_family",
    "other_given",
    "other_middle",
    "other_suffix",
    "city",
    "state",
    "zip",
    "country",
    "phone",
    "updated",
    "certified",
    "sex",
)
_IN_SLOTS: Final = ("taxonomy", "license", "license_state", "primary")
FIELDS: Final = (*_BEFORE, *(f"{name}_{n}" for n in range(1, SLOTS + 1) for name in _IN_SLOTS))
"""The columns that make a profile, in the order in which `words` takes their values."""

_LONGEST_FULL_NAME: Final = 40
"""Characters of a name beyond which a middle name is an initial."""
_SOURCE: Final = "NPPES"
_HOW: Final = "self-reported"
_USUAL_DATE: Final = "^[0-9]{2}/[0-9]{2}/[12][0-9]{3}$"
_USUAL_PHONE: Final = "^[2-9][0-9]{2}[2-9][0-9]{6}$"
_USUAL_NUMBER: Final = "^[0-9A-Za-z]+(?:[-. ][0-9A-Za-z]+)*$"
_GRANT: Final = {
    "kind": "license",
    "jurisdiction": "$state",
    "number": "$number",
    "status": "listed",
    "source": _SOURCE,
    "checked_on": "$verified_on",
}


def usual_date(text: pl.Expr) -> pl.Expr:
    """The date in a text as CMS writes it, which most are; null for any other, which may yet be a date."""
    return pl.when(text.str.contains(_USUAL_DATE)).then(text).str.to_date("%m/%d/%Y", strict=False)


def words(rows: pl.Series) -> tuple[list[str], list[bytes], Counter[str]]:
    """The ids of the profiles of rows, those profiles as JSON that `profile.from_dict` reads, and how often credentials
    came that nobody here knows.

    A row has the values of `FIELDS` with `SEPARATOR` between them; empty ones at the end may be left out.
    """
    cells, slots = _cells(rows)
    cells = _with_work(cells, slots).with_columns(
        *_names(cells), *_days(cells), *_places(cells), _phones(cells), each(cells["sex"], parts.gender).alias("gender")
    )
    known = _credentials(cells, slots)
    cells = cells.with_columns(known["credentials"], _grants(cells, slots), _other_names(cells))
    unmapped: Counter[str] = Counter()
    for unknown, times in known.drop_nulls("unmapped")["unmapped"].value_counts().iter_rows():
        unmapped.update(dict.fromkeys(unknown.split(SEPARATOR), times))
    found = cells.select(pl.concat_str(pl.lit("npi:"), "npi").alias("id"), _profile().cast(pl.Binary).alias("profile"))
    return found["id"].to_list(), found["profile"].to_list(), unmapped


@cache
def _profile() -> pl.Expr:
    """A profile as JSON, of the columns that are made here."""
    said = (
        "name", "npi", "family", "given", "other_names", "provider_type", "provider_types", "primary", "credentials",
        "gender", "prescribes", "verified_on", "phone", "locations", "grants",
    )  # fmt: skip
    columns = {name: pl.col(name) for name in said}
    columns |= {name: quoted(pl.col(name)) for name in ("name", "family", "given")}
    columns |= {name: in_quotes(pl.col(name)) for name in ("npi", "phone")}
    columns |= {"id": in_quotes(pl.concat_str(pl.lit("npi:"), "npi")), "provenance": _provenance()}
    return as_json({name: f"${name}" for name in ("id", *said, "provenance")}, columns)


@cache
def _provenance() -> pl.Expr:
    """Who said what is there, and when."""
    as_of = {"as_of": pl.coalesce("updated", "certified")}
    # The placeholder stands where the day does; JSON is all that is made of it.
    word = Provenance(_SOURCE, "$as_of", _HOW)  # type: ignore[arg-type]
    licensed, placed = pl.col("grants") != NOTHING, pl.col("phone").is_not_null() | (pl.col("locations") != NOTHING)
    return (
        pl.when(licensed & placed)
        .then(as_json({"identity": word, "license": word, "location": word}, as_of))
        .when(licensed)
        .then(as_json({"identity": word, "license": word}, as_of))
        .when(placed)
        .then(as_json({"identity": word, "location": word}, as_of))
        .otherwise(as_json({"identity": word}, as_of))
    )


def _cells(rows: pl.Series) -> tuple[pl.DataFrame, range]:
    """The cells of rows as columns, and the numbers of the slots in which some row has something."""
    cells = rows.str.split(SEPARATOR).to_frame("row")
    longest = max(int(cells.select(pl.col("row").list.len().max()).item() or 0), len(_BEFORE) + len(_IN_SLOTS))
    slots = range(1, 1 + -(-(longest - len(_BEFORE)) // len(_IN_SLOTS)))
    wanted = FIELDS[: len(_BEFORE) + len(_IN_SLOTS) * len(slots)]
    given = [pl.col("row").list.get(i, null_on_oob=True).fill_null("").alias(name) for i, name in enumerate(wanted)]
    # Lazily, because polars then takes the lists apart once and in parallel.
    return cells.lazy().select(given).with_columns(pl.col("npi").str.strip_chars()).collect(), slots


def _with_work(cells: pl.DataFrame, slots: range) -> pl.DataFrame:
    """`cells` with what the taxonomy codes tell: `ours` (slots as bits), `main` (one of them)."""
    columns = [f"{name}_{n}" for n in slots for name in ("taxonomy", "primary")]
    told = cells.select(pl.concat_str(columns, separator=SEPARATOR)).to_series()
    schema = {"ours": pl.Int32, "main": pl.Int32} | dict.fromkeys(
        ("provider_type", "provider_types", "primary", "prescribes"), pl.String
    )
    return cells.hstack(columns_of_each(told, parts.work, schema))


def _names(cells: pl.DataFrame, kind: str = "") -> pl.DataFrame:
    """`family`, `given` and the whole `name` of the names of a kind, not yet as JSON."""
    last = columns_of_each(cells[f"{kind}family"], parts.family, {"family": pl.String, "found": pl.String})
    named = last.with_columns(
        given=each(cells[f"{kind}given"], parts.given),
        middle=each(cells[f"{kind}middle"], parts.middle),
        after=each(cells[f"{kind}suffix"], parts.suffix).fill_null(last["found"]),
    )
    full = pl.concat_str("given", "middle", "family", "after", separator=" ", ignore_nulls=True)
    initial = pl.concat_str(pl.col("middle").str.slice(0, 1).str.to_uppercase(), pl.lit("."))
    short = pl.concat_str("given", initial, "family", "after", separator=" ", ignore_nulls=True)
    long = (full.str.len_chars() > _LONGEST_FULL_NAME) & ~pl.col("middle").str.ends_with(".")
    return named.select("family", "given", name=pl.when(long).then(short).otherwise(full))


def _other_names(cells: pl.DataFrame) -> pl.Series:
    """The list `other_names`: the former, professional or other name, unless it is a firm's or says nothing new."""
    stated = (cells["other_family"] != "") | (cells["other_given"] != "")
    some = cells.filter(stated)
    other = _names(some, "other_")["name"].alias("other")
    others = some.select("other_family", "other_given", "name", other)
    lists = pl.Series([parts.other_names(*row) for row in others.iter_rows()], dtype=pl.String)
    return _nothing("other_names", cells).scatter(stated.arg_true(), lists)


def _days(cells: pl.DataFrame) -> list[pl.Series]:
    """The days `updated` and `certified`, and `verified_on`."""
    updated, certified = (_day(cells[name]) for name in ("updated", "certified"))
    return [updated, certified, certified.fill_null(updated).alias("verified_on")]


def _day(texts: pl.Series) -> pl.Series:
    """Days as JSON: by column where they are written as CMS does, which most are."""
    found = pl.select(in_quotes(usual_date(pl.lit(texts)).cast(pl.String)).alias(texts.name)).to_series()
    unusual = (found.is_null() & (texts != "")).arg_true()
    return found.scatter(unusual, pl.Series([parts.day(text) for text in texts[unusual]], dtype=pl.String))


def _places(cells: pl.DataFrame) -> list[pl.Series]:
    """The list `locations`, and `home`, the state of its only place."""
    # There are far fewer ZIPs than ZIP+4s.
    zip_code = pl.when(pl.col("zip").str.contains("^[0-9]{9}$")).then(pl.col("zip").str.slice(0, 5)).otherwise("zip")
    told = cells.select(pl.concat_str("city", "state", zip_code, "country", separator=SEPARATOR)).to_series()
    return columns_of_each(told, parts.place, {"locations": pl.String, "home": pl.String}).get_columns()


def _phones(cells: pl.DataFrame) -> pl.Series:
    """The phone, not yet as JSON: by column where it is ten digits, which most are."""
    text = cells["phone"]
    usual = text.str.contains(_USUAL_PHONE)
    unusual = (~usual & (text != "")).arg_true()
    digits = pl.col("phone").str
    spaced = pl.concat_str(pl.lit("+1"), digits.slice(0, 3), digits.slice(3, 3), digits.slice(6, 4), separator=" ")
    found = cells.select(pl.when(usual).then(spaced).alias("phone")).to_series()
    return found.scatter(unusual, pl.Series([phone(value) for value in text[unusual]], dtype=pl.String))


def _ours(n: int) -> pl.Expr:
    """Whether slot `n` has one of our codes."""
    return (pl.col("ours") & (1 << (n - 1))) != 0


def _credentials(cells: pl.DataFrame, slots: range) -> pl.DataFrame:
    """The list `credentials`, and `unmapped`, those that nobody here knows (null: none)."""
    schema = {"credentials": pl.String, "unmapped": pl.String, "by_state": pl.Boolean}
    found = columns_of_each(cells["credential"], parts.known_credentials, schema)
    some = cells.filter(found["by_state"])
    main = pl.coalesce(pl.when(pl.col("main") == n - 1).then(f"license_state_{n}") for n in slots)
    states = [pl.when(_ours(n)).then(f"license_state_{n}") for n in slots]
    told = some.select(pl.concat_str("credential", main, *states, "home", separator=SEPARATOR, ignore_nulls=True))
    there = columns_of_each(told.to_series(), parts.known_credentials, schema)
    which = found["by_state"].arg_true()
    return pl.DataFrame([found[name].scatter(which, there[name]) for name in ("credentials", "unmapped")])


def _grants(cells: pl.DataFrame, slots: range) -> pl.Series:
    """The list `grants`: licenses from states and what stands where their number should, each number of a state
    once."""
    cells = cells.with_columns(pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"))
    given = pl.concat(
        cells.filter(_ours(n) & (pl.col(f"license_{n}") != "")).select(
            "row", "npi", "verified_on", text=f"license_{n}", state=f"license_state_{n}"
        )
        for n in slots
    )
    given = given.with_columns(_numbers(given), each(given["state"], parts.state)).drop_nulls(["number", "state"])
    columns = {name: pl.col(name) for name in ("number", "verified_on")} | {"state": in_quotes(pl.col("state"))}
    given = given.with_columns(as_json(_GRANT, columns).alias("grant"))
    several = given["row"].is_duplicated()
    listed = given.filter(~several).select("row", "grant")
    if several.any():
        key = pl.col("number").str.replace_all("[^0-9A-Z]", "").alias("key")
        each_once = given.filter(several).unique(["row", "state", key], keep="first", maintain_order=True)
        listed = listed.vstack(each_once.group_by("row").agg(pl.col("grant").str.join(",")))
    lists = listed.select("row", pl.concat_str(pl.lit("["), "grant", pl.lit("]")).alias("grants"))
    return _nothing("grants", cells).scatter(lists["row"], lists["grants"])


def _nothing(name: str, cells: pl.DataFrame) -> pl.Series:
    """An empty list for each row."""
    return pl.Series(name, [NOTHING]).new_from_index(0, cells.height)


def _numbers(given: pl.DataFrame) -> pl.Series:
    """The license `number` as JSON: by column where nothing about a text is odd, which is most."""
    texts = given.select("npi", "text", upper=pl.col("text").str.to_uppercase())
    texts = texts.with_columns(bare=pl.col("upper").str.replace_all("[-. ]", ""))
    long, bare, upper = pl.col("bare").str.len_bytes() >= SHORTEST_NO_LICENSE, pl.col("bare").str, pl.col("upper").str
    odd = ~pl.col("text").str.contains(_USUAL_NUMBER) | upper.contains(NO_NUMBER.pattern)
    odd |= long & (bare.ends_with("X") | bare.contains(pl.col("npi"), literal=True))
    found = texts.select(
        "npi", "text", odd=odd, number=pl.when(upper.contains("[1-9]")).then(in_quotes(pl.col("upper")))
    )
    made = [parts.number(text, npi) for text, npi in found.filter("odd").select("text", "npi").iter_rows()]
    return found["number"].scatter(found["odd"].arg_true(), pl.Series(made, dtype=pl.String))
