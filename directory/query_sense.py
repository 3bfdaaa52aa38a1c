"""Which names in a query are meant: the longest first, each in the company that it needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from directory.query_names import Meaning, concerns, elsewhere, names, reach, small_words
from directory.query_words import Key, Token


@dataclass(frozen=True, slots=True)
class Named:
    """Words `start` to `end` (the end excluded) that are a name, with what it asks for."""

    start: int
    end: int
    name: Key
    meanings: tuple[Meaning, ...]


@dataclass(frozen=True, slots=True)
class NamedConcern:
    """Words that name a concern; `own` says whether by its own name."""

    start: int
    end: int
    code: str
    own: bool


def _run(words: Sequence[Token], start: int, count: int, free: Sequence[bool]) -> Key | None:
    if start + count > len(words) or not all(free[start : start + count]):
        return None
    part = words[start : start + count]
    if any(c in t.gap for t in part[1:] for c in ',.;:!?()"“”'):
        return None
    return tuple(t.key for t in part)


def _runs(words: Sequence[Token], left: Sequence[bool]) -> Iterator[tuple[int, int, Key]]:
    """(first word, how many, as a name) of all runs of words that may be names, the longest first. `left` may change
    meanwhile: only words that are free by then are given."""
    most = {i: reach()[t.key] for i, t in enumerate(words) if left[i] and t.key in reach()}
    for count in range(min(max(most.values(), default=0), len(words)), 0, -1):
        for start, longest in most.items():
            if count <= longest and (name := _run(words, start, count, left)) is not None:
                yield start, count, name


def named(words: Sequence[Token], free: list[bool]) -> list[Named]:
    """The names in the words that are `free`, the longest first, none over another; in order."""
    left = list(free)
    found: list[Named] = []
    for start, count, name in _runs(words, left):
        if meanings := names().get(name):
            found.append(Named(start, start + count, name, meanings))
            left[start : start + count] = [False] * count
    return sorted(found, key=lambda n: n.start)


def named_concerns(words: Sequence[Token], free: list[bool]) -> list[NamedConcern]:
    """The concerns that are named, the longest names first; in order."""
    left = list(free)
    found = []
    for start, count, name in _runs(words, left):
        if meant := concerns().get(name):
            found.append(NamedConcern(start, start + count, *meant))
            left[start : start + count] = [False] * count
    return sorted(found, key=lambda n: n.start)


class Sense:
    """The words of one query and all the names in them: what is meant by each."""

    def __init__(self, words: Sequence[Token], all_named: Sequence[Named], about: Sequence[NamedConcern]) -> None:
        self.words = words
        spans = [*((n.start, n.end) for n in all_named), *((c.start, c.end) for c in about)]
        self._named = {i for start, end in spans for i in range(start, end)}
        told = (
            t.key for i, t in enumerate(words) if not (t.key == "me" and self._key(i - 1) in small_words("before_me"))
        )
        # Who tells a story seldom means a word alone as a filter; coordinators type lists of nothing else.
        self._story = not small_words("story").isdisjoint(told)

    def meant(self, name: Named, meaning: Meaning) -> bool:
        """Whether `meaning` is asked for here."""
        asks = {
            "": self._unbound,
            "capitals": self._capitals,
            "treatment": self._treated,
            "insurance": self._insured,
            "professional": self._describes,
            "age": self._aged,
            "language": self._spoken,
            "credential": self._held,
            "serving": self._served,
            "list": self._listed,
            "end": self._ends,
            "time": self._timed,
        }
        return not self._elsewhere(name) and asks[meaning.needs](name, meaning)

    def _key(self, place: int) -> str:
        return self.words[place].key if 0 <= place < len(self.words) else ""

    def _window(self, start: int, end: int) -> Iterable[str]:
        return (self._key(i) for i in range(max(0, start), end))

    def _back_over(self, place: int, section: str) -> int:
        """The place of the last word before `place` that is not one of `section`; -1 when there is none."""
        place -= 1
        while place >= 0 and self._key(place) in small_words(section):
            place -= 1
        return place

    def _elsewhere(self, name: Named) -> bool:
        """Whether the words are part of something else: "phone addiction", "every weekend"."""
        if self._key(name.end) in elsewhere("elsewhere").get(name.name[-1], ()):
            return True
        return len(name.name) == 1 and self._key(name.start - 1) in elsewhere("elsewhere_before").get(name.name[0], ())

    def _before_professional(self, end: int) -> bool:
        """Whether what stands before `end` describes the professional named behind it."""
        for place in range(end, min(end + 7, len(self.words))):
            word = self.words[place].key
            if any(c in self.words[place].gap for c in ".;:!?("):
                return False
            if word in small_words("professionals"):
                return True
            if place not in self._named and word not in small_words("describing"):
                return False
        return False

    def _behind_professional(self, start: int) -> bool:
        """Whether what begins at `start` says of a professional who they are: "a therapist who is Black"."""
        place = self._back_over(start, "before_description")
        if self._key(place) in ("whos", "thats"):
            return True
        if self._key(place) in ("is", "are") and self._key(place - 1) in ("who", "that"):
            return True
        return self._key(place) in small_words("professionals") - small_words("anybody")

    def _wished(self, start: int) -> bool:
        """Whether somebody asks for what begins at `start`: "prefer a woman"."""
        return self._key(self._back_over(start, "before_wish")) in small_words("wishes")

    def _unbound(self, name: Named, meaning: Meaning) -> bool:
        """ "My psychiatrist says" tells a story, and asks for none."""
        whose = meaning.parameter in ("provider_type", "credential")
        return not (whose and self._key(name.start - 1) in small_words("whose"))

    def _capitals(self, name: Named, meaning: Meaning) -> bool:
        if any(t.letters for t in self.words[name.start : name.end]):
            return True
        return self._held(name, meaning) if meaning.parameter == "credential" else self._treated(name, meaning)

    def _treated(self, name: Named, _: Meaning) -> bool:
        return self._key(name.end) in small_words("treatment")

    def _listed(self, name: Named, meaning: Meaning) -> bool:
        """Whether it stands beside another name, in no story: "DBT group", "individual or group"."""
        if self._treated(name, meaning):
            return True
        before = name.start - 1 - (self._key(name.start - 1) in small_words("joining"))
        after = name.end + (self._key(name.end) in small_words("joining"))
        return not self._story and (before in self._named or after in self._named)

    def _ends(self, name: Named, _: Meaning) -> bool:
        """Whether nothing follows in its part of a list: "Denver, accepting, Aetna"."""
        behind = self.words[name.end].gap if name.end < len(self.words) else ","
        return not self._story and not behind.isspace()

    def _served(self, name: Named, _: Meaning) -> bool:
        """Whether these are people whom somebody serves: "counseling for veterans", "works with refugees"."""
        place = self._back_over(name.start, "before_served")
        if self._key(place) == "with":
            return self._key(place - 1) in ("work", "works", "working", "experience", "experienced")
        who = self._key(place - 1)
        return self._key(place) == "for" and (
            who in small_words("professionals") or who in small_words("treatment") or who == "group"
        )

    def _insured(self, name: Named, _: Meaning) -> bool:
        if not small_words("insurance_before").isdisjoint(self._window(name.start - 4, name.start)):
            return True
        return not small_words("insurance_after").isdisjoint(self._window(name.end, name.end + 2))

    def _held(self, name: Named, _: Meaning) -> bool:
        """Whether letters are a credential: typed in capitals, or before a word for a professional."""
        if any(t.letters for t in self.words[name.start : name.end]):
            return self._key(name.start - 1) not in small_words("whose")
        return len(name.name[0]) > 2 and self._before_professional(name.end)

    def _describes(self, name: Named, meaning: Meaning) -> bool:
        """Whether a gender or community is a professional's: not "for women", not "I'm a Black man"."""
        if meaning.parameter == "community" and self._served(name, meaning):
            return True
        before = self._key(name.start - 1)
        if before in ("a", "an") and self._before_professional(name.end):
            return True
        people = not small_words("peoples").isdisjoint((name.name[-1], self._key(name.end)))
        if people and self._professional_named():
            return True
        if before in small_words("of_clients") or (
            before == "a" and self._key(name.start - 2) in small_words("of_clients")
        ):
            return False
        if self._before_professional(name.end) or self._behind_professional(name.start):
            return True
        if meaning.parameter == "gender":
            return self._wished(name.start) or (not self._story and name.name[0] in small_words("plain_genders"))
        listed = not self._story and len(self.words) > 1 and name.name[0] not in small_words("also_colors")
        return listed and self._key(name.end) not in small_words("behind_clients")

    def _professional_named(self) -> bool:
        """Whether a professional is asked for anywhere."""
        return not small_words("professionals").isdisjoint(t.key for t in self.words)

    def _timed(self, name: Named, _: Meaning) -> bool:
        """Whether a time is one for sessions: in a story only with a word that asks ("mornings are hard for me")."""
        if not self._story and not any(t.key == "my" for t in self.words):
            return True
        asking = small_words("wishes") | small_words("treatment") | small_words("professionals")
        return not asking.isdisjoint(t.key for i, t in enumerate(self.words) if i not in range(name.start, name.end))

    def _aged(self, name: Named, _: Meaning) -> bool:
        """Whether an age is the client's: "child therapist", "for my teen", or in a list."""
        before, after = self._key(name.start - 1), self._key(name.end)
        if self._before_professional(name.end) and before not in small_words("of_stories"):
            return True
        if after in small_words("treatment"):
            return True
        if self._key(self._back_over(name.start, "before_age")) in small_words("serving"):
            return True
        return not self._story and before not in small_words("of_stories") and after not in small_words("behind_ages")

    def _spoken(self, name: Named, _: Meaning) -> bool:
        """Whether a language is to be spoken: "speaks French", "in Polish", "Spanish therapist", or in a list."""
        before, after = self._key(name.start - 1), self._key(name.end)
        if after in small_words("speaking"):
            return True
        plain = name.name[-1] in small_words("plain_languages")
        if before in ("or", "and", "o", "y"):
            return plain or not small_words("speaking").isdisjoint(self._window(name.start - 4, name.start))
        if before in small_words("speaking"):
            return True
        return plain and (self._before_professional(name.end) or not self._story)
