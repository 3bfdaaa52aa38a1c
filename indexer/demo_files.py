"""Fictional profiles as files: CSV, JSON or NDJSON, as `sources.profiles` reads them back."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import IO, Any, Final, cast

import orjson

from directory.profile import Fee, Location, Profile, to_dict
from indexer import demo
from indexer.sources.profiles_columns import columns

PART: Final = 10_000
"""Profiles made at a time by one process."""

_AHEAD: Final = 16
"""Parts that may be made before they are written: what memory they take is bounded."""


def ndjson(profiles: Iterable[Profile], *, first: bool = True) -> bytes:
    """A profile a line, in the public form without what is not stated."""
    return b"".join(orjson.dumps(_stated(to_dict(profile)), option=orjson.OPT_APPEND_NEWLINE) for profile in profiles)


def document(profiles: Iterable[Profile], *, first: bool = True) -> bytes:
    """A JSON list, a profile a line, still open at its end; a part that isn't the `first` begins with a comma."""
    items = (orjson.dumps(_stated(to_dict(profile))) for profile in profiles)
    return (b"[\n" if first else b",\n") + b",\n".join(items)


def table(profiles: Iterable[Profile], *, first: bool = True) -> bytes:
    """Rows of a CSV file with a column for every field, the header before the `first`; licenses of several kinds stand
    as JSON in the column `grants`."""
    known = [c for c in columns() if c.target in _CELLS]
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    if first:
        rows.writerow(c.name for c in known)
    rows.writerows([_CELLS[c.target](profile) for c in known] for profile in profiles)
    return text.getvalue().encode()


_PASSED_OVER: Final = frozenset({"license_states", "provenance"})
"""What follows from the rest when a profile is read."""


def _stated(public: dict[str, Any]) -> dict[str, Any]:
    """`public` without what is null, empty or follows from the rest."""
    return {k: v for k, v in public.items() if v is not None and v != [] and k not in _PASSED_OVER}


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
    special = {"fee", "locations", "grants", "networks", "provenance", "id"}
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


@dataclass(frozen=True, slots=True)
class Form:
    """How profiles are written: `write` gives the bytes of some of them, `end` closes the file."""

    write: Callable[..., bytes]
    end: bytes = b""


FORMS: Final = {
    ".ndjson": Form(ndjson),
    ".jsonl": Form(ndjson),
    ".json": Form(document, b"\n]\n"),
    ".csv": Form(table),
}
"""Ending of a file's name -> how it is written; `.gz` may follow."""


def ending(path: Path) -> str | None:
    """The ending that tells the format of `path`; None where none does."""
    name = path.name.lower().removesuffix(".gz")
    return next((e for e in FORMS if name.endswith(e)), None)


@contextmanager
def created(path: Path) -> Iterator[IO[bytes]]:
    """`path` for writing, compressed where its name says so, always with the same bytes for the same content."""
    with path.open("wb") as raw:
        if path.name.lower().endswith(".gz"):
            with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6) as packed:
                yield cast(IO[bytes], packed)
        else:
            yield raw


def write(count: int, seed: int, today: date, ending_: str, out: IO[bytes], *, part: int = PART) -> None:
    """Write `count` fictional profiles to `out` in the form of `ending_`; many are made on all cores at once. The bytes
    don't depend on that, nor on the size of a `part`."""
    form = FORMS[ending_]
    tasks = [(ending_, start, min(start + part, count), seed, today) for start in range(0, count, part)]
    if len(tasks) == 1:
        out.write(_part(tasks[0]))
    else:
        # Fresh processes: a copy of one with threads (polars has some) may hang.
        with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
            waiting: deque[Future[bytes]] = deque()
            for task in tasks:
                waiting.append(pool.submit(_part, task))
                if len(waiting) > _AHEAD:
                    out.write(waiting.popleft().result())
            while waiting:
                out.write(waiting.popleft().result())
    out.write(form.end)


def _part(task: tuple[str, int, int, int, date]) -> bytes:
    ending_, start, stop, seed, today = task
    made = demo.profiles(stop, seed, today, start=start)
    return FORMS[ending_].write(made, first=start == 0)
