"""The public form of a provider, checked: `ProfileSchema` (marshmallow) and the JSON Schema made from it.

Both derive from the dataclasses of `profile` and from the facet table; what neither can tell (lengths, ranges,
patterns, a sentence of explanation) stands once, in `RULES`. Own files, their columns and documentation use it too.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from apispec import APISpec
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, ValidationError, post_load, validate
from marshmallow import fields as schema_fields

from directory.facets import FACETS
from directory.licensure import COMPACTS, GRANT_KINDS, GRANT_STATUSES
from directory.profile import Fee, Grant, Location, Network, OtherWord, Profile, Provenance
from directory.vocabulary import vocabulary

LONGEST_BIO: Final = 20_000
"""Characters; about ten printed pages. A longer one is refused, never cut."""

HIGHEST_FEE: Final = 10_000
"""US dollars a session; more is taken for a slip."""

LARGEST_LIST: Final = 500
"""Locations, grants, and plans or networks of one provider: someone may be in every plan of a state."""

OWN_ID: Final = r"[A-Za-z0-9][A-Za-z0-9._~@:-]{0,99}"
"""What a source may call a provider that has no NPI."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a field may hold beyond its Python type. `help` is a plain sentence; `vocabulary` names the codes, `choices`
    lists them where there is no file; `longest` counts characters; `least` and `most` bound a number; `pattern` is a
    whole regular expression, said in words by `shape`; a `past` date cannot lie in the future."""

    help: str
    vocabulary: str | None = None
    choices: tuple[str, ...] = ()
    longest: int = 200
    least: int | None = None
    most: int | None = None
    pattern: str | None = None
    shape: str = ""
    past: bool = False

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code allowed; empty where anything else is."""
        return vocabulary(self.vocabulary).codes if self.vocabulary else self.choices


_WEB: Final = r"https?://[A-Za-z0-9\[][^\s\x00-\x20\x7f<>\"\\^`{|}]*"
_WEB_SHAPE: Final = "an address that starts with http:// or https://"


def _dollars(help_: str) -> Rule:
    return Rule(help_, least=0, most=HIGHEST_FEE)


RULES: Final[Mapping[type, Mapping[str, Rule]]] = {
    Profile: {
        "id": Rule(
            "npi:<NPI>, or <source>:<its own id> without one.",
            pattern=rf"npi:[12][0-9]{{9}}|(?!npi:)[a-z][a-z_]*:{OWN_ID}",
            shape="letters, digits and . _ ~ @ : - without blanks, at most 100",
        ),
        "name": Rule("The name that people see."),
        "npi": Rule("National Provider Identifier.", pattern="[12][0-9]{9}", shape="ten digits, the first 1 or 2"),
        "family": Rule("Family name, for the order by name."),
        "given": Rule("Given name."),
        "other_names": Rule("Former names, and the name in other scripts."),
        "demo": Rule("true for a fictional profile."),
        "provider_type": Rule("The main profession.", vocabulary="professions"),
        "primary": Rule("false when the main profession is none of ours."),
        "experience_since": Rule("The year in which practice began.", least=1930, most=2100),
        "accepting_as_of": Rule("When that about new clients was said.", past=True),
        "next_available": Rule("The next free appointment."),
        "verified_on": Rule("When the provider or a board last confirmed the profile.", past=True),
        "phone": Rule(
            "Telephone.", longest=20, pattern=r"\+1 [2-9][0-9]{2} [2-9][0-9]{2} [0-9]{4}", shape="ten digits"
        ),
        "locations": Rule("Places of practice."),
        "grants": Rule("Licenses and other rights to practice."),
        "networks": Rule("Plans and networks they are in."),
        "fee": Rule("What sessions cost."),
        "bio": Rule("In their own words; plain text.", longest=LONGEST_BIO),
        "website": Rule("Website.", longest=500, pattern=_WEB, shape=_WEB_SHAPE),
        "email": Rule(
            "E-mail address.",
            longest=254,
            pattern=r"[^\s@<>\"(),:;\\]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}",
            shape="name@host",
        ),
        "photo": Rule("Address of a portrait.", longest=500, pattern=_WEB, shape=_WEB_SHAPE),
        "hours": Rule("Opening hours, in words.", longest=500),
        "pronouns": Rule("Pronouns.", longest=40),
        "provenance": Rule("Who said a group of fields."),
    },
    Fee: {
        "session": _dollars("Fee for a session, in whole dollars."),
        "session_max": _dollars("Highest fee for a session."),
        "sliding_low": _dollars("Lowest fee of the sliding scale."),
        "first_visit": _dollars("Fee for the first visit."),
        "currency": Rule("Currency; only USD.", choices=("USD",)),
        "minutes": Rule("Length of a session in minutes.", least=5, most=600),
        "as_of": Rule("When the fees were said.", past=True),
    },
    Location: {
        "city": Rule("City."),
        "state": Rule("State.", vocabulary="states"),
        "zip": Rule("ZIP code.", pattern="[0-9]{5}", shape="five digits"),
        "lat": Rule("Latitude of the ZIP's or city's center, in degrees.", least=-90, most=90),
        "lon": Rule("Longitude of the ZIP's or city's center, in degrees.", least=-180, most=180),
        "street": Rule("Street, if the office is public."),
        "country": Rule("Country (ISO 3166-1 alpha-2).", pattern="[A-Z]{2}", shape="two letters, such as US"),
    },
    Grant: {
        "kind": Rule("What kind of right it is.", choices=GRANT_KINDS),
        "jurisdiction": Rule("The state where it holds.", vocabulary="states"),
        "number": Rule("Its number.", longest=60),
        "status": Rule("listed (self-reported), active (confirmed), expired or revoked.", choices=GRANT_STATUSES),
        "source": Rule("Who checked or stated it."),
        "checked_on": Rule("When it was checked.", past=True),
        "expires_on": Rule("The last day on which it holds."),
        "compact": Rule("The compact of a privilege.", choices=COMPACTS),
    },
    Network: {
        "name": Rule("The plan's or network's own name."),
        "company": Rule("The insurance company.", vocabulary="insurers"),
        "tier": Rule("What the plan calls its part of the network.", longest=60),
        "source": Rule("Who said so."),
        "as_of": Rule("When.", past=True),
    },
    Provenance: {
        "source": Rule("Who said it."),
        "as_of": Rule("When.", past=True),
        "how": Rule("How it was checked."),
        "others": Rule("Who else spoke of it."),
    },
    OtherWord: {
        "source": Rule("Who said it."),
        "as_of": Rule("When.", past=True),
        "how": Rule("How it was checked."),
        "fields": Rule("The fields that they state differently."),
    },
}
"""Dataclass -> field -> rule; a field with a facet has its rule from the facet table (see `rule`)."""

_FACET_RULES: Final = {f.field: Rule(f.help, vocabulary=f.vocabulary) for f in FACETS}


def rule(cls: type, field: str) -> Rule:
    """The rule of a field of one of the dataclasses in `RULES`; KeyError for any other."""
    found = RULES[cls].get(field) or (_FACET_RULES.get(field) if cls is Profile else None)
    if found is None:
        raise KeyError(f"{cls.__name__}.{field} has no rule")
    return found


@lru_cache(maxsize=16)
def field_types(cls: type) -> Mapping[str, Any]:
    """Field -> its type, without `None`: `str`, `tuple[str, ...]`, `Fee`…"""
    hints = typing.get_type_hints(cls)
    return MappingProxyType({f.name: _stated_type(hints[f.name]) for f in fields(cls)})


def _stated_type(hint: Any) -> Any:
    if isinstance(hint, types.UnionType):
        return next(t for t in typing.get_args(hint) if t is not types.NoneType)
    return hint


class _Text(schema_fields.String):
    """A string without control characters, invisible direction marks or halves of surrogate pairs."""

    default_error_messages = {"unclean": "Holds control characters."}  # noqa: RUF012 - marshmallow's own contract

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        if isinstance(text, str) and UNCLEAN.search(text):
            raise self.make_error("unclean")
        return text


UNCLEAN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb]"
)
"""Characters that no text of a profile holds: C0 and C1 controls except tab and line feed, line and paragraph
separators, bidirectional controls (Unicode's list in UAX #9), byte order marks, surrogates."""


class _Flag(schema_fields.Boolean):
    """true or false, and nothing that merely looks like it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class _Day(schema_fields.Date):
    """A date as YYYY-MM-DD."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not (isinstance(value, str) and len(value) == 10):
            raise self.make_error("invalid", input=value, obj_type="date")
        return super()._deserialize(value, attr, data, **kwargs)


class _Tuple(schema_fields.List[Any]):
    """A list, loaded as a tuple; `codes` are all that it may hold (empty: anything that its inner field takes)."""

    def __init__(self, inner: schema_fields.Field[Any], *, codes: tuple[str, ...] = (), **common: Any) -> None:
        super().__init__(inner, **common)
        self._codes = frozenset(codes)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        # Nearly every list is right: looking at its items one by one is only worth it for the words of a mistake.
        if isinstance(value, list) and all(isinstance(v, str) for v in value) and self._codes.issuperset(value):
            return tuple(value)
        return tuple(super()._deserialize(value, attr, data, **kwargs))


def _validators(known: Rule, kind: Any) -> Iterator[Any]:
    if known.codes:
        yield validate.OneOf(known.codes, error="Not a code of this field.")
    elif kind is str:
        yield validate.Length(min=1, max=known.longest)
    if known.least is not None or known.most is not None:
        yield validate.Range(min=known.least, max=known.most)
    if known.pattern:
        yield validate.Regexp(f"^(?:{known.pattern})$(?!\n)", error=f"Expected {known.shape}.")


_PLAIN: Final[Mapping[type, type[schema_fields.Field[Any]]]] = {
    str: _Text,
    bool: _Flag,
    float: schema_fields.Float,
    date: _Day,
}


def _field(cls: type, name: str, *, required: bool, nullable: bool) -> schema_fields.Field[Any]:
    """The marshmallow field of a dataclass's field."""
    known, kind = rule(cls, name), field_types(cls)[name]
    common: dict[str, Any] = {
        "required": required,
        "allow_none": nullable,
        "metadata": {"description": known.help},
    }
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple and inner[0] is str:
        item = _Text(validate=list(_validators(known, str)))
        length = validate.Length(max=max(50, len(known.codes)))
        return _Tuple(item, codes=known.codes, validate=length, **common)
    if origin is tuple:
        return _Tuple(schema_fields.Nested(_schema(inner[0])), validate=validate.Length(max=LARGEST_LIST), **common)
    if origin is not None:
        values = schema_fields.Nested(_schema(inner[1]))
        return schema_fields.Dict(keys=_Text(validate=validate.Length(max=50)), values=values, **common)
    if kind in RULES:
        return schema_fields.Nested(_schema(kind), **common)
    checks = list(_validators(known, kind))
    if kind is int:
        return schema_fields.Integer(strict=True, validate=checks, **common)
    return _PLAIN[kind](validate=checks, **common)


class _Built(Schema):
    """A schema whose `load` gives the dataclass `made`."""

    made: type[Any]

    @post_load
    def _build(self, data: Mapping[str, Any], **_: Any) -> Any:
        return self.made(**data)


@lru_cache(maxsize=16)
def _schema(cls: type) -> type[_Built]:
    hints = typing.get_type_hints(cls)
    members: dict[str, Any] = {
        f.name: _field(
            cls,
            f.name,
            required=f.default is MISSING and f.default_factory is MISSING,
            nullable=types.NoneType in typing.get_args(hints[f.name]),
        )
        for f in fields(cls)
    }
    return type(f"{cls.__name__}Schema", (_Built,), {**members, "made": cls})


ProfileSchema: Final = _schema(Profile)
"""`load` takes the public form (a field left out is not stated, an unknown one a mistake) and gives a `Profile`; it
raises marshmallow's ValidationError with every mistake. `license_states` and what depends on a request are no part of
it: they are computed."""


def load(data: Mapping[str, Any]) -> Profile:
    """The profile in its public form. Raises ValidationError naming every mistake."""
    profile = _loader().load(data)
    assert isinstance(profile, Profile)  # what the schema makes
    return profile


@lru_cache(maxsize=1)
def _loader() -> Schema:
    return ProfileSchema()


def mistakes(error: ValidationError) -> list[tuple[str, str]]:
    """(path, message) of each mistake of a ValidationError: `("locations[0].zip", "Expected five digits.")`."""
    return [("".join(path).removeprefix("."), message) for path, message in _walk(error.messages, ())]


def _walk(node: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(node, Mapping):
        for key, below in node.items():
            step = f"[{key}]" if isinstance(key, int) else "" if key == "_schema" else f".{key}"
            yield from _walk(below, (*path, step))
    else:
        for message in node if isinstance(node, list) else [node]:
            yield path, str(message)


def json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of one profile in the public form, for editors and validators of own files.

    What is computed may be there, so that an answer of the API fits; a name and an NPI or an id are needed.
    """
    converter = OpenAPIConverter("3.1.0", lambda _: None, APISpec("profile", "1", "3.1.0"))
    body: dict[str, Any] = converter.schema2jsonschema(ProfileSchema())  # type: ignore[no-untyped-call]
    body["properties"]["license_states"] = {
        "type": "array",
        "description": "Computed from grants.",
        "items": {"type": "string", "enum": list(vocabulary("states").codes)},
    }
    for name in COMPUTED:
        body["properties"].setdefault(name, {"description": "Computed for a request; ignored."})
    body["required"] = ["name"]
    body["anyOf"] = [{"required": ["npi"]}, {"required": ["id"]}]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A provider's profile",
        **body,
    }


COMPUTED: Final = ("license_states", "distance_miles", "eligibility", "why", "generation")
"""What an answer of the API holds beside the profile, computed from it or for a request."""
