"""What the pipeline asks of a source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol, TypeAlias

import orjson

from directory.profile import Profile, from_dict
from indexer.report import Counts, Issue
from indexer.rolls import LeftOut

Reject: TypeAlias = Callable[[Issue], None]


class Source(Protocol):
    """One kind of input, over all its files of a run: `read` each, `settle` once, then ask for its `words`.

    `takes_folder` tells whether a folder may be given in place of a file, `whole` whether the files of a run are all
    that the source says: of whom they leave out it speaks no more. `counts` is complete after `settle`,
    `unmapped` (field -> words that no vocabulary knows) after the last word.
    """

    name: str
    takes_folder: bool
    whole: bool
    counts: Counts
    unmapped: Mapping[str, Counter[str]]

    def files(self, path: Path) -> list[Path]:
        """The files on disk that reading `path` reads. Raises `files.Unusable` where one of them is missing."""

    def read(self, path: Path, reject: Reject) -> Iterator[int]:
        """Read one file or folder, telling `reject` of each row that cannot be used; yields the bytes read so far.

        Raises `files.Unusable` when the whole file cannot be used.
        """

    def settle(self) -> None:
        """Decide, after the last file, which row of a provider counts."""

    def words(self) -> Iterator[tuple[str, bytes]]:
        """What the source says of each provider that it states, once, in increasing order of id: the id, and the
        normalised profile as `profile.to_json` has it."""

    def removed(self, npi: str) -> bool:
        """Whether the source says that nobody may be listed under this NPI any more."""

    # A later run goes on from an earlier one's `memory`. Sources that need none inherit from `Forgetful`.

    def recall(self, memory: Iterator[bytes]) -> None:
        """Take in what `memory` gave in an earlier run (nothing: there was none), before the first `read`."""

    def memory(self) -> Iterator[bytes]:
        """What a later run has to know of everything read so far, beside the words, in parts."""

    def withdrawn(self) -> Iterator[str]:
        """The ids, in increasing order, of which this run has taken back the word of an earlier one, or has changed
        whether they are `removed`. May name more than it must."""

    def left_out(self) -> list[LeftOut] | None:
        """Whom the files read leave out although those of the earlier run listed them, by directory and payer. None
        where that run did not remember whose they were."""

    def was_removed(self, npi: str) -> bool:
        """What `removed` said in the earlier run."""


class Forgetful:
    """A source whose files take nothing back: whom they name they state anew, of the others they say nothing."""

    whole = False

    def removed(self, npi: str) -> bool:
        """See `Source.removed`."""
        return False

    def was_removed(self, npi: str) -> bool:
        """See `Source.was_removed`."""
        return False

    def recall(self, memory: Iterator[bytes]) -> None:
        """See `Source.recall`."""

    def memory(self) -> Iterator[bytes]:
        """See `Source.memory`."""
        yield from ()

    def withdrawn(self) -> Iterator[str]:
        """See `Source.withdrawn`."""
        yield from ()

    def left_out(self) -> list[LeftOut] | None:
        """See `Source.left_out`: its files may be given in part."""
        return []


def profiles_of(source: Source) -> Iterator[Profile]:
    """The words of a source as profiles."""
    return (from_dict(orjson.loads(word)) for _, word in source.words())
