"""The OpenAPI 3.1 document, made from the tables that implement the API."""

from __future__ import annotations

from typing import Any


def document() -> dict[str, Any]:
    """The document as plain JSON values."""
    return {}
