"""The audit: every count checked against a plain one, on both engines; the page needs nothing beside itself."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from statistics import median_low
from typing import Any

import pytest
from click.testing import CliRunner

from directory.engines.base import Engine
from directory.engines.embedded import EmbeddedEngine
from directory.facets import FACETS
from directory.profile import Profile
from indexer import audit_pages
from indexer.__main__ import main
from indexer.audit import BUCKETS, Audit, audit
from indexer.pipeline import Input, Options, build
from indexer.report import Outcome, RejectLog
from indexer.sources import SOURCES
from indexer.sources.base import profiles_of
from indexer.update import update
from tests.conftest import NewEngine
from tests.reading import json_file

FIXTURES = Path(__file__).parent / "fixtures"
TODAY = date(2026, 11, 23)
OWN: list[dict[str, Any]] = [
    # Also in the plans' file, with another profession, and taking clients.
    {"npi": "1999999984", "name": "Maribel Okafor", "gender": "male", "verified_on": "2026-08-25",
     "accepting": "no", "accepting_as_of": "2026-11-01", "modalities": ["cbt"], "provider_type": "psychologist"},
    {"npi": "1999999976", "name": "Lena Marsh", "verified_on": "2026-06-01", "provider_type": "social_worker"},
    {"id": "a", "name": "Ann Lee", "family": "Lee", "given": "Ann", "license": "TX 777", "verified_on": "2025-12-01"},
    {"id": "b", "name": "Ann Lee", "family": "Lee", "given": "Ann", "license": "TX 777", "verified_on": "2024-12-01"},
    {"id": "c", "name": "Bo Lee", "verified_on": "2023-12-01", "favorite_color": "red"},
    {"id": "d", "name": "Cy Lee"},
]  # fmt: skip


def _inputs(folder: Path) -> list[Input]:
    return [
        Input("nppes", FIXTURES / "nppes" / "weekly_small.csv"),
        Input("plan_net", FIXTURES / "plan_net"),
        Input("qhp", FIXTURES / "qhp"),
        Input("profiles", json_file(folder / "own.json", OWN)),
    ]


@pytest.fixture(scope="module")
def built(new_engine: NewEngine, tmp_path_factory: pytest.TempPathFactory) -> tuple[Engine, Outcome, Audit]:
    engine = new_engine("audit")
    inputs = _inputs(tmp_path_factory.mktemp("inputs"))
    outcome = build(inputs, engine, RejectLog(), Options(allow_rejects=True, today=TODAY))
    assert outcome.refusal is None
    return engine, outcome, audit(engine, TODAY)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[Profile]]:
    """Source -> what it says, read without engine, words or merge."""
    found = {}
    for given in _inputs(tmp_path_factory.mktemp("plain")):
        source = SOURCES[given.source](TODAY)
        list(source.read(given.path, lambda _: None))
        source.settle()
        found[given.source] = list(profiles_of(source))
    return found


def test_completeness_by_source(built: tuple[Engine, Outcome, Audit], said: Mapping[str, list[Profile]]) -> None:
    assert [s.name for s in built[2].sources] == list(said)
    for source in built[2].sources:
        people = said[source.name]
        assert source.providers == len(people)
        assert {f.facet: f.stated for f in source.fields} == _stated(people)
        assert {f.total for f in source.fields} == {len(people)}


def test_completeness_of_all_who_are_listed(built: tuple[Engine, Outcome, Audit]) -> None:
    engine, outcome, found = built
    ids = sorted({id_ for id_, _ in engine.said(found.generation)})
    people = [p for id_ in ids if (entry := engine.get(id_)) for p in (entry[0],)]
    assert found.providers == outcome.providers == len(people)
    assert {f.facet: f.stated for f in found.fields} == _stated(people)
    assert {f.total for f in found.fields} == {len(people)}


def test_an_update_counts_on(new_engine: NewEngine, tmp_path: Path) -> None:
    engine = new_engine("audited")
    options = Options(allow_rejects=True, allow_shrink=True, today=TODAY)
    assert build(_inputs(tmp_path), engine, RejectLog(), options).promoted
    own = json_file(tmp_path / "own.json", [OWN[0] | {"fee": 90, "phone": "512 555 0142", "location": "78704"}])
    for given in (Input("profiles", own), Input("nppes", FIXTURES / "nppes" / "deactivations_small.csv")):
        assert update([given], engine, RejectLog(), options).promoted
    ids = [id_ for id_, _ in engine.said(engine.live().name)]
    people = [entry[0] for id_ in ids if (entry := engine.get(id_))]
    found = {f.facet: f.stated for f in audit(engine, TODAY).fields}
    assert found == _stated(people)
    assert found["fee"] == 1
    assert 0 < found["phone"] < found["locations"]


def _stated(people: Sequence[Profile]) -> dict[str, int]:
    """How many state each field of a facet, and those that clients decide by beside."""
    plain = {f.name: sum(getattr(p, f.field) not in (None, ()) for p in people) for f in FACETS}
    return plain | {
        "phone": sum(p.phone is not None for p in people),
        "fee": sum(p.fee is not None for p in people),
        "locations": sum(bool(p.locations) for p in people),
    }


def test_ages_of_confirmations_and_records(
    built: tuple[Engine, Outcome, Audit], said: Mapping[str, list[Profile]]
) -> None:
    def bucket(age: int) -> str:
        return next(label for most, label in BUCKETS if most is None or age <= most)

    for source in built[2].sources:
        people = said[source.name]
        verified = [(TODAY - p.verified_on).days for p in people if p.verified_on]
        written = [
            (TODAY - max(days)).days for p in people if (days := [w.as_of for w in p.provenance.values() if w.as_of])
        ]
        for ages, plain in ((source.verified, verified), (source.written, written)):
            assert ages.stated == len(plain)
            assert ages.median_days == (median_low(plain) if plain else None)
            assert {k: n for k, n in ages.buckets.items() if n} == Counter(map(bucket, plain))
    own = next(s for s in built[2].sources if s.name == "profiles")
    assert list(own.verified.buckets.values()) == [1, 2, 1, 1]
    assert (own.verified.stated, own.providers, own.verified.median_days) == (5, 6, (TODAY - date(2025, 12, 1)).days)


def test_rows_are_those_of_the_closing_line(built: tuple[Engine, Outcome, Audit]) -> None:
    _, outcome, found = built
    assert {s.name: dict(s.rows) for s in found.sources} == {n: c.as_dict() for n, c in outcome.sources.items()}


def test_unknown_words(built: tuple[Engine, Outcome, Audit]) -> None:
    _, outcome, found = built
    for source in found.sources:
        words = outcome.unmapped[source.name]
        assert set(source.unmapped) == set(words)
        for field, known in source.unmapped.items():
            assert (known.total, known.distinct, known.top) == (words[field].total(), len(words[field]), words[field])
    own = next(s for s in found.sources if s.name == "profiles")
    assert own.unmapped["column"].top == {"favorite_color": 1}
    marketplace = next(s for s in found.sources if s.name == "qhp")
    # Maribel's two entries and Susie's name the one; Art's and Maribel's second the plan that no file has.
    assert marketplace.unmapped["insurer"].top == {"99999TX0010001": 2, "Vandelay Insurance Silver Health Plan": 2}


def test_conflicts_and_possible_duplicates(built: tuple[Engine, Outcome, Audit]) -> None:
    _, outcome, found = built
    assert list(found.conflicts) == list(outcome.conflicts)
    by = {(c["group"], c["shown"], c["other"]): c["providers"] for c in found.conflicts}
    assert by["identity", "profiles", "qhp"] == 1  # Maribel: gender and profession; Lena agrees
    assert by["availability", "profiles", "qhp"] == 1  # Maribel
    assert found.possible_duplicates == {"groups": 1, "providers": 2, "examples": [["profiles:a", "profiles:b"]]}


# What people read


def test_the_page_needs_nothing_beside_itself(built: tuple[Engine, Outcome, Audit]) -> None:
    found = built[2]
    html = audit_pages.page(found)
    assert not re.findall(r"<(?:script|link|img|iframe)|\ssrc=|\shref=|url\(|@import", html)
    for source in found.sources:
        assert f"{source.name}:" in html
    assert "profiles:a = profiles:b" in html
    assert "Vandelay Insurance Silver Health Plan" in html
    cells = re.findall(r'<th scope="row">Gender</th>(.*?)</tr>', html)[0]
    assert f"({next(f for f in found.fields if f.facet == 'gender').stated:,})" in cells


def test_what_sources_say_cannot_break_out_of_the_page(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path / "data", "providers")
    own = json_file(tmp_path / "own.json", [{"id": "a", "name": "Ann", "<script>alert(1)</script>": 1}])
    build([Input("profiles", own)], engine, RejectLog(), Options(today=TODAY))
    html = audit_pages.page(audit(engine, TODAY))
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)" in html
    engine.close()


def test_shares_never_round_away_what_is_there(built: tuple[Engine, Outcome, Audit]) -> None:
    def shown(stated: int, total: int) -> str:
        return audit_pages.share(type(built[2].fields[0])("x", "X", stated, total))

    assert [shown(0, 1000), shown(1, 1000), shown(999, 1000), shown(1000, 1000), shown(0, 0)] == [
        "0% (0)", "1% (1)", "99% (999)", "100% (1,000)", "–",
    ]  # fmt: skip


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIRECTORY_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("ELASTICSEARCH_URL", raising=False)
    run = CliRunner().invoke
    empty = run(main, ["audit"])
    assert (empty.exit_code, empty.stdout) == (1, "")
    built = run(main, ["build", "--json", "--allow-rejects", *(f"{i.source}={i.path}" for i in _inputs(tmp_path))])
    assert built.exit_code == 0, built.output
    answer = json.loads(run(main, ["audit", "--json"]).stdout)
    outcome = json.loads(built.stdout)
    assert (answer["command"], answer["generation"], answer["providers"]) == (
        "audit", outcome["generation"], outcome["providers"],
    )  # fmt: skip
    assert answer["conflicts"] == outcome["conflicts"]
    told = run(main, ["audit"])
    assert told.exit_code == 0
    assert "up to 90 days" in told.stdout
    page = tmp_path / "audit.html"
    assert run(main, ["audit", "--html", str(page)]).exit_code == 0
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert run(main, ["audit", "--html", str(tmp_path / "no" / "a.html")]).exit_code == 2
