"""What a run says of what it read: counts in which every row has one outcome, rejects as NDJSON, thresholds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final

import orjson

from indexer.rolls import LeftOut

_LONGEST_VALUE: Final = 200
_SAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Issue:
    """Why a row was rejected. `line` is the physical line on which its record starts; `field` is the column's name
    in the file, None where the whole row is meant."""

    source: str
    file: str
    line: int
    field: str | None
    value: str
    code: str
    message: str


@dataclass(slots=True)
class Counts:
    """Rows of a source by outcome: `read` is the sum of the other four. `reasons` counts the codes behind `skipped`
    and `rejected`."""

    read: int = 0
    indexed: int = 0
    skipped: int = 0
    deleted: int = 0
    rejected: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def skip(self, reason: str, rows: int = 1) -> None:
        """Count `rows` as read and skipped for `reason`."""
        if rows:
            self.read += rows
            self.skipped += rows
            self.reasons[reason] += rows

    def reject(self, code: str) -> None:
        """Count a row as read and rejected."""
        self.read += 1
        self.rejected += 1
        self.reasons[code] += 1

    def delete(self, rows: int) -> None:
        """Count `rows` as read and deleted."""
        self.read += rows
        self.deleted += rows

    def index(self, rows: int) -> None:
        """Count `rows` as read and indexed."""
        self.read += rows
        self.indexed += rows

    def as_dict(self) -> dict[str, Any]:
        """The counts as the `--json` object has them."""
        return asdict(self) | {"reasons": dict(self.reasons.most_common())}

    @classmethod
    def total(cls, several: Sequence[Counts]) -> Counts:
        """The sum of several sources' counts."""
        out = cls()
        for one in several:
            out.read += one.read
            out.indexed += one.indexed
            out.skipped += one.skipped
            out.deleted += one.deleted
            out.rejected += one.rejected
            out.reasons += one.reasons
        return out


class RejectLog:
    """Takes the rejects of a run: writes them to `path` as NDJSON, if there is one, and keeps the first few."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self.first: list[Issue] = []

    def __enter__(self) -> RejectLog:
        if self._path is not None:
            self._file = self._path.open("wb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def __call__(self, issue: Issue) -> None:
        if len(self.first) < _SAMPLES:
            self.first.append(issue)
        if self._file is not None:
            row = asdict(issue) | {"value": issue.value[:_LONGEST_VALUE]}
            self._file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. `refusal` says why nothing changed (None: it went through); `unmapped` counts, by source and
    field, the words that no vocabulary knows; for `conflicts` see `tally.Tally.conflicts_as_list`, for
    `possible_duplicates` see `duplicates.Duplicates.found`, for `ended` `tally.Tally`."""

    command: str
    sources: Mapping[str, Counts]
    providers: int = 0
    generation: str | None = None
    promoted: bool = False
    refusal: str | None = None
    unmapped: Mapping[str, Mapping[str, Counter[str]]] = field(default_factory=dict)
    conflicts: Sequence[Mapping[str, Any]] = ()
    possible_duplicates: Mapping[str, Any] = field(default_factory=dict)
    ended: Mapping[str, int] = field(default_factory=dict)

    def as_dict(self, most_unmapped: int = 100) -> dict[str, Any]:
        """The `--json` object."""
        return {
            "command": self.command,
            "generation": self.generation,
            "promoted": self.promoted,
            "sources": {name: counts.as_dict() for name, counts in self.sources.items()},
            "total": Counts.total(list(self.sources.values())).as_dict(),
            "providers": self.providers,
            "error": self.refusal,
            "conflicts": list(self.conflicts),
            "possible_duplicates": dict(self.possible_duplicates),
            "ended": dict(self.ended),
            "unmapped": {
                source: {name: dict(words.most_common(most_unmapped)) for name, words in fields.items()}
                for source, fields in self.unmapped.items()
            },
        }


def unknown_words(unmapped: Mapping[str, Counter[str]], most: int = 50) -> dict[str, dict[str, Any]]:
    """Field -> how many words no vocabulary knows: `total` times, `distinct` words, and of the `top` how often each."""
    return {
        field: {
            "total": words.total(),
            "distinct": len(words),
            "top": {
                word[:100]: times for word, times in sorted(words.most_common(), key=lambda w: (-w[1], w[0]))[:most]
            },
        }
        for field, words in unmapped.items()
    }


def too_many_rejects(sources: Mapping[str, Counts]) -> str | None:
    """A sentence when over 10% of what a source offers was rejected, else None."""
    for name, counts in sources.items():
        offered = counts.indexed + counts.rejected
        if counts.rejected * 10 > offered:
            share = f"{counts.rejected:,} of {offered:,}"
            return f"{name}: {share} rows were rejected, more than 10% (--allow-rejects takes the rest all the same)"
    return None


def too_few_providers(now: int, before: int) -> str | None:
    """A sentence when the providers fall by over 20%, else None."""
    if now * 5 < before * 4:
        return f"providers fall from {before:,} to {now:,}, by more than 20% (--allow-shrink takes it all the same)"
    return None


def halved(now: Mapping[str, int], before: Mapping[str, int]) -> str | None:
    """A sentence when a source speaks of less than half of those it spoke of before, else None."""
    for name, count in before.items():
        if now.get(name, 0) * 2 < count:
            fall = f"from {count:,} to {now.get(name, 0):,}"
            return f"{name}: providers fall {fall}, by more than half (--allow-shrink takes it all the same)"
    return None


def mostly_ended(ended: Mapping[str, int], before: Mapping[str, int]) -> str | None:
    """A sentence when a source has no word any more on over half of those it spoke of before, else None: it may be
    another plan's files that were given."""
    for name, count in before.items():
        if ended.get(name, 0) * 2 > count:
            left = f"{ended[name]:,} of the {count:,} providers it spoke of are not in it any more, over half"
            return f"{name}: {left} (--allow-shrink takes it all the same)"
    return None


def left_out(source: str, left: Sequence[LeftOut], most: int = 5) -> str | None:
    """A sentence when files leave out most of whom a directory given earlier listed with a payer, else None."""
    if not left:
        return None
    shown = [
        f"{one.ended:,} of {one.people:,} {f'with {one.name}, ' if one.name else ''}from {one.given}"
        for one in left[:most]
    ]
    more = [f"and {len(left) - most:,} more plans"] if len(left) > most else []
    return (
        f"{source}: over half of those listed before are left out: {'; '.join(shown + more)}. "
        f"These files take the place of all that {source} said: give those of all its plans together "
        "(where these plans have really ended, --allow-shrink takes it all the same)"
    )


def unknown_payers(source: str) -> str:
    """The sentence where an earlier generation does not remember whom it lists with which payer."""
    return (
        f"{source}: the live generation was made by earlier code and does not remember who is in which plan; "
        f"give the files of all plans of {source} together, this once with --allow-shrink"
    )
