"""The nppes source: which of several rows of an NPI wins."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.sources.nppes import NppesSource
from tests.nppes_reading import TODAY, as_counter, read
from tests.nppes_rows import gone, npi, row, write
from tests.nppes_truth import truth


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
