"""YAML files that tell by phrase patterns what people say: read strictly, every mistake named with file and line.

Every value in them is text, read with its line, so that YAML's guesses (`no`, `off`) play no part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import yaml

from directory.phrase_pattern import Alphabet, Part, Pattern, PatternError, any_of, compile_pattern, read
from directory.vocabulary_files import SAFE_LOADER, VocabularyError

Item: TypeAlias = tuple[str, int]
"""A piece of text and its line."""


def line_of(node: yaml.Node | None) -> int:
    """The line that `node` starts on, from 1."""
    return node.start_mark.line + 1 if node is not None else 1


class YamlFile:
    """A YAML file of nested mappings and text, read with lines and without guesses. Raises VocabularyError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.root = yaml.compose(path.read_text(encoding="utf-8"), Loader=SAFE_LOADER)
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
            raise self.fail(line_of(node), "expected `key: value` lines here")
        out: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value)
            if allowed and name not in allowed:
                raise self.fail(line_of(key), f"unknown key “{name}”; allowed: {', '.join(allowed)}")
            if name in out:
                raise self.fail(line_of(key), f"key “{name}” is there twice")
            out[name] = value
        for name in needed:
            if name not in out:
                raise self.fail(line_of(node), f"key “{name}” is missing")
        return out

    def text(self, node: yaml.Node) -> str:
        """The text of a scalar, not empty."""
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            raise self.fail(line_of(node), "expected text here")
        return str(node.value).strip()

    def items(self, node: yaml.Node) -> Iterator[Item]:
        """The entries of a text with their lines: one a line or separated by commas; an indented line goes on with
        the entry before it, `#` starts a comment."""
        self.text(node)
        assert isinstance(node, yaml.ScalarNode)
        entries: list[Item] = []
        for line, text in enumerate(node.value.split("\n"), start=line_of(node) + (node.style == "|")):
            for number, item in enumerate(text.split("#")[0].split(",")):
                words = " ".join(item.split())
                if text.startswith(" ") and entries and number == 0:
                    entries[-1] = (f"{entries[-1][0]} {words}", entries[-1][1])
                elif words:
                    entries.append((words, line))
        return iter(entries)


class PhraseFile(YamlFile):
    """A file with the sections `sections`, among them `common` (words too frequent to look a pattern up by) and
    `lists` (named pieces of patterns; each may use those above it)."""

    def __init__(self, path: Path, sections: tuple[str, ...]) -> None:
        super().__init__(path)
        self.sections = self.mapping(self.root, allowed=sections, needed=sections)
        self.alphabet = Alphabet()
        self._common = frozenset(self.alphabet.char(word) for word, _ in self.items(self.sections["common"]))
        self._lists: dict[str, Part] = {}
        self._used: set[str] = set()
        self._read_lists()

    def _read_lists(self) -> None:
        for name, node in self.mapping(self.sections["lists"]).items():
            parts: dict[str, Part] = {}
            for text, line in self.items(node):
                if text in parts:
                    raise self.fail(line, f"“{text}” is in list “{name}” twice")
                self._note_lists(text)
                try:
                    parts[text] = read(text, self._lists, self.alphabet, self._common)
                except PatternError as error:
                    raise self.fail(line, f"“{text}”: {error}") from None
            self._lists[name] = any_of(list(parts.values()))

    def patterns(self, node: yaml.Node, seen: dict[str, int]) -> tuple[Pattern, ...]:
        """The patterns of `node`; none may stand in `seen`, which learns them."""
        out: list[Pattern] = []
        for text, line in self.items(node):
            if text in seen:
                raise self.fail(line, f"“{text}” is already in line {seen[text]}")
            seen[text] = line
            self._note_lists(text)
            try:
                out.append(compile_pattern(text, self._lists, self.alphabet, self._common))
            except PatternError as error:
                raise self.fail(line, f"“{text}”: {error}") from None
        return tuple(out)

    def _note_lists(self, text: str) -> None:
        self._used.update(re.findall(r"\{(\w+)\}", text))

    def check_lists_used(self) -> None:
        """Raises for a list that no pattern has used; to be called after the last pattern."""
        for name, node in self.mapping(self.sections["lists"]).items():
            if name not in self._used:
                raise self.fail(line_of(node), f"list “{name}” is used nowhere")
