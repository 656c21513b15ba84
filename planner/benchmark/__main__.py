"""Measures the planner beside its baselines, in one run: `python -m planner.benchmark --help`."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kg.archives import pack_folder, unpack
from kg.importers.formats import read_draft
from kg.validation import Repairs, validate
from planner.benchmark.covers import measure_covers
from planner.benchmark.curricula import Learner, Scope, Targets, measure_curriculum
from planner.benchmark.generated import draw_curriculum, draw_learner
from planner.benchmark.report import Report, print_report, show_progress
from planner.engine.compilation import compile_all, is_compiled
from planner.graph import PlanningGraph, compile_graph

_SIZES: Final = {
    1_000: (
        Targets(plan_ms=0.1, busy_ms=1, bound_ms=3, plans_per_second=12_000),
        Scope(compared=6, interpreted=2, served=4),
    ),
    10_000: (
        Targets(plan_ms=1, busy_ms=5, bound_ms=30, plans_per_second=1_700),
        Scope(compared=3, interpreted=1, served=2),
    ),
    100_000: (Targets(plan_ms=20, busy_ms=100, bound_ms=150), Scope(compared=0, interpreted=0, served=1)),
}
_ANY_OF_HEAVY: Final = 1.04
"""Target of the mean cost / optimum where most concepts ask for a member of a group."""


def main() -> int:
    """Runs the benchmark; 0: every plan that was checked is sound."""
    asked = _read_arguments()
    if not is_compiled():
        with show_progress("compiling kernels, once"):
            compile_all()
    sound = True
    for report in _measure(asked):
        print_report(report)
        sound = sound and not report.faults
    return 0 if sound else 1


def _read_arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m planner.benchmark", description=__doc__)
    parser.add_argument("--orlib", type=Path, help="folder of OR-Library set covering instances with reference.csv")
    parser.add_argument("--metacademy", type=Path, help="folder of metacademy's content")
    parser.add_argument("--concepts", type=int, help="size of the generated curriculum (default: 1,000 to 100,000)")
    parser.add_argument("--learners", type=int, default=8, help="learners for each curriculum (default: 8)")
    parser.add_argument("--seed", type=int, default=1, help="of the generator (default: 1)")
    asked = parser.parse_args()
    if asked.learners < 1 or (asked.concepts is not None and asked.concepts < 1):
        parser.error("--learners and --concepts must be at least 1")
    return asked


def _measure(asked: Namespace) -> Iterator[Report]:
    for size in [asked.concepts] if asked.concepts else _SIZES:
        for heavy in (False, True):
            yield _measure_generated(asked, size, heavy=heavy)
    if asked.metacademy and _is_there(asked.metacademy):
        yield _measure_metacademy(asked)
    if asked.orlib and _is_there(asked.orlib):
        with show_progress("OR-Library"):
            report = measure_covers(asked.orlib)
        yield report


def _is_there(folder: Path) -> bool:
    if not folder.is_dir():
        sys.stderr.write(f"{folder} is no folder: left out\n")
    return folder.is_dir()


def _measure_generated(asked: Namespace, size: int, *, heavy: bool) -> Report:
    # a size in between is held to the targets of the next larger one
    targets, scope = next((_SIZES[each] for each in _SIZES if size <= each), _SIZES[100_000])
    if heavy:
        targets = Targets(
            plan_ms=targets.plan_ms, busy_ms=targets.busy_ms, bound_ms=targets.bound_ms, cost=_ANY_OF_HEAVY
        )
    title = f"generated{', any-of-heavy' if heavy else ''}"
    with show_progress(f"{title}, {size:,} concepts"):
        graph = compile_graph(draw_curriculum(size, asked.seed, heavy=heavy))
        learners = _draw_learners(graph, asked)
        busy = [draw_learner(graph, asked.seed, goals=min(200, max(1, size // 5)))]
        return measure_curriculum(title, graph, learners, busy=busy, targets=targets, scope=scope)


def _draw_learners(graph: PlanningGraph, asked: Namespace) -> list[Learner]:
    return [draw_learner(graph, asked.seed + number, goals=(5, 10, 20)[number % 3]) for number in range(asked.learners)]


def _measure_metacademy(asked: Namespace) -> Report:
    with show_progress("metacademy"):
        draft = read_draft("metacademy", unpack(pack_folder(asked.metacademy)), "metacademy")
        curriculum = validate(draft, Repairs(drop_dangling=True, break_cycles=True)).curriculum
        if curriculum is None:
            sys.exit(f"{asked.metacademy} holds no curriculum of metacademy")
        graph = compile_graph(curriculum)
        scope = Scope(compared=6, interpreted=2, served=4)
        return measure_curriculum(
            "metacademy", graph, _draw_learners(graph, asked), busy=[], targets=Targets(), scope=scope
        )


if __name__ == "__main__":
    sys.exit(main())
