"""PlanningService: learning paths with a proof."""

# ruff: noqa: N802 - the methods have the names of the API's

from google.longrunning.operations_pb2 import Operation

from graphmasal.v1 import plan_pb2, planning_service_pb2_grpc
from graphmasal.v1 import planning_service_pb2 as messages
from server.backend import Backend
from server.batch_planning import start_batch
from server.calls import Context
from server.next_activity import find_next_activity
from server.plan_archive import get_plan, list_plan_revisions, list_plans
from server.plan_generation import plan_for_request
from server.plan_insight import compare_for_request, explain_for_request
from server.plan_revision import revise_for_request
from server.plan_verification import verify_for_request


class PlanningService(planning_service_pb2_grpc.PlanningServiceServicer):
    """Learning paths with a proof."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def GeneratePlan(self, request: messages.GeneratePlanRequest, context: Context) -> plan_pb2.Plan:
        """Plans for a learner, or for a mastered set given inline."""
        return await plan_for_request(self._backend, request, context.time_remaining())

    async def GetPlan(self, request: messages.GetPlanRequest, context: Context) -> plan_pb2.Plan:
        """Reads a stored plan."""
        return await get_plan(self._backend, request)

    async def ListPlans(self, request: messages.ListPlansRequest, context: Context) -> messages.ListPlansResponse:
        """Lists a learner's plans, the latest first."""
        return await list_plans(self._backend, request)

    async def VerifyPlan(self, request: messages.VerifyPlanRequest, context: Context) -> messages.VerifyPlanResponse:
        """Checks any plan and names each violation."""
        return await verify_for_request(self._backend, request)

    async def NextActivity(
        self, request: messages.NextActivityRequest, context: Context
    ) -> messages.NextActivityResponse:
        """Says what a learner should do now."""
        return await find_next_activity(self._backend, request, context)

    async def ExplainPlan(self, request: messages.ExplainPlanRequest, context: Context) -> messages.ExplainPlanResponse:
        """Says why a stored plan is as it is."""
        return await explain_for_request(self._backend, request, context)

    async def CompareWhatIf(
        self, request: messages.CompareWhatIfRequest, context: Context
    ) -> messages.CompareWhatIfResponse:
        """Plans twice, once with changes, and says what they change."""
        return await compare_for_request(self._backend, request, context)

    async def RevisePlan(self, request: messages.RevisePlanRequest, context: Context) -> plan_pb2.Plan:
        """Plans anew for what is known by now."""
        return await revise_for_request(self._backend, request, context.time_remaining())

    async def ListPlanRevisions(
        self, request: messages.ListPlanRevisionsRequest, context: Context
    ) -> messages.ListPlanRevisionsResponse:
        """Lists all revisions of a plan, the latest first."""
        return await list_plan_revisions(self._backend, request)

    async def BatchGeneratePlans(self, request: messages.BatchGeneratePlansRequest, context: Context) -> Operation:
        """Plans for many learners, in an operation."""
        return await start_batch(self._backend, request)
