"""ZIP codes and cities are found as people write them, or said to be unknown with a hint."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory import places
from directory.places import Point, UnknownPlace, city_point, find, miles, zip_point
from tests import zip_table

AUSTIN = Point(30.2672, -97.7431)
NEW_YORK = Point(40.7128, -74.0060)


def test_zip_codes_are_found_with_and_without_their_addition() -> None:
    assert miles(find("78704"), AUSTIN) < 5
    assert find(" 78704-1234 ") == find("787041234") == find("78704")
    assert zip_point("78704") == (find("78704").lat, find("78704").lon)


@pytest.mark.parametrize("text", ["00000", "99999"])
def test_a_zip_code_that_does_not_exist(text: str) -> None:
    with pytest.raises(UnknownPlace, match="no such ZIP"):
        find(text)
    assert zip_point(text) is None


def test_a_zip_code_without_coordinates_is_unplaced() -> None:
    """0/0 in the data is no place in the Gulf of Guinea."""
    assert zip_point("09001") is None
    with pytest.raises(UnknownPlace, match="no place on the map"):
        find("09001")


@pytest.mark.parametrize(
    "text", ["7870", "787041", "７８７０４", "٧٨٧٠٤", "78704-", "-1", "1e5", "", " ", ",", "TX", "Texas", "New York"]
)
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(UnknownPlace):
        find(text)


@pytest.mark.parametrize(
    ("text", "city", "state"),
    [
        ("Austin, TX", "Austin", "TX"),
        ("austin tx", "Austin", "TX"),
        ("AUSTIN,Texas", "Austin", "TX"),
        ("Albany New York", "Albany", "NY"),
        ("New York, New York", "New York", "NY"),
        ("San Antonio TX", "San Antonio", "TX"),
        ("St. Louis, MO", "Saint Louis", "MO"),
        ("Saint Louis Missouri", "St Louis", "MO"),
        ("Ft Worth, TX", "Fort Worth", "TX"),
        ("O'Fallon, MO", "O Fallon", "MO"),
        ("O’Fallon, MO", "OFallon", "MO"),
        ("Coeur d'Alene, ID", "Coeur D Alene", "ID"),
        ("Winston-Salem, NC", "Winston Salem", "NC"),
        ("Bayamón, PR", "Bayamon", "PR"),
        ("Washington, D.C.", "Washington", "DC"),
    ],
)
def test_cities_are_found_however_they_are_written(text: str, city: str, state: str) -> None:
    point = find(text)
    assert (point.lat, point.lon) == city_point(city, state)


def test_a_city_is_the_mean_of_its_placed_zips() -> None:
    assert miles(find("Austin, TX"), AUSTIN) < 10
    assert miles(find("New York, NY"), NEW_YORK) < 10
    assert city_point("Austin", "NH") is None


def test_a_misspelt_city_is_suggested_within_its_state() -> None:
    with pytest.raises(UnknownPlace) as caught:
        find("Huston, TX")
    assert caught.value.suggestion == "Houston, TX"
    with pytest.raises(UnknownPlace) as caught:
        find("Qqqqqq, TX")
    assert caught.value.suggestion is None


def test_distances_are_great_circles_in_miles() -> None:
    assert miles(AUSTIN, AUSTIN) == 0
    assert miles(AUSTIN, NEW_YORK) == pytest.approx(1512, abs=3)
    assert miles(Point(0, 0), Point(0, 180)) == pytest.approx(12_437, abs=2)
    assert miles(Point(0, 179.9), Point(0, -179.9)) == pytest.approx(13.8, abs=0.1)


points = st.builds(Point, st.floats(-90, 90), st.floats(-180, 180))


@given(points, points)
def test_distances_are_the_same_both_ways(a: Point, b: Point) -> None:
    assert miles(a, b) == pytest.approx(miles(b, a))
    assert 0 <= miles(a, b) < 12_440


@given(st.text(max_size=40))
def test_any_text_is_a_place_or_unknown(text: str) -> None:
    try:
        point = find(text)
    except UnknownPlace:
        return
    assert -90 <= point.lat <= 90


def test_the_table_of_zips_is_the_packages() -> None:
    with gzip.open(places.ZIP_CODES, "rt", encoding="utf-8", newline="") as file:
        assert file.read() == zip_table.table(), "python -m tests.zip_table"
