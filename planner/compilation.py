"""Compiling the engine's kernels: `python -m planner.compilation`, once at installation.

All of planning stands below this module, for a small plan of every kind is what calls each kernel.
"""

import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import numpy as np

import planner.engine
from kg.curriculum import Concept, Curriculum, Prerequisite, PrerequisiteGroup, PrerequisiteKind, Resource, Section
from planner.checks.verification import verify_plan
from planner.constraints import Constraints
from planner.content.closure import explore
from planner.content.cover import find_cover
from planner.content.polish import polish_cover
from planner.content.trimming import Selection, trim
from planner.costs import REFRESH_PERCENT, UNITS_PER_MINUTE, count_steps
from planner.engine.arrays import to_ints
from planner.engine.compilation import Kernel, is_compiled, run_compiled
from planner.engine.kernel_cache import find_complete_folder, make_folder, mark_complete
from planner.engine.order import FOCUSED
from planner.engine.solution import Terms, solve_many
from planner.generation import generate_plan
from planner.graph import compile_graph
from planner.plan import PlanOrder
from planner.problem import PlanSettings, pose_problem


def start_compiling() -> "subprocess.Popen[bytes] | None":
    """Starts a process that compiles all kernels; this one runs them so once it has ended.

    A process, because numba holds the interpreter's lock while it compiles: in a thread it would stall a server.

    Returns:
        The process; None: all kernels are compiled already.
    """
    if is_compiled():
        return None
    command = [sys.executable, "-m", "planner.compilation"]
    root = Path(__file__).parents[1]
    return subprocess.Popen(command, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)  # noqa: S603


def compile_all() -> Path:
    """Compiles all kernels by planning a small curriculum, and keeps them.

    Returns:
        The folder that holds them.

    Raises:
        OSError: No folder can be written to.
        RuntimeError: Planning that curriculum calls not all of them.
    """
    for module in iter_modules(planner.engine.__path__):
        import_module(f"planner.engine.{module.name}")
    folder = make_folder()
    with run_compiled():
        rehearse()
    left = [each.plain.__qualname__ for each in Kernel.instances if not each.dispatcher.signatures]
    if left:
        raise RuntimeError(f"rehearsing does not call the kernels {', '.join(left)}")
    mark_complete(folder)
    return folder


def main() -> None:
    """Compiles all kernels and says how long that took."""
    began = time.monotonic()
    folder = find_complete_folder() or compile_all()
    took = time.monotonic() - began
    sys.stdout.write(f"{len(Kernel.instances)} kernels are in {folder}, after {took:.1f} s\n")


def rehearse() -> None:
    """Plans and verifies with everything that planning knows, in a fraction of a second where kernels are compiled."""
    graph = compile_graph(_draw_up())
    mastery = {"counting": 0.9, "shapes": 0.6}
    goals = ["geometry", "surveying"]
    for order in PlanOrder:
        plan = generate_plan(graph, goals, mastery, PlanSettings(order=order))
        verify_plan(graph, plan, mastery)
    generate_plan(graph, goals, mastery, stop=lambda: True)
    generate_plan(graph, goals, mastery, constraints=Constraints(deadlines={"geometry": 500}))
    problem = pose_problem(graph, goals, mastery, PlanSettings())
    region = explore(problem)
    cover = find_cover(problem, region, lambda: False)
    trim(problem, region, Selection(set(cover.teachers), set(cover.teachers.values())))
    polish_cover(problem, cover, 2)
    terms = Terms(8_000, 5_000, UNITS_PER_MINUTE, REFRESH_PERCENT, FOCUSED, True)
    steps = np.stack([count_steps(graph, mastery)])
    solve_many(graph.arrays, to_ints([0, len(problem.goals)]), to_ints(problem.goals), steps, terms)


def _draw_up() -> Curriculum:
    minutes = {
        "algebra": 40,
        "angles": 20,
        "arithmetic": 30,
        "counting": 10,
        "geometry": 60,
        "maps": 25,
        "shapes": 15,
        "surveying": 45,
    }
    return Curriculum(
        id="rehearsal",
        title="Rehearsal",
        concepts=tuple(
            Concept(id=name, title=name.capitalize(), minutes=each, topic=name[0]) for name, each in minutes.items()
        ),
        prerequisites=(
            Prerequisite(before="counting", after="arithmetic"),
            Prerequisite(before="arithmetic", after="geometry"),
            Prerequisite(before="shapes", after="angles"),
            Prerequisite(before="geometry", after="surveying"),
            Prerequisite(before="maps", after="surveying", kind=PrerequisiteKind.SOFT, strength=0.5),
        ),
        groups=(
            PrerequisiteGroup(concept="geometry", id="start", need=1, members=("algebra", "angles", "shapes")),
            PrerequisiteGroup(concept="surveying", id="tools", need=2, members=("algebra", "angles", "maps")),
        ),
        resources=(
            Resource(
                id="course",
                title="Course",
                sections=(Section(concept="angles", minutes=10), Section(concept="geometry", minutes=30)),
            ),
        ),
    )


if __name__ == "__main__":
    main()
