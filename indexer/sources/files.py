"""Opens input files as streams of bytes: plain, gzip, or a member of one of CMS's ZIP archives. Told apart by their
first bytes, not by their names.
"""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final, Protocol

_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_DATA_MEMBER: Final = re.compile(r"npidata_pfile_.*\.csv", re.IGNORECASE)
_HEADER_MEMBER: Final = re.compile(r".*_fileheader\.csv", re.IGNORECASE)


class Unusable(Exception):
    """A whole file that cannot be used: nothing of it may be taken, because nobody knows what is missing.

    The message is a sentence for the person who gave the file, without its path.
    """


class Readable(Protocol):
    """Bytes, from the start to the end."""

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes, or all; none at the end."""

    def readline(self, size: int = -1, /) -> bytes:
        """The rest of a line, with its end, or at most `size` bytes of it; none at the end."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file being read. `name` is what is read (the member of an archive), `stream` its bytes, `spreadsheet` whether
    they are an XLSX; `position` tells how far into the file on disk reading has come, in bytes."""

    name: str
    stream: Readable
    spreadsheet: bool
    position: Callable[[], int]


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """Open `path`. Raises Unusable for an archive that holds nothing to read; reading the stream may raise it too."""
    with path.open("rb") as raw:
        magic = raw.read(4)
        raw.seek(0)
        if magic.startswith(_GZIP):
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield Opened(path.name, _Guarded(unpacked), False, raw.tell)
        elif magic in _ZIP:
            with _archive(raw) as archive:
                if "xl/workbook.xml" in archive.namelist():
                    raw.seek(0)
                    yield Opened(path.name, raw, True, raw.tell)
                    return
                member = _member(archive)
                with _entry(archive, member) as entry:
                    sheet = member.filename.lower().endswith(".xlsx")
                    yield Opened(f"{path.name}:{member.filename}", _Guarded(entry), sheet, raw.tell)
        else:
            yield Opened(path.name, raw, False, raw.tell)


class _Guarded:
    """A compressed stream whose damage is an `Unusable`, with the words a person understands."""

    def __init__(self, inner: Readable) -> None:
        self._inner = inner

    def read(self, size: int = -1, /) -> bytes:
        with _explained():
            return self._inner.read(size)

    def readline(self, size: int = -1, /) -> bytes:
        with _explained():
            return self._inner.readline(size)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except EOFError as error:
        raise Unusable("the compressed file is cut off: its end is missing") from error
    except (OSError, zlib.error, zipfile.BadZipFile) as error:
        raise Unusable("the compressed file is damaged: it does not unpack") from error


def _archive(raw: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(raw)
    except zipfile.BadZipFile as error:
        raise Unusable("the ZIP archive is cut off or damaged: its directory, at the end, is missing") from error


def _entry(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes]:
    try:
        return archive.open(member)
    except NotImplementedError as error:
        raise Unusable(f"{member.filename} is packed in a way that is not supported here; unpack it first") from error
    except RuntimeError as error:
        raise Unusable(f"{member.filename} is encrypted") from error
    except zipfile.BadZipFile as error:
        raise Unusable("the ZIP archive is damaged") from error


def _member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The member to read of CMS's archives: the data file, else the deactivation report, else the only CSV."""
    files = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX/")]
    names = {m.filename: PurePosixPath(m.filename).name for m in files}
    tables = [m for m in files if names[m.filename].lower().endswith(".csv")]
    data = [
        m
        for m in tables
        if _DATA_MEMBER.fullmatch(names[m.filename]) and not _HEADER_MEMBER.fullmatch(names[m.filename])
    ]
    sheets = [m for m in files if names[m.filename].lower().endswith(".xlsx")]
    for found in (data, sheets, tables):
        if len(found) == 1:
            return found[0]
        if found:
            listed = ", ".join(sorted(names[m.filename] for m in found))
            raise Unusable(f"the ZIP archive holds several files to choose from ({listed}); unpack it and name one")
    listed = ", ".join(sorted(names.values())[:10]) or "nothing"
    raise Unusable(f"the ZIP archive holds no npidata_pfile_*.csv (it holds {listed})")


def matching(path: Path, endings: tuple[str, ...]) -> list[Path]:
    """The files of a folder, by name, that end in one of `endings` or one and `.gz`; `path` itself if it is a file."""
    if path.is_file():
        return [path]
    return sorted(
        file
        for file in path.iterdir()
        if file.is_file() and not file.name.startswith(".") and file.name.lower().removesuffix(".gz").endswith(endings)
    )
