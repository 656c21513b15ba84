"""Many searches for a script: queries by line, several in flight, answers in the order of the lines."""

import json
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rich.progress import track

from graphmasal.cli.failures import CommandError
from graphmasal.cli.session import Session
from graphmasal.v1.retrieval_pb2 import DocumentKind, SearchResult
from graphmasal.v1.retrieval_service_pb2 import SearchConceptsRequest, SearchConceptsResponse

_IN_FLIGHT = 16

Answer = SearchConceptsResponse | None


def read_queries(file: str) -> list[str]:
    """Reads one query a line, blanks around it taken off; an empty line is an empty query.

    Raises:
        CommandError: The file cannot be read as UTF-8.
    """
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"cannot read {file}: {error}") from error
    return [line.strip() for line in text.splitlines()]


def search_all(session: Session, request: SearchConceptsRequest, queries: list[str]) -> Iterator[tuple[str, Answer]]:
    """Searches for each query, with a bar on standard error where that is a terminal.

    Args:
        session: The command's.
        request: Everything but the query.
        queries: In order; an empty one is not searched for.

    Yields:
        Each query with its answer, in order; None where the query is empty.
    """
    method = session.client.retrieval.SearchConcepts

    def search(query: str) -> Answer:
        if not query:
            return None
        asked = SearchConceptsRequest()
        asked.CopyFrom(request)
        asked.query = query
        # A call waits for its place rather than be refused: what a script sends at once is bounded here.
        answer: SearchConceptsResponse = method(asked)
        return answer

    with ThreadPoolExecutor(_IN_FLIGHT) as executor:
        answers = _keep_in_flight(executor, search, queries)
        shown = not session.err.is_terminal
        yield from track(answers, "Searching", len(queries), console=session.err, transient=True, disable=shown)


def _keep_in_flight(executor: ThreadPoolExecutor, search: Any, queries: Iterable[str]) -> Iterator[tuple[str, Answer]]:
    waiting: deque[tuple[str, Future[Answer]]] = deque()
    for query in queries:
        waiting.append((query, executor.submit(search, query)))
        if len(waiting) >= 2 * _IN_FLIGHT:
            asked, answer = waiting.popleft()
            yield asked, answer.result()
    for asked, answer in waiting:
        yield asked, answer.result()


def to_line(query: str, response: Answer) -> str:
    """Writes an answer as one line of JSON.

    A result has its id as `concept` (or `question`, `misconception`, `passage`), `title`, `probability`, `exact`,
    `scores`, and the passage that speaks for it as `support`, or null.
    """
    if response is None:
        return json.dumps({"query": query, "results": [], "none_of_these": {}, "ranker": "", "stages": []})
    line = {
        "query": query,
        "results": [_describe(result) for result in response.results],
        "none_of_these": {_name(entry.kind): entry.probability for entry in response.none_of_these},
        "ranker": response.ranker,
        "stages": [{"stage": part.stage, "used": part.used, "reason": part.reason} for part in response.stages],
    }
    return json.dumps(line, ensure_ascii=False)


def _describe(result: SearchResult) -> dict[str, Any]:
    scores = result.scores
    optional = ("dense", "reranker", "frontier")
    citation = result.citation
    support = {
        "concept": citation.concept.rsplit("/", 1)[-1],
        "resource": citation.resource.rsplit("/", 1)[-1],
        "section": citation.section,
        "start": citation.start,
        "end": citation.end,
        "text": citation.text,
        "attribution": citation.attribution,
    }
    return {
        _name(result.kind): result.document,
        "title": result.title,
        "probability": result.probability,
        "exact": result.exact,
        "scores": {
            "lexical": scores.lexical,
            **{name: getattr(scores, name) if scores.HasField(name) else None for name in optional},
            "fused": scores.fused,
        },
        "support": support if result.HasField("citation") else None,
    }


def _name(kind: int) -> str:
    return DocumentKind.Name(kind).lower()
