"""A thin client: the generated stubs over one channel, and the two calls that are streams."""

import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import grpc
from google.longrunning import operations_pb2_grpc

from graphmasal.v1 import (
    curriculum_service_pb2_grpc,
    learner_service_pb2_grpc,
    planning_service_pb2_grpc,
    retrieval_service_pb2_grpc,
    tutoring_service_pb2_grpc,
)
from graphmasal.v1.curriculum_service_pb2 import (
    ImportCurriculumRequest,
    ImportCurriculumResponse,
    ImportCurriculumStart,
)
from graphmasal.v1.evidence_pb2 import Evidence
from graphmasal.v1.learner_service_pb2 import AppendEvidenceRequest, AppendResult

CHUNK_BYTES = 1024 * 1024
"""Largest chunk of an archive that the server takes in one message."""

# Plans and regrade differences of large curricula pass gRPC's default limit of 4 MiB.
_CHANNEL_OPTIONS = [("grpc.max_receive_message_length", 64 * 1024 * 1024)]


class Page(Protocol):
    """A response that is one page of a list."""

    next_page_token: str

    def MergeFrom(self, other: Any, /) -> None:  # noqa: N802 - protobuf's name
        """Appends the other page's entries."""

    def ClearField(self, field_name: Any, /) -> None:  # noqa: N802 - protobuf's name
        """Empties a field."""


PageT = TypeVar("PageT", bound=Page)


class Client:
    """Stubs of all services for one tenant.

    Attributes:
        tenant: Id of the tenant.
        parent: Its resource name, `tenants/{tenant}`.
        curricula: Stub of CurriculumService.
        learners: Stub of LearnerService.
        planning: Stub of PlanningService.
        retrieval: Stub of RetrievalService.
        tutoring: Stub of TutoringService.
        operations: Stub of google.longrunning.Operations.
    """

    def __init__(self, channel: grpc.Channel, tenant: str = "default") -> None:
        self.tenant = tenant
        self.parent = f"tenants/{tenant}"
        self._channel = channel
        self.curricula = curriculum_service_pb2_grpc.CurriculumServiceStub(channel)
        self.learners = learner_service_pb2_grpc.LearnerServiceStub(channel)
        self.planning = planning_service_pb2_grpc.PlanningServiceStub(channel)
        self.retrieval = retrieval_service_pb2_grpc.RetrievalServiceStub(channel)
        self.tutoring = tutoring_service_pb2_grpc.TutoringServiceStub(channel)
        self.operations: Any = operations_pb2_grpc.OperationsStub(channel)  # type: ignore[no-untyped-call]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the channel."""
        self._channel.close()

    def curriculum_name(self, curriculum: str) -> str:
        """Resource name of a curriculum."""
        return f"{self.parent}/curricula/{curriculum}"

    def learner_name(self, learner: str) -> str:
        """Resource name of a learner."""
        return f"{self.parent}/learners/{learner}"

    def import_curriculum(self, start: ImportCurriculumStart, archive: bytes) -> ImportCurriculumResponse:
        """Sends a curriculum's archive in chunks.

        Args:
            start: What to import and how; `parent` is filled in where it is empty.
            archive: ZIP archive of the curriculum's files.

        Raises:
            grpc.RpcError: The server refused the call. A refused curriculum is a response, not an error.
        """
        first = ImportCurriculumStart()
        first.CopyFrom(start)
        first.parent = start.parent or self.parent

        def requests() -> Iterator[ImportCurriculumRequest]:
            yield ImportCurriculumRequest(start=first)
            for offset in range(0, len(archive), CHUNK_BYTES):
                yield ImportCurriculumRequest(chunk=archive[offset : offset + CHUNK_BYTES])

        return self.curricula.ImportCurriculum(requests())

    def append_evidence(
        self,
        evidence: Iterable[Evidence],
        *,
        allow_missing: bool = False,
        batch_size: int = 200,
        in_flight: int = 2000,
        on_progress: Callable[[int], None] | None = None,
    ) -> Iterator[AppendResult]:
        """Streams evidence and yields one result for each item, in the order of the items.

        Args:
            evidence: Taken lazily, from another thread than the caller's.
            allow_missing: Learners that are not there yet are created.
            batch_size: Items a message, from 1 to 1,000.
            in_flight: Items sent and not yet answered, at most; at least `batch_size`.
            on_progress: Called with the number of items answered so far.

        Raises:
            grpc.RpcError: The stream broke. Results yielded before are durable; sending all of it again is harmless.
            Exception: Whatever `evidence` raised.
        """
        window = _Window(in_flight)
        items = iter(evidence)
        failures: list[Exception] = []

        def requests() -> Iterator[AppendEvidenceRequest]:
            try:
                while batch := list(islice(items, batch_size)):
                    if not window.open(len(batch)):
                        return
                    yield AppendEvidenceRequest(parent=self.parent, evidence=batch, allow_missing=allow_missing)
            except Exception as error:
                # gRPC would only log it and cancel the call; the caller is told instead.
                failures.append(error)

        done = 0
        try:
            for response in self.learners.AppendEvidence(requests()):
                window.release(len(response.results))
                done += len(response.results)
                if on_progress:
                    on_progress(done)
                yield from response.results
        finally:
            window.close()
        if failures:
            raise failures[0]


class _Window:
    """Bounds how many items are on their way; closing it lets the sending thread go."""

    def __init__(self, size: int) -> None:
        self._free = size
        self._closed = False
        self._changed = threading.Condition()

    def open(self, count: int) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._free >= count)
            self._free -= count
            return not self._closed

    def release(self, count: int) -> None:
        with self._changed:
            self._free += count
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def list_all(method: Callable[[Any], PageT], request: Any) -> PageT:
    """Reads every page of a list and merges them into one response.

    Args:
        method: A stub's List method.
        request: Its request; page size and token are set here.
    """
    pages = list_pages(method, request)
    merged = next(pages)
    for page in pages:
        merged.MergeFrom(page)
    merged.ClearField("next_page_token")
    return merged


def list_pages(method: Callable[[Any], PageT], request: Any) -> Iterator[PageT]:
    """Reads a list page by page, as `list_all`."""
    request.page_size = 1000
    while True:
        page = method(request)
        token = page.next_page_token
        yield page
        if not token:
            return
        request.page_token = token


def connect(address: str, tenant: str = "default") -> Client:
    """Opens a client for a server.

    Args:
        address: `HOST:PORT`, or `unix:PATH`.
        tenant: Id of the tenant that all calls are about.
    """
    return Client(grpc.insecure_channel(address, options=_CHANNEL_OPTIONS), tenant)
