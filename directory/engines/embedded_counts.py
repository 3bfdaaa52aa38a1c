"""How many of some providers state each value of each facet: all values at once.

A value's set is met with a broad one a word at a time, and with a small one number by number, hundreds of times over.
So what each provider states is kept as a row of bits, too, one bit a value; the rows of some are added up by column as
adders do it, 64 columns at once: counters of one bit are added in pairs to counters of two, these to counters of three.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from pyroaring import BitMap

from directory.engines.embedded_text import Array, numbers_of

_BLOCK: Final = 16_384
"""Rows that are added up together: what the processor has at hand."""

_LEFT: Final = 32
"""Rows of counters from which they are simply unpacked and summed."""


class Stated:
    """What each of `count` providers states, as rows of bits. `facets`: name -> code -> who states it."""

    def __init__(self, facets: Mapping[str, Mapping[str, BitMap]], count: int) -> None:
        self._codes = {name: tuple(sets) for name, sets in facets.items()}
        every = [members for sets in facets.values() for members in sets.values()]
        words = np.zeros((-(-len(every) // 64), count), dtype=np.uint64)
        for place, members in enumerate(every):
            words[place // 64][numbers_of(members)] |= np.uint64(1 << place % 64)
        self._rows = np.ascontiguousarray(words.T)

    def counts(self, numbers: Array) -> dict[str, dict[str, int]]:
        """How many of the providers `numbers` state what: name -> code -> count."""
        sums = np.zeros(64 * self._rows.shape[1], dtype=np.int64)
        for start in range(0, len(numbers), _BLOCK):
            # `take` is eight times faster than an index here.
            sums += column_sums(self._rows.take(numbers[start : start + _BLOCK], axis=0))
        counts = iter(sums.tolist())
        return {name: dict(zip(codes, counts, strict=False)) for name, codes in self._codes.items()}


def column_sums(rows: Array) -> Array:
    """How many of `rows` (of unsigned 64-bit numbers) have each of their bits set, lowest bit of the first first.

    >>> import numpy as np
    >>> column_sums(np.array([[3], [1], [8]], dtype=np.uint64))[:5].tolist()
    [2, 1, 0, 1, 0]
    """
    counters: Sequence[Array] = [rows]
    while len(counters[0]) > _LEFT:
        counters = _added_in_pairs(counters)
    sums = np.zeros(64 * rows.shape[1], dtype=np.int64)
    for digit, bits in enumerate(counters):
        flat = np.ascontiguousarray(bits.astype("<u8")).view(np.uint8)
        sums += np.unpackbits(flat, axis=1, bitorder="little").sum(axis=0, dtype=np.int64) << digit
    return sums


def _added_in_pairs(counters: Sequence[Array]) -> list[Array]:
    """Binary counters, their lowest digits first, added up two by two: half as many, of one digit more."""
    half = (len(counters[0]) + 1) // 2
    digits: list[Array] = []
    carry: Array | None = None
    for bits in counters:
        first, second = bits[:half], bits[half:]
        if len(second) < half:
            second = np.concatenate((second, np.zeros((1, bits.shape[1]), dtype=bits.dtype)))
        either, both = first ^ second, first & second
        digits.append(either if carry is None else either ^ carry)
        carry = both if carry is None else both | (either & carry)
    return [*digits, *([] if carry is None else [carry])]
