"""One opened embedded generation: finds the members of an expression, counts facets, orders and fetches results.

A filter is the union of its values' bitmaps; a facet's counts are the sizes of the intersections of every value's
bitmap with the members of all other filters. Everything is sets, and columns for what is ordered.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import datetime
from functools import reduce
from pathlib import Path
from threading import Lock
from typing import Any, Final, TypeAlias, TypeVar

import numpy as np
import orjson
from pyroaring import BitMap

from directory.engines.base import FacetCount, Generation
from directory.engines.embedded_counts import Stated
from directory.engines.embedded_files import MANIFEST
from directory.engines.embedded_places import Places
from directory.engines.embedded_rows import MISSING_NUMBER, licensed_key, value_key
from directory.engines.embedded_text import Array, File, Holders, TextIndex, bitmap_of, bitmap_where, mapped, numbers_of
from directory.engines.embedded_words import Notes
from directory.expressions import And, Between, Expr, Has, Licensed, Missing, Near, Or, Text
from directory.facets import FACETS
from directory.lexicon import NOTE, Lexicon
from directory.plan import FacetPlan
from directory.profile import Profile, from_dict
from directory.text import Word

Memo: TypeAlias = dict[Hashable, Any]
"""What one request has found already: members by expression, `Holders` by token, counts by what is counted under."""

Kept = TypeVar("Kept")

_KEPT: Final = 2

_COUNTED: Final = 1_000
"""Counts of a facet under some filters that are kept: 5 KB each at most."""

_FEW: Final = 16
"""One in so many of all providers, up to which counts are made from what each of them states."""

_NOTHING: Final = ""

_REMEMBERED: Final = 64
"""Sets that took work to find (a range, a circle) and are kept for later requests: 125 KB each at a million."""


class Reader:
    """Everything that can be asked of one generation. Safe to share between threads: nothing in it changes."""

    def __init__(self, folder: Path) -> None:
        self.generation = read_generation(folder)
        self._folder = folder
        self.count = self.generation.providers
        self.everyone = BitMap(range(self.count))
        self._ids = self._column("ids")
        self._offsets = self._column("profiles")
        self._profiles = File(folder / "profiles.bin")
        self._expiring = self._column("expiring")
        self._expiring_places = orjson.loads((folder / "expiring.json").read_bytes())
        self._bitmaps = self._load_bitmaps()
        self._stated = self._make_stated()
        self._columns: dict[str, Array] = {}
        self.places = Places(folder)
        self.texts = TextIndex(folder / "text")
        self.lexicon = Lexicon(b"".join(Notes(folder).kept(NOTE)))
        self._known: OrderedDict[Expr, BitMap] = OrderedDict()
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._counted: OrderedDict[Hashable, FacetCount] = OrderedDict()
        self._lock = Lock()

    def _column(self, name: str) -> Array:
        return mapped(self._folder / f"{name}.npy")

    def _load_bitmaps(self) -> dict[str, dict[str, BitMap]]:
        """facet (or `missing`, or `licensed` with its way) -> code -> members."""
        data = (self._folder / "bitmaps.bin").read_bytes()
        found: dict[str, dict[str, BitMap]] = {}
        for key, (start, end) in orjson.loads((self._folder / "bitmaps.json").read_bytes()).items():
            kind, _, code = key.rpartition("\t")
            found.setdefault(kind, {})[code] = BitMap.deserialize(data[start:end])
        return found

    def _make_stated(self) -> Stated:
        """Every value of every facet, and `_NOTHING` for who states none."""
        sets = {f.name: {**self._bitmaps.get(f.name, {}), _NOTHING: self.members_missing(f.name)} for f in FACETS}
        return Stated(sets, self.count)

    def _bitmap(self, key: str) -> BitMap:
        kind, _, code = key.rpartition("\t")
        return self._bitmaps.get(kind, {}).get(code) or BitMap()

    def column(self, name: str) -> Array:
        """The column `name`, opened once."""
        if name not in self._columns:
            self._columns[name] = self._column(name)
        return self._columns[name]

    def members_missing(self, name: str) -> BitMap:
        """Those who state nothing for a facet, a column of numbers, `near` or `state`."""
        return self._bitmaps["missing"][name]

    # Profiles

    def number(self, id_: str) -> int | None:
        """The number of the provider of this id."""
        raw = id_.encode()
        place = int(np.searchsorted(self._ids, np.bytes_(raw)))
        return place if place < self.count and self._ids[place] == raw and not raw.endswith(b"\0") else None

    def profile(self, number: int) -> Profile:
        """The provider of this number."""
        return from_dict(self.stored(number))

    def stored(self, number: int) -> Mapping[str, Any]:
        """What `profile.to_json` wrote of the provider of this number, as JSON values."""
        data = self._profiles.read(int(self._offsets[number]), int(self._offsets[number + 1]))
        values: Mapping[str, Any] = orjson.loads(data)
        return values

    def kept(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """What `make` gives, kept for the next requests with the same `key`."""
        with self._lock:
            if key in self._kept:
                known: Kept = self._kept[key]
                return known
        made = make()
        with self._lock:
            self._kept[key] = made
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return made

    # Members

    def members(self, expr: Expr, memo: Memo) -> BitMap:
        """The numbers of those who match. Sets are shared, so nobody may change one that comes from here."""
        found: BitMap | None = memo.get(expr)
        if found is None:
            found = memo[expr] = self._find(expr, memo)
        return found

    def _find(self, expr: Expr, memo: Memo) -> BitMap:
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
                return self.members_missing(name)
            case Between() | Near() | Licensed():
                return self._remembered(expr)
            case Text(words):
                found = sorted((self._word(w, memo) for w in words), key=len)
                return reduce(lambda a, b: a & b, found) if found else self.everyone

    def _remembered(self, expr: Between | Near | Licensed) -> BitMap:
        with self._lock:
            if expr in self._known:
                self._known.move_to_end(expr)
                return self._known[expr]
        match expr:
            case Between(name, low, high):
                found = self._between(self.column(name), low, high)
            case Near(point, miles):
                found = self.places.within(point, miles)
            case Licensed(state, way, day):
                found = self._licensed(licensed_key(way, state), day)
        with self._lock:
            self._known[expr] = found
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return found

    @staticmethod
    def _between(values: Array, low: int | None, high: int | None) -> BitMap:
        wanted = values != MISSING_NUMBER
        if low is not None:
            wanted &= values >= low
        if high is not None:
            wanted &= values <= high
        return bitmap_where(wanted)

    def _licensed(self, key: str, day: int) -> BitMap:
        forever = self._bitmap(key)
        start, end = self._expiring_places.get(key, (0, 0))
        rows = self._expiring[start:end]
        return forever | bitmap_of(np.sort(rows[rows[:, 1] >= day, 0]))

    # Text

    def _word(self, word: Word, memo: Memo) -> BitMap:
        """Those in whom `word` occurs, by any of its alternatives."""
        either = [reduce(lambda a, b: a & b, (self._holders(t, memo).members for t in tokens)) for tokens in word]
        return either[0] if len(either) == 1 else BitMap.union(*either)

    def _holders(self, token: str, memo: Memo) -> Holders:
        found: Holders | None = memo.get(token)
        if found is None:
            found = memo[token] = self.texts.holders(token)
        return found

    def holders(self, words: Iterable[Word], memo: Memo) -> list[Holders]:
        """Who holds the tokens of `words`: each counts wherever it occurs."""
        tokens = dict.fromkeys(t for word in words for tokens in word for t in tokens)
        return [self._holders(token, memo) for token in tokens]

    # Counts

    def counts(self, plan: FacetPlan, memo: Memo) -> FacetCount:
        """The exact count of every value that occurs, and of those who state nothing. Counted once for the same
        filters: other pages and orders, and other values of the facet itself, want them again."""
        key = plan.name, plan.base, plan.missing
        if plan.values is None:
            with self._lock:
                if key in self._counted:
                    self._counted.move_to_end(key)
                    return self._counted[key]
        base = self.members(plan.base, memo)
        if plan.values is not None:
            counts = {
                code: self.members(expr, memo).intersection_cardinality(base) for code, expr in plan.values.items()
            }
            return FacetCount(counts, self.members(plan.missing, memo).intersection_cardinality(base))
        found = self._count(plan, base, memo)
        with self._lock:
            self._counted[key] = found
            if len(self._counted) > _COUNTED:
                self._counted.popitem(last=False)
        return found

    def _count(self, plan: FacetPlan, base: BitMap, memo: Memo) -> FacetCount:
        values, missing = self._bitmaps.get(plan.name, {}), self.members(plan.missing, memo)
        if len(base) == self.count:
            # A set knows its size.
            return FacetCount({code: len(found) for code, found in values.items()}, len(missing))
        if _FEW * len(base) <= self.count and plan.missing == Missing(plan.name):
            key = "counts", plan.base
            if key not in memo:
                memo[key] = self._stated.counts(numbers_of(base))
            counts = dict(memo[key][plan.name])
            return FacetCount(counts, counts.pop(_NOTHING))
        counts = {code: base.intersection_cardinality(found) for code, found in values.items()}
        return FacetCount(counts, base.intersection_cardinality(missing))


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
