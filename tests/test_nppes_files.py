"""Files as they come: packed, cut off, damaged, mistaken for others. One bad row or byte costs a row, never a file;
a file that is not whole is never taken for one.
"""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from indexer.report import Issue
from indexer.sources.files import Unusable
from indexer.sources.nppes import NppesSource
from tests.nppes_reading import TODAY, read
from tests.nppes_rows import HEADER, SMALL, npi, row, text, write

ROWS: Final = [row(n, given=f"ANA{'BCDEFG'[n - 1]}") for n in range(1, 7)]
WHOLE: Final = text(ROWS).encode()


def unusable(path: Path, block: int = 1 << 20) -> str:
    """What is said of a file that cannot be used."""
    with pytest.raises(Unusable) as raised:
        list(NppesSource(TODAY, block=block).read(path, lambda issue: None))
    return str(raised.value)


def given_names(path: Path, block: int = 1 << 20) -> set[str | None]:
    return {p.given for p in read(path, block=block)[1].values()}


ALL_SIX: Final = {f"Ana{c}" for c in "bcdefg"}


def _zip(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


OTHERNAME: Final = (
    b'"NPI","Provider Other Organization Name","Provider Other Organization Name Type Code"\n"1","A","3"\n'
)
CMS_ZIP: Final = {
    "NPPES_Data_Dissemination_Readme.pdf": b"%PDF",
    "endpoint_pfile_20240101-20240107.csv": b'"NPI","Endpoint Type"\n',
    "npidata_pfile_20240101-20240107.csv": WHOLE,
    "npidata_pfile_20240101-20240107_fileheader.csv": text([]).encode(),
    "othername_pfile_20240101-20240107.csv": OTHERNAME,
    "pl_pfile_20240101-20240107.csv": b'"NPI"\n',
}


@pytest.mark.parametrize(
    "content",
    [
        WHOLE,
        b"\xef\xbb\xbf" + WHOLE,
        WHOLE.replace(b"\n", b"\r\n"),
        WHOLE.rstrip(b"\n"),
        b"\r\n\n" + WHOLE + b"\n\n  \n",
        WHOLE + b"\x1a",
        text(ROWS, quoting=csv.QUOTE_MINIMAL).encode(),
        text(ROWS, quoting=csv.QUOTE_MINIMAL).replace("\n", "\r\n").encode(),
        gzip.compress(WHOLE),
        gzip.compress(WHOLE[:9_000]) + gzip.compress(WHOLE[9_000:]),
        _zip(CMS_ZIP),
        _zip({"folder/NPIDATA_PFILE_2024.CSV": WHOLE, "__MACOSX/folder/._npidata_pfile_2024.csv": b"x"}),
        _zip({"any name.csv": WHOLE}),
    ],
    ids=["plain", "BOM", "CRLF", "no last newline", "blank lines", "DOS end", "unquoted", "unquoted CRLF", "gzip",
         "gzip in parts", "zip", "zip with a folder", "zip of one"],
)  # fmt: skip
def test_whole_files_in_every_form(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert given_names(path) == ALL_SIX
    assert given_names(path, block=5_000) == ALL_SIX


def test_columns_go_by_name(tmp_path: Path) -> None:
    header = ["provider  gender code" if h == "Provider Sex Code" else h for h in reversed(HEADER)]
    header[0] = "Something New"  # where the certification date was, which older files don't have
    path = write(tmp_path / "f.csv", [r[::-1] for r in ROWS], header)
    _, profiles, _ = read(path)
    assert {p.given for p in profiles.values()} == ALL_SIX
    assert {p.gender for p in profiles.values()} == {"female"}
    assert {p.verified_on for p in profiles.values()} == {date(2024, 1, 5)}


# Whole files that cannot be used


@pytest.mark.parametrize("keep", [len(WHOLE) - 2, len(WHOLE) - 300, len(WHOLE) - 4_000, WHOLE.index(b"\n") + 10])
@pytest.mark.parametrize("block", [5_000, 1 << 20])
def test_cut_in_the_middle_of_a_row(tmp_path: Path, keep: int, block: int) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(WHOLE[:keep])
    assert "cut off" in unusable(path, block)
    path.write_bytes(gzip.compress(WHOLE[:keep]))
    assert "cut off" in unusable(path, block)


def test_cut_in_an_unquoted_row(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(text(ROWS, quoting=csv.QUOTE_MINIMAL).encode()[:-200])
    assert "cut off" in unusable(path)


def test_cut_in_a_field_with_line_breaks(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    content = text([*ROWS, row(7, city="TWO\nLINES")]).encode()
    path.write_bytes(content[: content.rindex(b"LINES") + 2])
    assert "cut off" in unusable(path)


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: _zip({"npidata_pfile_1.csv": content})])
def test_packed_files_cut_off_or_damaged(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(SMALL.read_bytes())
    path = tmp_path / "f"
    for keep in (len(packed) // 2, len(packed) - 4):
        path.write_bytes(packed[:keep])
        assert "cut off" in unusable(path)
    middle = len(packed) // 2
    path.write_bytes(packed[:middle] + bytes(b ^ 0xFF for b in packed[middle : middle + 50]) + packed[middle + 50 :])
    assert "damaged" in unusable(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (text([]).encode(), "a header and no rows"),
        (text(ROWS, delimiter=";").encode(), "separated by semicolons"),
        (text(ROWS, delimiter="\t").encode(), "separated by tabs"),
        (text(ROWS, delimiter="|", quoting=csv.QUOTE_MINIMAL).encode(), "separated by vertical bars"),
        (text(ROWS, [h for h in HEADER if h != "Entity Type Code"]).encode(), "missing: Entity Type Code"),
        (text(ROWS, [h.replace("Switch_15", "") for h in HEADER]).encode(), "Primary Taxonomy Switch_15"),
        (text(ROWS, [h.replace("Sex", "Shoe") for h in HEADER]).encode(), "Sex Code or Provider Gender Code"),
        (text(ROWS, [h.replace("Provider ", "") for h in HEADER]).encode(), "and 70 more"),
        (text(ROWS, [*HEADER[:-2], "NPI", HEADER[-1]]).encode(), "twice"),
        (text(ROWS[1:], ROWS[0]).encode(), "no header"),
        (OTHERNAME, "othername"),
        (b"name,city\nA,B\n", "no NPPES file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "no NPPES file"),
        (text(ROWS).encode("utf-16"), "UTF-16"),
        (WHOLE.replace(b"\n", b"\r"), "carriage return"),
        (b"NPI;NPPES Deactivation Date\n1234567893;01/01/2024\n", "separated by semicolons"),
        (b"x" * 1_200_000, "no lines"),
        (_zip({"othername_pfile.csv": OTHERNAME, "readme.txt": b""}), "othername"),
        (_zip({"readme.txt": b""}), "no npidata_pfile"),
        (_zip({}), "no npidata_pfile"),
        (_zip({"npidata_pfile_1.csv": WHOLE, "npidata_pfile_2.csv": WHOLE}), "several files"),
        (_zip({"npidata_pfile_1_fileheader.csv": text([]).encode()}), "fileheader"),
    ],
)
def test_what_is_said_of_files_that_cannot_be_used(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "f"
    path.write_bytes(content)
    assert said in unusable(path)


def test_a_line_without_end(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(WHOLE + b'"' + b"x" * 400_000)
    assert "longer than" in unusable(path, block=20_000)


# Bad rows


def spoilt(tmp_path: Path, line: int, change: Callable[[bytes], bytes], block: int = 1 << 20) -> list[Issue]:
    """The rejects when one line (from 2) of the six rows is changed; all others must come through."""
    lines = WHOLE.split(b"\n")
    lines[line - 1] = change(lines[line - 1])
    path = tmp_path / "f.csv"
    path.write_bytes(b"\n".join(lines))
    source, profiles, issues = read(path, block=block)
    assert {p.given for p in profiles.values()} >= ALL_SIX - {f"Ana{'abcdefg'[line - 1]}"}
    assert source.counts.read == 6
    return issues


@pytest.mark.parametrize("line", [2, 4, 7])
@pytest.mark.parametrize("block", [5_000, 1 << 20])
@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda raw: raw + b',"more"', "wrong_number_of_columns"),
        (lambda raw: raw + b",", "wrong_number_of_columns"),
        (lambda raw: raw.replace(b'"AUSTIN",', b""), "wrong_number_of_columns"),
        (lambda raw: raw[: len(raw) // 2].rsplit(b",", 1)[0], "wrong_number_of_columns"),
        (lambda raw: b"garbage", "wrong_number_of_columns"),
        (lambda raw: raw.replace(b'"RIVERA"', b'"RIVERA'), "stray_quote"),
        (lambda raw: raw.replace(b"RIVERA", b'RIV"ERA'), "stray_quote"),
        (lambda raw: raw + b'"', "stray_quote"),
        (lambda raw: raw.removesuffix(b'"'), "stray_quote"),
        (lambda raw: raw.replace(b"RIVERA", b"R\xcdVERA"), "invalid_utf8"),
        (lambda raw: raw.replace(b"101YM0800X", b"101YM0800\xff"), "invalid_utf8"),
    ],
    ids=["one more", "comma", "one less", "half", "garbage", "open", "inside", "at the end", "open at the end",
         "latin-1", "in the code"],
)  # fmt: skip
def test_one_bad_row(tmp_path: Path, line: int, block: int, change: Callable[[bytes], bytes], code: str) -> None:
    issues = spoilt(tmp_path, line, change, block)
    assert [(i.code, i.line) for i in issues] == [(code, line)]


def test_a_field_of_more_than_any_name_needs(tmp_path: Path) -> None:
    long = b'"' + b"R" * 140_000 + b'",""'
    issues = spoilt(tmp_path, 4, lambda raw: raw.replace(b'"RIVERA"', long))
    assert [(i.code, i.line) for i in issues] == [("unreadable_row", 4)]


def test_latin_1_names_the_field(tmp_path: Path) -> None:
    (issue,) = spoilt(tmp_path, 3, lambda raw: raw.replace(b"RIVERA", b"MU\xd1OZ"))
    assert issue.field == "Provider Last Name (Legal Name)"
    assert issue.value == "MU\ufffdOZ"


def test_a_bad_byte_in_a_row_that_is_none_of_ours_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(text([*ROWS, row(7, taxonomy_1="207Q00000X", family="X")]).encode().replace(b'"X"', b'"\xff"'))
    source, _, issues = read(path)
    assert not issues
    assert source.counts.reasons == {"no_behavioral_code": 1}


def test_a_replacement_character_in_good_utf8_is_no_bad_byte(tmp_path: Path) -> None:
    assert not read(write(tmp_path / "f.csv", [row(1, family="MU\ufffdOZ")]))[2]


def test_bad_rows_among_unquoted_ones(tmp_path: Path) -> None:
    lines = text(ROWS, quoting=csv.QUOTE_MINIMAL).split("\n")
    lines[2] += ","
    lines[4] = lines[4].replace("AUSTIN,", "")
    path = tmp_path / "f.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert [(i.code, i.line) for i in read(path)[2]] == [("wrong_number_of_columns", n) for n in (3, 5)]


@pytest.mark.parametrize("block", [5_000, 1 << 20])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_are_those_of_the_file_where_fields_have_line_breaks(tmp_path: Path, block: int, end: str) -> None:
    rows = [row(1), row(2, city=f"SAN{end}ANTONIO"), row(3, npi="1234567890"), row(4, given=f"A{end}{end}B", npi="x")]
    path = tmp_path / "f.csv"
    path.write_text(text([*rows, row(5, npi="y")], lineterminator=end), encoding="utf-8", newline="")
    _, profiles, issues = read(path, block=block)
    assert profiles[npi(2)].locations[0].city == "San Antonio"
    assert [(i.line, i.value) for i in issues] == [(5, "1234567890"), (6, "x"), (9, "y")]


def test_commas_and_quotes_in_fields(tmp_path: Path) -> None:
    rows = [row(1, credential="MA, LPC"), row(2, other_family='SOTO "ANI"', other_given="A")]
    for quoting in (csv.QUOTE_ALL, csv.QUOTE_MINIMAL):
        path = tmp_path / "f.csv"
        path.write_text(text(rows, quoting=quoting), encoding="utf-8")
        _, profiles, _ = read(path)
        assert profiles[npi(1)].credentials == ("lpc",)
        assert profiles[npi(2)].other_names == ('A. Soto "Ani"',)


def test_control_characters_do_not_shift_fields(tmp_path: Path) -> None:
    profile = read(write(tmp_path / "f.csv", [row(1, family="RIV\x1fERA\x00", city="AUS\u202eTIN")]))[1][npi(1)]
    assert (profile.family, profile.locations[0].city, profile.locations[0].zip) == ("Riv Era", "Austin", "78704")


# Deactivation files


def _xlsx(rows: list[list[str]]) -> bytes:
    """A spreadsheet of texts; a cell that begins with = is the number of a day, shown as a date."""

    def cell(value: str) -> str:
        if value.startswith("="):
            return f'<c s="1"><v>{value[1:]}</v></c>'
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>' if value else "<c/>"

    sheet = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packages = "http://schemas.openxmlformats.org/package/2006"
    office = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{packages}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{office}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{office}.styles+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{office}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{packages}/relationships">'
        f'<Relationship Id="r1" Type="{kinds}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{kinds}">'
        '<sheets><sheet name="Report" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{packages}/relationships">'
        f'<Relationship Id="r1" Type="{kinds}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{kinds}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/>'
        "</cellXfs></styleSheet>",
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{sheet}</sheetData></worksheet>',
    }
    return _zip({name: f'<?xml version="1.0"?>{part}'.encode() for name, part in parts.items()})


def test_a_deactivation_file(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text(f"NPI,NPPES Deactivation Date\n{npi(1)},01/06/2024\n{npi(2)},\n12,01/01/2024\n", encoding="utf-8")
    source, profiles, issues = read(write(tmp_path / "f.csv", [row(1), row(2)]), path)
    assert profiles.keys() == {npi(2)}
    assert source.counts.deleted == 1
    assert [(i.line, i.code) for i in issues] == [(3, "date_malformed"), (4, "npi_malformed")]


@pytest.mark.parametrize(
    "pack", [lambda sheet: sheet, lambda sheet: _zip({"NPPES Deactivated NPI Report.xlsx": sheet})]
)
def test_a_deactivation_report(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    rows = [
        ["NPPES Deactivated NPI Report as of Jan 8 2024", ""],
        ["NPI", "NPPES Deactivation Date"],
        [npi(1), "01/06/2024"],
        [npi(2), "=45297"],
        ["1234567890", "01/06/2024"],
    ]
    path = tmp_path / "report"
    path.write_bytes(pack(_xlsx(rows)))
    source, profiles, issues = read(write(tmp_path / "f.csv", [row(1), row(2), row(3)]), path)
    assert profiles.keys() == {npi(3)}
    assert (source.counts.deleted, [(i.line, i.code) for i in issues]) == (2, [(5, "npi_check_digit")])


def test_spreadsheets_that_are_no_report(tmp_path: Path) -> None:
    path = tmp_path / "f.xlsx"
    path.write_bytes(_xlsx([["Name", "City"], ["A", "B"]]))
    assert "no deactivation report" in unusable(path)
    path.write_bytes(_xlsx([["NPI", "NPPES Deactivation Date"]]))
    assert "no rows" in unusable(path)
    path.write_bytes(_zip({"xl/workbook.xml": b"<nonsense"}))
    assert "damaged" in unusable(path)


# Anything else

_SMALL: Final = text([*ROWS[:2], row(3, taxonomy_1="207Q00000X"), row(4, entity_type="2")]).encode()


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 1), st.integers(0, 40), st.binary(max_size=6) | st.sampled_from([b'"', b"\n", b",", b"\r\n"])
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([12_000, 1 << 20]),
)
@example([(1.0, 0, b'"')], 1 << 20)
def test_any_damage_is_counted_or_refused(edits: list[tuple[float, int, bytes]], block: int) -> None:
    content = _SMALL
    for place, length, replacement in edits:
        at = int(place * len(content))
        content = content[:at] + replacement + content[at + length :]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "f.csv"
        path.write_bytes(content)
        with suppress(Unusable):
            read(path, block=block)  # which checks the counts
