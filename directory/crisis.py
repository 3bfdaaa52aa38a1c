"""Crisis language: does what someone typed speak of wanting to die, self-harm, an overdose, harm to others or violence
at home now, about themselves or someone close? And the helplines to show when it does.

Pure and without any engine, so that the answer is there when all else fails. What people say is in
`vocabularies/crisis.yaml`, the numbers in `vocabularies/crisis_helplines.yaml`; a mistake in either stops the start.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import yaml

from directory.crisis_language import Context, Language, Statement, load
from directory.phrase_file import YamlFile
from directory.phrase_pattern import Pattern

_VOCABULARIES: Final = Path(__file__).with_name("vocabularies")


def _reason(text: str, language: Language) -> str | None:
    """The name of the statement found in `text`, None when it isn't crisis language."""
    line = _masked(language.line(text), language)
    words = set(line)
    cuts = [0, *(n for turn in language.turns.finditer(line) for n in turn.span()), len(line)]
    known: dict[tuple[str, str], bool] = {}

    def excepted(statement: Statement, start: int, end: int) -> bool:
        """Whether a context that the statement excepts holds in its clause: up to the sentence's end or its turn."""
        clause = line[cuts[bisect_right(cuts, start) - 1] : cuts[bisect_left(cuts, end)]]
        for name in statement.unless:
            if (name, clause) not in known:
                known[name, clause] = _holds(language.contexts[name], clause)
        return any(known[name, clause] for name in statement.unless)

    for statement in language.statements:
        if not statement.pattern.anchors.isdisjoint(words):
            for found in statement.pattern.regex.finditer(line):
                if not excepted(statement, *found.span()):
                    return statement.name
    return None


def _masked(line: str, language: Language) -> str:
    """`line` with all that only sounds like a crisis (denials, idioms, prevention, bereavement) put out of sight.
    Only the words of that phrase go, so a real statement beside it is still found."""
    words = set(line)
    for sign, mask in language.masks:
        if not mask.anchors.isdisjoint(words):
            line = mask.regex.sub(sign, line)
    return line


def _holds(context: Context, clause: str) -> bool:
    def occurs(patterns: tuple[Pattern, ...]) -> bool:
        return any(p.regex.search(clause) for p in patterns)

    return occurs(context.patterns) and not occurs(context.cancelled_by)


_LANGUAGE: Final = load(_VOCABULARIES / "crisis.yaml")


def is_crisis(text: str) -> bool:
    """Whether `text`, as typed, is crisis language. Any string will do; case, accents, blanks, line breaks,
    apostrophes and common disguises make no difference.

    >>> is_crisis("i dont wanna be here anymore"), is_crisis("suicide loss grief group")
    (True, False)
    """
    return _reason(text, _LANGUAGE) is not None


@dataclass(frozen=True, slots=True)
class Helpline:
    """Somebody to turn to: what for, and how. `call` and `text` are what people read, the `_href`s what a tap does;
    None where that way does not exist. `source` and `as_of` say where the numbers were checked, and when."""

    name: str
    purpose: str
    call: str | None
    call_href: str | None
    text: str | None
    text_href: str | None
    around_the_clock: bool
    source: str
    as_of: date


_NEEDED: Final = ("name", "for", "around_the_clock", "source", "as_of")
_WAYS: Final = ("call", "call_href", "text", "text_href")


def read_helplines(path: Path) -> tuple[Helpline, ...]:
    """The helplines of a data file, in its order. Raises VocabularyError naming file and line."""
    file = YamlFile(path)
    listed = file.mapping(file.root, allowed=("helplines",), needed=("helplines",))["helplines"]
    if not isinstance(listed, yaml.SequenceNode) or not listed.value:
        raise file.fail(listed.start_mark.line + 1, "expected a list of helplines")
    found = tuple(_helpline(file, node) for node in listed.value)
    for number, line in enumerate(found):
        if line.name in {other.name for other in found[:number]}:
            raise file.fail(listed.value[number].start_mark.line + 1, f"“{line.name}” is there twice")
    return found


def _helpline(file: YamlFile, node: yaml.Node) -> Helpline:
    values = {k: file.text(v) for k, v in file.mapping(node, allowed=(*_NEEDED, *_WAYS), needed=_NEEDED).items()}
    line = node.start_mark.line + 1
    for way, scheme in (("call", "tel:"), ("text", "sms:")):
        if (way in values) != (f"{way}_href" in values):
            raise file.fail(line, f"“{way}” and “{way}_href” go together")
        if not values.get(f"{way}_href", scheme).startswith(scheme):
            raise file.fail(line, f"“{way}_href” starts with {scheme}")
    if "call" not in values and "text" not in values:
        raise file.fail(line, "a helpline is called or texted")
    if values["around_the_clock"] not in ("yes", "no"):
        raise file.fail(line, "“around_the_clock” is yes or no")
    try:
        as_of = date.fromisoformat(values["as_of"])
    except ValueError:
        raise file.fail(line, "“as_of” is a date such as 2026-11-23") from None
    ways = {way: values.get(way) for way in _WAYS}
    clock = values["around_the_clock"] == "yes"
    return Helpline(
        name=values["name"], purpose=values["for"], around_the_clock=clock, source=values["source"], as_of=as_of, **ways
    )


_HELPLINES: Final = read_helplines(_VOCABULARIES / "crisis_helplines.yaml")


def helplines() -> tuple[Helpline, ...]:
    """Who to turn to, the most general first."""
    return _HELPLINES
