"""The newer files of a health plan: of whom they leave out, that source speaks no more, and no other loses a word."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from directory.engines.base import Engine
from directory.engines.embedded import EmbeddedEngine
from indexer import update as update_module
from indexer.pipeline import Input, Options, build
from indexer.report import Outcome, RejectLog
from indexer.update import update
from tests import plan_net_rows as fhir
from tests.homes import Home
from tests.nppes_rows import gone, npi, row, write
from tests.test_update import SETTINGS, TODAY, everything

Files: TypeAlias = Callable[[Path, Sequence[int]], Path]
STRICT: Final = Options(today=TODAY)


def plan_net(folder: Path, people: Sequence[int]) -> Path:
    """A directory of these people, with their roles."""
    return fhir.folder(
        folder,
        *(fhir.practitioner(f"p{n}", npi(n)) for n in people),
        *(fhir.role(f"r{n}", f"Practitioner/p{n}") for n in people),
    )


def qhp(folder: Path, people: Sequence[int]) -> Path:
    """The files of an issuer with these people."""
    folder.mkdir()
    plans = [{"plan_id_type": "HIOS-PLAN-ID", "plan_id": "1", "marketing_name": "Ambetter", "years": [2026]}]
    entries = [
        {"npi": npi(n), "type": "INDIVIDUAL", "name": {"first": "ANN", "last": f"LEE{n}"},
         "speciality": ["Psychologist"],
         "addresses": [{"address": "1 ELM ST", "city": "AUSTIN", "state": "TX", "zip": "78704"}],
         "plans": [{"plan_id": "1", "years": [2026]}], "last_updated_on": "2026-10-02"}
        for n in people
    ]  # fmt: skip
    urls = {"provider_urls": ["https://example.org/providers.json"], "plan_urls": ["https://example.org/plans.json"]}
    for name, what in (("index", urls), ("plans", plans), ("providers", {"providers": entries})):
        (folder / f"{name}.json").write_text(json.dumps(what))
    return folder


@pytest.fixture(params=["copied", "anew"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether updates change a copy, or build from all words."""
    monkeypatch.setattr(update_module, "_LARGE", 0 if request.param == "copied" else 1_000_000)


def run(how: Callable[..., Outcome], engine: Engine, given: Mapping[str, Path], options: Options = SETTINGS) -> Outcome:
    return how([Input(name, path) for name, path in given.items()], engine, RejectLog(), options)


def whole(folder: Path, given: Mapping[str, Path]) -> dict[str, Any]:
    """What a build of the files makes."""
    engine = EmbeddedEngine(folder)
    assert run(build, engine, given).promoted
    return everything(engine)


@pytest.mark.parametrize(("name", "files"), [("plan_net", plan_net), ("qhp", qhp)])
@pytest.mark.usefixtures("way")
def test_who_is_left_out_of_the_newer_files(home: Home, name: str, files: Files, tmp_path: Path) -> None:
    engine = home.engine
    register = write(tmp_path / "1.csv", [row(1), row(2)])
    assert run(build, engine, {"nppes": register, name: files(tmp_path / "old", range(1, 8))}).promoted
    newer = files(tmp_path / "newer", [1, 3, 4, 5, 6, 9])
    outcome = run(update, engine, {name: newer}, STRICT)
    assert (outcome.refusal, outcome.ended) == (None, {name: 2})
    assert engine.get(f"npi:{npi(7)}") is None
    kept = engine.get(f"npi:{npi(2)}")
    assert kept
    assert {p.source for p in kept[0].provenance.values()} == {"NPPES"}
    assert everything(engine) == whole(tmp_path / "whole", {"nppes": register, name: newer})
    # A run without the plan's files leaves its words alone, and the next one with them knows whom they spoke of.
    away = write(tmp_path / "2.csv", [gone(9, "02/01/2024")])
    assert run(update, engine, {"nppes": away}).ended == {}
    assert run(update, engine, {name: files(tmp_path / "last", [1, 3, 4, 5])}).ended == {name: 2}
    said = engine.live().sources
    assert [f["name"] for f in said["nppes"]["files"]] == ["1.csv", "2.csv"]
    assert len(said[name]["files"]) == len({f["name"] for f in said[name]["files"]})


@pytest.mark.parametrize(("name", "files"), [("plan_net", plan_net), ("qhp", qhp)])
def test_another_plan_s_files_are_refused(tmp_path: Path, name: str, files: Files) -> None:
    engine = EmbeddedEngine(tmp_path / "data")
    assert run(build, engine, {name: files(tmp_path / "old", range(1, 8))}).promoted
    before = everything(engine)
    other = {name: files(tmp_path / "other", range(11, 18))}
    outcome = run(update, engine, other, STRICT)
    assert outcome.refusal
    assert f"{name}: 7 of the 7 providers" in outcome.refusal
    assert everything(engine) == before
    half = run(update, engine, {name: files(tmp_path / "half", range(1, 3))}, STRICT)
    assert half.refusal
    assert run(update, engine, other).ended == {name: 7}
    assert everything(engine) == whole(tmp_path / "whole", other)
