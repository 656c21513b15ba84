"""google.longrunning.Operations over the operations in the store."""

# ruff: noqa: N802 - the methods have the names of the API's

import asyncio
from datetime import timedelta

from google.longrunning import operations_pb2_grpc
from google.longrunning.operations_pb2 import (
    CancelOperationRequest,
    DeleteOperationRequest,
    GetOperationRequest,
    ListOperationsRequest,
    ListOperationsResponse,
    Operation,
    WaitOperationRequest,
)
from google.protobuf.empty_pb2 import Empty

from kg.errors import refuse
from server.backend import Backend
from server.calls import Context
from server.names import OPERATION, parse_pair, parse_tenant
from server.operation_messages import describe_operation
from server.pages import read_page

LONGEST_WAIT = timedelta(minutes=10)
_FIRST_POLL_SECONDS = 0.05
_LONGEST_POLL_SECONDS = 1.0
# Time for the answer to get back before the caller's deadline.
_ANSWER_SECONDS = 0.1


class OperationsService(operations_pb2_grpc.OperationsServicer):
    """Reads, awaits, cancels and deletes operations; `server.operation_runner` has their work done."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._store = backend.store

    async def GetOperation(self, request: GetOperationRequest, context: Context) -> Operation:
        """Reads an operation."""
        tenant, identifier = parse_pair(request.name, OPERATION)
        return await describe_operation(self._store, tenant, await self._store.get_operation(tenant, identifier))

    async def ListOperations(self, request: ListOperationsRequest, context: Context) -> ListOperationsResponse:
        """Lists a tenant's operations by id; of what they changed it tells the number only."""
        tenant = parse_tenant(request.name, "name")
        if request.filter:
            raise refuse("filter", "must be empty: operations are not filtered")
        page = read_page(request)
        found = await self._store.list_operations(tenant, page.after_id, page.limit)
        shown, token = page.cut(found, lambda operation: (operation.id,))
        described = [await describe_operation(self._store, tenant, operation, 0) for operation in shown]
        return ListOperationsResponse(operations=described, next_page_token=token)

    async def DeleteOperation(self, request: DeleteOperationRequest, context: Context) -> Empty:
        """Deletes an operation; one under way ends where it is."""
        await self._store.delete_operation(*parse_pair(request.name, OPERATION))
        return Empty()

    async def CancelOperation(self, request: CancelOperationRequest, context: Context) -> Empty:
        """Asks for an operation to end."""
        await self._store.cancel_operation(*parse_pair(request.name, OPERATION))
        for wanted in self._backend.operation_wanted.values():
            wanted.set()
        return Empty()

    async def WaitOperation(self, request: WaitOperationRequest, context: Context) -> Operation:
        """Waits until an operation has ended or the time is up, and tells how it is then."""
        tenant, identifier = parse_pair(request.name, OPERATION)
        loop = asyncio.get_running_loop()
        end = loop.time() + _find_wait_seconds(request, context)
        poll_seconds = _FIRST_POLL_SECONDS
        while True:
            operation = await self._store.get_operation(tenant, identifier)
            left = end - loop.time()
            if operation.done or left <= 0:
                return await describe_operation(self._store, tenant, operation)
            await asyncio.sleep(min(poll_seconds, left))
            poll_seconds = min(2 * poll_seconds, _LONGEST_POLL_SECONDS)


def _find_wait_seconds(request: WaitOperationRequest, context: Context) -> float:
    seconds = LONGEST_WAIT.total_seconds()
    if request.HasField("timeout"):
        asked = request.timeout.seconds + request.timeout.nanos / 1e9
        if asked < 0:
            raise refuse("timeout", "must be >= 0")
        seconds = min(seconds, asked)
    remaining = context.time_remaining()
    return seconds if remaining is None else max(0.0, min(seconds, remaining - _ANSWER_SECONDS))
