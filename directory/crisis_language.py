"""Reads and checks `vocabularies/crisis.yaml`: how people speak of a crisis, and how they speak when it isn't one.

The file's own head says what its sections mean. Every value in it is text, read with its line, so that YAML's guesses
(`no`, `off`) play no part and each mistake is named with file and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import yaml

from directory.crisis_spelling import Spelling
from directory.phrase_pattern import END, Alphabet, Part, Pattern, PatternError, any_of, compile_pattern, read
from directory.vocabulary_files import VocabularyError

Item: TypeAlias = tuple[str, int]
"""A piece of text and its line."""

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


class YamlFile:
    """A YAML file of nested mappings and text, read with lines and without guesses. Raises VocabularyError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise self.fail(line, error.problem or "is not YAML") from None
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise self.fail(1, f"cannot be read: {error}") from None

    def fail(self, line: int, message: str) -> VocabularyError:
        """The error to raise for what stands on `line`."""
        return VocabularyError(self.path, line, message)

    def mapping(
        self, node: yaml.Node | None, *, allowed: tuple[str, ...] = (), needed: tuple[str, ...] = ()
    ) -> dict[str, yaml.Node]:
        """Key -> node. Unknown, double and missing keys are mistakes; no `allowed` allows all."""
        if not isinstance(node, yaml.MappingNode):
            raise self.fail(_line(node), "expected `key: value` lines here")
        out: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value)
            if allowed and name not in allowed:
                raise self.fail(_line(key), f"unknown key “{name}”; allowed: {', '.join(allowed)}")
            if name in out:
                raise self.fail(_line(key), f"key “{name}” is there twice")
            out[name] = value
        for name in needed:
            if name not in out:
                raise self.fail(_line(node), f"key “{name}” is missing")
        return out

    def text(self, node: yaml.Node) -> str:
        """The text of a scalar, not empty."""
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            raise self.fail(_line(node), "expected text here")
        return str(node.value).strip()

    def items(self, node: yaml.Node) -> Iterator[Item]:
        """The entries of a text with their lines: one a line or separated by commas; an indented line goes on with
        the entry before it, `#` starts a comment."""
        self.text(node)
        assert isinstance(node, yaml.ScalarNode)
        entries: list[Item] = []
        for line, text in enumerate(node.value.split("\n"), start=_line(node) + (node.style == "|")):
            for number, item in enumerate(text.split("#")[0].split(",")):
                words = " ".join(item.split())
                if text.startswith(" ") and entries and number == 0:
                    entries[-1] = (f"{entries[-1][0]} {words}", entries[-1][1])
                elif words:
                    entries.append((words, line))
        return iter(entries)


def _line(node: yaml.Node | None) -> int:
    return node.start_mark.line + 1 if node is not None else 1


class _LanguageFile(YamlFile):
    """Builds the language section by section; each pattern may use the lists above it."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._sections = self.mapping(self.root, allowed=_SECTIONS, needed=_SECTIONS)
        self._alphabet = Alphabet()
        self._common = frozenset(self._alphabet.char(word) for word, _ in self.items(self._sections["common"]))
        self._lists: dict[str, Part] = {}
        self._used: set[str] = set()

    def language(self) -> Language:
        self._read_lists()
        contexts = self._contexts()
        masks = self._masks()
        statements = self._statements(contexts)
        turns = self._patterns(self._sections["turns"], {})
        self._check_lists_used()
        rewrite = self._rewrite()
        return Language(
            alphabet=self._alphabet,
            spelling=self._spelling(),
            rewrite=rewrite,
            rewriting=re.compile("|".join(sorted(rewrite, key=len, reverse=True))),
            turns=re.compile("|".join([re.escape(END), *(p.regex.pattern for p in turns)])),
            contexts=contexts,
            masks=masks,
            statements=statements,
        )

    def _read_lists(self) -> None:
        for name, node in self.mapping(self._sections["lists"]).items():
            parts: dict[str, Part] = {}
            for text, line in self.items(node):
                if text in parts:
                    raise self.fail(line, f"“{text}” is in list “{name}” twice")
                self._note_lists(text)
                try:
                    parts[text] = read(text, self._lists, self._alphabet, self._common)
                except PatternError as error:
                    raise self.fail(line, f"“{text}”: {error}") from None
            self._lists[name] = any_of(list(parts.values()))

    def _patterns(self, node: yaml.Node, seen: dict[str, int]) -> tuple[Pattern, ...]:
        """The patterns of `node`; none may stand in `seen`, which learns them."""
        out: list[Pattern] = []
        for text, line in self.items(node):
            if text in seen:
                raise self.fail(line, f"“{text}” is already in line {seen[text]}")
            seen[text] = line
            self._note_lists(text)
            try:
                out.append(compile_pattern(text, self._lists, self._alphabet, self._common))
            except PatternError as error:
                raise self.fail(line, f"“{text}”: {error}") from None
        return tuple(out)

    def _note_lists(self, text: str) -> None:
        self._used.update(re.findall(r"\{(\w+)\}", text))

    def _check_lists_used(self) -> None:
        for name, node in self.mapping(self._sections["lists"]).items():
            if name not in self._used:
                raise self.fail(_line(node), f"list “{name}” is used nowhere")

    def _contexts(self) -> dict[str, Context]:
        out: dict[str, Context] = {}
        for name, node in self.mapping(self._sections["contexts"]).items():
            keys = self.mapping(node, allowed=("patterns", "cancelled_by"), needed=("patterns",))
            cancelling = self._patterns(keys["cancelled_by"], {}) if "cancelled_by" in keys else ()
            out[name] = Context(self._patterns(keys["patterns"], {}), cancelling)
        return out

    def _masks(self) -> tuple[tuple[str, Pattern], ...]:
        seen: dict[str, int] = {}
        return tuple(
            (self._alphabet.char(f"_{name}"), pattern)
            for name, node in self.mapping(self._sections["masks"]).items()
            for pattern in self._patterns(node, seen)
        )

    def _statements(self, contexts: Mapping[str, Context]) -> tuple[Statement, ...]:
        seen: dict[str, int] = {}
        out: list[Statement] = []
        for name, node in self.mapping(self._sections["statements"]).items():
            keys = self.mapping(node, allowed=("unless", "patterns"), needed=("patterns",))
            unless = list(self.items(keys["unless"])) if "unless" in keys else []
            for context, line in unless:
                if context not in contexts:
                    raise self.fail(line, f"there is no context “{context}”")
            names = tuple(context for context, _ in unless)
            out.extend(Statement(name, pattern, names) for pattern in self._patterns(keys["patterns"], seen))
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
            return "".join(self._alphabet.char(word) for word in text.split())

        pairs = self._pairs(self._sections["rewrite"])
        return {line(phrase): line(meaning) for phrase, (meaning, _) in pairs.items()}

    def _spelling(self) -> Spelling:
        keys = self.mapping(self._sections["spelling"], allowed=_SPELLING, needed=_SPELLING)
        exact = self._pairs(keys["exact"])
        known = self._alphabet.words
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
    return _LanguageFile(path).language()
