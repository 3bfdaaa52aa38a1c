"""The opaque `next` of an answer: where a walk through all results is. It holds generation, request, sort key, id and
date, so that it needs no memory on the server and a changed generation or day moves nothing.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeAlias

import orjson

Key: TypeAlias = tuple[int | float | str | None, ...]

CHANGED_CURSOR: Final = "is not a `next` of this API, or was changed"

_MAX_TOKEN: Final = 6000
_MAX_PLAIN: Final = 65_536


class CursorError(ValueError):
    """A token that this API did not make."""

    def __init__(self) -> None:
        super().__init__(CHANGED_CURSOR)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last result of the page before: sort `key` and `id`, in `generation`, for the request `args` of `today`."""

    generation: str
    args: tuple[tuple[str, str], ...]
    key: Key
    id: str
    today: date

    def token(self) -> str:
        """The cursor as URL-safe text."""
        plain = orjson.dumps([self.generation, self.args, self.key, self.id, self.today])
        return base64.urlsafe_b64encode(zlib.compress(plain, 9)).rstrip(b"=").decode()

    @classmethod
    def parse(cls, token: str) -> Cursor:
        """The cursor of a token. Raises CursorError for anything that `token` did not make."""
        if len(token) > _MAX_TOKEN or not token.isascii():
            raise CursorError
        try:
            packed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            unpacker = zlib.decompressobj()
            plain = unpacker.decompress(packed, _MAX_PLAIN)
            if not unpacker.eof:
                raise CursorError
            return cls._build(orjson.loads(plain))
        except (binascii.Error, zlib.error, ValueError, TypeError) as error:
            raise CursorError from error

    @classmethod
    def _build(cls, data: Any) -> Cursor:
        generation, args, key, id_, today = data
        typed = (
            isinstance(generation, str)
            and isinstance(id_, str)
            and all(isinstance(a, list) and len(a) == 2 and all(isinstance(t, str) for t in a) for a in args)
            and all(k is None or (isinstance(k, int | float | str) and not isinstance(k, bool)) for k in key)
        )
        if not typed:
            raise CursorError
        pairs = tuple((name, value) for name, value in args)
        return cls(generation, pairs, tuple(key), id_, date.fromisoformat(today))
