"""Where a learner stands in a plan."""

from collections.abc import Mapping

from planner.content.closure import count_missing
from planner.graph import PlanningGraph
from planner.plan import Plan
from planner.problem import PlanSettings, sort_by_mastery


def find_next_step(
    graph: PlanningGraph, plan: Plan, mastery: Mapping[str, float], settings: PlanSettings | None = None
) -> int | None:
    """Finds the first step whose concept is not mastered by now while all that it requires is.

    Args:
        graph: The curriculum, in a version that may be later than the plan's.
        plan: Steps for concepts that the curriculum does not have any more are passed over.
        mastery: Probability of mastery by concept id, in [0, 1].
        settings: Thresholds; None: the usual ones.

    Returns:
        Its position from 0, or None: all steps are done, or what is left requires something that has faded.
    """
    mastered, _ = sort_by_mastery(graph, mastery, settings or PlanSettings())
    for position, step in enumerate(plan.steps):
        concept = graph.number.get(step.concept)
        if (
            concept is not None
            and concept not in mastered
            and mastered.issuperset(graph.prerequisites[concept])
            and all(count_missing(graph, group, mastered) <= 0 for group in graph.groups_of[concept])
        ):
            return position
    return None
