"""The kinds of input: one module a format, each with the interface of `base.Source`. A new one is entered here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from indexer.sources.base import Source
from indexer.sources.nppes import NppesSource
from indexer.sources.profiles import ProfilesSource

SOURCES: Final[Mapping[str, Callable[[date], Source]]] = MappingProxyType(
    {"nppes": NppesSource, "profiles": ProfilesSource}
)
"""Name on the command line -> source, made for a given day (UTC). The later a source, the more its word weighs."""
