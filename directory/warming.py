"""What a server does before it copies itself into workers: everything that is read once, and the live generation, is
read now, so that the workers share it and nobody waits for it.
"""

from __future__ import annotations

import gc
from contextlib import suppress

from flask import Flask

from directory import crisis, places, search_request
from directory.errors import Problem
from directory.query import understand
from directory.search import utc_today
from directory.suggest_terms import cities

_ASKED = ("/search?q=anxiety+Austin", "/api/v1/providers?near=78704&sort=distance", "/api/v1/suggest?q=au")
_SAID = (
    "an anxious therapist near Austin, TX",
    "I can't sleep since my dad died and I don't know what to do",
    "my wife and I are fighting all the time, she wants a divorce",
    "my son won't go to school, he is 14 and always angry",
    "I feel so alone and tired every day, I need help with panick atacks",
    "want to stop drinking, online, takes Aetna, under $100",
)
"""What people say, in ordinary words: the patterns that nearly every sentence asks for are compiled by these."""


def warm(app: Flask) -> None:
    """Read what workers share; with the embedded engine also answer a few searches. A connection to Elasticsearch must
    not be shared, so it is not opened."""
    places.city_point("Austin", "TX")
    places.zip_point("78704")
    cities()
    for said in _SAID:
        crisis.is_crisis(said)
        understand(said)
    search_request.parse(b"", utc_today())
    settings = app.extensions.get("settings")
    if settings is not None and settings.engine == "embedded":
        with suppress(Problem):
            app.extensions["engine"].live()
            client = app.test_client()
            for address in _ASKED:
                client.get(address)
    # What is there now stays: looking for garbage in it would copy its pages into every worker.
    gc.collect()
    gc.freeze()
    gc.enable()
