"""Bulk requests as bytes: cut to size, and what of them is sent again. Pure: no node."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from directory.engines import elastic_bulk
from directory.engines.elastic_bulk import bodies, delete_lines, index_lines
from directory.errors import EngineUnavailable

_DOCUMENT = orjson.dumps({"x": '\u2028\x85\n{"delete"'})
_BODY = b"".join([index_lines("a", _DOCUMENT), delete_lines("b"), index_lines('"c', b"{}"), delete_lines("d")])


def _answer(*statuses: int) -> dict[str, Any]:
    kinds = ("index", "delete", "index", "delete")
    return {"items": [{kind: {"status": status}} for kind, status in zip(kinds, statuses, strict=True)]}


def test_only_what_was_too_much_is_sent_again() -> None:
    more, rest = elastic_bulk._judged(_answer(429, 200, 201, 429), _BODY)
    assert more == 0
    assert rest == index_lines("a", _DOCUMENT) + delete_lines("d")
    assert elastic_bulk._judged(_answer(201, 404, 429, 429), _BODY) == (1, index_lines('"c', b"{}") + delete_lines("d"))
    assert elastic_bulk._judged(_answer(200, 404, 201, 200), _BODY) == (0, b"")


@pytest.mark.parametrize("statuses", [(400, 200, 201, 200), (201, 503, 429, 200), (404, 404, 201, 200)])
def test_what_is_refused_for_good_is_an_error(statuses: tuple[int, ...]) -> None:
    with pytest.raises(EngineUnavailable, match="refused a provider"):
        elastic_bulk._judged(_answer(*statuses), _BODY)


def test_requests_are_cut_between_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elastic_bulk, "_BODY_BYTES", 10)
    assert list(bodies([])) == []
    assert list(bodies([b"1234\n", b"6789\n", b"1\n", b"much longer than it may be\n", b"2\n"])) == [
        b"1234\n6789\n", b"1\n", b"much longer than it may be\n", b"2\n",
    ]  # fmt: skip
