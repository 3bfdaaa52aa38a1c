"""`python -m indexer`: loads sources into an engine. Exit 0: done; 1: refused or failed, and nothing has changed;
2: wrong usage.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

import click
from rapidfuzz import process
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from directory.config import ConfigError, Settings
from directory.engines.base import Engine, Generation, PromotionRefused, UnknownGeneration
from directory.engines.choose import engine_from
from directory.errors import Problem
from indexer import own_commands, suppress
from indexer.audit_command import audit
from indexer.pipeline import Input, Options, build, check
from indexer.progress import Progress
from indexer.report import Outcome, RejectLog
from indexer.sources import SOURCES
from indexer.update import update

_OUTCOMES: Final = ("read", "indexed", "skipped", "deleted", "rejected")
_err = Console(stderr=True, highlight=False, soft_wrap=True)


class _InputType(click.ParamType[Input]):
    """SOURCE=FILE, or SOURCE=FOLDER for the sources that take one."""

    name = "SOURCE=FILE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Input:
        if isinstance(value, Input):
            return value
        source, equals, file = str(value).partition("=")
        known = ", ".join(SOURCES)
        if not equals:
            self.fail(f"{value!r} is not SOURCE=FILE, such as nppes=npidata.zip; sources: {known}", param, ctx)
        if source not in SOURCES:
            near = process.extractOne(source.lower(), list(SOURCES), score_cutoff=60)
            hint = f"; did you mean {near[0]!r}?" if near else f"; sources: {known}"
            self.fail(f"there is no source {source!r}{hint}", param, ctx)
        path = Path(file).expanduser()
        if not file:
            self.fail(f"{value!r} names no file", param, ctx)
        if path.is_dir() and not SOURCES[source].takes_folder:
            self.fail(f"{file} is a directory; {source} needs a file", param, ctx)
        if not path.exists():
            self.fail(f"there is no file {'or folder ' * SOURCES[source].takes_folder}{file!r}", param, ctx)
        return Input(source, path)


def _reading(command: Callable[..., None]) -> Callable[..., None]:
    """The arguments and options of commands that read sources."""
    for decorate in (
        click.argument("inputs", nargs=-1, required=True, type=_InputType(), metavar="SOURCE=FILE..."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output."),
        click.option(
            "--reject-report",
            type=click.Path(dir_okay=False, writable=True, path_type=Path),
            help="Write every rejected row to this file, as NDJSON.",
        ),
        click.option(
            "--allow-shrink",
            is_flag=True,
            help="Promote even if providers fall by over 20%, or most of those listed with a plan are left out.",
        ),
        click.option("--allow-rejects", is_flag=True, help="Go on even if over 10% of a source is rejected."),
    ):
        command = decorate(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Load providers from their sources into the directory."""


@main.command("check")
@_reading
def check_command(
    inputs: tuple[Input, ...], as_json: bool, reject_report: Path | None, allow_shrink: bool, allow_rejects: bool
) -> None:
    """Read and validate sources, and build nothing."""
    suppressed = _suppressed()
    with _rejects(reject_report) as rejects, Progress(_err) as progress:
        outcome = check(inputs, rejects, Options(allow_rejects, allow_shrink, progress.show, suppressed=suppressed))
    _end(outcome, rejects, as_json)


def _make(
    how: Callable[[Sequence[Input], Engine, RejectLog, Options], Outcome],
    inputs: Sequence[Input],
    as_json: bool,
    reject_report: Path | None,
    allow_shrink: bool,
    allow_rejects: bool,
) -> None:
    """Make a generation by `build` or `update`, and say how that ended."""
    engine = _engine()
    suppressed = _suppressed()
    with _rejects(reject_report) as rejects, Progress(_err) as progress:
        options = Options(allow_rejects, allow_shrink, progress.show, suppressed=suppressed)
        outcome = how(inputs, engine, rejects, options)
    engine.close()
    _end(outcome, rejects, as_json)


@main.command("build")
@_reading
def build_command(
    inputs: tuple[Input, ...], as_json: bool, reject_report: Path | None, allow_shrink: bool, allow_rejects: bool
) -> None:
    """Make a new generation from sources, and promote it."""
    _make(build, inputs, as_json, reject_report, allow_shrink, allow_rejects)


@main.command("update")
@_reading
def update_command(
    inputs: tuple[Input, ...], as_json: bool, reject_report: Path | None, allow_shrink: bool, allow_rejects: bool
) -> None:
    """Make a new generation from the live one and a few files, and promote it.

    Whoever a file names is stated anew by its source; everybody else stays as the live generation has them, and so
    does what other sources say. Of NPPES files the latest event of an NPI counts, whatever the order of files: a
    deactivation takes somebody out, a later reactivation brings them back with all that other sources say. Plans' files
    are their whole networks: give all of plan_net, or all of qhp, together, for of whom they leave out that source
    speaks no more; where a payer's files are missing, the update is refused. To be left out of a file of profiles takes
    nobody out: use `suppress`, or `build` without them.
    """
    _make(update, inputs, as_json, reject_report, allow_shrink, allow_rejects)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def status(as_json: bool) -> None:
    """Show the generations, and which one is live."""
    engine = _engine()
    generations = _asked(engine.generations)
    live = next((g.name for g in generations if g.live), None)
    if as_json:
        about = [_about(g, engine.fingerprint) for g in generations]
        click.echo(json.dumps({"command": "status", "live": live, "generations": about}))
        return
    if not generations:
        click.echo("Nothing has been built yet.")
        return
    for g in generations:
        spoke = {name: about.get("providers", 0) for name, about in g.sources.items() if name in SOURCES}
        sources = ", ".join(f"{name} {count:,}" for name, count in spoke.items())
        remark = ", live" if g.live else ""
        if g.fingerprint != engine.fingerprint:
            remark += ", built by other code: build again"
        click.echo(f"{g.name}  {g.built_at:%Y-%m-%d %H:%M} UTC  {g.providers:,} providers ({sources}){remark}")


@main.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def promote(name: str | None, as_json: bool) -> None:
    """Make a kept generation live: NAME, or else the newest."""
    engine = _engine()
    generations = _asked(engine.generations)
    if not generations:
        _fail("nothing has been built yet")
    chosen = name or generations[0].name
    live = next((g.name for g in generations if g.live), None)
    _switched("promote", _asked(lambda: engine.promote(chosen, expected=live)), as_json)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def rollback(as_json: bool) -> None:
    """Make the generation before the live one live again."""
    _switched("rollback", _asked(_engine().rollback), as_json)


@main.command()
@click.option("--keep", type=click.IntRange(min=1), default=2, show_default=True, help="Generations to keep.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def prune(keep: int, as_json: bool) -> None:
    """Delete old generations; the live one always stays."""
    engine = _engine()
    deleted = _asked(lambda: engine.prune(keep))
    if as_json:
        click.echo(json.dumps({"command": "prune", "deleted": deleted}))
    else:
        click.echo("\n".join(f"deleted {name}" for name in deleted) or "Nothing to delete.")


def _engine() -> Engine:
    try:
        return engine_from(Settings.from_env())
    except ConfigError as error:
        raise click.UsageError(str(error)) from error


def _suppressed() -> Mapping[str, suppress.Entry]:
    """Who asked not to be listed. A list with a mistake ends the program: an opt-out is never passed over."""
    try:
        return suppress.load(own_commands.suppression_list())
    except suppress.BrokenList as error:
        _fail(str(error))


def _rejects(path: Path | None) -> RejectLog:
    if path is not None and not path.parent.is_dir():
        raise click.BadParameter(f"there is no folder {path.parent}", param_hint="--reject-report")
    return RejectLog(path)


def _asked(question: Callable[[], Any]) -> Any:
    """What an engine answers; its refusals and troubles end the program."""
    try:
        return question()
    except UnknownGeneration as error:
        _fail(str(error))
    except (PromotionRefused, Problem) as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    _say("error", message)
    sys.exit(1)


def _say(kind: str, message: str) -> None:
    _err.print(f"[bold red]{kind}:[/]", escape(message))


def _about(generation: Generation, fingerprint: str) -> dict[str, Any]:
    return {
        "name": generation.name,
        "built_at": generation.built_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "providers": generation.providers,
        "live": generation.live,
        "current_code": generation.fingerprint == fingerprint,
        "sources": dict(generation.sources),
    }


def _switched(command: str, generation: Generation, as_json: bool) -> None:
    if as_json:
        said = {"command": command, "generation": generation.name, "promoted": True}
        click.echo(json.dumps(said | {"providers": generation.providers}))
    else:
        click.echo(f"{generation.name} is live, with {generation.providers:,} providers.")


def _end(outcome: Outcome, rejects: RejectLog, as_json: bool) -> None:
    """Say how a run ended, and leave with its exit code."""
    if as_json:
        click.echo(json.dumps(outcome.as_dict()))
    else:
        _tell(outcome)
    for issue in rejects.first:
        where = f"{issue.file}:{issue.line}"
        _err.print(f"{where}: {issue.message}", f"({issue.field}: {issue.value[:60]!r})", markup=False)
    if outcome.refusal:
        _say("refused", f"{outcome.refusal}; nothing has changed")
        sys.exit(1)


def _tell(outcome: Outcome) -> None:
    out = Console(highlight=False, soft_wrap=True)
    rows = Table("source", *_OUTCOMES, box=None, pad_edge=False)
    for name, counts in outcome.sources.items():
        rows.add_row(name, *(f"{counts.as_dict()[key]:,}" for key in _OUTCOMES))
    out.print(rows)
    for name, counts in outcome.sources.items():
        for reason, count in counts.reasons.most_common():
            out.print(f"{name}: {count:,} {reason}")
        for field, words in outcome.unmapped.get(name, {}).items():
            if words:
                most = ", ".join(f"{word} ({count})" for word, count in words.most_common(10))
                out.print(f"{name}: {words.total():,} times an unknown {field}: {most}", markup=False)
    for name, count in outcome.ended.items():
        out.print(f"{name}: has no word any more on {count:,} of whom it spoke before")
    for c in outcome.conflicts:
        who = f"{c['providers']:,} providers"
        out.print(f"{c['group']}: {c['other']} states something different from {c['shown']} for {who}", markup=False)
    if outcome.possible_duplicates.get("groups"):
        again = outcome.possible_duplicates
        out.print(f"{again['providers']:,} providers may be {again['groups']:,} (same name and license)")
    if outcome.promoted:
        out.print(f"{outcome.generation} is live, with {outcome.providers:,} providers.")


main.add_command(audit)
main.add_command(own_commands.suppress)
main.add_command(own_commands.template)
main.add_command(own_commands.demo)

if __name__ == "__main__":
    main(prog_name="python -m indexer")
