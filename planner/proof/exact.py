"""The exact optimum, by OR-Tools' CP-SAT; slow to import and needed only where cheaper bounds leave a gap."""

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from math import ceil, inf, ulp
from typing import Final

from ortools.sat.python import cp_model, cp_model_helper

from planner.content.closure import Region, explore
from planner.content.cover import Cover, find_cover, never
from planner.content.pins import assign_pinned
from planner.content.trimming import Selection, trim
from planner.engine.arrays import to_ints
from planner.graph import PlanningGraph
from planner.problem import PlanningProblem, PlanSettings, pose_problem
from planner.proof.exact_model import NO_OMISSIONS, ExactModel, Omissions

_POLL_SECONDS: Final = 0.005
"""How often it is asked whether a search is to stop."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SolvedProblem:
    """What a search found.

    Attributes:
        cover: The best, the hint where nothing is better; None: there is no hint and nothing was found.
        total_units: Cost of its activities and price of what it omits, in units of 0.0001; 0 without a cover.
        bound_units: No cover has a smaller total; in the same units.
        proven: The cover has the smallest total there is.
        interrupted: `stop` ended the search, so that another run may find something else.
    """

    cover: Cover | None
    total_units: int
    bound_units: int
    proven: bool
    interrupted: bool


def solve_problem(
    problem: PlanningProblem,
    region: Region,
    hint: Cover | None,
    *,
    deterministic_time: float = inf,
    seconds: float = inf,
    stop: Callable[[], bool] = never,
    omissions: Omissions = NO_OMISSIONS,
    most_minutes: int | None = None,
    keep_orders: bool = False,
) -> SolvedProblem:
    """Finds the cheapest cover of a region's forced concepts and unmet groups.

    One worker, a fixed seed and deterministic time: the answer is a function of the arguments, unless `stop` or
    `seconds` ends the search.

    Args:
        problem: The problem; what is unavailable is not used, what is pinned is done.
        region: Its region; `ways` may hold more than is needed for what is forced.
        hint: A cover to start from; it keeps to all that is asked for here.
        deterministic_time: For the search, > 0, in CP-SAT's units, which are about seconds.
        seconds: For the search, > 0, by the clock.
        stop: Polled a few times in a hundredth of a second, by the thread that called; True ends the search.
        omissions: What may be left out, at a price.
        most_minutes: That all activities together may take. None: no limit.
        keep_orders: The problem's orders hold too.

    Complexity is exponential at worst; building the model is linear in the size of the region.
    """
    stated = ExactModel(problem, region, omissions)
    if most_minutes is not None:
        stated.limit_minutes(most_minutes)
    if keep_orders:
        stated.keep_orders()
    if hint is not None:
        stated.hint(hint)
    solver = _make_solver(deterministic_time, seconds)
    status, stopped = _search(solver, stated.model, stop)
    solved = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    proven = status == cp_model.OPTIMAL
    cover, total = hint, 0 if hint is None else _add_up(problem, hint, omissions)
    if solved:
        found = _to_cover(problem, region, omissions, *stated.read(solver))
        if cover is None or _add_up(problem, found, omissions) < total:
            cover, total = found, _add_up(problem, found, omissions)
    bound = stated.least_units
    if solved:
        bound = max(bound, stated.fixed_units + _round_up(solver.best_objective_bound) * stated.step)
    return SolvedProblem(
        cover=cover,
        total_units=total,
        bound_units=total if proven else bound,
        proven=proven,
        interrupted=stopped and not proven,
    )


def _make_solver(deterministic_time: float, seconds: float) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.max_deterministic_time = deterministic_time
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    # Without it one worker has no linear relaxation of the implications, and bounds of covers stay at 0.
    solver.parameters.linearization_level = 2
    solver.parameters.catch_sigint_signal = False  # that is for the process to handle
    return solver


def _search(
    solver: cp_model.CpSolver, model: cp_model.CpModel, stop: Callable[[], bool]
) -> tuple[cp_model_helper.CpSolverStatus, bool]:
    """Runs a search, and says how it ended and whether it was told to stop.

    CP-SAT calls back only when it has found something, which may be never; so it runs in a thread of its own while
    this one polls.
    """
    if stop is never:
        return solver.solve(model), False
    stopped = False
    with ThreadPoolExecutor(max_workers=1) as pool:
        search = pool.submit(solver.solve, model)
        while not wait([search], timeout=_POLL_SECONDS).done:
            if stopped or stop():
                stopped = True
                solver.stop_search()
        return search.result(), stopped


def _round_up(bound: float) -> int:
    """Returns the least integer that is not below a bound reckoned in floating point, to within its error."""
    return ceil(bound - max(1e-6, 8 * ulp(bound)))


def _add_up(problem: PlanningProblem, cover: Cover, omissions: Omissions) -> int:
    return cover.cost_units + omissions.price(problem, cover.teachers.keys())


def _to_cover(
    problem: PlanningProblem, region: Region, omissions: Omissions, learned: set[int], done: set[int]
) -> Cover:
    """Makes a cover of a solution, without what it learns and does for nothing."""
    selection = Selection(learned, done)
    while True:
        wanted = {concept for concept in omissions.concepts if concept in selection.concepts}
        wanted.update(before for before, after in omissions.helpers if {before, after} <= selection.concepts)
        trimmed = trim(problem, force(region, wanted), selection)
        if trimmed.concepts == selection.concepts:
            return assign(problem, trimmed)
        selection = trimmed


def force(region: Region, concepts: Iterable[int]) -> Region:
    """Returns a region in which further concepts count as forced, whatever they require."""
    forced = region.arrays.forced.copy()
    forced[to_ints(concepts)] = 1
    return Region(arrays=region.arrays._replace(forced=forced))


def assign(problem: PlanningProblem, selection: Selection) -> Cover:
    """Gives each concept the first of the activities that teach it, pinned ones before others.

    Each pinned resource gets something to teach, see `planner.content.pins`.
    """
    teachers: dict[int, int] = {}
    for concept in sorted(selection.concepts):
        able = [each for each in problem.graph.teachers[concept] if each in selection.activities]
        teachers[concept] = min(able, key=lambda activity: (activity not in problem.pinned, activity))
    cost = sum(map(problem.count_cost, set(teachers.values())))
    return assign_pinned(problem, Cover(teachers=teachers, cost_units=cost, cut_short=False))


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
        settings: Thresholds and costs; None: the usual ones.
        seconds: For the search, > 0. What is found by then is returned, at worst the greedy's cover.

    Raises:
        InvalidInputError: There are no goals or too many, or some are unknown or repeated.
    """
    problem = pose_problem(graph, goals, mastery, settings or PlanSettings())
    region = explore(problem)
    hint = find_cover(problem, region)
    solved = solve_problem(problem, region, hint, seconds=seconds)
    teachers = (solved.cover or hint).teachers
    return ExactSolution(
        cost_units=solved.total_units,
        concepts=graph.name(teachers),
        activities=tuple(graph.activities[activity].id for activity in sorted(set(teachers.values()))),
        proven=solved.proven,
    )
