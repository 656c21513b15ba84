"""Evidence as it comes in, whether by stream or by batch: read item by item, appended together, answered one by one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from graphmasal.v1 import evidence_pb2
from graphmasal.v1.learner_service_pb2 import AppendResult
from kg.errors import InvalidInputError, refuse
from kg.evidence import Evidence
from kg.ledger import AppendOutcome
from server.backend import Backend
from server.evidence_messages import read_evidence, to_result

MOST_ITEMS = 1_000
"""Items of evidence that one message may carry, and that one transaction takes."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The items of one message.

    Attributes:
        ids: Ids as they were sent.
        items: The same items as read, or why they could not be.
    """

    ids: Sequence[str]
    items: Sequence[Evidence | InvalidInputError]


def read_submission(messages: Sequence[evidence_pb2.Evidence]) -> Submission:
    """Reads the items of a message; one that is malformed does not keep the others from being stored.

    Raises:
        InvalidInputError: There are none or too many.
    """
    if not 1 <= len(messages) <= MOST_ITEMS:
        raise refuse("evidence", f"must have 1 to {MOST_ITEMS} items, not {len(messages)}")
    items = [_read_item(message, index) for index, message in enumerate(messages)]
    return Submission([message.id for message in messages], items)


def _read_item(message: evidence_pb2.Evidence, index: int) -> Evidence | InvalidInputError:
    try:
        return read_evidence(message, f"evidence[{index}]")
    except InvalidInputError as error:
        return error


async def append_submissions(
    backend: Backend, tenant: str, submissions: Sequence[Submission], *, allow_missing: bool
) -> list[list[AppendResult]]:
    """Appends the sound items of several messages in one transaction.

    Returns:
        For each message, one result for each of its items, after the sound ones are durable.
    """
    batch = [item for submission in submissions for item in submission.items if isinstance(item, Evidence)]
    outcomes: Iterable[AppendOutcome] = ()
    if batch:
        outcomes = await backend.store.append_evidence(tenant, batch, allow_missing=allow_missing, now=backend.clock())
    appended = enumerate(outcomes)
    answers = []
    for submission in submissions:
        results = []
        for index, (sent_id, item) in enumerate(zip(submission.ids, submission.items, strict=True)):
            place = f"evidence[{index}]"
            if isinstance(item, InvalidInputError):
                results.append(to_result(tenant, sent_id, AppendOutcome(error=item), place, place))
            else:
                position, outcome = next(appended)
                results.append(to_result(tenant, sent_id, outcome, f"evidence[{position}]", place))
        answers.append(results)
    return answers
