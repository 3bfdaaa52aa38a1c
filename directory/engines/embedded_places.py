"""Where the providers of an embedded generation are. Many share a place (a ZIP's or a city's centroid), so distances
are computed to places, of which there are tens of thousands at most, and not to providers.

places.npy           the different (lat, lon), by latitude
place_ends.npy       where the numbers of a place's providers begin in place_docs.npy, ascending within a place
home.npy             of each provider one of their places, -1 for none
more.npy             (number, place) of the other places of those who have several
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np
from pyroaring import BitMap

from directory.engines.embedded_text import Array, bitmap_of, bitmap_where, mapped
from directory.places import EARTH_RADIUS_MILES, Point

_MILES_PER_DEGREE: Final = EARTH_RADIUS_MILES * np.pi / 180
_REMEMBERED: Final = 16
"""Points whose distances are kept: a search asks for them several times, and so do its pages."""

_FIRST_RADIUS: Final = 8.0
"""Miles; doubled until enough are found."""

_EDGE: Final = 1e-6

_FAR: Final = 100.0
"""Miles, from which a band of latitudes saves little."""


def save_places(folder: Path, points: Sequence[tuple[float, float, int]] | Array, count: int) -> None:
    """Write the places of `count` providers; `points` are (lat, lon, number) in order of number."""
    rows = np.array(points, dtype=np.float64).reshape(-1, 3)
    numbers = rows[:, 2].astype(np.int64)
    places, of = np.unique(rows[:, :2], axis=0, return_inverse=True)
    of = of.reshape(-1)
    order = np.lexsort((numbers, of))
    np.save(folder / "places.npy", places)
    np.save(folder / "place_ends.npy", np.searchsorted(of[order], np.arange(len(places) + 1)))
    np.save(folder / "place_docs.npy", numbers[order].astype(np.uint32))
    home = np.full(count, -1, dtype=np.int32)
    first = np.flatnonzero(np.concatenate(([True], numbers[1:] != numbers[:-1]))) if len(numbers) else numbers
    home[numbers[first]] = of[first]
    others = np.delete(np.arange(len(numbers)), first)
    np.save(folder / "home.npy", home)
    np.save(folder / "more.npy", np.column_stack((numbers[others], of[others])).astype(np.int32))


class Places:
    """Reads the places of a generation."""

    def __init__(self, folder: Path) -> None:
        self._places = np.load(folder / "places.npy")
        self._lat = np.radians(self._places[:, 0])
        self._cos = np.cos(self._lat)
        self._ends = np.load(folder / "place_ends.npy")
        self._docs = mapped(folder / "place_docs.npy")
        self._home = mapped(folder / "home.npy")
        self._more_numbers, self._more_places = np.ascontiguousarray(mapped(folder / "more.npy").T)
        self._known: OrderedDict[Point, Array] = OrderedDict()
        self._lock = Lock()

    def _miles(self, point: Point) -> Array:
        """Miles from `point` to every place, and at the end infinity: the distance of those who have none."""
        with self._lock:
            if point in self._known:
                self._known.move_to_end(point)
                return self._known[point]
        found = np.append(self._away(point, slice(None)), np.inf)
        with self._lock:
            self._known[point] = found
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return found

    def _away(self, point: Point, places: slice) -> Array:
        """Great-circle miles from `point` to each of `places`: the formula of `places.miles`, by column."""
        delta = np.radians(self._places[places, 1] - point.lon)
        lat = np.radians(point.lat)
        h = np.sin((self._lat[places] - lat) / 2) ** 2 + np.cos(lat) * self._cos[places] * np.sin(delta / 2) ** 2
        found: Array = 2 * EARTH_RADIUS_MILES * np.arcsin(np.minimum(1.0, np.sqrt(h)))
        return found

    def within(self, point: Point, radius: float) -> BitMap:
        """The numbers of those with a place at most `radius` miles away."""
        if radius > _FAR:
            near = np.flatnonzero(self._miles(point) <= radius)
        else:
            band = radius / _MILES_PER_DEGREE + 1e-6
            start, end = np.searchsorted(self._places[:, 0], [point.lat - band, point.lat + band])
            near = start + np.flatnonzero(self._away(point, slice(start, end)) <= radius)
        if 4 * int((self._ends[near + 1] - self._ends[near]).sum()) < len(self._home):
            return bitmap_of(np.sort(self._at(near)))
        inside = np.zeros(len(self._places) + 1, dtype=bool)
        inside[near] = True
        found = inside.take(self._home)
        found[self._more_numbers[inside[self._more_places]]] = True
        return bitmap_where(found)

    def _at(self, places: Array) -> Array:
        """The numbers of those at `places`, place by place."""
        sizes = self._ends[places + 1] - self._ends[places]
        # Each run of a place begins where the place does, and counts on.
        jumps = np.repeat(self._ends[places] - np.cumsum(sizes) + sizes, sizes)
        rows: Array = self._docs[jumps + np.arange(len(jumps))]
        return rows

    def distances(self, point: Point, numbers: Array) -> Array:
        """Miles from `point` to the nearest place of each of `numbers` (ascending); infinite for who has none."""
        away = self._miles(point)
        found: Array = away[self._home[numbers]]
        more = self._more_numbers
        if 4 * len(numbers) < len(more):
            # Few numbers: look up the other places of each.
            wanted = numbers.astype(more.dtype)
            first, end = (np.searchsorted(more, wanted, side=side) for side in ("left", "right"))
            times = end - first
            rows = np.repeat(first - np.cumsum(times) + times, times) + np.arange(int(times.sum()))
            np.minimum.at(found, np.repeat(np.arange(len(numbers)), times), away[self._more_places[rows]])
        elif len(more) and len(numbers):
            at = np.minimum(np.searchsorted(numbers, more), len(numbers) - 1)
            asked = numbers[at] == more
            np.minimum.at(found, at[asked], away[self._more_places[asked]])
        return found

    def outward(self, point: Point, since: float | None = None) -> Iterator[Array]:
        """The numbers of those who are somewhere, by rings around `point`: everyone of a ring is nearer than anyone of
        the next who wasn't in one before. With `since` the first are those so many miles away, and nobody nearer."""
        away = self._miles(point)[:-1]
        inner = -1.0
        if since is not None:
            # A cursor holds the distance as a decimal number: take what equals it to the last bits.
            inner = since + _EDGE
            yield self._at(np.flatnonzero((away >= since - _EDGE) & (away < inner)))
        farthest = float(away.max(initial=0))
        outer = max(_FIRST_RADIUS, 2 * inner)
        while inner <= farthest:
            yield self._at(np.flatnonzero((away >= inner) & (away < outer)))
            inner, outer = outer, 2 * outer
