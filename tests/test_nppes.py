"""The nppes source: which rows count, what a row becomes, and which of several wins."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.profile import Grant, Location, Profile, Provenance
from indexer.normalize import settle
from indexer.report import Issue
from indexer.sources.base import profiles_of
from indexer.sources.nppes import NppesSource
from tests.nppes_rows import DEACTIVATIONS, NEXT, SMALL, gone, npi, row, write
from tests.nppes_truth import truth

TODAY: Final = date(2026, 11, 23)
SHARED: Final = Path(__file__).parents[2] / "shared" / "data" / "nppes"
WEEKS: Final = [SHARED / f"npidata_pfile_{days}_Weekly.csv.gz" for days in ("20240101-20240107", "20240108-20240114")]


def read(*paths: Path, block: int = 1 << 20) -> tuple[NppesSource, dict[str, Profile], list[Issue]]:
    """The source after these files, its providers by NPI, and the rejects."""
    source, issues = NppesSource(TODAY, block=block), list[Issue]()
    for path in paths:
        for _ in source.read(path, issues.append):
            pass
    source.settle()
    profiles = list(profiles_of(source))
    assert [p.id for p in profiles] == sorted({p.id for p in profiles})
    c = source.counts
    assert c.read == c.indexed + c.skipped + c.deleted + c.rejected
    assert c.reasons.total() == c.skipped + c.rejected
    assert len(issues) == c.rejected
    assert len(profiles) == c.indexed
    return source, {p.npi or "": p for p in profiles}, issues


def one(tmp_path: Path, **fields: str) -> Profile:
    """The profile of one row."""
    _, profiles, issues = read(write(tmp_path / "one.csv", [row(1, **fields)]))
    assert not issues
    return profiles[npi(1)]


def as_counter(source: NppesSource) -> Counter[str]:
    counts = source.counts
    return Counter(read=counts.read, deleted=counts.deleted, indexed=counts.indexed) + counts.reasons


# Which rows count


@pytest.mark.parametrize(
    "paths",
    [[SMALL], [NEXT], [DEACTIVATIONS], [SMALL, NEXT], [NEXT, SMALL], [SMALL, NEXT, DEACTIVATIONS], [SMALL, SMALL]],
    ids=lambda paths: "+".join(p.stem for p in paths),
)
@pytest.mark.parametrize("block", [20_000, 1 << 20])
def test_real_rows_as_the_plainest_reading_has_them(paths: list[Path], block: int) -> None:
    source, profiles, _ = read(*paths, block=block)
    expected = truth(paths)
    assert as_counter(source) == expected.counts
    assert profiles.keys() == expected.listed.keys()
    assert {n for n in expected.gone if source.removed(n)} == expected.gone
    assert not any(source.removed(n) for n in expected.listed)


@pytest.mark.skipif(not WEEKS[0].exists(), reason="the whole weekly files are not here")
@pytest.mark.parametrize(
    ("files", "counts", "main", "types", "not_primary"),
    [
        (
            WEEKS[:1],
            {"read": 19785, "indexed": 3915, "deleted": 601, "organization": 3253, "no_behavioral_code": 11352,
             "organization_with_individual_code": 664},
            {"therapist": 2213, "social_worker": 1035, "psychiatric_nurse": 263, "psychologist": 249,
             "psychiatrist": 155},
            {"therapist": 2321, "social_worker": 1063, "psychiatric_nurse": 263, "psychologist": 260,
             "psychiatrist": 161},
            138,
        ),
        (
            WEEKS[1:],
            {"read": 25217, "indexed": 4859, "deleted": 479, "organization": 4525, "no_behavioral_code": 14570,
             "organization_with_individual_code": 784},
            None,
            None,
            175,
        ),
    ],
    ids=["first", "second"],
)  # fmt: skip
def test_whole_weeks(
    files: list[Path],
    counts: dict[str, int],
    main: dict[str, int] | None,
    types: dict[str, int] | None,
    not_primary: int,
) -> None:
    source, profiles, _ = read(*files, block=32 << 20)
    assert as_counter(source) == Counter(counts)
    assert sum(not p.primary for p in profiles.values()) == not_primary
    if main and types:
        assert Counter(p.provider_type for p in profiles.values()) == main
        assert Counter(t for p in profiles.values() for t in p.provider_types) == types


@pytest.mark.skipif(not WEEKS[0].exists(), reason="the whole weekly files are not here")
def test_whole_weeks_and_deactivations_together(tmp_path: Path) -> None:
    packed = [*WEEKS, SHARED / "deactivated_npis_202401.csv.gz"]
    plain = [tmp_path / p.stem for p in packed]
    for source_path, path in zip(packed, plain, strict=True):
        path.write_bytes(gzip.decompress(source_path.read_bytes()))
    expected = truth(plain)
    source, profiles, _ = read(*packed, block=32 << 20)
    assert as_counter(source) == expected.counts
    assert profiles.keys() == expected.listed.keys()
    # NPIs that one week lists and the other deactivates: the later event wins, whatever the order of the files.
    assert "1487387064" in profiles
    assert source.removed("1447020243")
    assert read(*reversed(packed), block=32 << 20)[1].keys() == profiles.keys()


@pytest.mark.skipif(not WEEKS[0].exists(), reason="the whole weekly files are not here")
def test_the_file_of_2018_with_its_older_header() -> None:
    source, profiles, _ = read(SHARED / "hl7_practitioners_20181204_raw.csv.gz")
    assert (source.counts.read, source.counts.indexed, source.counts.rejected) == (2000, 118, 0)
    assert {p.gender for p in profiles.values()} == {"female", "male"}
    assert all(p.verified_on and p.verified_on.year <= 2018 for p in profiles.values())


@pytest.mark.parametrize(
    ("code", "profession", "prescribes"),
    [
        ("101YM0800X", "therapist", False), ("106H00000X", "therapist", False), ("102L00000X", "therapist", False),
        ("102X00000X", "therapist", False), ("101200000X", "therapist", False), ("221700000X", "therapist", False),
        ("225600000X", "therapist", False), ("225A00000X", "therapist", False), ("103TC0700X", "psychologist", None),
        ("103TP0016X", "psychologist", True), ("103G00000X", "psychologist", None),
        ("1041C0700X", "social_worker", False), ("2084P0800X", "psychiatrist", True),
        ("2084F0202X", "psychiatrist", True), ("2084P0015X", "psychiatrist", True),
        ("363LP0808X", "psychiatric_nurse", True), ("364SP0808X", "psychiatric_nurse", None),
        ("364SP0813X", "psychiatric_nurse", None),
        ("2084N0400X", None, None), ("2084P2900X", None, None), ("2084A0401X", None, None), ("2084B0040X", None, None),
        ("103K00000X", None, None), ("225X00000X", None, None), ("225C00000X", None, None), ("163WP0808X", None, None),
        ("364SP0200X", None, None), ("207QA0401X", None, None), ("390200000X", None, None), ("101Y", None, None),
    ],
)  # fmt: skip
def test_professions(tmp_path: Path, code: str, profession: str | None, prescribes: bool | None) -> None:
    source, profiles, _ = read(write(tmp_path / "f.csv", [row(1, taxonomy_1=code)]))
    if profession is None:
        assert source.counts.reasons == {"no_behavioral_code": 1}
    else:
        (profile,) = profiles.values()
        assert (profile.provider_type, profile.prescribes) == (profession, prescribes)


def test_a_code_of_ours_in_any_slot_counts(tmp_path: Path) -> None:
    profile = one(tmp_path, taxonomy_1="207Q00000X", primary_1="N", taxonomy_15="2084P0800X", primary_15="Y")
    assert (profile.provider_type, profile.primary) == ("psychiatrist", True)


@pytest.mark.parametrize(
    ("switches", "main", "primary"),
    [
        (("N", "Y", "N"), "psychologist", True),
        (("Y", "N", "N"), "therapist", True),
        (("N", "N", "Y"), "therapist", False),  # the primary code is none of ours
        (("", "", ""), "therapist", True),
        (("N", "X", "N"), "therapist", True),
    ],
)
def test_the_main_profession(tmp_path: Path, switches: Sequence[str], main: str, primary: bool) -> None:
    fields = {f"primary_{n}": switch for n, switch in enumerate(switches, start=1)}
    profile = one(tmp_path, taxonomy_2="103TC0700X", taxonomy_3="171M00000X", **fields)
    assert (profile.provider_type, profile.primary) == (main, primary)
    assert profile.provider_types == ("therapist", "psychologist")
    assert profile.prescribes is None  # a psychologist may


def test_any_profession_that_prescribes_wins(tmp_path: Path) -> None:
    assert one(tmp_path, taxonomy_2="363LP0808X").prescribes is True


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


# Rejects


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"npi": "1234567890"}, "npi_check_digit", "NPI"),
        ({"npi": "12345"}, "npi_malformed", "NPI"),
        ({"npi": ""}, "npi_malformed", "NPI"),
        ({"entity_type": "3"}, "entity_type", "Entity Type Code"),
        ({"entity_type": ""}, "entity_type", "Entity Type Code"),
        ({"updated": "31/12/2023"}, "date_malformed", "Last Update Date"),
        ({"updated": "11/24/2026"}, "date_in_future", "Last Update Date"),
        ({"certified": "01/01/2999"}, "date_in_future", "Certification Date"),
        ({"deactivated": "yesterday", "reactivated": "01/01/2024"}, "date_malformed", "NPI Deactivation Date"),
        ({"deactivated": "13/13/2023"}, "date_malformed", "NPI Deactivation Date"),
        ({"family": " ", "given": ""}, "name_missing", "Provider Last Name (Legal Name)"),
    ],
)
def test_rejects(tmp_path: Path, fields: dict[str, str], code: str, field: str) -> None:
    path = write(tmp_path / "f.csv", [row(1), row(2, **fields), row(3)])
    source, profiles, issues = read(path)
    (issue,) = issues
    assert (issue.source, issue.file, issue.line) == ("nppes", str(path), 3)
    assert (issue.field, issue.code) == (field, code)
    assert profiles.keys() == {npi(1), npi(3)}
    assert source.counts.reasons == {code: 1}


def test_today_is_no_future(tmp_path: Path) -> None:
    assert one(tmp_path, updated="11/23/2026", certified="11/23/2026").verified_on == TODAY


def test_what_is_skipped_is_not_checked(tmp_path: Path) -> None:
    rows = [
        row(1, entity_type="2", npi="1234567890"),
        row(2, entity_type="2", npi="x", taxonomy_1="207Q00000X"),
        row(3, npi="", taxonomy_1="207Q00000X", updated="never"),
    ]
    source, _, issues = read(write(tmp_path / "f.csv", rows))
    assert not issues
    assert source.counts.reasons == {
        "organization_with_individual_code": 1,
        "organization": 1,
        "no_behavioral_code": 1,
    }


def test_a_deactivation_needs_a_valid_npi(tmp_path: Path) -> None:
    bad = gone(1, "01/05/2024")
    bad[0] = "1234567890"
    source, _, issues = read(write(tmp_path / "f.csv", [bad, gone(2, "01/05/2024")]))
    assert source.counts.deleted == 1
    assert [i.code for i in issues] == ["npi_check_digit"]


# Which of several rows wins


def updates(*days: int, **fields: str) -> list[list[str]]:
    """Rows of one person, updated on these days of January 2024, whose city tells them apart."""
    return [row(1, updated=f"01/{d:02d}/2024", certified="", city=f"CITY{i}", **fields) for i, d in enumerate(days)]


@pytest.mark.parametrize(("days", "winner"), [((3, 5, 4), 1), ((5, 3), 0), ((3, 3, 3), 2)])
def test_the_last_update_wins_then_the_later_row(tmp_path: Path, days: tuple[int, ...], winner: int) -> None:
    source, profiles, _ = read(write(tmp_path / "f.csv", updates(*days)))
    assert profiles[npi(1)].locations[0].city == f"City{winner}"
    assert source.counts.reasons == {"superseded": len(days) - 1}
    files = [write(tmp_path / f"{i}.csv", [r]) for i, r in enumerate(updates(*days))]
    assert read(*files)[1] == profiles


@pytest.mark.parametrize("taken_back", [{"taxonomy_1": "207Q00000X"}, {"entity_type": "2"}])
def test_a_later_row_that_is_none_of_ours_takes_the_word_back(tmp_path: Path, taken_back: dict[str, str]) -> None:
    later = row(1, updated="02/01/2024", **taken_back)
    source, profiles, _ = read(write(tmp_path / "f.csv", [later, row(1)]))
    assert not profiles
    assert source.counts.reasons["superseded"] == 1
    assert read(write(tmp_path / "g.csv", [row(1), row(1, updated="02/02/2024"), later]))[1]


@pytest.mark.parametrize(
    ("event", "listed"),
    [
        (gone(1, "01/06/2024"), False),
        (gone(1, "01/04/2024"), True),
        (row(1, updated="01/01/2024", deactivated="01/04/2024", reactivated="01/07/2024"), True),
        (row(1, deactivated="01/08/2024", reactivated="01/07/2024"), False),
    ],
)
def test_deactivations_and_reactivations(tmp_path: Path, event: list[str], listed: bool) -> None:
    source, profiles, _ = read(write(tmp_path / "f.csv", [event, row(1)]))
    assert (npi(1) in profiles) is listed
    assert source.removed(npi(1)) is not listed


def test_a_deactivation_counts_as_deleted_whatever_else_is_known(tmp_path: Path) -> None:
    rows = [gone(2, "01/03/2024"), gone(1, "01/03/2024"), row(1)]
    source, profiles, _ = read(write(tmp_path / "f.csv", rows))
    assert source.counts.deleted == 2
    assert profiles.keys() == {npi(1)}


def test_a_rejected_row_is_no_event(tmp_path: Path) -> None:
    _, profiles, _ = read(write(tmp_path / "f.csv", [row(1), row(1, updated="01/01/2999")]))
    assert profiles.keys() == {npi(1)}


_EVENTS = st.lists(
    st.tuples(
        st.integers(1, 3),  # who
        st.sampled_from(["ours", "other", "organization", "gone", "back"]),
        st.integers(0, 4),  # the day
        st.integers(0, 1),  # the file
    ),
    max_size=12,
)


def _event(who: int, kind: str, day: int) -> list[str]:
    at = f"{date(2024, 1, 1) + timedelta(day):%m/%d/%Y}"
    match kind:
        case "gone":
            return gone(who, at)
        case "back":
            return row(who, updated="01/02/2024", deactivated="01/01/2024", reactivated=at)
        case "other":
            return row(who, updated=at, taxonomy_1="207Q00000X")
        case "organization":
            return row(who, updated=at, entity_type="2")
        case _:
            return row(who, updated=at)


@settings(max_examples=60)
@given(_EVENTS)
def test_any_sequence_of_events_as_the_plainest_reading_has_it(events: list[tuple[int, str, int, int]]) -> None:
    files = [[_event(who, kind, day) for who, kind, day, n in events if n == number] for number in (0, 1)]
    with TemporaryDirectory() as folder:
        paths = [write(Path(folder) / f"{n}.csv", rows) for n, rows in enumerate(files) if rows]
        source, profiles, _ = read(*paths)
        expected = truth(paths)
    assert as_counter(source) == expected.counts
    assert profiles.keys() == expected.listed.keys()
    assert {npi(n) for n in (1, 2, 3) if source.removed(npi(n))} == expected.gone


@pytest.mark.parametrize("held", [0, 2_000])
def test_rows_that_wait_on_disk_say_the_same(tmp_path: Path, held: int) -> None:
    files = [
        write(tmp_path / "1.csv", [row(n, city="AUSTIN") for n in range(60)]),
        write(tmp_path / "2.csv", [row(n, city="DALLAS", updated="02/01/2024") for n in range(0, 80, 2)]),
        write(tmp_path / "3.csv", [gone(4, "03/01/2024"), row(5, updated="01/01/2020")]),
    ]
    found = []
    for source in (NppesSource(TODAY, held=held, block=5_000), NppesSource(TODAY)):
        for path in files:
            list(source.read(path, lambda issue: None))
        source.settle()
        found.append((list(source.words()), source.counts))
        # Asked again, they say it again.
        assert list(source.words()) == found[-1][0]
    assert found[0] == found[1]
    assert len(found[0][0]) == 69
