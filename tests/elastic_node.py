"""A real Elasticsearch node for the tests, started and ended here.

    python -m tests.elastic_node [--port N]      # prints the URL, runs until Ctrl-C or TERM

    with running_node() as node:
        node.url
        node.pause(); node.resume()              # hung: connections open, no answers
        node.stop(); node.start()                # away and back: same port, same data

Ways, in this order: the cluster at `ELASTICSEARCH_URL` (left as it is: it can't be paused or stopped), Docker
with the official image, the unmodified distribution inside an archive on Maven Central (fetched once into a
per-user cache, about 950 MB down and 200 MB kept; needs `mvn` and Java 21 or newer). A node that was started
here also ends when its owner is killed hard.

Under pytest-xdist every worker would start a node of its own: give tests that use one the mark
`xdist_group("elasticsearch")` and run with `--dist loadgroup`.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from elasticsearch import ApiError, Elasticsearch, TransportError

from tests.elastic_distribution import VERSION, WayFailedError, distribution, find_java, ordinary_user

IMAGE: Final = f"docker.elastic.co/elasticsearch/elasticsearch:{VERSION}"
# A node that lives for minutes is better off without the optimizing compiler: 20 s of processor time to start
# instead of 34. Benchmarks set ES_JAVA_OPTS.
JAVA_OPTIONS: Final = "-Xms1g -Xmx1g -XX:TieredStopAtLevel=1"
START_SECONDS: Final = 300
STOP_SECONDS: Final = 30


class NodeUnavailableError(RuntimeError):
    """No way to a node works; the message lists each that was tried and why it failed."""


class Node(ABC):
    """A running single-node cluster. `url` is its HTTP address, `way` says in words where it came from."""

    url: str
    way: str

    @abstractmethod
    def stop(self) -> None:
        """End the node in an orderly way; its data and port are kept for `start`."""

    @abstractmethod
    def start(self) -> None:
        """Start the node, return once it answers; raises `NodeUnavailableError` with the end of its log."""

    @abstractmethod
    def pause(self) -> None:
        """Freeze every process of the node: connections are accepted by the system, nothing is answered."""

    @abstractmethod
    def resume(self) -> None:
        """Let a paused node go on."""

    @abstractmethod
    def close(self) -> None:
        """End the node and delete its data."""


class _GivenNode(Node):
    """A cluster that others run."""

    def __init__(self, url: str) -> None:
        self.url, self.way = url, "ELASTICSEARCH_URL"

    def _refuse(self) -> None:
        raise RuntimeError("the cluster of ELASTICSEARCH_URL is not ours to stop: unset it for these tests")

    stop = start = pause = resume = _refuse

    def close(self) -> None:
        pass


class _DockerNode(Node):
    """The official image in a container of its own."""

    def __init__(self, port: int) -> None:
        self.way, self.url = f"Docker ({IMAGE})", f"http://127.0.0.1:{port}"
        self._name = f"provider-directory-{secrets.token_hex(4)}"
        settings = {
            "discovery.type": "single-node",
            "xpack.security.enabled": "false",
            "cluster.routing.allocation.disk.threshold_enabled": "false",
            "ES_JAVA_OPTS": os.environ.get("ES_JAVA_OPTS", JAVA_OPTIONS),
        }
        env = [arg for k, v in settings.items() for arg in ("-e", f"{k}={v}")]
        publish = f"127.0.0.1:{port}:9200"
        self._guard = _Guard("docker", self._name)
        try:
            _docker("run", "-d", "--name", self._name, "-p", publish, *env, IMAGE, seconds=900)
            _wait_until_up(port)
        except BaseException:
            self.close()
            raise

    def stop(self) -> None:
        _docker("stop", self._name)

    def start(self) -> None:
        _docker("start", self._name)
        _wait_until_up(int(self.url.rpartition(":")[2]))

    def pause(self) -> None:
        _docker("pause", self._name)

    def resume(self) -> None:
        _docker("unpause", self._name)

    def close(self) -> None:
        subprocess.run(["docker", "rm", "-f", "-v", self._name], capture_output=True, check=False)
        self._guard.dismiss()


class _ProcessNode(Node):
    """The distribution at `home`, run by `java`, with configuration, data and logs in a temporary folder."""

    def __init__(self, home: Path, java: Path, port: int) -> None:
        self.way, self.url = f"{home.name} on {java}", f"http://127.0.0.1:{port}"
        self._home, self._java, self._port = home, java, port
        self._owner = ordinary_user()
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: _Guard | None = None
        self._folder = Path(tempfile.mkdtemp(prefix="provider-directory-node-"))
        try:
            self._prepare()
            self.start()
        except BaseException:
            self.close()
            raise

    def _prepare(self) -> None:
        shutil.copytree(self._home / "config", self._folder / "config")
        for name in ("data", "logs", "tmp"):
            (self._folder / name).mkdir()
        settings = {
            "cluster.name": "directory-test",
            "node.name": "n1",
            "discovery.type": "single-node",
            "path.data": str(self._folder / "data"),
            "path.logs": str(self._folder / "logs"),
            "http.host": "127.0.0.1",
            "http.port": self._port,
            "transport.host": "127.0.0.1",
            "transport.port": _free_port(),
            "xpack.security.enabled": False,
            "cluster.routing.allocation.disk.threshold_enabled": False,
        }
        lines = "".join(f"{k}: {json.dumps(v)}\n" for k, v in settings.items())
        (self._folder / "config" / "elasticsearch.yml").write_text(lines, encoding="utf-8")
        if self._owner:
            for path in (self._folder, *self._folder.rglob("*")):
                os.chown(path, self._owner.pw_uid, self._owner.pw_gid)

    def start(self) -> None:
        env = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "LC_ALL", "TZ")} | {
            "HOME": str(self._folder),
            "HOSTNAME": "localhost",
            "JAVA": str(self._java / "bin" / "java"),
            "ES_JAVA_HOME": str(self._java),
            "ES_HOME": str(self._home),
            "ES_PATH_CONF": str(self._folder / "config"),
            "ES_TMPDIR": str(self._folder / "tmp"),
            "ES_DISTRIBUTION_TYPE": "tar",
            "JAVA_TYPE": "ES_JAVA_HOME",
            "ES_JAVA_OPTS": os.environ.get("ES_JAVA_OPTS", JAVA_OPTIONS),
        }
        launcher = "org.elasticsearch.server.launcher.ServerLauncher"
        with (self._folder / "console.log").open("ab") as log:
            self._process = subprocess.Popen(
                [env["JAVA"], "-cp", f"{self._home}/lib/tools/server-launcher/*", launcher],
                cwd=self._home,  # where it looks for its modules
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=self._owner.pw_uid if self._owner else None,
                group=self._owner.pw_gid if self._owner else None,
                extra_groups=[] if self._owner else None,
            )
        self._guard = _Guard("group", str(self._process.pid), str(self._folder))
        try:
            _wait_until_up(self._port, self._process)
        except NodeUnavailableError as error:
            log_end = (self._folder / "console.log").read_text("utf-8", "replace").splitlines()[-8:]
            raise NodeUnavailableError("\n".join([str(error), *(line[:300] for line in log_end)])) from None

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        self._end(signal.SIGKILL)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            raise RuntimeError("the node is stopped")
        os.killpg(self._process.pid, number)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            _end_group(self._process.pid, number, self._process)
            self._process = None
        if self._guard is not None:
            self._guard.dismiss()
            self._guard = None


class _Guard:
    """A process that outlives its owner to end what that started, should the owner be killed."""

    def __init__(self, *what: str) -> None:
        command = [sys.executable, "-m", "tests.elastic_node", "guard", *what]
        root = Path(__file__).parents[1]
        # A session of its own, so that Ctrl-C in the terminal doesn't reach it.
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=root, start_new_session=True)

    def dismiss(self) -> None:
        """The owner ended it all itself."""
        self._process.communicate(b"done")


def _guard(kind: str, name: str, folder: str = "") -> None:
    # Standard input ends when the owner does, however it ends.
    if sys.stdin.buffer.read() == b"done":
        return
    if kind == "docker":
        subprocess.run(["docker", "rm", "-f", "-v", name], capture_output=True, check=False)
    else:
        _end_group(int(name), signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


def _end_group(group: int, number: signal.Signals, child: subprocess.Popen[bytes] | None = None) -> None:
    """Signal a process group and wait until it is gone; killed when that takes over `STOP_SECONDS`."""
    deadline = time.monotonic() + STOP_SECONDS
    try:
        os.killpg(group, number)
        os.killpg(group, signal.SIGCONT)
        while True:
            if child is not None:
                child.poll()
            os.killpg(group, 0)
            if time.monotonic() > deadline:
                if number is signal.SIGKILL:
                    return
                _end_group(group, signal.SIGKILL, child)
                return
            time.sleep(0.05)
    except (ProcessLookupError, PermissionError):  # macOS says the latter of a zombie
        pass
    finally:
        if child is not None:
            child.wait(STOP_SECONDS)


def _docker(*args: str, seconds: int = 120) -> str:
    """Standard output of a docker command; raises `WayFailedError` with its last complaint."""
    try:
        done = subprocess.run(["docker", *args], capture_output=True, text=True, timeout=seconds, check=False)
    except FileNotFoundError:
        raise WayFailedError("no `docker` command") from None
    except subprocess.TimeoutExpired:
        raise WayFailedError(f"`docker {args[0]}` took over {seconds} s") from None
    if done.returncode:
        raise WayFailedError(f"`docker {args[0]}`: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
    return done.stdout.strip()


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def _wait_until_up(port: int, process: subprocess.Popen[bytes] | None = None) -> None:
    """Return once the node on `port` has a master and its shards; else `NodeUnavailableError`."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            raise NodeUnavailableError(f"the node ended at once with exit status {process.returncode}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", "/_cluster/health?wait_for_status=yellow&timeout=5s")
            if connection.getresponse().status == 200:
                return
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.2)
    raise NodeUnavailableError(f"the node did not answer within {START_SECONDS} s")


def _given(port: int) -> Node:
    del port
    url = os.environ.get("ELASTICSEARCH_URL")
    if not url:
        raise WayFailedError("not set")
    options: dict[str, Any] = {
        "api_key": os.environ.get("ELASTICSEARCH_API_KEY"),
        "ca_certs": os.environ.get("ELASTICSEARCH_CA_CERTS"),
    }
    options = {name: value for name, value in options.items() if value}
    try:
        with Elasticsearch(url.split(","), request_timeout=5, max_retries=0, **options) as client:
            client.info()
    except (ApiError, TransportError, ValueError) as error:
        raise WayFailedError(f"{url} does not answer as Elasticsearch does: {str(error)[:200]}") from None
    return _GivenNode(url)


def _by_docker(port: int) -> Node:
    if not _docker("info", "--format", "{{.ServerVersion}}", seconds=20):
        raise WayFailedError("a `docker` command, but no engine")
    return _DockerNode(port)


def _by_maven(port: int) -> Node:
    java = find_java()
    return _ProcessNode(distribution(), java, port)


@contextmanager
def running_node(port: int | None = None) -> Iterator[Node]:
    """A node that answers, ended on leaving. `port` is chosen when not given.

    Raises `NodeUnavailableError`, saying each way that was tried and why it failed.
    """
    tried: list[str] = []
    node: Node | None = None
    for name, way in (("ELASTICSEARCH_URL", _given), ("Docker", _by_docker), ("Maven", _by_maven)):
        try:
            node = way(port or _free_port())
            break
        except (WayFailedError, NodeUnavailableError, OSError) as error:
            tried.append(f"{name}: {error}")
    if node is None:
        raise NodeUnavailableError("\n  ".join(["no Elasticsearch node for the tests; tried", *tried]))
    try:
        yield node
    finally:
        node.close()


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.elastic_node", description="Run a node for the tests.")
    parser.add_argument("--port", type=int, help="HTTP port; a free one when left out")
    port = parser.parse_args().port
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with running_node(port) as node:
            print(f"from {node.way}", file=sys.stderr)
            print(node.url, flush=True)
            while True:
                signal.pause()
    except KeyboardInterrupt:
        pass
    except NodeUnavailableError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    if sys.argv[1:2] == ["guard"]:
        _guard(*sys.argv[2:])
    else:
        _main()
