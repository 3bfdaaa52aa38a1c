"""A run from files to a live generation: what is built, what is refused, and that a refusal changes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import orjson
import pytest

from directory.engines.embedded import EmbeddedEngine
from directory.errors import NoGeneration
from indexer.pipeline import Input, Options, build, check
from indexer.report import Outcome, RejectLog
from tests.nppes_reading import read
from tests.nppes_rows import DEACTIVATIONS, NEXT, SMALL, gone, npi, row, text, write

TODAY = date(2026, 11, 23)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(tmp_path / "data")
    yield engine
    engine.close()


def run(engine: EmbeddedEngine, *paths: Path, log: RejectLog | None = None, **options: bool) -> Outcome:
    inputs = [Input("nppes", path) for path in paths]
    return build(inputs, engine, log or RejectLog(), Options(today=TODAY, **options))  # type: ignore[arg-type]


def people(path: Path, good: int, bad: int = 0) -> Path:
    """A file of so many counselors, the last `bad` of them with a wrong check digit."""
    return write(path, [row(n) for n in range(good)] + [row(n, npi="1234567890") for n in range(bad)])


def state_of(engine: EmbeddedEngine) -> list[tuple[str, bool]]:
    return [(g.name, g.live) for g in engine.generations()]


# What is built


def test_a_build_is_live_and_holds_everyone(engine: EmbeddedEngine) -> None:
    outcome = run(engine, SMALL, NEXT, DEACTIVATIONS)
    _, profiles, _ = read(SMALL, NEXT, DEACTIVATIONS)
    live = engine.live()
    assert (outcome.promoted, outcome.generation, outcome.refusal) == (True, live.name, None)
    assert live.providers == outcome.providers == len(profiles)
    for profile in profiles.values():
        found = engine.get(profile.id)
        assert found
        assert found[0] == profile


def test_a_generation_knows_its_sources(engine: EmbeddedEngine) -> None:
    run(engine, SMALL)
    about = engine.live().sources["nppes"]
    assert (about["read"], about["indexed"], about["deleted"]) == (128, 87, 12)
    assert about["files"] == [{"name": "weekly_small.csv", "sha256": hashlib.sha256(SMALL.read_bytes()).hexdigest()}]


def test_check_counts_as_build_does(engine: EmbeddedEngine) -> None:
    inputs = [Input("nppes", SMALL), Input("nppes", NEXT)]
    checked = check(inputs, RejectLog(), Options(today=TODAY))
    built = build(inputs, engine, RejectLog(), Options(today=TODAY))
    assert (checked.sources, checked.providers) == (built.sources, built.providers)
    assert (checked.generation, checked.promoted) == (None, False)


def test_the_reject_report(engine: EmbeddedEngine, tmp_path: Path) -> None:
    path = people(tmp_path / "f.csv", 20, 2)
    with RejectLog(tmp_path / "rejects.ndjson") as log:
        outcome = run(engine, path, log=log)
    lines = [orjson.loads(line) for line in (tmp_path / "rejects.ndjson").read_bytes().splitlines()]
    assert lines == [
        {
            "source": "nppes",
            "file": str(path),
            "line": line,
            "field": "NPI",
            "value": "1234567890",
            "code": "npi_check_digit",
            "message": "the check digit of this NPI is wrong",
        }
        for line in (22, 23)
    ]
    assert outcome.sources["nppes"].rejected == 2


# What is refused


def test_nothing_changes_for_a_file_that_cannot_be_used(engine: EmbeddedEngine, tmp_path: Path) -> None:
    run(engine, SMALL)
    before = state_of(engine)
    cut = tmp_path / "cut.csv"
    cut.write_bytes(SMALL.read_bytes()[:-300])
    outcome = run(engine, SMALL, cut)
    assert outcome.refusal
    assert str(cut) in outcome.refusal
    assert "cut off" in outcome.refusal
    assert (outcome.promoted, outcome.generation) == (False, None)
    assert state_of(engine) == before


@pytest.mark.parametrize(("good", "bad", "refused"), [(9, 1, False), (8, 1, True), (0, 1, True)])
def test_more_than_a_tenth_rejected_is_refused(
    engine: EmbeddedEngine, tmp_path: Path, good: int, bad: int, refused: bool
) -> None:
    path = people(tmp_path / "f.csv", good, bad)
    outcome = run(engine, path)
    assert bool(outcome.refusal) is refused
    assert bool(check([Input("nppes", path)], RejectLog(), Options(today=TODAY)).refusal) is refused
    if refused:
        with pytest.raises(NoGeneration):
            engine.live()
    assert run(engine, path, allow_rejects=True).promoted


def test_skipped_rows_do_not_hide_rejects(engine: EmbeddedEngine, tmp_path: Path) -> None:
    rows = [row(n, taxonomy_1="207Q00000X") for n in range(50)] + [row(60), row(61, npi="x")]
    assert run(engine, write(tmp_path / "f.csv", rows)).refusal


@pytest.mark.parametrize(("now", "refused"), [(8, False), (7, True), (0, True)])
def test_a_fall_of_more_than_a_fifth_is_refused(
    engine: EmbeddedEngine, tmp_path: Path, now: int, refused: bool
) -> None:
    run(engine, people(tmp_path / "before.csv", 10))
    before = state_of(engine)
    path = write(tmp_path / "now.csv", [row(n) for n in range(now)] + [gone(50, "01/01/2024")])
    outcome = run(engine, path)
    assert bool(outcome.refusal) is refused
    if refused:
        assert outcome.providers == now
        assert state_of(engine) == before
    assert run(engine, path, allow_shrink=True).promoted
    assert engine.live().providers == now


def test_a_build_that_another_overtook_is_refused(engine: EmbeddedEngine, tmp_path: Path) -> None:
    run(engine, SMALL)
    overtaken = False

    def progress(step: str, done: int, whole: int | None) -> None:
        nonlocal overtaken
        if not overtaken:
            overtaken = True
            other = EmbeddedEngine(tmp_path / "data")
            assert run(other, SMALL, NEXT).promoted
            other.close()

    outcome = build([Input("nppes", SMALL)], engine, RejectLog(), Options(progress=progress, today=TODAY))
    assert outcome.refusal
    assert engine.live().providers == 107
    assert len(engine.generations()) == 2


def test_an_interrupted_build_leaves_nothing(engine: EmbeddedEngine, tmp_path: Path) -> None:
    run(engine, SMALL)
    before = state_of(engine)

    def progress(step: str, done: int, whole: int | None) -> None:
        if step == "building":
            raise KeyboardInterrupt

    inputs = [Input("nppes", people(tmp_path / "many.csv", 1500))]
    with pytest.raises(KeyboardInterrupt):
        build(inputs, engine, RejectLog(), Options(progress=progress, today=TODAY))
    assert state_of(engine) == before
    assert len(list((tmp_path / "data" / "generations").iterdir())) == 1


def test_files_keep_their_order(engine: EmbeddedEngine, tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{city}.csv", [row(1, city=city)]) for city in ("DALLAS", "HOUSTON")]
    run(engine, *paths)
    found = engine.get(f"npi:{npi(1)}")
    assert found
    assert found[0].locations[0].city == "Houston"


def test_the_same_file_in_other_clothes_builds_the_same(engine: EmbeddedEngine, tmp_path: Path) -> None:
    rows = [row(n) for n in range(5)]
    path = tmp_path / "f.csv"
    path.write_text(text(rows, quoting=0).replace("\n", "\r\n"), encoding="utf-8-sig", newline="")
    run(engine, path)
    for n in range(5):
        found = engine.get(f"npi:{npi(n)}")
        assert found
        assert found[0] == read(write(tmp_path / "g.csv", [row(n)]))[1][npi(n)]
