"""An audit as people read it: tables in a terminal, and one page that needs nothing beside itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import jinja2
from rich.console import Console
from rich.table import Table

import directory
from directory.web_sources import group_label, source_label
from directory.web_words import number
from indexer.audit import BUCKETS, Ages, Audit, Completeness

_STYLE = Path(directory.__file__).parent / "static" / "style.css"


def tell(audit: Audit, out: Console) -> None:
    """Print the audit: what is complete, how old it is, what conflicts, what is not known."""
    out.print(f"{audit.generation}, {number(audit.providers)} providers, on {audit.day}")
    for table in _tables(audit):
        out.print()
        out.print(table)
    for source in audit.sources:
        for field, words in source.unmapped.items():
            if words.total:
                most = ", ".join(f"{word} ({times:,})" for word, times in list(words.top.items())[:10])
                out.print(
                    f"\n{source.name}: {words.total:,} times an unknown {field}, {words.distinct:,} different: {most}",
                    markup=False,
                )
    found = audit.possible_duplicates
    if found.get("groups"):
        examples = "; ".join(" = ".join(ids) for ids in found["examples"][:5])
        out.print(
            f"\n{found['providers']:,} providers may be {found['groups']:,} people twice: {examples}", markup=False
        )


def _tables(audit: Audit) -> Iterator[Table]:
    names = [s.name for s in audit.sources]
    fields = Table("stated", "all listed", *names, box=None, pad_edge=False)
    for i, whole in enumerate(audit.fields):
        fields.add_row(whole.label, share(whole), *(share(s.fields[i]) for s in audit.sources))
    yield fields
    for title, ages in (
        ("confirmed", [s.verified for s in audit.sources]),
        ("written", [s.written for s in audit.sources]),
    ):
        table = Table(title, *names, box=None, pad_edge=False)
        for _, label in BUCKETS:
            table.add_row(label, *(number(a.buckets[label]) for a in ages))
        table.add_row("not stated", *(number(s.providers - a.stated) for s, a in zip(audit.sources, ages, strict=True)))
        table.add_row("median", *(median(a) for a in ages))
        yield table
    if audit.conflicts:
        conflicts = Table("conflict about", "shown", "says otherwise", "providers", box=None, pad_edge=False)
        for c in audit.conflicts:
            conflicts.add_row(group_label(c["group"]), c["shown"], c["other"], number(c["providers"]))
        yield conflicts


def share(field: Completeness) -> str:
    """`57% (1,140)`; nothing is never rounded away, and all is all."""
    if not field.total:
        return "–"
    percent = round(100 * field.share)
    percent = max(1, percent) if field.stated else 0
    percent = min(99, percent) if field.stated < field.total else percent
    return f"{percent}% ({field.stated:,})"


def median(ages: Ages) -> str:
    """`1,056 days`."""
    return "–" if ages.median_days is None else f"{ages.median_days:,} days"


def page(audit: Audit) -> str:
    """The audit as one HTML page in the look of the site, without any request."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    return environment.get_template("audit.html").render(
        audit=audit,
        style=_STYLE.read_text("utf-8"),
        buckets=[label for _, label in BUCKETS],
        share=share,
        median=median,
        number=number,
        source_label=source_label,
        group_label=group_label,
    )
