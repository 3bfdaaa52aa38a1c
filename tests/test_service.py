"""The service under gunicorn, with requests that no client library would send, and what it writes to its log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from directory.engines.embedded import EmbeddedEngine
from tests import conformance
from tests.profiles import profiles
from tests.served import Service, raw, served

SECRET = "heartbroken-and-sleepless"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, today: date) -> Iterator[Service]:
    """A service over 60 made-up profiles."""
    folder = tmp_path_factory.mktemp("service")
    conformance.build(EmbeddedEngine(folder), profiles(60, 9, today))
    with served(folder) as running:
        yield running


def _ask(service: Service, target: bytes) -> tuple[int, str, Any]:
    """(status, content type, JSON body) of a raw GET."""
    answer = raw(service.port, b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    return int(lines[0].split()[1]), headers["content-type"], json.loads(body)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        (b"q=%ff%fe", "q"),
        (b"q=%00", "q"),
        (b"q=a%ED%A0%80", "q"),
        (b"modality=%c3%28", "modality"),
        (b"q=" + b"a" * 10_240, "q"),
        (b"q=" + b"%C3%A9" * 5_000, "q"),
    ],
    ids=["utf8", "nul", "surrogate", "code", "10kB", "30kB"],
)
def test_bad_bytes_are_explained(service: Service, query: bytes, parameter: str) -> None:
    status, kind, body = _ask(service, b"/api/v1/providers?" + query)
    assert (status, kind) == (400, "application/problem+json")
    assert [e["parameter"] for e in body["errors"]] == [parameter]


@pytest.mark.parametrize("target", [b"/api/v1/providers?q=\xe9", "/api/v1/providers?q=é".encode(), b"nonsense"])
def test_what_is_no_request_is_explained_too(service: Service, target: bytes) -> None:
    status, kind, body = _ask(service, target)
    assert (status, kind, body["status"]) == (400, "application/problem+json", 400)


def test_an_endless_address_is_bounded(service: Service) -> None:
    status, kind, _ = _ask(service, b"/api/v1/providers?q=" + b"a" * 100_000)
    assert (status, kind) == (413, "application/problem+json")


def test_it_answers_plain_searches(service: Service) -> None:
    status, kind, body = _ask(service, b"/api/v1/providers?page_size=3")
    assert (status, kind, body["total"]) == (200, "application/json", 60)


def test_what_was_searched_is_in_no_log(service: Service) -> None:
    for target in (
        f"/api/v1/providers?q={SECRET}",
        f"/search?q={SECRET}",
        f"/api/v1/providers?nonsense={SECRET}",
        f"/api/v1/providers/npi:1?q={SECRET}",
    ):
        head = f"GET {target} HTTP/1.1\r\nHost: x\r\nReferer: http://x/?q={SECRET}\r\nConnection: close\r\n\r\n"
        raw(service.port, head.encode())
    raw(service.port, f"GET /search?q=\xe9{SECRET} HTTP/1.1\r\nHost: x\r\n\r\n".encode("latin-1"))
    log = Path(service.log).read_text("utf-8")
    assert '"GET /search"' in log
    assert SECRET not in log
