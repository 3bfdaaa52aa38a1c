"""What is counted of a generation while it is filled, and kept with it: an update counts on from there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from indexer.merge import Conflict
from indexer.words import Listed

ABOUT_MERGE: Final = "merge"
"""The key of a generation's `sources` under which the counts that concern several sources are."""

FORMAT: Final = 2
"""How words and counts are kept; a generation with another number can't be updated."""

BESIDE: Final = {"phone": "Telephone", "fee": "Fee", "locations": "Place"}
"""Field of a profile -> label, of those whose completeness is counted and that are no facet's."""


@dataclass(slots=True)
class Tally:
    """`providers` are those listed, `demo` the fictional ones among them, `stated` (field of `BESIDE` -> providers)
    those who state it. `words` (source -> ids that it speaks of) include those who are not listed; `ended` (source ->
    ids) are those on whom an earlier generation had a word that is no more; `conflicts` counts providers."""

    providers: int = 0
    demo: int = 0
    stated: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    conflicts: Counter[Conflict] = field(default_factory=Counter)

    def count(self, sources: Iterable[str], listed: Iterable[Listed], sign: int = 1) -> None:
        """Take in some ids: the sources that speak of each, and the providers listed. With `sign` -1 take them out."""
        for source, said in Counter([*sources]).items():
            self.words[source] += sign * said
        profiles = [found.stored for found in listed]
        self.providers += sign * len(profiles)
        self.demo += sign * sum([stored.get("demo", False) for stored in profiles])
        for name in BESIDE:
            values = [stored.get(name) for stored in profiles]
            self.stated[name] += sign * (len(values) - values.count(None) - values.count([]))
        for found in listed:
            for conflict in found.conflicts:
                self.conflicts[conflict] += sign

    def add(self, other: Tally) -> None:
        """Take in all that `other` has counted."""
        self.providers += other.providers
        self.demo += other.demo
        self.stated.update(other.stated)
        self.words.update(other.words)
        self.ended.update(other.ended)
        self.conflicts.update(other.conflicts)

    @classmethod
    def of(cls, about: Mapping[str, Any], providers: int) -> Self:
        """The tally of a generation, from what is kept with it."""
        words = Counter({name: said["providers"] for name, said in about.items() if name != ABOUT_MERGE})
        conflicts = {
            Conflict(c["group"], c["shown"], c["other"]): c["providers"] for c in about[ABOUT_MERGE]["conflicts"]
        }
        merged = about[ABOUT_MERGE]
        return cls(providers, merged["demo"], Counter(merged["stated"]), words, conflicts=Counter(conflicts))

    def conflicts_as_list(self) -> list[dict[str, Any]]:
        """The conflicts as JSON has them, most frequent first."""
        found = sorted((-n, c) for c, n in self.conflicts.items() if n)
        return [{"group": c.group, "shown": c.shown, "other": c.other, "providers": -n} for n, c in found]
