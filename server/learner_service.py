"""LearnerService: learners, their evidence, and the state that follows from it."""

# ruff: noqa: N802 - the methods have the names of the API's

from collections.abc import AsyncIterator

from google.protobuf import empty_pb2

from graphmasal.v1 import learner_pb2, learner_service_pb2_grpc
from graphmasal.v1 import learner_service_pb2 as messages
from server.backend import Backend
from server.calls import Context
from server.evidence_listing import list_evidence
from server.evidence_messages import to_evidence
from server.evidence_stream import append_stream
from server.fields import FieldChecks
from server.learner_messages import LONGEST_EXTERNAL_ID, to_change, to_learner
from server.learner_registry import create_learner, update_learner
from server.learner_states import get_state, get_states
from server.names import EVIDENCE, LEARNER, parse_pair, parse_tenant, parse_triple
from server.page_bytes import cut_page
from server.pages import read_page
from server.submissions import append_submissions, read_submission


class LearnerService(learner_service_pb2_grpc.LearnerServiceServicer):
    """Learners, their evidence and the state that follows from it."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._store = backend.store

    async def CreateLearner(self, request: messages.CreateLearnerRequest, context: Context) -> learner_pb2.Learner:
        """Creates a learner, or updates the one that is there if the request allows it."""
        learner = await create_learner(self._backend, request)
        return to_learner(parse_tenant(request.parent), learner)

    async def GetLearner(self, request: messages.GetLearnerRequest, context: Context) -> learner_pb2.Learner:
        """Reads one learner."""
        tenant, learner = parse_pair(request.name, LEARNER)
        return to_learner(tenant, await self._store.get_learner(tenant, learner))

    async def ListLearners(
        self, request: messages.ListLearnersRequest, context: Context
    ) -> messages.ListLearnersResponse:
        """Lists the tenant's learners by id."""
        checks = FieldChecks()
        tenant = checks.read("", parse_tenant, request.parent)
        checks.check_length(request.external_id, LONGEST_EXTERNAL_ID, "external_id")
        page = checks.finish_with(read_page, request)
        if request.external_id:
            found = await self._store.find_learner(tenant, request.external_id)
            learners = [found] if found is not None and found.id > page.after_id else []
        else:
            learners = await self._store.list_learners(tenant, page.after_id, page.limit)
        entries = [to_learner(tenant, learner) for learner in learners]
        shown, token = cut_page(page, learners, entries, lambda learner: (learner.id,))
        return messages.ListLearnersResponse(learners=shown, next_page_token=token)

    async def UpdateLearner(self, request: messages.UpdateLearnerRequest, context: Context) -> learner_pb2.Learner:
        """Changes external id, display name or goals."""
        learner = await update_learner(self._backend, request)
        return to_learner(parse_pair(request.learner.name, LEARNER)[0], learner)

    async def DeleteLearner(self, request: messages.DeleteLearnerRequest, context: Context) -> empty_pb2.Empty:
        """Erases a learner for good."""
        tenant, learner = parse_pair(request.name, LEARNER)
        await self._store.erase_learner(tenant, learner)
        return empty_pb2.Empty()

    def AppendEvidence(
        self, request_iterator: AsyncIterator[messages.AppendEvidenceRequest], context: Context
    ) -> AsyncIterator[messages.AppendEvidenceResponse]:
        """Appends a stream of evidence."""
        return append_stream(self._backend, request_iterator)

    async def BatchAppendEvidence(
        self, request: messages.BatchAppendEvidenceRequest, context: Context
    ) -> messages.BatchAppendEvidenceResponse:
        """Appends a batch; each item succeeds or fails by itself."""
        checks = FieldChecks()
        tenant = checks.read("", parse_tenant, request.parent)
        submission = checks.finish_with(read_submission, request.evidence)
        (results,) = await append_submissions(self._backend, tenant, [submission], allow_missing=request.allow_missing)
        return messages.BatchAppendEvidenceResponse(results=results)

    async def ListEvidence(
        self, request: messages.ListEvidenceRequest, context: Context
    ) -> messages.ListEvidenceResponse:
        """Lists a learner's evidence in the order of the fold."""
        return await list_evidence(self._backend, request)

    async def VoidEvidence(
        self, request: messages.VoidEvidenceRequest, context: Context
    ) -> messages.VoidEvidenceResponse:
        """Withdraws an item of evidence and returns the difference."""
        tenant, learner, evidence = parse_triple(request.name, EVIDENCE)
        item, changes = await self._store.void_evidence(tenant, learner, evidence)
        return messages.VoidEvidenceResponse(
            # Voided, it has no outcome, whatever its question says.
            evidence=to_evidence(tenant, item, None),
            changes=[to_change(tenant, change) for change in changes],
        )

    async def GetLearnerState(
        self, request: messages.GetLearnerStateRequest, context: Context
    ) -> learner_pb2.LearnerState:
        """Reads a learner's state in one curriculum."""
        return await get_state(self._backend, request)

    async def BatchGetLearnerStates(
        self, request: messages.BatchGetLearnerStatesRequest, context: Context
    ) -> messages.BatchGetLearnerStatesResponse:
        """Reads the states of several learners in one curriculum."""
        return await get_states(self._backend, request)
