"""Constraints that cannot all hold: whether they do, and which of them conflict."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from planner.constraints import Constraints
from planner.content.closure import Region, explore
from planner.content.cover import find_cover, never
from planner.content.pins import share_pinned
from planner.demands.deadlines import meet_demands
from planner.demands.feasibility import Answer, Demands
from planner.graph import PlanningGraph
from planner.plan import Conflict, ConflictingConstraint
from planner.problem import UNITS_PER_MINUTE, PlanningProblem, PlanSettings, build_problem


class _Kind(IntEnum):
    """Kinds of constraints; where one of several may be left out of a conflict, it is the first here."""

    BUDGET = 0
    DEADLINE = 1
    ORDER = 2
    PIN = 3
    GOAL = 4
    VETO = 5


@dataclass(frozen=True, slots=True, order=True)
class _Item:
    """One constraint.

    Attributes:
        kind: Of what kind it is.
        subject: What it is about, by which constraints of a kind are ordered.
        position: In the request, among those of its kind.
    """

    kind: _Kind
    subject: tuple[str, ...]
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a plan is asked for; all of it is sensible.

    Attributes:
        graph: The curriculum.
        goals: Ids of the goals, in the caller's order.
        mastery: Probability of mastery by concept id, in [0, 1].
        settings: Thresholds.
        constraints: What the plan is to keep to.
        unreachable: Ids of goals that nothing leads to, constraints or not; they are no part of any conflict.
    """

    graph: PlanningGraph
    goals: Sequence[str]
    mastery: Mapping[str, float]
    settings: PlanSettings
    constraints: Constraints
    unreachable: Collection[str] = ()


def is_reachable(problem: PlanningProblem, region: Region) -> bool:
    """Says whether pins, vetoes and goals can all hold; deadlines, orders and the budget are not looked at.

    What can be reached by prerequisites and groups is found exactly by going up once, for they form no circle.
    """
    return (
        problem.pinned.isdisjoint(problem.unavailable)
        and all(goal in region.ways or goal in problem.mastered for goal in problem.goals)
        and share_pinned(problem) is not None
    )


def find_demands(problem: PlanningProblem, constraints: Constraints, goals: Collection[str]) -> Demands:
    """Returns what deadlines ask for of those goals that are to be learned."""
    number = problem.graph.number
    due = {number[goal]: minutes for goal, minutes in constraints.deadlines.items() if goal in goals}
    return Demands(due={goal: due[goal] for goal in sorted(due) if goal not in problem.mastered})


def can_hold(request: Request, *, stop: Callable[[], bool] = never) -> Answer:
    """Says whether all constraints can hold.

    A budget leaves goals out and conflicts with what remains without them: pins, vetoes and orders. All else has to
    hold without a budget. So less is asked for by fewer constraints, and a set of constraints that conflict is not
    mended by further ones.

    Args:
        request: What is asked for.
        stop: See `planner.demands.deadlines.meet_demands`.
    """
    goals = [goal for goal in request.goals if goal not in request.unreachable]
    answer = _decide(request, goals, None, stop)
    budget = request.constraints.budget_minutes
    if budget is None or answer is Answer.NO:
        return answer
    within = _decide(request, [], budget, stop)
    return answer if within is Answer.YES else within


def _decide(request: Request, goals: Sequence[str], budget: int | None, stop: Callable[[], bool]) -> Answer:
    constraints = request.constraints
    problem = build_problem(request.graph, goals, request.mastery, request.settings, constraints)
    problem = replace(problem, costs=problem.minutes * UNITS_PER_MINUTE)
    region = explore(problem)
    if not is_reachable(problem, region):
        return Answer.NO
    demands = replace(find_demands(problem, constraints, goals), most_minutes=budget)
    if budget is None and not demands.due and not problem.orders:
        return Answer.YES
    teachers = {**find_cover(problem, region).teachers, **(share_pinned(problem) or {})}
    return meet_demands(problem, region, teachers, demands, cheapest=False, stop=stop).answer


def explain_conflict(request: Request, *, stop: Callable[[], bool] = never) -> Conflict:
    """Finds constraints of a request that conflict, none of which could be left out.

    A deletion filter (Chinneck and Dravnieks 1991) leaves out one constraint after the other as long as the rest
    conflicts, proven each time; runs of constraints that can all go are found by doubling and halving. As
    conflicts are not mended by more constraints, without any one of the answer the others can hold. Where a search
    was undecided or stopped, that is not certain, and the answer conflicts all the same.

    Args:
        request: Its constraints cannot all hold.
        stop: See `can_hold`.

    Complexity is O(k log n) times that of `can_hold`, for k of n constraints.
    """
    kept: list[_Item] = []
    rest = sorted(_list_items(request))
    while rest:
        rest = rest[_count_superfluous(request, kept, rest, stop) :]
        kept.extend(rest[:1])
        rest = rest[1:]
    return _tell(request, kept)


def _count_superfluous(request: Request, kept: list[_Item], rest: list[_Item], stop: Callable[[], bool]) -> int:
    """Returns how many of `rest`, from the first on, can be left out so that the others conflict still."""

    def conflicts_without(count: int) -> bool:
        return can_hold(_keep(request, [*kept, *rest[count:]]), stop=stop) is Answer.NO

    if conflicts_without(len(rest)):
        return len(rest)
    low, high = 0, 1  # without `low` they conflict, without `high` not, once the doubling is done
    while high < len(rest) and conflicts_without(high):
        low, high = high, 2 * high
    high = min(high, len(rest))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if conflicts_without(middle) else (low, middle)
    return low


def _list_items(request: Request) -> list[_Item]:
    constraints = request.constraints
    items = [_Item(_Kind.BUDGET, (), 0)] if constraints.budget_minutes is not None else []
    subjects: dict[_Kind, Sequence[tuple[str, ...]]] = {
        _Kind.DEADLINE: [(goal,) for goal in constraints.deadlines],
        _Kind.ORDER: constraints.orders,
        _Kind.PIN: [(subject,) for subject in constraints.pinned],
        _Kind.GOAL: [(goal,) for goal in request.goals],
        _Kind.VETO: [(subject,) for subject in constraints.vetoed],
    }
    for kind, found in subjects.items():
        items.extend(_Item(kind, subject, position) for position, subject in enumerate(found))
    return [item for item in items if item.kind is not _Kind.GOAL or item.subject[0] not in request.unreachable]


def _keep(request: Request, items: Sequence[_Item]) -> Request:
    """Returns a request with some of its constraints only; the deadline of a goal that is gone asks for nothing."""
    found: dict[_Kind, list[tuple[str, ...]]] = {kind: [] for kind in _Kind}
    for item in items:
        found[item.kind].append(item.subject)
    deadlines = request.constraints.deadlines
    constraints = Constraints(
        pinned=tuple(subject for (subject,) in found[_Kind.PIN]),
        vetoed=tuple(subject for (subject,) in found[_Kind.VETO]),
        orders=tuple((before, after) for before, after in found[_Kind.ORDER]),
        deadlines={goal: deadlines[goal] for (goal,) in found[_Kind.DEADLINE]},
        budget_minutes=request.constraints.budget_minutes if found[_Kind.BUDGET] else None,
    )
    return replace(request, goals=[goal for (goal,) in found[_Kind.GOAL]], constraints=constraints)


_FIELDS: Final = {
    _Kind.GOAL: "goals",
    _Kind.PIN: "constraints.pinned",
    _Kind.VETO: "constraints.vetoed",
    _Kind.ORDER: "constraints.orders",
    _Kind.DEADLINE: "constraints.deadlines",
}


def _tell(request: Request, items: Sequence[_Item]) -> Conflict:
    listed = tuple(
        ConflictingConstraint(field=_name_field(item), text=_tell_item(request, item))
        for item in sorted(items, key=lambda item: ([*_FIELDS, _Kind.BUDGET].index(item.kind), item.position))
    )
    said = "; ".join(each.text for each in listed)
    return Conflict(
        constraints=listed,
        text=f"{'This' if len(listed) == 1 else 'These'} cannot {'' if len(listed) == 1 else 'all '}hold: {said}.",
    )


def _name_field(item: _Item) -> str:
    return f"{_FIELDS[item.kind]}[{item.position}]" if item.kind in _FIELDS else "constraints.budget_minutes"


def _tell_item(request: Request, item: _Item) -> str:
    constraints, names = request.constraints, [_find_title(request.graph, subject) for subject in item.subject]
    match item.kind:
        case _Kind.GOAL:
            return f"{names[0]} is reached"
        case _Kind.PIN:
            return f"{names[0]} is {'worked through' if _is_resource(item) else 'learned'}"
        case _Kind.VETO:
            return f"{names[0]} is not {'used' if _is_resource(item) else 'learned'}"
        case _Kind.ORDER:
            return f"{names[0]} comes before {names[1]}"
        case _Kind.DEADLINE:
            return f"{names[0]} is reached within {constraints.deadlines[item.subject[0]]} minutes"
        case _:
            return f"the plan takes at most {constraints.budget_minutes} minutes"


def _is_resource(item: _Item) -> bool:
    return item.subject[0].startswith("resources/")


def _find_title(graph: PlanningGraph, subject: str) -> str:
    """Returns the title of a concept, by id or as `concepts/{id}`, or "the resource" and its title."""
    if subject in graph.activity_number and subject.startswith("resources/"):
        return f"the resource {graph.activities[graph.activity_number[subject]].title}"
    return graph.concepts[graph.number[subject.removeprefix("concepts/")]].title
