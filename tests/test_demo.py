"""Fictional profiles: plausible, marked, harmless, and always the same."""

from __future__ import annotations

import gzip
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path

import orjson
import polars as pl
import pytest
import yaml
from click.testing import CliRunner

import indexer
from directory.licensure import REMOTE_MEETING
from directory.profile import Profile
from directory.vocabulary import vocabulary
from indexer import demo, demo_bios, demo_files
from indexer.__main__ import main
from indexer.normalize import npi_problem, settle
from tests.reading import TODAY, Reading

SAMPLES = sorted((Path(__file__).parents[2] / "shared" / "data" / "nppes").glob("npidata_pfile_*.csv.gz"))


@pytest.fixture(scope="module")
def made() -> list[Profile]:
    """What `demo` makes by default, on a fixed day."""
    return list(demo.profiles(5000, 1, TODAY))


# Nobody could take them for real


def test_every_profile_is_marked_and_leads_nowhere(made: list[Profile]) -> None:
    for p in made:
        assert p.demo
        assert p.phone is None or (p.phone.split()[2] == "555" and "0100" <= p.phone.split()[3] <= "0199")
        assert p.email is None or p.email.endswith("@example.com")
        assert p.website is None or p.website.startswith("https://www.example.com/")
        assert all(g.number is None or g.number.startswith("DEMO ") for g in p.grants)
        assert all("fictional" in g.source for g in p.grants if g.status != "listed" and g.source)
        assert all(location.street is None for location in p.locations)
        assert {said.source for said in p.provenance.values()} == {"fictional"}


def test_npis_pass_the_check_and_lie_where_none_is_issued() -> None:
    npis = [demo.npi(i) for i in [*range(10_050), 1_000_000, demo.LARGEST - 1]]
    assert all(npi_problem(n) is None for n in npis)
    assert all(n.startswith(("19999", "29")) for n in npis)
    assert all(a < b for a, b in pairwise(npis))


@pytest.mark.skipif(not SAMPLES, reason="the weekly NPPES files are not here")
def test_npis_are_in_no_sample() -> None:
    issued: set[int] = set()
    for path in SAMPLES:
        frame = pl.read_csv(gzip.decompress(path.read_bytes()), columns=["NPI"])
        issued.update(frame["NPI"].to_list())
    assert len(issued) > 40_000
    assert not issued & {int(demo.npi(i)) for i in range(20_000)}
    assert max(issued) < int(demo.npi(0))


# Plausible


def test_shares(made: list[Profile]) -> None:
    def share(of: object) -> float:
        return sum(of) / len(made)  # type: ignore[call-overload, no-any-return]

    assert share(p.fee is None for p in made) == pytest.approx(1 / 3, abs=0.03)
    assert share(not p.meeting for p in made) == pytest.approx(1 / 3, abs=0.03)
    assert share(p.gender is None for p in made) == pytest.approx(1 / 3, abs=0.03)
    types = Counter(p.provider_type for p in made)
    assert [t for t, _ in types.most_common(3)] == ["therapist", "social_worker", "psychologist"]
    assert set(types) == set(vocabulary("professions").codes)
    old = share(p.verified_on is not None and (TODAY - p.verified_on).days > 90 for p in made)
    assert 0.3 < old < 0.5
    assert set(Counter(p.accepting for p in made)) == {"yes", "waitlist", "no", None}
    assert {s for p in made for s in (g.status for g in p.grants)} == {"active", "listed", "expired"}
    assert {m for p in made for m in p.meeting} == REMOTE_MEETING | {"in_person"}


def test_what_goes_together(made: list[Profile]) -> None:
    def median(profession: str) -> int:
        fees = sorted(p.fee.session for p in made if p.provider_type == profession and p.fee and p.fee.session)
        return fees[len(fees) // 2]

    assert median("psychiatrist") > median("psychologist") > median("therapist")
    for p in made:
        degrees = {"psychologist": {"phd", "psyd", "edd"}, "psychiatrist": {"md", "do"}, "psychiatric_nurse": {"pmhnp"}}
        assert degrees.get(p.provider_type or "", set(p.credentials)) & set(p.credentials)
        if p.provider_type == "psychiatrist" and p.modalities:
            assert "medication_management" in p.modalities
        if p.grants and p.grants[0].kind == "license":
            assert p.grants[0].jurisdiction == p.locations[0].state
        assert settle(p) == p


def test_places_are_real_and_many(made: list[Profile]) -> None:
    assert all(location.lat and location.city for p in made for location in p.locations)
    cities = Counter((p.locations[0].city, p.locations[0].state) for p in made)
    assert len({state for _, state in cities}) >= 40
    assert cities["Chicago", "IL"] > 100


def test_names_come_from_many_cultures(made: list[Profile]) -> None:
    assert len({p.name for p in made}) > 3000
    assert sum(not p.name.isascii() for p in made) > 300
    assert any("\u4e00" <= c <= "\u9fff" for p in made for c in p.name)
    assert any("\u4e00" <= c <= "\u9fff" for p in made for name in p.other_names for c in name)


# Bios


def test_bios_have_forty_to_a_hundred_and_twenty_words_and_are_all_different(made: list[Profile]) -> None:
    bios = [p.bio for p in made if p.bio]
    assert len(bios) > 4500
    assert all(demo_bios.SHORTEST <= len(b.split()) <= demo_bios.LONGEST for b in bios)
    assert len(set(bios)) == len(bios)
    assert not any(mark in b for b in bios for mark in "{}|_")
    assert all(b[0].isupper() and b[-1] in ".?!" for b in bios)
    sentences = Counter(s for b in bios for s in b.replace("\n\n", " ").split(". "))
    assert sentences.most_common(1)[0][1] < len(bios) / 12


def test_needs_are_said_without_the_name_of_the_concern() -> None:
    concerns = vocabulary("concerns")
    for concern, phrases in demo_bios.needs().items():
        label = concerns.label(concern).lower().split(" (")[0]
        said = [p for kind in ("you", "who") for p in phrases[kind]]
        assert len(said) >= 2
        assert sum(label in p.lower() for p in said) <= 1, concern


def test_the_words_of_bios_are_about_codes_that_exist() -> None:
    folder = Path(indexer.__file__).parent
    phrases = yaml.safe_load((folder / "demo_phrases.yaml").read_text(encoding="utf-8"))
    assert set(phrases["approach"]) <= set(vocabulary("modalities").codes)
    assert set(demo_bios.needs()) <= set(vocabulary("concerns").codes)
    practice = yaml.safe_load((folder / "demo_practice.yaml").read_text(encoding="utf-8"))
    for specialty in practice["specialties"].values():
        assert set(specialty["concerns"]) <= set(demo_bios.needs())
        assert set(specialty["modalities"]) <= set(phrases["approach"])


# Always the same, and readable


def test_the_same_seed_and_day_make_the_same_people(made: list[Profile]) -> None:
    assert list(demo.profiles(50, 1, TODAY)) == made[:50]
    assert list(demo.profiles(50, 1, TODAY, start=40)) == made[40:50]
    assert [p.name for p in demo.profiles(50, 2, TODAY)] != [p.name for p in made[:50]]
    ids = [p.id for p in made]
    assert ids == sorted(set(ids))


def test_dates_lie_around_the_day(made: list[Profile]) -> None:
    past = [d for p in made for d in (p.verified_on, p.accepting_as_of, p.fee and p.fee.as_of) if d]
    assert max(past) <= TODAY
    assert max(p.next_available for p in made if p.next_available) > TODAY
    moved = next(demo.profiles(1, 1, date(2027, 11, 23)))
    assert (moved.name, moved.locations) == (made[0].name, made[0].locations)


@pytest.mark.parametrize("ending", demo_files.FORMS)
def test_files_are_read_back_without_loss(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"demo{ending}.gz"
    with demo_files.created(path) as out:
        demo_files.write(300, 5, TODAY, ending, out)
    reading = Reading(path)
    assert reading.issues == []
    assert reading.profiles == list(demo.profiles(300, 5, TODAY))


def test_all_five_thousand_are_read_without_a_reject(tmp_path: Path, made: list[Profile]) -> None:
    path = tmp_path / "demo.ndjson"
    path.write_bytes(demo_files.ndjson(made))
    reading = Reading(path)
    assert (reading.issues, reading.counts.indexed) == ([], 5000)
    assert reading.profiles == made


def test_many_are_made_in_parts_with_the_same_bytes(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole.json.gz", tmp_path / "parts.json.gz"
    for path, part in ((whole, 40), (parts, 15)):
        with demo_files.created(path) as out:
            demo_files.write(40, 1, TODAY, ".json", out, part=part)
    assert whole.read_bytes() == parts.read_bytes()
    some = list(demo.profiles(40, 1, TODAY))
    rows = demo_files.table(some[:15]) + demo_files.table(some[15:], first=False)
    assert rows == demo_files.table(some)


def test_the_command_writes_to_standard_output_or_a_file(tmp_path: Path) -> None:
    runner = CliRunner()
    shown = runner.invoke(main, ["demo", "--count", "3", "--today", "2026-11-23"])
    assert shown.exit_code == 0
    assert [orjson.loads(line)["demo"] for line in shown.stdout_bytes.splitlines()] == [True] * 3
    path = tmp_path / "demo.csv"
    assert runner.invoke(main, ["demo", "--count", "3", "--out", str(path)]).exit_code == 0
    assert path.read_text(encoding="utf-8").startswith("npi,id,name")
    refused = runner.invoke(main, ["demo", "--out", str(tmp_path / "demo.xlsx")])
    assert refused.exit_code == 2
    assert ".ndjson" in refused.output
