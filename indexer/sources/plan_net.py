"""Plan-Net: a health plan's provider directory in FHIR (HL7 Da Vinci PDEX Plan-Net, R4). See `docs/sources.md`.

Given is a folder of NDJSON files, as bulk export writes them, or of JSON files, each a Bundle or one resource; or one
such file. A row is a Practitioner. Everything is joined in a temporary database on disk.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson

from directory.processes import preload, spread
from indexer.report import Counts, Issue
from indexer.sources import plan_net_person
from indexer.sources.base import Reject
from indexer.sources.fhir import ID, Resource, objects, one, text
from indexer.sources.files import Readable, Unusable, matching, opened
from indexer.sources.json_stream import items
from indexer.sources.kept import Listing
from indexer.sources.plan_net_join import PRACTITIONER, READ, Join, Place
from indexer.sources.plan_net_parts import Made, Remark, RoleFound
from indexer.sources.plan_net_person import NAME, chosen_roles
from indexer.sources.profiles_lines import Lines

SUPERSEDED: Final = "superseded"
_ENDINGS: Final = (".ndjson", ".jsonl", ".json")
_PROGRESS_EVERY: Final = 500
_AT_ONCE: Final = 500
"""People who are made into profiles by a process at once."""

_Waiting: TypeAlias = tuple[Place, list[tuple[Place, Remark]]]

preload(plan_net_person.__name__)

_KIND: Final = re.compile(r'"resourceType"\s*:\s*"(\w+)"')


class PlanNetSource(Listing):
    """See `base.Source`. What several directories, or several entries with one NPI, say of a person is joined."""

    name = NAME
    takes_folder = True

    def __init__(self, today: date) -> None:
        super().__init__()
        self.counts = Counts()
        words = ("credential", "specialty", "insurer", "language")
        self._unmapped: dict[str, Counter[str]] = {name: Counter() for name in words}
        self.unmapped: Mapping[str, Counter[str]] = self._unmapped
        self._today = today

    def files(self, path: Path) -> list[Path]:
        """See `base.Source.files`."""
        return matching(path, _ENDINGS)

    def read(self, path: Path, reject: Reject) -> Iterator[int]:
        """See `base.Source.read`: one directory, whose references are looked for in its own files."""
        files = self.files(path)
        if not files:
            raise Unusable(f"the folder has no file ending in {', '.join(_ENDINGS)}, or one of them and .gz")
        self._begin(path)
        join, log = Join(self._today), _Log(files, reject)
        try:
            done = 0
            for number, file in enumerate(files):
                try:
                    for position in self._take_file(file, number, join, log):
                        yield done + position
                except Unusable as error:
                    raise Unusable(f"{file.name}: {error}") from error
                done += file.stat().st_size
            if not log.practitioners:
                raise Unusable("there is no Practitioner in it")
            join.settle()
            for _ in self._people(join, log):
                yield done
        finally:
            join.close()

    # Taking resources in

    def _take_file(self, path: Path, number: int, join: Join, log: _Log) -> Iterator[int]:
        with opened(path) as file:
            document = path.name.removesuffix(".gz").endswith(".json")
            found = _documents(file.stream) if document else self._lines(file.stream, number, log)
            for count, (line, value, uri) in enumerate(found, start=1):
                self._take(value, Place(number, line), uri, join, log)
                if count % _PROGRESS_EVERY == 0:
                    yield file.position()

    def _lines(self, stream: Readable, number: int, log: _Log) -> Iterator[tuple[int, Any, str]]:
        for number_, raw in Lines(stream).raw():
            try:
                value = orjson.loads(raw)
            except orjson.JSONDecodeError as error:
                self._take_broken(raw.decode("utf-8", "surrogateescape"), Place(number, number_), error.msg, log)
            else:
                yield number_, value, ""

    def _take_broken(self, line: str, place: Place, mistake: str, log: _Log) -> None:
        if not line.strip():
            return
        said = "the line is cut off or no JSON" if line.endswith("\n") else "the file is cut off within its last line"
        kind = _KIND.search(line)
        remark = Remark("", line[:100], "not_json", f"{said}: {mistake}")
        if kind is None or kind[1] == PRACTITIONER:
            self._refuse(place, remark, log)
        else:
            log.say(place, remark)

    def _take(self, value: Any, place: Place, uri: str, join: Join, log: _Log) -> None:
        """Take in one resource and those contained in it."""
        kind = text(value, "resourceType") if isinstance(value, dict) else ""
        if not kind:
            message = "expected a FHIR resource: an object with its resourceType"
            self._refuse(place, Remark("resourceType", str(value)[:100], "not_a_resource", message), log)
            return
        if kind == "Bundle":
            for entry in objects(value, "entry"):
                self._take(entry.get("resource"), place, text(entry, "fullUrl"), join, log)
            return
        if kind not in READ:
            log.passed_over(place, kind)
            return
        self._take_known({**value, "id": text(value, "id") or _id_of(uri)}, kind, place, uri, join, log)

    def _take_known(self, value: Resource, kind: str, place: Place, uri: str, join: Join, log: _Log) -> None:
        if not ID.fullmatch(text(value, "id")):
            remark = Remark(
                "id", str(value.get("id", ""))[:100], "bad_id", "expected letters, digits, . and -, at most 64"
            )
            if kind == PRACTITIONER:
                self._refuse(place, remark, log)
            else:
                log.say(place, remark)
            return
        owner = f"{kind}/{text(value, 'id')}"
        for contained in objects(value, "contained"):
            inner = {**contained, "id": f"{text(value, 'id')}.{text(contained, 'id')}"}
            self._take(inner, place, f"{owner}#{text(contained, 'id')}", join, log)
        log.practitioners += kind == PRACTITIONER
        if beaten := join.keep(value, place, uri):
            if kind == PRACTITIONER:
                self.counts.skip(SUPERSEDED)
            else:
                log.say(
                    beaten, Remark("id", text(value, "id"), "given_twice", "another of this id counts, last written")
                )

    # Deciding

    def _people(self, join: Join, log: _Log) -> Iterator[None]:
        for role, place in join.roles_of_nobody():
            shown = text(one(role, "practitioner"), "reference")
            message = "no such Practitioner is in the directory; the role is passed over"
            log.say(place, Remark("practitioner", shown, "dangling_reference", message))
        self.counts.skip(plan_net_person.NO_CODE, join.others())
        self._unmapped["specialty"].update(join.unknown_specialties())
        waiting: deque[_Waiting] = deque()
        people = self._chosen(join, waiting)
        for made in spread(partial(plan_net_person.made, self._today), people, _AT_ONCE):
            for one_ in made:
                place, remarks = waiting.popleft()
                for where, remark in remarks:
                    log.say(where, remark)
                self._take_person(one_, place, log)
            yield

    def _chosen(self, join: Join, waiting: deque[_Waiting]) -> Iterator[tuple[bytes, list[RoleFound]]]:
        """Those who are not skipped, with their roles; where each stands, and what is remarked upon the roles, is put
        into `waiting`."""
        for listed in join.practitioners():
            roles = [orjson.loads(body) for body, _ in listed.roles]
            skipped, chosen = chosen_roles(orjson.loads(listed.practitioner), roles, self._today)
            if skipped:
                self.counts.skip(skipped)
                continue
            remarks: list[tuple[Place, Remark]] = []
            found = [
                join.role(body, role, _noted(place, remarks))
                for role, (body, place) in zip(roles, listed.roles, strict=True)
                if role in chosen
            ]
            waiting.append((listed.place, remarks))
            yield listed.practitioner, found

    def _take_person(self, made: Made, place: Place, log: _Log) -> None:
        for remark in made.remarks:
            log.say(place, remark)
        if made.mistake:
            self._refuse(place, made.mistake, log)
            return
        for field, word in made.unmapped:
            self._unmapped[field][word] += 1
        self._keep(made.id, made.word, made.payers)
        self.counts.index(1)

    def _refuse(self, place: Place, remark: Remark, log: _Log) -> None:
        self.counts.reject(remark.code)
        log.say(place, remark)


def _noted(place: Place, remarks: list[tuple[Place, Remark]]) -> Callable[[Remark], None]:
    return lambda remark: remarks.append((place, remark))


def _id_of(uri: str) -> str:
    """What a resource without an id is called: the end of its `urn:uuid:` or address in the Bundle."""
    return uri.rpartition(":")[2].rpartition("/")[2]


def _documents(stream: Readable) -> Iterator[tuple[int, Any, str]]:
    """The resources of a JSON document: the entries of a Bundle, the items of a list, or the one that it is."""
    for item in items(stream, ("entry",)):
        value = item.value
        if item.listed and isinstance(value, dict) and "resourceType" not in value:
            yield item.line, value.get("resource"), text(value, "fullUrl")
        else:
            yield item.line, value, ""


class _Log:
    """Turns remarks into issues of the files of one directory; `practitioners` counts those met."""

    def __init__(self, files: list[Path], reject: Reject) -> None:
        self.practitioners = 0
        self._files = files
        self._reject = reject
        self._kinds: set[tuple[int, str]] = set()

    def say(self, place: Place, remark: Remark) -> None:
        """Report what is wrong with the resource at `place`."""
        file = self._files[place.file].name
        value, field = remark.value.encode("utf-8", "replace").decode(), remark.field or None
        self._reject(Issue(NAME, file, place.line, field, value, remark.code, remark.message))

    def passed_over(self, place: Place, kind: str) -> None:
        """Report a kind of resource that is not read, once a file; those that a directory has anyway need no word."""
        if kind not in _KNOWN and (place.file, kind) not in self._kinds:
            self._kinds.add((place.file, kind))
            message = "resources of this type are passed over"
            self.say(place, Remark("resourceType", kind, "unknown_resource_type", message))


_KNOWN: Final = frozenset({"Endpoint", "OrganizationAffiliation", "OperationOutcome"})
