"""Reads the tables of the vocabularies strictly: what is unclear is an error that names its line, never a guess."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

SAFE_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""What YAML is read with: libyaml's where PyYAML has it, ten times as fast."""


class VocabularyError(ValueError):
    """A vocabulary file is wrong. The message starts with `file:line: `; `line` counts from 1."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.path, self.line = path, line


Row: TypeAlias = tuple[int, dict[str, str]]


class CsvFile:
    """One file with exactly `columns`, read whole: its bytes, and its rows with the lines they start on.

    Raises `VocabularyError` where it can't be read as such a table.
    """

    def __init__(self, path: Path, columns: tuple[str, ...]) -> None:
        self.path, self.columns = path, columns
        try:
            self.content = self.path.read_bytes()
        except OSError as error:
            raise self.error(1, f"cannot be read: {error.strerror}") from error
        self.rows = self._read()

    def error(self, line: int, message: str) -> VocabularyError:
        """The error to raise for what stands on `line`."""
        return VocabularyError(self.path, line, message)

    def _read(self) -> list[Row]:
        try:
            text = self.content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = self.content[: error.start].count(b"\n") + 1
            raise self.error(line, f"byte 0x{self.content[error.start]:02x} is not UTF-8") from error
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        line, rows = 1, []
        try:
            self._check_header(next(reader, []))
            line = reader.line_num + 1
            for cells in reader:
                rows.append((line, self._cells(line, cells)))
                line = reader.line_num + 1
        except csv.Error as error:
            raise self.error(line, str(error)) from error
        if not rows:
            raise self.error(line, "has no rows")
        return rows

    def _check_header(self, header: Sequence[str]) -> None:
        for column in header:
            if column not in self.columns:
                raise self.error(1, f"unknown column {column!r}; expected {','.join(self.columns)}")
        if tuple(header) != self.columns:
            raise self.error(1, f"the header must be {','.join(self.columns)}")

    def _cells(self, line: int, cells: Sequence[str]) -> dict[str, str]:
        if len(cells) != len(self.columns):
            raise self.error(line, f"{len(cells)} cells, expected {len(self.columns)}")
        for column, cell in zip(self.columns, cells, strict=True):
            if cell != cell.strip() or any(unicodedata.category(c) == "Cc" for c in cell):
                raise self.error(line, f"{column} has blanks around it or control characters: {cell!r}")
        return dict(zip(self.columns, cells, strict=True))
