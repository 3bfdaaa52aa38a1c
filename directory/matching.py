"""Does a provider match an expression? One question to one document, in plain Python: what tells somebody why they are
not in a list of results, and what the engines' sets are checked against.
"""

from __future__ import annotations

from directory.document import Document
from directory.expressions import And, Between, Expr, Has, Licensed, Missing, Near, Or, Text
from directory.places import Point, miles
from directory.text import Word


def matches(expr: Expr, doc: Document) -> bool:
    """Whether `doc` is among those whom an engine finds for `expr`."""
    match expr:
        case And(items):
            return all(matches(e, doc) for e in items)
        case Or(items):
            return any(matches(e, doc) for e in items)
        case Has(name, codes):
            return not set(codes).isdisjoint(doc.codes.get(name, ()))
        case Missing(name):
            return not states(doc, name)
        case Between(name, low, high):
            value = doc.numbers[name]
            return value is not None and (low is None or value >= low) and (high is None or value <= high)
        case Near(point, radius):
            far = distance(doc, point)
            return far is not None and far <= radius
        case Licensed(state, way, day):
            return doc.licensed[way].get(state, 0) >= day
        case Text(words):
            return not missing_words(words, doc)


def states(doc: Document, name: str) -> bool:
    """Whether `doc` states anything for `name`, as in `expressions.Missing`."""
    if name == "near":
        return bool(doc.points)
    if name == "state":
        return doc.has_grants
    return doc.numbers[name] is not None if name in doc.numbers else name in doc.codes


def distance(doc: Document, point: Point) -> float | None:
    """Miles from `point` to the nearest placed location; None when none is placed."""
    return min((miles(point, Point(lat, lon)) for lat, lon in doc.points), default=None)


def missing_words(words: tuple[Word, ...], doc: Document) -> tuple[Word, ...]:
    """Those of `words` that occur in no text of `doc`."""
    tokens = {token for found in doc.texts.values() for token in found}
    return tuple(word for word in words if not any(tokens.issuperset(alternative) for alternative in word))
