"""The service as it runs in earnest: gunicorn with the project's settings, in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

ROOT: Final = Path(__file__).parent.parent
START_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: its address, and the file that it writes its log to."""

    url: str
    port: int
    log: Path


@contextmanager
def served(folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[Service]:
    """Serve from the data folder `folder` on a free port; ended with its workers at the end."""
    port = _free_port()
    log = folder / "gunicorn.log"
    env = {**os.environ, "DIRECTORY_DATA": str(folder), "PORT": str(port), **(environment or {})}
    if not environment:
        env.pop("ELASTICSEARCH_URL", None)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "wsgi:app"],
            cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        _wait(port, process, log)
        yield Service(f"http://127.0.0.1:{port}", port, log)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                return
        except HTTPError:
            return
        except (URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"the service did not start:\n{log.read_text('utf-8', 'replace')[-4000:]}")


def raw(port: int, request: bytes) -> bytes:
    """The bytes answered to the bytes of a request, on a connection of its own."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        chunks = []
        while chunk := connection.recv(65_536):
            chunks.append(chunk)
        return b"".join(chunks)
