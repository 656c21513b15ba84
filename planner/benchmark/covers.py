"""Measuring the cover engine on set covering instances of others."""

from pathlib import Path

from planner.benchmark.measures import Spread, time_call
from planner.benchmark.orlib import read_folder
from planner.benchmark.report import Figure, Report, Target
from planner.bounds import bound_cost
from planner.closure import explore
from planner.cover import find_cover
from planner.polish import polish_cover
from planner.problem import UNITS_PER_MINUTE


def measure_covers(folder: Path) -> Report:
    """Measures all instances of a folder of OR-Library.

    Args:
        folder: With `reference.csv`.
    """
    greedy, engine, polished, bounds, engine_ms, polish_ms = ([] for _ in range(6))
    faults = []
    for instance in read_folder(folder):
        problem, optimum = instance.problem, instance.optimum * UNITS_PER_MINUTE
        region = explore(problem)
        cover = find_cover(problem, region)
        better = polish_cover(problem, cover)
        bound = bound_cost(problem, region, cost_units=better.cost_units).units
        greedy.append(instance.greedy / instance.optimum)
        engine.append(cover.cost_units / optimum)
        polished.append(better.cost_units / optimum)
        bounds.append(bound / optimum)
        engine_ms.append(time_call(lambda: find_cover(problem, region), runs=3))  # noqa: B023 - called at once
        polish_ms.append(time_call(lambda: polish_cover(problem, cover), runs=1))  # noqa: B023
        if not bound <= optimum <= min(cover.cost_units, better.cost_units):
            faults.append(f"{instance.name}: bound {bound}, optimum {optimum}, costs {better.cost_units}")
    middles = [Spread(values) for values in (engine, polished, greedy)]
    return Report(
        title=f"OR-Library: {len(engine)} set covering instances",
        columns=("engine", "polished", "plain greedy"),
        figures=[
            Figure(name="cost / optimum, mean", values=[each.mean for each in middles], target=Target(value=1.07)),
            Figure(name="cost / optimum, worst", values=[each.worst for each in middles]),
            Figure(name="polished: cost / optimum, mean", values=[middles[1].mean], target=Target(value=1.03)),
            Figure(name="bound / optimum, mean", values=[Spread(bounds).mean]),
            Figure(name="time, ms, median", values=[Spread(engine_ms).middle, Spread(polish_ms).middle, None]),
        ],
        faults=faults,
        notes=["The plain greedy and the optima are those of reference.csv."],
    )
