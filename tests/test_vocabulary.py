"""The vocabularies: every promised code is there, and names are found as people write them."""

from __future__ import annotations

import re

import pytest

from directory.facets import FACET, FACETS
from directory.terms import term_key
from directory.vocabulary import (
    NAMES,
    facet_vocabulary,
    insurer_payment,
    read_credential,
    read_specialty,
    state_code,
    taxonomy,
    taxonomy_pattern,
    vocabulary,
)

# The codes that addresses and partners rely on: never renamed, never dropped.
PROMISED = {
    "professions": "therapist psychologist psychiatrist social_worker psychiatric_nurse",
    "credentials": "lcsw licsw lmsw lisw lmft lpc lpcc lmhc lcpc lac psyd phd edd md do pmhnp aprn atr mt_bc bc_dmt "
    "ladc cadc lcas lcdc ncc lsw lcmhc lcsw_c limhp lp llp mft lcat rn supervised",
    "modalities": "cbt dbt ipt act emdr exposure erp prolonged_exposure cpt tf_cbt cbt_i mbct mbsr mindfulness "
    "behavioral_activation psychodynamic psychoanalysis person_centered humanistic existential gestalt narrative "
    "solution_focused motivational_interviewing contingency_management ifs eft gottman family_systems "
    "family_based_treatment family_focused ipsrt schema mentalization play_therapy pcit parent_training art_therapy "
    "music_therapy dance_movement somatic neurofeedback hypnotherapy biofeedback psychoeducation supportive "
    "talk_therapy medication_management psychological_testing behavioral_couples family_therapy",
    "concerns": "depression anxiety panic social_anxiety phobia ocd ptsd trauma bipolar psychosis personality_disorder "
    "borderline eating_disorder adhd autism substance_use alcohol gambling insomnia stress burnout grief divorce "
    "relationship marriage infidelity intimacy family_conflict parenting child_behavior school self_esteem anger "
    "loneliness life_transition identity lgbtq gender_identity domestic_violence abuse self_harm suicidal_thoughts "
    "chronic_illness chronic_pain perinatal infertility aging dementia racial_stress immigration spirituality veterans "
    "work career focus communication",
    "formats": "individual couples family group",
    "age_groups": "child teen adult older_adult",
    "meeting": "in_person video phone chat online",
    "times": "daytime evening weekend",
    "accessibility": "wheelchair asl_interpreter public_transit",
    "payments": "self_pay insurance medicaid medicare tricare sliding_scale free",
    "genders": "female male nonbinary",
    "communities": "lgbtq_affirming christian jewish muslim buddhist hindu secular black latino asian native immigrant "
    "veteran_military disability neurodivergent",
    "accepting": "yes waitlist no",
    "languages": "en es zh yue hmn ase vi ko ar ru fr tl ht pt hi fa so am",
    "insurers": "aetna cigna bcbs kaiser humana medicaid medicare tricare",
    "states": "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND "
    "OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR GU VI AS MP AA AE AP",
}


@pytest.mark.parametrize("name", NAMES)
def test_every_promised_code_is_there(name: str) -> None:
    missing = set(PROMISED[name].split()) - set(vocabulary(name).codes)
    assert not missing


def test_closed_vocabularies_have_no_other_codes() -> None:
    for name in ("professions", "formats", "age_groups", "meeting", "accepting", "genders", "times", "states"):
        assert set(vocabulary(name).codes) == set(PROMISED[name].split()), name


def test_an_unknown_vocabulary_names_those_there_are() -> None:
    with pytest.raises(KeyError, match="modalities"):
        vocabulary("modality")


def test_every_facet_has_its_codes() -> None:
    for facet in FACETS:
        assert len(facet_vocabulary(facet)) >= 2, facet.name
    assert facet_vocabulary(FACET["modality"]) is vocabulary("modalities")
    flags = facet_vocabulary(FACET["remote"])
    assert flags.codes == ("true", "false")
    assert flags.label("true") == "Yes"


def test_what_clients_read_is_explained() -> None:
    for name in ("professions", "credentials", "modalities", "meeting", "formats", "payments", "concerns"):
        for term in vocabulary(name):
            assert re.fullmatch(r"[A-Z].+[^.]", term.label), term
            assert re.fullmatch(r"[A-Z].{12,160}\.", term.help), term


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("modalities", "cbt", "cbt"),
        ("modalities", "CBT", "cbt"),
        ("modalities", "Cognitive behavioral therapy (CBT)", "cbt"),
        ("modalities", "cognitive behavioral therapy", "cbt"),
        ("modalities", "Cognitive-Behavioural Therapy", "cbt"),
        ("modalities", "cognitive therapy", "cbt"),
        ("modalities", "TF-CBT", "tf_cbt"),
        ("modalities", "tf cbt", "tf_cbt"),
        ("modalities", "client-centred therapy", "person_centered"),
        ("concerns", "OCD", "ocd"),
        ("concerns", "alcoholism", "alcohol"),
        ("concerns", "LGBTQ+", "lgbtq"),
        ("professions", "counsellor", "therapist"),
        ("professions", "Marriage & Family Therapist", "therapist"),
        ("professions", "psych NP", "psychiatric_nurse"),
        ("languages", "ESPAÑOL", "es"),
        ("languages", "espanol", "es"),
        ("languages", "中文", "zh"),
        ("languages", "Mandarin", "zh"),
        ("languages", "Chinese", "zh"),
        ("languages", "Cantonese", "yue"),
        ("languages", "Filipino", "tl"),
        ("languages", "fil", "tl"),
        ("languages", "Farsi", "fa"),
        ("languages", "American Sign Language", "ase"),
        ("languages", "العربية", "ar"),
        ("languages", "हिन्दी", "hi"),
        ("insurers", "BCBS", "bcbs"),
        ("insurers", "Blue Cross & Blue Shield", "bcbs"),
        ("insurers", "Optum", "united"),
        ("insurers", "Evernorth", "cigna"),
        ("insurers", "Medi-Cal", "medicaid"),
        ("meeting", "In-Person", "in_person"),
        ("meeting", "telehealth", "online"),
        ("payments", "superbill", "out_of_network"),
        ("genders", "F", "female"),
        ("communities", "Hispanic", "latino"),
        ("modalities", "shamanism", None),
        ("modalities", "", None),
        ("modalities", "--", None),
    ],
)
def test_a_name_is_found_as_people_write_it(name: str, text: str, code: str | None) -> None:
    assert vocabulary(name).find(text) == code


def test_every_name_of_every_term_leads_to_its_code_alone() -> None:
    for name in NAMES:
        owners: dict[str, str] = {}
        for term in vocabulary(name):
            assert term.code == term.code.strip()
            for text in term.names:
                assert vocabulary(name).find(text) == term.code
                assert owners.setdefault(term_key(text), term.code) == term.code


def test_labels() -> None:
    assert vocabulary("modalities").label("cbt") == "Cognitive behavioral therapy (CBT)"
    assert vocabulary("meeting").label("chat") == "Live chat"
    assert vocabulary("meeting").label("pigeon") == "pigeon"
    assert [vocabulary("professions").label(c) for c in vocabulary("professions").codes] == [
        "Therapist or counselor",
        "Psychologist",
        "Psychiatrist",
        "Social worker",
        "Psychiatric nurse",
    ]


@pytest.mark.parametrize(
    ("name", "text", "near"),
    [
        ("modalities", "cbtt", ["cbt"]),
        ("modalities", "emrd", ["emdr"]),
        ("modalities", "gestallt", ["gestalt"]),
        ("modalities", "mindfullness", ["mindfulness"]),
        ("concerns", "anxeity", ["anxiety"]),
        ("concerns", "depresion", ["depression"]),
        ("languages", "spansh", ["es"]),
        ("states", "Califrnia", ["CA"]),
        ("modalities", "zzzzzz", []),
        ("modalities", "cb", []),
        ("modalities", "", []),
    ],
)
def test_near_spellings_are_suggested(name: str, text: str, near: list[str]) -> None:
    assert vocabulary(name).near(text) == near


def test_near_gives_each_code_once_and_no_more_than_asked() -> None:
    near = vocabulary("modalities").near("cbti", limit=3)
    assert near == ["cbt_i", "cbt"]
    assert vocabulary("modalities").near("cbti") == ["cbt_i"]


def test_parents() -> None:
    modalities, concerns = vocabulary("modalities"), vocabulary("concerns")
    assert "panic" in concerns.children("anxiety")
    assert "alcohol" in concerns.children("substance_use")
    assert {"tf_cbt", "cbt_i", "exposure"} <= set(modalities.children("cbt"))
    assert "erp" not in modalities.children("cbt")
    assert "erp" in modalities.descendants("cbt")
    assert "cbt" not in modalities.descendants("cbt")
    assert modalities.children("gestalt") == modalities.descendants("gestalt") == ()
    assert "cbt" in modalities
    assert "CBT" not in modalities


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("TX", "TX"),
        ("tx", "TX"),
        (" Texas ", "TX"),
        ("CALIFORNIA", "CA"),
        ("CALIF", "CA"),
        ("PUERTO RICO", "PR"),
        ("D.C.", "DC"),
        ("N. Carolina", "NC"),
        ("Virgin Islands", "VI"),
        ("AE", "AE"),
        ("JAPAN", None),
        ("XX", None),
        ("", None),
    ],
)
def test_states(text: str, code: str | None) -> None:
    assert state_code(text) == code


def test_what_an_insurer_pays_with() -> None:
    assert [insurer_payment(c) for c in ("aetna", "medicaid", "medicare", "tricare")] == [
        "insurance",
        "medicaid",
        "medicare",
        "tricare",
    ]
    assert all(insurer_payment(c) in vocabulary("payments") for c in vocabulary("insurers").codes)
    with pytest.raises(KeyError):
        insurer_payment("acme")


OURS = {
    "therapist": "101Y00000X 101YA0400X 101YM0800X 101YP1600X 101YP2500X 101YS0200X 106H00000X 102L00000X 102X00000X "
    "101200000X 221700000X 225600000X 225A00000X",
    "psychologist": "103T00000X 103TC0700X 103TP0016X 103G00000X 103GC0700X",
    "social_worker": "104100000X 1041C0700X 1041S0200X",
    "psychiatrist": "2084P0800X 2084P0802X 2084P0804X 2084P0805X 2084F0202X 2084P0015X",
    "psychiatric_nurse": "363LP0808X 364SP0807X 364SP0808X 364SP0809X 364SP0810X 364SP0811X 364SP0812X 364SP0813X",
}
# Neurology, sleep, pain and addiction medicine, behavior analysts, occupational and physical therapy, rehabilitation,
# psychiatric RNs, other clinical nurse specialists, a family nurse practitioner, a student; and what is no code at all.
NOT_OURS = (
    "2084N0400X 2084P2900X 2084P0005X 2084P0301X 2084S0012X 2084B0040X 2084A0401X 207QA0401X 207RA0401X 207LA0401X "
    "2083A0300X 103K00000X 106E00000X 106S00000X 225X00000X 225100000X 225C00000X 163WP0807X 163WP0808X 163WP0809X "
    "364SP0200X 364SP1700X 363LF0000X 390200000X 101Y 101YM0800 101YM0800XX 101ym0800x"
)


@pytest.mark.parametrize("provider_type", OURS)
def test_our_taxonomy_codes(provider_type: str) -> None:
    pattern = re.compile(taxonomy_pattern())
    for code in OURS[provider_type].split():
        rule = taxonomy(code)
        assert rule is not None, code
        assert rule.provider_type == provider_type, code
        assert rule.label
        assert pattern.match(code), code


@pytest.mark.parametrize("code", [*NOT_OURS.split(), ""])
def test_taxonomy_codes_that_are_not_ours(code: str) -> None:
    assert taxonomy(code) is None
    assert not re.match(taxonomy_pattern(), code)


@pytest.mark.parametrize(
    ("code", "prescribes"),
    [
        ("2084P0800X", True),
        ("363LP0808X", True),
        ("103TP0016X", True),
        ("101YM0800X", False),
        ("106H00000X", False),
        ("1041C0700X", False),
        ("103TC0700X", None),
        ("103G00000X", None),
        ("364SP0808X", None),
    ],
)
def test_who_prescribes(code: str, prescribes: bool | None) -> None:
    rule = taxonomy(code)
    assert rule is not None
    assert rule.prescribes is prescribes


def test_the_own_rule_of_a_code_goes_before_its_prefix() -> None:
    own, prefix = taxonomy("101YA0400X"), taxonomy("101YZ9999X")
    assert own is not None
    assert prefix is not None
    assert (own.label, prefix.label) == ("Addiction counselor", "Counselor")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("LCSW", "lcsw"),
        ("L.C.S.W.", "lcsw"),
        ("lcsw-r", "lcsw"),
        ("LCSW-C", "lcsw_c"),
        ("LCSWC", "lcsw_c"),
        ("PSYD", "psyd"),
        ("PSY D", "psyd"),
        ("Psy.D.", "psyd"),
        ("PH D", "phd"),
        ("Ph.D.", "phd"),
        ("PMHNP-BC", "pmhnp"),
        ("LPC-S", "lpc"),
        ("LPCC-S", "lpcc"),
        ("LPC-MHSP", "lpc"),
        ("IMFT", "lmft"),
        ("ARNP", "aprn"),
        ("ATR-BC", "atr"),
        ("MT-BC", "mt_bc"),
        ("Licensed Clinical Social Worker", "lcsw"),
        ("M.D.", "md"),
    ],
)
def test_credentials_as_written(text: str, code: str) -> None:
    assert read_credential(text).code == code


ASSOCIATES = (
    "AMFT|LCSWA|LCSW-A|LPC-A|LPCA|APCC|PLPC|LLMSW|LMHCA|LMHC-A|LLPC|LAMFT|LPC ASSOCIATE|LPC-ASSOCIATE|MFT INTERN|MFTI|"
    "RMHCI|LAPC|PLMHP|TLMHC|MHC-LP|LCMHCA|LCMHC-A|ASW|LGPC|LICSWA|LSWAIC|RCSWI|LMSW-CC|LPC-IT|PLMFT|PLMSW|LMFTA|LMFT-A"
)


@pytest.mark.parametrize("text", ASSOCIATES.split("|"))
def test_associates_are_supervised_and_nothing_else(text: str) -> None:
    for state in (None, "CA", "TX", "OH"):
        assert read_credential(text, state).code == "supervised"


@pytest.mark.parametrize("text", ["MA", "M.A.", "MS", "MSW", "MEd", "M.Ed.", "BA", "BS", "MPH", "MSN", "DNP", "PhD(c)"])
def test_degrees_license_nobody(text: str) -> None:
    assert read_credential(text).kind == "degree"
    assert read_credential(text).code is None
    assert vocabulary("credentials").find(text) is None


@pytest.mark.parametrize("text", ["ACSW", "MA", "PA", "ACT", "CBT", "CSW", "CT", "CPC"])
def test_ambiguous_letters_are_no_alias(text: str) -> None:
    assert vocabulary("credentials").find(text) is None
    assert read_credential(text).code is None


@pytest.mark.parametrize(
    ("text", "state", "code"),
    [
        ("LAC", "AZ", "supervised"),
        ("LAC", "NJ", "supervised"),
        ("L.A.C.", "AR", "supervised"),
        ("LAC", "CO", "lac"),
        ("LAC", "WA", None),
        ("LAC", None, None),
        ("ACSW", "CA", "supervised"),
        ("ACSW", "MI", None),
        ("LPCC", "OH", "lpcc"),
        ("LPCC", None, "lpcc"),
        ("LPCC", "CO", "supervised"),
        ("CT", "OH", "supervised"),
        ("LP", "MN", "lp"),
        ("LP", "NY", None),
    ],
)
def test_the_state_decides_what_letters_mean(text: str, state: str | None, code: str | None) -> None:
    reading = read_credential(text, state)
    assert reading.code == code
    assert reading.kind == ("code" if code else "ambiguous")


@pytest.mark.parametrize(
    ("text", "kind"), [("CDCA", "other"), ("CCTP", "other"), ("NP", "other"), ("QWERTY", "unknown")]
)
def test_other_credentials(text: str, kind: str) -> None:
    assert read_credential(text).kind == kind


@pytest.mark.parametrize(
    ("text", "provider_type"),
    [
        ("Clinical Psychology", "psychologist"),
        ("Psychologist, Clinical", "psychologist"),
        ("Counselor - Mental Health", "therapist"),
        ("Marriage & Family Therapist", "therapist"),
        ("Licensed Clinical Social Worker", "social_worker"),
        ("Child & Adolescent Psychiatry Physician", "psychiatrist"),
        ("Psychiatry & Neurology: Psychiatry", "psychiatrist"),
        ("Nurse Practitioner - Psychiatric/Mental Health", "psychiatric_nurse"),
    ],
)
def test_specialties_in_words(text: str, provider_type: str) -> None:
    found = read_specialty(text)
    assert found.rule is not None
    assert (found.kind, found.rule.provider_type) == ("ours", provider_type)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Physical Therapist", "other"),
        ("Neurology", "other"),
        ("Addiction Medicine", "other"),
        ("Dermatology", "unknown"),
        ("Nurse Practitioner", "unknown"),
        ("Behavioral Health", "unknown"),
        ("", "unknown"),
    ],
)
def test_specialties_that_are_none_of_ours(text: str, kind: str) -> None:
    assert read_specialty(text).kind == kind
