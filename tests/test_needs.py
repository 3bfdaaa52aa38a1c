"""What people say is taken for what it is about, and denied, past or accidental words are not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.relevance import questions
from directory.needs import concepts
from directory.needs_language import load
from directory.vocabulary import FOLDER, VocabularyError, vocabulary


def _codes(text: str, limit: int = 3) -> list[str]:
    return [c.code for c in concepts(text, limit)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("I can't sleep since my dad died", "insomnia"),
        ("I can't sleep since my dad died", "grief"),
        ("up at 3am again, tossing and turning", "insomnia"),
        ("nothing brings me joy anymore and I stay in bed all day", "depression"),
        ("my mind won't shut off and I worry about everything", "anxiety"),
        ("heart racing, can't breathe, thought I was dying", "panic"),
        ("scared of speaking in front of people", "social_anxiety"),
        ("terrified of getting on a plane", "phobia"),
        ("I wash my hands over and over", "ocd"),
        ("my husband is texting other women behind my back", "infidelity"),
        ("we haven't been intimate in a year", "intimacy"),
        ("she dumped me and I want her back", "divorce"),
        ("my 4 year old throws tantrums every day", "child_behavior"),
        ("I yell at my kids and feel like a bad mom", "parenting"),
        ("my mother in law hates me", "family_conflict"),
        ("he hits me when he is drunk", "domestic_violence"),
        ("touched by my uncle when I was little", "abuse"),
        ("I drink a bottle of wine every night", "alcohol"),
        ("my brother is hooked on pills", "substance_use"),
        ("came back from Iraq and still jump at every noise", "ptsd"),
        ("I make myself throw up after dinner", "eating_disorder"),
        ("can't focus at work and never finish anything", "focus"),
        ("had a baby two months ago and cry all the time", "perinatal"),
        ("mom forgets who I am", "dementia"),
        ("born a girl but feel like a boy", "gender_identity"),
        ("my boss screams at everyone, I hate my job", "work"),
        ("everyone would be better off without me", "suicidal_thoughts"),
        ("no friends and nobody to talk to", "loneliness"),
        ("my best friend stopped talking to me", "friendship"),
        ("how do I stop lying, it's a bad habit", "habits"),
        ("no puedo dormir", "insomnia"),
        ("mi papá murió", "grief"),
    ],
)
def test_needs_are_recognised(text: str, code: str) -> None:
    assert code in _codes(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("anxeity", "anxiety"),
        ("deppression", "depression"),
        ("my husbend cheeted on me", "infidelity"),
        ("postpartem blues", "perinatal"),
        ("CAN’T SLEEP", "insomnia"),
        ("Cant\nsleep", "insomnia"),
        ("Añxiéty", "anxiety"),
    ],
)
def test_spelling_case_and_accents_make_no_difference(text: str, code: str) -> None:
    assert code in _codes(text, limit=2)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("I am not depressed", "depression"),
        ("he is not at all suicidal", "suicidal_thoughts"),
        ("without anxiety", "anxiety"),
        ("this has nothing to do with grief", "grief"),
        ("lost weight", "grief"),
        ("sleeping with my boss", "insomnia"),
        ("shared a lovely requirement while operating", "retirement"),
        ("red car, blue house", "depression"),
    ],
)
def test_denials_and_accidents_are_not(text: str, code: str) -> None:
    assert code not in _codes(text, limit=50)


def test_a_denial_stays_with_its_words() -> None:
    assert _codes("I'm not depressed. Anxious all day") == ["anxiety"]


def test_what_is_past_counts_less() -> None:
    assert concepts("recovered from anorexia")[0].weight < concepts("anorexia")[0].weight


def test_a_word_that_means_little_in_a_sentence_is_a_name_alone() -> None:
    assert concepts("moving")[0].weight > 0.9
    assert all(c.weight < 0.6 for c in concepts("my girlfriend is moving my books") if c.code == "life_transition")


def test_a_name_inside_another_does_not_count() -> None:
    assert "grief" not in _codes("hearing loss", limit=50)
    assert _codes("living with hearing loss")[0] == "disability"


def test_each_name_of_a_concern_leads_to_it() -> None:
    missed = [n for term in vocabulary("concerns") for n in term.names if term.code not in _codes(n.replace("_", " "))]
    assert missed == []


@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from(["i", "cant", "sleep.", "my", "dad", "died;", "no", "not", "depressed", "?"])).map(
        " ".join
    )
)
def test_any_text_is_explained_by_its_own_words(text: str) -> None:
    folded = " ".join(text.split())
    found = concepts(text)
    assert len(found) <= 5
    assert [c.weight for c in found] == sorted((c.weight for c in found), reverse=True)
    for concept in found:
        assert 0 < concept.weight <= 1
        assert concept.words
        assert folded[concept.start : concept.end] == concept.words


def test_a_very_long_text_is_read_whole() -> None:
    text = "word " * 20_000 + "I can't sleep. " + "and my husband lies " * 2_000
    assert {"insomnia", "relationship"} <= set(_codes(text, limit=10))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  insomnia:\n", "  insomniac:\n", "“insomniac” is not a code of concerns"),
        ("  insomnia:\n    sure:", "  insomnia:\n    surely:", "unknown key “surely”; allowed: sure, likely, hint"),
        ("mended: |\n  anxiety", "mended: |\n  nosuchword, anxiety", "“nosuchword” is in no pattern"),
        ("faint: |\n  loss", "faint: |\n  nosuchname, loss", "“nosuchname” is no name of a concern"),
        ("keep: |\n", "keep: |\n  amuse,\n", "“amuse” is already in line"),
        ("negation: |\n", "negation: |\n  {nosuch} not\n", "there is no list “nosuch”"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (FOLDER / "needs.yaml").read_text("utf-8")
    assert old in text
    path = tmp_path / "needs.yaml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(VocabularyError, match=re.escape(said)) as caught:
        load(path, vocabulary("concerns"))
    assert str(caught.value).startswith(f"{path}:{caught.value.line}: ")


def test_real_questions_are_mostly_understood() -> None:
    if not questions.QUESTIONS.exists():
        pytest.skip(f"no {questions.QUESTIONS}")
    meant = questions.topics()
    asked = [q for q in questions.questions(questions.QUESTIONS) if meant.get(q.topic)]
    assert len(asked) > 400
    assert questions.figures(asked, meant, "title and text, cut").any >= 0.72
    assert questions.figures(asked, meant, "whole").any >= 0.74
    assert questions.figures([q for q in asked if not q.read], meant, "title and text, cut").any >= 0.70
