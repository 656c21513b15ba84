"""A small plan of every kind, so that all kernels are called: compiled at installation, loaded at a server's start."""

import numpy as np

from kg.curriculum import Concept, Curriculum, Prerequisite, PrerequisiteGroup, PrerequisiteKind, Resource, Section
from planner.closure import explore
from planner.constraints import Constraints
from planner.costs import REFRESH_PERCENT, UNITS_PER_MINUTE, count_steps
from planner.cover import find_cover
from planner.engine.arrays import to_ints
from planner.engine.order import FOCUSED
from planner.engine.solution import Terms, solve_many
from planner.generation import generate_plan
from planner.graph import compile_graph
from planner.plan import PlanOrder
from planner.polish import polish_cover
from planner.problem import PlanSettings, pose_problem
from planner.trimming import Selection, trim
from planner.verification import verify_plan


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
