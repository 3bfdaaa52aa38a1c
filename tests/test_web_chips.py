"""Chips: what is on can be taken off, what was understood says from which words, what wasn't applied says so."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qsl, urlencode

from directory.interpret import interpret
from directory.search_request import SearchRequest, parse
from directory.web_chips import about, chips, mended, unapplied

TODAY = date(2026, 11, 23)


def asked(q: str, **others: str) -> SearchRequest:
    return interpret(parse(urlencode({"q": q, **others}).encode(), TODAY))


def args(href: str) -> dict[str, str]:
    return dict(parse_qsl(href.removeprefix("?")))


def test_each_filter_of_the_words_is_a_chip_that_takes_them_out() -> None:
    request = asked("female DBT therapist in Austin under $120", accepting="yes")
    by_label = {c.label: c for c in chips(request)}
    assert {label: c.words for label, c in by_label.items()} == {
        "Dialectical behavior therapy (DBT)": "“DBT”",
        "Accepting new clients": "",
        "Woman": "“female”",
        "Within 25 miles of Austin, TX": "“in Austin”",
        "At most $120 a session": "“under $120”",
    }
    left = args(by_label["At most $120 a session"].href)
    assert left == {"q": "female DBT therapist in Austin", "accepting": "yes"}
    assert args(by_label["Accepting new clients"].href) == {"q": request.q}


def test_every_chip_taken_off_leaves_nothing_on() -> None:
    request = asked("LCSW or LPC for teens, video or phone, Spanish speaking, takes Aetna, near 78704", times="evening")
    for _ in range(20):
        on = chips(request)
        if not on:
            break
        request = interpret(parse(on[0].href.removeprefix("?").encode(), TODAY))
        assert len(chips(request)) < len(on)
    assert not chips(request)
    assert not request.selected


def test_what_filters_nothing_is_said() -> None:
    request = asked("not CBT, EMDR in Austin", modality="dbt")
    assert unapplied(request) == (
        "“not CBT” wasn’t applied: we can’t leave people out",
        "“EMDR” gave way to the filter you chose",
    )


def test_a_concern_can_be_made_a_filter_once() -> None:
    request = asked("anxiety")
    assert [c.label for c in about(request)] == ["Anxiety"]
    made = args(about(request)[0].href)
    assert made == {"q": "anxiety", "concern": "anxiety"}
    assert not about(interpret(parse(urlencode(made).encode(), TODAY)))


def test_a_mended_word_links_back_to_itself() -> None:
    request = asked("anxeity in Austin")
    shown = mended(request)
    assert shown is not None
    assert (shown.meant, shown.typed) == ("anxiety", "“anxeity”")
    assert args(shown.href) == {"q": '"anxeity" in Austin'}
    again = interpret(parse(shown.href.removeprefix("?").encode(), TODAY))
    assert mended(again) is None
    assert again.understood is not None
    assert again.understood.required == ("anxeity",)
    full = asked("anxeity " + "x" * 191)
    assert mended(full) is not None
    assert args(mended(full).href)["understand"] == "false"  # type: ignore[union-attr]
