"""What is understood of queries: filters, concepts, names, spelling; and what never happens, whatever is typed."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.interpret import apply, interpret
from directory.lexicon import Lexicon
from directory.profile import Location, Profile, as_stored
from directory.query import understand
from directory.search_request import SearchRequest, parse
from directory.vocabulary import VOCABULARIES

TODAY = date(2026, 11, 23)


def person(given_: str, family: str, city: str = "Austin", bio: str = "") -> Profile:
    name = f"{given_} {family}"
    return Profile(
        id=name,
        name=name,
        given=given_,
        family=family,
        bio=bio,
        locations=(Location(city, "TX", "78704", 30.2, -97.8),),
    )


PEOPLE = (
    person("Maribel", "Okafor-Reyes"),
    person("Grace", "Joy"),
    person("Hope", "Young"),
    person("Faith", "Texas"),
    person("Antonio", "Zebrowski"),
    person("Young", "Black"),
    person("Christian", "Long", bio="I work with athletes."),
)
LEXICON = Lexicon.of(map(as_stored, PEOPLE))


def filters(q: str, lexicon: Lexicon | None = None) -> dict[str, tuple[str, ...]]:
    return dict(understand(q, lexicon).filters)


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        (
            "female DBT therapist in Austin under $120 takes Aetna video evenings",
            {"gender": ("female",), "modality": ("dbt",), "near": ("Austin, TX",), "max_fee": ("120",),
             "insurer": ("aetna",), "meeting": ("video",), "times": ("evening",)},
        ),
        ("therapist", {}),
        ("counselor near me", {}),
        ("LPC", {"credential": ("lpc",)}),
        ("psychiatrist or psychologist", {"provider_type": ("psychiatrist", "psychologist")}),
        ("my psychiatrist says i am anxious", {}),
        ("between $80 and $120 a session", {"max_fee": ("120",)}),
        ("can't afford more than $80", {"max_fee": ("80",)}),
        ("over $200", {}),
        ("$30 copay", {}),
        ("under 18", {}),
        ("cheap therapist", {}),
        ("sliding scale", {"payment": ("sliding_scale",)}),
        ("feel free to call", {}),
        ("pro bono", {"payment": ("free",)}),
        ("near 78704", {"near": ("78704",)}),
        ("in Austin TX", {"near": ("Austin, TX",)}),
        ("within 10 miles of Portland", {"radius": ("10",), "near": ("Portland, OR",)}),
        ("licensed in Texas", {"state": ("TX",)}),
        ("office in Texas", {"office_state": ("TX",)}),
        ("hi me or ok in", {}),
        ("in Portland OR", {"near": ("Portland, OR",)}),
        ("MD in Baltimore MD", {"credential": ("md",), "near": ("Baltimore, MD",)}),
        ("for my 8 year old", {"age_group": ("child",)}),
        ("lost my 8 year old son", {}),
        ("en español", {"language": ("es",)}),
        ("Spanish speaking", {"language": ("es",)}),
        ("therapist for women", {}),
        ("woman therapist", {"gender": ("female",)}),
        ("Christian counselor", {"community": ("christian",)}),
        ("I'm a Black man with anxiety", {}),
        ("ACT for pain", {"modality": ("act",)}),
        ("kids who act out", {"age_group": ("child",)}),
        ("Oxford", {}),
        ("takes Oxford", {"insurer": ("oxford",)}),
        ("can prescribe", {"prescribes": ("true",)}),
        ("accepting new patients", {"accepting": ("yes",)}),
        ("10+ years experience", {"min_experience": ("10",)}),
        ("married 10 years", {}),
        ("online or in person", {}),
        ("phone addiction", {}),
        ("online dating", {}),
        ("cognitve behavioural", {"modality": ("cbt",)}),
        ("pyschologist", {"provider_type": ("psychologist",)}),
        ("LFMT", {"credential": ("lmft",)}),
        ("therapist for black women", {"community": ("black",)}),
        ("new patients", {"accepting": ("yes",)}),
        ("terapeuta para parejas", {"format": ("couples",)}),
        ("child psychiatrist", {"provider_type": ("psychiatrist",), "age_group": ("child",)}),
        ("anxiety chicgo", {"near": ("Chicago, IL",)}),
        ("Dnver CO", {"near": ("Denver, CO",)}),
        ("Salem TX", {"state": ("TX",)}),
        ("psychologist Washington state", {"provider_type": ("psychologist",), "state": ("WA",)}),
        ("grief Buffalo", {"near": ("Buffalo, NY",)}),
        ("like a phoenix from the ashes", {}),
        ("DBT group", {"modality": ("dbt",), "format": ("group",)}),
        ("my friend group", {}),
        ("EMDR, accepting, Denver", {"modality": ("emdr",), "accepting": ("yes",), "near": ("Denver, CO",)}),
        ("trouble accepting that i am ill", {}),
        ("counseling for veterans", {"community": ("veteran_military",)}),
        ("works with refugees", {"community": ("immigrant",)}),
        ("student loans", {}),
        ("client 70 yo, Medicare", {"age_group": ("older_adult",), "insurer": ("medicare",)}),
        ("free 20 minute call", {"free_consultation": ("true",)}),
        ("i am so alone", {}),
        ("manejo de la ira", {}),
        ("I miss my dad", {}),
        ("psychiatrist in Queens", {"provider_type": ("psychiatrist",), "near": ("Queens, NY",)}),
        ("find a Korean female counselor", {"language": ("ko",), "gender": ("female",)}),
        ("looking for a Black male therapist", {"community": ("black",), "gender": ("male",)}),
        ("therapist who respects Jewish culture", {"community": ("jewish",)}),
        ("$300 is too expensive", {}),
        ("relocated from Denver", {}),
        ("my son cries in the evening", {}),
        ("I want evening sessions", {"times": ("evening",)}),
        ("Cambridge, Mass", {"near": ("Cambridge, MA",)}),
    ],
)  # fmt: skip
def test_words_become_filters(q: str, expected: dict[str, tuple[str, ...]]) -> None:
    found = filters(q)
    assert {k: tuple(sorted(v)) for k, v in found.items()} == {k: tuple(sorted(v)) for k, v in expected.items()}


@pytest.mark.parametrize(
    ("q", "refused", "words"),
    [
        ("not CBT", ("modality", "cbt"), "not CBT"),
        ("no video, phone only", ("meeting", "video"), "no video"),
        ("don't want a male therapist in Austin", ("gender", "male"), "don't want a male"),
        ("without medication", ("prescribes", "true"), "without medication"),
        ("anything but DBT", ("modality", "dbt"), "anything but DBT"),
        ("EMDR didn't work for me", ("modality", "emdr"), "EMDR didn't work"),
        ("w/o meds", ("prescribes", "true"), "w/o meds"),
    ],
)
def test_negations_filter_nothing(q: str, refused: tuple[str, str], words: str) -> None:
    understood = understand(q)
    finding = next(f for f in understood.findings if f.parameter == refused[0])
    assert (finding.values, finding.applied, finding.because, finding.words) == ((refused[1],), False, "negated", words)
    assert refused[1] not in understood.filters.get(refused[0], ())


def test_a_negation_goes_on_to_what_is_joined_and_no_further() -> None:
    understood = understand("not CBT or DBT, but EMDR in Austin")
    assert understood.filters == {"modality": ("emdr",), "near": ("Austin, TX",)}
    assert [f.applied for f in understood.findings] == [False, False, True, True]


@pytest.mark.parametrize(
    ("q", "required"),
    [
        ("Dr. Grace Joy", ("Grace", "Joy")),
        ("grace joy", ("grace", "joy")),
        ("Hope Young anxiety", ("Hope", "Young")),
        ("Dr. Faith Texas", ("Faith", "Texas")),
        ("okafor", ("okafor",)),
        ("Maribel Okafor anxiety", ("Maribel", "Okafor")),
        ("Okafr", ("okafor",)),
        ('"long walks" anxiety', ("long", "walks")),
        ("young black female therapist", ()),
        ("hope", ("hope",)),
        ("hope for my marriage", ()),
        ("my friend Maribel died", ()),
        ("dr who takes aetna", ()),
    ],
)
def test_names_of_people_and_quoted_words_must_occur(q: str, required: tuple[str, ...]) -> None:
    understood = understand(q, LEXICON)
    assert understood.required == required
    assert not {"state", "near"} & understood.filters.keys()


@pytest.mark.parametrize(
    ("q", "code"),
    [
        ("ansiedad", "anxiety"), ("depresion", "depression"), ("duelo", "grief"), ("PSTD", "ptsd"),
        ("marriage councelling", "marriage"), ("behavioural problems", "child_behavior"), ("insomnio", "insomnia"),
    ],
)  # fmt: skip
def test_concerns_are_known_by_other_names(q: str, code: str) -> None:
    understood = understand(q)
    assert code in [c.code for c in understood.concepts]
    assert "concern" not in understood.filters


def test_misspelt_words_are_mended_and_said() -> None:
    understood = understand("anxeity therapist")
    assert [(c.typed, c.meant) for c in understood.corrected] == [("anxeity", "anxiety")]
    assert [c.code for c in understood.concepts] == ["anxiety"]


@pytest.mark.parametrize("q", ["okafor", "athletes", "martial arts", "Zoloft", "grieve", "Nguyen", "physical"])
def test_words_that_exist_are_never_mended(q: str) -> None:
    assert understand(q, LEXICON).corrected == ()


def request(q: str, **others: str) -> SearchRequest:
    return parse(urlencode({"q": q, **others}).encode(), TODAY)


def test_explicit_parameters_win() -> None:
    effective = interpret(request("CBT under $120 in Austin", modality="dbt", max_fee="90"))
    assert effective.selected == {"modality": ("dbt",)}
    assert effective.max_fee == 90
    assert effective.near is not None
    assert effective.understood is not None
    assert {f.parameter: f.because for f in effective.understood.findings} == {
        "modality": "overruled", "max_fee": "overruled", "near": "",
    }  # fmt: skip


def test_understanding_can_be_turned_off() -> None:
    plain = request("CBT in Austin", understand="false")
    assert interpret(plain) is plain


def test_a_distance_without_a_place_asks_for_nothing() -> None:
    effective = interpret(request("within 10 miles"))
    assert effective.radius == 25
    assert effective.understood is not None
    assert not effective.understood.findings


def test_links_say_what_the_words_say_once() -> None:
    effective = interpret(request("female DBT therapist in Austin under $120", accepting="yes"))
    assert dict(effective.to_args()) == {"q": "female DBT therapist in Austin under $120", "accepting": "yes"}
    without = effective.without("modality")
    assert dict(without.to_args()) == {"q": "female therapist in Austin under $120", "accepting": "yes"}
    more = effective.with_selected("modality", ("dbt", "cbt"))
    assert [v for n, v in more.to_args() if n == "modality"] == ["cbt", "dbt"]
    assert dict(effective.without("near").to_args())["q"] == "female DBT therapist under $120"
    assert effective.without("q").to_args() == [("accepting", "yes")]


def test_what_shares_its_words_stays_when_one_is_taken_out() -> None:
    effective = interpret(request("child psychiatrist"))
    assert effective.without("age_group").to_args() == [("provider_type", "psychiatrist")]


_WORDS = """
not no without or and , . CBT dbt male female therapist in Austin TX near 78704 under $120 between 10 miles years old my
8 kid anxiety anxeity " Dr. Okafor Aetna takes video online for women Spanish español don't want experience of new york
W/O psychiatrist 李 $ … it's teen within licensed ' child $80-$120 couples didn't work
"""
typed = st.one_of(
    st.text(max_size=200), st.lists(st.sampled_from(_WORDS.split()), max_size=20).map(" ".join).map(lambda t: t[:200])
)


@given(typed)
def test_whatever_is_typed_is_understood_in_its_place(q: str) -> None:
    for lexicon in (None, LEXICON):
        understood = understand(q, lexicon)
        assert understood.q == " ".join(q.split())
        for finding in understood.findings:
            assert understood.q[finding.start : finding.end] == finding.words != ""
        for concept in understood.concepts:
            assert understood.q[concept.start : concept.end] == concept.words != ""
        for corrected in understood.corrected:
            assert understood.q[corrected.start : corrected.end] == corrected.typed
        no = {(f.parameter, v) for f in understood.findings if f.because == "negated" for v in f.values}
        assert no.isdisjoint((n, v) for n, values in understood.filters.items() for v in values)
        effective = apply(SearchRequest(TODAY, q=understood.q), understood)
        for name in (*understood.filters, "q"):
            effective.without(name).to_args()


@given(typed)
def test_white_space_says_nothing(q: str) -> None:
    assert understand(f"  {q.replace(' ', chr(10) + ' ')} ") == understand(q)


def test_every_label_of_a_therapy_or_profession_is_understood() -> None:
    """What is on the page can be typed; but for words that lay people use for everything."""
    lay = {"talk_therapy", "family_therapy", "grief_therapy", "therapist"}
    for parameter, name in (("modality", "modalities"), ("provider_type", "professions")):
        for term in VOCABULARIES[name]:
            if term.code not in lay:
                assert understand(term.label).filters.get(parameter) == (term.code,), term.label


@pytest.mark.parametrize(
    ("q", "concepts"),
    [
        ("acceptance and commitment therapy", []),
        ("cognitive behavioral therapy for insomnia", ["insomnia"]),
        ("parent-child interaction therapy", []),
        ("Ms. Okafor", []),
        ("insomnio y ansiedad", ["insomnia", "anxiety"]),
    ],
)
def test_names_of_ways_of_working_and_titles_are_no_concerns(q: str, concepts: list[str]) -> None:
    understood = understand(q)
    assert [c.code for c in understood.concepts] == concepts
    assert not understood.corrected


@pytest.mark.parametrize("q", ["trauma San Antonio", "San Antonio"])
def test_a_name_within_that_of_a_place_is_nobody(q: str) -> None:
    understood = understand(q, LEXICON)
    assert (understood.required, understood.filters) == ((), {"near": ("San Antonio, TX",)})


def test_forms_of_ordinary_words_are_no_misspellings() -> None:
    assert not understand("he gambled away our savings").corrected
