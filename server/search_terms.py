"""What retrieval requests have in common: words, kinds, limits, a ranker, a learner; checked, in our own terms."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from graphmasal.v1 import retrieval_pb2
from graphmasal.v1.retrieval_service_pb2 import SearchConceptsRequest
from kg.mastery import read_mastery
from kg.states import LearnerState
from retrieval.documents import DocumentKind
from retrieval.readiness import compute_readiness
from retrieval.scope import Reranking
from server.backend import Backend
from server.curriculum_cache import CachedCurriculum
from server.fields import FieldChecks
from server.plan_generation import list_mastery, read_learner_state

LONGEST_QUERY = 2_000
MOST_RESULTS = 100
USUAL_RESULTS = 10

KINDS: Final[Mapping[int, DocumentKind]] = {
    retrieval_pb2.DOCUMENT_KIND_UNSPECIFIED: DocumentKind.CONCEPT,
    retrieval_pb2.CONCEPT: DocumentKind.CONCEPT,
    retrieval_pb2.PASSAGE: DocumentKind.PASSAGE,
    retrieval_pb2.QUESTION: DocumentKind.QUESTION,
    retrieval_pb2.MISCONCEPTION: DocumentKind.MISCONCEPTION,
}
_RERANKINGS: Final[Mapping[int, Reranking]] = {
    SearchConceptsRequest.RERANKING_UNSPECIFIED: Reranking.AUTO,
    SearchConceptsRequest.AUTO: Reranking.AUTO,
    SearchConceptsRequest.ALWAYS: Reranking.ALWAYS,
    SearchConceptsRequest.NEVER: Reranking.NEVER,
}
_KIND_RULE = "must be a kind of document that there is"


def check_query(query: str, checks: FieldChecks) -> None:
    """Notes words that are missing or too many."""
    if not query.strip():
        checks.note("query", "must hold words")
    checks.check_length(query, LONGEST_QUERY, "query")


def check_optional_id(text: str, field: str, checks: FieldChecks) -> None:
    """Notes a text that is neither empty nor an id."""
    if text:
        checks.check_id(text, field)


def read_limit(limit: int, usual: int, most: int, checks: FieldChecks) -> int:
    """Returns how many results are wanted."""
    if not 0 <= limit <= most:
        checks.note("limit", f"must be from 1 to {most}, or 0 for {usual}")
        return usual
    return limit or usual


def read_kind(kind: int, checks: FieldChecks, field: str = "kind") -> DocumentKind:
    """Returns a kind of documents; concepts where it is left open."""
    if kind not in KINDS:
        checks.note(field, _KIND_RULE)
    return KINDS.get(kind, DocumentKind.CONCEPT)


def read_kinds(kinds: Sequence[int], checks: FieldChecks) -> tuple[DocumentKind, ...]:
    """Returns the kinds that are wanted, each once; concepts where none is named."""
    read: dict[DocumentKind, int] = {}
    for position, kind in enumerate(kinds):
        first = read.setdefault(read_kind(kind, checks, f"kinds[{position}]"), position)
        if first != position and kind in KINDS:
            checks.note(f"kinds[{position}]", f"must not repeat kinds[{first}]")
    return tuple(read) or (DocumentKind.CONCEPT,)


def read_reranking(reranking: int, checks: FieldChecks) -> Reranking:
    """Returns when the reranker is to be asked."""
    if reranking not in _RERANKINGS:
        checks.note("reranking", "must be AUTO, ALWAYS or NEVER")
    return _RERANKINGS.get(reranking, Reranking.AUTO)


async def read_readiness(
    backend: Backend, tenant: str, learner: str, cached: CachedCurriculum
) -> Mapping[str, float] | None:
    """Reads how ready a learner is for each concept of a curriculum.

    Args:
        backend: What the services share.
        tenant: Id.
        learner: Id; empty: nobody.
        cached: The curriculum.

    Returns:
        In [0, 1] by concept; None: no learner is named.

    Raises:
        LearnerNotFoundError: No such learner.
    """
    if not learner:
        return None
    state = await read_learner_state(backend, tenant, learner, cached.record.id, None)
    return await backend.run(_compute_readiness, cached, state)


def _compute_readiness(cached: CachedCurriculum, state: LearnerState) -> Mapping[str, float]:
    prior = read_mastery(None, state.as_of).probability
    return compute_readiness(cached.curriculum, dict.fromkeys(cached.concepts, prior) | dict(list_mastery(state)))


def check_concepts(concepts: Iterable[str], cached: CachedCurriculum) -> None:
    """Checks that concepts are of a curriculum's current version.

    Raises:
        InvalidInputError: Some are not.
    """
    checks = FieldChecks()
    for position, concept in enumerate(concepts):
        if concept not in cached.concepts or cached.concepts[concept].archived:
            checks.note(f"concepts[{position}]", "must be the id of a concept of the curriculum")
    checks.finish()
