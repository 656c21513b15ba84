"""What is to be planned: goals, what the learner knows, and what activities cost that learner."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from kg.errors import FieldViolation, InvalidInputError, refuse
from planner.constraints import UNCONSTRAINED, Constraints, check_constraints
from planner.costs import BY_MINUTES, CostModel, check_cost_model, count_minutes, in_steps, price_activities
from planner.costs import UNITS_PER_MINUTE as UNITS_PER_MINUTE  # noqa: PLC0414
from planner.engine.arrays import Ints, ProblemArrays, flag, to_ints
from planner.graph import PlanningGraph
from planner.plan import PlanOrder

MOST_GOALS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSettings:
    """How to plan. Probabilities are compared in steps of 0.0001.

    Attributes:
        mastery_threshold: Mastery from which on a concept counts as mastered, in (0, 1].
        refresh_threshold: Mastery from which on it needs refreshing only, in (0, mastery_threshold].
        cost_model: How activities are priced.
        order: How steps are ordered.
        escalate_above: Ratio of cost to lower bound above which an exact solver is asked, >= 1; infinity: never.

    Raises:
        InvalidInputError: A value is out of its range.
    """

    mastery_threshold: float = 0.8
    refresh_threshold: float = 0.5
    cost_model: CostModel = BY_MINUTES
    order: PlanOrder = PlanOrder.FOCUSED
    escalate_above: float = 1.05

    def __post_init__(self) -> None:
        if not 0 < self.mastery_threshold <= 1:
            raise refuse("mastery_threshold", "must be above 0 and at most 1")
        if not 0 < self.refresh_threshold <= self.mastery_threshold:
            raise refuse("refresh_threshold", "must be above 0 and at most the mastery threshold")
        if not self.escalate_above >= 1:
            raise refuse("escalate_above", "must be at least 1")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanningProblem:
    """An instance of planning; concepts and activities are positions in `graph`.

    Attributes:
        graph: The curriculum.
        goals: In ascending order, distinct; what pins ask for is among them.
        mastered: Concepts that count as mastered; they satisfy their dependents whatever they require themselves.
        faded: Concepts of middling mastery, whose own study is a refresher.
        minutes: By activity, the minutes that it takes this learner, >= 1; a resource is done as a whole.
        costs: By activity, what it costs this learner, in units of 0.0001, > 0.
        barred: Concepts that are not to be learned.
        unavailable: Activities not to be used.
        pinned: Activities that are to be done; each concept they teach is mastered or among the goals.
        orders: (before, after): where a plan learns both, in this order.
    """

    graph: PlanningGraph
    goals: tuple[int, ...]
    mastered: frozenset[int]
    faded: frozenset[int]
    minutes: Ints
    costs: Ints
    barred: frozenset[int] = frozenset()
    unavailable: frozenset[int] = frozenset()
    pinned: frozenset[int] = frozenset()
    orders: tuple[tuple[int, int], ...] = ()

    def count_minutes(self, activity: int) -> int:
        """Returns the minutes that an activity takes this learner, >= 1; a resource is done as a whole."""
        return int(self.minutes[activity])

    def count_cost(self, activity: int) -> int:
        """Returns what an activity costs this learner, in units of 0.0001, > 0."""
        return int(self.costs[activity])

    def to_arrays(self) -> ProblemArrays:
        """Returns the form in which kernels read it, in time linear in the size of the graph."""
        concepts, activities = len(self.graph.concepts), len(self.graph.activities)
        return ProblemArrays(
            goals=to_ints(self.goals),
            mastered=flag(self.mastered, concepts),
            costs=self.costs,
            barred=flag(self.barred, concepts),
            unavailable=flag(self.unavailable, activities),
            pinned=flag(self.pinned, activities),
        )


def pose_problem(
    graph: PlanningGraph,
    goals: Collection[str],
    mastery: Mapping[str, float],
    settings: PlanSettings,
    constraints: Constraints = UNCONSTRAINED,
) -> PlanningProblem:
    """Turns ids, probabilities and constraints into a problem.

    What a pin asks for becomes a goal beside the others: a pinned concept, one to refresh where it is mastered, and
    each concept of a pinned resource that is not mastered. A pinned resource all of whose concepts are mastered asks
    for nothing. Deadlines, the budget, sessions and penalties are no part of the problem.

    Args:
        graph: The curriculum.
        goals: Ids of concepts, from 1 to 500, distinct.
        mastery: Probability of mastery by concept id, in [0, 1]; a concept that is absent is to be learned, and one
            that the curriculum does not have is ignored.
        settings: Thresholds and the cost model.
        constraints: Pins, vetoes and orders count.

    Raises:
        InvalidInputError: There are no goals or too many, or some are unknown or repeated; or the constraints or the
            cost model are not sensible.
    """
    check_goals(graph, goals)
    check_constraints(graph, goals, constraints)
    check_cost_model(graph, settings.cost_model)
    return build_problem(graph, goals, mastery, settings, constraints)


def build_problem(
    graph: PlanningGraph,
    goals: Collection[str],
    mastery: Mapping[str, float],
    settings: PlanSettings,
    constraints: Constraints,
) -> PlanningProblem:
    """Does what `pose_problem` does for input that is known to be sensible; there may be no goals."""
    mastered, faded = sort_by_mastery(graph, mastery, settings)
    wanted = frozenset(graph.number[goal] for goal in goals)
    return hold_to(
        graph,
        constraints,
        goals=wanted,
        mastered=mastered,
        faded=faded,
        mastery=mastery,
        cost_model=settings.cost_model,
    )


def hold_to(
    graph: PlanningGraph,
    constraints: Constraints,
    *,
    goals: frozenset[int],
    mastered: frozenset[int],
    faded: frozenset[int],
    mastery: Mapping[str, float],
    cost_model: CostModel,
) -> PlanningProblem:
    """Builds a problem of goals, mastered and faded concepts under constraints.

    What constraints name and the curriculum does not have is passed over.
    """
    learned, resources = find_pinned(graph, constraints)
    faded |= learned & mastered
    mastered -= learned
    pinned = {each for each in resources if not mastered.issuperset(graph.activities[each].sections)}
    wanted = goals | learned
    for resource in pinned:
        wanted |= graph.activities[resource].sections.keys() - mastered
    barred, unavailable = find_vetoed(graph, constraints)
    orders = {(graph.number.get(before), graph.number.get(after)) for before, after in constraints.orders}
    return PlanningProblem(
        graph=graph,
        goals=tuple(sorted(wanted)),
        mastered=mastered,
        faded=faded,
        minutes=count_minutes(graph, faded),
        costs=price_activities(graph, faded, mastery, cost_model, mastered=mastered),
        barred=barred,
        unavailable=unavailable,
        pinned=frozenset(pinned),
        orders=tuple(sorted((first, then) for first, then in orders if first is not None and then is not None)),
    )


def find_pinned(graph: PlanningGraph, constraints: Constraints) -> tuple[frozenset[int], frozenset[int]]:
    """Returns the pinned concepts and the pinned resources; those that the curriculum does not have are left out."""
    return _find_subjects(graph, constraints.pinned)


def find_vetoed(graph: PlanningGraph, constraints: Constraints) -> tuple[frozenset[int], frozenset[int]]:
    """Returns the vetoed concepts and the vetoed resources; those that the curriculum does not have are left out."""
    return _find_subjects(graph, constraints.vetoed)


def _find_subjects(graph: PlanningGraph, subjects: Collection[str]) -> tuple[frozenset[int], frozenset[int]]:
    concepts, resources = set(), set()
    for subject in subjects:
        kind, _, name = subject.partition("/")
        if kind == "concepts" and name in graph.number:
            concepts.add(graph.number[name])
        elif kind == "resources" and subject in graph.activity_number:
            resources.add(graph.activity_number[subject])
    return frozenset(concepts), frozenset(resources)


def check_goals(graph: PlanningGraph, goals: Collection[str]) -> None:
    """Refuses goals that cannot be planned for, each with its position.

    Raises:
        InvalidInputError: There are no goals or too many, or some are unknown or repeated.
    """
    if not 1 <= len(goals) <= MOST_GOALS:
        raise refuse("goals", f"must have 1 to {MOST_GOALS} entries, not {len(goals)}")
    violations = []
    seen: dict[str, int] = {}
    for position, goal in enumerate(goals):
        if goal not in graph.number:
            violations.append(FieldViolation(f"goals[{position}]", "must be the id of a concept of the curriculum"))
        elif goal in seen:
            violations.append(FieldViolation(f"goals[{position}]", f"must not repeat goals[{seen[goal]}]"))
        seen.setdefault(goal, position)
    if violations:
        raise InvalidInputError(*violations)


def sort_by_mastery(
    graph: PlanningGraph, mastery: Mapping[str, float], settings: PlanSettings
) -> tuple[frozenset[int], frozenset[int]]:
    """Returns the mastered and the faded concepts."""
    high, low = in_steps(settings.mastery_threshold), in_steps(settings.refresh_threshold)
    mastered, faded = set(), set()
    for concept, probability in mastery.items():
        position = graph.number.get(concept)
        if position is None:
            continue
        steps = in_steps(probability)
        if steps >= high:
            mastered.add(position)
        elif steps >= low:
            faded.add(position)
    return frozenset(mastered), frozenset(faded)
