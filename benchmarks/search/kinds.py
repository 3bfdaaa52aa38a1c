"""The kinds of searches that are measured, each as many different addresses as wanted, so that no cache flatters.

Every search is aimed at one profile of the corpus: it asks for what that profile states, in the place where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from random import Random
from typing import Final, TypeAlias
from urllib.parse import urlencode

from directory.profile import Profile
from directory.vocabulary import vocabulary

PROVIDERS: Final = "/api/v1/providers"

Args: TypeAlias = list[tuple[str, str]]


def _label(random: Random, profile: Profile) -> str:
    """A concern or therapy of `profile` in the words of its label."""
    concerns = [vocabulary("concerns").label(c) for c in profile.concerns]
    modalities = [vocabulary("modalities").label(c).split(" (")[0] for c in profile.modalities]
    return random.choice(concerns or modalities or ["Anxiety"])


def _words(random: Random, profile: Profile, count: int) -> str:
    """Longer words of the bio of `profile`, as they stand there."""
    long = sorted({w for w in (profile.bio or "anxiety depression").split() if len(w) > 5 and w.isalpha()})
    return " ".join(random.sample(long, min(count, len(long))) or ["anxiety"])


def _typed(random: Random, profile: Profile) -> str:
    if random.random() < 0.5:
        return f"{_label(random, profile)} {random.choice(('therapist', 'psychologist', 'counselor'))}"
    return _words(random, profile, 2)


def _filters(random: Random, profile: Profile) -> Args:
    """Three filters that `profile` passes, of facets that people use most."""
    stated: list[tuple[str, tuple[str, ...]]] = [
        ("concern", profile.concerns),
        ("modality", profile.modalities),
        ("provider_type", profile.provider_types),
        ("language", profile.languages),
        ("meeting", profile.meeting),
        ("payment", profile.payment),
        ("age_group", profile.age_groups),
        ("insurer", profile.insurers),
    ]
    usable = [(name, codes) for name, codes in stated if codes]
    return [(name, random.choice(codes)) for name, codes in random.sample(usable, min(3, len(usable)))]


def _zip(profile: Profile) -> str:
    return next((p.zip for p in profile.locations if p.zip and p.lat is not None), "78704")


def _mistyped(random: Random, word: str) -> str:
    """`word` with two neighboring letters exchanged, or one left out, after its first."""
    at = random.randrange(1, len(word) - 2)
    if random.random() < 0.5:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + word[at + 1 :]


def _no_filter(random: Random, profile: Profile) -> Args:
    return [("page", str(random.randrange(1, 101)))]


def _text(random: Random, profile: Profile) -> Args:
    return [("q", _typed(random, profile))]


def _all_words(random: Random, profile: Profile) -> Args:
    return [("q", _typed(random, profile)), ("understand", "false")]


def _text_and_filters(random: Random, profile: Profile) -> Args:
    return [("q", _words(random, profile, 1)), *_filters(random, profile)]


def _nearby(random: Random, profile: Profile) -> Args:
    return [("near", _zip(profile)), ("radius", "25"), ("meeting", "video")]


def _by_distance(random: Random, profile: Profile) -> Args:
    broad = random.choice((("language", "en"), ("meeting", "video"), ("format", "individual"), ("age_group", "adult")))
    return [broad, ("near", _zip(profile)), ("radius", "500"), ("sort", "distance")]


def _typo(random: Random, profile: Profile) -> Args:
    words = [w for w in _label(random, profile).split() if len(w) > 5 and w.isalpha()] or ["anxiety"]
    return [("q", f"{_mistyped(random, random.choice(words))} {random.choice(('therapist', 'counseling', 'help'))}")]


def _sentence(random: Random, profile: Profile) -> Args:
    need = random.choice(
        (
            "I can't sleep since my dad died and I cry all the time",
            "my husband and I argue about money every night",
            "panic attacks at work, I feel like I can't breathe",
            "our teenage son does not talk to us anymore",
            "I drink too much since the divorce",
            "I feel empty and worthless most days",
        )
    )
    place = next((p for p in profile.locations if p.city and p.state), None)
    where = f" in {place.city}, {place.state}" if place and random.random() < 0.5 else ""
    price = f" under ${random.randrange(80, 200)}" if random.random() < 0.3 else ""
    return [("q", f"{need}, {random.choice(('female', 'a', 'an experienced'))} therapist{where}{price}"[:200])]


def _suggest(random: Random, profile: Profile) -> Args:
    word = random.choice([_label(random, profile), profile.name, _words(random, profile, 1)])
    return [("q", word[: random.randrange(2, 8)].strip() or "an")]


def _none(random: Random, profile: Profile) -> Args:
    return []


_KINDS: Final[Mapping[str, Callable[[Random, Profile], Args]]] = {
    "no filter": _no_filter,
    "text": _text,
    "text, all words": _all_words,
    "text + 3 filters": _text_and_filters,
    "3 filters": lambda random, profile: _filters(random, profile),
    "25 miles + video": _nearby,
    "broad, by distance": _by_distance,
    "typo": _typo,
    "sentence": _sentence,
    "suggest": _suggest,
    "profile": _none,
}

KINDS: Final = tuple(_KINDS)
SEARCHES: Final = tuple(k for k in KINDS if k not in ("suggest", "profile"))
"""Kinds that are searches, which the peers can be asked too."""


def _address(kind: str, profile: Profile, args: Args) -> str:
    if kind == "profile":
        return f"{PROVIDERS}/{profile.id}"
    path = "/api/v1/suggest" if kind == "suggest" else PROVIDERS
    return f"{path}?{urlencode(args)}" if args else path


def addresses(kind: str, profiles: Iterable[Profile], count: int) -> list[str]:
    """`count` different addresses of `kind`, aimed at `profiles` by turns; fewer where there are no more. The same
    profiles give the same addresses."""

    def made() -> Iterator[str]:
        random = Random(kind)
        known = list(profiles)
        for i in range(20 * count):
            profile = known[i % len(known)]
            yield _address(kind, profile, _KINDS[kind](random, profile))

    return list(islice(dict.fromkeys(made()), count))
