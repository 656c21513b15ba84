"""`graphmasal import`: a curriculum from files."""

# ruff: noqa: PLC0415 - what takes long to load is loaded by the command that needs it

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graphmasal.cli.commands import command
from graphmasal.cli.failures import CommandError
from graphmasal.cli.session import Session

if TYPE_CHECKING:
    from rich.console import Console

    from graphmasal.v1.curriculum_pb2 import ImportChange, ImportReport
    from graphmasal.v1.curriculum_service_pb2 import ImportCurriculumResponse

app = typer.Typer()


class Format(StrEnum):
    """How a curriculum's files are written."""

    YAML = "yaml"
    CSV = "csv"
    METACADEMY = "metacademy"


@command(app, "import")
def import_curriculum(
    session: Session,
    *,
    file_format: Annotated[Format, typer.Argument(metavar="FORMAT", help="yaml, csv or metacademy.")],
    path: Annotated[Path, typer.Argument(help="A folder, or a single file.")],
    curriculum: Annotated[str, typer.Option("--curriculum", "-c", metavar="ID", help="Id, new or existing.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report only; write nothing.")] = False,
    drop_dangling: Annotated[
        bool, typer.Option("--drop-dangling", help="Leave out references to things that are not there.")
    ] = False,
    break_cycles: Annotated[
        bool, typer.Option("--break-cycles", help="Remove self-loops, and each cycle's weakest prerequisite.")
    ] = False,
    title: Annotated[str, typer.Option(help="Title; wins over the files'.")] = "",
    licence: Annotated[str, typer.Option("--licence", "--license", help="SPDX identifier of the text's licence.")] = "",
    attribution: Annotated[str, typer.Option(help="Whom to credit for the text.")] = "",
) -> None:
    """Import a curriculum, or with --dry-run say what an import would do.

    A curriculum with errors is refused whole, and each is named. Cycles and dangling references can be repaired.

    Example: graphmasal import yaml ./algebra --curriculum algebra --dry-run
    """
    from graphmasal.v1.curriculum_pb2 import Curriculum
    from graphmasal.v1.curriculum_service_pb2 import ImportCurriculumStart
    from kg.archives import pack_folder

    try:
        archive = pack_folder(path)
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error}") from error
    start = ImportCurriculumStart(
        curriculum_id=curriculum,
        format=file_format.name,
        validate_only=dry_run,
        drop_dangling=drop_dangling,
        break_cycles=break_cycles,
        curriculum=Curriculum(title=title, licence=licence, attribution=attribution),
    )
    response = session.client.import_curriculum(start, archive)
    if response.regrade_operation:
        from graphmasal.cli.operations import wait

        wait(session, response.regrade_operation)
    session.show(response, lambda console: print_import(console, response, dry_run=dry_run))
    if not response.report.accepted:
        session.answer_no()


def print_import(console: "Console", response: "ImportCurriculumResponse", *, dry_run: bool) -> None:
    """Prints what an import found and changed."""
    from graphmasal.cli.output import print_credit

    report = response.report
    _print_issues(console, report)
    for repair in report.repairs:
        console.print(f"Repaired: {repair}")
    size = report.size
    console.print(
        f"{size.concepts} concepts, {size.prerequisites} prerequisites, {size.groups} groups of alternatives, "
        f"{size.resources} resources, {size.questions} questions, {size.misconceptions} misconceptions; "
        f"longest chain {report.longest_chain}."
    )
    for verb, changes in (("added", report.added), ("changed", report.changed), ("removed", report.removed)):
        if changes:
            console.print(f"{'Would be ' if dry_run else ''}{verb}: {_summarise(changes)}")
    if not report.accepted:
        console.print("Refused: the errors above have to be corrected first; nothing was written.", style="bold red")
    elif dry_run:
        console.print("This can be imported; nothing was written.", style="bold green")
    else:
        made = response.curriculum
        console.print(f"Imported {made.title or made.name} as version {made.version}.", style="bold green")
        print_credit(console, made.licence, made.attribution)
    if response.regrade_operation:
        console.print("Grading rules changed: the learners concerned were folded anew.")


def _print_issues(console: "Console", report: "ImportReport", limit: int = 40) -> None:
    from rich.text import Text

    from graphmasal.cli.output import make_table, print_rest
    from graphmasal.v1.curriculum_pb2 import ImportIssue

    if not report.issues:
        return
    table = make_table("severity", "kind", "where", "what")
    for issue in report.issues[:limit]:
        severity = ImportIssue.Severity.Name(issue.severity).lower()
        table.add_row(
            Text(severity, "red" if severity == "error" else "yellow"),
            ImportIssue.Kind.Name(issue.kind).lower().replace("_", " "),
            issue.place,
            issue.message,
        )
    console.print(table)
    print_rest(console, len(report.issues) - limit, "issues")


def _summarise(changes: "Iterable[ImportChange]") -> str:
    from graphmasal.cli.output import join_some

    by_kind: dict[str, list[str]] = {}
    for change in changes:
        fields = f" ({', '.join(change.fields)})" if change.fields else ""
        by_kind.setdefault(change.kind, []).append(change.id + fields)
    return "; ".join(
        f"{len(ids)} {kind}{'s' if len(ids) > 1 else ''}" + (f": {join_some(ids)}" if len(ids) <= 10 else "")
        for kind, ids in by_kind.items()
    )
