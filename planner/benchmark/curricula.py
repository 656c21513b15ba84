"""Measuring the planner on one curriculum, beside planning by paths and the exact optimum."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from statistics import median

import numpy as np

from planner.benchmark.measures import Spread, find_faults, time_call
from planner.benchmark.report import Figure, Report, Target
from planner.benchmark.subjects import EnginePlan, bound_by_engine, complete_paths, plan_by_engine, solve
from planner.costs import REFRESH_PERCENT, UNITS_PER_MINUTE, count_steps
from planner.engine.arrays import to_ints
from planner.engine.compilation import run_plain
from planner.engine.order import FOCUSED
from planner.engine.solution import Terms, solve_many
from planner.generation import generate_plan
from planner.graph import PlanningGraph
from planner.order import bound_switches, count_switches, measure_goal_time
from planner.paths import PathPlan, plan_by_paths
from planner.plan import PlanOrder
from planner.problem import PlanningProblem, PlanSettings, pose_problem

Learner = tuple[Mapping[str, float], Sequence[str]]
"""Mastery by concept, and goals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What is to be reached on a curriculum; None: no target is set.

    Attributes:
        plan_ms: Median time of a plan with its order.
        busy_ms: The longest such time at 200 goals.
        bound_ms: Median time of a bound.
        plans_per_second: Plans with bound on one core.
        cost: Mean of cost / optimum.
        worst_cost: The largest of these.
    """

    plan_ms: float | None = None
    busy_ms: float | None = None
    bound_ms: float | None = None
    plans_per_second: float | None = None
    cost: float = 1.03
    worst_cost: float = 1.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """How much is measured.

    Attributes:
        compared: The first so many learners are planned for by paths and by the exact solver too.
        interpreted: The first so many are planned for without compiled kernels too.
        served: For the first so many, whole plans with reasons and certificate are made, and early wins ordered.
    """

    compared: int
    interpreted: int
    served: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
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

    @property
    def certificate(self) -> float:
        """Cost / lower bound."""
        return _divide(self.plan.cost_units, self.bound_units)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rivals:
    """What the baselines find for the first cases.

    Attributes:
        paths: Plans by paths.
        completed: What they cost, completed, in units of 0.0001.
        least: The least cost known.
        proven: What is proven that no plan undercuts; the same where the optimum is known.
        paths_ms: Time of each plan by paths, posing included.
        exact_ms: Time of each search.
    """

    paths: Sequence[PathPlan]
    completed: Sequence[int]
    least: Sequence[int]
    proven: Sequence[int]
    paths_ms: Sequence[float]
    exact_ms: Sequence[float]


def measure_curriculum(
    title: str,
    graph: PlanningGraph,
    learners: Sequence[Learner],
    *,
    busy: Sequence[Learner],
    targets: Targets,
    scope: Scope,
) -> Report:
    """Measures everything on one curriculum.

    Args:
        title: Of the report.
        graph: The curriculum.
        learners: Whom to plan for; at least one.
        busy: Learners with many goals, for the longest time; may be empty.
        targets: What is to be reached.
        scope: How much is measured.
    """
    cases = [_plan_for(graph, learner) for learner in learners]
    rivals = _ask_rivals(graph, cases[: scope.compared])
    steps = Spread([len(case.plan.order) for case in cases])
    plain = cases[: scope.interpreted]
    figures = chain(
        _measure_times(cases, [_pose(graph, learner) for learner in busy], rivals, targets),
        _compare_costs(cases, rivals, targets),
        _count_faults(cases, rivals),
        _measure_orders(cases, scope),
        _measure_batch(cases, targets),
        _measure_service(graph, cases[: scope.served]),
        _measure_interpreter(plain),
    )
    return Report(
        title=f"{title}: {len(graph.concepts):,} concepts, {len(cases)} learners, {steps.middle:.0f} steps (median)",
        columns=("engine", "paths", "CP-SAT"),
        figures=list(figures),
        faults=[*_find_faults(cases, rivals), *_find_differences(plain)],
    )


def _pose(graph: PlanningGraph, learner: Learner) -> PlanningProblem:
    mastery, goals = learner
    return pose_problem(graph, goals, mastery, PlanSettings())


def _plan_for(graph: PlanningGraph, learner: Learner) -> _Case:
    problem = _pose(graph, learner)
    plan = plan_by_engine(problem)
    return _Case(learner=learner, problem=problem, plan=plan, bound_units=bound_by_engine(problem, plan))


def _ask_rivals(graph: PlanningGraph, cases: Sequence[_Case]) -> _Rivals:
    paths = [plan_by_paths(graph, case.learner[1], case.learner[0]) for case in cases]
    optima = [solve(case.problem, case.plan) for case in cases]
    return _Rivals(
        paths=paths,
        completed=[complete_paths(case.problem, plan) for case, plan in zip(cases, paths, strict=True)],
        least=[least for least, _ in optima],
        proven=[proven for _, proven in optima],
        paths_ms=_time(cases, lambda case: plan_by_paths(graph, case.learner[1], case.learner[0]), runs=3),
        exact_ms=_time(cases, lambda case: solve(case.problem, case.plan), runs=1),
    )


def _time(cases: Sequence[_Case], call: Callable[[_Case], object], *, runs: int = 5) -> list[float]:
    return [time_call(partial(call, case), runs=runs) for case in cases]


def _measure_times(
    cases: Sequence[_Case], busy: Sequence[PlanningProblem], rivals: _Rivals, targets: Targets
) -> Iterator[Figure]:
    plan = Spread(_time(cases, lambda case: plan_by_engine(case.problem)))
    bound = Spread(_time(cases, lambda case: bound_by_engine(case.problem, case.plan), runs=3))
    paths = Spread(rivals.paths_ms) if rivals.paths_ms else None
    exact = Spread(rivals.exact_ms) if rivals.exact_ms else None
    middles = (plan.middle, paths.middle if paths else None, exact.middle if exact else None)
    worst = (plan.worst, paths.worst if paths else None, exact.worst if exact else None)
    yield Figure(name="time of a plan, ms, median", values=middles, target=_at_most(targets.plan_ms))
    yield Figure(name="time of a plan, ms, longest", values=worst)
    yield Figure(
        name="times as long as the engine",
        values=[each / plan.middle if each is not None else None for each in middles],
    )
    if busy:
        longest = max(time_call(partial(plan_by_engine, each)) for each in busy)
        name = f"time of a plan, {len(busy[0].goals)} goals, ms, longest"
        yield Figure(name=name, values=(longest, None, None), target=_at_most(targets.busy_ms))
    yield Figure(
        name="time of a bound, ms, median", values=(bound.middle, None, None), target=_at_most(targets.bound_ms)
    )
    yield Figure(name="time of a bound, ms, longest", values=(bound.worst, None, None))


def _compare_costs(cases: Sequence[_Case], rivals: _Rivals, targets: Targets) -> Iterator[Figure]:
    known = [position for position, least in enumerate(rivals.least) if least == rivals.proven[position] > 0]
    if known:
        engine = Spread([cases[each].plan.cost_units / rivals.least[each] for each in known])
        paths = Spread([rivals.completed[each] / rivals.least[each] for each in known])
        proven = f"{len(known)} of {len(rivals.least)}"
        yield Figure(name="optimum proven", values=(None, None, proven))
        values: tuple[float, float, float] = (engine.mean, paths.mean, 1.0)
        yield Figure(name="cost / optimum, mean (paths: completed)", values=values, target=_at_most(targets.cost))
        values = (engine.worst, paths.worst, 1.0)
        yield Figure(name="cost / optimum, worst", values=values, target=_at_most(targets.worst_cost))
    certificate = Spread([case.certificate for case in cases])
    yield Figure(
        name="cost / lower bound, mean",
        values=(certificate.mean, None, _mean_or_none([_divide(*each) for each in _zip(rivals)])),
        target=Target(value=1.05),
    )
    yield Figure(name="cost / lower bound, worst", values=(certificate.worst, None, None))


def _zip(rivals: _Rivals) -> Iterator[tuple[int, int]]:
    yield from zip(rivals.least, rivals.proven, strict=True)


def _count_faults(cases: Sequence[_Case], rivals: _Rivals) -> Iterator[Figure]:
    wrong = sum(len(list(_find_own_faults(case))) for case in cases)
    yield Figure(name="faults found in plans", values=(wrong, None, None), target=Target(value=0))
    if not rivals.paths:
        return
    steps = sum(len(plan.concepts) for plan in rivals.paths)
    shares = {
        "steps that miss what they require": _divide(sum(len(plan.violations) for plan in rivals.paths), steps),
        "goals dropped in silence": _divide(
            sum(len(plan.dropped) for plan in rivals.paths),
            sum(len(case.problem.goals) for case in cases[: len(rivals.paths)]),
        ),
        "cost paid again for what is shared": _divide(
            sum(plan.repeated_units for plan in rivals.paths), sum(plan.cost_units for plan in rivals.paths)
        ),
    }
    for name, share in shares.items():
        yield Figure(name=name, values=("0 %", f"{share:.0%}", "0 %"))


def _measure_orders(cases: Sequence[_Case], scope: Scope) -> Iterator[Figure]:
    some = [case for case in cases[: max(scope.served, 1)] if case.plan.order]
    if not some:
        return
    switches = sum(count_switches(case.problem.graph, case.plan.order) for case in some)
    least = sum(bound_switches(case.problem, case.plan.teachers) for case in some)
    by_rank = sum(count_switches(case.problem.graph, _sort_by_rank(case)) for case in some)
    yield Figure(
        name="changes of topic / bound (paths: any topological order)",
        values=(switches / least if least else None, by_rank / least if least else None, None),
    )
    early = [plan_by_engine(case.problem, PlanOrder.EARLY_WINS) for case in some]
    times = (
        Spread([_measure_goal_time(case, case.plan.order) for case in some]).mean,
        Spread([_measure_goal_time(case, plan.order) for case, plan in zip(some, early, strict=True)]).mean,
        Spread([_measure_goal_time(case, _sort_by_rank(case)) for case in some]).mean,
    )
    for name, value in zip(("focused", "early wins", "any topological order"), times, strict=True):
        yield Figure(name=f"mean goal time, {name}", values=(value, None, None))


def _sort_by_rank(case: _Case) -> list[int]:
    return sorted(case.plan.order, key=case.problem.graph.rank.__getitem__)


def _measure_goal_time(case: _Case, order: Sequence[int]) -> float:
    """Returns the mean goal time, with the minutes of an activity spread over its steps evenly."""
    problem, teachers = case.problem, case.plan.teachers
    shared: dict[int, int] = {}
    for activity in teachers.values():
        shared[activity] = shared.get(activity, 0) + 1
    minutes = [1000 * problem.count_minutes(teachers[step]) // shared[teachers[step]] for step in order]
    return measure_goal_time(order, minutes, problem.goals)


def _measure_batch(cases: Sequence[_Case], targets: Targets) -> Iterator[Figure]:
    graph = cases[0].problem.graph
    goals = [case.problem.goals for case in cases]
    start = np.concatenate(([0], np.cumsum([len(each) for each in goals])))
    mastery = np.stack([count_steps(graph, case.learner[0]) for case in cases])
    speeds = []
    for bounded in (False, True):
        terms = Terms(8_000, 5_000, UNITS_PER_MINUTE, REFRESH_PERCENT, FOCUSED, bounded)
        arguments = graph.arrays, start, to_ints(chain.from_iterable(goals)), mastery, terms
        solve_many(*arguments)
        speeds.append(1000 * len(cases) / time_call(partial(solve_many, *arguments), runs=3))
    yield Figure(name="plans a second on one core", values=(speeds[0], None, None))
    target = Target(value=targets.plans_per_second, at_least=True) if targets.plans_per_second else None
    yield Figure(name="plans with bound a second on one core", values=(speeds[1], None, None), target=target)


def _measure_service(graph: PlanningGraph, cases: Sequence[_Case]) -> Iterator[Figure]:
    if cases:
        times = _time(cases, lambda case: generate_plan(graph, case.learner[1], case.learner[0]), runs=1)
        yield Figure(name="time of a plan with reasons and certificate, ms, median", values=(median(times), None, None))


def _measure_interpreter(cases: Sequence[_Case]) -> Iterator[Figure]:
    if cases:
        compiled = sum(_time(cases, lambda case: plan_by_engine(case.problem)))
        with run_plain():
            plain = sum(_time(cases, lambda case: plan_by_engine(case.problem), runs=1))
        yield Figure(name="time without compiled kernels / with", values=(plain / compiled, None, None))


def _find_faults(cases: Sequence[_Case], rivals: _Rivals) -> Iterator[str]:
    for case in cases:
        yield from _find_own_faults(case)
    for case, least, proven in zip(cases, rivals.least, rivals.proven, strict=False):
        if case.bound_units > least:
            yield f"the bound {case.bound_units} is above a plan's cost {least}"
        if case.plan.cost_units < proven:
            yield f"the plan costs {case.plan.cost_units}, and no plan less than {proven}"


def _find_own_faults(case: _Case) -> Iterator[str]:
    plan = case.plan
    yield from find_faults(case.problem, plan.order, plan.teachers, plan.cost_units)
    if case.bound_units > plan.cost_units:
        yield f"the bound {case.bound_units} is above the plan's cost {plan.cost_units}"


def _find_differences(cases: Sequence[_Case]) -> Iterator[str]:
    for case in cases:
        with run_plain():
            plain = plan_by_engine(case.problem)
        if plain != case.plan:
            yield "compiled kernels and the interpreter plan differently"


def _at_most(value: float | None) -> Target | None:
    return None if value is None else Target(value=value)


def _mean_or_none(values: Sequence[float]) -> float | None:
    return Spread(values).mean if values else None


def _divide(whole: float, part: float) -> float:
    return whole / part if part else 1.0 if not whole else float("inf")
