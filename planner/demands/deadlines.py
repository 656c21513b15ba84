"""Keeping to deadlines, orders and a limit of minutes: the plan at hand, one that hurries, or an exact search."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from planner.content.closure import Region, explore
from planner.content.cover import find_cover, never
from planner.content.pins import share_pinned
from planner.demands.feasibility import Answer, Demands, Finding, find_feasible
from planner.engine.arrays import Ints
from planner.problem import UNITS_PER_MINUTE, PlanningProblem
from planner.proof.bounds import bound_cost
from planner.sequence.order import find_late, has_circle


def meet_demands(
    problem: PlanningProblem,
    region: Region,
    teachers: Mapping[int, int],
    demands: Demands,
    *,
    cheapest: bool = True,
    stop: Callable[[], bool] = never,
) -> Finding:
    """Finds a plan for all goals that keeps to orders and demands, or proves that there is none.

    The plan at hand is taken if it does. Otherwise one is made that hurries, see `hurry`; if that is late too, a lower
    bound on minutes may show that every plan is; if not, the exact search decides.

    Args:
        problem: Its pinned resources can be shared out, see `planner.content.pins.share_pinned`.
        region: Its region; all goals are in it or mastered.
        teachers: Activity by concept to learn of the plan at hand.
        demands: What to keep to.
        cheapest: A plan that hurries is given up for a cheaper one of the exact search.
        stop: Polled before the exact search; True: that is left out.

    Returns:
        Where the answer is yes and there is no `order`, `planner.sequence.order.arrange` finds one.
    """
    if keeps_to(problem, teachers, demands):
        return Finding(answer=Answer.YES, teachers=teachers)
    if is_hopeless(problem, demands):
        return Finding(answer=Answer.NO)
    hurried = hurry(problem, demands)
    in_time = keeps_to(problem, hurried, demands)
    stopped = stop()
    if not stopped and (cheapest or not in_time):
        found = find_feasible(problem, region, demands, hint=hurried, cheapest=cheapest)
        if found.answer is not Answer.UNDECIDED and not (in_time and _is_dearer(problem, found.teachers, hurried)):
            return found
    return Finding(answer=Answer.YES if in_time else Answer.UNDECIDED, teachers=hurried, cut_short=stopped)


def keeps_to(problem: PlanningProblem, teachers: Mapping[int, int], demands: Demands) -> bool:
    """Says whether a plan can be ordered so that it keeps to orders and demands."""
    limit = demands.most_minutes
    if limit is not None and sum(map(problem.count_minutes, set(teachers.values()))) > limit:
        return False
    return not has_circle(problem, teachers) and not find_late(problem, teachers, demands.due)


def is_hopeless(problem: PlanningProblem, demands: Demands) -> bool:
    """Says whether a lower bound on minutes shows that no plan keeps to the demands; False proves nothing.

    What every plan needs for the goals of a deadline, and of those before it, takes longer than the deadline. Orders,
    and that pinned resources teach what they can, are not counted on: they only make it longer.
    """
    limits = {
        minutes: [goal for goal, due in demands.due.items() if due <= minutes] for minutes in demands.due.values()
    }
    if demands.most_minutes is not None:
        limits[demands.most_minutes] = list(problem.goals)
    minutes = replace(problem, costs=problem.minutes * UNITS_PER_MINUTE)
    for limit, goals in sorted(limits.items()):
        pinned = problem.pinned if limit == demands.most_minutes else frozenset[int]()
        early = replace(minutes, goals=tuple(sorted(goals)), pinned=pinned)
        too_much = limit * UNITS_PER_MINUTE + 1
        if bound_cost(early, explore(early), cost_units=too_much).units >= too_much:
            return True
    return False


def hurry(problem: PlanningProblem, demands: Demands) -> dict[int, int]:
    """Finds a plan that reaches early what is due early.

    Covers are made for the goals of the first deadline, then for those of the second as well, and so on, each in as
    few minutes as it can and with what was chosen before at hardly any; at last one for all goals, by minutes too
    where these are limited and by cost where not.

    Returns:
        Activity by concept to learn; it need not keep to the demands.
    """
    by_minutes = problem.minutes * UNITS_PER_MINUTE
    shared = share_pinned(problem) or {}
    chosen: dict[int, int] = {}
    for limit in sorted(set(demands.due.values())):
        goals = {goal for goal, due in demands.due.items() if due <= limit}
        early = replace(problem, goals=tuple(sorted({*chosen, *goals})), pinned=frozenset())
        chosen = _extend(early, by_minutes, chosen, shared)
    costs = problem.costs if demands.most_minutes is None else by_minutes
    goals = {*problem.goals, *chosen}
    return {**_extend(replace(problem, goals=tuple(sorted(goals))), costs, chosen, shared), **shared}


def _extend(
    problem: PlanningProblem, costs: Ints, chosen: Mapping[int, int], shared: Mapping[int, int]
) -> dict[int, int]:
    """Covers the goals of a problem beside what is chosen."""
    reduced = costs.copy()
    reduced[list(set(chosen.values()))] = 1
    priced = replace(problem, costs=reduced)
    teachers = find_cover(priced, explore(priced)).teachers
    return {concept: shared.get(concept, chosen.get(concept, activity)) for concept, activity in teachers.items()}


def _is_dearer(problem: PlanningProblem, teachers: Mapping[int, int], than: Mapping[int, int]) -> bool:
    costs = [sum(map(problem.count_cost, set(each.values()))) for each in (teachers, than)]
    return costs[0] > costs[1]
