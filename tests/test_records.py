"""Records of a CSV file come back as they were written, with the line on which each starts, whatever is in them."""

from __future__ import annotations

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.sources.records import Records, read_header

WIDTH = 4
_FIELD = st.text(st.sampled_from("ab \",\n'é;"), max_size=5)
_ROWS = st.lists(st.lists(_FIELD, min_size=WIDTH, max_size=WIDTH), max_size=30)


@settings(max_examples=200)
@given(
    _ROWS,
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from([60, 400, 1 << 20]),
)
def test_what_is_written_is_read(rows: list[list[str]], quoting: int, end: str, closed: bool, block: int) -> None:
    out = io.StringIO()
    writer = csv.writer(out, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
    writer.writerow(["w", "x", "y", "z"])
    lines = []
    for fields in rows:
        lines.append(out.getvalue().count("\n") + 1)
        writer.writerow(fields)
    content = out.getvalue() if closed else out.getvalue().removesuffix(end)
    stream = io.BytesIO(content.encode())
    head, rest, line = read_header(stream)
    assert head.replace(b'"', b"") == b"w,x,y,z"
    # Short first reads, so that blocks are as small as asked for.
    stream = io.BytesIO(rest)
    records = Records(stream, {"first": 0, "second": 1, "last": 3}, WIDTH, line=line, block=block)
    found: list[tuple[object, ...]] = []
    for chunk in records:
        assert not chunk.bad
        found.extend(chunk.frame.sort("line").select("line", "first", "second", "last").iter_rows())
    written = [(n, f[0], f[1], f[3]) for n, f in zip(lines, rows, strict=True)]
    assert found == written
