"""Drafts: what a plan consists of and costs, before its steps are spelled out."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf

from planner.content.closure import Region, explore
from planner.content.cover import find_cover, never
from planner.content.penalties import SoftChoice, learn_besides, list_skipped, weigh_soft_prerequisites
from planner.content.pins import assign_pinned
from planner.demands.budget import fit_budget
from planner.demands.deadlines import hurry, keeps_to, meet_demands
from planner.demands.feasibility import Answer, Demands, Finding
from planner.plan import Certificate, LeftOutGoal, SkippedPrerequisite
from planner.problem import PlanningProblem, PlanSettings
from planner.proof.certification import certify, count_penalties
from planner.sequence.order import has_circle


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a plan consists of.

    Attributes:
        problem: What it solves.
        region: Its region.
        teachers: Activity by concept to learn.
        certificate: What is proven about the cost, penalties included.
        order: Concepts in an order that keeps to orders and deadlines; empty: `planner.sequence.order.arrange`
            finds one.
        extra: Concepts learned for soft prerequisites' sake.
        skipped: Soft prerequisites skipped at a penalty.
        cut_short: It was stopped, or it was not found out whether a plan keeps to all demands. This one need not then.
        keeps: It keeps to all demands.
    """

    problem: PlanningProblem
    region: Region
    teachers: Mapping[int, int]
    certificate: Certificate
    order: Sequence[int] = ()
    extra: frozenset[int] = frozenset()
    skipped: tuple[SkippedPrerequisite, ...] = ()
    cut_short: bool = False
    keeps: bool = True

    def count_minutes(self) -> int:
        """Returns the minutes of its activities."""
        return sum(map(self.problem.count_minutes, set(self.teachers.values())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What drafts are made for.

    Attributes:
        problem: All its goals can be reached, but for those that are named unreachable.
        region: Its region.
        demands: Deadlines, and a limit of minutes.
        penalty_units: What skipping a soft prerequisite of strength 1 costs; 0: nothing.
        settings: How to plan.
        at_hand: A plan that may be fallen back on, activity by concept.
    """

    problem: PlanningProblem
    region: Region
    demands: Demands
    penalty_units: int
    settings: PlanSettings
    at_hand: Mapping[int, int] = field(default_factory=dict)


def draft_plan(brief: Brief, stop: Callable[[], bool] = never) -> Draft | None:
    """Drafts a plan at a low cost, certifies it, and sees to it that it keeps to the demands.

    What is learned for soft prerequisites' sake is given up where demands do not allow for it.

    Args:
        brief: What for.
        stop: Polled between choices, see `planner.content.cover.find_cover`.

    Returns:
        None: it is proven that no plan keeps to orders and demands.
    """
    problem, region, penalty = brief.problem, brief.region, brief.penalty_units
    if not penalty:
        return _draft(brief, problem, region, stop)
    choice = weigh_soft_prerequisites(problem, region, penalty)
    draft = None
    if choice.extra:
        wide = learn_besides(problem, choice.extra)
        draft = _draft(brief, wide, explore(wide), stop)
    if draft is None or not draft.keeps:
        choice = replace(choice, extra=frozenset())
        draft = _draft(brief, problem, region, stop)
    return draft and _count_penalties(problem, region, draft, choice, penalty)


def _draft(brief: Brief, problem: PlanningProblem, region: Region, stop: Callable[[], bool]) -> Draft | None:
    cover = assign_pinned(problem, find_cover(problem, region, stop))
    cover, certificate = certify(problem, region, cover, brief.settings, stop)
    cover = assign_pinned(problem, cover)
    found = _meet(brief, problem, region, cover.teachers, stop)
    if found.answer is Answer.NO:
        return None
    keeps = found.answer is Answer.YES
    cost = sum(map(problem.count_cost, set(found.teachers.values())))
    return Draft(
        problem=problem,
        region=region,
        teachers=found.teachers,
        certificate=certificate if cost == certificate.cost_units else _restate(certificate, cost),
        order=found.order,
        cut_short=cover.cut_short or found.cut_short or not keeps,
        keeps=keeps,
    )


def _meet(
    brief: Brief, problem: PlanningProblem, region: Region, teachers: Mapping[int, int], stop: Callable[[], bool]
) -> Finding:
    demands = brief.demands
    if not demands.due and demands.most_minutes is None and not problem.orders:
        return Finding(answer=Answer.YES, teachers=teachers)
    found = meet_demands(problem, region, teachers, demands, stop=stop)
    if found.answer is Answer.UNDECIDED and brief.at_hand and keeps_to(problem, brief.at_hand, demands):
        return replace(found, answer=Answer.YES, teachers=brief.at_hand)
    return found


def _restate(certificate: Certificate, cost_units: int) -> Certificate:
    """Returns what is proven of a dearer plan: the bound holds for it too, and no theorem speaks of it."""
    bound = certificate.lower_bound_units
    return replace(
        certificate,
        cost_units=cost_units,
        ratio=cost_units / bound if bound else (inf if cost_units else 1.0),
        theorem="",
        guarantee=0.0,
    )


def _count_penalties(
    problem: PlanningProblem, region: Region, draft: Draft, choice: SoftChoice, penalty_units: int
) -> Draft:
    skipped = list_skipped(problem, draft.teachers, penalty_units)
    certificate = count_penalties(problem, region, draft.certificate, choice, skipped)
    return replace(draft, problem=problem, region=region, certificate=certificate, extra=choice.extra, skipped=skipped)


def draft_within_budget(
    brief: Brief, minutes: int, *, fixed: Collection[int], asked: Collection[int], stop: Callable[[], bool] = never
) -> tuple[Draft, tuple[LeftOutGoal, ...]] | None:
    """Drafts a plan for as many goals as fit into a budget.

    Goals that fit by their minutes, but not together with deadlines and orders, are left out one by one: those with
    deadlines first, the last of them by id.

    Args:
        brief: What for; its demands can be met without the budget.
        minutes: The budget, > 0.
        fixed: Goals that are kept in any case.
        asked: Goals that were asked for.
        stop: Polled between choices.

    Returns:
        The draft, and the goals left out by id; None: it is proven that there is no plan even for the fixed ones.
    """
    found = fit_budget(brief.problem, minutes, fixed, stop)
    left_out = {each.concept: each for each in found.left_out}
    part = _narrow(brief, found.goals, minutes, found.cover.teachers)
    draft = draft_plan(part, stop)
    free = [goal for goal in found.goals if goal in asked and goal in brief.region.ways and goal not in fixed]
    if free and not (draft and draft.keeps):
        free.sort(key=lambda goal: (goal in brief.demands.due, goal))
        while free and not keeps_to(part.problem, part.at_hand, part.demands):
            goal = free.pop()
            left_out[brief.problem.graph.concepts[goal].id] = _leave_out(part, goal)
            part = _narrow(part, [each for each in part.problem.goals if each != goal], minutes, {})
            part = replace(part, at_hand=hurry(part.problem, part.demands))
        draft = draft_plan(part, stop)
    return None if draft is None else (draft, tuple(left_out[concept] for concept in sorted(left_out)))


def _narrow(brief: Brief, goals: Sequence[int], minutes: int, at_hand: Mapping[int, int]) -> Brief:
    """Returns the brief for some of its goals, within a budget."""
    problem = replace(brief.problem, goals=tuple(goals))
    due = {goal: limit for goal, limit in brief.demands.due.items() if goal in problem.goals}
    demands = Demands(due=due, most_minutes=minutes)
    return replace(brief, problem=problem, region=explore(problem), demands=demands, at_hand=at_hand)


def _leave_out(brief: Brief, goal: int) -> LeftOutGoal:
    """Says of a goal that it does not fit with deadlines and orders."""
    problem = brief.problem
    rest = replace(problem, goals=tuple(each for each in problem.goals if each != goal))
    with_it, without = (
        sum(map(each.count_minutes, set(hurry(each, replace(brief.demands, due={})).values())))
        for each in (problem, rest)
    )
    title = problem.graph.concepts[goal].title
    text = f"{title} does not fit into the budget together with deadlines and orders."
    return LeftOutGoal(concept=problem.graph.concepts[goal].id, minutes=max(0, with_it - without), text=text)


def drop_circles(problem: PlanningProblem, concepts: Collection[int]) -> PlanningProblem:
    """Returns the problem without the orders, later ones first, that concepts of a plan cannot keep to."""
    if not has_circle(problem, concepts):
        return problem
    kept: list[tuple[int, int]] = []
    for order in problem.orders:
        if not has_circle(replace(problem, orders=(*kept, order)), concepts):
            kept.append(order)
    return replace(problem, orders=tuple(kept))
