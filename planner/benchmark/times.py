"""How long planning takes, alone and for many, beside the baselines."""

from collections.abc import Iterator, Sequence
from functools import partial

from planner.benchmark.cases import Case, Rivals, time_cases
from planner.benchmark.measures import Spread, time_call
from planner.benchmark.report import Figure, Target, aim_below
from planner.benchmark.subjects import Learner, bound_by_engine, pack, plan_by_engine, plan_for_many
from planner.benchmark.targets import Targets
from planner.engine.compilation import run_plain
from planner.generation import generate_plan
from planner.graph import PlanningGraph


def measure_plans(cases: Sequence[Case], rivals: Rivals, targets: Targets) -> Iterator[Figure]:
    """Measures plans with their order, without and with what a service puts around them."""
    graph = cases[0].problem.graph
    plan = Spread([_time_alone(graph, case.learner) for case in cases])
    paths = Spread(rivals.paths_ms) if rivals.paths_ms else None
    exact = Spread(rivals.exact_ms) if rivals.exact_ms else None
    middles = [each.middle if each else None for each in (plan, paths, exact)]
    worst = [each.worst if each else None for each in (plan, paths, exact)]
    yield Figure(name="plan with order, ms, median", values=middles, target=aim_below(targets.plan_ms))
    yield Figure(name="plan with order, ms, longest", values=worst)
    ratios = [each and each / plan.middle for each in middles]
    yield Figure(name="... median, as a multiple of the engine's", values=ratios)
    steps = Spread(time_cases(cases, lambda case: plan_by_engine(case.problem)))
    yield Figure(name="plan with order, step by step, ms, median", values=(steps.middle,))
    bound = Spread(time_cases(cases, lambda case: bound_by_engine(case.problem, case.plan), runs=3))
    yield Figure(name="lower bound, ms, median", values=(bound.middle,), target=aim_below(targets.bound_ms))
    yield Figure(name="lower bound, ms, longest", values=(bound.worst,))


def measure_busy(graph: PlanningGraph, learners: Sequence[Learner], targets: Targets) -> Iterator[Figure]:
    """Measures plans for learners with many goals."""
    if learners:
        longest = max(_time_alone(graph, learner) for learner in learners)
        name = f"plan with order, {len(learners[0][1])} goals, ms, longest"
        yield Figure(name=name, values=(longest,), target=aim_below(targets.busy_ms))


def measure_many(cases: Sequence[Case], targets: Targets) -> Iterator[Figure]:
    """Measures plans for many learners in one call."""
    graph = cases[0].problem.graph
    packed = pack(graph, [case.learner for case in cases])
    for bounded in (False, True):
        run = partial(plan_for_many, graph, packed, bounded=bounded)
        speed = 1000 * len(cases) / time_call(run)
        aim = targets.plans_per_second if bounded else None
        target = Target(value=aim, at_least=True) if aim is not None else None
        yield Figure(name=f"plans{' with bound' if bounded else ''} a second, one core", values=(speed,), target=target)


def measure_service(cases: Sequence[Case]) -> Iterator[Figure]:
    """Measures whole plans, with reasons and certificate, and escalated where their ratio is large."""
    if cases:
        graph = cases[0].problem.graph
        times = Spread(time_cases(cases, lambda case: generate_plan(graph, case.learner[1], case.learner[0]), runs=1))
        yield Figure(name="plan with reasons and certificate, ms, median", values=(times.middle,))


def measure_interpreter(cases: Sequence[Case]) -> Iterator[Figure]:
    """Measures what compiling brings."""
    if cases:
        graph = cases[0].problem.graph
        compiled = sum(_time_alone(graph, case.learner) for case in cases)
        with run_plain():
            plain = sum(_time_alone(graph, case.learner, runs=1) for case in cases)
        yield Figure(name="plan in the interpreter / compiled", values=(plain / compiled,))


def _time_alone(graph: PlanningGraph, learner: Learner, *, runs: int = 9) -> float:
    return time_call(partial(plan_for_many, graph, pack(graph, [learner]), bounded=False), runs=runs)
