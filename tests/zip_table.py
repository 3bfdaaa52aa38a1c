"""`directory/zip_codes.csv.gz` from the package `zipcodes`, which is slow to read: `python -m tests.zip_table`."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from typing import Any, Final

import zipcodes

from directory.places import COLUMNS, LISTS, ZIP_CODES

# The package says that it is typed, but its functions are not.
_package: Final[Callable[[], list[dict[str, Any]]]] = zipcodes.list_all


def table() -> str:
    """The rows of the package as CSV, by ZIP code, with the columns that the project uses."""
    text = io.StringIO(newline="")
    rows = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    rows.writeheader()
    rows.writerows({**row, **{name: "|".join(row[name]) for name in LISTS}} for row in _package())
    return text.getvalue()


if __name__ == "__main__":
    with ZIP_CODES.open("wb") as out, gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0) as packed:
        packed.write(table().encode())
