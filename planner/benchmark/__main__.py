"""Measures the planner beside its baselines, in one run: `python -m planner.benchmark --help`."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from planner.benchmark.covers import measure_covers
from planner.benchmark.curricula import measure_curriculum
from planner.benchmark.generated import draw_curriculum, draw_learner
from planner.benchmark.metacademy import list_learners, read_graph
from planner.benchmark.report import Report, print_report, show_progress
from planner.benchmark.targets import SIZES, Scope, Targets, choose_targets
from planner.benchmark.trees import measure_trees
from planner.engine.compilation import run_compiled
from planner.graph import compile_graph

_MOST_GOALS = 200
"""Of the learner whose plan is to take the longest."""


def main() -> int:
    """Runs the benchmark; 0: all that was checked is sound, whether or not targets are met."""
    asked = _read_arguments()
    sound = True
    with run_compiled():
        with show_progress("loading kernels, and compiling those that are new"):
            _warm_up()
        for report in _measure(asked):
            print_report(report)
            sound = sound and not report.faults
    return 0 if sound else 1


def _read_arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m planner.benchmark", description=__doc__)
    parser.add_argument("--orlib", type=Path, help="folder of OR-Library set covering instances with reference.csv")
    parser.add_argument("--steinlib", type=Path, help="folder of SteinLib instances (*.stp) with optima (*.results)")
    parser.add_argument("--metacademy", type=Path, help="folder of metacademy's content")
    sizes = ", ".join(f"{size:,}" for size in SIZES)
    parser.add_argument("--concepts", type=int, help=f"size of the generated curricula (default: {sizes})")
    parser.add_argument("--skip-generated", action="store_true", help="leave generated curricula out")
    parser.add_argument("--learners", type=int, default=20, help="learners for each curriculum (default: 20)")
    parser.add_argument("--seed", type=int, default=1, help="of the generator (default: 1)")
    asked = parser.parse_args()
    if asked.learners < 1 or (asked.concepts is not None and asked.concepts < 1):
        parser.error("--learners and --concepts must be at least 1")
    return asked


def _warm_up() -> None:
    graph = compile_graph(draw_curriculum(60, 0, heavy=True))
    learners = [draw_learner(graph, seed, goals=5) for seed in range(2)]
    scope = Scope(compared=1, interpreted=0, served=1)
    measure_curriculum("", graph, learners, busy=(), targets=Targets(), scope=scope)


def _measure(asked: Namespace) -> Iterator[Report]:
    if not asked.skip_generated:
        for size in [asked.concepts] if asked.concepts else SIZES:
            for heavy in (False, True):
                yield _measure_generated(asked, size, heavy=heavy)
    parts: tuple[tuple[Path | None, Callable[[Path], Report]], ...] = (
        (asked.metacademy, partial(_measure_metacademy, asked)),
        (asked.orlib, measure_covers),
        (asked.steinlib, measure_trees),
    )
    for name, (folder, measure) in zip(("metacademy", "OR-Library", "SteinLib"), parts, strict=True):
        if folder is None:
            sys.stderr.write(f"{name}: no folder is named, so it is left out\n")
        elif not folder.is_dir():
            sys.stderr.write(f"{name}: {folder} is no folder, so it is left out\n")
        else:
            with show_progress(name):
                report = measure(folder)
            yield report


def _measure_generated(asked: Namespace, size: int, *, heavy: bool) -> Report:
    targets, scope = choose_targets(size, heavy=heavy)
    title = f"generated{', any-of-heavy' if heavy else ''}"
    with show_progress(f"{title}, {size:,} concepts"):
        graph = compile_graph(draw_curriculum(size, asked.seed, heavy=heavy))
        # from 10,000 concepts on a learner's plans are large, and their times differ little
        count = asked.learners if size < 10_000 else min(asked.learners, 8)
        learners = [draw_learner(graph, asked.seed + number, goals=(5, 10, 20)[number % 3]) for number in range(count)]
        busy = [draw_learner(graph, asked.seed + number, goals=_MOST_GOALS) for number in range(3 if size > 500 else 0)]
        return measure_curriculum(title, graph, learners, busy=busy, targets=targets, scope=scope)


def _measure_metacademy(asked: Namespace, folder: Path) -> Report:
    graph = read_graph(folder)
    if graph is None:
        return Report(title=f"metacademy: {folder} holds no curriculum", columns=(), figures=())
    learners = list_learners(folder, graph, asked.learners, asked.seed)
    _, scope = choose_targets(len(graph.concepts))
    return measure_curriculum("metacademy", graph, learners, busy=(), targets=Targets(), scope=scope)


if __name__ == "__main__":
    sys.exit(main())
