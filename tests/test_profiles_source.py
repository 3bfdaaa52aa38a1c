"""Own profiles: what people and spreadsheets write in a row, and what they are told of their mistakes."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import pytest

from directory.app import create_app
from directory.config import Settings
from directory.engines.embedded import EmbeddedEngine
from directory.profile import Profile
from indexer import own_commands, pipeline
from indexer.report import RejectLog
from indexer.sources.profiles_columns import columns, target_of
from tests.reading import TODAY, Reading, table

SPREADSHEET = Path(__file__).parent / "fixtures" / "profiles" / "spreadsheet.csv"

# The planted mistakes, with lines as an editor shows them.
PLANTED = [
    (7, "Kind of professional", "therapst", "unknown_code"),
    (7, "Fee", "$12O", "not_a_price"),
    (8, "NPI", "1999901031", "npi_check_digit"),
    (8, "Therapy types", "CBQ", "unknown_code"),
    (9, "NPI", "1.99999E+09", "npi_malformed"),
    (10, "Full name", "", "missing"),
    (10, "Languages", "Englsh", "unknown_code"),
    (13, "Fee", "€90", "currency"),
    (13, "Fee date", "2/30/2026", "not_a_date"),
    (14, "Sliding scale", "maybe", "not_yes_or_no"),
    (14, "Verified on", "12/1/2026", "date_in_future"),
    (15, "Sliding scale", "no", "contradiction"),
    (17, "ZIP code", "99999", "unknown_zip"),
    (17, "Phone", "555-0142", "not_a_phone"),
    (18, "ZIP code", "97201", "contradiction"),
    (18, "E-mail", "port at example.com", "not_an_email"),
    (20, "License", "12345", "not_a_license"),
    (21, "Website", "javascript:alert(1)", "not_a_web_address"),
    (22, "About me", None, "too_long"),
    (23, "NPI", "1999901006", "given_twice"),
]


def _row(tmp_path: Path, **cells: str) -> Reading:
    return Reading(table(tmp_path / "one.csv", {"npi": "1999999984", "name": "Ann Lee"} | cells))


def _said(tmp_path: Path, **cells: str) -> list[tuple[str | None, str]]:
    """(field, code) of each mistake of a row."""
    reading = _row(tmp_path, **cells)
    assert reading.profiles == []
    return [(i.field, i.code) for i in reading.issues]


# A spreadsheet's export


def test_every_planted_mistake_is_reported_with_its_line() -> None:
    reading = Reading(SPREADSHEET)
    rows = [i for i in reading.issues if i.code != "unknown_column"]
    found = {(i.line, i.field, i.value if i.code != "too_long" else None, i.code) for i in rows}
    assert found == set(PLANTED)
    assert len(rows) == len(PLANTED) == 20
    assert all(i.source == "profiles" and i.file == "spreadsheet.csv" and i.message for i in rows)


def test_an_unknown_column_is_reported_once_and_counted() -> None:
    reading = Reading(SPREADSHEET)
    (issue,) = [i for i in reading.issues if i.code == "unknown_column"]
    assert (issue.field, issue.line) == ("Favorite color", 2)
    assert reading.source.unmapped["column"] == {"Favorite color": 1}


def test_the_good_rows_of_a_spreadsheet_are_read() -> None:
    reading = Reading(SPREADSHEET)
    assert reading.counts.indexed == 5
    maribel = next(p for p in reading.profiles if p.npi == "1999901006")
    assert (maribel.name, maribel.credentials, maribel.modalities) == (
        "Maribel Okafor-Reyes",
        ("phd",),
        ("cbt", "emdr"),
    )
    assert maribel.bio == 'When you lie awake,\nsmall steps help.\n\n"Slowly" is fine.'
    assert maribel.fee is not None
    assert (maribel.fee.session, maribel.fee.sliding_low, maribel.fee.as_of) == (130, 60, date(2026, 10, 1))
    assert (maribel.payment, maribel.remote) == (("insurance", "sliding_scale"), True)
    assert (maribel.locations[0].lat, maribel.locations[0].lon) == pytest.approx((30.24, -97.77), abs=0.01)
    assert [(g.jurisdiction, g.number, g.status, str(g.expires_on)) for g in maribel.grants] == [
        ("TX", "12345", "listed", "2027-01-31")
    ]
    boston = next(p for p in reading.profiles if p.name == "José Núñez")
    assert (boston.locations[0].zip, boston.languages, boston.sliding_scale) == ("02115", ("es",), True)
    sean = next(p for p in reading.profiles if p.name == "Seán O'Brien")
    assert sean.fee is not None
    assert (sean.fee.session, sean.fee.session_max, sean.bio) == (120, 150, "<b>Bold</b> & plain")


def test_the_good_rows_of_a_spreadsheet_are_searchable(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path, "providers")
    options = pipeline.Options(allow_rejects=True, today=TODAY)
    with RejectLog(None) as rejects:
        outcome = pipeline.build([pipeline.Input("profiles", SPREADSHEET)], engine, rejects, options)
    assert (outcome.promoted, outcome.providers) == (True, 5)
    client = create_app(Settings(), engine, lambda: TODAY).test_client()

    def names(query: str) -> set[str]:
        answer = client.get(f"/api/v1/providers?{query}").get_json()
        return {found["name"] for found in answer["results"]}

    assert names("modality=emdr") == {"Maribel Okafor-Reyes", "王芳"}
    assert names("q=obrien&understand=false") == {"Seán O'Brien"}
    assert names("near=78704&max_fee=60") == {"Maribel Okafor-Reyes"}
    assert names("accepting=waitlist&meeting=chat") == {"Last Good"}
    assert names("state=TX") == {"Maribel Okafor-Reyes"}
    assert client.get("/api/v1/providers").get_json()["total"] == 5


# Values


@pytest.mark.parametrize(
    "written",
    [
        "2026-10-01",
        "10/1/2026",
        "10/01/26",
        "1-Oct-26",
        "01-Oct-2026",
        "1 October 2026",
        "Oct 1, 2026",
        "46296",
        "46296.0",
        "2026-10-01T00:00:00Z",
        "2026-10-01 00:00:00",
        "10/1/2026 0:00",
    ],
)
def test_dates_as_spreadsheets_write_them(tmp_path: Path, written: str) -> None:
    assert _row(tmp_path, verified_on=written).one.verified_on == date(2026, 10, 1)


@pytest.mark.parametrize("written", ["13/10/2026", "2026", "Oct-26", "next week", "2026-13-01", "1.5"])
def test_what_is_no_date(tmp_path: Path, written: str) -> None:
    assert _said(tmp_path, verified_on=written) == [("verified_on", "not_a_date")]


@pytest.mark.parametrize("field", ["verified_on", "accepting_as_of", "fee_as_of", "license_checked_on"])
def test_what_was_said_cannot_lie_in_the_future(tmp_path: Path, field: str) -> None:
    assert _said(tmp_path, **{field: "2026-11-24"}) == [(field, "date_in_future")]
    assert len(_row(tmp_path, **{field: "2026-11-23"}).profiles) == 1


def test_the_next_appointment_lies_in_the_future(tmp_path: Path) -> None:
    assert _row(tmp_path, next_available="2027-01-07").one.next_available == date(2027, 1, 7)


@pytest.mark.parametrize(
    ("written", "lowest", "highest"),
    [
        ("120", 120, None),
        ("$120", 120, None),
        ("$1,200.00", 1200, None),
        ("120 USD", 120, None),
        ("free", 0, None),
        ("$120 per session", 120, None),
        ("$60-$130", 60, 130),
        ("$60 – 130", 60, 130),
        ("60 to 130", 60, 130),
    ],
)
def test_prices(tmp_path: Path, written: str, lowest: int, highest: int | None) -> None:
    fee = _row(tmp_path, Price=written).one.fee
    assert fee is not None
    assert (fee.session, fee.session_max) == (lowest, highest)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("120.50", "not_whole"),
        ("£80", "currency"),
        ("-20", "not_a_price"),
        ("12,00", "not_a_price"),
        ("99999", "out_of_range"),
        ("130-60", "contradiction"),
        ("ask", "not_a_price"),
    ],
)
def test_what_is_no_price(tmp_path: Path, written: str, code: str) -> None:
    assert _said(tmp_path, fee=written) == [("fee", code)]


@pytest.mark.parametrize(
    ("written", "meant"), [("yes", True), ("Y", True), ("x", True), ("FALSE", False), ("0", False)]
)
def test_yes_and_no(tmp_path: Path, written: str, meant: bool) -> None:
    assert _row(tmp_path, free_consultation=written).one.free_consultation is meant


@pytest.mark.parametrize("written", ["", "n/a", "-", "not stated", "#N/A"])
def test_what_says_nothing_is_not_stated(tmp_path: Path, written: str) -> None:
    assert _row(tmp_path, fee=written, modalities=written, bio=written).one.fee is None


def test_an_error_of_the_spreadsheet_is_no_text(tmp_path: Path) -> None:
    assert _said(tmp_path, bio="#REF!") == [("bio", "spreadsheet_error")]


@pytest.mark.parametrize(
    "written", ["Cognitive Behavioral Therapy; emdr", "CBT|EMDR", "cbt, EMDR", "cbt\nemdr", "C.B.T.;E.M.D.R."]
)
def test_codes_labels_and_abbreviations(tmp_path: Path, written: str) -> None:
    assert _row(tmp_path, **{"Therapy types": written}).one.modalities == ("cbt", "emdr")


def test_a_message_says_what_is_allowed_and_what_was_meant(tmp_path: Path) -> None:
    (issue,) = _row(tmp_path, accepting="wait-lst").issues
    assert "did you mean" in issue.message
    assert "yes, waitlist, no" in issue.message


@pytest.mark.parametrize(
    ("written", "places"),
    [
        ("Austin, TX 78704", [("Austin", "TX", "78704")]),
        ("Austin TX | Dallas, Texas 75201-0001", [("Austin", "TX", None), ("Dallas", "TX", "75201")]),
        ("New York, New York; 02139", [("New York", "NY", None), ("Cambridge", "MA", "02139")]),
    ],
)
def test_places_in_one_cell(tmp_path: Path, written: str, places: list[tuple[str, str, str | None]]) -> None:
    found = _row(tmp_path, locations=written).one.locations
    assert [(p.city, p.state, p.zip) for p in found] == places
    assert all(p.lat for p in found)


def test_places_side_by_side(tmp_path: Path) -> None:
    found = _row(tmp_path, city="Austin | Dallas", state="TX", zip="78704 | 75201").one.locations
    assert [(p.city, p.state, p.zip) for p in found] == [("Austin", "TX", "78704"), ("Dallas", "TX", "75201")]
    assert _said(tmp_path, city="Austin | Dallas", state="TX", zip="78704") == [("city", "not_aligned")]


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"city": "Ausitn", "state": "TX"}, "unknown_place"),
        ({"city": "Portland", "state": "ME", "zip": "97201"}, "contradiction"),
        ({"zip": "ABCDE"}, "not_a_zip"),
        ({"state": "Texsa", "city": "Austin"}, "unknown_code"),
        ({"city": "Austin"}, "not_a_place"),
    ],
)
def test_places_that_are_none(tmp_path: Path, cells: dict[str, str], code: str) -> None:
    assert [c for _, c in _said(tmp_path, **cells)] == [code]


@pytest.mark.parametrize(
    ("written", "grants"),
    [
        ("TX 12345", [("TX", "12345", None)]),
        ("LPC TX 12345 exp 2027-01-31", [("TX", "12345", "2027-01-31")]),
        ("Texas license #A-12; New Mexico 77 (expires 1/31/2027)", [("TX", "A-12", None), ("NM", "77", "2027-01-31")]),
        ("MD TX J1234", [("TX", "J1234", None)]),
        ("MD 1234", [("MD", "1234", None)]),
        ("IN 39001", [("IN", "39001", None)]),
        ("OR", [("OR", None, None)]),
    ],
)
def test_licenses_in_one_cell(tmp_path: Path, written: str, grants: list[tuple[str, str | None, str | None]]) -> None:
    found = _row(tmp_path, License=written).one.grants
    assert [(g.jurisdiction, g.number, g.expires_on and str(g.expires_on)) for g in found] == grants
    assert {(g.kind, g.status) for g in found} == {("license", "listed")}


@pytest.mark.parametrize("written", ["12345", "TX PENDING", "yes", "Narnia 12", "TX 12345 exp soon"])
def test_licenses_that_are_none(tmp_path: Path, written: str) -> None:
    assert len(_said(tmp_path, License=written)) == 1


def test_a_license_beside_its_credential_states_that_too(tmp_path: Path) -> None:
    assert _row(tmp_path, license="LPC TX 12345", credentials="MA, NCC").one.credentials == ("lpc", "ncc")


def test_active_needs_who_checked_and_when(tmp_path: Path) -> None:
    checked = {"license_source": "Texas board", "license_checked_on": "2026-10-01"}
    assert _row(tmp_path, license="TX 12345", license_status="active", **checked).one.grants[0].status == "active"
    alone = _row(tmp_path, license="TX 12345", license_status="active")
    assert (alone.profiles[0].grants[0].status, alone.codes) == ("listed", ["unconfirmed"])
    assert alone.counts.indexed == 1


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "https://",
        "ftp://example.com",
        "http://a b.com",
        "https://user:secret@example.com",
        'https://example.com/"onclick=',
        "java\tscript:alert(1)",
        "localhost",
    ],
)
def test_addresses_that_may_do_harm(tmp_path: Path, address: str) -> None:
    assert _said(tmp_path, website=address) == [("website", "not_a_web_address")]


def test_addresses(tmp_path: Path) -> None:
    assert _row(tmp_path, website="HTTPS://example.com/a?b=c").one.website == "https://example.com/a?b=c"
    assert _row(tmp_path, website="example.com").one.website == "https://example.com"
    assert _row(tmp_path, email="mailto:ann@example.com").one.email == "ann@example.com"


def test_invisible_characters_are_taken_out_and_told(tmp_path: Path) -> None:
    reading = _row(tmp_path, bio="left\u202eright\x07 <script>alert(1)</script>", name="Ann\u200f Lee")
    assert reading.one.bio == "leftright <script>alert(1)</script>"
    assert reading.one.name == "Ann Lee"
    assert sorted(reading.codes) == ["characters_removed", "characters_removed"]


def test_long_bios_are_refused_not_cut(tmp_path: Path) -> None:
    assert _row(tmp_path, bio="x" * 20_000).one.bio == "x" * 20_000
    (issue,) = _row(tmp_path, bio="x" * 100_000).issues
    assert (issue.code, "20,000" in issue.message) == ("too_long", True)


def test_contradictions_are_found_beside_other_mistakes(tmp_path: Path) -> None:
    cells = {"sliding_scale": "no", "sliding_scale_from": "50", "remote": "no", "meeting": "video", "phone": "1"}
    assert sorted(_said(tmp_path, **cells)) == [
        ("phone", "not_a_phone"),
        ("remote", "contradiction"),
        ("sliding_scale", "contradiction"),
    ]


# Who it is


def test_an_own_id_stands_in_for_an_npi(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", {"ID": "A-17", "Name": "Ann"}, {"ID": "a 17", "Name": "Bo"})
    reading = Reading(path)
    assert [p.id for p in reading.profiles] == ["profiles:A-17"]
    assert reading.codes == ["bad_id"]


def test_neither_npi_nor_id(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", {"NPI": "", "ID": "", "Name": "Ann"})
    assert [(i.field, i.code) for i in Reading(path).issues] == [("NPI", "missing")]


def test_the_name_may_come_in_parts(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", {"NPI": "1999999984", "Last name": "Muñoz", "First name": "Ana"})
    assert Reading(path).one.name == "Ana Muñoz"


def test_a_later_file_replaces_what_an_earlier_one_said(tmp_path: Path) -> None:
    old = table(tmp_path / "old.csv", {"npi": "1999999984", "name": "Old", "fee": "1"})
    bad = table(tmp_path / "bad.csv", {"npi": "1999999984", "name": "Bad", "fee": "one"})
    new = table(tmp_path / "new.csv", {"npi": "1999999984", "name": "New", "fee": "2"})
    reading = Reading(old, new)
    assert ([p.name for p in reading.profiles], reading.counts.reasons["superseded"]) == (["New"], 1)
    assert [p.name for p in Reading(old, bad).profiles] == ["Old"]


# The columns


def test_every_field_of_a_profile_has_a_column() -> None:
    targets = {c.target.split(".")[0] for c in columns()}
    assert {f.name for f in dataclasses.fields(Profile)} <= targets


def test_headings_mean_one_thing() -> None:
    for column in columns():
        for heading in (column.name, column.name.upper(), column.target, *column.aliases):
            meant = target_of(heading)
            assert meant == column.target or {meant, column.target} == {"provider_type", "provider_types"}, heading


def test_the_template_is_read_without_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "template.csv"
    path.write_text(own_commands.template_csv(), encoding="utf-8", newline="")
    profile = Reading(path).one
    assert profile.demo
    assert profile.fee is not None
    assert (profile.modalities, profile.fee.session_max) == (("cbt", "emdr"), 150)


def test_the_documentation_has_the_columns_as_they_are() -> None:
    text = (Path(__file__).parents[1] / "docs" / "profiles.md").read_text(encoding="utf-8")
    assert own_commands.column_table() in text
