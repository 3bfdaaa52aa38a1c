"""What the pipeline asks of a source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol, TypeAlias

from directory.profile import Profile
from indexer.report import Counts, Issue

Reject: TypeAlias = Callable[[Issue], None]


class Source(Protocol):
    """One kind of input, over all its files of a run: `read` each, `settle` once, then ask for `profiles`.

    `counts` is complete after `settle`; `unmapped` (field -> words that no vocabulary knows) after the last profile.
    """

    name: str
    counts: Counts
    unmapped: Mapping[str, Counter[str]]

    def read(self, path: Path, reject: Reject) -> Iterator[int]:
        """Read one file, telling `reject` of each row that cannot be used; yields the bytes of it read so far.

        Raises `files.Unusable` when the whole file cannot be used.
        """

    def settle(self) -> None:
        """Decide, after the last file, which row of a provider counts."""

    def profiles(self) -> Iterator[Profile]:
        """Every provider that the source states, once, in increasing order of id."""

    def removed(self, npi: str) -> bool:
        """Whether the source says that nobody may be listed under this NPI any more."""
