"""Names and words are found however people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.text import fold, name_tokens, stem, tokens, words


def found(typed: str, *names: str) -> bool:
    """Whether a person of these names is found by what was typed."""
    known = set(name_tokens(names))
    return all(any(known.issuperset(alternative) for alternative in word) for word in words(typed))


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("O'Brien", ("O'Brien", "OBrien", "o brien", "O’BRIEN", "O‘Brien", "OʼBrien", "O´Brien", "o`brien", "O-Brien")),
        ("OʼBrien", ("O'Brien", "obrien", "o brien")),
        ("Obrien", ("O'Brien", "obrien", "O’Brien")),
        ("Muñoz", ("Muñoz", "munoz", "MUNOZ", "Mun\u0303oz")),
        ("Munoz", ("Muñoz",)),
        ("Al-Sayed", ("Al-Sayed", "al sayed", "alsayed", "AL‐SAYED", "Al–Sayed")),
        ("Al Sayed", ("al-sayed", "alsayed")),
        ("Alsayed", ("Al-Sayed", "alsayed")),
        ("王芳", ("王芳", "王 芳", "芳", "王")),
        ("王 芳", ("王芳", "王 芳")),
        ("김민수", ("김민수", "민수", "김")),
        ("佐々木 小明", ("佐々木", "佐々木小明", "小明")),
        ("Sørensen", ("Sørensen", "sorensen", "SØRENSEN")),
        ("Łukasiewicz", ("lukasiewicz",)),
        ("Straße", ("strasse", "STRASSE")),
        ("Kaʻiulani", ("kaiulani", "ka'iulani", "Ka‘iulani")),
        ("Maria de la Cruz", ("de la cruz", "delacruz", "De La Cruz", "maria cruz", "dela cruz")),
        ("Smith-Jones", ("smith", "jones", "smith-jones", "smithjones", "Jones Smith")),
        ("J. R. D'Angelo", ("dangelo", "J.R. D'Angelo", "jr dangelo")),
    ],
)
def test_names_are_found_joined_split_and_without_marks(name: str, typed: tuple[str, ...]) -> None:
    assert [t for t in typed if not found(t, name)] == []


@pytest.mark.parametrize(
    ("name", "typed"),
    [("O'Brien", "Bryan"), ("王芳", "芳王"), ("Al-Sayed", "Alsay Smith"), ("Lee", "Ashlee"), ("de la Cruz", "crux")],
)
def test_other_names_are_not_found(name: str, typed: str) -> None:
    assert not found(typed, name)


def test_a_joined_name_is_not_split_at_random() -> None:
    # A gap is only known where a name or a query has one.
    assert not found("del acruz", "Delacruz")


def test_light_stemming_joins_forms_of_a_word() -> None:
    assert words("therapists") == words("therapist")
    assert words("Listening") == words("listens")
    assert stem("123") == "123"


def test_marks_alone_are_no_words() -> None:
    for text in ("", "  ", "'", "-- …", "\n", "?!"):
        assert words(text) == ()
        assert tokens(text) == []


def test_a_repeated_word_is_asked_once() -> None:
    assert words("anxiety Anxiety") == words("anxiety")
    assert tokens("anxiety Anxiety") == ["anxieti", "anxieti"]


def test_bigrams_must_all_occur() -> None:
    assert words("心理咨询") == ((("心理", "理咨", "咨询"),),)
    ((all_three,),) = words("心理咨询")
    assert set(tokens("我们提供心理咨询服务")).issuperset(all_three)
    assert not set(tokens("心理 咨询师")).issuperset(all_three)


@given(st.text())
def test_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_case_and_white_space_do_not_matter(text: str) -> None:
    assert words(f"\n {text}\t") == words(text)
    # Upper case is not always the same letters (ﬁ, ß), but folding is what makes it so.
    assert fold(text.casefold()) == fold(text)


@given(
    st.text() | st.lists(st.sampled_from(["O'Brien", "王芳", "de", "Al-Sayed", "-", "'", " ", "x", "々"])).map("".join)
)
def test_every_word_of_a_text_is_found_in_it(text: str) -> None:
    """The engines match tokens only: whatever way of typing a word stands for, its own text must have it."""
    known = set(tokens(text))
    for word in words(text):
        for alternative in word:
            assert known.issuperset(alternative)
    assert known <= set(name_tokens([text]))


@given(st.text())
def test_tokens_hold_no_white_space(text: str) -> None:
    """They reach the engines joined by blanks."""
    for token in name_tokens([text]):
        assert token
        assert token.split() == [token]
