"""Whom the browser tests meet: made-up profiles, real ones as NPPES states them, and one who means harm."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from directory.profile import Fee, Grant, Location, Network, OtherWord, Profile, Provenance
from tests.profiles import profiles

REAL: Final = "npi:1999999927"
HOSTILE: Final = "profiles:hostile"
BARE: Final = "profiles:bare"
FULL: Final = "npi:1999999984"


def everyone(today: date) -> list[Profile]:
    """All of them, in order of id; what they state lies around `today`."""
    made = [p for p in profiles(400, 11, today) if not {g.compact for g in p.grants} & {"another"}]
    return sorted([*made, full(today), real(), hostile(), Profile(id=BARE, name="Nobody Known")], key=lambda p: p.id)


def full(today: date) -> Profile:
    """Someone who states everything."""
    return Profile(
        id=FULL, npi=FULL[4:], name="Maribel Okafor-Reyes", family="Okafor-Reyes", given="Maribel", demo=True,
        other_names=("Maribel Okafor",), provider_type="psychologist", provider_types=("psychologist", "therapist"),
        credentials=("phd", "lpc"), modalities=("cbt", "cbt_i", "act"), concerns=("anxiety", "insomnia", "grief"),
        formats=("individual", "couples"), age_groups=("adult", "older_adult"), languages=("en", "es"), gender="female",
        meeting=("in_person", "video", "phone"), remote=True, prescribes=False, experience_since=2012,
        fee=Fee(130, 150, 60, 160, minutes=50, as_of=today - timedelta(30)), sliding_scale=True, free_consultation=True,
        payment=("self_pay", "sliding_scale"), insurers=("aetna",), times=("evening",), accessibility=("wheelchair",),
        communities=("immigrant",), accepting="yes", accepting_as_of=today - timedelta(100),
        next_available=today + timedelta(8), verified_on=today - timedelta(20), phone="+1 512 555 0142",
        locations=(Location("Austin", "TX", "78704", 30.24, -97.77),),
        grants=(Grant("license", "TX", "12345", "active", "Texas board", today - timedelta(60)),),
        bio="When nights are long and the mind won’t stop, it helps to sit down with someone who isn’t in a hurry.\n\n"
        "We begin with what hurts most.",
        website="https://example.org/maribel", email="maribel@example.org", hours="Mon to Thu, 9 to 7",
        networks=(Network("Silver PPO", "aetna", "preferred", "qhp", today - timedelta(40)),), pronouns="she/her",
        provenance={
            "identity": Provenance(
                "own profile", today - timedelta(20), "form", (OtherWord("NPPES", date(2024, 1, 3), None, ("gender",)),)
            ),
            "network": Provenance("qhp", today - timedelta(40), "not verified"),
        },
    )  # fmt: skip


def real() -> Profile:
    """Someone as the national registry states them: no fee, no way of meeting, confirmed long ago."""
    when = date(2024, 1, 3)
    return Profile(
        id=REAL, npi=REAL[4:], name="Lena Marsh", family="Marsh", given="Lena", provider_type="therapist",
        provider_types=("therapist",), primary=False, credentials=("lpc",), prescribes=False, verified_on=when,
        phone="+1 512 555 0177", locations=(Location("Austin", "TX", "78701", 30.27, -97.74),),
        grants=(Grant("license", "TX", "777", "listed", "nppes", when),),
        provenance={"identity": Provenance("nppes", when, "public file")},
    )  # fmt: skip


def hostile() -> Profile:
    """Someone whose every text tries to break out."""
    script = "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 1'>"
    turned = "\u202egnp.exe\u2066 \u200f"
    return Profile(
        id=HOSTILE, name=f"Zed {script}{turned} 😀👩‍👩‍👧‍👦", family="Zed", given=turned, demo=False,
        other_names=(script, "Ż" * 500), provider_type="therapist", provider_types=("therapist",),
        concerns=("anxiety",), meeting=("video",), remote=True, phone="+1 512 555 0166",
        locations=(Location("</ul><script>window.pwned = 1</script>", "TX", "78704", 30.24, -97.77, "1 <b>Main</b>"),),
        grants=(Grant("license", "TX", script, "listed", "\"onmouseover='window.pwned = 1'", None),),
        bio=f"</p></main>{script}{turned}" + "A" * 60_000 + " 😱" * 20_000,
        website="javascript:window.pwned=1", email="a@example.org?body=<script>", hours=script, pronouns=script,
        networks=(Network(script + "A" * 500, None, script, script),), photo="https://example.com/spy.png",
        provenance={script: Provenance(script, None, script, (OtherWord(script, None, script, (script,)),))},
    )  # fmt: skip
