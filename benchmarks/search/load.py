"""Sends requests and takes times: with wrk over HTTP, or right into a WSGI application."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from benchmarks.search.peers import Request

_LUA = Path(__file__).with_name("rotate.lua")


@dataclass(frozen=True, slots=True)
class Load:
    """One run of wrk: requests a second, milliseconds at the median and at 95%, and answers that were no answers."""

    rate: float
    p50: float
    p95: float
    errors: int


@dataclass(slots=True)
class Target:
    """Whom to ask (`url`), and what by turns. It goes on where it left off, so that a second run repeats nothing."""

    name: str
    url: str
    requests: Sequence[Request]
    content_type: str = "application/json"
    runs: list[Load] = field(default_factory=list)
    _file: Path | None = None
    _at: int = 0

    def _lines(self) -> Path:
        if self._file is None:
            lines = [f"{r.method}\t{r.path}\t{r.body.decode().replace(chr(10), chr(30))}\n" for r in self.requests]
            with tempfile.NamedTemporaryFile("w", suffix=".requests", delete=False) as out:
                out.writelines(lines)
            self._file = Path(out.name)
        return self._file

    def run(self, connections: int, seconds: float) -> Load:
        """Send requests over `connections` for `seconds`."""
        wrk = shutil.which("wrk")
        if wrk is None:
            raise SystemExit("wrk is needed: apt-get install wrk")
        command = [wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(_LUA), self.url]
        command += ["--", str(self._lines()), str(self._at), self.content_type]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        result = next(line for line in out.splitlines() if line.startswith("RESULT")).split()
        sent, micros, p50, p95, errors = map(int, result[1:])
        self._at += sent
        load = Load(1e6 * sent / max(1, micros), p50 / 1000, p95 / 1000, errors)
        self.runs.append(load)
        return load

    def close(self) -> None:
        """Remove the file of requests."""
        if self._file:
            self._file.unlink(missing_ok=True)


def middle(runs: Sequence[Load]) -> Load:
    """The medians over `runs`; all their errors."""
    return Load(
        statistics.median(r.rate for r in runs),
        statistics.median(r.p50 for r in runs),
        statistics.median(r.p95 for r in runs),
        sum(r.errors for r in runs),
    )


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of one call: wall clock at the median and at 95%, and the processor's on average."""

    p50: float
    p95: float
    cpu: float


def times(walls: Sequence[float], cpu: float) -> Times:
    """`walls` and the whole `cpu`, both in seconds, as milliseconds a call."""
    ordered = sorted(walls)
    return Times(
        1000 * statistics.median(ordered), 1000 * ordered[int(0.95 * (len(ordered) - 1))], 1000 * cpu / len(ordered)
    )


def timed(call: Callable[[Any], object], items: Sequence[Any]) -> Times:
    """How long `call` takes for each of `items`."""
    walls = []
    began = time.process_time()
    for item in items:
        start = time.perf_counter()
        call(item)
        walls.append(time.perf_counter() - start)
    return times(walls, time.process_time() - began)


def environ(path: str) -> dict[str, Any]:
    """What a WSGI server tells of a GET of `path`."""
    path, _, query = path.partition("?")
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def call(app: Callable[..., Any], path: str) -> bytes:
    """The body of the answer of a WSGI application to a GET of `path`. Raises RuntimeError for anything but 200."""
    told: list[str] = []
    body = app(environ(path), lambda status, headers, exc_info=None: told.append(status))
    try:
        answer = b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()
    if not told[0].startswith("200"):
        raise RuntimeError(f"{told[0]} for {path}: {answer[:200]!r}")
    return answer
