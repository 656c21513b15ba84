"""Every error the domain raises. `server.statuses` turns each into one gRPC status; nothing else does."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One field that breaks one rule.

    Attributes:
        field: Path of the field as the API names it, such as `evidence[3].score`.
        rule: The rule that is broken, as a sentence that a caller can act on.
    """

    field: str
    rule: str


class GraphMasalError(Exception):
    """Something the domain refuses or cannot do.

    Attributes:
        reason: Value of the public `ErrorReason` enum.
    """

    reason = "ERROR_REASON_UNSPECIFIED"


class InvalidInputError(GraphMasalError):
    """Fields of the input break rules; nothing was changed."""

    reason = "INVALID_INPUT"

    def __init__(self, *violations: FieldViolation) -> None:
        super().__init__("; ".join(f"{violation.field}: {violation.rule}" for violation in violations))
        self.violations = violations


def refuse(field: str, rule: str) -> InvalidInputError:
    """Returns the error for one field that breaks one rule; the caller raises it."""
    return InvalidInputError(FieldViolation(field, rule))


class NotFoundError(GraphMasalError):
    """A resource that does not exist, or not for this tenant.

    Attributes:
        resource: Its full name, such as `tenants/t/learners/l`.
    """

    kind = "resource"

    def __init__(self, resource: str) -> None:
        super().__init__(f"no {self.kind} {resource}")
        self.resource = resource


class CurriculumNotFoundError(NotFoundError):
    """No such curriculum."""

    kind, reason = "curriculum", "CURRICULUM_NOT_FOUND"


class ConceptNotFoundError(NotFoundError):
    """No such concept in the curriculum."""

    kind, reason = "concept", "CONCEPT_NOT_FOUND"


class QuestionNotFoundError(NotFoundError):
    """No such question in the curriculum."""

    kind, reason = "question", "QUESTION_NOT_FOUND"


class LearnerNotFoundError(NotFoundError):
    """No such learner."""

    kind, reason = "learner", "LEARNER_NOT_FOUND"


class EvidenceNotFoundError(NotFoundError):
    """No such item of evidence."""

    kind, reason = "evidence", "EVIDENCE_NOT_FOUND"


class PlanNotFoundError(NotFoundError):
    """No such plan."""

    kind, reason = "plan", "PLAN_NOT_FOUND"


class OperationNotFoundError(NotFoundError):
    """No such operation."""

    kind, reason = "operation", "OPERATION_NOT_FOUND"


class RankerNotFoundError(NotFoundError):
    """No such ranker of the curriculum."""

    kind, reason = "ranker", "RANKER_NOT_FOUND"


class SessionNotFoundError(NotFoundError):
    """No such tutoring session."""

    kind, reason = "session", "SESSION_NOT_FOUND"


class TurnNotFoundError(NotFoundError):
    """No such turn of the session."""

    kind, reason = "turn", "TURN_NOT_FOUND"


class AlreadyExistsError(GraphMasalError):
    """Something else has this id.

    Attributes:
        resource: Full name of what is there already.
    """

    def __init__(self, resource: str, message: str) -> None:
        super().__init__(message)
        self.resource = resource


class LearnerAlreadyExistsError(AlreadyExistsError):
    """A learner with this id or external id is there already."""

    reason = "LEARNER_ALREADY_EXISTS"


class EvidenceConflictError(AlreadyExistsError):
    """Evidence with this id but another content is there already; nothing was changed."""

    reason = "EVIDENCE_CONFLICT"


class SessionAlreadyExistsError(AlreadyExistsError):
    """A session with this id is there already."""

    reason = "SESSION_ALREADY_EXISTS"


class RequestConflictError(AlreadyExistsError):
    """A turn with this request id but another content is there already; nothing was changed."""

    reason = "REQUEST_CONFLICT"


class PreconditionError(GraphMasalError):
    """The request is sound, the state of things does not allow it.

    Attributes:
        subjects: Names of what stands in the way.
    """

    def __init__(self, message: str, subjects: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.subjects = tuple(subjects)


class LearnerErasedError(PreconditionError):
    """The learner was erased and stays erased."""

    reason = "LEARNER_ERASED"


class SessionDeletedError(PreconditionError):
    """The session was deleted and stays deleted."""

    reason = "SESSION_DELETED"


class CurriculumInUseError(PreconditionError):
    """The curriculum carries evidence and cannot be deleted."""

    reason = "CURRICULUM_IN_USE"


class NoGoalsError(PreconditionError):
    """The learner has no goals in the curriculum and none were given."""

    reason = "NO_GOALS"


class OperationEndedError(PreconditionError):
    """The operation has already ended."""

    reason = "OPERATION_ENDED"


class IndexMismatchError(PreconditionError):
    """The index was built with another model than the one that would search it; the message says what mends it."""

    reason = "INDEX_MISMATCH"


class ModelUnavailableError(PreconditionError):
    """A model is not to be had here: its libraries or its weights are missing; the message says what mends it."""

    reason = "MODEL_UNAVAILABLE"


class RevisionConflictError(GraphMasalError):
    """Somebody else changed it in between; reading again and repeating may succeed."""

    reason = "REVISION_CONFLICT"


class SessionBusyError(GraphMasalError):
    """Another turn of the session is under way; trying again once it has ended may succeed."""

    reason = "SESSION_BUSY"


class LimitExceededError(GraphMasalError):
    """Larger than a limit.

    Attributes:
        subject: What is limited, and to how much.
    """

    reason = "LIMIT_EXCEEDED"

    def __init__(self, subject: str) -> None:
        super().__init__(subject)
        self.subject = subject


class OverloadedError(GraphMasalError):
    """More work waits than may wait; trying again a little later may succeed."""

    reason = "OVERLOADED"


class StoreUnavailableError(GraphMasalError):
    """The store does not answer; trying again later may succeed."""

    reason = "STORE_UNAVAILABLE"


class SchemaMismatchError(GraphMasalError):
    """The store was written with another schema version; the message names the command that migrates it."""
