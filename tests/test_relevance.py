"""The harness that judges results: it reads what it should, and its figures can fail."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from random import Random

import pytest

from benchmarks.relevance import asking, grading, judgements, measures
from benchmarks.relevance.asking import TODAY, Answer
from benchmarks.relevance.extraction import compare
from benchmarks.relevance.grading import Corpus
from benchmarks.relevance.judgements import Judgement, JudgementError
from benchmarks.relevance.scores import Scored, difference, figures, score, spelling
from tests.elastic_node import Node

PROFILES = 1500


@pytest.fixture(scope="module")
def judged() -> tuple[Judgement, ...]:
    """All judged queries."""
    return judgements.load()


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """A small fictional corpus."""
    return Corpus(asking.profiles(PROFILES), TODAY)


def answer(ids: tuple[str, ...], filters: dict[str, list[str]] | None = None) -> Answer:
    return Answer(ids, len(ids), filters or {}, (), (), False)


# The figures can fail


def test_the_ideal_order_scores_one_and_a_random_one_low(judged: tuple[Judgement, ...], corpus: Corpus) -> None:
    everybody, random = [p.id for p in corpus.profiles], Random(1)
    by_q = {j.q: corpus.grades(j) for j in judged}

    def best(j: Judgement) -> Answer:
        return answer(tuple(everybody[i] for i in (-by_q[j.q]).argsort(kind="stable")[:10]))

    def shuffled(j: Judgement) -> Answer:
        return answer(tuple(random.sample(everybody, 10)))

    ideal, chance = score(corpus, judged, best), score(corpus, judged, shuffled)
    assert {s.ndcg for s in ideal if s.ndcg is not None} == {1.0}
    assert {s.recall for s in ideal if s.recall is not None} == {1.0}
    assert spelling(ideal).ratio == 1.0
    assert figures(chance).ndcg < 0.3
    assert figures(chance).small_recall < 0.1
    assert figures(ideal).precision != figures(ideal).precision  # nothing was understood, nothing was wrong
    assert figures(ideal).recall == 0
    assert figures(ideal).concepts == 0


def test_a_late_or_missing_result_costs() -> None:
    assert measures.ndcg([3, 0, 0], [0, 3, 0]) == 1
    assert measures.ndcg([0, 3, 0], [0, 3, 0]) == pytest.approx(0.6309, abs=1e-4)
    assert measures.ndcg([2, 3], [3, 2]) == pytest.approx((3 + 7 / 1.58496) / (7 + 3 / 1.58496), abs=1e-4)
    assert measures.ndcg([], [3]) == 0
    assert measures.ndcg([0], [0, 0]) is None
    assert measures.recall([3, 1, 2], [3, 2, 2, 1]) == pytest.approx(2 / 3)
    assert measures.recall([1], [1]) is None


# Filters, held against the judged ones


def test_wrong_missing_and_forbidden_filters_are_told_apart() -> None:
    j = Judgement(1, "q", "price", ({"modality": ("dbt",), "near": ("Austin, TX",)},), forbidden={"gender": ("male",)})
    found = compare({"modality": ["dbt", "cbt"], "gender": ["male"]}, j)
    assert found.right == (("modality", "dbt"),)
    assert found.wrong == (("gender", "male"), ("modality", "cbt"))
    assert found.missing == (("near", "Austin, TX"),)
    assert found.forbidden == (("gender", "male"),)


def test_ways_of_saying_the_same_are_one() -> None:
    j = Judgement(1, "q", "price", ({"near": ("Austin, TX",), "sliding_scale": ("true",), "insurer": ("medicaid",)},))
    same = {"near": ["austin tx"], "payment": ["sliding_scale", "medicaid"]}
    assert compare(same, j).slips == 0
    assert compare({**same, "near": ["Austin, MN"]}, j).slips == 2


def test_the_nearest_reading_counts_and_what_may_be_is_not_wrong() -> None:
    readings = ({"near": ("New York, NY",)}, {"state": ("NY",)})
    j = Judgement(1, "q", "place", readings, may={"format": ("couples",)})
    assert compare({"state": ["NY"], "format": ["couples"]}, j).slips == 0
    assert compare({"state": ["NJ"]}, j).slips == 2


# Judgements


def test_there_are_enough_queries_of_every_kind(judged: tuple[Judgement, ...]) -> None:
    clean = [j for j in judged if j.of is None]
    assert len(clean) >= 330
    assert sum(j.of is not None for j in judged) >= 60
    assert {j.kind for j in judged} == set(judgements.KINDS)
    assert 0.25 < sum(j.held_out for j in judged) / len(judged) < 0.42


def test_grades_come_from_facts_of_the_profiles(judged: tuple[Judgement, ...], corpus: Corpus) -> None:
    by_q = {j.q: j for j in judged}
    grades = corpus.grades(by_q["anxiety"])
    for profile, grade in zip(corpus.profiles, grades.tolist(), strict=True):
        if grade == 3:
            assert "anxiety" in profile.concerns
            assert "cbt" in profile.modalities
            assert profile.accepting != "no"
        elif "anxiety" in profile.concerns and "cbt" not in profile.modalities:
            assert grade == (1 if profile.accepting == "no" else 2)
    grace = corpus.grades(by_q["Grace Joy"])
    assert [p.name for p, g in zip(corpus.profiles, grace.tolist(), strict=True) if g] == ["Grace Joy"]
    assert grading.evidence()["insomnia"] == ("cbt_i",)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{q: a, kind: poem}", "'poem' is no kind"),
        ("{q: a, kind: need, filter: {}}", "unknown field 'filter'"),
        ("{q: a, kind: need, filters: {modality: cbtt}}", "'cbtt' is no value of 'modality'"),
        ("{q: a, kind: need, filters: {mood: low}}", "unknown parameter 'mood'"),
        ("{q: a, kind: need, filters: {near: Nowhere}}", "give a five-digit ZIP code"),
        ("{q: a, kind: need, concepts: [sadness]}", "must be a list of concerns"),
        ("{q: a, kind: need, grades: {5: {concern: anxiety}}}", "grades are 3, 2 and 1"),
        ("{q: a, kind: need, crisis: perhaps}", "crisis is true or false"),
        ("{q: first, kind: need}", "'first' is already on line 1"),
        ("{q: furst, kind: typo, of: frist}", "'frist' is no clean query"),
    ],
)
def test_a_wrong_judgement_is_named_by_its_line(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "judged.yaml"
    path.write_text(f"- {{q: first, kind: need}}\n\n- {line}\n")
    with pytest.raises(JudgementError, match=r"judged\.yaml:3: ") as caught:
        judgements.load(path)
    assert message in str(caught.value)


# How good the results are: floors a little below what was measured; `python -m benchmarks.relevance` tells more.


@pytest.fixture(scope="module")
def results(corpus: Corpus, judged: tuple[Judgement, ...], node: Node) -> dict[str, tuple[Scored, ...]]:
    """What each engine answers to every judged query."""
    found = {}
    for name in asking.ENGINES:
        with asking.filled(name, corpus.profiles, node.url) as engine:
            found[name] = score(corpus, judged, partial(asking.ask, engine))
    return found


@pytest.mark.parametrize("name", asking.ENGINES)
def test_results_are_good(results: dict[str, tuple[Scored, ...]], name: str) -> None:
    over, spelt = figures(results[name]), spelling(results[name])
    assert over.ndcg > 0.94
    assert over.small_recall > 0.95
    assert over.empty < 0.02
    assert spelt.ratio > 0.95


@pytest.mark.parametrize("name", asking.ENGINES)
def test_filters_and_concepts_are_understood_rightly(results: dict[str, tuple[Scored, ...]], name: str) -> None:
    over = figures(results[name])
    assert over.precision > 0.98
    assert over.recall > 0.97
    assert over.concepts > 0.94
    assert over.forbidden <= 2
    assert over.unasked + over.miscorrected + over.crisis <= 3


def test_both_engines_are_as_good(results: dict[str, tuple[Scored, ...]]) -> None:
    apart = difference(results["embedded"], results["elasticsearch"])
    assert apart.overall < 0.015
    assert apart.shared > 0.8
