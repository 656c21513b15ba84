import asyncio
import math

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from graphmasal.v1.learner_pb2 import Learner
from graphmasal.v1.learner_service_pb2 import CreateLearnerRequest, VoidEvidenceRequest
from graphmasal.v1.plan_pb2 import Plan, PlanStep, PlanViolation, UnreachableGoal
from graphmasal.v1.planning_service_pb2 import (
    GeneratePlanRequest,
    GetPlanRequest,
    ListPlansRequest,
    MasteredSet,
    NextActivityRequest,
    NextActivityResponse,
    VerifyPlanRequest,
    VerifyPlanResponse,
)
from tests.e2e.course import (
    ADA,
    ALGEBRA,
    NOON,
    TENANT,
    Stubs,
    answer,
    append,
    fields_of,
    import_course,
    override,
    reason_of,
    refuse_of,
)

DAY = 86_400


async def generate(stubs: Stubs, *goals: str, learner: str = "ada", **options: object) -> Plan:
    request = GeneratePlanRequest(parent=TENANT, curriculum="algebra", goals=goals, **options)  # type: ignore[arg-type]
    if not request.HasField("mastered"):
        request.learner = learner
    plan: Plan = await stubs.planning.GeneratePlan(request)
    return plan


async def verify(stubs: Stubs, plan: Plan) -> VerifyPlanResponse:
    response: VerifyPlanResponse = await stubs.planning.VerifyPlan(VerifyPlanRequest(parent=TENANT, plan=plan))
    return response


async def what_next(stubs: Stubs, **options: object) -> NextActivityResponse:
    request = NextActivityRequest(name=ADA, **options)  # type: ignore[arg-type]
    response: NextActivityResponse = await stubs.planning.NextActivity(request)
    return response


async def give_goals(stubs: Stubs, *concepts: str) -> None:
    goals = [f"{ALGEBRA}/concepts/{concept}" for concept in concepts]
    await stubs.learners.CreateLearner(
        CreateLearnerRequest(
            parent=TENANT, learner_id="ada", learner=Learner(name=ADA, goals=goals), allow_existing=True
        )
    )


def kinds(response: VerifyPlanResponse) -> set[str]:
    return {PlanViolation.Kind.Name(violation.kind) for violation in response.violations}


def steps_of(plan: Plan) -> list[str]:
    return [step.concept for step in plan.steps]


async def test_from_evidence_to_a_plan_to_the_next_activity(stubs: Stubs) -> None:
    await append(stubs, override("e1", "sets"))

    plan = await generate(stubs, "rings")

    assert (steps_of(plan), list(plan.mastered)) == (["maps", "rings"], ["sets"])
    assert (plan.minutes, plan.certificate.cost, plan.certificate.ratio) == (50, 50.0, 1.0)
    assert (plan.curriculum, plan.curriculum_version, plan.as_of.seconds) == (ALGEBRA, 1, NOON)
    assert (plan.mastery_threshold, plan.refresh_threshold) == (0.8, 0.5)
    assert (await verify(stubs, plan)).valid

    first = await what_next(stubs, curriculum="algebra")
    assert first.outcome == NextActivityResponse.DO_STEP
    assert (first.step, first.plan) == (plan.steps[0], plan.name)
    assert (list(first.questions), first.steps_left, first.minutes_left) == (["q-maps"], 2, 50)

    await append(stubs, override("e2", "maps", day=1))
    second = await what_next(stubs)
    assert (second.step.concept, list(second.questions), second.minutes_left) == ("rings", ["q-essay"], 30)

    await append(stubs, override("e3", "rings", day=1))
    assert (await what_next(stubs)).outcome == NextActivityResponse.GOALS_REACHED


async def test_a_plan_is_a_function_of_its_inputs(stubs: Stubs) -> None:
    await append(stubs, override("e1", "sets"))

    plan = await generate(stubs, "rings")
    again = await generate(stubs, "rings")

    assert again == plan
    assert await stubs.planning.GetPlan(GetPlanRequest(name=plan.name)) == plan
    assert list((await stubs.planning.ListPlans(ListPlansRequest(parent=ADA))).plans) == [plan]


async def test_plans_are_listed_the_latest_first(stubs: Stubs) -> None:
    await append(stubs, override("e1", "sets"))
    made = [await generate(stubs, goal) for goal in ("maps", "groups", "rings")]
    await generate(stubs, "maps")

    first = await stubs.planning.ListPlans(ListPlansRequest(parent=ADA, page_size=2))
    rest = await stubs.planning.ListPlans(ListPlansRequest(parent=ADA, page_size=2, page_token=first.next_page_token))

    assert [plan.name for plan in (*first.plans, *rest.plans)] == [made[0].name, made[2].name, made[1].name]
    assert rest.next_page_token == ""


async def test_the_learners_goals_count_where_none_are_given(stubs: Stubs) -> None:
    await give_goals(stubs, "maps", "sets")

    assert (await generate(stubs)).goals == ["maps", "sets"]


async def test_without_goals_there_is_nothing_to_plan(stubs: Stubs) -> None:
    await append(stubs, answer("e1"))

    for call in (generate(stubs), what_next(stubs), what_next(stubs, curriculum="algebra")):
        code, status = await refuse_of(call)
        assert (code, reason_of(status)) == (grpc.StatusCode.FAILED_PRECONDITION, "NO_GOALS")


async def test_a_mastered_set_is_planned_for_and_not_stored(stubs: Stubs) -> None:
    plan = await generate(stubs, "rings", mastered=MasteredSet(concepts=["groups"]))

    assert (steps_of(plan), plan.name, plan.HasField("as_of")) == (["rings"], "", False)
    assert (await verify(stubs, plan)).valid


async def test_what_a_request_names_has_to_be_in_the_curriculum(stubs: Stubs) -> None:
    mastered = MasteredSet(concepts=["sets", "none"])
    for call, field in (
        (generate(stubs, "rings", mastered=mastered), "mastered.concepts[1]"),
        (generate(stubs, "rings", "none", mastered=MasteredSet()), "goals[1]"),
        (generate(stubs, "rings", "rings", mastered=MasteredSet()), "goals[1]"),
        (generate(stubs, mastered=MasteredSet()), "goals"),
    ):
        code, status = await refuse_of(call)
        assert (code, fields_of(status)) == (grpc.StatusCode.INVALID_ARGUMENT, [field])


async def test_what_cannot_be_reached_is_an_answer(stubs: Stubs) -> None:
    await give_goals(stubs, "models")

    plan = await generate(stubs)
    response = await what_next(stubs)

    assert steps_of(plan) == []
    assert (plan.unreachable[0].concept, plan.unreachable[0].missing[:]) == ("models", ["axioms"])
    assert response.outcome == NextActivityResponse.GOALS_UNREACHABLE
    assert list(response.unreachable) == list(plan.unreachable)


async def test_thresholds_say_what_counts_as_mastered(stubs: Stubs) -> None:
    await append(stubs, override("e1", "sets", 0.7))

    usual = await generate(stubs, "sets")
    lower = await generate(stubs, "sets", mastery_threshold=0.6)
    higher = await generate(stubs, "sets", mastery_threshold=1.0, refresh_threshold=0.9)

    assert [step.kind for step in usual.steps] == [PlanStep.REFRESH]
    assert (steps_of(lower), lower.refresh_threshold) == ([], 0.5)
    assert [step.kind for step in higher.steps] == [PlanStep.LEARN]


async def test_a_plan_may_look_at_an_earlier_moment(stubs: Stubs) -> None:
    await append(stubs, override("e1", "sets"), override("e2", "maps", day=9))

    plan = await generate(stubs, "maps", as_of=Timestamp(seconds=NOON + DAY))

    assert (steps_of(plan), plan.as_of.seconds) == (["maps"], NOON + DAY)
    assert (await verify(stubs, plan)).valid


async def test_a_tampered_plan_is_found_out(stubs: Stubs) -> None:
    await append(stubs, override("e1", "sets"))
    plan = await generate(stubs, "rings")

    shuffled = Plan()
    shuffled.CopyFrom(plan)
    shuffled.steps.reverse()
    assert "UNMET_GROUP" in kinds(await verify(stubs, shuffled))

    lazy = Plan()
    lazy.CopyFrom(plan)
    del lazy.steps[:]
    assert "GOAL_NOT_COVERED" in kinds(await verify(stubs, lazy))

    proud = Plan()
    proud.CopyFrom(plan)
    del proud.steps[0]
    proud.mastered[:] = ["maps", "sets"]
    assert "MASTERY_NOT_SHOWN" in kinds(await verify(stubs, proud))

    cheap = Plan()
    cheap.CopyFrom(plan)
    cheap.steps[0].cost = 1
    assert "WRONG_SUM" in kinds(await verify(stubs, cheap))

    resigned = Plan()
    resigned.CopyFrom(plan)
    del resigned.steps[:]
    resigned.unreachable.append(UnreachableGoal(concept="rings"))
    assert "FALSELY_UNREACHABLE" in kinds(await verify(stubs, resigned))


async def test_a_hostile_plan_is_refused_or_found_out(stubs: Stubs) -> None:
    empty = await verify(stubs, Plan(curriculum=ALGEBRA))
    assert empty.curriculum_version == 1
    step = PlanStep(concept="\0" * 100, activity="../..", minutes=-5, cost=-1e9)
    found = await verify(stubs, Plan(curriculum=ALGEBRA, goals=["", "x" * 5000], mastered=["?"], steps=[step, step]))
    assert not found.valid

    for plan, field in (
        (Plan(curriculum=ALGEBRA, steps=[PlanStep(cost=math.nan)]), "plan.steps[0].cost"),
        (Plan(curriculum=ALGEBRA, refresh_threshold=math.inf), "plan.refresh_threshold"),
        (Plan(curriculum="tenants/other/curricula/algebra"), "plan.curriculum"),
        (Plan(curriculum=ALGEBRA, name="tenants/other/learners/ada/plans/p"), "plan.name"),
        (Plan(curriculum=ALGEBRA, as_of=Timestamp(seconds=-1)), "plan.as_of"),
    ):
        code, status = await refuse_of(verify(stubs, plan))
        assert (code, fields_of(status)) == (grpc.StatusCode.INVALID_ARGUMENT, [field])


async def test_questions_answered_before_are_not_asked_again(stubs: Stubs) -> None:
    await give_goals(stubs, "sets")
    assert (await what_next(stubs)).questions == ["q-sets", "q-sets-2"]

    await append(stubs, answer("e1", "y"), answer("e2", "7", question="q-sets-2", day=1))
    assert (await what_next(stubs)).questions == []
    assert (await what_next(stubs, as_of=Timestamp(seconds=NOON))).questions == ["q-sets-2"]

    await stubs.learners.VoidEvidence(VoidEvidenceRequest(name=f"{ADA}/evidence/e1"))
    assert (await what_next(stubs)).questions == ["q-sets"]


async def test_a_plan_that_no_longer_fits_gives_way_to_the_goals(stubs: Stubs) -> None:
    await give_goals(stubs, "rings")
    await append(stubs, override("e1", "sets"), override("e2", "maps", day=1))
    plan = await generate(stubs)
    assert (await what_next(stubs)).plan == plan.name

    await append(stubs, override("e3", "maps", 0.1, day=2))

    response = await what_next(stubs)
    assert (response.plan, response.step.concept, response.steps_left) == ("", "maps", 2)


async def test_goals_that_the_curriculum_no_longer_has_are_passed_over(stubs: Stubs) -> None:
    await give_goals(stubs, "maps", "sets")
    await import_course(stubs, text="curriculum: {title: Algebra}\nconcepts:\n  - {id: sets, title: Sets}\n")

    assert (await generate(stubs)).goals == ["sets"]
    assert (await what_next(stubs)).step.concept == "sets"


async def test_a_deadline_that_is_too_short_ends_the_call_cleanly(stubs: Stubs) -> None:
    request = GeneratePlanRequest(
        parent=TENANT, curriculum="algebra", goals=["rings"], mastered=MasteredSet(concepts=["sets"])
    )
    for timeout in (0.0001, 0.001, 0.003, 0.01):
        try:
            plan = await stubs.planning.GeneratePlan(request, timeout=timeout)
        except grpc.aio.AioRpcError as error:
            assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED  # noqa: PT017 - answering is right as well
        else:
            assert steps_of(plan)[-1] == "rings"
    plan = await stubs.planning.GeneratePlan(request, timeout=10)
    assert not plan.cut_short


async def test_many_plans_at_once(stubs: Stubs) -> None:
    await append(stubs, *(override(f"e-{number}", "sets", learner=f"l{number}") for number in range(20)))

    plans = await asyncio.gather(*(generate(stubs, "rings", learner=f"l{number}") for number in range(20)))

    assert {plan.name.split("/")[3] for plan in plans} == {f"l{number}" for number in range(20)}
    assert {tuple(steps_of(plan)) for plan in plans} == {("maps", "rings")}


async def test_plans_go_with_their_learner(stubs: Stubs) -> None:
    code, status = await refuse_of(generate(stubs, "rings", learner="eve"))
    assert (code, reason_of(status)) == (grpc.StatusCode.NOT_FOUND, "LEARNER_NOT_FOUND")

    await append(stubs, answer("e1"))
    plan = await generate(stubs, "rings")
    for name in (plan.name.replace("tenants/t/", "tenants/other/"), plan.name.replace("ada", "eve")):
        assert (await refuse_of(stubs.planning.GetPlan(GetPlanRequest(name=name))))[0] is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("curriculum", ["none", "algebra2"])
async def test_an_unknown_curriculum_is_not_found(stubs: Stubs, curriculum: str) -> None:
    await append(stubs, answer("e1"))

    request = GeneratePlanRequest(parent=TENANT, curriculum=curriculum, learner="ada", goals=["rings"])
    for call in (
        stubs.planning.GeneratePlan(request),
        what_next(stubs, curriculum=curriculum),
        verify(stubs, Plan(curriculum=f"{TENANT}/curricula/{curriculum}")),
    ):
        code, status = await refuse_of(call)
        assert (code, reason_of(status)) == (grpc.StatusCode.NOT_FOUND, "CURRICULUM_NOT_FOUND")
