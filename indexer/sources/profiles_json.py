"""Records of an own JSON file: a list, `{"profiles": [...]}`, an answer of the API, or a record a line (NDJSON)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from indexer.sources.files import Readable, Unusable
from indexer.sources.json_stream import items
from indexer.sources.profiles_columns import target_of
from indexer.sources.profiles_lines import Lines, is_broken
from indexer.sources.profiles_reading import Mistake
from indexer.sources.profiles_table import Row

_LISTS: Final = ("profiles", "results")


class _Twice(ValueError):
    """A key that an object has twice."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [k for k, _ in pairs]
        raise _Twice(f"the key {next(k for k in keys if keys.count(k) > 1)} is there twice")
    return found


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)


def ndjson(stream: Readable) -> Iterator[Row]:
    """A row for each line that is not blank. Raises Unusable for a file that ends within a record."""
    for line in Lines(stream):
        text = line.text.strip()
        if not text:
            continue
        try:
            value = _DECODER.decode(text)
        except (ValueError, RecursionError) as error:
            if not line.ended and isinstance(error, json.JSONDecodeError):
                raise Unusable(
                    f"the file is cut off: its last record, on line {line.number}, is not complete"
                ) from error
            if line.number == 1 and text[0] == "[":
                raise Unusable("this is a JSON list, not a record a line; name the file .json") from error
            if line.number == 1 and text[0] not in "{[":
                raise Unusable("this is not NDJSON: a line is one object {…}") from error
            yield Row(line.number, {}, (_unreadable(text, error),))
        else:
            yield _row(line.number, value)


def document(stream: Readable) -> Iterator[Row]:
    """The records of a JSON document, each with the line on which it starts.

    Raises Unusable for what is no such document, or ends too early: after a mistake in JSON nobody knows where the
    next record starts.
    """
    for item in items(stream, _LISTS, _DECODER, 'list of profiles: it begins neither with [ nor with {"profiles": ['):
        yield _row(item.line, item.value)


def _unreadable(text: str, error: Exception) -> Mistake:
    if is_broken(text):
        value = text.encode("utf-8", "replace").decode()[:100]
        return Mistake("", value, "invalid_utf8", "bytes that are not UTF-8; save the file in UTF-8")
    if isinstance(error, _Twice):
        return Mistake("", text[:100], "key_twice", str(error))
    said = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply or a number too long"
    return Mistake("", text[:100], "not_json", f"the line is no JSON object: {said[:1].lower()}{said[1:]}")


def _row(line: int, value: Any) -> Row:
    if not isinstance(value, dict):
        said = Mistake("", str(value)[:100], "not_an_object", "expected an object with the fields of one profile")
        return Row(line, {}, (said,))
    stated: dict[str, Any] = {}
    mistakes: list[Mistake] = []
    unknown: list[str] = []
    for key, given in value.items():
        target = target_of(key)
        if broken := _first_broken(given):
            shown = broken.encode("utf-8", "replace").decode()[:100]
            message = "bytes or characters that are not Unicode text; save the file in UTF-8"
            mistakes.append(Mistake(target or key, shown, "invalid_utf8", message))
        elif target is None:
            unknown.append(key)
        elif target in stated:
            mistakes.append(Mistake(target, str(given)[:100], "key_twice", f"another key means {target}, too"))
        else:
            stated[target] = given
    return Row(line, stated, tuple(mistakes), tuple(unknown))


def _first_broken(value: Any) -> str | None:
    """The first text in a JSON value that cannot be written as UTF-8."""
    if isinstance(value, str):
        return value if is_broken(value) else None
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for item in items if (found := _first_broken(item))), None)
