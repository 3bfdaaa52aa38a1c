"""What the directory says of treatments with evidence: complete, sourced, and about treatments only."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from directory.evidence import BY_CONCERN, evidence_dict, load, suggestions
from directory.understanding import Concept
from directory.vocabulary import FOLDER, VocabularyError


def _concept(code: str, weight: float = 0.9) -> Concept:
    return Concept(code, weight, code, 0, len(code), "name")


def _modalities(*concepts: Concept, age_groups: tuple[str, ...] = ()) -> list[str]:
    return [e.modality for e in suggestions(concepts, age_groups)]


@pytest.mark.parametrize(
    ("concern", "modalities"),
    [
        ("depression", {"cbt", "behavioral_activation", "ipt", "mindfulness", "mbct", "psychodynamic"}),
        ("ptsd", {"prolonged_exposure", "cpt", "emdr", "tf_cbt"}),
        ("ocd", {"erp", "cbt"}),
        ("anxiety", {"cbt"}),
        ("panic", {"cbt"}),
        ("social_anxiety", {"cbt"}),
        ("insomnia", {"cbt_i"}),
        ("eating_disorder", {"cbt", "family_based_treatment"}),
        ("borderline", {"dbt", "mentalization", "schema"}),
        ("bipolar", {"psychoeducation", "family_focused", "ipsrt", "cbt"}),
        ("psychosis", {"cbt", "family_therapy"}),
        ("substance_use", {"contingency_management", "cbt"}),
        ("alcohol", {"motivational_interviewing", "cbt", "behavioral_couples"}),
        ("child_behavior", {"parent_training", "pcit"}),
        ("relationship", {"eft", "behavioral_couples", "gottman"}),
        ("marriage", {"eft", "behavioral_couples", "gottman"}),
    ],
)
def test_every_concern_has_its_treatments(concern: str, modalities: set[str]) -> None:
    assert set(_modalities(_concept(concern))) == modalities


def test_nothing_is_said_of_other_concerns_or_of_what_is_hardly_meant() -> None:
    assert _modalities(_concept("loneliness"), _concept("no such code")) == []
    assert _modalities(_concept("anxiety", weight=0.3)) == []


def test_the_surest_concept_comes_first() -> None:
    assert _modalities(_concept("insomnia"), _concept("anxiety")) == ["cbt_i", "cbt"]


def test_what_was_found_for_children_comes_first_for_them_and_last_otherwise() -> None:
    ptsd = _concept("ptsd")
    assert _modalities(ptsd)[-1] == "tf_cbt"
    assert _modalities(ptsd, age_groups=("child",))[0] == "tf_cbt"
    assert "tf_cbt" not in _modalities(ptsd, age_groups=("adult",))


def test_it_is_said_in_words_with_source_strength_and_date() -> None:
    (found,) = suggestions([_concept("anxiety")])
    assert evidence_dict(found) == {
        "concern": "anxiety",
        "modality": "cbt",
        "audience": [],
        "strength": "recommended",
        "source": "NICE CG113",
        "date": "2011-01",
        "url": "https://www.nice.org.uk/guidance/cg113",
        "text": "Cognitive behavioral therapy (CBT) is a treatment with evidence for anxiety (NICE CG113).",
    }


def test_no_sentence_speaks_of_providers() -> None:
    sentences = [e.sentence for rows in BY_CONCERN.values() for e in rows]
    assert all(" is a treatment with evidence for " in s for s in sentences)
    assert not any(word in s.lower() for s in sentences for word in ("best", "provider", "therapist"))
    assert "in children and teens (NICE NG116)" in next(s for s in sentences if "NG116" in s)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("worry,cbt,,strong,X,2011,,", "concern 'worry' is not a code of concerns"),
        ("anxiety,hugs,,strong,X,2011,,", "modality 'hugs' is not a code of modalities"),
        ("anxiety,act,pets,strong,X,2011,,", "audience 'pets' is not a code of age_groups"),
        ("anxiety,act,,huge,X,2011,,", "strength 'huge' is not one of strong, recommended"),
        ("anxiety,act,,strong,,2011,,", "source is empty"),
        ("anxiety,act,,strong,X,2011-13,,", "date '2011-13' is not like"),
        ("anxiety,act,,strong,X,last year,,", "date 'last year' is not like"),
        ("anxiety,act,,strong,X,2011,http://x,", "url 'http://x' doesn't start with https://"),
        ("anxiety,cbt,,strong,X,2011,,", "'cbt' for 'anxiety' is already on line"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, row: str, said: str) -> None:
    path = tmp_path / "evidence.csv"
    shutil.copy(FOLDER / "evidence.csv", path)
    lines = len(path.read_text("utf-8").splitlines())
    with path.open("a", encoding="utf-8") as file:
        file.write(row + "\n")
    with pytest.raises(VocabularyError) as caught:
        load(tmp_path)
    assert caught.value.line == lines + 1
    assert said in str(caught.value)
