"""Why a plan is as it is, and what would change it."""

from collections.abc import Callable

from graphmasal.v1 import planning_service_pb2 as messages
from planner.graph import compile_graph
from planner.insight.explanation import Explanation, explain_plan
from planner.insight.what_if import compare_what_if
from server.backend import Backend
from server.calls import Context
from server.deadlines import run_in_time
from server.edit_messages import read_edits, to_edit
from server.fields import FieldChecks
from server.names import PLAN, parse_triple
from server.plan_archive import unpack_plan
from server.plan_generation import list_mastery, read_learner_state, read_task
from server.plan_making import to_message
from server.plan_messages import read_plan, to_changes, to_cost, to_reasons
from server.times import to_micros


async def explain_for_request(
    backend: Backend, request: messages.ExplainPlanRequest, context: Context
) -> messages.ExplainPlanResponse:
    """Explains a stored plan, by what was known when it was made and by the curriculum as it is now.

    Raises:
        InvalidInputError: The name has not the form of a plan's, or there are too many concepts or some without a step.
        PlanNotFoundError: No such plan.
        CurriculumNotFoundError: Its curriculum is gone.
    """
    tenant, learner, plan_id = parse_triple(request.name, PLAN)
    stored = await backend.store.get_plan(tenant, learner, plan_id)
    message = await backend.run(unpack_plan, stored)
    cached = await backend.curricula.get(tenant, stored.curriculum)
    graph = await cached.derive(compile_graph)
    as_of = to_micros(message.as_of, "as_of") if message.HasField("as_of") else None
    state = await read_learner_state(backend, tenant, learner, stored.curriculum, as_of)

    def work(stop: Callable[[], bool]) -> messages.ExplainPlanResponse:
        plan, mastery = read_plan(message), list_mastery(state)
        return _to_response(explain_plan(cached.curriculum, plan, mastery, request.concepts, graph=graph, stop=stop))

    return await run_in_time(backend, context.time_remaining(), work)


async def compare_for_request(
    backend: Backend, request: messages.CompareWhatIfRequest, context: Context
) -> messages.CompareWhatIfResponse:
    """Plans twice, once with edits, and tells the difference; nothing is stored.

    Raises:
        InvalidInputError: Fields are wrong, or an edit is about something that is not there.
        CurriculumNotFoundError: No such curriculum.
        LearnerNotFoundError: No such learner.
        NoGoalsError: Neither the request nor the learner has goals in the curriculum.
    """
    checks = FieldChecks()
    if not request.HasField("base"):
        checks.note("base", "is required")
    edits = read_edits(request.edits, checks)
    checks.finish()
    task, cached = await read_task(backend, request.base, "base.")
    graph = await cached.derive(compile_graph)

    def work(stop: Callable[[], bool]) -> messages.CompareWhatIfResponse:
        found = compare_what_if(
            cached.curriculum,
            task.goals,
            task.mastery,
            task.settings,
            task.constraints,
            edits=edits,
            graph=graph,
            stop=stop,
        )
        return messages.CompareWhatIfResponse(
            base=to_message(found.base, task),
            changed=to_message(found.changed, task),
            changes=to_changes(found.changes),
            text=found.text,
        )

    return await run_in_time(backend, context.time_remaining(), work)


def _to_response(explanation: Explanation) -> messages.ExplainPlanResponse:
    return messages.ExplainPlanResponse(
        steps=[
            messages.StepExplanation(
                concept=step.concept,
                reasons=to_reasons(step.reasons),
                saving_if_mastered=to_cost(step.saving_if_mastered_units),
                alternative=step.alternative,
                alternative_cost=to_cost(step.alternative_cost_units),
                text=step.text,
            )
            for step in explanation.steps
        ],
        constraints=[
            messages.ConstraintPrice(field=price.field, saving=to_cost(price.saving_units), text=price.text)
            for price in explanation.constraints
        ],
        repairs=[
            messages.Repair(
                goal=repair.goal,
                edits=[to_edit(edit) for edit in repair.edits],
                cost=to_cost(repair.cost_units),
                proven=repair.proven,
                text=repair.text,
            )
            for repair in explanation.repairs
        ],
        text=explanation.text,
    )
