"""Corrections of how answers are graded, and whom they concern."""

from collections.abc import Sequence

from kg.codec import decode
from kg.comparison import fingerprint
from kg.curriculum import AnswerKey, Question
from kg.errors import CurriculumNotFoundError, QuestionNotFoundError
from kg.neo4j_store.curricula import load
from kg.neo4j_store.curriculum_rows import list_questions
from kg.neo4j_store.database import Transaction
from kg.neo4j_store.ledger import GATES
from kg.neo4j_store.operations import put_operation
from kg.neo4j_store.part import StorePart
from kg.operations import Operation
from kg.revisions import QuestionChange, correct_key, grades_differently, make_regrade, set_voided


class Grading(StorePart):
    """The store's methods about corrections."""

    async def correct_answer_key(
        self, tenant: str, curriculum: str, question: str, key: AnswerKey, *, now: int, operation: str
    ) -> Operation:
        """See `Store.correct_answer_key`."""
        return await self._correct((tenant, curriculum, question), correct_key(key, now), now, operation)

    async def void_question(
        self, tenant: str, curriculum: str, question: str, *, voided: bool, now: int, operation: str
    ) -> Operation:
        """See `Store.void_question`."""
        return await self._correct((tenant, curriculum, question), set_voided(voided=voided), now, operation)

    async def list_learners_to_regrade(
        self, tenant: str, curriculum: str, questions: Sequence[str], grading_revision: int, limit: int
    ) -> list[str]:
        """See `Store.list_learners_to_regrade`."""
        rows = await self._list_rows(
            "list_learners_to_regrade",
            tenant=tenant,
            curriculum=curriculum,
            questions=list(questions),
            grading_revision=grading_revision,
            limit=limit,
        )
        return [learner for (learner,) in rows]

    async def _correct(
        self, place: tuple[str, str, str], change: QuestionChange, now: int, operation_id: str
    ) -> Operation:
        """Changes the question at (tenant, curriculum, question) and creates the operation that follows from it."""
        tenant, curriculum, question = place

        async def work(transaction: Transaction) -> Operation:
            revision = await _change_question(transaction, place, change)
            operation = make_regrade(operation_id, curriculum, (question,), revision, now)
            await put_operation(transaction, tenant, operation)
            return operation

        return await self._database.write(work)


async def _change_question(transaction: Transaction, place: tuple[str, str, str], change: QuestionChange) -> int:
    """Changes a question where that changes how it is graded; returns the curriculum's grading revision after it."""
    tenant, curriculum, question = place
    names = {"tenant": tenant, "curriculum": curriculum}
    if await transaction.find_row("hold_curriculum", **names) is None:
        raise CurriculumNotFoundError(f"curricula/{curriculum}")
    await transaction.list_rows("lock_all_gates", tenant=tenant, gates=GATES)
    ((revision,),) = await transaction.list_rows("read_grading_revision", **names)
    row = await transaction.find_row("read_question", question=question, **names)
    if row is None:
        raise QuestionNotFoundError(f"curricula/{curriculum}/questions/{question}")
    old = decode(Question, row[0])
    new = change(old)
    if not grades_differently(old, new):
        return int(revision)
    await transaction.write_batches("put_questions", list_questions([new]), **names)
    properties: dict[str, object] = {"grading_revision": revision + 1}
    loaded = await load(transaction, tenant, curriculum) if old.key != new.key else None
    if loaded is not None:
        # It covers the keys, so it follows a correction.
        properties["fingerprint"] = fingerprint(loaded[1])
    await transaction.list_rows("put_curriculum", properties=properties, **names)
    return int(revision) + 1
