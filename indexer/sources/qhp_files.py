"""Which files a marketplace issuer's index means, and the plans among them.

An index lists addresses; nothing is downloaded: the files lie beside it, under the names at the end of the addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from directory.text import fold
from directory.vocabulary import vocabulary
from indexer.insurers import insurer
from indexer.sources.files import Unusable, matching, opened
from indexer.sources.json_stream import Item, items

_ENDINGS: Final = (".json",)
_HIOS: Final = re.compile(r"(\d{5})[A-Z]{2}\d{7}", re.ASCII)


@dataclass(frozen=True, slots=True)
class IndexFiles:
    """The files of an issuer; `index` is None where its folder has none."""

    index: Path | None
    plans: tuple[Path, ...]
    providers: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan as it is sold: `company` is a code of the insurers where its name tells one; `years` in which it is."""

    name: str
    company: str | None
    years: tuple[int, ...]


def found(path: Path) -> IndexFiles:
    """The files of an index, or of a folder with an index, or with files of plans and providers by name.

    Raises Unusable where a file is missing, naming it and its address.
    """
    if path.is_file():
        return _indexed(path)
    files = matching(path, _ENDINGS)
    named = [f for f in files if re.fullmatch(r"index\.json(\.gz)?", f.name, re.IGNORECASE)]
    if named:
        return _indexed(named[0])
    plans = tuple(f for f in files if "plan" in f.name.lower())
    providers = tuple(f for f in files if "provider" in f.name.lower() and f not in plans)
    if not providers:
        raise Unusable("the folder has neither an index.json nor a file with providers in its name")
    return IndexFiles(None, plans, providers)


def _indexed(index: Path) -> IndexFiles:
    with opened(index) as file:
        content = list(items(file.stream))
    value = content[0].value if content and not content[0].listed else None
    if not isinstance(value, dict) or not _addresses(value, "provider_urls"):
        raise Unusable(f"{index.name} is no index: an object with the lists provider_urls and plan_urls is expected")
    return IndexFiles(
        index,
        *(
            tuple(_beside(index, address) for address in _addresses(value, name))
            for name in ("plan_urls", "provider_urls")
        ),
    )


def _addresses(index: Mapping[str, Any], name: str) -> list[str]:
    value = index.get(name)
    return list(dict.fromkeys(a for a in value if isinstance(a, str))) if isinstance(value, list) else []


def _beside(index: Path, address: str) -> Path:
    """The file of an address beside its index: under the end of the address's path, the longest that is there."""
    parts = [p for p in PurePosixPath(unquote(urlsplit(address).path)).parts if p not in ("/", "..", ".")]
    for start in range(len(parts)):
        for ending in ("", ".gz"):
            file = index.parent.joinpath(*parts[start:-1], parts[-1] + ending)
            if file.is_file():
                return file
    name = parts[-1] if parts else address
    raise Unusable(f"{name} is missing beside {index.name} (nothing is downloaded; its address is {address})")


def read_plans(files: Sequence[Path]) -> dict[str, Plan]:
    """Plan id -> plan, of all `files`; of an id given twice the later counts."""
    plans: dict[str, Plan] = {}
    for file in files:
        for _, entry in entries(file, ("plans",)):
            id_, name = str(entry.get("plan_id") or "").strip(), entry.get("marketing_name")
            if id_ and isinstance(name, str) and name.strip():
                plain = " ".join(name.split())[:200]
                plans[id_] = Plan(plain, company_of(plain), years_of(entry))
    return plans


def entries(file: Path, keys: Sequence[str]) -> Iterator[tuple[Item, Mapping[str, Any]]]:
    """The objects of a list in a file; anything else in it as an empty object. Raises Unusable with the file's name."""
    try:
        with opened(file) as read:
            for item in items(read.stream, keys):
                yield item, item.value if isinstance(item.value, dict) else {}
    except Unusable as error:
        raise Unusable(f"{file.name}: {error}") from error


def years_of(entry: Mapping[str, Any]) -> tuple[int, ...]:
    """The years of a plan, or of a provider's part in it."""
    years = entry.get("years")
    stated = years if isinstance(years, list) else [years]
    return tuple(int(str(y)) for y in stated if re.fullmatch(r"(?:19|20)\d\d", str(y), re.ASCII))


def company_of(name: str) -> str | None:
    """The company of a plan by its marketing name, which begins with it: `Ambetter Balanced Care 4`."""
    if code := insurer(name):
        return code
    words, known = name.split(), vocabulary("insurers")
    starts = (" ".join(words[:end]) for end in range(len(words) - 1, 0, -1))
    return next((code for start in starts if len(start) > 3 and (code := known.find(start))), None)


def payer(plan_id: str, plan: Plan) -> tuple[str, str]:
    """What identifies who sells a plan, and a name for people: the issuer at the beginning of a HIOS id, which stays
    when plans get new names; else the company; else the plan."""
    name = vocabulary("insurers").label(plan.company) if plan.company else plan.name
    if issuer := _HIOS.match(plan_id):
        return issuer[1], f"{name} (issuer {issuer[1]})"
    return plan.company or fold(plan.name), name
