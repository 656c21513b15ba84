"""Measuring the planner on one curriculum, beside planning by paths and the exact optimum."""

from collections.abc import Sequence
from itertools import chain

from planner.benchmark.cases import ask_rivals, check_cases, find_differences, open_case
from planner.benchmark.measures import Spread
from planner.benchmark.quality import compare_costs, count_faults, measure_orders
from planner.benchmark.report import Report
from planner.benchmark.subjects import Learner
from planner.benchmark.targets import Scope, Targets
from planner.benchmark.times import measure_busy, measure_interpreter, measure_many, measure_plans, measure_service
from planner.graph import PlanningGraph


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
    cases = [open_case(graph, learner) for learner in learners]
    rivals = ask_rivals(cases[: scope.compared])
    steps = Spread([len(case.plan.order) for case in cases])
    figures = chain(
        measure_plans(cases, rivals, targets),
        measure_busy(graph, busy, targets),
        measure_many(cases, targets),
        measure_service(cases[: scope.served]),
        measure_interpreter(cases[: scope.interpreted]),
        compare_costs(cases, rivals, targets),
        count_faults(cases, rivals),
        measure_orders(cases[: scope.served]),
    )
    return Report(
        title=f"{title}: {len(graph.concepts):,} concepts, {len(cases)} learners, {steps.middle:.0f} steps (median)",
        columns=("engine", "paths", "CP-SAT"),
        figures=list(figures),
        faults=[*check_cases(cases, rivals), *find_differences(cases, scope.interpreted)],
    )
