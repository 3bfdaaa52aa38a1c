"""The newer files of a health plan: of whom they leave out, that source speaks no more, and no other loses a word."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias
from zlib import crc32

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

Files: TypeAlias = Callable[..., Path]
"""Makes the files of one payer: a folder, the people, the payer, and what its plan is called."""

STRICT: Final = Options(today=TODAY)
ACME, BLUE = "Acme Mutual", "Blue Hill Health"


def plan_net(folder: Path, people: Sequence[int], payer: str = ACME, plan: str = "Choice") -> Path:
    """A directory of these people, with their roles; without a payer it names no network."""
    networks = [fhir.in_network("Organization/n")] if payer else []
    return fhir.folder(
        folder,
        *(fhir.practitioner(f"p{n}", npi(n)) for n in people),
        *(fhir.role(f"r{n}", f"Practitioner/p{n}", extension=networks) for n in people),
        fhir.organization("c", payer),
        fhir.organization("n", f"{payer} {plan}", "Organization/c"),
    )


def qhp(folder: Path, people: Sequence[int], payer: str = ACME, plan: str = "Choice") -> Path:
    """The files of an issuer with these people."""
    folder.mkdir()
    id_ = f"{crc32(payer.encode()) % 100_000:05}TX{crc32(plan.encode()) % 10_000_000:07}"
    plans = [{"plan_id_type": "HIOS-PLAN-ID", "plan_id": id_, "marketing_name": f"{payer} {plan}", "years": [2026]}]
    entries = [
        {"npi": npi(n), "type": "INDIVIDUAL", "name": {"first": "ANN", "last": f"LEE{n}"},
         "speciality": ["Psychologist"],
         "addresses": [{"address": "1 ELM ST", "city": "AUSTIN", "state": "TX", "zip": "78704"}],
         "plans": [{"plan_id": id_, "years": [2026]}], "last_updated_on": "2026-10-02"}
        for n in people
    ]  # fmt: skip
    urls = {"provider_urls": ["https://example.org/providers.json"], "plan_urls": ["https://example.org/plans.json"]}
    for name, what in (("index", urls), ("plans", plans), ("providers", {"providers": entries})):
        (folder / f"{name}.json").write_text(json.dumps(what))
    return folder


SOURCES: Final = pytest.mark.parametrize(("name", "files"), [("plan_net", plan_net), ("qhp", qhp)])


@pytest.fixture(params=["copied", "anew"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether updates change a copy, or build from all words."""
    monkeypatch.setattr(update_module, "_LARGE", 0 if request.param == "copied" else 1_000_000)


Given: TypeAlias = Mapping[str, Path | Sequence[Path]]


def run(how: Callable[..., Outcome], engine: Engine, given: Given, options: Options = SETTINGS) -> Outcome:
    several = {name: [paths] if isinstance(paths, Path) else paths for name, paths in given.items()}
    return how([Input(name, path) for name in several for path in several[name]], engine, RejectLog(), options)


def whole(folder: Path, given: Given) -> dict[str, Any]:
    """What a build of the files makes."""
    engine = EmbeddedEngine(folder)
    assert run(build, engine, given).promoted
    return everything(engine)


@SOURCES
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


@SOURCES
def test_another_plan_s_files_are_refused(tmp_path: Path, name: str, files: Files) -> None:
    engine = EmbeddedEngine(tmp_path / "data")
    assert run(build, engine, {name: files(tmp_path / "old", range(1, 8))}).promoted
    before = everything(engine)
    other = {name: files(tmp_path / "other", range(11, 18))}
    outcome = run(update, engine, other, STRICT)
    assert outcome.refusal
    assert f"7 of 7 with {ACME}" in outcome.refusal
    assert everything(engine) == before
    half = run(update, engine, {name: files(tmp_path / "half", range(1, 3))}, STRICT)
    assert half.refusal
    assert run(update, engine, other).ended == {name: 7}
    assert everything(engine) == whole(tmp_path / "whole", other)


# Several payers in one source


def listed(engine: Engine, payer: str) -> set[int]:
    """Who of the first thirty is listed with a payer's plans."""
    people = {n: engine.get(f"npi:{npi(n)}") for n in range(1, 30)}
    return {n for n, one in people.items() if one and any(payer in network.name for network in one[0].networks)}


@SOURCES
def test_a_payer_s_files_that_are_not_given(home: Home, name: str, files: Files, tmp_path: Path) -> None:
    """Most of them are in the other's files, too, so hardly anybody would vanish: their insurance would."""
    engine = home.engine
    acme, blue = files(tmp_path / "acme", range(1, 21)), files(tmp_path / "blue", range(10, 22), BLUE)
    register = write(tmp_path / "1.csv", [row(1)])
    assert run(build, engine, {"nppes": register, name: [acme, blue]}).promoted
    before, live = everything(engine), engine.live().name
    newer = files(tmp_path / "newer", range(2, 22))
    outcome = run(update, engine, {name: newer}, STRICT)
    assert outcome.refusal
    assert f"12 of 12 with {BLUE}" in outcome.refusal
    assert "from blue" in outcome.refusal
    assert ACME not in outcome.refusal
    assert "--allow-shrink" in outcome.refusal
    assert ([g.name for g in engine.generations()], everything(engine)) == ([live], before)
    # An update of another source does not forget whose people they are.
    assert run(update, engine, {"nppes": write(tmp_path / "2.csv", [row(2)])}).promoted
    assert run(update, engine, {name: newer}, STRICT).refusal == outcome.refusal
    together = run(update, engine, {name: [blue, newer]}, STRICT)
    assert (together.refusal, together.ended) == (None, {name: 1})
    assert (listed(engine, ACME), listed(engine, BLUE)) == ({*range(2, 22)}, {*range(10, 22)})
    registers = {"nppes": [register, tmp_path / "2.csv"]}
    assert everything(engine) == whole(tmp_path / "whole", registers | {name: [blue, newer]})
    # The same again changes nothing.
    assert run(update, engine, {name: [blue, newer]}, STRICT).promoted
    assert everything(engine) == whole(tmp_path / "again", registers | {name: [blue, newer]})
    # The plan has ended.
    assert run(update, engine, {name: newer}).promoted
    assert listed(engine, BLUE) == set()
    assert everything(engine) == whole(tmp_path / "one", registers | {name: newer})
    assert run(update, engine, {name: newer}, STRICT).promoted
    # What counts is what the live generation was made of, also after a rollback.
    engine.promote(live, expected=engine.live().name)
    assert run(update, engine, {name: newer}, STRICT).refusal == outcome.refusal


def test_directories_that_name_no_network(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path / "data")
    some, others = plan_net(tmp_path / "some", range(1, 11), ""), plan_net(tmp_path / "others", range(11, 18), "")
    assert run(build, engine, {"plan_net": [some, others]}).promoted
    outcome = run(update, engine, {"plan_net": some}, STRICT)
    assert outcome.refusal
    assert "7 of 7 from others" in outcome.refusal
    assert "from some" not in outcome.refusal


def test_states_of_one_company_given_apart(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path / "data")
    texas, ohio = plan_net(tmp_path / "texas", range(1, 11)), plan_net(tmp_path / "ohio", range(11, 18))
    assert run(build, engine, {"plan_net": [texas, ohio]}).promoted
    outcome = run(update, engine, {"plan_net": texas}, STRICT)
    assert outcome.refusal
    assert f"7 of 7 with {ACME}, from ohio" in outcome.refusal


def test_a_payer_that_one_directory_of_several_no_longer_names(tmp_path: Path) -> None:
    def directory(folder: Path, blue: str) -> Path:
        networks = {n: ["Organization/n"] if n < 11 else ["Organization/b"] for n in range(1, 21)}
        return fhir.folder(
            folder,
            *(fhir.practitioner(f"p{n}", npi(n)) for n in networks),
            *(
                fhir.role(f"r{n}", f"Practitioner/p{n}", extension=[fhir.in_network(name) for name in names])
                for n, names in networks.items()
            ),
            fhir.organization("c", ACME),
            fhir.organization("n", "PPO", "Organization/c"),
            fhir.organization("b", blue),
        )

    engine = EmbeddedEngine(tmp_path / "data")
    assert run(build, engine, {"plan_net": directory(tmp_path / "both", BLUE)}).promoted
    outcome = run(update, engine, {"plan_net": directory(tmp_path / "renamed", "Other")}, STRICT)
    assert outcome.refusal
    assert f"10 of 10 with {BLUE}, from both" in outcome.refusal
    assert ACME not in outcome.refusal


@SOURCES
def test_plans_with_new_names_and_directories_given_otherwise(tmp_path: Path, name: str, files: Files) -> None:
    engine = EmbeddedEngine(tmp_path / "data")
    acme, blue = files(tmp_path / "acme", range(1, 13)), files(tmp_path / "blue", range(8, 20), BLUE)
    assert run(build, engine, {name: [acme, blue]}).promoted
    one, two = (
        files(tmp_path / f"acme-{i}", people, plan="Gold 2027") for i, people in enumerate([range(1, 8), range(8, 13)])
    )
    new = [files(tmp_path / "new", range(8, 20), BLUE, "Silver 2027"), two, one]
    assert run(update, engine, {name: new}, STRICT).refusal is None
    assert everything(engine) == whole(tmp_path / "whole", {name: new})


@SOURCES
def test_a_handful_may_leave_at_once(tmp_path: Path, name: str, files: Files) -> None:
    engine = EmbeddedEngine(tmp_path / "data")
    acme, few = files(tmp_path / "acme", range(1, 41)), files(tmp_path / "few", range(41, 46), BLUE)
    assert run(build, engine, {name: [acme, few]}).promoted
    outcome = run(update, engine, {name: acme}, STRICT)
    assert (outcome.refusal, outcome.ended) == (None, {name: 5})


@SOURCES
def test_a_generation_that_remembers_ids_alone(home: Home, name: str, files: Files, tmp_path: Path) -> None:
    """As earlier code made them."""
    engine = home.engine
    acme = files(tmp_path / "acme", range(1, 8))
    assert run(build, engine, {name: acme}).promoted
    live = engine.live()
    note = f"{name.replace('_', '-')}-memory"
    made = engine.start_build(live.name)
    made.keep(note, ["".join(f"npi:{one}\n" for one in sorted(npi(n) for n in range(1, 8))).encode()])
    engine.promote(made.finish(live.sources).name, expected=live.name)
    before = everything(engine)
    outcome = run(update, engine, {name: acme}, STRICT)
    assert outcome.refusal
    assert f"{name}: the live generation was made by earlier code" in outcome.refusal
    assert everything(engine) == before
    assert run(update, engine, {"nppes": write(tmp_path / "1.csv", [row(9)])}, STRICT).promoted
    assert run(update, engine, {name: acme}, STRICT).refusal == outcome.refusal
    assert run(update, engine, {name: files(tmp_path / "newer", range(2, 8))}).ended == {name: 1}
    assert run(update, engine, {name: acme}, STRICT).promoted
