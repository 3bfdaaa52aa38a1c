"""Names, numbers and credentials as sources write them, and what a profile's statements imply."""

from __future__ import annotations

import doctest
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.profile import Fee, Profile
from directory.vocabulary import vocabulary
from indexer import credentials, names, normalize
from indexer.names import city_name, family_name, given_name, middle_name, split_family
from indexer.normalize import Contradiction, license_number, npi_problem, phone, settle, zip5
from indexer.sources import nppes_parts
from tests import nppes_rows


@pytest.mark.parametrize("module", [names, normalize, credentials, nppes_parts])
def test_examples_in_the_docstrings_hold(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


# Numbers


@given(st.integers(0, 99_999_999), st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_of_an_npi_is_found(number: int, place: int, shift: int) -> None:
    good = nppes_rows.npi(number)
    assert npi_problem(good) is None
    wrong = good[:place] + str((int(good[place]) + shift) % 10) + good[place + 1 :]
    assert npi_problem(wrong) == ("npi_check_digit" if wrong[0] in "12" else "npi_malformed")


@pytest.mark.parametrize("text", ["", "12345", "123456789x", "12345678931", "3234567893", "１２３４５６７８９３"])
def test_what_is_no_npi_at_all(text: str) -> None:
    assert npi_problem(text) == "npi_malformed"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5125550142", "+1 512 555 0142"),
        ("1-512-555-0142", "+1 512 555 0142"),
        ("(512) 555.0142", "+1 512 555 0142"),
        ("0125550142", None),
        ("5120550142", None),
        ("512555014", None),
        ("", None),
        ("0468167878", None),
    ],
)
def test_phones(text: str, expected: str | None) -> None:
    assert phone(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("787041234", "78704"),
        ("78704-1234", "78704"),
        ("7030", "07030"),
        ("70301234", "07030"),
        ("601", "00601"),
        ("2380001", None),
        ("C1C 1M2", None),
        ("00000", None),
        ("٧٨٧٠٤", None),
        ("", None),
    ],
)
def test_zips(text: str, expected: str | None) -> None:
    assert zip5(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PENDING",
        "NA",
        "n/a",
        "N.A",
        "TBD",
        "INTERN",
        "0000",
        "pending 2024",
        "101YM0800X",
        "1234567893",
        "APRN1234567893",
    ],
)
def test_what_is_no_license_number(text: str) -> None:
    assert license_number(text, "1234567893") is None


def test_license_numbers_keep_their_form() -> None:
    assert license_number(" nur-aprn-lic  213144 ") == "NUR-APRN-LIC 213144"
    assert license_number("#LPC.0014155.") == "LPC.0014155"
    assert license_number("3") == "3"


# Names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MCKENZIE", "McKenzie"),
        ("MCALISTER-O'NEAL", "McAlister-O'Neal"),
        ("O'BRIEN", "O'Brien"),
        ("D'ANGELO", "D'Angelo"),
        ("RE'EM", "Re'em"),
        ("MACDONALD", "MacDonald"),
        ("MACIAS", "Macias"),
        ("MACK", "Mack"),
        ("DE LA CRUZ", "de la Cruz"),
        ("MARTINEZ DE LOS HEROS", "Martinez de los Heros"),
        ("DEL RIO", "del Rio"),
        ("VAN HORN", "Van Horn"),
        ("VAN DER BERG", "van der Berg"),
        ("VON DER LEYEN", "von der Leyen"),
        ("LA BREA", "La Brea"),
        ("KENNEY- MOYER", "Kenney- Moyer"),
        ("MUÑOZ", "Muñoz"),
        ("muñoz", "Muñoz"),
        ("DeShawn", "DeShawn"),
        ("van Dyke", "van Dyke"),
        ("王", "王"),
        ("  ST   JOHN ", "St John"),
    ],
)
def test_family_names(text: str, expected: str) -> None:
    assert family_name(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MARY ANN", "Mary Ann"),
        ("ANNE-MARIE", "Anne-Marie"),
        ("T CHRISTINA", "T. Christina"),
        ("M.", "M."),
        ("JO", "Jo"),
        ("TJ", "TJ"),
        ("MARY (MK)", "Mary (MK)"),
        ("A,", "A."),
        ("FLOR DE LIZ", "Flor de Liz"),
        ("VON MARIE", "Von Marie"),
        ("DE", "De"),
        ("LaToya", "LaToya"),
        ("x", "X."),
        ("芳", "芳"),
    ],
)
def test_given_names(text: str, expected: str) -> None:
    assert given_name(text) == expected


def test_middle_names() -> None:
    assert middle_name("DEL CARMEN") == "del Carmen"
    assert middle_name("G") == "G."
    assert middle_name("517 SE WILLIAMSBURG") == ""


def test_what_does_not_belong_in_a_family_name() -> None:
    assert split_family("LIU, INC") == ("LIU", None)
    assert split_family("VEGA LLC") == ("VEGA", None)
    assert split_family("MITCHELL, JR") == ("MITCHELL", "Jr.")
    assert split_family("KENNEY- MOYER") == ("KENNEY-MOYER", None)
    assert split_family("INC") == ("INC", None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AUSTIN", "Austin"),
        ("MCALLEN", "McAllen"),
        ("O'FALLON", "O'Fallon"),
        ("COEUR D'ALENE", "Coeur d'Alene"),
        ("LEE'S SUMMIT", "Lee's Summit"),
        ("MARINA DEL REY", "Marina del Rey"),
        ("LAKE IN THE HILLS", "Lake in the Hills"),
        ("LA MESA", "La Mesa"),
        ("ST. LOUIS", "St. Louis"),
        ("APO", "APO"),
        ("YOKOSUKA-SHI", "Yokosuka-Shi"),
        ("New York", "New York"),
    ],
)
def test_cities(text: str, expected: str) -> None:
    assert city_name(text) == expected


@given(st.text(max_size=60))
def test_no_text_breaks_a_name_or_leaves_control_characters(text: str) -> None:
    for function in (family_name, given_name, middle_name, city_name, lambda t: split_family(t)[0]):
        assert function(text).isprintable()


# Credentials


@pytest.mark.parametrize(
    ("text", "states", "expected"),
    [
        ("LCSW", (), ("lcsw",)),
        ("PSY.D., L.P.", (), ("psyd", "lp")),
        ("PH. D.", (), ("phd",)),
        ("MA LPC", (), ("lpc",)),
        ("MSN, APRN, PMHNP-BC", (), ("pmhnp", "aprn")),
        ("LMFT 90331", (), ("lmft",)),
        ("AMFT #143990", (), ("supervised",)),
        ("LPC ASSOCIATE", (), ("supervised",)),
        ("LPC, ASSOCIATE", (), ("supervised",)),
        ("MD, RESIDENT", (), ("md", "supervised")),
        ("LCSWA", (), ("supervised",)),
        ("NP (PMHNP)", (), ("pmhnp",)),
        ("LMHC; LMFT", (), ("lmft", "lmhc")),
        ("MSW", (), ()),
        ("LAC", ("AZ",), ("supervised",)),
        ("LAC", ("CO",), ("lac",)),
        ("LAC", ("NY",), ()),
        ("ACSW", ("CA",), ("supervised",)),
        ("ACSW", ("OH",), ()),
        ("", (), ()),
    ],
)
def test_credentials(text: str, states: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert credentials.parse(text, states).codes == expected


def test_unmapped_credentials_are_named() -> None:
    assert credentials.parse("MSW, LAC, QZX-9, LCSW").unmapped == ("LAC", "QZX-9")


# What statements imply

BARE = Profile(id="x:1", name="A")


@pytest.mark.parametrize(
    ("stated", "implied"),
    [
        ({"fee": Fee(sliding_low=40)}, {"sliding_scale": True, "payment": ("sliding_scale",)}),
        ({"payment": ("sliding_scale",)}, {"sliding_scale": True}),
        ({"sliding_scale": True}, {"payment": ("sliding_scale",)}),
        ({"insurers": ("aetna",)}, {"payment": ("insurance",)}),
        ({"insurers": ("medicaid", "aetna")}, {"payment": ("insurance", "medicaid")}),
        ({"meeting": ("video", "in_person")}, {"remote": True, "meeting": ("in_person", "video")}),
        ({"meeting": ("in_person",)}, {"remote": False}),
        ({"remote": True}, {"remote": True, "meeting": ()}),
        ({"provider_type": "psychiatrist"}, {"provider_types": ("psychiatrist",), "prescribes": True}),
        ({"provider_types": ("social_worker", "therapist")}, {"provider_type": "social_worker", "prescribes": False}),
        ({"provider_types": ("psychologist",)}, {"prescribes": None}),
        ({"provider_type": "psychiatrist", "prescribes": False}, {"prescribes": False}),
        ({"modalities": ("emdr", "cbt", "emdr")}, {"modalities": ("cbt", "emdr")}),
        ({}, {"remote": None, "sliding_scale": None, "prescribes": None, "payment": ()}),
    ],
)
def test_settling(stated: dict[str, Any], implied: dict[str, Any]) -> None:
    settled = settle(replace(BARE, **stated))
    assert {name: getattr(settled, name) for name in implied} == implied
    assert settle(settled) == settled


@pytest.mark.parametrize(
    ("stated", "field"),
    [
        ({"sliding_scale": False, "fee": Fee(sliding_low=40)}, "sliding_scale"),
        ({"sliding_scale": False, "payment": ("sliding_scale",)}, "sliding_scale"),
        ({"remote": False, "meeting": ("in_person", "video")}, "remote"),
        ({"remote": True, "meeting": ("in_person",)}, "remote"),
        ({"fee": Fee(session=100, session_max=90)}, "fee"),
        ({"fee": Fee(session=100, sliding_low=120)}, "fee"),
    ],
)
def test_contradictions(stated: dict[str, Any], field: str) -> None:
    with pytest.raises(Contradiction) as raised:
        settle(replace(BARE, **stated))
    assert raised.value.field == field


def test_every_insurer_implies_a_way_to_pay() -> None:
    payments = vocabulary("payments")
    for insurer in vocabulary("insurers").codes:
        assert settle(replace(BARE, insurers=(insurer,))).payment[0] in payments
