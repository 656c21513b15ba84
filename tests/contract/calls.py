"""Calls that most tests of the stores make."""

from collections.abc import Sequence

from kg.curriculum import AnswerKey, Curriculum
from kg.errors import GraphMasalError
from kg.evidence import Evidence, Position
from kg.fold import fold_evidence
from kg.ledger import BEGINNING
from kg.mastery import MasteryReading, read_mastery
from kg.operations import Operation
from kg.states import LearnerState
from kg.store import ImportOutcome, Store
from tests.samples import ENCODER, NOON, make_curriculum


async def load(
    store: Store, tenant: str, curriculum: Curriculum | None = None, *, now: int = NOON, operation: str = "op-import"
) -> ImportOutcome:
    """Imports a curriculum."""
    return await store.import_curriculum(tenant, curriculum or make_curriculum(), now, operation)


async def append(store: Store, tenant: str, *evidence: Evidence) -> list[bool]:
    """Appends evidence that has to be accepted; returns which items were there already."""
    outcomes = await store.append_evidence(tenant, evidence, allow_missing=True, now=NOON)
    assert [outcome.error for outcome in outcomes] == [None] * len(evidence)
    return [outcome.duplicate for outcome in outcomes]


async def refuse(store: Store, tenant: str, evidence: Evidence, *, allow_missing: bool = True) -> GraphMasalError:
    """Appends an item that has to be refused; returns why."""
    (outcome,) = await store.append_evidence(tenant, [evidence], allow_missing=allow_missing, now=NOON)
    assert outcome.error is not None
    return outcome.error


async def read_state(
    store: Store, tenant: str, as_of: int | None = None, *, learner: str = "ada", curriculum: str = "algebra"
) -> LearnerState:
    """Reads the state of one learner, who has to exist."""
    return (await store.read_states(tenant, [learner], curriculum, as_of))[learner]


async def read_log(store: Store, tenant: str, *, learner: str = "ada", curriculum: str = "algebra") -> list[Evidence]:
    """Reads a learner's log in pages of an odd size."""
    log: list[Evidence] = []
    after: Position = BEGINNING
    while page := await store.list_evidence(tenant, learner, curriculum, after, 37):
        log += page
        after = page[-1].position
    return log


async def fold_log(
    store: Store,
    tenant: str,
    evidence: Sequence[Evidence],
    as_of: int | None = None,
    *,
    curriculum: str = "algebra",
) -> dict[str, MasteryReading]:
    """Folds evidence from scratch under the grading rules in force, as a state at a moment has to read."""
    _, content = await store.load_curriculum(tenant, curriculum)
    counted = [item for item in evidence if not item.voided and (as_of is None or item.occurred_at <= as_of)]
    moment = max((item.occurred_at for item in counted), default=None) if as_of is None else as_of
    states = fold_evidence(counted, {question.id: question for question in content.questions})
    return {concept: read_mastery(states[concept], moment) for concept in sorted(states)}


async def read_index(
    store: Store, tenant: str, *, curriculum: str = "algebra", encoder: str = ENCODER
) -> dict[str, bytes]:
    """Reads all vectors of an encoder in pages of an odd size."""
    vectors: list[tuple[str, bytes]] = []
    while page := await store.load_vectors(tenant, curriculum, encoder, vectors[-1][0] if vectors else "", 997):
        vectors += page
    assert vectors == sorted(vectors)
    return dict(vectors)


async def correct(store: Store, tenant: str, *accepted: str, question: str = "q-sets", operation: str) -> Operation:
    """Corrects the key of a question."""
    key = AnswerKey(accepted=accepted, tolerance=0.01 if question == "q-maps" else 0.0)
    return await store.correct_answer_key(tenant, "algebra", question, key, now=NOON + 1, operation=operation)


async def regrade_all(store: Store, tenant: str, operation: Operation) -> int:
    """Does what a regrade operation asks for; returns the number of learners."""
    learners = 0
    while page := await store.list_learners_to_regrade(
        tenant, operation.curriculum, operation.questions, operation.grading_revision, 2
    ):
        for learner in page:
            await store.regrade_learner(tenant, operation.id, learner, operation.curriculum)
        learners += len(page)
    return learners
