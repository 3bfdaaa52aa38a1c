"""`python -m indexer` as people and scripts use it: words, exit codes, what is on standard output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from indexer.__main__ import main
from tests.nppes_rows import NEXT, SMALL, row, write
from tests.test_update_plans import BLUE, plan_net


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DIRECTORY_ENGINE", "ELASTICSEARCH_URL", "DIRECTORY_ALIAS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DIRECTORY_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def indexer(*args: object) -> Result:
    result = CliRunner().invoke(main, [str(a) for a in args])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


def answer(*args: object) -> dict[str, Any]:
    found = json.loads(indexer(*args, "--json").stdout)
    assert isinstance(found, dict)
    return found


COUNTS = {
    "read": 128,
    "indexed": 87,
    "skipped": 29,
    "deleted": 12,
    "rejected": 0,
    "reasons": {"no_behavioral_code": 18, "organization": 6, "organization_with_individual_code": 5},
}


def test_build_prints_one_json_object_alone(data: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "indexer", "build", f"nppes={SMALL}", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DIRECTORY_DATA": str(data)},
    )
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert (found["command"], found["promoted"], found["providers"]) == ("build", True, 87)
    assert found["generation"] == (data / "CURRENT").read_text().strip()
    assert found["sources"] == {"nppes": COUNTS}
    assert found["total"] == COUNTS


def test_check_builds_nothing(data: Path) -> None:
    found = answer("check", f"nppes={SMALL}")
    assert (found["command"], found["generation"], found["promoted"], found["providers"]) == ("check", None, False, 87)
    assert found["sources"] == {"nppes": COUNTS}
    assert not data.exists()


def test_a_run_tells_people_its_counts() -> None:
    result = indexer("build", f"nppes={SMALL}")
    assert result.exit_code == 0
    assert "128" in result.stdout
    assert "18 no_behavioral_code" in result.stdout
    assert "is live, with 87 providers" in result.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["build"], "SOURCE=FILE"),
        (["build", "nppes"], "is not SOURCE=FILE"),
        (["build", "npes={small}"], "did you mean 'nppes'"),
        (["build", "excel={small}"], "sources: nppes"),
        (["build", "nppes=/no/such/file.csv"], "there is no file"),
        (["build", "nppes="], "names no file"),
        (["check", "nppes={folder}"], "is a directory"),
        (["check", "nppes={small}", "--reject-report", "{folder}/none/r.ndjson"], "there is no folder"),
        (["check", "nppes={small}", "--reject-report", "{folder}"], "directory"),
        (["prune", "--keep", "0"], "--keep"),
        (["bild"], "bild"),
    ],
)
def test_wrong_usage(args: list[str], said: str, tmp_path: Path, data: Path) -> None:
    result = indexer(*(a.format(small=SMALL, folder=tmp_path) for a in args))
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""
    assert not data.exists()


def test_a_setting_that_is_not_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIRECTORY_ENGINE", "nonsense")
    result = indexer("build", f"nppes={SMALL}")
    assert result.exit_code == 2
    assert "embedded" in result.stderr


def test_a_refusal(tmp_path: Path) -> None:
    indexer("build", f"nppes={SMALL}")
    live = answer("status")["live"]
    few = write(tmp_path / "few.csv", [row(1)])
    result = indexer("build", f"nppes={few}")
    assert result.exit_code == 1
    assert "fall from 87 to 1" in result.stderr
    assert "--allow-shrink" in result.stderr
    refused = answer("build", f"nppes={few}")
    assert (refused["promoted"], refused["generation"]) == (False, None)
    assert "fall from 87 to 1" in refused["error"]
    assert answer("status")["live"] == live
    assert indexer("build", f"nppes={few}", "--allow-shrink").exit_code == 0


def test_an_update_without_the_files_of_a_payer(tmp_path: Path) -> None:
    acme, blue = plan_net(tmp_path / "acme", range(1, 9)), plan_net(tmp_path / "blue", range(7, 14), BLUE)
    assert indexer("build", f"plan_net={acme}", f"plan_net={blue}").exit_code == 0
    refused = indexer("update", f"plan_net={acme}")
    assert refused.exit_code == 1
    assert f"plan_net: over half of those listed before are left out: 7 of 7 with {BLUE}, from blue." in refused.stderr
    assert refused.stderr.rstrip().endswith("nothing has changed")
    assert indexer("update", f"plan_net={acme}", f"plan_net={blue}").exit_code == 0
    assert indexer("update", f"plan_net={acme}", "--allow-shrink").exit_code == 0


def test_an_update(tmp_path: Path) -> None:
    nothing = indexer("update", f"nppes={SMALL}")
    assert nothing.exit_code == 1
    assert "run `build`" in nothing.stderr
    indexer("build", f"nppes={SMALL}")
    result = indexer("update", f"nppes={NEXT}")
    assert result.exit_code == 0
    assert "is live, with 107 providers" in result.stdout
    found = answer("update", f"nppes={NEXT}")
    assert (found["command"], found["promoted"], found["providers"]) == ("update", True, 107)
    assert found["generation"] == answer("status")["live"]
    assert found["total"] == found["sources"]["nppes"]
    counts = found["total"]
    assert counts["read"] == counts["indexed"] + counts["skipped"] + counts["deleted"] + counts["rejected"] == 50
    assert (found["conflicts"], found["possible_duplicates"]["groups"]) == ([], 0)
    half_bad = write(tmp_path / "f.csv", [row(1), row(2, npi="1234567890")])
    refused = indexer("update", f"nppes={half_bad}")
    assert refused.exit_code == 1
    assert "--allow-rejects" in refused.stderr
    assert answer("status")["live"] == found["generation"]


def test_a_file_that_cannot_be_used(tmp_path: Path) -> None:
    othername = tmp_path / "othername_pfile.csv"
    othername.write_text(
        "NPI,Provider Other Organization Name,Provider Other Organization Name Type Code\n1,A,3\n", encoding="utf-8"
    )
    result = indexer("check", f"nppes={othername}")
    assert result.exit_code == 1
    assert "othername file" in result.stderr
    assert str(othername) in result.stderr


def test_the_reject_report(tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", [row(1), row(2, npi="1234567890")])
    report = tmp_path / "rejects.ndjson"
    result = indexer("check", f"nppes={path}", "--reject-report", report, "--allow-rejects")
    assert result.exit_code == 0
    assert f"{path}:3" in result.stderr
    (line,) = report.read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["line"] == 3
    indexer("check", f"nppes={SMALL}", "--reject-report", report)
    assert report.read_text(encoding="utf-8") == ""


def test_generations_come_and_go() -> None:
    assert "Nothing has been built" in indexer("status").stdout
    assert answer("status") == {"command": "status", "live": None, "generations": []}
    assert indexer("promote").exit_code == 1
    assert indexer("rollback").exit_code == 1
    assert answer("prune") == {"command": "prune", "deleted": []}

    first = answer("build", f"nppes={SMALL}")["generation"]
    second = answer("build", f"nppes={SMALL}", f"nppes={NEXT}")["generation"]
    status = answer("status")
    assert status["live"] == second
    assert {(g["name"], g["providers"], g["live"]) for g in status["generations"]} == {
        (first, 87, False),
        (second, 107, True),
    }
    assert all(g["current_code"] for g in status["generations"])
    assert status["generations"][0]["sources"]["nppes"]["read"] == 178
    assert second in indexer("status").stdout

    assert answer("rollback") == {"command": "rollback", "generation": first, "promoted": True, "providers": 87}
    assert answer("status")["live"] == first
    assert indexer("rollback").exit_code == 1
    assert indexer("promote", "providers-00000000-20260101t000000z-0000").exit_code == 1
    assert answer("status")["live"] == first
    assert answer("promote")["generation"] == second
    assert answer("promote", first)["generation"] == first

    third = answer("build", f"nppes={SMALL}")["generation"]
    assert answer("prune", "--keep", 1) == {"command": "prune", "deleted": [second, first]}
    assert [g["name"] for g in answer("status")["generations"]] == [third]
