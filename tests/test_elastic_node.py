"""What people rely on: a plain answer when no node can be had, and nothing left running."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from elasticsearch import ConnectionError as NoConnection
from elasticsearch import ConnectionTimeout, Elasticsearch

ROOT = Path(__file__).parents[1]
COMMAND = (sys.executable, "-m", "tests.elastic_node")


def test_names_every_way_tried_when_none_works() -> None:
    # In /tmp rather than tmp_path: root passes over caches that an ordinary user cannot reach.
    with tempfile.TemporaryDirectory(dir="/tmp") as empty:
        Path(empty).chmod(0o755)
        env = {"PATH": empty, "HOME": empty, "XDG_CACHE_HOME": empty, "ELASTICSEARCH_URL": "http://127.0.0.1:1"}
        done = subprocess.run(COMMAND, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    first, *tried = done.stderr.strip().splitlines()
    assert "no Elasticsearch node" in first
    assert [line.split(":")[0].strip() for line in tried] == ["ELASTICSEARCH_URL", "Docker", "Maven"]
    assert "http://127.0.0.1:1 does not answer" in tried[0]
    assert "no `docker` command" in tried[1]
    # Which of the two depends on the machine's Javas.
    assert "no `mvn` command" in tried[2] or "no Java 21 or newer" in tried[2]


@pytest.mark.xdist_group("elasticsearch")
def test_stops_resumes_and_leaves_nothing_when_its_owner_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ELASTICSEARCH_URL", raising=False)
    script = (
        "import sys\nfrom tests.elastic_node import running_node\n"
        "with running_node() as node:\n"
        "    print(node.url, flush=True)\n"
        "    for line in sys.stdin:\n"
        "        getattr(node, line.strip())()\n"
        "        print('done', flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdin is not None
        assert owner.stdout is not None
        url = owner.stdout.readline().strip()
        client = Elasticsearch(url, request_timeout=60, max_retries=0)

        def tell(order: str) -> None:
            assert owner.stdin is not None
            assert owner.stdout is not None
            print(order, file=owner.stdin, flush=True)
            assert owner.stdout.readline() == "done\n"

        client.index(index="kept", id="1", document={"a": 1}, refresh=True)
        tell("pause")
        with pytest.raises(ConnectionTimeout):
            client.options(request_timeout=1).info()
        tell("resume")
        client.info()
        tell("stop")
        with pytest.raises(NoConnection):
            client.info()
        tell("start")
        assert client.count(index="kept")["count"] == 1

        owner.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 60
    while True:
        try:
            client.info()
        except NoConnection:
            break
        assert time.monotonic() < deadline, "the node outlived its owner"
    client.close()
