"""What a generation keeps beside its profiles, and generations that begin as copies of others: on every engine."""

from __future__ import annotations

import pickle
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest

from directory.engines.base import Engine, Generation, UnknownGeneration
from directory.engines.preparing import provider
from directory.profile import to_json
from tests import conformance
from tests.conftest import NewEngine
from tests.oracle import Oracle
from tests.profiles import profiles

WORDS = {f"made:{n:03d}": f'{{"said": "{n} ñ \\" \\\\"}}'.encode() for n in range(40)} | {
    "made:000": b"\xff\x00 not text",
    "npi:1": b"{}",
}


@pytest.fixture(scope="module")
def engine(new_engine: NewEngine) -> Engine:
    return new_engine("words")


def _made(engine: Engine, today: date, count: int = 30) -> Generation:
    build = engine.start_build()
    build.add(profiles(count, 3, today))
    ids = sorted(WORDS)
    build.say((id_, WORDS[id_]) for id_ in ids[:20])
    build.say((id_, WORDS[id_]) for id_ in ids[20:])
    build.keep("small", [b"one, ", b"", b"two"])
    build.keep("large", (bytes([n]) * 700_000 for n in range(6)))
    build.keep("empty", [])
    return build.finish({})


def _note(engine: Engine, generation: Generation, name: str) -> bytes:
    return b"".join(engine.kept(generation.name, name))


def test_words_and_notes_come_back_as_they_were(engine: Engine, today: date) -> None:
    made = _made(engine, today)
    assert list(engine.said(made.name)) == sorted(WORDS.items())
    wanted = ["made:007", "made:999", "npi:1", "made:000"]
    assert engine.said_of(made.name, wanted) == {id_: WORDS[id_] for id_ in wanted if id_ in WORDS}
    assert _note(engine, made, "small") == b"one, two"
    assert _note(engine, made, "large") == b"".join(bytes([n]) * 700_000 for n in range(6))
    assert _note(engine, made, "empty") == _note(engine, made, "never-kept") == b""


def test_words_are_of_finished_generations_only(engine: Engine, today: date) -> None:
    build = engine.start_build()
    for name in (build.name, "providers-00000000-20260101t000000z-0000", "../secret", "*"):
        with pytest.raises(UnknownGeneration):
            list(engine.said(name))
        with pytest.raises(UnknownGeneration):
            engine.said_of(name, ["npi:1"])
        with pytest.raises(UnknownGeneration):
            list(engine.kept(name, "small"))
        with pytest.raises(UnknownGeneration):
            engine.start_build(name)
    build.abort()


def test_what_may_not_be_said(engine: Engine) -> None:
    build = engine.start_build()
    build.say([("npi:2", b"{}")])
    with pytest.raises(ValueError, match="increas"):
        build.say([("npi:1", b"{}")])
    for name in ("", "../x", "a b", "A"):
        with pytest.raises(ValueError, match="note"):
            build.keep(name, [b"x"])
    with pytest.raises(RuntimeError):
        build.remove(["npi:2"])
    build.abort()


def test_a_copy_holds_the_same_until_it_is_changed(engine: Engine, today: date) -> None:
    first = _made(engine, today)
    same = engine.start_build(first.name).finish({"x": 1})
    assert (same.providers, dict(same.sources)) == (30, {"x": 1})
    assert list(engine.said(same.name)) == sorted(WORDS.items())
    assert _note(engine, same, "large") == _note(engine, first, "large")
    assert {g.name for g in engine.generations()} >= {first.name, same.name}


def test_a_changed_copy_answers_like_a_build_of_its_own(new_engine: NewEngine, today: date) -> None:
    engine = new_engine("copies")
    before = {p.id: p for p in profiles(400, 3, today)}
    first = conformance.build(engine, before.values())
    draw = random.Random(5)
    gone = set(draw.sample(sorted(before), 60))
    changed = {p.id: p for p in profiles(500, 4, today) if p.id not in gone and draw.random() < 0.4}
    after = {id_: p for id_, p in (before | changed).items() if id_ not in gone}
    build = engine.start_build(first.name)
    build.remove([*sorted(gone), "made:nobody"])
    build.add(changed[id_] for id_ in sorted(changed))
    assert engine.live().name == first.name
    made = build.finish({})
    assert made.providers == len(after)
    # What was copied is as it was.
    conformance.conform(engine, Oracle(list(before.values())), today, examples=15, seed=1)
    engine.promote(made.name, expected=first.name)
    conformance.conform(engine, Oracle(list(after.values())), today, examples=40, seed=2)


def test_what_is_said_last_counts(engine: Engine, today: date) -> None:
    first = _made(engine, today)
    people = profiles(30, 3, today)
    build = engine.start_build(first.name)
    build.add([replace(people[0], name="Gone again")])
    build.remove([people[0].id, people[1].id])
    build.add([replace(people[1], name="Back again")])
    build.say([("made:001", b""), ("made:005", b"new"), ("made:nobody", b""), ("made:zzz", b"first")])
    build.keep("large", [b"short"])
    build.keep("small", [b"1", b"2"])
    build.keep("small", [b"3"])
    made = build.finish({})
    engine.promote(made.name, expected=_live(engine))
    assert made.providers == 29
    assert engine.get(people[0].id) is None
    found = engine.get(people[1].id)
    assert found
    assert found[0].name == "Back again"
    expected: Mapping[str, bytes] = {**WORDS, "made:005": b"new", "made:zzz": b"first"}
    assert list(engine.said(made.name)) == sorted((i, w) for i, w in expected.items() if i != "made:001")
    assert (_note(engine, made, "large"), _note(engine, made, "small")) == (b"short", b"3")
    # Nothing of it went into what was copied.
    assert list(engine.said(first.name)) == sorted(WORDS.items())
    assert len(_note(engine, first, "large")) == 4_200_000


def _live(engine: Engine) -> str | None:
    return next((g.name for g in engine.generations() if g.live), None)


def test_words_go_with_their_generation(new_engine: NewEngine, today: date) -> None:
    engine = new_engine("pruned")
    first, second = _made(engine, today), _made(engine, today)
    engine.promote(second.name, expected=None)
    assert engine.prune(1) == [first.name]
    with pytest.raises(UnknownGeneration):
        list(engine.said(first.name))
    assert len(list(engine.said(second.name))) == len(WORDS)


def test_what_another_process_prepares_is_what_add_and_say_make(engine: Engine, today: date) -> None:
    people = sorted(profiles(30, 3, today), key=lambda p: p.id)
    build = engine.start_build()
    prepare = pickle.loads(pickle.dumps(build.prepare))
    for start in range(0, len(people), 12):
        some = [provider(to_json(p)) for p in people[start : start + 12]]
        said = [(stored["id"], data) for stored, data in some]
        build.put(pickle.loads(pickle.dumps(prepare(some, said))))
    made = build.finish({})
    assert made.providers == len(people)
    assert list(engine.said(made.name)) == [(p.id, to_json(p)) for p in people]
    engine.promote(made.name, expected=_live(engine))
    conformance.conform(engine, Oracle(people), today, examples=15, seed=3)


def test_what_is_put_must_come_after_what_is_there(engine: Engine, today: date) -> None:
    some = [provider(to_json(p)) for p in profiles(4, 3, today)]
    build = engine.start_build()
    build.put(build.prepare(some[2:], [("b", b"1")]))
    with pytest.raises(ValueError, match="must increase"):
        build.put(build.prepare(some[:2], ()))
    with pytest.raises(ValueError, match="must increase"):
        build.put(build.prepare((), [("a", b"1")]))
    build.abort()
