"""`graphmasal evidence`: what was observed, in, out and withdrawn."""

# ruff: noqa: PLC0415 - what takes long to load is loaded by the command that needs it

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from graphmasal.cli.commands import command
from graphmasal.cli.failures import CommandError
from graphmasal.cli.session import Session

if TYPE_CHECKING:
    from rich.console import Console

    from graphmasal.v1.learner_service_pb2 import ListEvidenceResponse, VoidEvidenceResponse

app = typer.Typer(help="What was observed about learners: in, out, withdrawn.", no_args_is_help=True)

FilterOption = Annotated[
    str | None, typer.Option("--curriculum", "-c", metavar="ID", help="Only evidence of this curriculum.")
]


@command(app, "import")
def import_evidence(
    session: Session,
    file: Annotated[str, typer.Argument(metavar="FILE", help="JSONL file; - is standard input.")],
    curriculum: Annotated[
        str, typer.Option("--curriculum", "-c", metavar="ID", help="Curriculum of lines that name none.")
    ] = "",
) -> None:
    """Stream evidence from JSON lines; learners who are not there yet are created.

    The fields of a line are id, learner, question or concept, response, score, occurred_at (RFC 3339, or seconds since
    1970), source (answer, observation, teacher_override, self_report) and curriculum. Bad lines are listed, the others
    go in, and sending a file again is harmless.

    Example: graphmasal evidence import answers.jsonl --curriculum algebra
    """
    from graphmasal.cli.evidence_import import import_lines

    with _open_lines(file) as lines:
        report = import_lines(session, lines, None if file == "-" else _count_lines(file), curriculum)
    session.show(report.response(), report.print_to)
    if session.options.json:
        session.err.print(report.summary)
    if report.refused:
        session.answer_no()


@command(app, "export")
def export_evidence(
    session: Session,
    learner: Annotated[
        str | None, typer.Option("--learner", "-l", metavar="ID", help="Only this learner's; by default everybody's.")
    ] = None,
    curriculum: FilterOption = None,
) -> None:
    """Write evidence as JSON lines to standard output, ready to be imported again; withdrawn items are left out.

    Example: graphmasal evidence export --learner mira > mira.jsonl
    """
    from graphmasal.cli.evidence_lines import format_line
    from graphmasal.client import list_pages
    from graphmasal.v1.learner_service_pb2 import ListEvidenceRequest

    client = session.client
    for name in [client.learner_name(learner)] if learner else _all_learners(session):
        request = ListEvidenceRequest(parent=name, curriculum=curriculum or "")
        for page in list_pages(client.learners.ListEvidence, request):
            sys.stdout.writelines(format_line(item) + "\n" for item in page.evidence if not item.voided)
    sys.stdout.flush()


@command(app, "list")
def list_evidence(
    session: Session,
    learner: Annotated[str, typer.Option("--learner", "-l", metavar="ID", help="Whose evidence.")],
    curriculum: FilterOption = None,
) -> None:
    """List a learner's evidence in the order in which it counts.

    Example: graphmasal evidence list --learner mira
    """
    from graphmasal.client import list_all
    from graphmasal.v1.learner_service_pb2 import ListEvidenceRequest

    client = session.client
    request = ListEvidenceRequest(parent=client.learner_name(learner), curriculum=curriculum or "")
    response = list_all(client.learners.ListEvidence, request)
    session.show(response, lambda console: _print_list(console, response))


@command(app, "void")
def void_evidence(
    session: Session,
    evidence: Annotated[str, typer.Argument(metavar="EVIDENCE", help="Id of the item.")],
    learner: Annotated[str, typer.Option("--learner", "-l", metavar="ID", help="Whose evidence.")],
) -> None:
    """Withdraw an item of evidence, and print the difference it made.

    Example: graphmasal evidence void answer-17 --learner mira
    """
    from graphmasal.v1.learner_service_pb2 import VoidEvidenceRequest

    request = VoidEvidenceRequest(name=f"{session.client.learner_name(learner)}/evidence/{evidence}")
    response = session.client.learners.VoidEvidence(request)
    session.show(response, lambda console: _print_voided(console, response))


@contextmanager
def _open_lines(file: str) -> Iterator[IO[bytes]]:
    if file == "-":
        yield sys.stdin.buffer
        return
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(Path(file).open("rb"))
        except OSError as error:
            raise CommandError(f"cannot read {file}: {error}") from error
        yield opened


def _count_lines(file: str) -> int | None:
    path = Path(file)
    if not path.is_file():
        # A pipe can be read only once.
        return None
    with path.open("rb") as lines:
        return sum(1 for line in lines if line.strip())


def _all_learners(session: Session) -> Iterator[str]:
    from graphmasal.client import list_pages
    from graphmasal.v1.learner_service_pb2 import ListLearnersRequest

    client = session.client
    for page in list_pages(client.learners.ListLearners, ListLearnersRequest(parent=client.parent)):
        yield from (learner.name for learner in page.learners)


def _print_list(console: "Console", response: "ListEvidenceResponse") -> None:
    from graphmasal.cli.moments import show_moment
    from graphmasal.cli.output import make_table
    from graphmasal.v1.evidence_pb2 import Evidence

    table = make_table("when", "id", "source", "about", "response", "outcome>")
    for item in response.evidence:
        outcome = "void" if item.voided else f"{item.outcome:.2f}" if item.HasField("outcome") else "—"
        given = item.response if item.HasField("response") else f"{item.score:.2f}" if item.HasField("score") else ""
        table.add_row(
            show_moment(item.occurred_at),
            item.id,
            Evidence.Source.Name(item.source).lower().replace("_", " "),
            item.question or item.concept,
            given if len(given) <= 40 else given[:39] + "…",
            outcome,
        )
    console.print(table if response.evidence else "No evidence.")


def _print_voided(console: "Console", response: "VoidEvidenceResponse") -> None:
    from graphmasal.cli.output import print_changes

    console.print(f"Withdrawn: {response.evidence.name}")
    print_changes(console, response.changes, len(response.changes))
