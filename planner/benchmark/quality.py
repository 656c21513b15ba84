"""How good plans are: cost, certificate, faults and order, beside the baselines."""

from collections import Counter
from collections.abc import Iterator, Sequence

from planner.benchmark.cases import Case, Rivals, find_case_faults
from planner.benchmark.measures import Spread
from planner.benchmark.report import Figure, Target, aim_below
from planner.benchmark.subjects import plan_by_engine
from planner.benchmark.targets import Targets
from planner.plan import PlanOrder
from planner.sequence.order import bound_switches, count_switches, measure_goal_time


def compare_costs(cases: Sequence[Case], rivals: Rivals, targets: Targets) -> Iterator[Figure]:
    """Compares costs with the optimum, where it is proven, and with the engine's own bound."""
    known = [each for each, least in enumerate(rivals.least) if least == rivals.proven[each] > 0]
    if rivals.least:
        yield Figure(name="optimum proven", values=(None, None, f"{len(known)} of {len(rivals.least)}"))
    if known:
        engine = Spread([cases[each].plan.cost_units / rivals.least[each] for each in known])
        paths = Spread([rivals.completed[each] / rivals.least[each] for each in known])
        means, worst = (engine.mean, paths.mean, 1.0), (engine.worst, paths.worst, 1.0)
        yield Figure(name="cost / optimum, mean (paths: completed)", values=means, target=aim_below(targets.cost))
        yield Figure(name="cost / optimum, worst", values=worst, target=aim_below(targets.worst_cost))
    own = Spread([_divide(case.plan.cost_units, case.bound_units) for case in cases])
    exact = [_divide(*each) for each in zip(rivals.least, rivals.proven, strict=True)]
    values = (own.mean, None, Spread(exact).mean if exact else None)
    yield Figure(name="cost / lower bound, mean", values=values, target=aim_below(targets.certificate))
    yield Figure(name="cost / lower bound, worst", values=(own.worst, None, max(exact, default=None)))


def count_faults(cases: Sequence[Case], rivals: Rivals) -> Iterator[Figure]:
    """Counts what is wrong with the engine's plans, which is to be nothing, and with those by paths."""
    wrong = sum(len(list(find_case_faults(case))) for case in cases)
    yield Figure(name="faults found in plans", values=(wrong,), target=Target(value=0))
    if rivals.paths:
        plans = rivals.paths
        goals = sum(len(case.learner[1]) for case, _ in zip(cases, plans, strict=False))
        steps, paid = sum(len(plan.concepts) for plan in plans), sum(plan.path_cost_units for plan in plans)
        for name, part, whole in (
            ("steps that miss what they require", sum(len(plan.violations) for plan in plans), steps),
            ("goals dropped in silence", sum(len(plan.dropped) for plan in plans), goals),
            ("cost paid again for what is shared", sum(plan.repeated_units for plan in plans), paid),
        ):
            yield Figure(name=name, values=(None, f"{part / whole if whole else 0:.0%}"))


def measure_orders(cases: Sequence[Case]) -> Iterator[Figure]:
    """Measures changes of topic and how early goals are reached."""
    some = [case for case in cases if case.plan.order]
    if not some:
        return
    least, focused, ranked = (
        sum(counts)
        for counts in zip(
            *(
                (
                    bound_switches(case.problem, case.plan.teachers),
                    count_switches(case.problem.graph, case.plan.order),
                    count_switches(case.problem.graph, _sort_by_rank(case)),
                )
                for case in some
            ),
            strict=True,
        )
    )
    yield Figure(name="changes of topic / their lower bound: focused", values=(_divide(focused, least),))
    yield Figure(name="... any topological order", values=(_divide(ranked, least),))
    early = [plan_by_engine(case.problem, PlanOrder.EARLY_WINS).order for case in some]
    for name, orders in (
        ("mean goal time, share of the whole: focused", [case.plan.order for case in some]),
        ("... early wins", early),
        ("... any topological order", [_sort_by_rank(case) for case in some]),
    ):
        times = [_measure_goal_time(case, order) for case, order in zip(some, orders, strict=True)]
        yield Figure(name=name, values=(Spread(times).mean,))


def _sort_by_rank(case: Case) -> list[int]:
    return sorted(case.plan.order, key=case.problem.graph.rank.__getitem__)


def _measure_goal_time(case: Case, order: Sequence[int]) -> float:
    """Returns the mean goal time, the time of a resource spread evenly over its steps, in thousandths of a minute."""
    problem, teachers = case.problem, case.plan.teachers
    shared = Counter(teachers.values())
    minutes = [1000 * problem.count_minutes(teachers[step]) // shared[teachers[step]] for step in order]
    return measure_goal_time(order, minutes, problem.goals)


def _divide(whole: float, part: float) -> float:
    if part:
        return whole / part
    return float("inf") if whole else 1.0
