"""Spelling out a draft: its concepts in order, as steps with minutes, costs and reasons."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence

from planner.constraints import Constraints
from planner.demands.drafts import Draft
from planner.graph import PlanningGraph
from planner.plan import PlanStep, StepKind
from planner.problem import PlanningProblem, find_pinned
from planner.reasons import Explainer


def list_steps(
    draft: Draft,
    order: Sequence[int],
    served: Mapping[int, int],
    mastery: Mapping[str, float],
    *,
    asked: Collection[int],
    pinned: Collection[int] = (),
    late: Mapping[int, int] | None = None,
) -> tuple[PlanStep, ...]:
    """Lists the steps of a plan.

    Args:
        draft: What it consists of.
        order: Its concepts, in order.
        served: By concept, bits of the goals it serves, see `planner.sequence.order.trace_goals`.
        mastery: Probability of mastery by concept id, in [0, 1].
        asked: Goals that were asked for; the problem's others are there for pins.
        pinned: Pinned concepts.
        late: By goal that misses its deadline, the minutes after which it is reached.
    """
    problem, graph, teachers = draft.problem, draft.problem.graph, draft.teachers
    lessons = group_by_activity(teachers)
    minutes = share_out(graph, lessons, problem.count_minutes)
    costs = share_out(graph, lessons, problem.count_cost)
    explainer = Explainer(
        problem=problem,
        region=draft.region,
        teachers=teachers,
        lessons=lessons,
        served=served,
        asked=frozenset(asked),
        pinned=frozenset(pinned),
        extra=draft.extra,
        late=late or {},
    )
    return tuple(
        PlanStep(
            concept=graph.concepts[concept].id,
            title=graph.concepts[concept].title,
            activity=graph.activities[teachers[concept]].id,
            kind=StepKind.REFRESH if concept in problem.faded else StepKind.LEARN,
            minutes=minutes[concept],
            cost_units=costs[concept],
            reasons=explainer.explain(concept),
            mastery=mastery.get(graph.concepts[concept].id, 0.0),
        )
        for concept in order
    )


def group_by_activity(teachers: Mapping[int, int]) -> dict[int, set[int]]:
    """Returns the concepts of a plan by the activity that teaches them."""
    lessons: defaultdict[int, set[int]] = defaultdict(set)
    for concept, activity in teachers.items():
        lessons[activity].add(concept)
    return dict(lessons)


def share_out(
    graph: PlanningGraph, lessons: Mapping[int, Collection[int]], count: Callable[[int], int]
) -> dict[int, int]:
    """Splits an amount of each activity over what it teaches, by its sections.

    Args:
        graph: The curriculum.
        lessons: Concepts of the plan by activity.
        count: The amount of an activity as a whole, >= 0.

    Returns:
        Shares by concept.
    """
    shares: dict[int, int] = {}
    for activity, taught in lessons.items():
        sections = graph.activities[activity].sections
        shares |= split(count(activity), {concept: sections[concept] for concept in sorted(taught)})
    return shares


def find_relied_on(problem: PlanningProblem, concepts: Collection[int], constraints: Constraints) -> set[int]:
    """Finds the mastered goals, prerequisites and group members of a plan's concepts, and what constraints rest on.

    A pinned resource need not be done for what is mastered, and no penalty is paid for it.
    """
    graph = problem.graph
    found = {*problem.goals, *find_required(graph, concepts)}
    if constraints.soft_penalty_units:
        found.update(before for concept in concepts for before in graph.soft_prerequisites[concept])
    for resource in find_pinned(graph, constraints)[1]:
        found.update(graph.activities[resource].sections)
    return found & problem.mastered


def find_required(graph: PlanningGraph, concepts: Collection[int]) -> set[int]:
    """Finds the hard prerequisites and group members of concepts."""
    found: set[int] = set()
    for concept in concepts:
        found.update(graph.prerequisites[concept])
        for group in graph.groups_of[concept]:
            found.update(graph.groups[group].members)
    return found


def split(total: int, parts: Mapping[int, int]) -> dict[int, int]:
    """Splits a whole in proportion to its parts by largest remainder, ties by order.

    Args:
        total: >= 0.
        parts: Weights by name, > 0, at least one.

    Returns:
        Shares by name, >= 0, that sum to `total`.
    """
    whole = sum(parts.values())
    shares = {name: total * part // whole for name, part in parts.items()}
    left = total - sum(shares.values())
    for name in sorted(parts, key=lambda name: -(total * parts[name] % whole))[:left]:
        shares[name] += 1
    return shares
