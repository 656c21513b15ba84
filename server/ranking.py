"""Rankings as requests ask for them: of candidates that they bring along, and why a document has its place."""

from functools import partial

from graphmasal.v1.retrieval_service_pb2 import (
    ExplainRankingRequest,
    ExplainRankingResponse,
    RankedCandidate,
    RerankRequest,
    RerankResponse,
)
from retrieval.candidates import Candidate
from retrieval.documents import DocumentKind
from retrieval.explanation import explain_ranking, survey_document
from retrieval.given_candidates import judge_candidates
from retrieval.index import make_index
from retrieval.neighbourhood import hold_near
from retrieval.rankers import BASE, LEXICAL
from retrieval.scope import Scope
from retrieval.search import Searcher
from server.calls import Context
from server.deadlines import find_time_to_work
from server.fields import FieldChecks
from server.names import CURRICULUM, parse_pair, parse_tenant
from server.ranker_library import RankerLibrary
from server.retrieval_messages import to_explanation, to_scores, to_stages
from server.search_indexes import ReadySearch
from server.search_terms import check_optional_id, check_query, read_kind, read_readiness
from server.searching import SearchParts

MOST_CANDIDATES = 200
LONGEST_ID = 200
LONGEST_TITLE = 1_000
LONGEST_TEXT = 20_000

_LANGUAGE = "en"


async def rerank(
    parts: SearchParts, rankers: RankerLibrary, request: RerankRequest, context: Context
) -> RerankResponse:
    """Orders given candidates.

    Raises:
        InvalidInputError: Fields are wrong.
        CurriculumNotFoundError: No such curriculum.
        RankerNotFoundError: No such ranker.
        ModelUnavailableError: A model of the ranker that is named cannot be loaded.
        OverloadedError: Too many searches wait.
    """
    tenant, candidates = _read_rerank(request)
    searcher, language = await _find_searcher(parts, rankers, tenant, request)
    work = partial(judge_candidates, searcher, request.query, candidates, language)
    judged = await parts.queue.run(work, find_time_to_work(context.time_remaining()))
    return RerankResponse(
        candidates=[
            RankedCandidate(
                id=candidates[entry.position].id,
                position=entry.position,
                probability=entry.probability,
                scores=to_scores(entry.scores),
            )
            for entry in judged.candidates
        ],
        none_of_these=judged.none_probability,
        stages=to_stages(DocumentKind.CONCEPT, judged.stages),
        ranker=searcher.ranker.id,
    )


def _read_rerank(request: RerankRequest) -> tuple[str, list[Candidate]]:
    checks = FieldChecks()
    tenant = checks.read("", parse_tenant, request.parent)
    check_query(request.query, checks)
    if not 1 <= len(request.candidates) <= MOST_CANDIDATES:
        checks.note("candidates", f"must have 1 to {MOST_CANDIDATES} entries, not {len(request.candidates)}")
    else:
        _check_candidates(request, checks)
    check_optional_id(request.curriculum, "curriculum", checks)
    check_optional_id(request.ranker, "ranker", checks)
    if not request.curriculum and request.ranker not in ("", BASE, LEXICAL):
        checks.note("ranker", f"must be {BASE} or {LEXICAL} where no curriculum is named")
    checks.finish()
    return tenant, [Candidate(id=each.id, title=each.title, text=each.text) for each in request.candidates]


def _check_candidates(request: RerankRequest, checks: FieldChecks) -> None:
    positions: dict[str, int] = {}
    for position, candidate in enumerate(request.candidates):
        field = f"candidates[{position}]"
        first = positions.setdefault(candidate.id, position)
        if not candidate.id:
            checks.note(f"{field}.id", f"must have 1 to {LONGEST_ID} characters")
        elif first != position:
            checks.note(f"{field}.id", f"must not repeat candidates[{first}].id")
        checks.check_length(candidate.id, LONGEST_ID, f"{field}.id")
        checks.check_length(candidate.title, LONGEST_TITLE, f"{field}.title")
        checks.check_length(candidate.text, LONGEST_TEXT, f"{field}.text")


async def _find_searcher(
    parts: SearchParts, rankers: RankerLibrary, tenant: str, request: RerankRequest
) -> tuple[Searcher, str]:
    """Finds the ranker, and the language that it is about."""
    store, language = parts.backend.store, _LANGUAGE
    if request.curriculum:
        language = (await store.get_curriculum_record(tenant, request.curriculum)).language
    records = await store.list_indexes(tenant, request.curriculum) if request.curriculum else []
    ranker = await rankers.find(tenant, request.curriculum, request.ranker, records)
    equipped = await rankers.equip(ranker, required=bool(request.ranker))
    searcher = Searcher(
        index=make_index((), language),
        ranker=equipped.ranker,
        encoder=equipped.encoder,
        reranker=equipped.reranker,
        without=equipped.without,
    )
    return searcher, language


async def explain(parts: SearchParts, request: ExplainRankingRequest, context: Context) -> ExplainRankingResponse:
    """Says why a document has the place it has.

    Raises:
        InvalidInputError: Fields are wrong, or there is no such document.
        LearnerNotFoundError: No such learner.
        OverloadedError: Too many searches wait.
        GraphMasalError: As `SearchIndexes.get` raises.
    """
    checks = FieldChecks()
    tenant, curriculum = checks.read(("", ""), parse_pair, request.parent, CURRICULUM, "parent")
    check_query(request.query, checks)
    kind = read_kind(request.kind, checks)
    if not request.document:
        checks.note("document", "must be given")
    check_optional_id(request.learner, "learner", checks)
    check_optional_id(request.ranker, "ranker", checks)
    checks.finish()
    ready = await parts.indexes.get(tenant, curriculum, request.ranker)
    readiness = await read_readiness(parts.backend, tenant, request.learner, ready.cached)
    searcher = await _find_surroundings(parts, ready, request, kind, context)
    explanation = await parts.queue.run(
        lambda seconds: explain_ranking(
            searcher, request.query, kind, request.document, Scope(readiness=readiness, seconds=seconds)
        ),
        find_time_to_work(context.time_remaining()),
        begun=searcher is not ready.searcher,
    )
    return to_explanation(tenant, ready.cached.record, explanation, searcher.ranker.verdicts)


async def _find_surroundings(
    parts: SearchParts, ready: ReadySearch, request: ExplainRankingRequest, kind: DocumentKind, context: Context
) -> Searcher:
    """Has vectors that stay in the store brought along: what is near the words, and the document's."""
    searcher = ready.searcher
    if not searcher.index.stored:
        return searcher
    survey = await parts.queue.run(
        lambda _: survey_document(searcher, request.query, kind, request.document),
        find_time_to_work(context.time_remaining()),
    )
    near = await parts.indexes.read(ready, survey)
    return parts.indexes.give_up(ready) if near is None else hold_near(searcher, near)
