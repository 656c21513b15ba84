"""A course to be searched, and a server in the test's own process that searches it with the real encoder."""

import io
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import yaml
from google.longrunning.operations_pb2 import Operation, WaitOperationRequest
from google.longrunning.operations_pb2_grpc import OperationsStub

from graphmasal.v1.curriculum_service_pb2 import (
    ImportCurriculumRequest,
    ImportCurriculumResponse,
    ImportCurriculumStart,
)
from graphmasal.v1.curriculum_service_pb2_grpc import CurriculumServiceStub
from graphmasal.v1.learner_service_pb2_grpc import LearnerServiceStub
from graphmasal.v1.planning_service_pb2_grpc import PlanningServiceStub
from graphmasal.v1.retrieval_service_pb2 import BuildIndexRequest, SearchConceptsRequest, SearchConceptsResponse
from graphmasal.v1.retrieval_service_pb2_grpc import RetrievalServiceStub
from server.application import Application
from server.settings import Settings
from tests.e2e.course import Stubs

PATIENCE_SECONDS = 300
COURSE: dict[str, Any] = {
    "curriculum": {"title": "Statistics", "licence": "CC-BY-4.0", "attribution": "The authors"},
    "concepts": [
        {
            "id": "probability",
            "title": "Probability",
            "description": "A number from zero to one says how likely an event is. "
            "The probabilities of all outcomes sum to one.",
        },
        {
            "id": "conditional-probability",
            "title": "Conditional probability",
            "description": "How likely one event is once another one is known to have happened.",
            "requires": ["probability"],
        },
        {
            "id": "bayes-rule",
            "title": "Bayes' rule",
            "description": "Turns a prior belief into a posterior one when evidence arrives. 😀 “Odds” are multiplied.",
            "requires": ["conditional-probability"],
        },
        {
            "id": "linear-regression",
            "title": "Linear regression",
            "description": "Fits a straight line to points by least squares.",
            "requires": ["probability"],
        },
        {
            "id": "eigenvectors",
            "title": "Eigenvectors",
            "description": "Directions that a matrix only stretches.",
        },
        {"id": "twin-sums", "title": "Twin sums", "requires": ["eigenvectors"]},
        {"id": "twin-tums", "title": "Twin tums", "requires": ["probability"]},
    ],
    "resources": [
        {
            "id": "book",
            "title": "A book",
            "sections": [
                {
                    "concept": "bayes-rule",
                    "minutes": 20,
                    "title": "Updating beliefs",
                    "text": "One starts from what one believed before. Then evidence arrives, and each hypothesis is "
                    "weighed by how well it foresaw that evidence.  The naïve reader forgets the base rate. " * 3,
                },
                {
                    "concept": "linear-regression",
                    "minutes": 20,
                    "text": "The residuals are squared and summed. The line with the smallest sum is taken.",
                },
            ],
        }
    ],
    "questions": [
        {
            "id": "q-dice",
            "kind": "numeric",
            "stem": "How likely is it to throw a six with fair dice?",
            "answer": {"accepted": [0.1667], "tolerance": 0.01},
            "assesses": ["probability"],
        }
    ],
    "misconceptions": [
        {
            "id": "gambler",
            "title": "The gambler's fallacy",
            "description": "After many heads in a row tails is thought to be due.",
            "about": ["probability"],
        }
    ],
}


@dataclass(frozen=True)
class SearchedCourse:
    """Stubs of a server, for one tenant.

    Attributes:
        channel: To the server.
        tenant: Id.
        retrieval: Stub of RetrievalService.
        operations: Stub of Operations.
        others: Stubs of the other services.
    """

    channel: grpc.aio.Channel
    tenant: str
    retrieval: Any
    operations: Any
    others: Stubs

    @property
    def parent(self) -> str:
        """Name of the course."""
        return f"tenants/{self.tenant}/curricula/statistics"

    async def search(self, query: str, **fields: Any) -> SearchConceptsResponse:
        """Searches the course."""
        request = SearchConceptsRequest(parent=self.parent, query=query, **fields)
        response: SearchConceptsResponse = await self.retrieval.SearchConcepts(request)
        return response

    async def bring(self, content: dict[str, Any]) -> ImportCurriculumResponse:
        """Imports a version of the course."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as files:
            files.writestr("course.yaml", yaml.safe_dump(content))
        start = ImportCurriculumStart(
            parent=f"tenants/{self.tenant}", curriculum_id="statistics", format=ImportCurriculumStart.YAML
        )
        requests = [ImportCurriculumRequest(start=start), ImportCurriculumRequest(chunk=archive.getvalue())]
        response: ImportCurriculumResponse = await self.others.curricula.ImportCurriculum(iter(requests))
        assert response.report.accepted, response.report
        return response

    async def wait(self, name: str) -> Operation:
        """Waits for the end of an operation."""
        request = WaitOperationRequest(name=name)
        request.timeout.FromSeconds(PATIENCE_SECONDS)
        operation: Operation = await self.operations.WaitOperation(request)
        assert operation.done
        return operation

    async def build(self, ranker: str = "") -> Operation:
        """Builds an index."""
        request = BuildIndexRequest(parent=self.parent, ranker=ranker)
        return await self.wait((await self.retrieval.BuildIndex(request)).name)

    def of(self, tenant: str) -> "SearchedCourse":
        """The same server for another tenant."""
        return SearchedCourse(self.channel, tenant, self.retrieval, self.operations, self.others)


@asynccontextmanager
async def serve_course(
    home: Path, store: str, tenant: str, content: dict[str, Any] | None = None, **settings: Any
) -> AsyncIterator[SearchedCourse]:
    """Starts a server, imports the course and has its index built."""
    given: dict[str, Any] = {"ranker": "base", "listen": "127.0.0.1:0", "drain_seconds": 0} | settings
    application = Application(Settings(home=home, store=store, **given))
    address = await application.start()
    try:
        async with grpc.aio.insecure_channel(address) as channel:
            course = SearchedCourse(
                channel=channel,
                tenant=tenant,
                retrieval=RetrievalServiceStub(channel),
                operations=OperationsStub(channel),  # type: ignore[no-untyped-call]
                others=Stubs(LearnerServiceStub(channel), PlanningServiceStub(channel), CurriculumServiceStub(channel)),
            )
            brought = await course.bring(content or COURSE)
            if brought.index_operation:
                await course.wait(brought.index_operation)
            yield course
    finally:
        await application.stop()
