"""A stream of evidence: messages are read while the store works on those before, and stored together."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from graphmasal.v1.learner_service_pb2 import AppendEvidenceRequest, AppendEvidenceResponse
from kg.errors import refuse
from server.backend import Backend
from server.names import parse_tenant
from server.submissions import MOST_ITEMS, Submission, append_submissions, read_submission

MOST_WAITING = 2 * MOST_ITEMS
"""Items that may wait for the store before no more are read, so that gRPC's flow control slows the sender down."""


class _Inbox:
    """Messages read and not yet stored, in order; one task puts and one takes."""

    def __init__(self) -> None:
        self._waiting: deque[Submission] = deque()
        self._items = 0
        self._closed = False
        self._changed = asyncio.Condition()

    async def put(self, submission: Submission) -> None:
        """Adds a message, once there is room."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._items < MOST_WAITING)
            self._waiting.append(submission)
            self._items += len(submission.items)
            self._changed.notify_all()

    async def close(self) -> None:
        """Says that nothing more will come."""
        async with self._changed:
            self._closed = True
            self._changed.notify_all()

    async def take(self) -> Sequence[Submission]:
        """Waits for messages and takes as many as make up one transaction; none: there are no more."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._waiting or self._closed)
            taken: list[Submission] = []
            room = MOST_ITEMS
            while self._waiting and len(self._waiting[0].items) <= room:
                taken.append(self._waiting.popleft())
                room -= len(taken[-1].items)
            self._items -= MOST_ITEMS - room
            self._changed.notify_all()
            return taken


async def append_stream(
    backend: Backend, requests: AsyncIterator[AppendEvidenceRequest]
) -> AsyncGenerator[AppendEvidenceResponse, None]:
    """Appends a stream of evidence.

    Whatever has come in by the time the store is free goes into the next transaction. A caller that goes away ends
    the stream; what was committed by then stays, and may be sent again.

    Args:
        backend: What the services share.
        requests: Messages of one tenant.

    Yields:
        For each message its results, in order, once its items are durable.

    Raises:
        InvalidInputError: A message as a whole is wrong; those before it are stored and answered.
    """
    first = await anext(requests, None)
    if first is None:
        return
    tenant = parse_tenant(first.parent)
    inbox = _Inbox()
    reader = asyncio.create_task(_read(first, requests, inbox))
    try:
        while submissions := await inbox.take():
            answers = await append_submissions(backend, tenant, submissions, allow_missing=first.allow_missing)
            for results in answers:
                yield AppendEvidenceResponse(results=results)
        await reader
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)


async def _read(first: AppendEvidenceRequest, requests: AsyncIterator[AppendEvidenceRequest], inbox: _Inbox) -> None:
    """Reads to the end of the stream, or to a message that is wrong, and closes the inbox."""
    try:
        await inbox.put(read_submission(first.evidence))
        async for request in requests:
            if request.parent and request.parent != first.parent:
                raise refuse("parent", f"must be {first.parent}, as in the first message, or empty")
            await inbox.put(read_submission(request.evidence))
    finally:
        await inbox.close()
