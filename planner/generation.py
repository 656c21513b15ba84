"""Making a plan: from ids, probabilities and constraints to ordered steps with reasons and a certificate."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from planner.constraints import UNCONSTRAINED, Constraints, check_constraints
from planner.content.closure import Region, explore, find_missing
from planner.content.cover import never
from planner.demands.conflicts import Request, can_hold, explain_conflict, find_demands, is_reachable
from planner.demands.drafts import Brief, Draft, draft_plan, draft_within_budget, drop_circles
from planner.demands.feasibility import Answer
from planner.graph import PlanningGraph
from planner.plan import BoundKind, Certificate, LeftOutGoal, Plan, UnreachableGoal
from planner.problem import PlanningProblem, PlanSettings, build_problem, find_pinned, pose_problem
from planner.reasons import list_in_words
from planner.sequence.order import arrange, bound_switches, count_switches, find_late, trace_goals
from planner.sequence.reviews import overlay_reviews
from planner.sequence.sessions import pack_sessions
from planner.steps import find_relied_on, list_steps


def generate_plan(
    graph: PlanningGraph,
    goals: Collection[str],
    mastery: Mapping[str, float],
    settings: PlanSettings | None = None,
    stop: Callable[[], bool] = never,
    *,
    constraints: Constraints = UNCONSTRAINED,
    reviews: Mapping[str, float] | None = None,
) -> Plan:
    """Plans how to reach goals at a low cost, and proves how low. A function of its arguments, in whatever order.

    A goal that nothing leads to, whatever the constraints, is named in the plan. Where constraints cannot all hold, the
    plan has no steps and says which of them conflict. In the rare case that an exact search ends without an answer, the
    plan is marked `cut_short` and may break a deadline, an order or the budget; `planner.checks.verification` names it,
    and a late goal's step says so. A plan never claims a conflict that is not proven.

    Args:
        graph: The curriculum.
        goals: Ids of concepts, from 1 to 500, distinct.
        mastery: Probability of mastery by concept id, in [0, 1]; a concept that is absent is to be learned.
        settings: How to plan; None: the usual ones.
        stop: Polled between choices; True: the rest is chosen quickly and the plan marked `cut_short`. A plan that
            has no choices is never cut short.
        constraints: What the plan is to keep to.
        reviews: Probability of mastery by id of the concepts whose review is due, to be laid over the steps; None:
            no reviews.

    Raises:
        InvalidInputError: There are no goals or too many, or some are unknown or repeated; or the constraints or the
            cost model are not sensible.
    """
    settings = settings or PlanSettings()
    free = pose_problem(graph, goals, mastery, settings)
    check_constraints(graph, goals, constraints)
    reach = explore(free)
    unreachable = tuple(_list_unreachable(free, reach))
    request = Request(
        graph=graph,
        goals=tuple(goals),
        mastery=mastery,
        settings=settings,
        constraints=constraints,
        unreachable=frozenset(goal.concept for goal in unreachable),
    )
    drafted = _draft(request, free, reach, stop)
    if drafted is None:
        return _refuse(request, free, unreachable, stop)
    return _spell_out(request, *drafted, unreachable, reviews)


def _draft(
    request: Request, free: PlanningProblem, reach: Region, stop: Callable[[], bool]
) -> tuple[Draft, tuple[LeftOutGoal, ...]] | None:
    """Drafts the plan, without the goals that do not fit into the budget; None: constraints conflict."""
    constraints, problem, region = request.constraints, free, reach
    if constraints != UNCONSTRAINED:
        goals = [goal for goal in request.goals if goal not in request.unreachable]
        problem = build_problem(request.graph, goals, request.mastery, request.settings, constraints)
        region = explore(problem)
        if not is_reachable(problem, region):
            return None
    brief = Brief(
        problem=problem,
        region=region,
        demands=find_demands(problem, constraints, request.goals),
        penalty_units=constraints.soft_penalty_units,
        settings=request.settings,
    )
    draft = draft_plan(brief, stop)
    budget = constraints.budget_minutes
    if draft is None:
        return None
    if budget is None or draft.count_minutes() <= budget:
        return draft, ()
    if can_hold(request, stop=stop) is Answer.NO:
        return None
    asked = {request.graph.number[goal] for goal in request.goals}
    pinned = build_problem(request.graph, (), request.mastery, request.settings, constraints).goals
    return draft_within_budget(brief, budget, fixed=pinned, asked=asked, stop=stop)


def _refuse(
    request: Request, free: PlanningProblem, unreachable: tuple[UnreachableGoal, ...], stop: Callable[[], bool]
) -> Plan:
    """Makes the plan that says which constraints conflict."""
    settings = request.settings
    return Plan(
        goals=request.graph.name(free.goals),
        mastered=(),
        steps=(),
        certificate=Certificate(cost_units=0, lower_bound_units=0, ratio=0.0, bound=BoundKind.UNSPECIFIED),
        unreachable=unreachable,
        mastery_threshold=settings.mastery_threshold,
        refresh_threshold=settings.refresh_threshold,
        order=settings.order,
        cost_model=settings.cost_model,
        constraints=request.constraints,
        conflict=explain_conflict(request, stop=stop),
    )


def _spell_out(
    request: Request,
    draft: Draft,
    left_out: tuple[LeftOutGoal, ...],
    unreachable: tuple[UnreachableGoal, ...],
    reviews: Mapping[str, float] | None,
) -> Plan:
    graph, settings, constraints = request.graph, request.settings, request.constraints
    problem, teachers = drop_circles(draft.problem, draft.teachers), draft.teachers
    asked = {graph.number[goal] for goal in request.goals}
    due = find_demands(problem, constraints, request.goals).due
    late = find_late(problem, teachers, due) if due else {}
    served = trace_goals(graph, teachers, problem.goals)
    order = draft.order if draft.order and late else arrange(problem, teachers, served, settings.order, due)
    steps = list_steps(
        draft,
        order,
        served,
        request.mastery,
        asked=asked,
        pinned=find_pinned(graph, constraints)[0],
        late={} if draft.keeps else late,
    )
    minutes = [step.minutes for step in steps]
    session = constraints.session_minutes
    return Plan(
        goals=graph.name(asked),
        mastered=graph.name(find_relied_on(problem, teachers, constraints)),
        steps=steps,
        certificate=draft.certificate,
        unreachable=unreachable,
        minutes=sum(minutes),
        cut_short=draft.cut_short,
        mastery_threshold=settings.mastery_threshold,
        refresh_threshold=settings.refresh_threshold,
        order=settings.order,
        switches=count_switches(graph, order),
        switches_lower_bound=bound_switches(problem, teachers) if teachers else 0,
        cost_model=settings.cost_model,
        constraints=constraints,
        sessions=pack_sessions(minutes, session) if session else (),
        left_out=left_out,
        skipped=draft.skipped,
        reviews=() if reviews is None else overlay_reviews(graph, steps, reviews),
    )


def _list_unreachable(problem: PlanningProblem, region: Region) -> Iterable[UnreachableGoal]:
    concepts = problem.graph.concepts
    for goal in problem.goals:
        if goal not in region.ways and goal not in problem.mastered:
            missing = sorted(find_missing(problem, region, goal))
            text = f"{concepts[goal].title} cannot be reached: nothing teaches {_list_titles(problem, missing)}."
            yield UnreachableGoal(concept=concepts[goal].id, missing=problem.graph.name(missing), text=text)


def _list_titles(problem: PlanningProblem, concepts: Sequence[int]) -> str:
    return list_in_words([problem.graph.concepts[concept].title for concept in concepts])
