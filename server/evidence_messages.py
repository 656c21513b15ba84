"""Evidence as messages of the public API, and back."""

import math

from google.rpc.status_pb2 import Status

from graphmasal.v1 import evidence_pb2, learner_service_pb2
from kg.curriculum import Question
from kg.errors import FieldViolation, GraphMasalError, InvalidInputError
from kg.evidence import Evidence, Source
from kg.grading import LONGEST_RESPONSE, check_subject, grade
from kg.identifiers import ID_RULE, is_id
from kg.ledger import AppendOutcome
from server.names import EVIDENCE, make_name
from server.statuses import to_status
from server.times import to_micros, to_timestamp

_SOURCES: dict[int, Source] = {
    evidence_pb2.Evidence.ANSWER: Source.ANSWER,
    evidence_pb2.Evidence.OBSERVATION: Source.OBSERVATION,
    evidence_pb2.Evidence.TEACHER_OVERRIDE: Source.TEACHER_OVERRIDE,
    evidence_pb2.Evidence.SELF_REPORT: Source.SELF_REPORT,
}
_SOURCE_MESSAGES = {
    Source.ANSWER: evidence_pb2.Evidence.ANSWER,
    Source.OBSERVATION: evidence_pb2.Evidence.OBSERVATION,
    Source.TEACHER_OVERRIDE: evidence_pb2.Evidence.TEACHER_OVERRIDE,
    Source.SELF_REPORT: evidence_pb2.Evidence.SELF_REPORT,
}


def read_evidence(message: evidence_pb2.Evidence, place: str) -> Evidence:
    """Reads an item to be appended. Whether its subject exists and takes such a response, the store says.

    Args:
        message: The item; fields that are for output only are passed over.
        place: Its path in the request, such as `evidence[3]`.

    Raises:
        InvalidInputError: Fields are wrong; each violation names one.
    """
    found = _check_fields(message, place)
    occurred_at = 0
    if message.HasField("occurred_at"):
        try:
            occurred_at = to_micros(message.occurred_at, f"{place}.occurred_at")
        except InvalidInputError as error:
            found.extend(error.violations)
    else:
        found.append(FieldViolation(f"{place}.occurred_at", "is required"))
    if found:
        raise InvalidInputError(*found)
    item = Evidence(
        id=message.id,
        learner=message.learner,
        curriculum=message.curriculum,
        question=message.question,
        concept=message.concept,
        response=message.response if message.HasField("response") else None,
        score=message.score if message.HasField("score") else None,
        occurred_at=occurred_at,
        source=_SOURCES[message.source],
    )
    found = check_subject(item, place)
    if found:
        raise InvalidInputError(*found)
    return item


def _check_fields(message: evidence_pb2.Evidence, place: str) -> list[FieldViolation]:
    found = []
    if not is_id(message.id):
        found.append(FieldViolation(f"{place}.id", ID_RULE))
    if not is_id(message.learner):
        found.append(FieldViolation(f"{place}.learner", ID_RULE))
    if message.curriculum and not is_id(message.curriculum):
        found.append(FieldViolation(f"{place}.curriculum", ID_RULE))
    subject = message.WhichOneof("subject")
    if subject is None:
        found.append(FieldViolation(f"{place}.subject", "must name either a question or a concept"))
    elif not is_id(message.question or message.concept):
        found.append(FieldViolation(f"{place}.{subject}", ID_RULE))
    if len(message.response) > LONGEST_RESPONSE:
        found.append(FieldViolation(f"{place}.response", f"must have at most {LONGEST_RESPONSE} characters"))
    if not (math.isfinite(message.score) and 0.0 <= message.score <= 1.0):
        found.append(FieldViolation(f"{place}.score", "must be in [0, 1]"))
    if message.source not in _SOURCES:
        found.append(FieldViolation(f"{place}.source", "must be ANSWER, OBSERVATION, TEACHER_OVERRIDE or SELF_REPORT"))
    return found


def to_evidence(tenant: str, item: Evidence, question: Question | None) -> evidence_pb2.Evidence:
    """Returns the message for a stored item.

    Args:
        tenant: Id.
        item: The item.
        question: The question it answers, as it is now; None where it is about a concept.
    """
    message = evidence_pb2.Evidence(
        name=make_name(EVIDENCE, tenant, item.learner, item.id),
        id=item.id,
        learner=item.learner,
        curriculum=item.curriculum,
        response=item.response,
        score=item.score,
        occurred_at=to_timestamp(item.occurred_at),
        source=_SOURCE_MESSAGES[item.source],
        outcome=_find_outcome(item, question),
        voided=item.voided,
    )
    if item.question:
        message.question = item.question
    else:
        message.concept = item.concept
    return message


def _find_outcome(item: Evidence, question: Question | None) -> float | None:
    if question is not None:
        return grade(question, item)
    return None if item.voided or item.question else item.score


def to_result(
    tenant: str, sent_id: str, outcome: AppendOutcome, appended_as: str, place: str
) -> learner_service_pb2.AppendResult:
    """Returns the message for what became of one item.

    Args:
        tenant: Id.
        sent_id: Id of the item as it was sent.
        outcome: What became of it.
        appended_as: Its path in the batch that the store was given, such as `evidence[17]`, which errors may name.
        place: Its path in the message that the caller sent, which the caller is told instead.
    """
    error = outcome.error
    status = Status() if error is None else to_status(_address_error(error, appended_as, place), tenant)
    return learner_service_pb2.AppendResult(id=sent_id, duplicate=outcome.duplicate, status=status)


def _address_error(error: GraphMasalError, appended_as: str, place: str) -> GraphMasalError:
    """Returns an error in the terms of the caller, who does not know the store's batch."""
    if not isinstance(error, InvalidInputError):
        return error
    return InvalidInputError(
        *(
            FieldViolation(place + each.field.removeprefix(appended_as), each.rule)
            if each.field.startswith(appended_as)
            else each
            for each in error.violations
        )
    )
