"""What someone typed, understood: filters, concepts, spelling. Pure and engine-neutral: it knows the vocabularies and,
if given, the words of a generation (`Lexicon`), and explains itself by the words that each finding came from.
"""

from __future__ import annotations

from dataclasses import dataclass
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
