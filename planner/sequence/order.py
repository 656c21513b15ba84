"""In which order to learn: prerequisites first, then few changes of topic or early goals, and deadlines in time."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate
from typing import Final

import numpy as np

from planner.engine.arrays import Flags, Ints, flag, to_ints
from planner.engine.order import (
    EARLY_WINS,
    FOCUSED,
    arrange_steps,
    bound_topic_changes,
    set_deadlines,
    trace_served,
)
from planner.graph import PlanningGraph
from planner.plan import PlanOrder
from planner.problem import PlanningProblem

_NO_FLAGS: Final = flag((), 0)
_NO_ROWS: Final = to_ints(()).reshape(-1, 2)
MODES: Final = {PlanOrder.FOCUSED: FOCUSED, PlanOrder.EARLY_WINS: EARLY_WINS}


class OrderCircleError(ValueError):
    """Extra orders form a circle with what else comes before what, so that no order satisfies all of it."""

    def __init__(self) -> None:
        super().__init__("extra orders form a circle with prerequisites, groups or each other")


def trace_goals(graph: PlanningGraph, concepts: Collection[int], goals: Sequence[int]) -> dict[int, int]:
    """Finds the goals that each concept of a plan serves, itself included where it is one.

    Args:
        graph: The curriculum.
        concepts: Those to learn.
        goals: Those of the plan, distinct.

    Returns:
        By concept, a set of positions in `goals` as bits.

    Complexity is O((V + E) * goals / 64) in the part of the graph to learn.
    """
    steps = _sort(concepts)
    words = trace_served(graph.arrays, steps, to_ints(goals))
    if words.shape[1] == 1:
        return dict(zip(steps.tolist(), words[:, 0].tolist(), strict=True))
    rows = words.astype("<u8", copy=False)
    return {concept: int.from_bytes(row.tobytes(), "little") for concept, row in zip(steps.tolist(), rows, strict=True)}


def arrange(
    problem: PlanningProblem,
    teachers: Mapping[int, int],
    served: Mapping[int, int],
    mode: PlanOrder = PlanOrder.FOCUSED,
    due: Mapping[int, int] | None = None,
) -> list[int]:
    """Orders concepts: hard prerequisites, chosen members of groups and the problem's extra orders come first, always.

    All members of a group that the plan has count as chosen, except where an extra order contradicts that and the
    group has enough without them. Soft prerequisites never stand in the way.

    FOCUSED changes topic seldom: a topic is kept while it has steps that are ready; the next one is chosen by whether
    it can be finished, by what it opens the way to and by how long it lasts. In a topic, the resource at hand is kept,
    then come steps with few soft prerequisites outstanding; see `planner.engine.order_focus`. EARLY_WINS reaches goals
    early on average, see `planner.engine.order_wins`, and is focused on the way to each goal. Ties go to what serves
    the first goal, then to the smallest id.

    Deadlines are met whenever any order meets them. Proof: let C(d) be the goals due at d or earlier with all that has
    to come before them, and m(d) the minutes of the activities that teach C(d). In any order, when the last of these
    goals is reached, all of C(d) is begun, so m(d) minutes are gone; if all deadlines are met, m(d) <= d. C(d) grows
    with d and nothing in it waits for anything outside, so its steps can come first, stage by stage. Then a goal due at
    d is reached with nothing begun outside C(d), so after at most m(d) minutes, and m(d) <= d for all d suffices. Where
    that does not hold for some d, see `find_late`, the goals due at other times are in time.

    Args:
        problem: The problem.
        teachers: Activity by concept to learn.
        served: By concept, see `trace_goals`.
        mode: What counts besides.
        due: Minutes by goal in which it is to be reached: all activities begun up to its step, counted whole, take at
            most as many. Goals that are not to be learned are passed over.

    Raises:
        OrderCircleError: Extra orders form a circle, see `has_circle`.

    Complexity is O((V + E) log V) in the part of the graph to learn, and what taking up a resource again and again
    costs, its sections each time. EARLY_WINS adds O(served + goals^2) for each of at most 10 sweeps, where `served`
    sums over the steps the goals that they serve.
    """
    concepts, activities = _list_lessons(teachers)
    order = arrange_steps(
        problem.graph.arrays,
        _flag_mastered(problem),
        problem.minutes,
        to_ints(problem.goals),
        concepts,
        activities,
        _list_first_goals(served, concepts),
        _list_rows(problem.orders),
        _number_deadlines(due or {}),
        MODES[mode],
    )
    if len(order) < len(concepts):
        raise OrderCircleError
    arranged: list[int] = order.tolist()
    return arranged


def has_circle(problem: PlanningProblem, concepts: Collection[int]) -> bool:
    """Returns whether extra orders leave no order of concepts that form a plan.

    It is exact: a group is content with as many members as it needs, whichever they are.
    """
    if not problem.orders:
        return False
    return len(_set_deadlines(problem, _sort(concepts), {})) < len(concepts)


def find_late(problem: PlanningProblem, teachers: Mapping[int, int], due: Mapping[int, int]) -> dict[int, int]:
    """Finds the deadlines that these activities cannot meet together with all earlier ones.

    Args:
        problem: The problem.
        teachers: Activity by concept to learn.
        due: Minutes by goal, see `arrange`.

    Returns:
        By goal, ascending, the minutes after which at least it and all goals due no later are reached. Empty: `arrange`
        meets all deadlines; otherwise no order does.

    Raises:
        OrderCircleError: Extra orders form a circle.

    Complexity is linear in the part of the graph to learn.
    """
    concepts, activities = _list_lessons(teachers)
    levels = _set_deadlines(problem, concepts, due)
    if len(levels) < len(concepts):
        raise OrderCircleError
    begun: dict[int, int] = {}
    for activity, level in zip(activities.tolist(), levels.tolist(), strict=True):
        begun[activity] = min(level, begun.get(activity, level))
    taken = Counter[int]()
    for activity, level in begun.items():
        taken[level] += problem.count_minutes(activity)
    limits = sorted(set(due.values()))
    minutes = dict(zip(limits, accumulate(taken[level] for level in range(len(limits))), strict=True))
    return {goal: minutes[limit] for goal, limit in sorted(due.items()) if goal in teachers and minutes[limit] > limit}


def count_switches(graph: PlanningGraph, order: Sequence[int]) -> int:
    """Counts the changes of topic from one concept to the next that has a topic; those without one do not count."""
    topics = graph.arrays.topic[to_ints(order)]
    topics = topics[topics >= 0]
    return int(np.count_nonzero(topics[1:] != topics[:-1]))


def bound_switches(problem: PlanningProblem, concepts: Collection[int]) -> int:
    """Returns a number of changes of topic that no order of concepts goes below.

    It is the sum over topics of the least number of runs of each, less 1, where a run is a sequence of steps of one
    topic that no step of another topic interrupts: each run but the first begins with a change. For one topic t, let
    the phase of an order rise by one with each step that begins a run of t and with each step of another topic that
    ends one. It never falls along the order, is odd at steps of t and even at those of others. So at each step it is
    at least the largest of the phases of the steps that must come before it, raised to the next odd or even number as
    its topic has it; and of a group that needs r members not mastered, at least the r-th smallest phase of those that
    the plan has. The largest phase so found, halved and rounded up, bounds the runs of t.

    The bound is never below the number of topics - 1, nor below the most changes of topic along a chain of
    prerequisites: a chain with k changes consists of k + 1 pieces, and a topic that has j of them has at least j runs.

    Args:
        problem: The problem.
        concepts: Those to learn. Orders are all those that satisfy hard prerequisites, the needs of groups and extra
            orders, also those that `arrange` does not consider because a group has more members than it needs.

    Raises:
        OrderCircleError: Extra orders form a circle.

    Complexity is O((V + E) * topics) in the part of the graph to learn.
    """
    bound = bound_topic_changes(
        problem.graph.arrays,
        flag(problem.mastered, len(problem.graph.concepts)),
        _sort(concepts),
        _list_rows(problem.orders),
    )
    if bound < 0:
        raise OrderCircleError
    return bound


def measure_goal_time(order: Sequence[int], minutes: Sequence[int], goals: Collection[int]) -> float:
    """Measures how late an order reaches its goals.

    Args:
        order: Concepts in the order in which they are learned.
        minutes: Of each step, >= 0.
        goals: Those that are not in the order are passed over.

    Returns:
        The mean over goals of the minutes until it is reached, divided by the minutes of all steps, in [0, 1]; 0 where
        there are no goals or no minutes.
    """
    wanted = set(goals)
    reached = [time for concept, time in zip(order, accumulate(minutes), strict=True) if concept in wanted]
    total = sum(minutes)
    return sum(reached) / (len(reached) * total) if reached and total else 0.0


def _set_deadlines(problem: PlanningProblem, concepts: Ints, due: Mapping[int, int]) -> Ints:
    """Returns by concept the number of its deadline; nothing if extra orders form a circle."""
    orders, deadlines = _list_rows(problem.orders), _number_deadlines(due)
    return set_deadlines(problem.graph.arrays, _flag_mastered(problem), concepts, orders, deadlines)


def _sort(concepts: Collection[int]) -> Ints:
    return np.sort(to_ints(concepts))


def _list_lessons(teachers: Mapping[int, int]) -> tuple[Ints, Ints]:
    """Returns the concepts of a plan, ascending, and the activity that teaches each."""
    concepts, activities = to_ints(teachers), to_ints(teachers.values())
    ascending = np.argsort(concepts)
    return concepts[ascending], activities[ascending]


def _list_first_goals(served: Mapping[int, int], concepts: Ints) -> Ints:
    """Returns by concept the position of the first goal it serves; one more than all others' where it serves none."""
    bits = [served.get(concept, 0) for concept in concepts.tolist()]
    lowest = {each: (each & -each).bit_length() - 1 for each in set(bits)}  # many concepts serve the same goals
    none = max(lowest.values(), default=-1) + 1
    lowest[0] = none
    return to_ints(map(lowest.__getitem__, bits))


def _flag_mastered(problem: PlanningProblem) -> Flags:
    """Returns by concept whether it is mastered, or nothing where no extra orders make it necessary."""
    return flag(problem.mastered, len(problem.graph.concepts)) if problem.orders else _NO_FLAGS


def _number_deadlines(due: Mapping[int, int]) -> Ints:
    """Returns (goal, number of its deadline), deadlines numbered in ascending order from 0."""
    number = {limit: position for position, limit in enumerate(sorted(set(due.values())))}
    return _list_rows([(goal, number[limit]) for goal, limit in sorted(due.items())])


def _list_rows(pairs: Sequence[tuple[int, int]]) -> Ints:
    return to_ints(number for pair in pairs for number in pair).reshape(-1, 2) if pairs else _NO_ROWS
