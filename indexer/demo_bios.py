"""Bios of fictional profiles: what someone with these concerns might read, in people's words rather than in codes.

Sentences come from `demo_phrases.yaml`, what people say of themselves from `demo_needs.yaml`. Pure but for the random
numbers that it is given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final, TypeAlias

import yaml

from directory.vocabulary import vocabulary
from indexer.demo_draws import few, one
from indexer.demo_practice import Practice

SHORTEST: Final = 40
LONGEST: Final = 120
"""Words of a bio."""

_DRAWN: Final = 4
"""Phrases of a kind that one bio may use."""

_FOLDER: Final = Path(__file__).parent
_BRACES: Final = re.compile(r"\{([^{}]*)\}")
_ENDS: Final = frozenset(".?!")

_Part: TypeAlias = str | tuple[str, ...]
"""Text, or alternatives; a single one in braces is the name of what stands there."""


@dataclass(frozen=True, slots=True, eq=False)
class _Sentence:
    """A template cut into parts; `wants` are the names in it."""

    parts: tuple[_Part, ...]
    wants: frozenset[str]


def _compiled(template: str) -> _Sentence:
    parts: list[_Part] = []
    wants: set[str] = set()
    for i, piece in enumerate(_BRACES.split(template)):
        if i % 2 == 0:
            parts.append(piece)
        elif "|" in piece:
            parts.append(tuple(piece.split("|")))
        else:
            parts.append((piece,))
            wants.add(piece)
    return _Sentence(tuple(p for p in parts if p), frozenset(wants))


@cache
def _phrases() -> Mapping[str, tuple[_Sentence, ...]]:
    loaded = _yaml("demo_phrases.yaml")
    approach = {f"approach {code}": templates for code, templates in loaded.pop("approach").items()}
    return {name: tuple(map(_compiled, templates)) for name, templates in {**loaded, **approach}.items()}


@cache
def needs() -> Mapping[str, Mapping[str, Sequence[str]]]:
    """Concern -> `you` and `who` phrases."""
    return {concern: dict(phrases) for concern, phrases in _yaml("demo_needs.yaml").items()}


def _yaml(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((_FOLDER / name).read_text(encoding="utf-8"))
    return loaded


class _Writer:
    """Writes one bio. Phrases are drawn without repetition."""

    def __init__(self, random: Random, stated: Mapping[str, Any], practice: Practice, job: str, years: int) -> None:
        self._random = random
        concerns = [c for c in practice.concerns if c in needs()]
        self._drawn = {kind: self._shuffled(concerns, kind) for kind in ("you", "who")}
        place = stated["locations"][0].city
        self._said = {"job": job, "city": place, "years": str(years), "Years": str(years)}
        languages = [c for c in stated["languages"] if c not in ("en", "es")]
        if languages:
            self._said["thing"] = vocabulary("languages").label(languages[0]).split(" (")[0]
        self._used: set[_Sentence] = set()
        self.words: list[str] = []

    def _shuffled(self, concerns: Sequence[str], kind: str) -> list[str]:
        found = [phrase for c in concerns for phrase in needs()[c][kind]]
        return few(self._random, found, _DRAWN)

    def add(self, kind: str) -> None:
        """Add a sentence of this kind, unless it would be too much."""
        known = _phrases()[kind]
        start = int(self._random.random() * len(known))
        sentence = next((s for s in known[start:] + known[:start] if self._can(s)), None)
        if sentence is None:
            return
        self._used.add(sentence)
        text = self._text(sentence)
        if len(self.words) + text.count(" ") + 1 <= LONGEST:
            self.words.extend(text.split())

    def _can(self, sentence: _Sentence) -> bool:
        if sentence in self._used:
            return False
        for name in sentence.wants:
            if name not in self._said and len(self._drawn.get(name.rstrip("2"), ())) < (2 if name[-1] == "2" else 1):
                return False
        return True

    def _text(self, sentence: _Sentence) -> str:
        out = ""
        for part in sentence.parts:
            if isinstance(part, str):
                said = part
            elif len(part) > 1:
                said = one(self._random, part)
            elif part[0].rstrip("2") in self._drawn:
                said = self._drawn[part[0].rstrip("2")].pop()
            else:
                said = self._said[part[0]]
            # A sentence may begin within a template.
            if (not out or out.rstrip()[-1:] in _ENDS) and said[:1].islower():
                said = said[0].upper() + said[1:]
            out += said
        return out


def bio(random: Random, stated: Mapping[str, Any], practice: Practice, job: str, years: int) -> str:
    """A bio of 40 to 120 words, in one or two paragraphs, of someone who has been a `job` for `years`; `stated` are the
    fields of the profile. It tells of the `practice`, also where the profile leaves that open."""
    writer = _Writer(random, stated, practice, job, years)
    writer.add("opening")
    for _ in range(one(random, (1, 1, 2))):
        writer.add("more")
    first = len(writer.words)
    for kind in _middle(random, stated, practice):
        writer.add(kind)
        if len(writer.words) > 85:
            break
    writer.add("closing")
    for kind in ("manner", "past", "manner", "closing", "manner"):
        if len(writer.words) < SHORTEST:
            writer.add(kind)
    joint = "\n\n" if random.random() < 0.4 else " "
    return " ".join(writer.words[:first]) + joint + " ".join(writer.words[first:])


def _middle(random: Random, stated: Mapping[str, Any], practice: Practice) -> list[str]:
    """The kinds of sentences between beginning and end, some of them because of what the profile states."""
    approaches = [f"approach {m}" for m in practice.modalities if f"approach {m}" in _phrases()]
    kinds = few(random, approaches, one(random, (1, 2, 2)))
    kinds.append("manner")
    may: list[tuple[bool, float, str]] = [
        (True, 0.45, "past"),
        ("medication_management" in practice.modalities, 0.8, "medication"),
        ("child" in stated["age_groups"], 0.6, "children"),
        ("teen" in stated["age_groups"], 0.4, "teens"),
        ("couples" in stated["formats"], 0.5, "couples"),
        ("video" in stated["meeting"], 0.35, "remote"),
        ("in_person" in stated["meeting"], 0.3, "office"),
        (bool(stated["fee"] and stated["fee"].sliding_low is not None), 0.4, "money"),
        ("es" in stated["languages"], 0.5, "spanish"),
        (len(stated["languages"]) > 1, 0.4, "languages"),
    ]
    kinds += [kind for fits, share, kind in may if random.random() < share and fits]
    return few(random, kinds, len(kinds))
