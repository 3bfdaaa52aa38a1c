"""The fee of an own row: an object, a price or a range, and the columns of its parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from directory.profile import Fee
from directory.profile_schema import rule
from indexer.sources import profiles_values as values
from indexer.sources.profiles_reading import Reading
from indexer.sources.profiles_values import Wrong

_PRICES: Final = ("session", "session_max", "sliding_low", "first_visit")
_CURRENCY: Final = ("USD", "US$", "$", "DOLLAR", "DOLLARS", "US DOLLAR", "US DOLLARS")


def take(row: dict[str, Any], out: Reading) -> None:
    """Take what `row` says of fees out of it, into `out.public["fee"]`."""
    given = row.pop("fee", None)
    stated = {t.removeprefix("fee."): row.pop(t) for t in list(row) if t.startswith("fee.")}
    if isinstance(given, Mapping):
        stated = {str(k): v for k, v in given.items() if v is not None and v != ""} | stated
    elif given is not None:
        _price(given, out)
    for name, value in stated.items():
        _part(f"fee.{name}", name, value, out)


def _price(given: Any, out: Reading) -> None:
    try:
        low, high = values.price_range(given)
    except Wrong as error:
        out.wrong("fee", given, error)
    else:
        out.public["fee"] = {"session": low, "session_max": high}


def _part(target: str, name: str, value: Any, out: Reading) -> None:
    if name in _PRICES:
        out.put(target, value, values.money)
    elif name == "minutes":
        out.put(target, value, lambda v: values.whole(v, rule(Fee, name)))
    elif name == "as_of":
        out.put(target, value, lambda v: values.day(v, not_after=out.today))
    elif name == "currency":
        out.put(target, value, _currency)
    else:
        allowed = ", ".join((*_PRICES, "minutes", "as_of", "currency"))
        out.wrong(target, value, Wrong("unknown_field", f"expected {allowed}"))


def _currency(value: Any) -> str:
    if str(value).strip().upper() in _CURRENCY:
        return "USD"
    raise Wrong("currency", "only US dollars can be compared: USD")
