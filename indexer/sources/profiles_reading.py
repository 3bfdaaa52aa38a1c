"""A row of an own file while it is read, and what is found wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from indexer.sources.profiles_values import Wrong


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong with one value: `target` is the field, `value` as given, `message` says what is allowed."""

    target: str
    value: str
    code: str
    message: str


@dataclass(slots=True)
class Reading:
    """A row while it is read: `public` grows into the public form; `notes` are remarks on a row that is kept."""

    today: date
    public: dict[str, Any] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    notes: list[Mistake] = field(default_factory=list)

    def wrong(self, target: str, value: Any, error: Wrong) -> None:
        """Note a mistake."""
        said = error.value if error.value is not None else value
        self.mistakes.append(Mistake(target, str(said), error.code, error.message))

    def put(self, target: str, value: Any, read: Callable[[Any], Any]) -> Any:
        """Set `target` (`phone`, `fee.minutes`) to what `read` makes of `value`; None where that is a mistake."""
        try:
            found = read(value)
        except Wrong as error:
            self.wrong(target, value, error)
            return None
        owner, _, name = target.rpartition(".")
        (self.public.setdefault(owner, {}) if owner else self.public)[name] = found
        return found

    def extend(self, target: str, found: Iterable[Any], errors: Iterable[Wrong] = ()) -> None:
        """Add to the list `target`, each value once, and note the errors."""
        known = self.public.setdefault(target, [])
        known.extend(v for v in found if v not in known)
        for error in errors:
            self.wrong(target, error.value, error)
