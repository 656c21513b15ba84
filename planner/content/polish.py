"""Polishing a cover: other activities for the same concepts, where that is cheaper."""

from dataclasses import replace
from typing import Final

from planner.content.cover import Cover
from planner.engine.arrays import to_ints
from planner.engine.polish import improve
from planner.problem import PlanningProblem

ROUNDS: Final = 300


def polish_cover(problem: PlanningProblem, cover: Cover, rounds: int = ROUNDS) -> Cover:
    """Looks for cheaper activities that teach what a cover teaches.

    That is a set cover. Prices of concepts are found by subgradient steps on its Lagrangian; on the way, covers are put
    together greedily by reduced cost and what is superfluous is dropped (Caprara, Fischetti and Toth, "A heuristic
    method for the set covering problem", Operations Research 47, 1999). The result is a function of the arguments, as
    sums in floating point are in a fixed order.

    Args:
        problem: The problem.
        cover: A sound one.
        rounds: Steps, >= 0.

    Returns:
        A cover of the same concepts, cheaper than the one given, or that one.

    Complexity is O(rounds * (activities * activities of a cover + entries)).
    """
    concepts = sorted(cover.teachers)
    if not concepts:
        return cover
    arrays = problem.graph.arrays, problem.to_arrays()
    cost, activities = improve(*arrays, to_ints(concepts), cover.cost_units, rounds)
    if cost >= cover.cost_units:
        return cover
    ranked = sorted(activities.tolist(), key=lambda activity: (activity not in problem.pinned, activity))
    teachers = {
        concept: next(each for each in ranked if concept in problem.graph.activities[each].sections)
        for concept in concepts
    }
    return replace(cover, teachers=teachers, cost_units=int(cost))
