"""Long-running operations as messages of google.longrunning."""

from google.longrunning.operations_pb2 import Operation as OperationMessage
from google.protobuf.message import Message
from google.rpc import code_pb2
from google.rpc.status_pb2 import Status

from graphmasal.v1 import curriculum_service_pb2, planning_service_pb2, retrieval_pb2, retrieval_service_pb2
from kg.errors import CurriculumNotFoundError, RankerNotFoundError
from kg.operations import Operation, OperationKind
from kg.store import Store
from retrieval.rankers import read_ranker
from server.index_operations import find_record, read_order
from server.learner_messages import to_change
from server.names import CURRICULUM, LEARNER, OPERATION, make_name
from server.operation_failures import to_failure_status
from server.retrieval_messages import to_index
from server.times import to_timestamp

MOST_LISTED = 10_000


async def describe_operation(
    store: Store, tenant: str, operation: Operation, most_listed: int = MOST_LISTED
) -> OperationMessage:
    """Returns the message for an operation, with what came of it if it has ended.

    Args:
        store: Holds what the operation recorded.
        tenant: Id.
        operation: As stored.
        most_listed: How many changes or failures to tell at most; their number is told in any case.
    """
    message = OperationMessage(name=make_name(OPERATION, tenant, operation.id), done=operation.done)
    message.metadata.Pack(_describe_progress(tenant, operation))
    if not operation.done:
        return message
    if operation.error:
        message.error.CopyFrom(Status(code=code_pb2.INTERNAL, message=operation.error))
    elif operation.cancelled:
        message.error.CopyFrom(Status(code=code_pb2.CANCELLED, message="the operation was cancelled before its end"))
    else:
        message.response.Pack(await _describe_result(store, tenant, operation, most_listed))
    return message


def _describe_progress(tenant: str, operation: Operation) -> Message:
    curriculum = make_name(CURRICULUM, tenant, operation.curriculum)
    if operation.kind is OperationKind.PLAN:
        return planning_service_pb2.BatchGeneratePlansMetadata(
            curriculum=curriculum,
            learners_done=operation.items_done,
            learners_total=operation.items_total,
            learners_failed=operation.items_failed,
        )
    if operation.kind is OperationKind.INDEX:
        return retrieval_service_pb2.BuildIndexMetadata(
            curriculum=curriculum,
            ranker=read_order(operation).ranker,
            texts_done=operation.items_done,
            texts_total=operation.items_total,
            create_time=to_timestamp(operation.created_at),
        )
    return curriculum_service_pb2.RegradeMetadata(
        curriculum=curriculum,
        questions=operation.questions,
        grading_revision=operation.grading_revision,
        learners_done=operation.items_done,
        learners_total=operation.items_total,
    )


async def _describe_result(store: Store, tenant: str, operation: Operation, most_listed: int) -> Message:
    if operation.kind is OperationKind.PLAN:
        failures, failure_count = await store.list_operation_failures(tenant, operation.id, most_listed)
        return planning_service_pb2.BatchGeneratePlansResponse(
            learners_planned=operation.items_done - operation.items_failed,
            failures=[
                planning_service_pb2.BatchFailure(
                    learner=make_name(LEARNER, tenant, failure.item), status=to_failure_status(failure)
                )
                for failure in failures
            ],
            failure_count=failure_count,
        )
    if operation.kind is OperationKind.INDEX:
        return await _describe_index(store, tenant, operation)
    changes, change_count = await store.list_mastery_changes(tenant, operation.id, most_listed)
    return curriculum_service_pb2.RegradeResponse(
        learners=operation.items_done,
        changes=[to_change(tenant, change) for change in changes],
        change_count=change_count,
    )


async def _describe_index(store: Store, tenant: str, operation: Operation) -> retrieval_pb2.Index:
    """Describes the index that an operation built, as it is now; where it is gone, by its names only."""
    order, curriculum = read_order(operation), operation.curriculum
    record = find_record(await store.list_indexes(tenant, curriculum), order.ranker)
    if record is None:
        return retrieval_pb2.Index(curriculum=make_name(CURRICULUM, tenant, curriculum), ranker=order.ranker)
    try:
        # What was built from the version before has an operation of its own.
        current = (await store.get_curriculum_record(tenant, curriculum)).updated_at <= record.built_at
        verdicts = read_ranker(await store.get_ranker(tenant, curriculum, order.ranker)).verdicts
    except CurriculumNotFoundError:
        current, verdicts = False, ()
    except RankerNotFoundError:
        verdicts = ()
    return to_index(tenant, record, order.encoder, verdicts, current=current)
