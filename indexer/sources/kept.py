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
from pathlib import Path
from typing import Any, Final

import orjson

from directory.profile import Profile, from_dict, to_json
from directory.profile_schema import LARGEST_LIST
from indexer.normalize import settle
from indexer.report import Counts
from indexer.rolls import LeftOut, Payers, Rolls, both
from indexer.sources.base import Forgetful

MOST_PARTS: Final = LARGEST_LIST
"""Places, and plans or networks, that are kept of a person."""

_IDS_AT_ONCE: Final = 10_000


class Kept:
    """A temporary database of profiles, in flat memory; it vanishes with its owner."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", check_same_thread=False)  # on disk, without a name; any thread may collect it
        weakref.finalize(self, self._db.close)
        self._db.execute("CREATE TABLE profile (id TEXT PRIMARY KEY, body BLOB, mark TEXT)")
        self._db.execute("CREATE TABLE before (id TEXT PRIMARY KEY, mark TEXT) WITHOUT ROWID")

    def add(self, id_: str, word: bytes, mark: str) -> None:
        """Keep a profile, as JSON, and its mark (see `rolls`), joined with what is kept of the same id."""
        if self._db.execute("INSERT OR IGNORE INTO profile VALUES (?, ?, ?)", (id_, word, mark)).rowcount:
            return
        before, marked = self._db.execute("SELECT body, mark FROM profile WHERE id = ?", (id_,)).fetchone()
        word = to_json(joined(from_dict(orjson.loads(before)), from_dict(orjson.loads(word))))
        self._db.execute("REPLACE INTO profile VALUES (?, ?, ?)", (id_, word, both(marked, mark)))

    def words(self) -> Iterator[tuple[str, bytes]]:
        """See `base.Source.words`."""
        yield from self._db.execute("SELECT id, body FROM profile ORDER BY id")

    def marks(self) -> Iterator[tuple[str, str]]:
        """The ids of all profiles, ascending, with their marks."""
        return self._db.execute("SELECT id, mark FROM profile ORDER BY id")

    def remember(self, marks: Iterable[tuple[str, str]]) -> None:
        """Keep the ids of an earlier run, with their marks, beside the profiles of this one."""
        self._db.executemany("INSERT INTO before VALUES (?, ?)", marks)

    def remembered(self) -> Iterator[tuple[str, str]]:
        """The ids of the earlier run, ascending, with their marks."""
        return self._db.execute("SELECT id, mark FROM before ORDER BY id")

    def compared(self) -> Iterator[tuple[str, str | None, int]]:
        """The marks of those of the earlier run then and now (None: they have no profile now), and how many have
        both."""
        return self._db.execute(
            """
            SELECT before.mark, profile.mark, count(*) FROM before LEFT JOIN profile ON profile.id = before.id
            GROUP BY before.mark, profile.mark
            """
        )

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
        self._rolls = Rolls()
        self._earlier: Rolls | None = Rolls()
        """Those of the earlier run; None where it remembered none."""

    def _begin(self, path: Path) -> None:
        """From now on profiles are those of the folder or file that is given as `path`."""
        path = path.resolve()
        self._rolls.begin(f"{path.parent.name}/{path.name}" if path.is_file() else path.name)

    def _keep(self, id_: str, word: bytes, payers: Payers) -> None:
        """Keep the profile, as JSON, of somebody whom what is being read lists with `payers`."""
        self._kept.add(id_, word, self._rolls.mark(payers))

    def settle(self) -> None:
        """See `base.Source.settle`."""

    def words(self) -> Iterator[tuple[str, bytes]]:
        """See `base.Source.words`."""
        return self._kept.words()

    def recall(self, memory: Iterator[bytes]) -> None:
        """See `base.Source.recall`."""
        first, *lines = b"".join(memory).split(b"\n")
        if first.startswith(b"["):
            self._earlier = Rolls.from_json(first)
        elif first:  # by code that remembered ids alone
            self._earlier = None
            lines.insert(0, first)
        marks = (line.decode().partition("\t") for line in lines if line)
        self._kept.remember((id_, mark) for id_, _, mark in marks)

    def memory(self) -> Iterator[bytes]:
        """See `base.Source.memory`: the rolls, then the ids that it speaks of and their marks, one a line."""
        marks = self._kept.marks() if self.counts.read else self._kept.remembered()
        rolls = self._rolls if self.counts.read else self._earlier
        if rolls and (head := rolls.to_json()):
            yield head + b"\n"
        while some := list(islice(marks, _IDS_AT_ONCE)):
            yield "".join(f"{id_}\t{mark}\n" if mark else f"{id_}\n" for id_, mark in some).encode()

    def left_out(self) -> list[LeftOut] | None:
        """See `base.Source.left_out`."""
        return None if self._earlier is None else self._earlier.left_out(self._rolls, self._kept.compared())

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
