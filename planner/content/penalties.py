"""Soft prerequisites that cost something to skip: which of them are worth learning."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from planner.content.closure import Region, count_missing, explore
from planner.content.cover import find_cover
from planner.plan import SkippedPrerequisite
from planner.problem import PlanningProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftChoice:
    """What is to be learned for soft prerequisites' sake.

    Attributes:
        extra: Concepts to learn besides, closed over their hard prerequisites.
        least_units: No plan costs less, penalties included, in units of 0.0001; None: only `unavoidable_units` is
            known, on top of what activities cost at least.
        unavoidable_units: Penalties that every plan pays.
    """

    extra: frozenset[int]
    least_units: int | None
    unavoidable_units: int


def weigh_soft_prerequisites(problem: PlanningProblem, region: Region, penalty_units: int) -> SoftChoice:
    """Chooses what to learn besides, so that activities and penalties together cost little.

    Let y_v be 1 for learned concepts v, c_v their costs. Where there are no groups and each concept has one activity
    that teaches it alone, the sum of c_v y_v and of p_e over soft prerequisites e = (u, v) with y_v = 1 and y_u = 0,
    under y_v <= y_w for hard prerequisites w of v, is the capacity of a cut: the choice is exact (project selection:
    Picard 1976). Otherwise what a plan without penalties learns is taken for given, all else at the cost of its
    cheapest activity, with the cheapest members for its groups; the answer is kept only if the plan with it costs
    less.

    Args:
        problem: The problem.
        region: Its region.
        penalty_units: What skipping a soft prerequisite of strength 1 costs, > 0.

    Complexity is that of a maximum flow over the concepts before the goals, by soft prerequisites too.
    """
    forced = region.forced
    unavoidable = sum(
        penalty for before, _, penalty in _list_edges(problem, forced, penalty_units) if not _may_learn(problem, before)
    )
    wide = replace(problem, goals=tuple(sorted(_find_helpful(problem, region))))
    reach = explore(wide)
    if _is_plain(wide, reach):
        extra, least = _cut(wide, reach, forced, {}, penalty_units)
        return SoftChoice(extra=extra, least_units=least, unavoidable_units=unavoidable)
    learned = find_cover(problem, region).teachers
    given = dict.fromkeys(learned, 0)
    extra, _ = _cut(wide, reach, learned.keys(), given, penalty_units)
    if extra and _price(problem, extra, penalty_units) >= _price(problem, frozenset(), penalty_units):
        extra = frozenset()
    return SoftChoice(extra=extra, least_units=None, unavoidable_units=unavoidable)


def learn_besides(problem: PlanningProblem, extra: Collection[int]) -> PlanningProblem:
    """Returns the problem with further concepts among its goals."""
    return replace(problem, goals=tuple(sorted({*problem.goals, *extra})))


def list_skipped(
    problem: PlanningProblem, learned: Collection[int], penalty_units: int
) -> tuple[SkippedPrerequisite, ...]:
    """Lists the soft prerequisites that a plan skips.

    Args:
        problem: The problem.
        learned: Concepts that the plan learns.
        penalty_units: What skipping one of strength 1 costs, >= 0; 0: none is listed.
    """
    if not penalty_units:
        return ()
    concepts = problem.graph.concepts
    return tuple(
        SkippedPrerequisite(before=concepts[before].id, after=concepts[after].id, penalty_units=penalty)
        for before, after, penalty in _list_edges(problem, learned, penalty_units)
        if before not in learned
    )


def _list_edges(
    problem: PlanningProblem, learned: Collection[int], penalty_units: int
) -> Iterable[tuple[int, int, int]]:
    """Lists soft prerequisites of learned concepts as (before, after, penalty); mastered ones are none."""
    graph = problem.graph
    for after in sorted(learned):
        for before in graph.soft_prerequisites[after]:
            if before not in problem.mastered:
                yield before, after, max(1, round(graph.strengths[before, after] * penalty_units))


def _may_learn(problem: PlanningProblem, concept: int) -> bool:
    return concept in explore(replace(problem, goals=(concept,))).ways


def _find_helpful(problem: PlanningProblem, region: Region) -> set[int]:
    """Finds what can be learned before the goals, by whatever prerequisite."""
    graph = problem.graph
    found: set[int] = set()
    waiting = list(region.ways)
    while waiting:
        concept = waiting.pop()
        if concept in found or concept in problem.mastered:
            continue
        found.add(concept)
        waiting.extend((*graph.prerequisites[concept], *graph.soft_prerequisites[concept]))
        for group in graph.groups_of[concept]:
            waiting.extend(graph.groups[group].members)
    return found


def _is_plain(problem: PlanningProblem, region: Region) -> bool:
    """Says whether there are neither groups nor alternatives, nor activities that teach several concepts."""
    graph = problem.graph
    return all(
        len(graph.teachers[concept]) == 1
        and len(graph.activities[graph.teachers[concept][0]].sections) == 1
        and all(count_missing(graph, group, problem.mastered) <= 0 for group in graph.groups_of[concept])
        for concept in region.ways
    )


def _cut(
    problem: PlanningProblem,
    region: Region,
    wanted: Collection[int],
    given: Mapping[int, int],
    penalty_units: int,
) -> tuple[frozenset[int], int]:
    """Finds the cheapest set of concepts around those wanted, by a minimum cut.

    Args:
        problem: The problem, whose region holds everything that may be learned.
        region: Its region.
        wanted: Concepts on the side of the source.
        given: Costs by concept that replace those of the cheapest activities.
        penalty_units: What skipping a soft prerequisite of strength 1 costs.

    Returns:
        The concepts besides those wanted, as few as can be, and the capacity of the cut.
    """
    # slow to load, and needed for penalties only
    from ortools.graph.python.max_flow import SimpleMaxFlow  # noqa: PLC0415

    costs = {concept: given.get(concept, problem.count_cost(way)) for concept, way in region.ways.items()}
    node = {concept: position for position, concept in enumerate(sorted(costs), start=2)}
    edges = list(_list_edges(problem, node.keys(), penalty_units))
    unlimited = sum(costs.values()) + sum(penalty for _, _, penalty in edges) + 1
    flow = SimpleMaxFlow()
    for concept, position in node.items():
        flow.add_arc_with_capacity(position, 1, costs[concept])
        for before in _list_required(problem, concept, costs):
            flow.add_arc_with_capacity(position, node[before], unlimited)
    for before, after, penalty in edges:
        # one that cannot be learned is on the side of the sink
        flow.add_arc_with_capacity(node[after], node.get(before, 1), penalty)
    for concept in sorted(wanted):
        flow.add_arc_with_capacity(0, node[concept], unlimited)
    flow.solve(0, 1)
    side = set(flow.get_source_side_min_cut())
    learned = frozenset(concept for concept, position in node.items() if position in side)
    return learned.difference(wanted), flow.optimal_flow()


def _list_required(problem: PlanningProblem, concept: int, costs: Mapping[int, int]) -> set[int]:
    """Lists what comes before a concept that can be learned, with the cheapest members of its groups."""
    graph = problem.graph
    required = set(graph.prerequisites[concept]) - problem.mastered
    for group in graph.groups_of[concept]:
        missing = max(0, count_missing(graph, group, problem.mastered))
        members = (member for member in graph.groups[group].members if member in costs)
        required.update(sorted(members, key=lambda member: (costs[member], member))[:missing])
    return required


def _price(problem: PlanningProblem, extra: frozenset[int], penalty_units: int) -> int:
    wider = learn_besides(problem, extra)
    cover = find_cover(wider, explore(wider))
    skipped = list_skipped(problem, cover.teachers, penalty_units)
    return cover.cost_units + sum(edge.penalty_units for edge in skipped)
