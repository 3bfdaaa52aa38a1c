"""One opened embedded generation: finds the members of an expression, counts facets, orders and fetches results.

A filter is the union of its values' bitmaps; a facet's counts are the sizes of the intersections of every value's
bitmap with the members of all other filters. Text goes to tantivy once a request, everything else is sets and columns.
"""

from __future__ import annotations

import mmap
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from functools import reduce
from pathlib import Path
from threading import Lock
from typing import Any, Final, TypeAlias

import numpy as np
import orjson
import tantivy
from pyroaring import BitMap

from directory.document import TEXTS
from directory.engines.base import FacetCount, Generation
from directory.engines.embedded_files import (
    MANIFEST,
    MISSING_NUMBER,
    licensed_key,
    register_tokens,
    text_schema,
    value_key,
)
from directory.expressions import And, Between, Expr, Has, Licensed, Missing, Near, Or, Text
from directory.places import EARTH_RADIUS_MILES, Point
from directory.plan import FacetPlan
from directory.profile import Profile, from_dict
from directory.text import Alternative, Word

Array = np.ndarray[Any, Any]
_REMEMBERED_TEXTS: Final = 16
_KEPT_COLUMNS: Final = 2
_Words: TypeAlias = tuple[tuple[Word, ...], tuple[Word, ...]]
_MILES_PER_DEGREE: Final = EARTH_RADIUS_MILES * np.pi / 180


class Reader:
    """Everything that can be asked of one generation. Safe to share between threads: nothing in it changes."""

    def __init__(self, folder: Path) -> None:
        self.generation = read_generation(folder)
        self._folder = folder
        self.count = self.generation.providers
        self.everyone = BitMap(range(self.count))
        self._ids = self._column("ids")
        self._offsets = self._column("profiles")
        self._profiles = _map(folder / "profiles.bin")
        self._points = self._column("points")
        self._point_docs = self._column("point_docs")
        self._expiring = self._column("expiring")
        self._expiring_places = orjson.loads((folder / "expiring.json").read_bytes())
        self._bitmaps = self._load_bitmaps()
        self._columns: dict[str, Array] = {}
        self._schema = text_schema()
        index = tantivy.Index(self._schema, str(folder / "text"))
        register_tokens(index)
        self._searcher = index.searcher()
        self._texts: OrderedDict[_Words, tuple[Array, Array]] = OrderedDict()
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, Array] = OrderedDict()
        self._all_counts: dict[str, FacetCount] = {}

    def _column(self, name: str) -> Array:
        values: Array = np.load(self._folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        return values

    def _load_bitmaps(self) -> dict[str, dict[str, BitMap]]:
        """facet (or `missing`, or `licensed` with its way) -> code -> members."""
        data = _map(self._folder / "bitmaps.bin")
        found: dict[str, dict[str, BitMap]] = {}
        for key, (start, end) in orjson.loads((self._folder / "bitmaps.json").read_bytes()).items():
            kind, _, code = key.rpartition("\t")
            found.setdefault(kind, {})[code] = BitMap.deserialize(data[start:end])
        return found

    def _bitmap(self, key: str) -> BitMap:
        kind, _, code = key.rpartition("\t")
        return self._bitmaps.get(kind, {}).get(code) or BitMap()

    def column(self, name: str) -> Array:
        """The column `name`, opened once."""
        if name not in self._columns:
            self._columns[name] = self._column(name)
        return self._columns[name]

    # Profiles

    def number(self, id_: str) -> int | None:
        """The number of the provider of this id."""
        raw = id_.encode()
        place = int(np.searchsorted(self._ids, np.bytes_(raw)))
        return place if place < self.count and self._ids[place] == raw and not raw.endswith(b"\0") else None

    def profile(self, number: int) -> Profile:
        """The provider of this number."""
        return from_dict(orjson.loads(self._profiles[self._offsets[number] : self._offsets[number + 1]]))

    def kept(self, key: Hashable, make: Callable[[], Array]) -> Array:
        """What `make` gives, kept for the next requests with the same `key`."""
        with self._lock:
            if key in self._kept:
                return self._kept[key]
        made = make()
        with self._lock:
            self._kept[key] = made
            if len(self._kept) > _KEPT_COLUMNS:
                self._kept.popitem(last=False)
        return made

    # Members

    def members(self, expr: Expr, memo: dict[Expr, BitMap]) -> BitMap:
        """The numbers of those who match. `memo` holds what one request has found already; its sets are shared, so
        nobody may change a set that comes from here."""
        if expr not in memo:
            memo[expr] = self._find(expr, memo)
        return memo[expr]

    def _find(self, expr: Expr, memo: dict[Expr, BitMap]) -> BitMap:
        match expr:
            case And(items):
                found = sorted((self.members(e, memo) for e in items), key=len)
                return reduce(lambda a, b: a & b, found) if found else self.everyone
            case Or(items):
                return BitMap.union(*(self.members(e, memo) for e in items)) if items else BitMap()
            case Has(name, codes):
                known = [b for c in codes if (b := self._bitmap(value_key(name, c)))]
                return BitMap.union(*known) if known else BitMap()
            case Missing(name):
                return self._bitmaps["missing"][name]
            case Between(name, low, high):
                return self._between(self.column(name), low, high)
            case Near(point, miles):
                return self._near(point, miles)
            case Licensed(state, way, day):
                return self._licensed(licensed_key(way, state), day)
            case Text():
                return BitMap(self.ranked(expr.words, expr.words)[0])

    @staticmethod
    def _between(values: Array, low: int | None, high: int | None) -> BitMap:
        wanted = values != MISSING_NUMBER
        if low is not None:
            wanted &= values >= low
        if high is not None:
            wanted &= values <= high
        return BitMap(np.flatnonzero(wanted).astype(np.uint32))

    def _licensed(self, key: str, day: int) -> BitMap:
        forever = self._bitmap(key)
        start, end = self._expiring_places.get(key, (0, 0))
        rows = self._expiring[start:end]
        return forever | BitMap(rows[rows[:, 1] >= day, 0].astype(np.uint32))

    def _near(self, point: Point, miles: float) -> BitMap:
        band = miles / _MILES_PER_DEGREE + 1e-6
        latitudes = self._points[:, 0]
        start, end = np.searchsorted(latitudes, [point.lat - band, point.lat + band])
        distances = _miles(point, self._points[start:end])
        return BitMap(self._point_docs[start:end][distances <= miles])

    def distances(self, point: Point, numbers: Array) -> Array:
        """Miles from `point` to the nearest place of each of `numbers`; infinite for who has none."""
        nearest = np.full(self.count, np.inf)
        np.minimum.at(nearest, self._point_docs, _miles(point, self._points))
        return nearest[numbers]

    # Text

    def ranked(self, required: tuple[Word, ...], words: tuple[Word, ...]) -> tuple[Array, Array]:
        """(numbers ascending, their BM25 scores) of those in whom every one of `required` occurs and, where nothing is
        required, any of `words`; all of `words` score."""
        key = required, words
        with self._lock:
            if key in self._texts:
                self._texts.move_to_end(key)
                return self._texts[key]
        clauses = [(tantivy.Occur.Must, self._word(w)) for w in required]
        clauses += [(tantivy.Occur.Should, self._word(w)) for w in words if w not in required]
        hits = self._searcher.search(tantivy.Query.boolean_query(clauses), limit=max(1, self.count), count=False).hits
        scores = np.array([score for score, _ in hits], dtype=np.float64)
        numbers = np.array(self._searcher.fast_field_values("doc", [address for _, address in hits]), dtype=np.uint32)
        order = np.argsort(numbers)
        found = numbers[order], scores[order]
        with self._lock:
            self._texts[key] = found
            if len(self._texts) > _REMEMBERED_TEXTS:
                self._texts.popitem(last=False)
        return found

    def _word(self, word: Word) -> tantivy.Query:
        either = [self._alternative(a) for a in word]
        return either[0] if len(either) == 1 else _any(either)

    def _alternative(self, alternative: Alternative) -> tantivy.Query:
        tokens = [self._token(t) for t in alternative]
        if len(tokens) == 1:
            return tokens[0]
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, t) for t in tokens])

    def _token(self, token: str) -> tantivy.Query:
        return _any(
            [
                tantivy.Query.boost_query(
                    tantivy.Query.term_query(self._schema, name, token, index_option="freq"), weight
                )
                for name, weight in TEXTS.items()
            ]
        )

    # Counts

    def counts(self, plan: FacetPlan, memo: dict[Expr, BitMap]) -> FacetCount:
        """The exact count of every value that occurs, and of those who state nothing."""
        base = self.members(plan.base, memo)
        if plan.values is not None:
            counts = {
                code: self.members(expr, memo).intersection_cardinality(base) for code, expr in plan.values.items()
            }
            return FacetCount(counts, self.members(plan.missing, memo).intersection_cardinality(base))
        if len(base) == self.count:
            if plan.name not in self._all_counts:
                self._all_counts[plan.name] = self._count(plan, base, memo)
            return self._all_counts[plan.name]
        return self._count(plan, base, memo)

    def _count(self, plan: FacetPlan, base: BitMap, memo: dict[Expr, BitMap]) -> FacetCount:
        values = self._bitmaps.get(plan.name, {})
        counts = {code: base.intersection_cardinality(found) for code, found in values.items()}
        return FacetCount(counts, self.members(plan.missing, memo).intersection_cardinality(base))


def read_generation(folder: Path) -> Generation:
    """What the manifest in `folder` says. Raises OSError, ValueError or KeyError when it is unreadable."""
    manifest = orjson.loads((folder / MANIFEST).read_bytes())
    return Generation(
        name=manifest["name"],
        built_at=datetime.fromisoformat(manifest["built_at"]),
        providers=manifest["providers"],
        fingerprint=manifest["fingerprint"],
        sources=manifest["sources"],
    )


def _any(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, q) for q in queries])


def _map(path: Path) -> mmap.mmap | bytes:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b""


def _miles(point: Point, places: Array) -> Array:
    """Great-circle miles to each (lat, lon) row: the formula of `places.miles`, by column."""
    lat1, lat2 = np.radians(point.lat), np.radians(places[:, 0])
    delta = np.radians(places[:, 1] - point.lon)
    h = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin(delta / 2) ** 2
    miles: Array = 2 * EARTH_RADIUS_MILES * np.arcsin(np.minimum(1.0, np.sqrt(h)))
    return miles
