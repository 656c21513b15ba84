"""Questions about a concept that a learner has not answered yet."""

from kg.ledger import BEGINNING
from kg.states import LearnerState
from server.backend import Backend
from server.curriculum_cache import CachedCurriculum

MOST_QUESTIONS = 10

_PAGE = 500
"""Items of evidence that are in memory at a time."""


async def list_open_questions(
    backend: Backend, tenant: str, state: LearnerState, cached: CachedCurriculum, concept: str
) -> list[str]:
    """Lists questions that assess a concept and that the learner has not answered by the moment of the state.

    An answer that was voided does not count, and neither do questions that are voided or archived. The log is read in
    pages, and only where the concept has evidence, until all questions turn out to be answered.

    Args:
        backend: What the services share.
        tenant: Id.
        state: The learner's.
        cached: The curriculum.
        concept: Id.

    Returns:
        Ids in ascending order, at most 10.
    """
    waiting = {
        question.id
        for question in cached.curriculum.questions
        if concept in question.assesses and not question.archived and not question.voided
    }
    # Without evidence on the concept no question about it was answered, and the log need not be read.
    reading = concept in state.mastery and state.as_of is not None
    after = BEGINNING
    while waiting and reading:
        items = await backend.store.list_evidence(tenant, state.learner, state.curriculum, after, _PAGE)
        for item in items:
            reading = state.as_of is not None and item.occurred_at <= state.as_of
            if reading and not item.voided:
                waiting.discard(item.question)
        if len(items) < _PAGE:
            break
        after = items[-1].position
    return sorted(waiting)[:MOST_QUESTIONS]
