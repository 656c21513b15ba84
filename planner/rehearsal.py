"""A small plan of every kind, so that all kernels are called: compiled at installation, loaded at a server's start."""

from kg.curriculum import Concept, Curriculum, Prerequisite, PrerequisiteGroup, PrerequisiteKind, Resource, Section
from planner.generation import generate_plan
from planner.graph import compile_graph
from planner.plan import PlanOrder
from planner.problem import PlanSettings
from planner.verification import verify_plan


def rehearse() -> None:
    """Plans and verifies with everything that planning knows, in a fraction of a second where kernels are compiled."""
    graph = compile_graph(_draw_up())
    mastery = {"counting": 0.9, "shapes": 0.6}
    for order in PlanOrder:
        plan = generate_plan(graph, ["geometry", "surveying"], mastery, PlanSettings(order=order))
        verify_plan(graph, plan, mastery)


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
