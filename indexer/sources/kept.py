"""Profiles that wait on disk until a source has read everything, one an id: a payer names a person in many entries, and
speaks of nobody else.
"""

from __future__ import annotations

import dataclasses
import sqlite3
import weakref
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Any, Final

import orjson

from directory.profile import Profile, from_dict, to_json
from directory.profile_schema import LARGEST_LIST
from indexer.normalize import settle
from indexer.report import Counts
from indexer.sources.base import Forgetful

MOST_PARTS: Final = LARGEST_LIST
"""Places, and plans or networks, that are kept of a person."""

_IDS_AT_ONCE: Final = 10_000


class Kept:
    """A temporary database of profiles, in flat memory; it vanishes with its owner."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", check_same_thread=False)  # on disk, without a name; any thread may collect it
        weakref.finalize(self, self._db.close)
        self._db.execute("CREATE TABLE profile (id TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID")
        self._db.execute("CREATE TABLE before (id TEXT PRIMARY KEY) WITHOUT ROWID")

    def add(self, profile: Profile) -> None:
        """Keep a profile, joined with what is kept of the same id."""
        if before := self.get(profile.id):
            profile = joined(before, profile)
        self._db.execute("REPLACE INTO profile VALUES (?, ?)", (profile.id, to_json(profile)))

    def get(self, id_: str) -> Profile | None:
        """The profile kept under an id."""
        row = self._db.execute("SELECT body FROM profile WHERE id = ?", (id_,)).fetchone()
        return from_dict(orjson.loads(row[0])) if row else None

    def words(self) -> Iterator[tuple[str, bytes]]:
        """See `base.Source.words`."""
        yield from self._db.execute("SELECT id, body FROM profile ORDER BY id")

    def ids(self) -> Iterator[str]:
        """The ids of all profiles, ascending."""
        return (id_ for (id_,) in self._db.execute("SELECT id FROM profile ORDER BY id"))

    def remember(self, ids: Iterable[str]) -> None:
        """Keep the ids of an earlier run beside the profiles of this one."""
        self._db.executemany("INSERT INTO before VALUES (?)", ((id_,) for id_ in ids))

    def remembered(self) -> Iterator[str]:
        """The ids of the earlier run, ascending."""
        return (id_ for (id_,) in self._db.execute("SELECT id FROM before ORDER BY id"))

    def gone(self) -> Iterator[str]:
        """Those of them that have no profile now, ascending."""
        rows = self._db.execute("SELECT id FROM before WHERE id NOT IN (SELECT id FROM profile) ORDER BY id")
        return (id_ for (id_,) in rows)


class Listing(Forgetful):
    """A source whose files of a run, taken together, are all that it says: of whom they leave out it speaks no more.
    See `base.Source`."""

    whole = True
    counts: Counts

    def __init__(self) -> None:
        self._kept = Kept()

    def settle(self) -> None:
        """See `base.Source.settle`."""

    def words(self) -> Iterator[tuple[str, bytes]]:
        """See `base.Source.words`."""
        return self._kept.words()

    def recall(self, memory: Iterator[bytes]) -> None:
        """See `base.Source.recall`."""
        self._kept.remember(b"".join(memory).decode().split())

    def memory(self) -> Iterator[bytes]:
        """See `base.Source.memory`: the ids that it speaks of, one a line."""
        ids = self._kept.ids() if self.counts.read else self._kept.remembered()
        while some := list(islice(ids, _IDS_AT_ONCE)):
            yield "".join(f"{id_}\n" for id_ in some).encode()

    def withdrawn(self) -> Iterator[str]:
        """See `base.Source.withdrawn`."""
        return self._kept.gone() if self.counts.read else iter(())


def joined(first: Profile, second: Profile) -> Profile:
    """What two entries of one source say of one person: the plans, places, languages… of both; of what can only be one
    (name, telephone…) the later word, the second where no dates tell. Taking clients in one place is taking clients."""
    newer, older = (first, second) if _said(first) > _said(second) else (second, first)
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(Profile):
        mine, others = getattr(newer, field.name), getattr(older, field.name)
        if isinstance(mine, tuple):
            changes[field.name] = tuple(dict.fromkeys((*mine, *others)))[:MOST_PARTS]
        elif mine is None:
            changes[field.name] = others
    if older.accepting == "yes" and newer.accepting != "yes":
        changes |= {"accepting": "yes", "accepting_as_of": older.accepting_as_of}
    changes["provenance"] = {**older.provenance, **newer.provenance}
    return settle(dataclasses.replace(newer, **changes))


def _said(profile: Profile) -> date:
    return max((p.as_of for p in profile.provenance.values() if p.as_of), default=date.min)
