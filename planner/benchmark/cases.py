"""Learners with what the engine and the baselines find for them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from planner.benchmark.measures import find_faults, time_call
from planner.benchmark.subjects import (
    EnginePlan,
    Learner,
    bound_by_engine,
    complete_paths,
    pack,
    plan_by_engine,
    plan_for_many,
    solve,
)
from planner.engine.compilation import run_plain
from planner.graph import PlanningGraph
from planner.paths import PathPlan, plan_by_paths
from planner.problem import PlanningProblem, PlanSettings, pose_problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A learner with what the engine finds.

    Attributes:
        learner: Mastery and goals.
        problem: The same, posed.
        plan: The engine's.
        bound_units: The engine's.
    """

    learner: Learner
    problem: PlanningProblem
    plan: EnginePlan
    bound_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rivals:
    """What the baselines find for the first cases; all sequences are as long.

    Attributes:
        paths: Plans by paths.
        completed: What these cost, completed, in units of 0.0001.
        least: The least cost known.
        proven: What is proven that no plan undercuts; the same where the optimum is known.
        paths_ms: Time of each plan by paths.
        exact_ms: Time of each search by the exact solver.
    """

    paths: Sequence[PathPlan]
    completed: Sequence[int]
    least: Sequence[int]
    proven: Sequence[int]
    paths_ms: Sequence[float]
    exact_ms: Sequence[float]


def open_case(graph: PlanningGraph, learner: Learner) -> Case:
    """Has the engine plan for a learner."""
    mastery, goals = learner
    problem = pose_problem(graph, goals, mastery, PlanSettings())
    plan = plan_by_engine(problem)
    return Case(learner=learner, problem=problem, plan=plan, bound_units=bound_by_engine(problem, plan))


def ask_rivals(cases: Sequence[Case]) -> Rivals:
    """Has the baselines plan for the same learners."""
    paths = [_plan_by_paths(case) for case in cases]
    optima: list[tuple[int, int]] = []

    def search(case: Case) -> None:
        optima.append(solve(case.problem, case.plan))

    exact_ms = time_cases(cases, search, runs=1)
    return Rivals(
        paths=paths,
        completed=[complete_paths(case.problem, plan) for case, plan in zip(cases, paths, strict=True)],
        least=[least for least, _ in optima],
        proven=[proven for _, proven in optima],
        paths_ms=time_cases(cases, _plan_by_paths, runs=3),
        exact_ms=exact_ms,
    )


def time_cases(cases: Sequence[Case], call: Callable[[Case], object], *, runs: int = 5) -> list[float]:
    """Returns the milliseconds that a call takes for each case, the median of several runs."""
    return [time_call(partial(call, case), runs=runs) for case in cases]


def _plan_by_paths(case: Case) -> PathPlan:
    mastery, goals = case.learner
    return plan_by_paths(case.problem.graph, goals, mastery)


def check_cases(cases: Sequence[Case], rivals: Rivals) -> Iterator[str]:
    """Yields what the engine got wrong: in a plan, in a bound, or against what others prove."""
    for case in cases:
        yield from find_case_faults(case)
    for case, least, proven in zip(cases, rivals.least, rivals.proven, strict=False):
        if case.bound_units > least:
            yield f"the bound {case.bound_units} is above a plan's cost {least}"
        if case.plan.cost_units < proven:
            yield f"the plan costs {case.plan.cost_units}, and no plan less than {proven}"


def find_case_faults(case: Case) -> Iterator[str]:
    """Yields what is wrong with a plan and its bound by themselves."""
    plan = case.plan
    yield from find_faults(case.problem, plan.order, plan.teachers, plan.cost_units)
    if case.bound_units > plan.cost_units:
        yield f"the bound {case.bound_units} is above the plan's cost {plan.cost_units}"


def find_differences(cases: Sequence[Case], interpreted: int) -> Iterator[str]:
    """Yields where plans made together differ from plans made one by one, and compiled kernels from interpreted ones.

    Args:
        cases: At least one.
        interpreted: The first so many are planned for in the interpreter, too.
    """
    graph = cases[0].problem.graph
    found = plan_for_many(graph, pack(graph, [case.learner for case in cases]), bounded=True)
    for position, case in enumerate(cases):
        steps = slice(found.start[position], found.start[position + 1])
        together = dict(zip(found.concepts[steps].tolist(), found.activities[steps].tolist(), strict=True))
        plan = case.plan
        if (list(together), together) != (plan.order, plan.teachers) or found.costs[position] != plan.cost_units:
            yield f"learner {position} has another plan among many than alone"
        if found.bounds[position] != case.bound_units:
            yield f"learner {position} has another bound among many than alone"
    for position, case in enumerate(cases[:interpreted]):
        with run_plain():
            plain = plan_by_engine(case.problem)
        if plain != case.plan:
            yield f"learner {position} has another plan where kernels are not compiled"
