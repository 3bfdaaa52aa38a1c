"""THE facet table. Request parameters, index fields, counts, the form, OpenAPI and the documentation derive from it:
a facet is added here, with its field in `profile.Profile` and its codes in `vocabularies/`, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Facet:
    """One thing to filter by and to count.

    `name` is the parameter; `field` the attribute of `Profile`; `kind` says what that attribute holds: `codes` a tuple
    of codes, `code` one code or None, `flag` a bool or None (codes `true` and `false`, one value a request).
    `vocabulary` names the file of its codes (None for flags), `label` is what people read, `help` a plain sentence.
    `open` vocabularies (languages) list only the values that occur, and those selected.
    """

    name: str
    field: str
    kind: Literal["codes", "code", "flag"]
    vocabulary: str | None
    label: str
    help: str
    open: bool = False


FACETS: Final = (
    Facet("meeting", "meeting", "codes", "meeting", "How to meet", "In person, or from where you are."),
    Facet("concern", "concerns", "codes", "concerns", "Concern", "What they say they work with."),
    Facet("modality", "modalities", "codes", "modalities", "Therapy type", "The way they say they work."),
    Facet("provider_type", "provider_types", "codes", "professions", "Kind of professional", "What they are."),
    Facet("credential", "credentials", "codes", "credentials", "License or degree", "Letters after the name."),
    Facet("format", "formats", "codes", "formats", "Who comes along", "Alone, as a couple, a family or a group."),
    Facet("age_group", "age_groups", "codes", "age_groups", "Age", "How old the client is."),
    Facet("language", "languages", "codes", "languages", "Language", "Spoken in sessions.", open=True),
    Facet("payment", "payment", "codes", "payments", "Ways to pay", "How sessions can be paid."),
    Facet(
        "insurer",
        "insurers",
        "codes",
        "insurers",
        "Insurance",
        "Confirm with your plan before the first visit.",
    ),
    Facet("sliding_scale", "sliding_scale", "flag", None, "Sliding scale", "A lower fee when you earn less."),
    Facet(
        "free_consultation",
        "free_consultation",
        "flag",
        None,
        "Free first talk",
        "A first short talk costs nothing.",
    ),
    Facet("accepting", "accepting", "code", "accepting", "New clients", "Whether they take new clients."),
    Facet("remote", "remote", "flag", None, "Remote", "By video, phone, chat or online."),
    Facet("prescribes", "prescribes", "flag", None, "Can prescribe", "Can prescribe medication."),
    Facet("gender", "gender", "code", "genders", "Gender", "As the professional states it."),
    Facet("times", "times", "codes", "times", "Times", "When sessions are offered."),
    Facet("accessibility", "accessibility", "codes", "accessibility", "Access", "What makes it easier to come."),
    Facet(
        "community",
        "communities",
        "codes",
        "communities",
        "Community",
        "People they say they serve with care.",
    ),
)

FACET: Final = MappingProxyType({f.name: f for f in FACETS})

FLAG_LABELS: Final = MappingProxyType({"true": "Yes", "false": "No"})
