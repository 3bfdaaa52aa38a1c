"""Reads and checks `vocabularies/crisis.yaml`: how people speak of a crisis, and how they speak when it isn't one.

The file's own head says what its sections mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from directory.crisis_spelling import Spelling
from directory.phrase_file import Item, PhraseFile
from directory.phrase_pattern import END, Alphabet, Pattern

_SECTIONS: Final = ("common", "lists", "rewrite", "spelling", "turns", "contexts", "masks", "statements")
_SPELLING: Final = ("exact", "two_slips", "one_slip", "keep", "glued", "censored")


@dataclass(frozen=True, slots=True)
class Context:
    """What makes a word of crisis a word of something else (the past, work), and what makes it one of crisis again."""

    patterns: tuple[Pattern, ...]
    cancelled_by: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One way of saying that there is a crisis, unless its sentence is in one of the contexts named."""

    name: str
    pattern: Pattern
    unless: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Language:
    """The checked content of the file. Lines are what `line` makes of a text; `turns` finds where in them a thought
    ends; a mask comes with the sign that takes its place."""

    alphabet: Alphabet
    spelling: Spelling
    rewrite: Mapping[str, str]
    rewriting: re.Pattern[str]
    turns: re.Pattern[str]
    contexts: Mapping[str, Context]
    masks: tuple[tuple[str, Pattern], ...]
    statements: tuple[Statement, ...]

    def line(self, text: str) -> str:
        """`text` as a line for patterns, with repaired words in their usual form."""
        line = self.alphabet.line(self.spelling.words(text))
        return self.rewriting.sub(lambda found: self.rewrite[found[0]], line)


class _LanguageFile(PhraseFile):
    """Builds the language section by section; each pattern may use the lists above it."""

    def language(self) -> Language:
        contexts = self._contexts()
        masks = self._masks()
        statements = self._statements(contexts)
        turns = self.patterns(self.sections["turns"], {})
        self.check_lists_used()
        rewrite = self._rewrite()
        return Language(
            alphabet=self.alphabet,
            spelling=self._spelling(),
            rewrite=rewrite,
            rewriting=re.compile("|".join(sorted(rewrite, key=len, reverse=True))),
            turns=re.compile("|".join([re.escape(END), *(p.expression for p in turns)])),
            contexts=contexts,
            masks=masks,
            statements=statements,
        )

    def _contexts(self) -> dict[str, Context]:
        out: dict[str, Context] = {}
        for name, node in self.mapping(self.sections["contexts"]).items():
            keys = self.mapping(node, allowed=("patterns", "cancelled_by"), needed=("patterns",))
            cancelling = self.patterns(keys["cancelled_by"], {}) if "cancelled_by" in keys else ()
            out[name] = Context(self.patterns(keys["patterns"], {}), cancelling)
        return out

    def _masks(self) -> tuple[tuple[str, Pattern], ...]:
        seen: dict[str, int] = {}
        return tuple(
            (self.alphabet.char(f"_{name}"), pattern)
            for name, node in self.mapping(self.sections["masks"]).items()
            for pattern in self.patterns(node, seen)
        )

    def _statements(self, contexts: Mapping[str, Context]) -> tuple[Statement, ...]:
        seen: dict[str, int] = {}
        out: list[Statement] = []
        for name, node in self.mapping(self.sections["statements"]).items():
            keys = self.mapping(node, allowed=("unless", "patterns"), needed=("patterns",))
            unless = list(self.items(keys["unless"])) if "unless" in keys else []
            for context, line in unless:
                if context not in contexts:
                    raise self.fail(line, f"there is no context “{context}”")
            names = tuple(context for context, _ in unless)
            out.extend(Statement(name, pattern, names) for pattern in self.patterns(keys["patterns"], seen))
        return tuple(out)

    def _pairs(self, node: yaml.Node) -> dict[str, Item]:
        """variant -> what it stands for and its line, from `meaning: variants`; a variant has one meaning."""
        out: dict[str, Item] = {}
        for meaning, variants in self.mapping(node).items():
            for variant, line in self.items(variants):
                if variant in out:
                    raise self.fail(line, f"“{variant}” already stands for “{out[variant][0]}”")
                out[variant] = (meaning, line)
        return out

    def _rewrite(self) -> dict[str, str]:
        def line(text: str) -> str:
            return "".join(self.alphabet.char(word) for word in text.split())

        pairs = self._pairs(self.sections["rewrite"])
        return {line(phrase): line(meaning) for phrase, (meaning, _) in pairs.items()}

    def _spelling(self) -> Spelling:
        keys = self.mapping(self.sections["spelling"], allowed=_SPELLING, needed=_SPELLING)
        exact = self._pairs(keys["exact"])
        known = self.alphabet.words
        for variant, (meaning, line) in exact.items():
            if not known.issuperset(meaning.split()):
                raise self.fail(line, f"“{meaning}” is in no pattern")
            if variant in known:
                raise self.fail(line, f"“{variant}” is a word of the patterns itself")
        words = {name: self._words(keys[name], None if name == "keep" else known) for name in _SPELLING[1:]}
        return Spelling(
            known=known,
            exact={variant: meaning for variant, (meaning, _) in exact.items()},
            one_slip=frozenset(words["one_slip"]),
            two_slips=frozenset(words["two_slips"]),
            keep=frozenset(words["keep"]),
            glued=frozenset(words["glued"]),
            censored=words["censored"],
        )

    def _words(self, node: yaml.Node, known: frozenset[str] | None) -> tuple[str, ...]:
        """Words, each once, and all of them in `known`."""
        out: dict[str, int] = {}
        for text, line in self.items(node):
            if text in out:
                raise self.fail(line, f"“{text}” is there twice")
            if known is not None and text not in known:
                raise self.fail(line, f"“{text}” is in no pattern")
            out[text] = line
        return tuple(out)


def load(path: Path) -> Language:
    """The language in the file at `path`. Raises VocabularyError for the first mistake in it."""
    return _LanguageFile(path, _SECTIONS).language()
