"""`python -m indexer audit`: what the live generation knows and lacks."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click
import orjson
from rich.console import Console

from directory.config import ConfigError, Settings
from directory.engines.choose import engine_from
from directory.errors import Problem
from indexer import audit_pages
from indexer.audit import audit as audit_of
from indexer.own_commands import fail


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
@click.option(
    "--html",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write one self-contained page to this file.",
)
def audit(as_json: bool, html: Path | None) -> None:
    """Report how complete, how old and how contradictory the live generation is, by source."""
    if html is not None and not html.parent.is_dir():
        raise click.BadParameter(f"there is no folder {html.parent}", param_hint="--html")
    try:
        engine = engine_from(Settings.from_env())
    except ConfigError as error:
        raise click.UsageError(str(error)) from error
    try:
        found = audit_of(engine, datetime.now(UTC).date())
    except Problem as error:
        fail(str(error))
    finally:
        engine.close()
    if html is not None:
        _write(html, audit_pages.page(found))
    if as_json:
        click.echo(orjson.dumps(found.as_dict()))
    elif html is None:
        audit_pages.tell(found, Console(highlight=False, soft_wrap=True))
    else:
        click.echo(f"The audit of {found.generation} is in {html}.")


def _write(path: Path, page: str) -> None:
    """Put the page in place in one step: nobody opens half of it."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(page, encoding="utf-8")
    os.replace(fresh, path)
