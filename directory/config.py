"""The environment, read once into a frozen `Settings`. A value that is not allowed stops the start and says what is."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ENGINES: Final = ("embedded", "elasticsearch")
_ALIAS: Final = re.compile(r"[a-z][a-z0-9_-]{0,60}")


class ConfigError(Exception):
    """A setting has a value that is not allowed; the message names both."""


@dataclass(frozen=True, slots=True)
class Settings:
    """See `docs/api.md` for what each setting means. The API key never shows in a repr."""

    engine: str = "embedded"
    elasticsearch_urls: tuple[str, ...] = ()
    elasticsearch_api_key: str | None = field(default=None, repr=False)
    elasticsearch_ca_certs: str | None = None
    data: Path = Path("data")
    alias: str = "providers"
    cache_bytes: int = 32_000_000

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Settings from `env` (default: the process's environment). Raises ConfigError."""
        env = os.environ if env is None else env
        urls = tuple(u.strip() for u in env.get("ELASTICSEARCH_URL", "").split(",") if u.strip())
        engine = env.get("DIRECTORY_ENGINE", "").strip() or ("elasticsearch" if urls else "embedded")
        alias = env.get("DIRECTORY_ALIAS", "").strip() or "providers"
        ca_certs = env.get("ELASTICSEARCH_CA_CERTS", "").strip() or None
        if engine not in ENGINES:
            raise ConfigError(f"DIRECTORY_ENGINE is {engine!r}; allowed: {', '.join(ENGINES)}")
        if engine == "elasticsearch" and not urls:
            raise ConfigError("DIRECTORY_ENGINE is elasticsearch, so ELASTICSEARCH_URL is needed")
        for url in urls:
            if not re.match(r"https?://[^/\s]+", url):
                raise ConfigError(f"ELASTICSEARCH_URL has {url!r}; an address starts with http:// or https://")
        if not _ALIAS.fullmatch(alias):
            raise ConfigError(f"DIRECTORY_ALIAS is {alias!r}; allowed: a lower-case letter, then a-z, 0-9, _ and -")
        if ca_certs and not Path(ca_certs).is_file():
            raise ConfigError(f"ELASTICSEARCH_CA_CERTS names {ca_certs!r}, which is not a file")
        megabytes = env.get("DIRECTORY_CACHE_MB", "").strip() or "32"
        if not re.fullmatch(r"\d{1,5}", megabytes):
            raise ConfigError(f"DIRECTORY_CACHE_MB is {megabytes!r}; allowed: whole megabytes, 0 for no cache")
        return cls(
            engine=engine,
            elasticsearch_urls=urls,
            elasticsearch_api_key=env.get("ELASTICSEARCH_API_KEY", "").strip() or None,
            elasticsearch_ca_certs=ca_certs,
            data=Path(env.get("DIRECTORY_DATA", "").strip() or "data"),
            alias=alias,
            cache_bytes=1_000_000 * int(megabytes),
        )
