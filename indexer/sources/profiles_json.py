"""Records of an own JSON file: a list, `{"profiles": [...]}`, an answer of the API, or a record a line (NDJSON)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from indexer.sources.files import Readable, Unusable
from indexer.sources.profiles_columns import target_of
from indexer.sources.profiles_lines import Lines, is_broken
from indexer.sources.profiles_reading import Mistake
from indexer.sources.profiles_table import Row

LARGEST: Final = 500 * 1024 * 1024
"""Bytes of a JSON file, which is read as a whole; a larger one is better given as NDJSON."""

_LISTS: Final = ("profiles", "results")
_BLANK: Final = re.compile(r"[ \t\r\n]*")


class _Twice(ValueError):
    """A key that an object has twice."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [k for k, _ in pairs]
        raise _Twice(next(k for k in keys if keys.count(k) > 1))
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
    raw = stream.read(LARGEST + 1) or b""
    while raw and len(raw) <= LARGEST and (more := stream.read(LARGEST)):
        raw += more
    if len(raw) > LARGEST:
        raise Unusable(f"the file has over {LARGEST:,} bytes; give it as NDJSON, a record a line")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unusable("the file is written in UTF-16; save it in UTF-8")
    text = raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    del raw
    start = _after_blank(text, 0)
    if start == len(text):
        raise Unusable("the file is empty")
    if text[start] == "{":
        list_at = _list_in_object(text, start)
        if list_at is None:
            yield _row(text.count("\n", 0, start) + 1, _decode(text, start)[0])
            return
        start = list_at
    if text[start] != "[":
        raise Unusable('this is no JSON list of profiles: it begins neither with [ nor with {"profiles": [')
    yield from _items(text, start)


def _items(text: str, start: int) -> Iterator[Row]:
    """The items of the list at `start`."""
    line, counted = 1, 0
    at = _after_blank(text, start + 1)
    while text[at : at + 1] != "]":
        line, counted = line + text.count("\n", counted, at), at
        value, at = _decode(text, at)
        yield _row(line, value)
        at = _after_blank(text, at)
        if text[at : at + 1] == ",":
            at = _after_blank(text, at + 1)
        elif text[at : at + 1] != "]":
            raise _broken(text, at, "expected a comma or the list's end")


def _list_in_object(text: str, start: int) -> int | None:
    """Where the list of an object with `profiles` or `results` begins; None for an object without either."""
    at = _after_blank(text, start + 1)
    while text[at : at + 1] == '"':
        key, at = _decode(text, at)
        at = _after_blank(text, at)
        if text[at : at + 1] != ":":
            raise _broken(text, at, "expected a colon")
        at = _after_blank(text, at + 1)
        if key in _LISTS and text[at : at + 1] == "[":
            return at
        _, at = _decode(text, at)
        at = _after_blank(text, at)
        if text[at : at + 1] != ",":
            return None
        at = _after_blank(text, at + 1)
    return None


def _after_blank(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _decode(text: str, at: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise _broken(text, error.pos, error.msg) from error
    except _Twice as error:
        raise _broken(text, at, f"the key {error} is there twice") from error
    except (StopIteration, ValueError, RecursionError) as error:
        raise _broken(text, at, "no JSON value") from error


def _broken(text: str, at: int, said: str) -> Unusable:
    line = text.count("\n", 0, at) + 1
    if not text[at:].strip():
        return Unusable(f"the file is cut off: it ends on line {line} within a list or a record")
    return Unusable(f"line {line} is no JSON: {said[:1].lower()}{said[1:]}")


def _unreadable(text: str, error: Exception) -> Mistake:
    if is_broken(text):
        value = text.encode("utf-8", "replace").decode()[:100]
        return Mistake("", value, "invalid_utf8", "bytes that are not UTF-8; save the file in UTF-8")
    if isinstance(error, _Twice):
        return Mistake("", text[:100], "key_twice", f"the key {error} is there twice")
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
