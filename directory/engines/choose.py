"""The engine that the settings name."""

from __future__ import annotations

from directory.config import Settings
from directory.engines.base import Engine
from directory.engines.embedded import EmbeddedEngine


def engine_from(settings: Settings) -> Engine:
    """The engine of `settings`. Opens no connection yet: a service starts while its engine is away."""
    if settings.engine == "elasticsearch":
        # Imported when needed: the client takes a third of a second to load.
        from directory.engines.elastic import ElasticEngine

        return ElasticEngine(settings)
    return EmbeddedEngine(settings.data, settings.alias)
