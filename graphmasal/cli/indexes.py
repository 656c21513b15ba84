"""`graphmasal index`: what curricula are searched with."""

# ruff: noqa: PLC0415 - what takes long to load is loaded by the command that needs it

from typing import TYPE_CHECKING, Annotated

import typer

from graphmasal.cli.commands import command
from graphmasal.cli.search import RankerOption
from graphmasal.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.longrunning.operations_pb2 import Operation
    from rich.console import Console

    from graphmasal.v1.retrieval_pb2 import Index

app = typer.Typer(help="Build and list the indexes that searches use.", no_args_is_help=True)

CurriculumArgument = Annotated[str, typer.Argument(metavar="CURRICULUM", help="Id of the curriculum.")]


@command(app, "build")
def build(session: Session, curriculum: CurriculumArgument, ranker: RankerOption = "") -> None:
    """Build a curriculum's index or bring it up to date; what has not changed is not encoded again.

    An import does so by itself. Ctrl-C leaves it to the server, which goes on.

    Example: graphmasal index build algebra --ranker base
    """
    from graphmasal.cli.index_state import watch_index
    from graphmasal.v1.retrieval_service_pb2 import BuildIndexRequest

    client = session.client
    request = BuildIndexRequest(parent=client.curriculum_name(curriculum), ranker=ranker)
    ended = watch_index(client, session.err, client.retrieval.BuildIndex(request))
    session.show(ended, lambda console: _print_built(console, ended))
    if ended.HasField("error"):
        session.answer_no()


@command(app, "list")
def list_indexes(session: Session, curriculum: CurriculumArgument) -> None:
    """List a curriculum's indexes, and how the gate judged the stages of their rankers.

    Example: graphmasal index list algebra
    """
    from graphmasal.v1.retrieval_service_pb2 import ListIndexesRequest

    client = session.client
    response = client.retrieval.ListIndexes(ListIndexesRequest(parent=client.curriculum_name(curriculum)))
    session.show(response, lambda console: _print_list(console, response.indexes))


def _print_built(console: "Console", operation: "Operation") -> None:
    from graphmasal.cli.failures import describe
    from graphmasal.cli.index_state import read_index

    if operation.HasField("error"):
        console.print(describe(operation.error), style="red")
        return
    index = read_index(operation)
    console.print(
        f"Index {index.ranker or '?'}: {index.vectors} vectors by {index.encoder or 'no encoder: words only'}."
    )


def _print_list(console: "Console", indexes: "Sequence[Index]") -> None:
    from graphmasal.cli.moments import show_moment
    from graphmasal.cli.output import make_table
    from graphmasal.cli.search_view import print_verdicts

    if not indexes:
        console.print("No index yet. Build one: graphmasal index build CURRICULUM")
        return
    table = make_table("id", "encoder", "vectors>", "current", "built")
    for index in indexes:
        built = show_moment(index.build_time)
        table.add_row(index.ranker, index.encoder or "—", str(index.vectors), "yes" if index.current else "no", built)
    console.print(table)
    for index in indexes:
        print_verdicts(console, index.verdicts)
