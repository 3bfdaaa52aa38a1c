"""`update` makes of the live generation and a few files what `build` makes of all files."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory import processes
from directory.config import Settings
from directory.engines.base import Engine, FacetCount
from directory.engines.elastic import ElasticEngine
from directory.engines.embedded import EmbeddedEngine
from directory.plan import plan
from directory.search_request import parse
from indexer import update as update_module
from indexer.pipeline import Input, Options, build
from indexer.report import Outcome, RejectLog
from indexer.suppress import Entry
from indexer.update import update
from tests.conftest import NewEngine
from tests.elastic_node import Node
from tests.homes import Home, clear_cluster
from tests.nppes_rows import DEACTIVATIONS, NEXT, SMALL, gone, npi, row, write
from tests.test_nppes import SHARED, WEEKS

TODAY: Final = date(2026, 11, 23)
_NOTES: Final = ("nppes-memory", "plan-net-memory", "qhp-memory", "license-keys")
SETTINGS: Final = Options(today=TODAY, allow_shrink=True, allow_rejects=True)


@pytest.fixture
def engine(home: Home) -> Engine:
    """An engine without generations, of each kind in turn."""
    return home.engine


@pytest.fixture(params=["copied", "anew"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether updates change a copy, however large the change is, or build from all words, however small."""
    monkeypatch.setattr(update_module, "_LARGE", 0 if request.param == "copied" else 1_000_000)
    return str(request.param)


def inputs(paths: Sequence[Path]) -> list[Input]:
    return [Input("nppes" if "csv" in p.name else "profiles", p) for p in paths]


def built(engine: Engine, *paths: Path, options: Options = SETTINGS) -> Outcome:
    outcome = build(inputs(paths), engine, RejectLog(), options)
    assert outcome.refusal is None
    return outcome


def updated(engine: Engine, *paths: Path, options: Options = SETTINGS) -> Outcome:
    before = engine.live().name
    outcome = update(inputs(paths), engine, RejectLog(), options)
    assert outcome.refusal is None
    assert outcome.promoted
    assert outcome.generation == engine.live().name != before
    assert outcome.providers == engine.live().providers
    return outcome


def everything(engine: Engine) -> dict[str, Any]:
    """All that a generation holds and a reader or a later update can tell."""
    live = engine.live()
    words = {id_: orjson.loads(word) for id_, word in engine.said(live.name)}
    people, facets = _people(engine)
    assert len(people) == live.providers
    counted = {name: about["providers"] for name, about in live.sources.items() if name != "merge"}
    notes = {n: sorted(engine.kept(live.name, n)) for n in _NOTES}
    return {
        "words": words, "people": people, "facets": facets, "counted": counted, "merge": live.sources["merge"],
        "notes": notes, "lexicon": engine.lexicon().to_bytes(),
    }  # fmt: skip


def _people(engine: Engine) -> tuple[dict[str, Any], Mapping[str, FacetCount]]:
    """Everybody as a search of everything finds them, by id, and its counts."""
    found: dict[str, Any] = {}
    while True:
        request = f"sort=name&page_size=100&page={len(found) // 100 + 1}"
        result = engine.search(plan(parse(request.encode(), TODAY)))
        found |= {hit.stored["id"]: hit.stored for hit in result.hits}
        if not result.more:
            return found, result.facets


def own(path: Path, *people: Mapping[str, Any]) -> Path:
    path.write_bytes(orjson.dumps(people))
    return path


def _orders(paths: Sequence[Path]) -> list[tuple[Path, ...]]:
    return list(permutations(paths))


@pytest.mark.parametrize("order", _orders([SMALL, NEXT, DEACTIVATIONS]), ids=lambda o: "-".join(p.stem[-4:] for p in o))
def test_two_weeks_and_deactivations_in_any_order(tmp_path: Path, way: str, order: tuple[Path, ...]) -> None:
    engine, whole = EmbeddedEngine(tmp_path / "a"), EmbeddedEngine(tmp_path / "b")
    built(engine, order[0])
    for path in order[1:]:
        updated(engine, path)
    built(whole, *order)
    assert everything(engine) == everything(whole)
    # The same again changes nothing.
    updated(engine, order[-1])
    assert everything(engine) == everything(whole)


def test_a_week_and_deactivations(engine: Engine, way: str, tmp_path: Path) -> None:
    built(engine, SMALL)
    updated(engine, NEXT, DEACTIVATIONS)
    whole = EmbeddedEngine(tmp_path / "whole")
    built(whole, SMALL, NEXT, DEACTIVATIONS)
    assert everything(engine) == everything(whole)


GONE: Final = SHARED / "deactivated_npis_202401.csv.gz"
_REAL: Final = {"week_1": WEEKS[0], "week_2": WEEKS[1], "deactivations": GONE}


@pytest.fixture(scope="module")
def whole(new_engine: NewEngine) -> Callable[[bool], dict[str, Any]]:
    """What a build of both real weeks makes, with or without the deactivations."""

    @cache
    def of(deactivated: bool) -> dict[str, Any]:
        engine = new_engine("whole")
        built(engine, *WEEKS, *[GONE] * deactivated)
        return everything(engine)

    return of


@pytest.mark.skipif(not SHARED.exists(), reason="the sample files are not here")
@pytest.mark.parametrize(
    ("new_engine", "first"),
    [("embedded", "deactivations"), *(("elasticsearch", name) for name in _REAL)],
    indirect=["new_engine"],
)
def test_the_real_weeks_in_any_order(
    new_engine: NewEngine, whole: Callable[[bool], dict[str, Any]], first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update_module, "_LARGE", 0)
    # To start others, run after run, takes longer than the work.
    monkeypatch.setattr(processes, "processes", lambda: 1)
    engine = new_engine("weeks")
    begun = built(engine, _REAL[first]).generation
    assert begun
    for rest in _orders([path for name, path in _REAL.items() if name != first]):
        engine.promote(begun, expected=engine.live().name)
        given = {_REAL[first]}
        for path in rest:
            updated(engine, path)
            given.add(path)
            if given.issuperset(WEEKS):
                assert everything(engine) == whole(GONE in given)


ANA: Final = {"npi": npi(1), "name": "Ana Rivera", "modalities": ["cbt"], "languages": ["es"]}


def test_no_word_of_another_source_is_lost(engine: Engine, way: str, tmp_path: Path) -> None:
    id_ = f"npi:{npi(1)}"
    built(engine, write(tmp_path / "1.csv", [row(1), row(2), row(3)]), own(tmp_path / "own.json", ANA))
    updated(engine, write(tmp_path / "2.csv", [row(1, city="DALLAS", updated="02/01/2024")]))
    found = engine.get(id_)
    assert found
    assert (found[0].modalities, found[0].locations[0].city) == (("cbt",), "Dallas")
    updated(engine, write(tmp_path / "3.csv", [gone(1, "03/01/2024")]))
    assert engine.get(id_) is None
    # An older row brings nobody back, whatever other sources say.
    updated(engine, write(tmp_path / "4.csv", [row(1, updated="02/15/2024")]), own(tmp_path / "own.json", ANA))
    assert engine.get(id_) is None
    updated(engine, own(tmp_path / "own2.json", ANA | {"modalities": ["dbt"]}))
    assert engine.get(id_) is None
    # Of another profession: NPPES's word is taken back, the own one stays.
    other = row(1, updated="04/01/2024", reactivated="04/01/2024", deactivated="03/01/2024", taxonomy_1="207Q00000X")
    updated(engine, write(tmp_path / "5.csv", [other]))
    found = engine.get(id_)
    assert found
    assert (found[0].modalities, found[0].locations) == (("dbt",), ())
    updated(engine, write(tmp_path / "6.csv", [row(1, updated="05/01/2024")]))
    found = engine.get(id_)
    assert found
    assert (found[0].modalities, found[0].locations[0].city) == (("dbt",), "Austin")


def test_who_asked_not_to_be_listed_goes_with_the_next_update(engine: Engine, way: str, tmp_path: Path) -> None:
    built(engine, write(tmp_path / "1.csv", [row(1), row(2)]), own(tmp_path / "own.json", ANA))
    id_ = f"npi:{npi(1)}"
    listed = {id_: Entry(id_, TODAY, "asked")}
    outcome = updated(
        engine,
        write(tmp_path / "2.csv", [row(3), row(1)]),
        options=Options(today=TODAY, suppressed=listed, allow_shrink=True),
    )
    assert outcome.sources["nppes"].reasons["suppressed"] == 1
    assert (outcome.providers, engine.get(id_)) == (2, None)
    assert engine.said_of(engine.live().name, [id_]) == {}


def test_counts_of_an_update(tmp_path: Path, way: str) -> None:
    engine = EmbeddedEngine(tmp_path / "data")
    people = [row(n, license_1=f"L{n}", given=f"ANA{n}") for n in range(1, 7)]
    built(engine, write(tmp_path / "1.csv", people), own(tmp_path / "own.json", ANA | {"gender": "male"}))
    assert built_conflicts(engine) == Counter({("identity", "profiles", "nppes"): 1})
    twin = row(8, license_1="L-2", given="Ana2")
    outcome = updated(engine, write(tmp_path / "2.csv", [twin, row(3, updated="01/01/2020"), gone(4, "02/01/2024")]))
    counts = outcome.sources["nppes"]
    assert (counts.read, counts.indexed, counts.skipped, counts.deleted) == (3, 1, 1, 1)
    assert outcome.providers == 6
    assert outcome.possible_duplicates == {
        "groups": 1,
        "providers": 2,
        "examples": [[f"npi:{npi(2)}", f"npi:{npi(8)}"]],
    }
    assert built_conflicts(engine) == Counter({("identity", "profiles", "nppes"): 1})
    updated(engine, own(tmp_path / "own.json", ANA | {"gender": "female", "name": "Ana1 Rivera"}))
    assert built_conflicts(engine) == Counter()
    updated(engine, write(tmp_path / "3.csv", [gone(8, "02/01/2024")]))
    assert engine.live().sources["merge"]["possible_duplicates"]["groups"] == 0
    assert engine.live().sources["profiles"]["providers"] == 1
    assert [f["name"] for f in engine.live().sources["nppes"]["files"]] == ["1.csv", "2.csv", "3.csv"]


def built_conflicts(engine: Engine) -> Counter[tuple[str, str, str]]:
    found = engine.live().sources["merge"]["conflicts"]
    return Counter({(c["group"], c["shown"], c["other"]): c["providers"] for c in found})


# Refused


def test_there_must_be_something_to_update(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path / "data")
    outcome = update(inputs([SMALL]), engine, RejectLog(), SETTINGS)
    assert outcome.refusal
    assert "run `build`" in outcome.refusal
    made = engine.start_build()
    engine.promote(made.finish({}).name, expected=None)
    outcome = update(inputs([SMALL]), engine, RejectLog(), SETTINGS)
    assert outcome.refusal
    assert "kept less" in outcome.refusal
    assert len(engine.generations()) == 1


def test_what_is_refused_changes_nothing(engine: Engine, way: str, tmp_path: Path) -> None:
    built(engine, write(tmp_path / "1.csv", [row(n) for n in range(10)]))
    live, before = engine.live().name, everything(engine)
    strict = Options(today=TODAY)
    cases = {
        "--allow-rejects": write(tmp_path / "bad.csv", [row(1), row(2, npi="1234567890")]),
        "--allow-shrink": write(tmp_path / "gone.csv", [gone(n, "02/01/2024") for n in range(3)]),
        "cannot be used": tmp_path / "cut.csv",
    }
    cases["cannot be used"].write_bytes(SMALL.read_bytes()[:-300])
    for said, path in cases.items():
        outcome = update(inputs([path]), engine, RejectLog(), strict)
        assert outcome.refusal
        assert said in outcome.refusal
        assert not outcome.promoted
    assert engine.live().name == live
    assert [g.name for g in engine.generations()] == [live]
    assert everything(engine) == before


def test_a_halved_source_is_refused(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path / "data")
    few = [{"id": f"a{n}", "name": f"Own {n}"} for n in range(10)]
    people = write(tmp_path / "1.csv", [row(n) for n in range(100)])
    built(engine, people, own(tmp_path / "own.json", *few))
    less = inputs([people, own(tmp_path / "own2.json", *few[:4])])
    outcome = build(less, engine, RejectLog(), Options(today=TODAY))
    assert outcome.refusal
    assert "profiles: providers fall from 10 to 4" in outcome.refusal
    assert "--allow-shrink" in outcome.refusal
    assert build(less, engine, RejectLog(), Options(today=TODAY, allow_shrink=True)).promoted


def test_an_update_that_a_build_overtook_is_refused(tmp_path: Path, way: str) -> None:
    engine = EmbeddedEngine(tmp_path / "data")
    built(engine, SMALL)
    overtaken = False

    def progress(step: str, done: int, whole: int | None) -> None:
        nonlocal overtaken
        if not overtaken:
            overtaken = True
            built(EmbeddedEngine(tmp_path / "data"), SMALL, NEXT)

    outcome = update(inputs([NEXT]), engine, RejectLog(), Options(progress=progress, today=TODAY))
    assert outcome.refusal
    assert "meanwhile" in outcome.refusal
    assert engine.live().providers == 107
    assert len(engine.generations()) == 2


# Any files, in any pieces

_DAYS: Final = [f"01/{day:02d}/2024" for day in range(1, 5)]


@st.composite
def _event(draw: st.DrawFn) -> tuple[str, Any]:
    who, day = draw(st.integers(0, 3)), draw(st.sampled_from(_DAYS))
    kind = draw(st.sampled_from(["ours", "ours", "other", "gone", "back", "own"]))
    if kind == "own":
        text = draw(st.sampled_from(["cbt", "dbt", "emdr"]))
        return "profiles", {"npi": npi(who), "name": f"Own {who}", "modalities": [text]}
    city = draw(st.sampled_from(["AUSTIN", "DALLAS", "HOUSTON"]))
    match kind:
        case "ours":
            return "nppes", row(who, updated=day, city=city)
        case "other":
            return "nppes", row(who, updated=day, taxonomy_1="207Q00000X")
        case "gone":
            return "nppes", gone(who, day)
    return "nppes", row(who, updated="01/01/2024", deactivated="01/01/2024", reactivated=day, city=city)


_FILES: Final = st.lists(st.lists(_event(), min_size=1, max_size=4), min_size=2, max_size=4)


def _written(folder: Path, files: Sequence[Sequence[tuple[str, Any]]]) -> list[list[Path]]:
    """Each list of events as a file for each source that it has events of."""
    out: list[list[Path]] = []
    for number, events in enumerate(files):
        out.append([])
        if rows := [what for source, what in events if source == "nppes"]:
            out[-1].append(write(folder / f"{number}.csv", rows))
        if people := {what["npi"]: what for source, what in events if source == "profiles"}:
            out[-1].append(own(folder / f"{number}.json", *people.values()))
    return out


def _as_built(engine: Engine, folder: Path, files: list[list[Path]]) -> None:
    built(engine, *files[0])
    for paths in files[1:]:
        updated(engine, *paths)
    whole = EmbeddedEngine(folder / "whole")
    built(whole, *(path for paths in files for path in paths))
    assert everything(engine) == everything(whole)
    whole.close()


@pytest.mark.parametrize("large", [0, 1_000_000], ids=["copied", "anew"])
@settings(max_examples=12)
@given(files=_FILES)
def test_any_events_in_any_files(large: int, files: list[list[tuple[str, Any]]]) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(update_module, "_LARGE", large)
        engine = EmbeddedEngine(Path(folder) / "data")
        _as_built(engine, Path(folder), _written(Path(folder), files))
        engine.close()


@settings(max_examples=4)
@given(files=_FILES)
def test_any_events_on_elasticsearch(node: Node, files: list[list[tuple[str, Any]]]) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(update_module, "_LARGE", 0)
        wanted = Settings("elasticsearch", (node.url,), alias=f"events{secrets.token_hex(4)}")
        engine = ElasticEngine(wanted, search_seconds=60)
        try:
            _as_built(engine, Path(folder), _written(Path(folder), files))
        finally:
            engine.close()
            clear_cluster(node.url, wanted.alias)


def test_some_events(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files: list[list[tuple[str, Any]]] = [
        [("nppes", row(1)), ("nppes", row(2)), ("profiles", {"npi": npi(3), "name": "Own", "modalities": ["cbt"]})],
        [("nppes", gone(1, "02/01/2024")), ("nppes", gone(3, "02/01/2024")), ("nppes", row(4))],
        [("nppes", row(3, updated="03/01/2024")), ("nppes", row(2, updated="03/01/2024", taxonomy_1="207Q00000X"))],
        [("nppes", row(4, updated="04/01/2024", family="O'BRIEN", city="DALLAS"))],
        [("nppes", row(4, updated="05/01/2024", family="OBRIEN"))],
    ]
    monkeypatch.setattr(update_module, "_LARGE", 0)
    _as_built(engine, tmp_path, _written(tmp_path, files))
