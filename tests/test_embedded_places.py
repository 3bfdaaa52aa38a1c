"""Places of the embedded engine against distances computed provider by provider."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory import places
from directory.engines.embedded_places import Places, save_places
from directory.places import Point

POINT = st.sampled_from(((30.24, -97.77), (30.25, -97.7), (30.3, -97.7), (40.7, -74.0), (61.2, -149.9), (18.4, -66.1)))
WHERE = st.lists(st.lists(POINT, max_size=3, unique=True), max_size=30)


def nearest(point: Point, where: Sequence[tuple[float, float]]) -> float:
    """Miles to the nearest of `where`; infinite without any."""
    return min((places.miles(point, Point(*p)) for p in where), default=math.inf)


@given(WHERE, POINT, st.sampled_from((0.0, 1.0, 5.0, 25.0, 500.0, 3000.0)))
def test_within_and_distances(
    tmp_path_factory: pytest.TempPathFactory,
    where: Sequence[Sequence[tuple[float, float]]],
    start: tuple[float, float],
    radius: float,
) -> None:
    folder = tmp_path_factory.mktemp("places")
    save_places(folder, [(lat, lon, n) for n, found in enumerate(where) for lat, lon in found], len(where))
    known, point = Places(folder), Point(*start)
    away = [nearest(point, found) for found in where]
    assert list(known.within(point, radius)) == [n for n, miles in enumerate(away) if miles <= radius]
    for some in (range(len(where)), range(0, len(where), 3)):
        numbers = np.array(some, dtype=np.uint32)
        assert known.distances(point, numbers) == pytest.approx([away[n] for n in some])
    seen: list[int] = []
    farthest = 0.0
    for ring in known.outward(point):
        new = sorted({int(n) for n in ring} - set(seen))
        assert all(away[n] >= farthest for n in new)
        farthest = max([farthest, *(away[n] for n in new)])
        seen += new
    assert sorted(seen) == [n for n, miles in enumerate(away) if miles < math.inf]
    beyond = {int(n) for ring in known.outward(point, radius) for n in ring}
    assert beyond >= {n for n, miles in enumerate(away) if radius <= miles < math.inf}
