"""The port between the directory and what stores and searches profiles. No engine's own words pass through it.

Readers see one whole generation at a time. A generation is built aside, finished, promoted in one step and never
changed after; the one before stays for `rollback` until it is pruned.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Protocol

from directory.cursor import CHANGED_CURSOR, Key
from directory.errors import BadRequest, ParameterError
from directory.expressions import Expr
from directory.lexicon import Lexicon
from directory.plan import SearchPlan
from directory.profile import Profile, Stored, as_stored, from_dict

_NAME: Final = re.compile(
    r"(?P<alias>[a-z][a-z0-9_-]*)-(?P<fingerprint>[0-9a-f]{8})-(?P<time>\d{8}t\d{6}z)-(?P<random>[0-9a-f]{4})"
)

_NOTE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class PromotionRefused(Exception):
    """The generation was not made live; the message says why, and nothing has changed."""


class UnknownGeneration(Exception):
    """There is no finished generation of this name."""


class StaleGeneration(Exception):
    """The generation was built by code that laid it out differently: it can be read, not copied."""


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


@dataclass(frozen=True)
class Hit:
    """One result: its profile as it is stored, and its sort key, as the cursor of a walk holds it. The profile is made
    from it when somebody asks."""

    stored: Stored
    key: Key

    @classmethod
    def of(cls, profile: Profile) -> Hit:
        """A result by itself."""
        return cls(as_stored(profile), ())

    @cached_property
    def profile(self) -> Profile:
        """The provider."""
        return from_dict(self.stored)


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
    """A generation in the making; readers see nothing of it.

    One that began as a copy holds all that the copied one held, profiles, words and notes, until that is changed; what
    is said last of an id counts.
    """

    name: str
    prepare: Callable[[Sequence[tuple[Stored, bytes]], Sequence[tuple[str, bytes]]], Any]
    """Makes of providers, each with the JSON that is stored of it (see `profile.to_json`), and of words what `put`
    takes. Pure and picklable: most of the work of a build, and for any process to do."""

    def put(self, prepared: Any) -> None:
        """Take in what `prepare` made of providers and words, as `add` and `say` do. What fails later than this is
        raised by a later call."""

    def add(self, profiles: Iterable[Profile]) -> None:
        """Take in profiles, in strictly increasing order of id over all calls (else ValueError). In a copy each takes
        the place of the one with its id."""

    def remove(self, ids: Iterable[str]) -> None:
        """Take providers out of a copy; ids that are not there are passed over."""

    def say(self, words: Iterable[tuple[str, bytes]]) -> None:
        """Keep what the sources said of each id, listed or not, as bytes that no engine looks into: (id, word), in
        strictly increasing order of id over all calls (else ValueError). An empty word is none: in a copy it takes
        away the one that was there."""

    def keep(self, name: str, parts: Iterable[bytes]) -> None:
        """Keep a note of any size with the generation: `parts`, one after the other, in place of what was kept under
        `name` (lower-case letters, digits and hyphens; else ValueError)."""

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

    def count(self, exprs: Sequence[Expr], generation: str) -> list[int]:
        """How many in a generation match each of `exprs`, all asked at once. Raises `errors.WalkGone` when it has been
        pruned."""

    def get(self, id_: str) -> tuple[Profile, Generation] | None:
        """The provider of this id in the live generation."""

    def generations(self) -> list[Generation]:
        """All finished generations, newest first."""

    def said(self, generation: str) -> Iterator[tuple[str, bytes]]:
        """All words that were kept with a finished generation (see `Build.say`), in increasing order of id.

        Raises UnknownGeneration."""

    def said_of(self, generation: str, ids: Iterable[str]) -> Mapping[str, bytes]:
        """Those of its words that are kept for `ids`. Raises UnknownGeneration."""

    def kept(self, generation: str, name: str) -> Iterator[bytes]:
        """The note kept under `name` with a finished generation, in parts; no part where there is none.

        Raises UnknownGeneration."""

    def lexicon(self, generation: str | None = None) -> Lexicon:
        """The words of the live generation, or of the finished one it names (`errors.WalkGone` when pruned)."""

    def start_build(self, copy_of: str | None = None) -> Build:
        """Begin a generation, empty or as a copy of a finished one. Clears what earlier builds of dead processes left
        behind. Raises UnknownGeneration for a copy of what is not there, StaleGeneration of what other code built."""

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


def checked_note(name: str) -> str:
    """`name`, if a note may be kept under it. Raises ValueError."""
    if not _NOTE.fullmatch(name):
        raise ValueError(f"a note's name has lower-case letters, digits and hyphens: {name!r}")
    return name


def check_increasing(id_: str, last: str) -> None:
    """Raises ValueError unless `id_` comes after `last`."""
    if id_ <= last:
        raise ValueError(f"ids must increase: {id_!r} after {last!r}")


def check_copyable(generation: Generation, mark: str) -> None:
    """Raises StaleGeneration unless `generation` has the fingerprint `mark` of the present code."""
    if generation.fingerprint != mark:
        raise StaleGeneration(f"{generation.name} was built by other code")


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
