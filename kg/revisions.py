"""What follows from an import or a correction: the next version of a curriculum, decided once for every store."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from kg.comparison import Difference, compare, fingerprint, merge, regraded_questions
from kg.curriculum import AnswerKey, Curriculum, CurriculumRecord, Question, count_parts
from kg.operations import Operation, OperationKind

TEXTS = ("title", "description", "language", "licence", "attribution", "source_url")
"""Fields of a record that are texts of the curriculum as a whole."""

QuestionChange = Callable[[Question], Question]


@dataclass(frozen=True, slots=True)
class NextVersion:
    """What a store writes for an import.

    Attributes:
        record: Of the new version.
        content: Of the new version, archived parts included.
        difference: To the version before.
        operation: The regrade operation to create with it, or None.
    """

    record: CurriculumRecord
    content: Curriculum
    difference: Difference
    operation: Operation | None


def make_next_version(
    record: CurriculumRecord | None, old: Curriculum | None, new: Curriculum, now: int, operation_id: str
) -> NextVersion | None:
    """Makes the version that follows from an import; None: it says what is there already.

    Args:
        record: Of the version so far; None: there is none.
        old: Its content; None: there is none.
        new: What was imported, validated.
        now: Microseconds since 1970 UTC.
        operation_id: For the regrade operation, where the grading of questions that were there before changed.
    """
    merged = merge(old, new, now)
    difference, digest = compare(old, merged), fingerprint(merged)
    if record is not None and digest == record.fingerprint and difference == Difference():
        return None
    regraded = regraded_questions(old, merged)
    current = CurriculumRecord(
        id=merged.id,
        **{name: getattr(merged, name) for name in TEXTS},
        version=record.version + 1 if record else 1,
        grading_revision=record.grading_revision + bool(regraded) if record else 1,
        fingerprint=digest,
        updated_at=now,
        size=count_parts(merged),
    )
    operation = make_regrade(operation_id, current.id, regraded, current.grading_revision, now) if regraded else None
    return NextVersion(current, merged, difference, operation)


def make_regrade(
    operation_id: str, curriculum: str, questions: tuple[str, ...], grading_revision: int, now: int
) -> Operation:
    """Makes the operation that brings learners who answered the questions to a grading revision."""
    return Operation(
        id=operation_id,
        kind=OperationKind.REGRADE,
        curriculum=curriculum,
        questions=questions,
        grading_revision=grading_revision,
        created_at=now,
    )


def correct_key(key: AnswerKey, now: int) -> QuestionChange:
    """The change that gives a question its next key."""

    def change(question: Question) -> Question:
        version = question.key.version + 1 if question.key else 1
        return replace(question, key=replace(key, version=version, set_at=now))

    return change


def set_voided(*, voided: bool) -> QuestionChange:
    """The change that takes a question out of all mastery, or brings it back."""
    return lambda question: replace(question, voided=voided)


def grades_differently(old: Question, new: Question) -> bool:
    """Says whether evidence counts differently under two forms of one question."""
    before, after = (Curriculum(id="", title="", questions=(question,)) for question in (old, new))
    return bool(regraded_questions(before, after))
