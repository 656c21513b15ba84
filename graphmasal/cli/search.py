"""`graphmasal search`: what words are about, how sure that is, and which passage says so."""

# ruff: noqa: PLC0415 - what takes long to load is loaded by the command that needs it

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from graphmasal.cli.commands import CurriculumOption, command
from graphmasal.cli.failures import CommandError
from graphmasal.cli.session import Session

if TYPE_CHECKING:
    from graphmasal.v1.retrieval_service_pb2 import SearchConceptsRequest

app = typer.Typer()

RankerOption = Annotated[
    str,
    typer.Option(
        "--ranker", metavar="ID", help="Ranker to search with; by default the curriculum's latest trained one."
    ),
]


class Kind(StrEnum):
    """What can be found."""

    CONCEPT = "concept"
    PASSAGE = "passage"
    QUESTION = "question"
    MISCONCEPTION = "misconception"


class Rerank(StrEnum):
    """When the reranker reads candidates."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@command(app, "search")
def search(
    session: Session,
    *,
    query: Annotated[str, typer.Argument(metavar="WORDS", help="What to look for.")] = "",
    curriculum: CurriculumOption = None,
    file: Annotated[
        str | None, typer.Option("--file", "-f", metavar="FILE", help="One query a line instead; - is standard input.")
    ] = None,
    kind: Annotated[
        list[Kind] | None, typer.Option("--kind", "-k", help="What to find; may be repeated. By default concepts.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=100, help="Results of each kind.")] = 10,
    learner: Annotated[
        str, typer.Option("--learner", "-l", metavar="ID", help="Whose readiness breaks ties between concepts.")
    ] = "",
    ranker: RankerOption = "",
    rerank: Annotated[Rerank, typer.Option("--rerank", help="When the reranker reads candidates.")] = Rerank.AUTO,
    explain: Annotated[
        str | None,
        typer.Option("--explain-document", metavar="ID", help="Say why this document has the place that it has."),
    ] = None,
    explain_first: Annotated[bool, typer.Option("--explain", help="Say why the first result is the first.")] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Do not wait for an index that is being built: search by words.")
    ] = False,
) -> None:
    """Find the concepts, passages, questions or misconceptions that words are about.

    With --file and --json there is one JSON line for each line of the file, in its order; an empty line has no results.

    Example: graphmasal search "how steep is a line" --curriculum algebra --explain
    """
    from graphmasal.cli.index_state import await_index
    from graphmasal.v1.retrieval_service_pb2 import SearchConceptsRequest

    if bool(query.strip()) == bool(file):
        raise CommandError("give either words or --file")
    if file and (explain or explain_first):
        raise CommandError("--explain explains one search: give words, not --file")
    request = SearchConceptsRequest(
        parent=session.client.curriculum_name(session.the_curriculum(curriculum)),
        query=query,
        kinds=[each.name for each in kind or ()],
        limit=limit,
        learner=learner,
        ranker=ranker,
        reranking=rerank.name,
    )
    if not no_wait:
        await_index(session.client, session.err, request.parent, ranker)
    if file:
        _search_file(session, request, file)
    else:
        _search_once(session, request, explain, explain_first=explain_first)


def _search_once(
    session: Session, request: "SearchConceptsRequest", document: str | None, *, explain_first: bool
) -> None:
    from graphmasal.cli.search_view import print_explanation, print_search
    from graphmasal.v1.retrieval_service_pb2 import ExplainRankingRequest

    response = session.client.retrieval.SearchConcepts(request)
    if not (document or (explain_first and response.results)):
        session.show(response, lambda console: print_search(console, response))
        return
    explained = session.client.retrieval.ExplainRanking(
        ExplainRankingRequest(
            parent=request.parent,
            query=request.query,
            kind=next(iter(request.kinds), None),
            document=document or response.results[0].document,
            learner=request.learner,
            ranker=request.ranker,
        )
    )
    if not session.options.json:
        print_search(session.out, response)
    session.show(explained, lambda console: print_explanation(console, explained))


def _search_file(session: Session, request: "SearchConceptsRequest", file: str) -> None:
    from graphmasal.cli.query_lines import read_queries, search_all, to_line
    from graphmasal.cli.search_view import print_search

    for query, response in search_all(session, request, read_queries(file)):
        if session.options.json:
            typer.echo(to_line(query, response))
        else:
            session.out.print(f"{query or '(empty line)'}", style="bold")
            if response is not None:
                print_search(session.out, response)
