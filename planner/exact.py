"""The exact optimum, by OR-Tools' CP-SAT; slow to import and not needed for planning."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ortools.sat.python import cp_model

from planner.closure import Region, count_missing, explore
from planner.cover import find_cover
from planner.graph import PlanningGraph
from planner.problem import PlanningProblem, PlanSettings, pose_problem


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactSolution:
    """The best found.

    Attributes:
        cost_units: In units of 0.0001.
        concepts: Ids of the concepts to learn, in ascending order.
        activities: Ids of the activities, in ascending order.
        proven: Nothing costs less.
    """

    cost_units: int
    concepts: tuple[str, ...]
    activities: tuple[str, ...]
    proven: bool


@dataclass(frozen=True, slots=True)
class _Model:
    """A CP-SAT model with its variables.

    Attributes:
        model: The model.
        learned: By concept that can be reached: it is learned.
        done: By activity that teaches one: it is done.
    """

    model: cp_model.CpModel
    learned: Mapping[int, cp_model.IntVar]
    done: Mapping[int, cp_model.IntVar]


def solve_exactly(
    graph: PlanningGraph,
    goals: Collection[str],
    mastery: Mapping[str, float],
    settings: PlanSettings | None = None,
    seconds: float = 10.0,
) -> ExactSolution:
    """Finds the cheapest concepts and activities for all goals that can be reached.

    Args:
        graph: The curriculum.
        goals: As for `generate_plan`.
        mastery: As for `generate_plan`.
        settings: Thresholds; None: the usual ones.
        seconds: For the search, > 0. What is found by then is returned, at worst the greedy's cover.

    Raises:
        InvalidInputError: There are no goals or too many, or some are unknown or repeated.
    """
    problem = pose_problem(graph, goals, mastery, settings or PlanSettings())
    region = explore(problem)
    teachers = find_cover(problem, region).teachers
    concepts, activities = set(teachers), set(teachers.values())
    built = _build_model(problem, region)
    for hinted, variables in ((concepts, built.learned), (activities, built.done)):
        for subject, variable in variables.items():
            built.model.add_hint(variable, subject in hinted)
    solver = _make_solver(seconds)
    status = solver.solve(built.model)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        concepts = {concept for concept, variable in built.learned.items() if solver.boolean_value(variable)}
        activities = {activity for activity, variable in built.done.items() if solver.boolean_value(variable)}
    return ExactSolution(
        cost_units=sum(map(problem.count_cost, activities)),
        concepts=graph.name(concepts),
        activities=tuple(graph.activities[activity].id for activity in sorted(activities)),
        proven=status == cp_model.OPTIMAL,
    )


def _make_solver(seconds: float) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    # Without it one worker has no linear relaxation of the implications, and bounds of covers stay at 0.
    solver.parameters.linearization_level = 2
    return solver


def _build_model(problem: PlanningProblem, region: Region) -> _Model:
    """States the problem: learning implies an activity and what comes before; goals are learned; costs are least."""
    graph = problem.graph
    model = cp_model.CpModel()
    learned = {concept: model.new_bool_var(f"learn {concept}") for concept in region.ways}
    done = {
        activity: model.new_bool_var(f"do {activity}")
        for activity in sorted({each for concept in region.ways for each in graph.teachers[concept]})
    }
    for concept, variable in learned.items():
        model.add_bool_or([done[activity] for activity in graph.teachers[concept]]).only_enforce_if(variable)
        for before in graph.prerequisites[concept]:
            if before in learned:
                model.add_implication(variable, learned[before])
        for group in graph.groups_of[concept]:
            members = [learned[member] for member in graph.groups[group].members if member in learned]
            missing = count_missing(graph, group, problem.mastered)
            if missing > 0:
                model.add(sum(members) >= missing).only_enforce_if(variable)
    for goal in problem.goals:
        if goal in learned:
            model.add(learned[goal] == 1)
    model.minimize(sum(problem.count_cost(activity) * variable for activity, variable in done.items()))
    return _Model(model, learned, done)
