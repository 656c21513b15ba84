"""Constraints, explanations, what-ifs and revisions through a real channel."""

import grpc
import pytest

from graphmasal.v1.learner_service_pb2 import GetLearnerStateRequest
from graphmasal.v1.plan_pb2 import (
    PLAN_ORDER_EARLY_WINS,
    CostModel,
    GoalDeadline,
    OrderConstraint,
    Plan,
    PlanChange,
    PlanConstraints,
    PlanStep,
    StepReason,
)
from graphmasal.v1.planning_service_pb2 import (
    CompareWhatIfRequest,
    ExplainPlanRequest,
    GeneratePlanRequest,
    ListPlanRevisionsRequest,
    MasteredSet,
    PlanEdit,
    RevisePlanRequest,
    VerifyPlanRequest,
)
from tests.e2e.course import ADA, TENANT, Stubs, answer, append, fields_of, import_course, reason_of, refuse_of


async def generate(stubs: Stubs, *goals: str, **options: object) -> Plan:
    request = GeneratePlanRequest(parent=TENANT, curriculum="algebra", goals=goals, **options)  # type: ignore[arg-type]
    if not request.HasField("mastered"):
        request.learner = "ada"
    plan: Plan = await stubs.planning.GeneratePlan(request)
    return plan


async def is_sound(stubs: Stubs, plan: Plan) -> bool:
    return bool((await stubs.planning.VerifyPlan(VerifyPlanRequest(parent=TENANT, plan=plan))).valid)


async def prepare(stubs: Stubs) -> None:
    await import_course(stubs)
    await append(stubs, answer("e1", "y"))


async def test_a_plan_keeps_to_its_constraints(stubs: Stubs) -> None:
    await prepare(stubs)
    constraints = PlanConstraints(
        pinned=["concepts/groups"],
        orders=[OrderConstraint(before="groups", after="maps")],
        deadlines=[GoalDeadline(goal="rings", minutes=200)],
        session_minutes=45,
    )
    plan = await generate(stubs, "rings", "maps", constraints=constraints, order=PLAN_ORDER_EARLY_WINS)
    names = [step.concept for step in plan.steps]

    assert names.index("groups") < names.index("maps")
    assert sum(session.minutes for session in plan.sessions) == plan.minutes
    assert max(session.minutes for session in plan.sessions) <= 45
    assert plan.constraints == constraints
    pinned = next(step for step in plan.steps if step.concept == "groups")
    assert StepReason.PINNED in {reason.kind for reason in pinned.reasons}
    assert await is_sound(stubs, plan)


async def test_constraints_that_conflict_are_named_and_nothing_is_stored(stubs: Stubs) -> None:
    await prepare(stubs)
    plan = await generate(stubs, "rings", constraints=PlanConstraints(vetoed=["concepts/rings", "concepts/axioms"]))

    assert {each.field for each in plan.conflict.constraints} == {"goals[0]", "constraints.vetoed[0]"}
    assert (plan.name, len(plan.steps)) == ("", 0)


async def test_a_budget_leaves_goals_out(stubs: Stubs) -> None:
    await prepare(stubs)
    basis = MasteredSet(concepts=["sets"])
    plan = await generate(stubs, "maps", "groups", mastered=basis, constraints=PlanConstraints(budget_minutes=30))

    assert [step.concept for step in plan.steps] == ["maps"]
    assert [(goal.concept, goal.minutes) for goal in plan.left_out] == [("groups", 40)]
    assert await is_sound(stubs, plan)


async def test_costs_may_be_cognitive_or_the_callers_own(stubs: Stubs) -> None:
    await prepare(stubs)
    cognitive = await generate(stubs, "rings", cost_model=CostModel(kind=CostModel.COGNITIVE))
    dear = await generate(stubs, "rings", cost_model=CostModel(custom={"concepts/maps": 1000.0}))

    assert cognitive.certificate.cost < 3
    assert "groups" in {step.concept for step in dear.steps}
    assert await is_sound(stubs, cognitive)
    assert await is_sound(stubs, dear)


@pytest.mark.parametrize(
    ("constraints", "field"),
    [
        (PlanConstraints(pinned=["concepts/nope"]), "constraints.pinned[0]"),
        (PlanConstraints(vetoed=["maps"]), "constraints.vetoed[0]"),
        (PlanConstraints(budget_minutes=-1), "constraints.budget_minutes"),
    ],
)
async def test_constraints_on_what_is_not_there_are_refused(
    stubs: Stubs, constraints: PlanConstraints, field: str
) -> None:
    await prepare(stubs)
    code, status = await refuse_of(generate(stubs, "rings", constraints=constraints))

    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert field in fields_of(status)


async def test_reviews_are_laid_over_the_steps_where_asked_for(stubs: Stubs) -> None:
    await import_course(stubs)
    await append(stubs, *(answer(f"r{number}", day=number) for number in range(4)))
    known = (await generate(stubs, "maps", mastery_threshold=0.01)).mastered
    threshold = (await stubs.learners.GetLearnerState(GetLearnerStateRequest(name=ADA, curriculum="algebra"))).mastery[
        0
    ]
    plan = await generate(stubs, "maps", include_reviews=True, mastery_threshold=threshold.probability - 0.001)
    plain = await generate(stubs, "maps", mastery_threshold=threshold.probability - 0.001)

    assert "sets" in known
    assert [(review.concept, review.after_step) for review in plan.reviews] == [("sets", -1)]
    assert plan.steps == plain.steps
    assert not plain.reviews


async def test_a_plan_is_explained_by_what_it_would_cost_otherwise(stubs: Stubs) -> None:
    await prepare(stubs)
    plan = await generate(stubs, "rings", "models")
    explained = await stubs.planning.ExplainPlan(ExplainPlanRequest(name=plan.name))
    by_concept = {step.concept: step for step in explained.steps}

    assert by_concept.keys() == {step.concept for step in plan.steps}
    assert by_concept["rings"].saving_if_mastered == plan.certificate.cost
    assert [repair.goal for repair in explained.repairs] == ["models"]
    assert explained.repairs[0].edits[0].teach_concept == "axioms"
    assert explained.text


async def test_what_if_tells_what_a_change_changes(stubs: Stubs) -> None:
    await prepare(stubs)
    base = GeneratePlanRequest(parent=TENANT, curriculum="algebra", learner="ada", goals=["rings"])
    request = CompareWhatIfRequest(base=base, edits=[PlanEdit(master_concept="maps")])
    found = await stubs.planning.CompareWhatIf(request)

    assert "maps" in {step.concept for step in found.base.steps}
    assert PlanChange.STEP_REMOVED in {change.kind for change in found.changes}
    assert found.changed.certificate.cost < found.base.certificate.cost
    assert found.text


async def test_what_if_needs_a_change_that_there_can_be(stubs: Stubs) -> None:
    await prepare(stubs)
    base = GeneratePlanRequest(parent=TENANT, curriculum="algebra", learner="ada", goals=["rings"])
    _, none = await refuse_of(stubs.planning.CompareWhatIf(CompareWhatIfRequest(base=base)))
    strange = CompareWhatIfRequest(base=base, edits=[PlanEdit(master_concept="nope")])

    assert fields_of(none) == ["edits"]
    _, unknown = await refuse_of(stubs.planning.CompareWhatIf(strange))
    assert fields_of(unknown)[0].startswith("edits[0]")


async def test_revisions_are_numbered_and_kept(stubs: Stubs) -> None:
    await prepare(stubs)
    first = await generate(stubs, "rings")
    same = await stubs.planning.RevisePlan(RevisePlanRequest(name=first.name))
    assert (same.name, same.revision) == (first.name, 1)

    await append(stubs, *(answer(f"m{number}", day=number) for number in range(1, 9)))
    second = await stubs.planning.RevisePlan(RevisePlanRequest(name=first.name))
    revisions = await stubs.planning.ListPlanRevisions(ListPlanRevisionsRequest(name=first.name))

    assert (second.revision, second.revises) == (2, first.name)
    assert second.changes
    assert [plan.name for plan in revisions.plans] == [second.name, first.name]
    assert all(step.kind in (PlanStep.LEARN, PlanStep.REFRESH) for step in second.steps)
    assert await is_sound(stubs, second)
    assert second.name.startswith(f"{ADA}/plans/")


async def test_another_tenant_sees_neither_plans_nor_what_they_are_made_from(stubs: Stubs) -> None:
    await prepare(stubs)
    plan = await generate(stubs, "rings")
    name = plan.name.replace(TENANT, "tenants/other")
    base = GeneratePlanRequest(parent="tenants/other", curriculum="algebra", learner="ada", goals=["rings"])
    calls = [
        stubs.planning.ExplainPlan(ExplainPlanRequest(name=name)),
        stubs.planning.RevisePlan(RevisePlanRequest(name=name)),
        stubs.planning.ListPlanRevisions(ListPlanRevisionsRequest(name=name)),
        stubs.planning.CompareWhatIf(CompareWhatIfRequest(base=base, edits=[PlanEdit(master_concept="maps")])),
    ]

    assert {(await refuse_of(call))[0] for call in calls} == {grpc.StatusCode.NOT_FOUND}


async def test_who_revises_what_was_revised_already_is_told_so(stubs: Stubs) -> None:
    await prepare(stubs)
    first = await generate(stubs, "rings")
    await append(stubs, *(answer(f"m{number}", day=number) for number in range(1, 9)))
    await stubs.planning.RevisePlan(RevisePlanRequest(name=first.name))
    await append(
        stubs, *(answer(f"n{number}", question="q-maps", response="0.5", day=20 + number) for number in range(8))
    )
    code, _ = await refuse_of(stubs.planning.RevisePlan(RevisePlanRequest(name=first.name)))

    assert code is grpc.StatusCode.ABORTED


async def test_a_plan_that_is_not_there_is_not_revised(stubs: Stubs) -> None:
    await prepare(stubs)
    _, status = await refuse_of(stubs.planning.RevisePlan(RevisePlanRequest(name=f"{ADA}/plans/nope")))

    assert reason_of(status) == "PLAN_NOT_FOUND"
