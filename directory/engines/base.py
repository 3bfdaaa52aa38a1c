"""The port between the directory and what stores and searches profiles. No engine's own words pass through it.

Readers see one whole generation at a time. A generation is built aside, finished, promoted in one step and never
changed after; the one before stays for `rollback` until it is pruned.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Protocol

from directory.cursor import CHANGED_CURSOR, Key
from directory.errors import BadRequest, ParameterError
from directory.plan import SearchPlan
from directory.profile import Profile

_NAME: Final = re.compile(
    r"(?P<alias>[a-z][a-z0-9_-]*)-(?P<fingerprint>[0-9a-f]{8})-(?P<time>\d{8}t\d{6}z)-(?P<random>[0-9a-f]{4})"
)


class PromotionRefused(Exception):
    """The generation was not made live; the message says why, and nothing has changed."""


class UnknownGeneration(Exception):
    """There is no finished generation of this name."""


@dataclass(frozen=True, slots=True)
class Generation:
    """A finished generation. `providers` is how many it holds, `sources` what the build said of each source,
    `fingerprint` tells which fields and vocabularies it was built with."""

    name: str
    built_at: datetime
    providers: int
    fingerprint: str
    sources: Mapping[str, Any] = field(default_factory=dict)
    live: bool = False


@dataclass(frozen=True, slots=True)
class FacetCount:
    """Providers by code (a code left out counts 0), and those who state nothing."""

    counts: Mapping[str, int]
    not_stated: int


@dataclass(frozen=True, slots=True)
class Hit:
    """One result with its sort key, as the cursor of a walk holds it."""

    profile: Profile
    key: Key


@dataclass(frozen=True, slots=True)
class Result:
    """The exact answer to a plan: `more` says whether results follow those of this page."""

    total: int
    hits: tuple[Hit, ...]
    more: bool
    facets: Mapping[str, FacetCount]
    unknown: Mapping[str, int]
    generation: Generation


class Build(Protocol):
    """A generation in the making; readers see nothing of it."""

    name: str

    def add(self, profiles: Iterable[Profile]) -> None:
        """Take in profiles, in strictly increasing order of id over all calls (else ValueError)."""

    def finish(self, sources: Mapping[str, Any]) -> Generation:
        """Complete and check the generation, without making it live. `sources` is kept with it (JSON values)."""

    def abort(self) -> None:
        """Leave nothing behind. Safe to call at any time, more than once."""


class Engine(Protocol):
    """Stores generations and searches the live one. Every method may raise `errors.EngineUnavailable`."""

    fingerprint: str

    def live(self) -> Generation:
        """The generation that readers see. Raises `errors.NoGeneration` before the first promotion."""

    def ready(self) -> Generation:
        """`live`, once it is known to answer searches too; a generation may be named and yet not be readable."""

    def search(self, plan: SearchPlan) -> Result:
        """Answer `plan` from the live generation, or from the one it names (`errors.WalkGone` when pruned)."""

    def get(self, id_: str) -> tuple[Profile, Generation] | None:
        """The provider of this id in the live generation."""

    def generations(self) -> list[Generation]:
        """All finished generations, newest first."""

    def start_build(self) -> Build:
        """Begin a generation. Clears what earlier builds of dead processes left behind."""

    def promote(self, name: str, *, expected: str | None) -> Generation:
        """Make `name` live in one step, if `expected` (None: nothing) is what is live now.

        Raises PromotionRefused when another build was promoted meanwhile, UnknownGeneration when `name` is not there.
        """

    def rollback(self) -> Generation:
        """Make the newest generation live that was built before the live one. Raises UnknownGeneration if none is."""

    def prune(self, keep: int) -> list[str]:
        """Delete all but the newest `keep` generations and the live one; the names deleted."""

    def close(self) -> None:
        """Let go of files and connections."""


def before_live(generations: Sequence[Generation]) -> tuple[Generation, Generation]:
    """(the live generation, the newest that was built before it), of generations newest first.

    Raises UnknownGeneration when there is nothing to go back to."""
    places = [i for i, g in enumerate(generations) if g.live]
    if not places or places[0] + 1 == len(generations):
        raise UnknownGeneration("there is no generation before the live one")
    return generations[places[0]], generations[places[0] + 1]


def walk_key(plan: SearchPlan, texts: Collection[str] = ()) -> Key:
    """The sort values that a walk goes on after, one for each key of the order: text for the columns `texts`, numbers
    (None: not stated) for the others. Raises BadRequest for a cursor that was changed by hand."""
    key = plan.after_key or ()
    columns = [k.column for k in plan.order]
    if len(key) != len(columns) or any(isinstance(v, str) != (c in texts) for c, v in zip(columns, key, strict=True)):
        raise BadRequest("", [ParameterError("after", "", CHANGED_CURSOR)])
    return key


def fingerprint(*parts: str) -> str:
    """Eight hex digits of a hash over `parts`, so that nobody has to remember a version number."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]


def source_of(*modules: ModuleType) -> list[str]:
    """The source text of modules, for a fingerprint over what they decide."""
    return [Path(module.__file__ or "").read_text("utf-8") for module in modules]


def generation_name(alias: str, mark: str, now: datetime | None = None) -> str:
    """`<alias>-<fingerprint>-<utc time>-<random>`, lower case because Elasticsearch refuses capitals."""
    moment = (now or datetime.now(UTC)).strftime("%Y%m%dt%H%M%Sz")
    return f"{alias}-{mark}-{moment}-{secrets.token_hex(2)}"


def parse_generation_name(name: str, alias: str) -> tuple[str, datetime] | None:
    """(fingerprint, time) of a generation's name; None when it is not one of `alias`."""
    match = _NAME.fullmatch(name)
    if match is None or match["alias"] != alias:
        return None
    return match["fingerprint"], datetime.strptime(match["time"], "%Y%m%dt%H%M%Sz").replace(tzinfo=UTC)
