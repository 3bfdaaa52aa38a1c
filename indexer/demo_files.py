"""Profiles as files: CSV, JSON or NDJSON, as `sources.profiles` reads them back."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import IO, Any, Final, cast

import orjson

from directory.profile import Fee, Location, Profile, to_dict
from indexer.sources.profiles_columns import columns


def ndjson(profiles: Iterable[Profile], out: IO[bytes]) -> None:
    """A profile a line, in the public form without what is not stated."""
    for profile in profiles:
        out.write(orjson.dumps(_stated(to_dict(profile)), option=orjson.OPT_APPEND_NEWLINE))


def document(profiles: Iterable[Profile], out: IO[bytes]) -> None:
    """A JSON list, a profile a line."""
    before = b"[\n"
    for profile in profiles:
        out.write(before + orjson.dumps(_stated(to_dict(profile))))
        before = b",\n"
    out.write(b"[]\n" if before == b"[\n" else b"\n]\n")


def table(profiles: Iterable[Profile], out: IO[bytes]) -> None:
    """A CSV file with a column for every field; licenses of several kinds stand as JSON in the column `grants`."""
    known = [c for c in columns() if c.target in _CELLS]
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    rows = csv.writer(text)
    rows.writerow(c.name for c in known)
    rows.writerows([_CELLS[c.target](profile) for c in known] for profile in profiles)
    text.detach()


def _stated(public: dict[str, Any]) -> dict[str, Any]:
    """`public` without what is null, empty or computed."""
    return {k: v for k, v in public.items() if v not in (None, [], {}) and k != "license_states"}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "; ".join(map(str, value))
    return value.isoformat() if isinstance(value, date) else str(value)


def _place(place: Location) -> str:
    return f"{place.city}, {place.state} {place.zip}"


def _grants(profile: Profile) -> str:
    stated = [_stated(grant) for grant in to_dict(profile)["grants"]]
    return json.dumps(stated, ensure_ascii=False) if stated else ""


def _cells() -> Iterator[tuple[str, Callable[[Profile], str]]]:
    """Target of a column -> how its cell is made."""
    special = {"fee", "locations", "grants", "provenance", "id"}
    for f in fields(Profile):
        if f.name not in special:
            yield f.name, lambda p, name=f.name: _cell(getattr(p, name))  # type: ignore[misc]
    for f in fields(Fee):
        target = "fee" if f.name == "session" else f"fee.{f.name}"
        yield target, lambda p, name=f.name: _cell(getattr(p.fee, name, None))  # type: ignore[misc]
    yield "id", lambda p: "" if p.npi else p.id
    yield "locations", lambda p: " | ".join(map(_place, p.locations))
    yield "grants", _grants


_CELLS: Final = dict(_cells())
WRITERS: Final = {".ndjson": ndjson, ".jsonl": ndjson, ".json": document, ".csv": table}
"""Ending of a file's name -> how it is written; `.gz` may follow."""


def ending(path: Path) -> str | None:
    """The ending that tells the format of `path`; None where none does."""
    name = path.name.lower().removesuffix(".gz")
    return next((e for e in WRITERS if name.endswith(e)), None)


@contextmanager
def created(path: Path) -> Iterator[IO[bytes]]:
    """`path` for writing, compressed where its name says so, always with the same bytes for the same content."""
    with path.open("wb") as raw:
        if path.name.lower().endswith(".gz"):
            with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6) as packed:
                yield cast(IO[bytes], packed)
        else:
            yield raw
