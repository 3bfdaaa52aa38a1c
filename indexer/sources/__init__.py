"""The kinds of input: one module a format, each with the interface of `base.Source`. A new one is entered here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final, Protocol

from indexer.sources.base import Source
from indexer.sources.nppes import NppesSource
from indexer.sources.plan_net import PlanNetSource
from indexer.sources.profiles import ProfilesSource
from indexer.sources.qhp import QhpSource


class Kind(Protocol):
    """A class of sources, called with a day (UTC) for the source of a run."""

    takes_folder: bool

    def __call__(self, today: date, /) -> Source:
        """A source for one run."""


SOURCES: Final[Mapping[str, Kind]] = MappingProxyType(
    {"nppes": NppesSource, "plan_net": PlanNetSource, "qhp": QhpSource, "profiles": ProfilesSource}
)
"""Name on the command line -> source, made for a given day (UTC)."""
