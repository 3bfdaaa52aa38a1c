"""Columns of NPPES cells -> profiles, against one row at a time."""

from __future__ import annotations

from collections import Counter

import orjson
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.profile import from_dict
from indexer.sources.nppes_parts import SEPARATOR
from indexer.sources.nppes_profile import FIELDS, words
from tests import nppes_plain

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
