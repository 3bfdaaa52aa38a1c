"""Columns of text that are made of others: by Python once for each different value, and by putting JSON together."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
import polars as pl

_NULL: Final = pl.lit("null")


def each(values: pl.Series, make: Callable[[str], Any], dtype: type[pl.DataType] = pl.String) -> pl.Series:
    """What `make` makes of each of `values`, asked once for each different one."""
    different = values.unique()
    made = pl.Series([make(value) for value in different], dtype=dtype)
    return values.replace_strict(different, made, return_dtype=dtype)


def columns_of_each(
    values: pl.Series, make: Callable[[str], tuple[Any, ...]], schema: Mapping[str, type[pl.DataType]]
) -> pl.DataFrame:
    """The columns of this schema of what `make` makes of each of `values`, asked once for each different one."""
    different = values.unique()
    made = list(zip(*[make(value) for value in different], strict=True)) or [()] * len(schema)
    keyed = pl.DataFrame(dict(zip(schema, made, strict=True)), schema=dict(schema)).with_columns(different.alias("of"))
    return values.to_frame("of").join(keyed, on="of", how="left", maintain_order="left").drop("of")


def as_json(value: object, parts: Mapping[str, pl.Expr]) -> pl.Expr:
    """`value` as JSON, in which a string `$name` stands for the JSON in `parts[name]`, or null where there is none."""
    pieces = re.split(r'"\$(\w+)"', orjson.dumps(value).decode())
    return pl.concat_str(parts[p].fill_null(_NULL) if i % 2 else pl.lit(p) for i, p in enumerate(pieces))


def quoted(text: pl.Expr) -> pl.Expr:
    """A text without control characters, as JSON."""
    escaped = text.str.replace_all("\\", "\\\\", literal=True).str.replace_all('"', '\\"', literal=True)
    return in_quotes(escaped)


def in_quotes(text: pl.Expr) -> pl.Expr:
    """A text in which JSON escapes nothing, as JSON."""
    return pl.concat_str(pl.lit('"'), text, pl.lit('"'))
