"""Crisis language is seen however it is typed, and ordinary searches are left alone."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.crisis import helplines, is_crisis

FIXTURES = Path(__file__).parent / "fixtures" / "crisis"


def _phrases(name: str) -> list[str]:
    lines = (FIXTURES / name).read_text("utf-8").splitlines()
    return [line.replace("\\n", "\n") for line in lines if line and not line.startswith("#")]


CRISES, CONTROLS = _phrases("crisis.txt"), _phrases("controls.txt")


def test_at_least_99_percent_of_the_phrases_show_the_panel() -> None:
    missed = [phrase for phrase in CRISES if not is_crisis(phrase)]
    assert len(CRISES) >= 300
    assert len(missed) <= 0.01 * len(CRISES), missed


def test_at_most_2_percent_of_the_controls_show_the_panel() -> None:
    false = [phrase for phrase in CONTROLS if is_crisis(phrase)]
    assert len(CONTROLS) >= 300
    assert len(false) <= 0.02 * len(CONTROLS), false


def test_no_phrase_is_in_both_sets_or_twice() -> None:
    both = [*CRISES, *CONTROLS]
    assert [phrase for phrase in both if both.count(phrase) > 1] == []


@pytest.mark.parametrize(
    "typed",
    [
        *("suicidal", "suicidal thoughts", "self harm", "kms", "want to die", "domestic violence"),
        *("i took a whole bottle of pills", "my friend took pills", "she is threatening to hurt the kids"),
        *("my husband hits me", "he choked me last night", "afraid to go home", "I want to hurt someone"),
        *("quiero morir", "me quiero matar", "no quiero vivir", "mi esposo me pega", "mi hija se corta"),
        *("k m s", "s u i c i d e", "k i l l m y s e l f", "i od’d", "I od'd last night"),
        *("as a child I was happy but my husband strangled me", "my job is training nurses but suicide"),
        *("suiside", "suecide", "s.u.i.c.i.d.e", "su1c1de", "su*cide", "ｓｕｉｃｉｄｅ", "kil my self", "killmyself"),
        *("I don't want to live", "I don't want to die but I can't stop cutting", "why shouldn't I kill myself"),
    ],
)
def test_what_must_never_be_missed(typed: str) -> None:
    assert is_crisis(typed)


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "💀", "therapist in Killeen, TX", "Dr. Harm", "anxiety", "988"),
        *("suicide loss grief group", "my clients talk of overdose", "my mother died by suicide last year"),
        *("this job is killing me", "I could kill for a coffee", "dying to meet", "cutting costs", "die-hard fan"),
        *(
            "I haven´t thought about suicide",
            "I am not suicidal",
            "I never wanted to kill myself",
            "grew up with domestic violence as a child",
        ),
        *("domestic violence offender program provider", "prevención del suicidio", "no quiero vivir con mi suegra"),
    ],
)
def test_what_must_be_left_alone(typed: str) -> None:
    assert not is_crisis(typed)


ASIDES = (
    *("I'm a nurse and ", "My mother died by suicide and ", "This job is killing me. ", "I'm not suicidal but "),
    *("My clients talk of overdose. ", "I grew up with violence, and now ", "I'm in suicide prevention training and "),
    *("I lost my brother to an overdose and ", "I have a toddler who hits me and ", "I have fear of dying but "),
)
STATEMENTS = (
    *("I want to kill myself", "I don't want to live anymore", "I want to die", "I'm going to end my life"),
    *("I can't stop cutting myself", "I took all my pills", "my husband hits me", "I am going to hurt someone"),
    *("my son wants to kill himself", "he is going to kill me", "I keep thinking about suicide"),
)


@pytest.mark.parametrize(("aside", "statement"), list(itertools.product(ASIDES, STATEMENTS)))
def test_what_only_sounds_like_a_crisis_never_hides_a_real_one(aside: str, statement: str) -> None:
    assert is_crisis(aside + statement)
    assert is_crisis(f"{statement}. {aside.strip()}")


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=300))
def test_any_string_has_an_answer(typed: str) -> None:
    assert is_crisis(typed) in (True, False)


@given(
    st.lists(
        st.sampled_from(
            ("want", "to", "die", "kill", "my", "self", "not", "suicidal", "s.u.i", "*", "1", "'", ".", "🔪")
        )
    )
)
def test_any_mix_of_critical_words_has_an_answer(words: list[str]) -> None:
    assert is_crisis(" ".join(words)) == is_crisis("\n".join(words))


_CASES = (str.upper, str.lower, str.title, str.swapcase, str.casefold)
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(ord("!"), ord("~") + 1)}


@given(
    st.sampled_from([*CRISES, *CONTROLS]),
    st.sampled_from(_CASES),
    st.text(alphabet=" \t\n\u00a0\u3000", min_size=1, max_size=3),
    st.sampled_from("'’‘ʼ´`′＇"),
    st.sampled_from(("", "\u200b", "\u00ad")),
)
def test_case_blanks_apostrophes_and_unseen_characters_make_no_difference(
    phrase: str, case: object, blank: str, apostrophe: str, unseen: str
) -> None:
    assert callable(case)
    varied = case(blank.join(phrase.replace("’", "'").replace("'", apostrophe).split()))
    middle = len(varied) // 2
    assert is_crisis(f"{blank}{varied[:middle]}{unseen}{varied[middle:]}{blank}") == is_crisis(phrase)


@given(st.sampled_from([phrase for phrase in (*CRISES, *CONTROLS) if phrase.isascii()]))
def test_full_width_letters_make_no_difference(phrase: str) -> None:
    assert is_crisis(phrase.translate(_FULL_WIDTH)) == is_crisis(phrase)


@pytest.mark.parametrize("apostrophe", ["", "’", "ʼ", "`", "´"])
def test_apostrophes_may_be_left_out_or_typed_in_any_way(apostrophe: str) -> None:
    contracted = [p for p in (*CRISES, *CONTROLS) if "'" in p and "od'" not in p.lower()]
    assert len(contracted) > 100
    assert [p for p in contracted if is_crisis(p.replace("'", apostrophe)) != is_crisis(p)] == []


def test_the_helplines_are_those_of_the_domain() -> None:
    lines = {line.name: line for line in helplines()}
    assert [line.call_href for line in lines.values()][:2] == ["tel:988", "tel:911"]
    assert lines["988 Suicide & Crisis Lifeline"].text_href == "sms:988"
    assert "veterans press 1" in lines["988 Suicide & Crisis Lifeline"].purpose
    assert lines["Crisis Text Line"].call is None
    assert lines["Crisis Text Line"].text == "text HOME to 741741"
    assert lines["Crisis Text Line"].text_href == "sms:741741?&body=HOME"
    violence = lines["National Domestic Violence Hotline"]
    assert (violence.call_href, violence.text_href) == ("tel:+18007997233", "sms:88788?&body=START")
    assert lines["SAMHSA National Helpline"].call_href == "tel:+18006624357"
    assert all(line.around_the_clock and line.source and line.as_of.year >= 2026 for line in lines.values())
