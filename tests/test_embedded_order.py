"""Pages of large sets on the embedded engine: found from the front of an order, they are those of the whole set."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from directory.engines import embedded_order
from directory.engines.embedded import EmbeddedEngine
from tests import conformance
from tests.oracle import Oracle
from tests.profiles import profiles


def test_every_set_is_large(tmp_path: Path, today: date, monkeypatch: pytest.MonkeyPatch) -> None:
    made = profiles(700, 11, today)
    engine = EmbeddedEngine(tmp_path)
    conformance.build(engine, made)
    monkeypatch.setattr(embedded_order, "_SMALL", 0)
    monkeypatch.setattr(embedded_order, "_SAMPLE", 8)
    monkeypatch.setattr(embedded_order, "_GROUP", 3)
    monkeypatch.setattr(embedded_order, "_worth_walking", lambda members, wanted, count: True)
    conformance.conform(engine, Oracle(made), today, examples=500, seed=5)
