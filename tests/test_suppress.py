"""The suppression list: who asked not to be listed stays out, whatever a source says."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner

from indexer import suppress
from indexer.__main__ import main
from tests.reading import table

ANN, BO, OWN = "1999999984", "1999999976", "A-17"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder of the embedded engine."""
    folder = tmp_path / "data"
    monkeypatch.setenv("DIRECTORY_DATA", str(folder))
    for name in ("ELASTICSEARCH_URL", "DIRECTORY_ENGINE"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three providers, one of them without NPI."""
    rows = [{"npi": ANN, "id": "", "name": "Ann"}, {"npi": BO, "id": "", "name": "Bo"}]
    return table(tmp_path / "own.csv", *rows, {"npi": "", "id": OWN, "name": "Cy"})


def _run(*arguments: str) -> tuple[int, Any, str]:
    result = CliRunner().invoke(main, [*arguments, "--json"] if arguments[0] in ("build", "check") else list(arguments))
    said = orjson.loads(result.stdout) if arguments[0] in ("build", "check") and result.stdout else result.stdout
    return result.exit_code, said, result.stderr


def test_who_is_on_the_list_is_left_out_of_every_build_and_counted(data: Path, file: Path) -> None:
    assert _run("suppress", "add", ANN, "--reason", "asked by phone")[0] == 0
    assert _run("suppress", "add", OWN, "--reason", "letter", "--date", "2026-10-01")[0] == 0
    for _ in range(2):
        code, said, _ = _run("build", f"profiles={file}")
        counts = said["sources"]["profiles"]
        assert (code, said["providers"], counts["indexed"], counts["skipped"]) == (0, 1, 1, 2)
        assert counts["reasons"] == {"suppressed": 2}
    assert _run("check", f"profiles={file}")[1]["providers"] == 1


def test_who_is_taken_off_the_list_comes_back(data: Path, file: Path) -> None:
    _run("suppress", "add", f"npi:{ANN}", "--reason", "x")
    assert _run("suppress", "remove", ANN)[0] == 0
    assert _run("suppress", "remove", ANN)[0] == 1
    assert _run("build", f"profiles={file}")[1]["providers"] == 3


def test_the_list_is_shown(data: Path) -> None:
    assert _run("suppress", "list")[:2] == (0, "Nobody is on the list.\n")
    _run("suppress", "add", ANN, "--reason", "  by\nletter ", "--date", "2026-10-01")
    assert _run("suppress", "list")[1] == f"2026-10-01  npi:{ANN}  by letter\n"
    assert "already" in _run("suppress", "add", ANN, "--reason", "again")[1]


@pytest.mark.parametrize("slip", ["1999999985", "199999998", "npi:1", "1.99999E+09", "two words", ""])
def test_a_slip_in_an_npi_is_nobodys_id(data: Path, slip: str) -> None:
    assert _run("suppress", "add", slip, "--reason", "x")[0] == 2
    assert not (data / suppress.FILE).exists()


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", 1),
        ("npi,when,why\n", 1),
        (f"npi_or_id,date,reason\n{ANN},2026-10-01,x\n1999999985,2026-10-01,x\n", 3),
        (f"npi_or_id,date,reason\n{ANN},soon,x\n", 2),
        (f'npi_or_id,date,reason\n{ANN},2026-10-01,"a\nb"\n{BO},2026-10-01\n', 4),
        (f"npi_or_id,date,reason\n{ANN},2026-10-01,x,more\n", 2),
        ("npi_or_id,date,reason\n,2026-10-01,x\n", 2),
        (f'npi_or_id,date,reason\n{ANN},2026-10-01,"open\n', 2),
    ],
)
def test_a_mistake_in_the_list_stops_the_build_and_names_its_line(
    data: Path, file: Path, content: str, line: int
) -> None:
    assert _run("build", f"profiles={file}")[0] == 0
    (data / suppress.FILE).write_text(content, encoding="utf-8")
    before = (data / "CURRENT").read_bytes()
    code, _, stderr = _run("build", f"profiles={file}")
    assert code == 1
    assert f"{suppress.FILE}:{line}:" in "".join(stderr.split("\n"))
    assert (data / "CURRENT").read_bytes() == before


def test_bytes_that_are_not_utf8_stop_the_build(data: Path, file: Path) -> None:
    data.mkdir()
    (data / suppress.FILE).write_bytes(f"npi_or_id,date,reason\n{ANN},2026-10-01,caf".encode() + b"\xe9\n")
    assert _run("build", f"profiles={file}")[0] == 1


def test_a_list_that_a_spreadsheet_wrote_is_read(data: Path) -> None:
    data.mkdir()
    path = data / suppress.FILE
    path.write_bytes(f"\ufeffNPI_or_ID;Date;Reason;\r\n{ANN};10/1/2026;asked;\r\n;;;\r\n{BO};2026-10-02;;\r\n".encode())
    assert suppress.load(path) == {
        f"npi:{ANN}": suppress.Entry(f"npi:{ANN}", date(2026, 10, 1), "asked"),
        f"npi:{BO}": suppress.Entry(f"npi:{BO}", date(2026, 10, 2), ""),
    }
