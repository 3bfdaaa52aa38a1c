"""Crisis language: does what someone typed speak of wanting to die, self-harm, an overdose, harm to others or violence
at home now, about themselves or someone close? And the helplines to show when it does.

Pure and without any engine, so that the answer is there when all else fails. What people say is in
`vocabularies/crisis.yaml`, the numbers in `vocabularies/crisis_helplines.yaml`; a mistake in either stops the start.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from directory.crisis_language import Context, CrisisDataError, Language, load
from directory.phrase_pattern import Pattern

__all__ = ["CrisisDataError", "Helpline", "helplines", "is_crisis", "read_helplines"]

_VOCABULARIES: Final = Path(__file__).with_name("vocabularies")


def _reason(text: str, language: Language) -> str | None:
    """The name of the statement found in `text`, None when it isn't crisis language."""
    line = _masked(language.line(text), language)
    words = set(line)
    for statement in language.statements:
        if not statement.pattern.anchors.isdisjoint(words):
            for found in statement.pattern.regex.finditer(line):
                around = _clause(line, found.start(), found.end(), language)
                if not any(_holds(language.contexts[name], around) for name in statement.unless):
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


def _clause(line: str, start: int, end: int, language: Language) -> str:
    """The part of the sentence that a context may speak for: up to its end or to a turn of thought."""
    cuts = [0, *(n for turn in language.turns.finditer(line) for n in turn.span()), len(line)]
    return line[max(n for n in cuts if n <= start) : min(n for n in cuts if n >= end)]


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
