"""A changed copy of an embedded generation holds what a build of the same providers does, to the byte."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from directory.engines import preparing
from directory.engines.embedded import EmbeddedEngine
from directory.profile import Profile
from tests.profiles import profile

TODAY = date(2026, 11, 23)


def people(numbers: Sequence[int], seed: int) -> list[Profile]:
    found = (profile(Random(1000 * seed + n), n, TODAY) for n in numbers)
    return sorted(found, key=lambda p: p.id)


def contents(folder: Path) -> dict[str, Any]:
    """The files of a generation, but for its name and for what only a copy reads. Of the texts, in which the order of
    tokens is free, each token's members and points."""
    found: dict[str, Any] = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.parent.name != "text" and path.name not in ("manifest.json", "rows.bin")
    }
    text = folder / "text"
    tokens, ends, places = (
        (text / "tokens.bin").read_bytes(),
        *(np.load(text / f"{n}.npy") for n in ("tokens", "places")),
    )
    members, impacts = ((text / f"{n}.bin").read_bytes() for n in ("members", "impacts"))
    member_ends, impact_ends, largest = (np.load(text / f"{n}.npy") for n in ("members", "impacts", "largest"))
    for i, place in enumerate(places.tolist()):
        found[f"text {tokens[ends[i] : ends[i + 1]].decode()}"] = (
            members[member_ends[place] : member_ends[place + 1]],
            impacts[2 * impact_ends[place] : 2 * impact_ends[place + 1]],
            largest[place].tobytes(),
        )
    return found


@pytest.mark.parametrize(
    ("first", "gone", "changed", "new"),
    [
        (range(40), [3, 4, 39], [0, 5, 20], [100, 101]),
        (range(40), range(40), [], []),
        (range(40), [], range(40), []),
        ([], [], [], range(9)),
        (range(14), range(7), [], range(50, 80)),
        (range(40), [], [], []),
    ],
)
def test_a_copy_is_as_if_built(
    first: Sequence[int],
    gone: Sequence[int],
    changed: Sequence[int],
    new: Sequence[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(preparing, "BATCH", 7)
    engine = EmbeddedEngine(tmp_path / "a")
    before, after = people(first, 1), people([*changed, *new], 2)
    made = engine.start_build()
    made.add(before)
    base = made.finish({}).name
    left = [p.id for p in people(gone, 1)]
    copy = engine.start_build(base)
    copy.add(after)
    copy.remove(left)
    changed_name = copy.finish({}).name
    whole = engine.start_build()
    kept = {p.id: p for p in before if p.id not in left} | {p.id: p for p in after}
    whole.add(kept[id_] for id_ in sorted(kept))
    folder = tmp_path / "a" / "generations"
    wanted = contents(folder / whole.finish({}).name)
    assert len(wanted) > 25
    assert contents(folder / changed_name) == wanted
    # And once more, from the copy.
    again = engine.start_build(changed_name)
    assert contents(folder / again.finish({}).name) == wanted
    engine.close()
