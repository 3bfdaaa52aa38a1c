"""A `next` comes back as it was, or is refused as such: whatever is sent, nothing else happens."""

from __future__ import annotations

import base64
import contextlib
import zlib
from collections.abc import Callable
from datetime import date
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.cursor import Cursor, CursorError
from directory.facets import FACETS
from directory.vocabulary import facet_vocabulary

CURSOR = Cursor(
    "providers-1a2b3c4d-20261123t010203z-9f3c",
    (("q", "王芳"), ("sort", "fee")),
    (80, None, -0.5),
    "npi:1",
    date(2026, 11, 23),
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
cursors = st.builds(
    Cursor,
    generation=texts,
    args=st.lists(st.tuples(texts, texts), max_size=5).map(tuple),
    key=st.lists(
        st.none() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts, max_size=3
    ).map(tuple),
    id=texts,
    today=st.dates(),
)


def packed(plain: bytes) -> str:
    """A token of any content."""
    return base64.urlsafe_b64encode(zlib.compress(plain)).rstrip(b"=").decode()


@given(cursors)
def test_a_token_gives_its_cursor_back(cursor: Cursor) -> None:
    token = cursor.token()
    assert Cursor.parse(token) == cursor
    assert token.replace("-", "").replace("_", "").isalnum()


def test_numbers_keep_every_bit() -> None:
    """Paging compares scores for equality."""
    score = 12.345678901234567
    (key,) = Cursor.parse(Cursor("g", (), (score,), "x", date(2026, 1, 1)).token()).key
    assert key == score


def parses(token: str) -> None:
    """Either a cursor or CursorError."""
    with contextlib.suppress(CursorError):
        assert isinstance(Cursor.parse(token), Cursor)


@given(st.text() | st.text("ABCDwxyz0189-_=", max_size=60))
def test_any_text_is_refused(token: str) -> None:
    parses(token)


@given(st.binary(max_size=60))
def test_any_content_is_refused(plain: bytes) -> None:
    parses(packed(plain))
    parses(base64.urlsafe_b64encode(plain).decode())


json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(json | st.lists(json, min_size=5, max_size=5))
def test_any_json_is_refused(content: Any) -> None:
    parses(packed(orjson.dumps(content)))


@given(cursors, st.data())
def test_tampering_is_refused_or_gives_another_cursor(cursor: Cursor, data: st.DataObject) -> None:
    token = cursor.token()
    place = data.draw(st.integers(0, len(token) - 1))
    parses(token[:place] + data.draw(st.sampled_from(["", "A", "!", "é", "==", "\0"])) + token[place + 1 :])
    parses(token[:place])


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c[:4],
        lambda c: [*c, 1],
        lambda c: [1, *c[1:]],
        lambda c: [c[0], [["q"]], *c[2:]],
        lambda c: [c[0], [["q", 1]], *c[2:]],
        lambda c: [c[0], [["q", "a", "b"]], *c[2:]],
        lambda c: [c[0], None, *c[2:]],
        lambda c: [*c[:2], [True], *c[3:]],
        lambda c: [*c[:2], [[1]], *c[3:]],
        lambda c: [*c[:3], None, c[4]],
        lambda c: [*c[:4], "2026-02-30"],
        lambda c: [*c[:4], 20261123],
        lambda c: {"generation": 1},
    ],
)
def test_content_of_another_shape_is_refused(change: Callable[[list[Any]], Any]) -> None:
    content = [CURSOR.generation, CURSOR.args, CURSOR.key, CURSOR.id, "2026-11-23"]
    assert Cursor.parse(packed(orjson.dumps(content))) == CURSOR
    with pytest.raises(CursorError):
        Cursor.parse(packed(orjson.dumps(change(content))))


def test_a_bomb_does_not_unpack() -> None:
    with pytest.raises(CursorError):
        Cursor.parse(packed(b"[" + b" " * 3_000_000 + b"]"))


def test_the_longest_search_still_has_a_next() -> None:
    """Everything selected at once, and the longest words: the token stays within what is read back."""
    every = [(f.name, code) for f in FACETS for code in facet_vocabulary(f).codes]
    query = "".join(chr(0x4E00 + (i * 7919) % 20_000) for i in range(200))
    args = (("q", query), *every, *(("include_unknown", f.name) for f in FACETS))
    cursor = Cursor(CURSOR.generation, args, (1.5, 2), "plan_net:" + "x" * 60, date(2026, 11, 23))
    assert Cursor.parse(cursor.token()) == cursor
