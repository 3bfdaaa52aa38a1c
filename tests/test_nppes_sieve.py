"""Rows kept back by their bytes are somebody else's, whatever is in them or done to them; the others come through."""

from __future__ import annotations

import io
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.sources.nppes import NO_CODE, ORGANIZATION, _judged, _with_days
from indexer.sources.nppes_sieve import sieve
from indexer.sources.nppes_table import _columns
from indexer.sources.records import Records
from tests.nppes_rows import HEADER, gone, npi, row, text

COLUMNS: Final = {c.field: HEADER.index(next(h for h in c.headers if h in HEADER)) for c in _columns()}
NURSE: Final = {"taxonomy_1": "163W00000X"}
FIRM: Final = {"entity_type": "2", "family": "", "given": "", "taxonomy_1": "251E00000X", "sex": ""}


def read(content: bytes, block: int, *, sifted: bool) -> tuple[dict[int, dict[str, Any]], dict[int, Any]]:
    """What is known of each line of a file without its header: (of those kept back, of the others)."""
    kept: dict[int, dict[str, Any]] = {}
    others: dict[int, Any] = {}
    found = sieve(COLUMNS, len(HEADER)) if sifted else None
    for chunk in Records(io.BytesIO(content), COLUMNS, len(HEADER), block=block, sieve=found):
        kept |= {r["line"]: r for r in chunk.sifted.iter_rows(named=True)}
        judged = _judged(_with_days(chunk.frame, ("updated", "certified", "deactivated", "reactivated")))
        others |= {r["line"]: r for r in judged.iter_rows(named=True)}
        others |= {b.line: b for b in chunk.bad}
    return kept, others


def agree(content: bytes, block: int = 1 << 20) -> set[int]:
    """The lines kept back, of which the plain way of reading knows the same; of the other lines it does, too."""
    kept, others = read(content, block, sifted=True)
    _, plain = read(content, block, sifted=False)
    assert {line: plain[line] for line in others} == others
    assert plain.keys() == kept.keys() | others.keys()
    for line, known in kept.items():
        said = plain[line]
        assert said["verdict"] == (NO_CODE if known["person"] else ORGANIZATION)
        assert (int(said["npi"]), said["updated day"]) == (known["npi"], known["day"])
        assert (said["deactivated"], said["reactivated"]) == ("", "")
    return set(kept)


def lines(*rows: list[str]) -> bytes:
    return text(rows).encode().split(b"\n", 1)[1]


def test_somebody_elses_rows_are_kept_back() -> None:
    content = lines(row(1), row(2, **NURSE), row(3, **FIRM), gone(4, "01/02/2024"), row(5, **FIRM, taxonomy_2="X"))
    assert agree(content) == {3, 4, 6}
    assert agree(content.replace(b"\n", b"\r\n")) == {3, 4, 6}
    kept, _ = read(content, 1 << 20, sifted=True)
    assert kept[3] == {"npi": int(npi(2)), "day": 19727, "person": True, "line": 3}


@pytest.mark.parametrize(
    "fields",
    [
        {"taxonomy_15": "101YM0800X"},
        {"taxonomy_2": " 101YM0800X"},
        {"taxonomy_2": "101YM0800X\t"},
        {"taxonomy_15": "1041000000"},
        {"updated": "01/05/24"},
        {"updated": " 01/05/2024"},
        {"updated": "02/30/2024"},
        {"updated": "00/10/2024"},
        {"updated": "01/05/1909"},
        {"updated": ""},
        {"deactivated": "01/06/2024"},
        {"reactivated": "01/06/2024"},
        {"deactivated": "x"},
        {"npi": "3234567893"},
        {"npi": "123456789"},
        {"entity_type": "3"},
        {"entity_type": " 1"},
        {"city": "PEÑA"},
        {"city": "\u2003"},
        {"city": 'A "B"'},
        {"city": ","},
        {"certified": ","},
        {"city": "A\nB"},
    ],
)
def test_no_other_row_is(fields: dict[str, str]) -> None:
    assert agree(lines(row(1, **NURSE), row(2, **NURSE | fields), row(3, **FIRM))) <= {2, 4, 5}


def test_none_is_where_a_field_goes_on_over_the_end_of_a_line() -> None:
    whole = lines(row(1, **NURSE, city="A\nB"), row(2, **NURSE))
    assert agree(whole) == set()


def test_quotes_that_only_add_up_are_no_row() -> None:
    content = lines(row(1, **NURSE, city="A-B", certified="")).replace(b"A-B", b'A"B').replace(b'""\n', b'"\n')
    assert content.count(b'"') == 2 * len(HEADER)
    assert agree(content + lines(row(2, **NURSE))) == {3}


def test_none_is_of_a_file_in_another_order() -> None:
    moved = {name: len(HEADER) - 1 - at for name, at in COLUMNS.items()}
    assert sieve(moved, len(HEADER)) is None


_DAMAGE: Final = st.binary(max_size=4) | st.sampled_from(
    [b'"', b'""', b",", b'","', b"\n", b"\r\n", b" ", b'" ', b' "', b"\xff", b"101YM0800X", b" 101YM0800X", b'"\n"']
)
_ROWS: Final = [row(1, **NURSE), row(2), row(3, **FIRM), gone(4, "01/02/2024"), row(5, **NURSE, city="A\nB")]


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from(_ROWS), min_size=2, max_size=8),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), _DAMAGE), max_size=4),
    st.sampled_from([3_000, 1 << 20]),
)
def test_any_damage_is_read_as_without_a_sieve(
    rows: list[list[str]], edits: list[tuple[float, int, bytes]], block: int
) -> None:
    content = lines(*rows)
    for place, length, replacement in edits:
        at = int(place * len(content))
        content = content[:at] + replacement + content[at + length :]
    agree(content.rstrip(b"\n") + b'"\n' * (content.count(b'"') % 2) + b"\n", block)
