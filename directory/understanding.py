"""What was understood of a query: filters, concepts, spelling, each with the words that it came from."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """A filter that words of the query ask for.

    `parameter` and `values` are those of a request (`modality`, `("dbt",)`; `max_fee`, `("120",)`; `near`,
    `("Austin, TX",)`). `words` is the text as typed, `start` and `end` its place in the query (white space folded).
    `applied` is False for what is shown, but filters nothing; `because` says why: `negated` ("not CBT"), `overruled`
    (an explicit parameter says something else).
    """

    parameter: str
    values: tuple[str, ...]
    words: str
    start: int
    end: int
    applied: bool = True
    because: Literal["", "negated", "overruled"] = ""


@dataclass(frozen=True, slots=True)
class Concept:
    """A concern that the query is about, named or recognised from a need; it ranks and filters nothing. `weight` is
    0..1, `how` tells by which way it was found; `words`, `start`, `end` as in `Finding` (of the strongest sign)."""

    code: str
    weight: float
    words: str
    start: int
    end: int
    how: Literal["name", "synonym", "need", "model"]


@dataclass(frozen=True, slots=True)
class Correction:
    """A word taken for another, as the API shows it: `{"from": typed, "to": meant}`."""

    typed: str
    meant: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Understanding:
    """All that was understood of `q` (white space folded).

    `concepts` are best first. `text` holds the words left over: they only rank, except those in `required` (quoted, or
    a name of the generation), which must occur.
    """

    q: str = ""
    findings: tuple[Finding, ...] = ()
    concepts: tuple[Concept, ...] = ()
    text: str = ""
    required: tuple[str, ...] = ()
    corrected: tuple[Correction, ...] = ()

    def refused(self, parameter: str) -> frozenset[str]:
        """The values of `parameter` that are asked not to be: nobody is left out for them, but nothing is made of them
        either."""
        return frozenset(
            v for f in self.findings if f.because == "negated" and f.parameter == parameter for v in f.values
        )

    @property
    def filters(self) -> Mapping[str, tuple[str, ...]]:
        """What is applied, by parameter: the values as the parameters take them."""
        found: dict[str, tuple[str, ...]] = {}
        for finding in self.findings:
            if finding.applied:
                before = found.get(finding.parameter, ())
                found[finding.parameter] = tuple(dict.fromkeys((*before, *finding.values)))
        return found

    def without(self, parameter: str, keep: Collection[str] = ()) -> Understanding:
        """This, when the words are taken out of `q` that ask for other values of `parameter` than those of `keep`.
        What else the same words asked for is gone too."""
        gone = [
            (f.start, f.end)
            for f in self.findings
            if f.applied and f.parameter == parameter and not set(f.values) <= set(keep)
        ]
        return self._cut(gone) if gone else self

    def _cut(self, gone: Collection[tuple[int, int]]) -> Understanding:
        kept = [i for i in range(len(self.q)) if not any(start <= i < end for start, end in gone)]
        left = "".join(self.q[i] for i in kept)
        # Blanks and commas that stood around the words go with them.
        folded = [m.span() for m in re.finditer(r"[^\s,;]+(?:[\s,;]+(?=[^\s,;]))?", left)]
        places: dict[int, int] = {}
        text = ""
        for start, end in folded:
            part = left[start:end]
            word = part.rstrip(" ,;")
            marks = "".join(dict.fromkeys(c for c in part[len(word) :] if c in ",;"))[:1]
            for offset in range(len(word)):
                places[kept[start + offset]] = len(text) + offset
            text += word + (marks + " " if part != word else "")
        text = text.rstrip(" ,;")

        def moved(start: int, end: int) -> tuple[int, int] | None:
            if any(start < b and a < end for a, b in gone):
                return None
            return places[start], places[end - 1] + 1

        findings = [replace(f, start=m[0], end=m[1]) for f in self.findings if (m := moved(f.start, f.end))]
        concepts = [replace(c, start=m[0], end=m[1]) for c in self.concepts if (m := moved(c.start, c.end))]
        corrected = [replace(c, start=m[0], end=m[1]) for c in self.corrected if (m := moved(c.start, c.end))]
        return replace(self, q=text, findings=tuple(findings), concepts=tuple(concepts), corrected=tuple(corrected))
