"""Measuring the cover engine on set covering instances of others."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from planner.benchmark.measures import Spread, time_call
from planner.benchmark.orlib import Instance, read_folder
from planner.benchmark.report import Figure, Report, Target
from planner.benchmark.subjects import EnginePlan, solve
from planner.content.closure import explore
from planner.content.cover import find_cover
from planner.content.polish import ROUNDS, polish_cover
from planner.problem import UNITS_PER_MINUTE
from planner.proof.bounds import bound_cost


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What comes of an instance; costs and bounds are shares of its optimum.

    Attributes:
        instance: The instance.
        greedy: Cost of the engine's greedy with its reverse-delete.
        polished: The same after Lagrangian iterations.
        plain: Cost of a plain greedy, as published with the instances.
        exact: The least cost that CP-SAT finds.
        bound: The engine's bound.
        exact_bound: CP-SAT's bound.
        times_ms: Of greedy, polishing and CP-SAT.
    """

    instance: Instance
    greedy: float
    polished: float
    plain: float
    exact: float
    bound: float
    exact_bound: float
    times_ms: tuple[float, float, float]


def measure_covers(folder: Path) -> Report:
    """Measures all instances of a folder of OR-Library.

    Args:
        folder: With `reference.csv`, which names what is known of them.
    """
    found = [_measure(instance) for instance in read_folder(folder)]
    return Report(
        title=f"OR-Library: {len(found)} set covering instances",
        columns=("engine", f"with {ROUNDS} Lagrangian iterations", "plain greedy", "CP-SAT"),
        figures=_list_figures(found) if found else [],
        faults=[fault for each in found for fault in _find_faults(each)],
        notes=["The engine is the density greedy with reverse-delete. Plain greedy and optima are of reference.csv."],
    )


def _measure(instance: Instance) -> _Found:
    problem, optimum = instance.problem, instance.optimum * UNITS_PER_MINUTE
    region = explore(problem)
    cover = find_cover(problem, region)
    polished = polish_cover(problem, cover)
    bound = bound_cost(problem, region, cost_units=polished.cost_units).units
    plan = EnginePlan(order=[], teachers=cover.teachers, cost_units=cover.cost_units)
    exact: list[tuple[int, int]] = []
    exact_ms = time_call(lambda: exact.append(solve(problem, plan)), runs=1)
    return _Found(
        instance=instance,
        greedy=cover.cost_units / optimum,
        polished=polished.cost_units / optimum,
        plain=instance.greedy / instance.optimum,
        exact=exact[0][0] / optimum,
        bound=bound / optimum,
        exact_bound=exact[0][1] / optimum,
        times_ms=(
            time_call(partial(find_cover, problem, region)),
            time_call(partial(polish_cover, problem, cover), runs=1),
            exact_ms,
        ),
    )


def _list_figures(found: Sequence[_Found]) -> list[Figure]:
    costs = [
        Spread(values)
        for values in zip(*((each.greedy, each.polished, each.plain, each.exact) for each in found), strict=True)
    ]
    times = [Spread(values) for values in zip(*(each.times_ms for each in found), strict=True)]
    solved = sum(each.exact == each.exact_bound == 1 for each in found)
    return [
        Figure(name="cost / optimum, mean", values=[each.mean for each in costs], target=Target(value=1.07)),
        Figure(name="cost / optimum, worst", values=[each.worst for each in costs]),
        Figure(name="... iterated, mean", values=(costs[1].mean,), target=Target(value=1.03)),
        Figure(
            name="share proven optimal by CP-SAT", values=(solved / len(found),), target=Target(value=1, at_least=True)
        ),
        Figure(
            name="lower bound / optimum, mean",
            values=(
                Spread([each.bound for each in found]).mean,
                None,
                None,
                Spread([each.exact_bound for each in found]).mean,
            ),
        ),
        Figure(name="time, ms, median", values=(times[0].middle, times[1].middle, None, times[2].middle)),
    ]


def _find_faults(found: _Found) -> list[str]:
    lowest = min(found.greedy, found.polished, found.exact)
    if found.bound <= 1 <= lowest and found.exact_bound <= 1:
        return []
    return [f"{found.instance.name}: by the optimum, bounds {found.bound}, {found.exact_bound} and cost {lowest}"]
