"""A broken vocabulary file stops the start and names its line; the fingerprint follows every byte."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from directory.vocabulary import FOLDER, VOCABULARIES, VocabularyError, fingerprint, load


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the vocabulary files, to break."""
    copy = tmp_path / "vocabularies"
    shutil.copytree(FOLDER, copy)
    return copy


def _line(path: Path, start: str) -> int:
    """The line, from 1, that starts with `start`."""
    return next(n for n, text in enumerate(path.read_text("utf-8").splitlines(), 1) if text.startswith(start))


def _refused(folder: Path, name: str) -> VocabularyError:
    with pytest.raises(VocabularyError) as caught:
        load(folder)
    error = caught.value
    assert error.path == folder / f"{name}.csv"
    assert str(error).startswith(f"{folder / name}.csv:{error.line}: ")
    return error


def test_the_files_as_they_are_load(folder: Path) -> None:
    assert load(folder).fingerprint == fingerprint()


@pytest.mark.parametrize("name", ["modalities", "taxonomy", "degrees", "credential_ambiguous"])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda header: header + b",colour", "unknown column 'colour'"),
        (lambda header: header.rsplit(b",", 1)[0] if b"," in header else b"", "the header must be"),
        (lambda header: b"\xef\xbb\xbf" + header, "unknown column"),
    ],
)
def test_a_wrong_header(folder: Path, name: str, change: Callable[[bytes], bytes], said: str) -> None:
    path = folder / f"{name}.csv"
    header, rest = path.read_bytes().split(b"\n", 1)
    path.write_bytes(change(header) + b"\n" + rest)
    error = _refused(folder, name)
    assert error.line == 1
    assert said in str(error)


@pytest.mark.parametrize(
    ("name", "row", "said"),
    [
        ("modalities", "", "0 cells, expected 6"),
        ("modalities", "newone,,,,,", "'newone' has no label"),
        ("modalities", "newone,New one", "2 cells, expected 6"),
        ("modalities", ",New one,,,,", "malformed code ''"),
        ("modalities", "New One,New one,,,,", "malformed code 'New One'"),
        ("modalities", "new-one,New one,,,,", "malformed code 'new-one'"),
        ("states", "xx,Xanadu,,,,", "malformed code 'xx'"),
        ("languages", "klingon,Klingon,,,,", "malformed code 'klingon'"),
        ("modalities", "cbt,Another,,,,", "code 'cbt' is already on line 2"),
        ("modalities", "newone,EMDR,,,,", "'EMDR' means both 'emdr' and 'newone'"),
        ("modalities", "newone,New one,C.B.T.,,,", "'C.B.T.' means both 'cbt' and 'newone'"),
        ("modalities", "newone,New one,,kind|Cognitive  Thérapy,,", "means both 'cbt' and 'newone'"),
        ("modalities", "newone,Gestalt therapy (new),,,,", "means both 'gestalt' and 'newone'"),
        ("modalities", "newone,New one,,new ONE,,", "alias 'new ONE' repeats another name of 'newone'"),
        ("modalities", "newone,New one,,kind|kind,,", "alias 'kind' repeats another name of 'newone'"),
        ("modalities", "newone,New one,,kind||sort,,", "malformed alias ''"),
        ("modalities", "newone,New one,,--,,", "malformed alias '--'"),
        ("modalities", "newone,New one,,,nowhere,", "parent 'nowhere' of 'newone' does not exist"),
        ("modalities", "newone,New one,,,newone,", "go round in a circle at 'newone'"),
        ("modalities", "newone, New one,,,,", "label has blanks around it"),
        ("modalities", "newone,New\x00one,,,,", "label has blanks around it or control characters"),
        ("modalities", '"newone"x,New one,,,,', "expected after"),
        ("insurers", "newone,New one,,,,,gold", "payment 'gold' of 'newone' is not one of insurance, medicaid"),
        ("taxonomy", "101Y,therapist,New,", "malformed code '101Y'"),
        ("taxonomy", "101Y*,therapist,New,", "code '101Y*' is there twice"),
        ("taxonomy", "199Y*,shaman,New,", "'shaman' is not a code of professions"),
        ("taxonomy", "199Y*,therapist,,", "has no label"),
        ("taxonomy", "199Y*,therapist,New,maybe", "prescribes is 'maybe'"),
        ("specialties", "...,", "malformed term '...'"),
        ("specialties", "Social Work,", "'Social Work' is there twice"),
        ("specialties", "new work,999Z*", "'999Z*' is not a code of taxonomy"),
        ("degrees", "...", "malformed term '...'"),
        ("degrees", "M. A.", "'M. A.' is already in degrees.csv"),
        ("degrees", "L.C.S.W.", "'L.C.S.W.' is already in credentials.csv"),
        ("credential_other", "MSW", "'MSW' is already in degrees.csv"),
        ("credential_ambiguous", "MSW,,,A degree", "'MSW' is already in degrees.csv"),
        ("credential_ambiguous", "LPC-S,,,An alias", "'LPC-S' is already in credentials.csv"),
        ("credential_ambiguous", "LAC,AZ,lac,Again", "'LAC' is decided twice for AZ"),
        ("credential_ambiguous", "QQQ,AZ,qqq,New", "'qqq' is not a code of credentials"),
        ("credential_ambiguous", "QQQ,ZZ,lac,New", "'ZZ' is not a code of states"),
    ],
)
def test_a_wrong_row_is_named_with_its_line(folder: Path, name: str, row: str, said: str) -> None:
    path = folder / f"{name}.csv"
    before = path.read_text("utf-8")
    path.write_text(f"{before}{row}\n", "utf-8", newline="")
    error = _refused(folder, name)
    assert said in str(error)
    assert error.line == before.count("\n") + 1


def test_parents_in_a_circle(folder: Path) -> None:
    path = folder / "modalities.csv"
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write("hen,Hen,,,egg,\negg,Egg,,,hen,\n")
    error = _refused(folder, "modalities")
    assert error.line == _line(path, "hen,")
    assert "in a circle" in str(error)


def test_a_term_under_a_circle(folder: Path) -> None:
    path = folder / "modalities.csv"
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write("chick,Chick,,,hen,\nhen,Hen,,,egg,\negg,Egg,,,hen,\n")
    assert "in a circle" in str(_refused(folder, "modalities"))


def test_bytes_that_are_not_utf_8(folder: Path) -> None:
    path = folder / "languages.csv"
    content = path.read_bytes()
    path.write_bytes(content.replace("español".encode(), "español".encode("latin-1")))
    error = _refused(folder, "languages")
    assert error.line == _line(FOLDER / "languages.csv", "es,")
    assert "0xf1 is not UTF-8" in str(error)


def test_a_line_break_inside_quotes_does_not_shift_the_lines_after_it(folder: Path) -> None:
    path = folder / "formats.csv"
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write('pair,Pair,,,,"Two\nlines."\n')
    error = _refused(folder, "formats")
    assert error.line == _line(path, "pair,")


@pytest.mark.parametrize("name", ["concerns", "taxonomy", "degrees"])
def test_a_file_that_is_missing_or_empty(folder: Path, name: str) -> None:
    path = folder / f"{name}.csv"
    header = path.read_bytes().split(b"\n")[0]
    path.write_bytes(header + b"\n")
    assert "has no rows" in str(_refused(folder, name))
    path.write_bytes(b"")
    assert "the header must be" in str(_refused(folder, name))
    path.unlink()
    assert "cannot be read" in str(_refused(folder, name))


def test_a_broken_file_stops_the_start(tmp_path: Path) -> None:
    shutil.copytree(FOLDER.parent, tmp_path / "directory", ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / "directory" / "vocabularies" / "concerns.csv"
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write("panic,Panic again,,,,\n")
    start = [sys.executable, "-c", "import directory.vocabulary"]
    done = subprocess.run(start, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert f"concerns.csv:{_line(path, 'panic,Panic again')}: code 'panic' is already on line" in done.stderr


def test_the_fingerprint_follows_every_file(folder: Path) -> None:
    seen = {fingerprint()}
    for name in (*VOCABULARIES, "taxonomy", "degrees", "credential_other", "credential_ambiguous", "evidence"):
        path = folder / f"{name}.csv"
        path.write_bytes(path.read_bytes().rstrip(b"\n"))
        seen.add(load(folder).fingerprint)
    assert len(seen) == len(VOCABULARIES) + 6


def test_other_files_beside_them_change_nothing(folder: Path) -> None:
    (folder / "notes.csv").write_text("anything\n")
    assert load(folder).fingerprint == fingerprint()
