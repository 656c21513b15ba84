"""Measuring the planner's method on Steiner trees of others."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from planner.benchmark.measures import Spread, time_call
from planner.benchmark.report import Figure, Report
from planner.benchmark.steinlib import (
    SteinerInstance,
    bound_by_ascent,
    connect_by_paths,
    connect_greedily,
    connects,
    count_cost,
    read_folder,
)


def measure_trees(folder: Path) -> Report:
    """Measures all instances of a folder that have an optimum.

    Args:
        folder: Files *.stp, and optima in files *.results.
    """
    instances = [instance for instance in read_folder(folder) if instance.optimum]
    return Report(
        title=f"SteinLib: {len(instances)} Steiner trees",
        columns=("density greedy", "shortest paths"),
        figures=_list_figures(instances) if instances else [],
        faults=[fault for instance in instances for fault in _find_faults(instance)],
        notes=["These have cycles and costs on edges, so it is the planner's method that runs on them, in Python."],
    )


def _list_figures(instances: Sequence[SteinerInstance]) -> list[Figure]:
    rows = [_measure(instance) for instance in instances]
    greedy, paths, bounds = (Spread([row[column] for row in rows]) for column in range(3))
    gaps = Spread([tree / bound for tree, _, bound in rows])
    solved = [sum(value == 1 for value in each.values) for each in (greedy, paths)]
    times = Spread([time_call(partial(connect_greedily, instance), runs=3) for instance in instances])
    return [
        Figure(name="cost / optimum, mean", values=(greedy.mean, paths.mean)),
        Figure(name="cost / optimum, worst", values=(greedy.worst, paths.worst)),
        Figure(name="solved to the optimum", values=solved),
        Figure(name="lower bound / optimum, mean", values=(bounds.mean,)),
        Figure(name="cost / lower bound, mean", values=(gaps.mean,)),
        Figure(name="time, ms, median", values=(times.middle,)),
    ]


def _measure(instance: SteinerInstance) -> tuple[float, float, float]:
    """Returns greedy, shortest paths and bound, each by the optimum."""
    found = (
        count_cost(instance, connect_greedily(instance)),
        count_cost(instance, connect_by_paths(instance)),
        bound_by_ascent(instance),
    )
    greedy, paths, bound = (each / instance.optimum for each in found)
    return greedy, paths, bound


def _find_faults(instance: SteinerInstance) -> list[str]:
    tree = connect_greedily(instance)
    faults = [] if connects(instance, tree) else [f"{instance.name}: a terminal is not connected"]
    cost, bound = count_cost(instance, tree), bound_by_ascent(instance)
    if not bound <= instance.optimum <= cost:
        faults.append(f"{instance.name}: bound {bound}, optimum {instance.optimum}, cost {cost}")
    return faults
