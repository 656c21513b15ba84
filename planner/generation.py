"""Making a plan: from ids and probabilities to ordered steps with reasons and a certificate."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from planner.certification import certify
from planner.closure import Region, explore, find_missing
from planner.cover import Cover, find_cover, never
from planner.graph import PlanningGraph
from planner.order import arrange, trace_goals
from planner.plan import Plan, PlanStep, StepKind, UnreachableGoal
from planner.problem import PlanningProblem, PlanSettings, pose_problem
from planner.reasons import Explainer, list_in_words


def generate_plan(
    graph: PlanningGraph,
    goals: Collection[str],
    mastery: Mapping[str, float],
    settings: PlanSettings | None = None,
    stop: Callable[[], bool] = never,
) -> Plan:
    """Plans how to reach goals at a low cost, and proves how low. A function of its arguments, in whatever order.

    Args:
        graph: The curriculum.
        goals: Ids of concepts, from 1 to 500, distinct. Those that cannot be reached are named in the plan.
        mastery: Probability of mastery by concept id, in [0, 1]; a concept that is absent is to be learned.
        settings: Thresholds; None: the usual ones.
        stop: Polled between choices; True: the rest is chosen quickly and the plan marked `cut_short`. A plan that
            has no choices is never cut short.

    Raises:
        InvalidInputError: There are no goals or too many, or some are unknown or repeated.
    """
    settings = settings or PlanSettings()
    problem = pose_problem(graph, goals, mastery, settings)
    region = explore(problem)
    cover = find_cover(problem, region, stop)
    steps = _list_steps(problem, region, cover)
    return Plan(
        goals=graph.name(problem.goals),
        mastered=graph.name(_find_relied_on(problem, cover.teachers)),
        steps=steps,
        certificate=certify(problem, region, cover),
        unreachable=tuple(_list_unreachable(problem, region)),
        minutes=sum(step.minutes for step in steps),
        cut_short=cover.cut_short,
        mastery_threshold=settings.mastery_threshold,
        refresh_threshold=settings.refresh_threshold,
    )


def _list_steps(problem: PlanningProblem, region: Region, cover: Cover) -> tuple[PlanStep, ...]:
    graph, teachers = problem.graph, cover.teachers
    lessons: defaultdict[int, set[int]] = defaultdict(set)
    for concept, activity in teachers.items():
        lessons[activity].add(concept)
    minutes: dict[int, int] = {}
    costs: dict[int, int] = {}
    for activity, taught in lessons.items():
        parts = {concept: graph.activities[activity].sections[concept] for concept in sorted(taught)}
        minutes |= split(problem.count_minutes(activity), parts)
        costs |= split(problem.count_cost(activity), parts)
    served = trace_goals(graph, teachers, problem.goals)
    explainer = Explainer(problem=problem, region=region, teachers=teachers, lessons=lessons, served=served)
    return tuple(
        PlanStep(
            concept=graph.concepts[concept].id,
            title=graph.concepts[concept].title,
            activity=graph.activities[teachers[concept]].id,
            kind=StepKind.REFRESH if concept in problem.faded else StepKind.LEARN,
            minutes=minutes[concept],
            cost_units=costs[concept],
            reasons=explainer.explain(concept),
        )
        for concept in arrange(graph, teachers, served)
    )


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


def _find_relied_on(problem: PlanningProblem, concepts: Iterable[int]) -> set[int]:
    """Finds the mastered goals, prerequisites and group members of a plan's concepts."""
    graph = problem.graph
    found = set(problem.goals)
    for concept in concepts:
        found.update(graph.prerequisites[concept])
        for group in graph.groups_of[concept]:
            found.update(graph.groups[group].members)
    return found & problem.mastered


def _list_unreachable(problem: PlanningProblem, region: Region) -> Iterable[UnreachableGoal]:
    concepts = problem.graph.concepts
    for goal in problem.goals:
        if goal not in region.ways and goal not in problem.mastered:
            missing = sorted(find_missing(problem, region, goal))
            text = f"{concepts[goal].title} cannot be reached: nothing teaches {_list_titles(problem, missing)}."
            yield UnreachableGoal(concept=concepts[goal].id, missing=problem.graph.name(missing), text=text)


def _list_titles(problem: PlanningProblem, concepts: Sequence[int]) -> str:
    return list_in_words([problem.graph.concepts[concept].title for concept in concepts])
