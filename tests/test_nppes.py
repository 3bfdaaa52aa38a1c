"""The nppes source: which rows count, and which are refused."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.nppes_reading import TODAY, as_counter, one, read
from tests.nppes_rows import DEACTIVATIONS, NEXT, SMALL, gone, npi, row, write
from tests.nppes_truth import truth

SHARED: Final = Path(__file__).parents[2] / "shared" / "data" / "nppes"
WEEKS: Final = [SHARED / f"npidata_pfile_{days}_Weekly.csv.gz" for days in ("20240101-20240107", "20240108-20240114")]


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
