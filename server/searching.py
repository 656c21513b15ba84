"""Searches as requests ask for them: in a curriculum, and for passages to stand on."""

import time
from dataclasses import dataclass, replace

from graphmasal.v1.retrieval_service_pb2 import (
    GroundRequest,
    GroundResponse,
    SearchConceptsRequest,
    SearchConceptsResponse,
)
from retrieval.documents import DocumentKind
from retrieval.narrowing import narrow_index
from retrieval.neighbourhood import Survey, hold_near, survey_about, survey_passages, survey_query
from retrieval.results import Results
from retrieval.scope import Scope
from server.backend import Backend
from server.calls import Context
from server.deadlines import find_time_to_work
from server.fields import FieldChecks
from server.names import CURRICULUM, parse_pair
from server.retrieval_messages import to_none, to_result, to_stages
from server.search_indexes import ReadySearch, SearchIndexes
from server.search_queue import SearchQueue
from server.search_terms import (
    MOST_RESULTS,
    USUAL_RESULTS,
    check_concepts,
    check_optional_id,
    check_query,
    read_kinds,
    read_limit,
    read_readiness,
    read_reranking,
)

MOST_PASSAGES = 50
USUAL_PASSAGES = 5
MOST_CONCEPTS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchParts:
    """What calls that search work with; made once, by `server.application`.

    Attributes:
        backend: What the services share.
        indexes: What is searched.
        queue: Where it is done.
    """

    backend: Backend
    indexes: SearchIndexes
    queue: SearchQueue


async def search_concepts(
    parts: SearchParts, request: SearchConceptsRequest, context: Context
) -> SearchConceptsResponse:
    """Finds concepts and other parts of a curriculum by words.

    Raises:
        InvalidInputError: Fields are wrong.
        LearnerNotFoundError: No such learner.
        OverloadedError: Too many searches wait.
        GraphMasalError: As `SearchIndexes.get` raises.
    """
    tenant, curriculum, scope = _read_search(request)
    ready = await parts.indexes.get(tenant, curriculum, request.ranker)
    readiness = await read_readiness(parts.backend, tenant, request.learner, ready.cached)
    scope = replace(scope, readiness=readiness)
    remaining = find_time_to_work(context.time_remaining())
    results = await search_curriculum(parts, ready, request.query, scope, remaining)
    record = ready.cached.record
    return SearchConceptsResponse(
        results=[to_result(tenant, record, result) for found in results.kinds for result in found.results],
        none_of_these=[to_none(found) for found in results.kinds],
        stages=[stage for found in results.kinds for stage in to_stages(found.kind, found.stages)],
        ranker=results.ranker,
        encoder_fingerprint=results.models.get("encoder", ""),
        reranker_fingerprint=results.models.get("reranker", ""),
        documents_fingerprint=results.documents,
    )


def _read_search(request: SearchConceptsRequest) -> tuple[str, str, Scope]:
    checks = FieldChecks()
    tenant, curriculum = checks.read(("", ""), parse_pair, request.parent, CURRICULUM, "parent")
    check_query(request.query, checks)
    scope = Scope(
        kinds=read_kinds(request.kinds, checks),
        limit=read_limit(request.limit, USUAL_RESULTS, MOST_RESULTS, checks),
        reranking=read_reranking(request.reranking, checks),
    )
    check_optional_id(request.learner, "learner", checks)
    check_optional_id(request.ranker, "ranker", checks)
    checks.finish()
    return tenant, curriculum, scope


async def ground(parts: SearchParts, request: GroundRequest, context: Context) -> GroundResponse:
    """Finds the passages that bear on some words.

    Raises:
        InvalidInputError: Fields are wrong, or a concept is not in the curriculum.
        OverloadedError: Too many searches wait.
        GraphMasalError: As `SearchIndexes.get` raises.
    """
    tenant, curriculum, scope = _read_ground(request)
    ready = await parts.indexes.get(tenant, curriculum, request.ranker)
    if request.concepts:
        check_concepts(request.concepts, ready.cached)
        ready = await _narrow(parts, ready, request)
    remaining = find_time_to_work(context.time_remaining())
    results = await search_curriculum(parts, ready, request.query, scope, remaining)
    (found,) = results.kinds
    return GroundResponse(
        passages=[to_result(tenant, ready.cached.record, result) for result in found.results],
        none_of_these=found.none_probability,
        stages=to_stages(found.kind, found.stages),
        ranker=results.ranker,
    )


def _read_ground(request: GroundRequest) -> tuple[str, str, Scope]:
    checks = FieldChecks()
    tenant, curriculum = checks.read(("", ""), parse_pair, request.parent, CURRICULUM, "parent")
    check_query(request.query, checks)
    limit = read_limit(request.limit, USUAL_PASSAGES, MOST_PASSAGES, checks)
    if len(request.concepts) > MOST_CONCEPTS:
        checks.note("concepts", f"must have at most {MOST_CONCEPTS} entries")
    check_optional_id(request.ranker, "ranker", checks)
    checks.finish()
    return tenant, curriculum, Scope(kinds=(DocumentKind.PASSAGE,), limit=limit)


async def _narrow(parts: SearchParts, ready: ReadySearch, request: GroundRequest) -> ReadySearch:
    searcher = ready.searcher
    wanted = survey_about(searcher.index, DocumentKind.PASSAGE, request.concepts)
    if wanted.hashes:
        vectors = await parts.indexes.read(ready, wanted)
        searcher = parts.indexes.give_up(ready) if vectors is None else hold_near(searcher, vectors)
    index = await parts.backend.run(
        narrow_index, searcher.index, DocumentKind.PASSAGE, request.concepts, ready.cached.record.language
    )
    return replace(ready, searcher=replace(searcher, index=index))


async def search_curriculum(
    parts: SearchParts, ready: ReadySearch, query: str, scope: Scope, remaining: float | None
) -> Results:
    """Searches in one go where all vectors are in memory, else in turns with the store.

    Args:
        parts: What calls that search work with.
        ready: What is searched.
        query: Words; not empty.
        scope: What to look for; its seconds are set here.
        remaining: Seconds until the answer should be there; None: as long as it takes.

    Raises:
        OverloadedError: Too many searches wait.
        StoreUnavailableError: The store does not answer.
    """
    searcher = ready.searcher
    if not searcher.index.stored:
        return await parts.queue.search(searcher, query, scope, remaining)
    ends = None if remaining is None else time.monotonic() + remaining
    survey = await parts.queue.run(lambda _: survey_query(searcher, query, scope), remaining)
    near = await parts.indexes.read(ready, survey)
    if near is None:
        return await parts.queue.search(parts.indexes.give_up(ready), query, scope, _find_left(ends))

    def rank(seconds: float | None) -> tuple[Results, Survey]:
        ranked = hold_near(searcher, near).rank(query, survey.vector, replace(scope, seconds=seconds))
        return ranked, survey_passages(searcher.index, ranked)

    results, wanted = await parts.queue.run(rank, _find_left(ends), begun=True)
    passages = await parts.indexes.read(ready, wanted) or {}
    return await parts.backend.run(lambda: hold_near(searcher, passages).support(results, survey.vector))


def _find_left(ends: float | None) -> float | None:
    return None if ends is None else ends - time.monotonic()
