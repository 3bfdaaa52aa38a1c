"""Commands around one's own profiles: `suppress` (who asked not to be listed), `template` (what a file looks like),
`demo` (fictional ones)."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn, TypeVar

import click

from directory.config import ConfigError, Settings
from directory.profile_schema import json_schema
from indexer import demo as demo_profiles
from indexer import demo_files
from indexer import suppress as suppression
from indexer.sources.profiles_columns import template_columns

_T = TypeVar("_T")


def suppression_list() -> Path:
    """The operator's suppression list, in the data folder."""
    try:
        return Settings.from_env().data / suppression.FILE
    except ConfigError as error:
        raise click.UsageError(str(error)) from error


def fail(message: str) -> NoReturn:
    """Say what is wrong and leave with exit code 1."""
    click.echo(f"error: {message}", err=True)
    sys.exit(1)


def _listed(ask: Callable[[], _T]) -> _T:
    try:
        return ask()
    except suppression.BrokenList as error:
        fail(str(error))


def _id(text: str) -> str:
    try:
        return suppression.provider_id(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="NPI_OR_ID") from error


@click.group()
def suppress() -> None:
    """Keep providers out of the directory who asked for it, whatever a source says, from the next build on."""


@suppress.command("add")
@click.argument("npi_or_id")
@click.option("--reason", required=True, help="Why, for the operator's own records.")
@click.option("--date", "asked", type=click.DateTime(["%Y-%m-%d"]), help="When it was asked for; default today.")
def suppress_add(npi_or_id: str, reason: str, asked: datetime | None) -> None:
    """Put a provider on the list."""
    entry = suppression.Entry(_id(npi_or_id), (asked or datetime.now(UTC)).date(), " ".join(reason.split()))
    path = suppression_list()
    added = _listed(lambda: suppression.add(path, entry))
    click.echo(f"{entry.id} {'is now' if added else 'was already'} on {path}; the next build leaves it out.")


@suppress.command("remove")
@click.argument("npi_or_id")
def suppress_remove(npi_or_id: str) -> None:
    """Take a provider off the list."""
    id_, path = _id(npi_or_id), suppression_list()
    if not _listed(lambda: suppression.remove(path, id_)):
        fail(f"{id_} is not on {path}")
    click.echo(f"{id_} is off {path}; the next build lists it if a source does.")


@suppress.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def suppress_list(as_json: bool) -> None:
    """Show the list, oldest first."""
    path = suppression_list()
    entries = sorted(_listed(lambda: suppression.load(path)).values(), key=lambda e: (e.date, e.id))
    if as_json:
        said = [{"id": e.id, "date": e.date.isoformat(), "reason": e.reason} for e in entries]
        click.echo(json.dumps({"command": "suppress list", "suppressed": said}))
        return
    for entry in entries:
        click.echo(f"{entry.date}  {entry.id}  {entry.reason}")
    if not entries:
        click.echo("Nobody is on the list.")


@click.command()
@click.option("--count", type=click.IntRange(1, demo_profiles.LARGEST), default=5000, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Another seed, other people.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="A .csv, .json or .ndjson file, or one of them and .gz; default: NDJSON on standard output.",
)
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="The day around which dates lie; default today (UTC).")
def demo(count: int, seed: int, out: Path | None, today: datetime | None) -> None:
    """Make fictional profiles: marked as such, with telephone numbers and NPIs that nobody has.

    The same seed and day give the same bytes.
    """
    day = today.date() if today else datetime.now(UTC).date()
    ending = ".ndjson" if out is None else demo_files.ending(out)
    if ending is None:
        allowed = ", ".join(demo_files.FORMS)
        raise click.BadParameter(f"{out} tells no format; expected {allowed}, or one and .gz", param_hint="--out")
    if out is None:
        demo_files.write(count, seed, day, ending, sys.stdout.buffer)
        return
    try:
        with demo_files.created(out) as file:
            demo_files.write(count, seed, day, ending, file)
    except OSError as error:
        fail(f"{out} cannot be written: {error.strerror}")
    click.echo(f"{count:,} fictional profiles are in {out}.", err=True)


@click.command()
@click.argument("form", type=click.Choice(["csv", "json-schema", "columns"]))
def template(form: str) -> None:
    """Print what an own file looks like: a CSV with an example row, the JSON Schema of a profile, or the columns."""
    click.echo({"csv": template_csv, "json-schema": _schema_text, "columns": column_table}[form](), nl=False)


def template_csv() -> str:
    """A CSV file with every column and one fictional provider."""
    known = template_columns()
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(c.name for c in known)
    rows.writerow("yes" if c.name == "demo" else c.example for c in known)
    return out.getvalue()


def _schema_text() -> str:
    return json.dumps(json_schema(), indent=2) + "\n"


def column_table() -> str:
    """Every column with other headings and what it holds, as a Markdown table."""
    lines = ["| column | also | what it holds | example |", "|---|---|---|---|"]
    for c in template_columns():
        also = ", ".join(dict.fromkeys(a for a in c.aliases if a.lower() != c.name))
        cells = (f"`{c.name}`", also, c.help, f"`{c.example}`" if c.example else "")
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines) + "\n"
