"""What a row of NPPES becomes; and columns of many rows, against one row at a time."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.profile import Grant, Location, Profile, Provenance, from_dict
from indexer.normalize import settle
from indexer.sources.nppes_parts import SEPARATOR
from indexer.sources.nppes_profile import FIELDS, words
from tests import nppes_plain
from tests.nppes_reading import one, read
from tests.nppes_rows import NEXT, SMALL, npi, row, write

# What a row becomes


def test_everything_a_row_tells(tmp_path: Path) -> None:
    profile = one(
        tmp_path, family="DE LA CRUZ", given="MARY ANN", middle="T", suffix="JR", credential="MA, LPC-S",
        other_family="MCKENZIE", other_given="MARY",
    )  # fmt: skip
    assert profile == Profile(
        id=f"npi:{npi(1)}",
        npi=npi(1),
        name="Mary Ann T. de la Cruz Jr.",
        family="de la Cruz",
        given="Mary Ann",
        other_names=("Mary McKenzie",),
        provider_type="therapist",
        provider_types=("therapist",),
        credentials=("lpc",),
        gender="female",
        prescribes=False,
        verified_on=date(2024, 1, 4),
        phone="+1 512 555 0142",
        locations=(Location("Austin", "TX", "78704", *(profile.locations[0].lat, profile.locations[0].lon)),),
        grants=(Grant("license", "TX", "12345", "listed", "NPPES", date(2024, 1, 4)),),
        provenance=dict.fromkeys(
            ("identity", "license", "location"), Provenance("NPPES", date(2024, 1, 5), "self-reported")
        ),
    )
    assert profile.locations[0].lat == pytest.approx(30.24, abs=0.05)
    assert profile.locations[0].lon == pytest.approx(-97.77, abs=0.05)
    assert profile.license_states == ("TX",)


def test_profiles_are_settled_already() -> None:
    _, profiles, _ = read(SMALL, NEXT)
    for profile in profiles.values():
        assert settle(profile) == profile


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"city": "OAKLAND", "state": "CALIFORNIA", "zip": "94610", "country": "UM"}, ("Oakland", "CA", "94610", "US")),
        ({"city": "CAROLINA", "state": "PUERTO RICO", "zip": "00979", "country": "UM"},
         ("Carolina", "PR", "00979", "US")),
        ({"city": "SAN JUAN", "state": "PR", "zip": "00926", "country": "PR"}, ("San Juan", "PR", "00926", "US")),
        ({"city": "YOKOSUKA-SHI", "state": "JAPAN", "zip": "2380001", "country": "JP"},
         ("Yokosuka-Shi", None, None, "JP")),
        ({"city": "CHARLOTTETOWN", "state": "PE", "zip": "C1C 1M2", "country": "CA"},
         ("Charlottetown", None, None, "CA")),
        ({"city": "BERLIN", "state": "DE", "zip": "10115", "country": "DE"}, ("Berlin", None, None, "DE")),
        ({"city": "APO", "state": "AE", "zip": "091803100"}, ("APO", "AE", "09180", "US")),
        ({"state": "tx", "country": ""}, ("Austin", "TX", "78704", "US")),
        ({"state": "ATLANTIS"}, ("Austin", None, "78704", "US")),
        ({"zip": "99999"}, ("Austin", "TX", "99999", "US")),
    ],
)  # fmt: skip
def test_places(
    tmp_path: Path, fields: dict[str, str], expected: tuple[str | None, str | None, str | None, str]
) -> None:
    (place,) = one(tmp_path, **fields).locations
    assert (place.city, place.state, place.zip, place.country) == expected
    assert place.street is None


def test_where_no_point_is_known(tmp_path: Path) -> None:
    assert one(tmp_path, city="APO", state="AE", zip="09180").locations[0].lat is None
    assert one(tmp_path, zip="99999").locations[0].lat is None
    without_zip = one(tmp_path, zip="").locations[0]
    assert without_zip.lat == pytest.approx(30.3, abs=0.2)


def test_no_place_is_not_stated(tmp_path: Path) -> None:
    assert one(tmp_path, city="", state="", zip="", country="").locations == ()


def test_the_mailing_address_is_not_the_practice(tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", [row(1)])
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    rows[1][22:27] = ["HIDDEN CITY", "CA", "94610", "US", "4155550100"]
    _, profiles, _ = read(write(tmp_path / "g.csv", rows[1:]))
    assert profiles[npi(1)].locations[0].city == "Austin"
    assert profiles[npi(1)].phone == "+1 512 555 0142"


def test_licenses(tmp_path: Path) -> None:
    profile = one(
        tmp_path, license_1="LPC-12345", license_state_1="TEXAS",
        taxonomy_2="106H00000X", license_2="lpc 12345", license_state_2="TX",  # the same again
        taxonomy_3="1041C0700X", license_3="C-77", license_state_3="PR",
        taxonomy_4="207Q00000X", license_4="999", license_state_4="CA",  # not one of our codes
        taxonomy_5="101Y00000X", license_5="PENDING", license_state_5="NM",
        taxonomy_6="101Y00000X", license_6="888", license_state_6="",
        taxonomy_7="101Y00000X", license_7="777", license_state_7="RE",
    )  # fmt: skip
    assert [(g.jurisdiction, g.number) for g in profile.grants] == [("TX", "LPC-12345"), ("PR", "C-77")]
    assert profile.license_states == ("PR", "TX")
    assert {(g.kind, g.status, g.source) for g in profile.grants} == {("license", "listed", "NPPES")}


@pytest.mark.parametrize(("code", "gender"), [("F", "female"), ("M", "male"), ("U", None), ("", None)])
def test_gender(tmp_path: Path, code: str, gender: str | None) -> None:
    assert one(tmp_path, sex=code).gender == gender


def test_names_of_firms_and_repetitions_are_no_other_names(tmp_path: Path) -> None:
    assert one(tmp_path, other_family="RIVERA COUNSELING LLC", other_given="ANA").other_names == ()
    assert one(tmp_path, other_family="RIVERA", other_given="ANA").other_names == ()
    assert one(tmp_path, other_family="SOTO", other_given="").other_names == ("Soto",)


@pytest.mark.parametrize(
    ("middle", "name"),
    [
        ("ELISABETH", "Bergerdorff-Montmorency E. Wolfeschlegelstein"),
        ("MARY J", "Bergerdorff-Montmorency Mary J. Wolfeschlegelstein"),
        ("", "Bergerdorff-Montmorency Wolfeschlegelstein"),
    ],
)
def test_long_names_have_an_initial_in_the_middle(tmp_path: Path, middle: str, name: str) -> None:
    family, given_name = "WOLFESCHLEGELSTEIN", "BERGERDORFF-MONTMORENCY"
    assert one(tmp_path, family=family, given=given_name, middle=middle).name == name


def test_what_nppes_says_nothing_of_is_not_stated(tmp_path: Path) -> None:
    profile = one(tmp_path)
    for name in ("modalities", "concerns", "meeting", "payment", "insurers", "languages", "formats"):
        assert getattr(profile, name) == ()
    assert (profile.fee, profile.remote, profile.accepting, profile.experience_since) == (None, None, None, None)


def test_verified_is_the_certification_else_the_last_update(tmp_path: Path) -> None:
    assert one(tmp_path).verified_on == date(2024, 1, 4)
    assert one(tmp_path, certified="").verified_on == date(2024, 1, 5)


def test_unknown_credentials_are_counted(tmp_path: Path) -> None:
    rows = [row(1, credential="QZX"), row(2, credential="QZX, LCSW"), row(3, credential="MSW")]
    source, _, _ = read(write(tmp_path / "f.csv", rows))
    assert source.unmapped["credential"] == {"QZX": 2}


# Many rows


_ODD = st.text(st.sampled_from("AbMc Y0196-.,'\"\\()/#ÑÉß王\u2028\u202e\t\x00"), max_size=14)
_NAMES = st.sampled_from(
    ["", "SMITH", "smith", "McKay", "O'NEAL", "DE LA CRUZ", "VAN DER BERG", "CHRISTENSEN II INC", "PARRA, LCSW", "王芳",
     "MUÑOZ-GARCÍA", "HOPE COUNSELING LLC", 'ANN "NAN"', "WOLFESCHLEGELSTEINHAUSEN", "BERGERDORFF-MONTMORENCY", "J",
     "A.", "MARY J"]
)  # fmt: skip
_LICENSES = st.sampled_from(
    ["", "12345", "lcs 12345", "LCS-12345", "LCS12345", "PENDING", "PENDING 2024", "NONE", "000", "ABC", "101YM0800X",
     "1234567893", "NPI1234567893", "123456789X", "6801117328", "BBH-LAC-LIC-5017", "LAC #969", ".16584CP", "A..1",
     "-1-"]
)  # fmt: skip
_STATES = st.sampled_from(["", "TX", "tx", "CALIFORNIA", "PR", "JAPAN", "AE", "NY", "UM"])
_OURS = st.sampled_from(["101YM0800X", "1041C0700X", "363LP0808X", "2084P0800X", "103T00000X", " 106H00000X"])
_CODES = _OURS | st.sampled_from(["", "207Q00000X", "101"])
# The same license in other spellings, in two states in which LAC is something else.
_LICENSE = st.sampled_from(["LCS-12345", "LCS12345", "lcs 12345"]) | _LICENSES | _ODD
_STATE = st.sampled_from(["AZ", "CO"]) | _STATES
_SLOT = st.tuples(_CODES, _LICENSE, _STATE | _ODD, st.sampled_from(["Y", "N", "X", "", " y"]))
_OUR_SLOT = st.tuples(_OURS, _LICENSE, _STATE, st.sampled_from("YN"))


_CELLS = {
    "family": _NAMES,
    "given": _NAMES,
    "middle": _NAMES,
    "suffix": st.sampled_from(["", "JR", "Sr.", "I", "X"]),
    "credential": st.just("LAC")
    | st.sampled_from(
        ["", "LCSW", "LPC", "LAC", "LPC-A", "MA, LPC INTERN", "PH.D.", "QZX-9", "LMHC #143990", "LAC, LCSW, QZX-9"]
    ),
    "other_family": _NAMES,
    "other_given": _NAMES,
    "other_middle": _NAMES,
    "other_suffix": st.sampled_from(["", "JR"]),
    "city": st.sampled_from(["", "AUSTIN", "COEUR D'ALENE", "APO", "SAN JUAN", 'A "B"']),
    "state": _STATE,
    "zip": st.sampled_from(["", "78704", "787041234", "78704-1234", "7030", "0926", "C1C 1M2", "00000", "99999"]),
    "country": st.sampled_from(["", "US", "UM", "PR", "JP", "us", "ATLANTIS"]),
    "phone": st.sampled_from(
        ["", "5125550142", "(512) 555-0142", "15125550142", "0125550142", "512555014", "５125550142"]
    ),
    "updated": st.sampled_from(["", "01/05/2024", "2024-01-05", "1/5/2024", " 01/05/2024 "]),
    "certified": st.sampled_from(["", "01/04/2024", "2024-01-04"]),
    "sex": st.sampled_from(["", "F", "M", "X", "?"]),
}


@st.composite
def _row(draw: st.DrawFn) -> dict[str, str]:
    cells = dict.fromkeys(FIELDS, "")
    cells["npi"] = draw(st.sampled_from(["1234567893", "1003000126", " 1234567893 "]))
    for name, values in _CELLS.items():
        # Nearly all cells are ordinary, and what is not may be anywhere.
        cells[name] = draw(values if draw(st.integers(0, 9)) else _ODD)
    slots = [*draw(st.lists(_SLOT | _OUR_SLOT, max_size=3)), draw(_OUR_SLOT)]
    for n, slot in enumerate(slots, 1):
        for name, value in zip(("taxonomy", "license", "license_state", "primary"), slot, strict=True):
            cells[f"{name}_{n}"] = value
    return cells


def _joined(cells: dict[str, str]) -> str:
    return SEPARATOR.join(cells[name] for name in FIELDS).rstrip(SEPARATOR)


@settings(max_examples=300)
@given(st.lists(_row(), min_size=1, max_size=5))
def test_rows_say_together_what_each_says_alone(rows: list[dict[str, str]]) -> None:
    ids, found, unmapped = words(pl.Series([_joined(cells) for cells in rows]))
    expected = [nppes_plain.profile(cells) for cells in rows]
    assert [from_dict(orjson.loads(word)) for word in found] == [profile for profile, _ in expected]
    assert ids == [profile.id for profile, _ in expected]
    assert unmapped == Counter(word for _, unknown in expected for word in unknown)
