"""Servers that are measured, each a process of its own that ends with the measurement."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import urllib3

_HOME: Final = Path(__file__).resolve().parents[2]
_SEARCHKIT: Final = Path(__file__).with_name("searchkit")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where, since when it answers (seconds from its start), and its main process."""

    url: str
    seconds_to_answer: float
    pid: int

    def memory(self) -> int:
        """Bytes of all its processes together; what several share counts once (proportional set size)."""
        return sum(_pss(pid) for pid in (self.pid, *_children(self.pid)))


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed]


def _pss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


@contextmanager
def _running(
    command: list[str], folder: Path, environment: Mapping[str, str], port: int, probe: str
) -> Iterator[Server]:
    """A process until the end of the block, from its first answer to `probe` on."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        url = f"http://127.0.0.1:{port}"
        yield Server(url, _first_answer(process, url + probe, began), process.pid)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _first_answer(process: subprocess.Popen[bytes], url: str, began: float) -> float:
    with urllib3.PoolManager(retries=False, timeout=30) as http:
        while time.perf_counter() - began < 90:
            if process.poll() is not None:
                said = process.stderr.read().decode() if process.stderr else ""
                raise RuntimeError(f"{process.args!r} ended: {said[-2000:]}")
            try:
                if http.request("GET", url).status == 200:
                    return time.perf_counter() - began
            except urllib3.exceptions.HTTPError:
                time.sleep(0.01)
    raise RuntimeError(f"{process.args!r} does not answer")


@contextmanager
def gunicorn(
    environment: Mapping[str, str], app: str = "wsgi:app", probe: str = "/api/v1/providers", workers: int = 2
) -> Iterator[Server]:
    """Our server (or another `app`) with its own settings."""
    port = free_port()
    with _running(
        [sys.executable, "-m", "gunicorn", "--access-logfile", "/dev/null", app],
        _HOME,
        {**environment, "PORT": str(port), "WEB_CONCURRENCY": str(workers)},
        port,
        probe,
    ) as server:
        yield server


@contextmanager
def searchkit(elasticsearch: str, index: str, sizes: Mapping[str, int]) -> Iterator[Server | None]:
    """Searchkit's API over `index`, with how many values each facet has; None where node or npm is missing."""
    if not shutil.which("node") or not shutil.which("npm"):
        print("no node or npm: Searchkit is left out", file=sys.stderr)
        yield None
        return
    if not (_SEARCHKIT / "node_modules").is_dir():
        subprocess.run(["npm", "install", "--no-package-lock", "--silent"], cwd=_SEARCHKIT, check=True)
    port = free_port()
    facets = ",".join(f"{name}:{size}" for name, size in sizes.items())
    command = ["node", "server.mjs", str(port), elasticsearch, index, facets]
    with _running(command, _SEARCHKIT, {"NODE_ENV": "production"}, port, "/search") as server:
        yield server
