"""Own profiles: whole files, sound and broken, as CSV, JSON and NDJSON."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from directory.app import create_app
from directory.config import Settings
from directory.engines.embedded import EmbeddedEngine
from directory.profile import to_dict
from indexer import demo
from indexer.sources.files import Unusable
from indexer.sources.profiles_columns import columns
from tests.reading import TODAY, Reading, json_file


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("before", ["", "\ufeff", "\ufeffsep={}\r\n"])
def test_delimiters_line_ends_and_marks(tmp_path: Path, delimiter: str, newline: str, before: str) -> None:
    rows = [["NPI", "Name", "Bio", ""], ["1999999984", "Ann Lee", f'"a{newline}b"', ""], ["", "", "", ""]]
    text = before.format(delimiter) + newline.join(delimiter.join(r) for r in rows)
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    assert Reading(path).one.bio == "a\nb"


def test_rows_that_cannot_be_read_cost_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(
        b"npi,name,bio\n"
        b"1999999984,Ann,fine\n"
        b'1999999976,"Bo "B" Lee,open\n'
        b"1999999968,Caf\xe9,latin\n"
        b"1999999950,Dee,too,many\n"
        b"1999999943,Eve\n"
        b'1999999935,Fay,5" tall\n'
        b'1999999927,Gus,"two\nlines"\n'
    )
    reading = Reading(path)
    assert [p.name for p in reading.profiles] == ["Gus", "Fay", "Ann"]
    assert [(i.line, i.code) for i in reading.issues] == [
        (3, "stray_quote"),
        (4, "invalid_utf8"),
        (5, "wrong_number_of_columns"),
        (6, "wrong_number_of_columns"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"\xef\xbb\xbf\r\n,,,\r\n", "empty"),
        ("a.csv", b"npi,name\n", "no profiles"),
        ("a.csv", b"npi,fee\n1999999984,5\n", "no column for a name"),
        ("a.csv", b"Nmae;NPI number\nAnn;1999999984\n", "name"),
        ("a.csv", b"name,fee\nAnn,5\n", "NPI"),
        ("a.csv", b"npi,name,Therapy type,modalities\n1,2,3,4\n", "both mean modalities"),
        ("a.csv", b"npi,name,bio\n1999999984,Ann,x\n19999999", "cut off"),
        ("a.csv", b'npi,name,bio\n1999999984,Ann,x\n1999999976,Bo,"never clos', "cut off"),
        ("a.csv", b"npi,name\r1999999984,Ann\r", "carriage return"),
        ("a.csv", "npi,name\n".encode("utf-16"), "UTF-16"),
        ("a.csv", b'[{"npi": "1999999984"}]', "JSON"),
        ("a.csv", b"\xd0\xcf\x11\xe0\xa1\xb1", "Excel"),
        ("a.json", b"", "empty"),
        ("a.json", b"npi,name\n", "no JSON list"),
        ("a.json", b"[]", "no profiles"),
        ("a.json", b'[{"npi": "1999999984", "name": "Ann"}', "cut off"),
        ("a.json", b'[{"npi": "1999999984", "name": "Ann"},\n{"npi" 3}]', "line 2"),
        ("a.json", b'[{"npi": NaN}]', "no JSON"),
        ("a.json", b"[" * 100_000, "no JSON"),
        ("a.ndjson", b"", "empty"),
        ("a.ndjson", b'[{"npi": "1999999984",\n"name": "Ann"}]', "JSON list"),
        ("a.ndjson", b"npi,name\n1999999984,Ann\n", "not NDJSON"),
        ("a.ndjson", b'{"npi": "1999999984", "name": "Ann"}\n{"npi": "19999', "cut off"),
        ("a.pdf", b"%PDF", "tells no format"),
        ("a.csv.gz", gzip.compress(b"npi,name\n1999999984,Ann\n" * 50, mtime=0)[:-12], "cut off"),
    ],
)
def test_files_that_cannot_be_used_say_why(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Unusable, match=said):
        Reading(path)


def test_a_workbook_given_as_csv_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(Unusable, match="Excel"):
        Reading(path)


def test_compressed_files(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"npi,name\n1999999984,Ann\n"))
    assert Reading(path).one.name == "Ann"


# JSON


FRIENDLY: dict[str, Any] = {
    "NPI": 1999999984,
    "name": "Ann Lee",
    "Therapy types": ["CBT", "emdr"],
    "fee": {"session": 120.0, "sliding_low": "$60"},
    "locations": ["Austin, TX 78704", {"city": "Dallas", "state": "Texas"}],
    "grants": ["TX 12345"],
    "sliding_scale": "yes",
}


@pytest.mark.parametrize(
    "wrap", [lambda p: [p], lambda p: {"total": 1, "profiles": [p]}, lambda p: {"results": [p]}, dict]
)
def test_shapes_ofjson_file(tmp_path: Path, wrap: Any) -> None:
    profile = Reading(json_file(tmp_path / "a.json", wrap(FRIENDLY))).one
    assert (profile.npi, profile.modalities, len(profile.locations)) == ("1999999984", ("cbt", "emdr"), 2)
    assert profile.fee is not None
    assert (profile.fee.session, profile.fee.sliding_low) == (120, 60)
    assert profile.license_states == ("TX",)


def test_json_records_name_their_line_and_key(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(
        '[\n  {"npi": "1999999984", "name": "Ann"},\n\n'
        '  {"npi": "1999999976", "name": "Bo", "fee": {"session": true},\n'
        '   "grants": [{"kind": "licence", "jurisdiction": "TX"}], "modalites": ["cbt"]},\n  7]\n',
        encoding="utf-8",
    )
    reading = Reading(path)
    assert {(i.line, i.field, i.code) for i in reading.issues} == {
        (4, "fee.session", "not_a_price"),
        (4, "grants[0].kind", "invalid"),
        (4, "modalites", "unknown_column"),
        (6, None, "not_an_object"),
    }
    assert reading.counts.rejected == 2


def test_ndjson_lines_that_cannot_be_read_cost_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(
        b'{"npi": "1999999984", "name": "Ann"}\n\n'
        b'{"npi": "1999999976", "name": "Caf\xe9"}\n'
        b'{"npi": "1999999968", "name": \n'
        b'{"npi": "1999999950", "name": "Dee", "name": "Di"}\n'
        b'{"npi": "1999999943", "name": "\\ud800"}\n'
        b'{"npi": "1999999935", "name": ["Fay"]}\n'
    )
    reading = Reading(path)
    assert [p.name for p in reading.profiles] == ["Ann"]
    assert [(i.line, i.code) for i in reading.issues] == [
        (3, "invalid_utf8"),
        (4, "not_json"),
        (5, "key_twice"),
        (6, "invalid_utf8"),
        (7, "wrong_type"),
    ]


def test_what_the_api_answers_can_be_fed_back(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path / "data", "providers")
    made = list(demo.profiles(60, 3, TODAY))
    building = engine.start_build()
    building.add(made)
    engine.promote(building.finish({}).name, expected=None)
    client = create_app(Settings(), engine, lambda: TODAY).test_client()
    answers = [client.get(f"/api/v1/providers/{p.id}?state=TX&near=78704&q=anxiety").get_json() for p in made]
    details = tmp_path / "details.ndjson"
    details.write_text("\n".join(json.dumps(a) for a in answers), encoding="utf-8")
    assert Reading(details).profiles == made
    page = client.get("/api/v1/providers?page_size=60").get_json()
    listed = {p.id: p for p in Reading(json_file(tmp_path / "list.json", page)).profiles}
    unlisted = {"bio", "website", "email", "photo", "hours", "pronouns", "grants", "networks", "provenance"}
    for profile in made:
        before, after = to_dict(profile), to_dict(listed[profile.id])
        assert {k: v for k, v in after.items() if k not in unlisted} == {
            k: v for k, v in before.items() if k not in unlisted
        }


# Whatever comes


@given(st.sampled_from([".csv", ".json", ".ndjson"]), st.binary(max_size=200))
@example(".csv", b'npi,name\n1999999984,"')
@example(".ndjson", b'{"npi":' + b"[" * 5000)
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, ending: str, content: bytes) -> None:
    path = tmp_path_factory.mktemp("bytes") / f"a{ending}"
    path.write_bytes((b"npi,name,bio\n" if ending == ".csv" else b"") + content)
    with suppress(Unusable):
        Reading(path)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([c.target for c in columns()]), _VALUES, max_size=6))
def test_any_values_are_taken_or_named(tmp_path_factory: pytest.TempPathFactory, record: dict[str, Any]) -> None:
    path = json_file(tmp_path_factory.mktemp("values") / "a.ndjson", {"npi": "1999999984", "name": "Ann"} | record)
    reading = Reading(path)
    assert reading.counts.indexed + reading.counts.rejected == 1
    if reading.counts.rejected:
        assert all(i.message and i.code for i in reading.issues)


_OTHER_COLUMNS = [c.name for c in columns() if c.name not in ("npi", "id", "name")]


@given(st.dictionaries(st.sampled_from(_OTHER_COLUMNS), st.text(max_size=30), min_size=1, max_size=8))
def test_any_cells_are_taken_or_named(tmp_path_factory: pytest.TempPathFactory, cells: dict[str, str]) -> None:
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    record = {"npi": "1999999984", "name": "Ann"} | cells
    rows.writerows([record, record.values()])
    path = tmp_path_factory.mktemp("cells") / "a.csv"
    path.write_bytes(out.getvalue().encode("utf-8", "surrogatepass"))
    assert Reading(path).counts.read == 1
