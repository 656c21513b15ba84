"""Long-running operations as messages of google.longrunning."""

from google.longrunning.operations_pb2 import Operation as OperationMessage
from google.rpc import code_pb2
from google.rpc.status_pb2 import Status

from graphmasal.v1 import curriculum_service_pb2
from kg.operations import Operation
from kg.store import Store
from server.learner_messages import to_change
from server.names import CURRICULUM, OPERATION, make_name

MOST_CHANGES = 10_000


async def describe_operation(
    store: Store, tenant: str, operation: Operation, most_changes: int = MOST_CHANGES
) -> OperationMessage:
    """Returns the message for an operation, with what it changed if it has ended.

    Args:
        store: Holds the changes.
        tenant: Id.
        operation: As stored.
        most_changes: How many changes to tell at most; their number is told in any case.
    """
    message = OperationMessage(name=make_name(OPERATION, tenant, operation.id), done=operation.done)
    message.metadata.Pack(
        curriculum_service_pb2.RegradeMetadata(
            curriculum=make_name(CURRICULUM, tenant, operation.curriculum),
            questions=operation.questions,
            grading_revision=operation.grading_revision,
            learners_done=operation.items_done,
            learners_total=operation.items_total,
        )
    )
    if not operation.done:
        return message
    if operation.error:
        message.error.CopyFrom(Status(code=code_pb2.INTERNAL, message=operation.error))
    elif operation.cancelled:
        message.error.CopyFrom(Status(code=code_pb2.CANCELLED, message="the operation was cancelled before its end"))
    else:
        changes, count = await store.list_mastery_changes(tenant, operation.id, most_changes)
        message.response.Pack(
            curriculum_service_pb2.RegradeResponse(
                learners=operation.items_done,
                changes=[to_change(tenant, change) for change in changes],
                change_count=count,
            )
        )
    return message
