"""Draws from random numbers, with one number each: a million profiles need a hundred million of them."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


def one(random: Random, items: Sequence[T]) -> T:
    """Any of `items`."""
    return items[int(random.random() * len(items))]


def weighted(random: Random, items: Sequence[T], sums: Sequence[float]) -> T:
    """One of `items`; `sums` are the running sums of their weights."""
    return items[bisect(sums, random.random() * sums[-1])]


def few(random: Random, items: Sequence[T], most: int) -> list[T]:
    """At most `most` different ones of `items`, in any order."""
    left, found = list(items), []
    for _ in range(min(most, len(left))):
        i = int(random.random() * len(left))
        left[i], left[-1] = left[-1], left[i]
        found.append(left.pop())
    return found


def whole(random: Random, least: int, most: int) -> int:
    """A whole number from `least` to `most`, both included."""
    return least + int(random.random() * (most - least + 1))
