"""Plans under deadlines, orders and a limit of minutes, exactly: found, proven impossible, or neither in the time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Final

from planner.content.closure import Region, count_missing
from planner.problem import PlanningProblem

if TYPE_CHECKING:
    from planner.demands.feasibility_model import Solution

MOST_VARIABLES: Final = 200_000
"""Concepts times deadlines up to which a model is built; larger ones are left undecided."""


class Answer(Enum):
    """Whether a plan can be had."""

    YES = "yes"
    NO = "no"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """What a plan for all goals of a problem has to keep to.

    Attributes:
        due: By goal to be learned, minutes > 0 in which it is reached.
        most_minutes: That its activities may take; None: no limit.
    """

    due: Mapping[int, int]
    most_minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a search found.

    Attributes:
        answer: Whether there is such a plan.
        teachers: YES: activity by concept to learn.
        order: YES: the concepts in an order that keeps to everything.
        cheapest: YES: it is proven that no such plan costs less.
        cut_short: The search was stopped, so that another run may find another plan.
    """

    answer: Answer
    teachers: Mapping[int, int] = field(default_factory=dict)
    order: Sequence[int] = ()
    cheapest: bool = False
    cut_short: bool = False


def find_feasible(
    problem: PlanningProblem, region: Region, demands: Demands, *, hint: Iterable[int] = (), cheapest: bool = True
) -> Finding:
    """Finds a plan for all goals that keeps to pins, vetoes, orders and demands, or proves that there is none.

    For each distinct deadline there is a level, and one more for the whole plan. At a level a concept may be learned
    and an activity begun; what is learned stays so at later levels. At each level learned concepts are closed under
    what they require and under orders, each is taught by an activity begun, the goals due are learned, and the
    activities begun take no more minutes than the deadline. Orders may run against prerequisites; only concepts that
    lie on or between circles of both need a place in a line, see `find_knot`. All others can be ordered by levels.

    Args:
        problem: Its pinned resources can be shared out, see `planner.content.pins.share_pinned`.
        region: Its region; all goals are in it or mastered.
        demands: What to keep to.
        hint: Concepts to learn, from where the search begins.
        cheapest: Look for the cheapest such plan; False: for any.

    Returns:
        A function of the arguments: one worker, a fixed seed and a limit that no clock has a part in.
    """
    if len(region.ways) * (len(set(demands.due.values())) + 1) > MOST_VARIABLES:
        return Finding(answer=Answer.UNDECIDED)
    from planner.demands.feasibility_model import FeasibilityModel  # noqa: PLC0415 - slow to import and seldom needed

    knot = find_knot(problem, region)
    model = FeasibilityModel(problem, region, due=demands.due, most_minutes=demands.most_minutes, knot=knot)
    solution = model.solve(set(hint), cheapest=cheapest)
    if not solution.found:
        return Finding(answer=Answer.NO) if solution.impossible else Finding(answer=Answer.UNDECIDED)
    before = _find_needed(problem, solution)
    return Finding(
        answer=Answer.YES,
        teachers={concept: solution.teachers[concept] for concept in sorted(before)},
        order=_line_up(problem, solution, before),
        cheapest=solution.cheapest,
    )


def find_knot(problem: PlanningProblem, region: Region) -> set[int]:
    """Finds the concepts on or between circles of prerequisites, members of groups and orders.

    Whatever nothing of the rest comes before is taken away, again and again, then whatever nothing of the rest comes
    after. Where both ends of a requirement are not in the answer, or one is, the taken ones go before or after it all.

    Complexity is linear in the size of the region.
    """
    if not problem.orders:
        return set()
    graph = problem.graph
    edges = {(before, after) for before, after in problem.orders if {before, after} <= region.ways.keys()}
    for after in region.ways:
        edges.update((before, after) for before in graph.prerequisites[after] if before in region.ways)
        for group in graph.groups_of[after]:
            edges.update((member, after) for member in graph.groups[group].members if member in region.ways)
    left = _peel(set(region.ways), edges)
    backwards = {(after, before) for before, after in edges if before in left and after in left}
    return _peel(left, backwards)


def _peel(concepts: set[int], edges: Iterable[tuple[int, int]]) -> set[int]:
    """Returns what is left when concepts into which no edge leads are taken away, again and again."""
    left = set(concepts)
    pending = dict.fromkeys(concepts, 0)
    following: defaultdict[int, list[int]] = defaultdict(list)
    for before, after in edges:
        pending[after] += 1
        following[before].append(after)
    waiting = [concept for concept in concepts if not pending[concept]]
    while waiting:
        concept = waiting.pop()
        left.remove(concept)
        for after in following[concept]:
            pending[after] -= 1
            if not pending[after]:
                waiting.append(after)
    return left


def _find_needed(problem: PlanningProblem, solution: "Solution") -> dict[int, set[int]]:
    """Finds what of a solution the goals need; by concept, the ones it is to come after."""
    graph = problem.graph
    needed: dict[int, set[int]] = {}
    waiting = [goal for goal in reversed(problem.goals) if goal in solution.levels]
    while waiting:
        concept = waiting.pop()
        if concept not in needed:
            needed[concept] = {each for each in graph.prerequisites[concept] if each in solution.levels}
            for group in graph.groups_of[concept]:
                needed[concept].update(_find_supports(problem, solution, group, needed))
            waiting.extend(sorted(needed[concept]))
    for before, after in problem.orders:
        if before in needed and after in needed:
            needed[after].add(before)
    return needed


def _find_supports(
    problem: PlanningProblem, solution: "Solution", group: int, needed: Mapping[int, set[int]]
) -> list[int]:
    """Chooses members that come before a group's owner in the solution, those that are needed anyway first."""
    found = problem.graph.groups[group]
    levels = solution.levels
    offered = [
        member
        for member in found.members
        if member in levels and levels[member] <= levels[found.owner] and solution.supports.get((group, member), True)
    ]
    missing = count_missing(problem.graph, group, problem.mastered)
    return sorted(offered, key=lambda member: member not in needed)[: max(missing, 0)]


def _line_up(problem: PlanningProblem, solution: "Solution", before: Mapping[int, set[int]]) -> tuple[int, ...]:
    """Orders concepts by level, and within a level so that each comes after those it is to come after."""
    pending = {concept: len(earlier) for concept, earlier in before.items()}
    following: defaultdict[int, list[int]] = defaultdict(list)
    for concept, earlier in before.items():
        for each in earlier:
            following[each].append(concept)
    ready = [_rank(problem, solution, concept) for concept, count in pending.items() if not count]
    heapify(ready)
    order = []
    while ready:
        *_, concept = heappop(ready)
        order.append(concept)
        for after in following[concept]:
            pending[after] -= 1
            if not pending[after]:
                heappush(ready, _rank(problem, solution, after))
    return tuple(order)


def _rank(problem: PlanningProblem, solution: "Solution", concept: int) -> tuple[int, int, int]:
    return solution.levels[concept], problem.graph.rank[concept], concept
