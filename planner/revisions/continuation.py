"""What an earlier plan consists of, carried over to what is to be planned now: completed and trimmed."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from planner.content.closure import Region, explore
from planner.content.cover import find_cover, never
from planner.content.penalties import learn_besides, list_skipped, weigh_soft_prerequisites
from planner.content.pins import list_pinned_teachers, share_pinned
from planner.content.trimming import Selection, trim
from planner.plan import Plan
from planner.problem import PlanningProblem

Teachers = Mapping[int, int]
"""Activity by concept to learn."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Aim:
    """What is to be planned.

    Attributes:
        problem: The problem.
        penalty_units: What skipping a soft prerequisite of strength 1 costs, in units of 0.0001, >= 0.
    """

    problem: PlanningProblem
    penalty_units: int = 0

    def price(self, teachers: Teachers) -> int:
        """Returns what the distinct activities and the penalties cost, in units of 0.0001."""
        skipped = list_skipped(self.problem, teachers, self.penalty_units)
        activities = sum(map(self.problem.count_cost, set(teachers.values())))
        return activities + sum(edge.penalty_units for edge in skipped)

    def keep_possible(self, teachers: Teachers) -> dict[int, int]:
        """Keeps of an earlier cover what is not mastered and can be learned as it says."""
        problem, activities = self.problem, self.problem.graph.activities
        return {
            concept: activity
            for concept, activity in teachers.items()
            if concept in activities[activity].sections
            and not (concept in problem.mastered or concept in problem.barred or activity in problem.unavailable)
        }


def read_teachers(aim: Aim, plan: Plan) -> dict[int, int]:
    """Returns activity by concept of a plan's steps, in their order, where the curriculum still has both."""
    graph = aim.problem.graph
    return {
        graph.number[step.concept]: graph.activity_number[step.activity]
        for step in plan.steps
        if step.concept in graph.number and step.activity in graph.activity_number
    }


def find_fresh(aim: Aim, locked: Teachers, stop: Callable[[], bool] = never) -> dict[int, int]:
    """Finds a cover by the greedy, with soft prerequisites that are worth it.

    Args:
        aim: What is to be planned.
        locked: Activity by concept, for concepts that are learned by it in any case.
        stop: Polled between choices; True: the rest is chosen quickly.
    """
    wanted = _want(aim.problem, locked, locked.values())
    region = explore(wanted)
    if aim.penalty_units:
        choice = weigh_soft_prerequisites(wanted, region, aim.penalty_units)
        wanted = learn_besides(wanted, choice.extra)
        region = explore(wanted)
    return _settle(aim.problem, find_cover(wanted, region, stop).teachers, locked)


def complete(
    aim: Aim, start: Teachers, locked: Collection[int] = (), stop: Callable[[], bool] = never
) -> dict[int, int]:
    """Adds to an earlier cover what it lacks, and drops what nothing needs any more.

    What is kept costs next to nothing while the rest is sought, so that the rest fits in with it. Dropped is what
    `planner.content.trimming` can drop, unless that saves nothing; soft prerequisites of what is learned stay where
    skipping them costs something.

    Args:
        aim: What is to be planned.
        start: An earlier cover, as far as it is possible, see `Aim.keep_possible`. What cannot be reached any more is
            dropped.
        locked: Concepts of `start` that stay, by the activities they have there.
        stop: Polled between choices; True: the rest is chosen quickly.

    Returns:
        Activity by concept for all goals that can be reached. Where `start` is a cover of them, it costs no more.
    """
    wanted = _want(aim.problem, start, start.values())
    region = explore(wanted)
    kept = {concept: activity for concept, activity in start.items() if concept in region.ways}
    whole = _settle(aim.problem, find_cover(wanted, region, stop).teachers, kept)
    less = _drop_superfluous(aim, whole, [concept for concept in locked if concept in kept])
    return less if aim.price(less) < aim.price(whole) else whole


def find_nearby(
    aim: Aim, start: Teachers, locked: Collection[int] = (), stop: Callable[[], bool] = never
) -> dict[int, int]:
    """Returns the cheaper of what `complete` and `find_fresh` find, the former where they cost the same."""
    near = complete(aim, start, locked, stop)
    fresh = find_fresh(aim, {concept: start[concept] for concept in locked}, stop)
    return fresh if aim.price(fresh) < aim.price(near) else near


def _want(problem: PlanningProblem, concepts: Iterable[int], paid: Iterable[int]) -> PlanningProblem:
    """Returns the problem with more goals, and with activities that cost next to nothing."""
    costs = problem.costs.copy()
    costs[list(paid)] = 1
    return replace(learn_besides(problem, list(concepts)), costs=costs)


def _settle(problem: PlanningProblem, teachers: Teachers, decided: Teachers) -> dict[int, int]:
    """Gives concepts the activities decided on, and pinned resources something to teach."""
    settled = {**teachers, **{concept: activity for concept, activity in decided.items() if concept in teachers}}
    by_pin = list_pinned_teachers(problem)
    if problem.pinned.issubset(settled.values()) and all(settled.get(each) in by_pin[each] for each in by_pin):
        return settled
    return {**settled, **(share_pinned(problem) or {})}


def _drop_superfluous(aim: Aim, teachers: Teachers, locked: Collection[int]) -> dict[int, int]:
    problem = aim.problem
    helpful = _list_helpful(problem, teachers) if aim.penalty_units else ()
    wanted = _want(problem, {*locked, *helpful}, [teachers[concept] for concept in locked])
    region = explore(wanted)
    kept = _trim(wanted, region, teachers)
    rest = {
        concept: teachers[concept]
        if concept in locked or teachers[concept] in kept.activities
        else next(each for each in problem.graph.teachers[concept] if each in kept.activities)
        for concept in sorted(kept.concepts)
    }
    return _settle(problem, rest, {})


def _trim(problem: PlanningProblem, region: Region, teachers: Teachers) -> Selection:
    concepts = {concept for concept in teachers if concept in region.ways}
    return trim(problem, region, Selection(concepts, {teachers[concept] for concept in concepts}))


def _list_helpful(problem: PlanningProblem, teachers: Teachers) -> set[int]:
    """Returns the concepts of a cover that are soft prerequisites of others."""
    graph = problem.graph
    return {concept for concept in teachers if any(after in teachers for after in graph.soft_dependents[concept])}
