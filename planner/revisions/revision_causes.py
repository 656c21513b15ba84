"""Why a revised plan differs from the one before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from planner.difference import Causes
from planner.graph import PlanningGraph
from planner.plan import ChangeKind, Plan, PlanStep
from planner.revisions.continuation import Aim


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisited:
    """A plan and what has become of it.

    Attributes:
        aim: What was to be planned.
        old: The earlier plan.
        new: The later plan.
        locked: Concepts of steps that were started.
        renewed: The later plan was made from scratch.
    """

    aim: Aim
    old: Plan
    new: Plan
    locked: frozenset[int]
    renewed: bool


def find_causes(revisited: Revisited) -> Causes:
    """Finds why steps have left or joined a plan, changed their activity or moved."""
    old = {step.concept: step for step in revisited.old.steps}
    new = {step.concept: step for step in revisited.new.steps}
    causes = {}
    for concept, step in old.items():
        if concept not in new:
            causes[ChangeKind.STEP_REMOVED, concept] = _explain_removal(revisited, step)
    for concept, step in new.items():
        if concept not in old:
            causes[ChangeKind.STEP_ADDED, concept] = _explain_addition(revisited, step)
        elif old[concept].activity != step.activity:
            causes[ChangeKind.ACTIVITY_CHANGED, concept] = _explain_activity(revisited, old[concept])
    for concept, text in _explain_moves(revisited):
        causes[ChangeKind.MOVED_EARLIER, concept] = text
    return causes


def list_titles(graph: PlanningGraph) -> Mapping[str, str]:
    """Returns the titles of concepts by id and of activities by id."""
    activities = {activity.id: activity.title for activity in graph.activities}
    return activities | {concept.id: concept.title for concept in graph.concepts}


def _explain_removal(revisited: Revisited, step: PlanStep) -> str:
    problem = revisited.aim.problem
    concept = problem.graph.number.get(step.concept)
    if concept is None:
        return "the curriculum does not have it any more"
    if concept in problem.mastered:
        return "it is mastered by now"
    if concept in problem.barred:
        return "a veto stands against it"
    return "the new plan does without it" if revisited.renewed else "nothing needs it any more"


def _explain_addition(revisited: Revisited, step: PlanStep) -> str:
    graph = revisited.aim.problem.graph
    if step.concept in revisited.old.mastered:
        return "it is not mastered any more"
    later = {graph.number[each.concept]: each for each in revisited.new.steps}
    following = [later[after].title for after in graph.unlocks[graph.number[step.concept]] if after in later]
    need = f"{following[0]} asks for it" if following else ""
    if revisited.renewed:
        return need or "the new plan has it"
    if step.concept in revisited.new.goals:
        return "it is a goal"
    return need or "it is pinned or helps with what follows"


def _explain_activity(revisited: Revisited, old: PlanStep) -> str:
    problem = revisited.aim.problem
    activity = problem.graph.activity_number.get(old.activity)
    concept = problem.graph.number[old.concept]
    if activity is None or concept not in problem.graph.activities[activity].sections:
        return "the other is not to be had any more"
    if activity in problem.unavailable:
        return "a veto stands against the other"
    return "that costs less as a whole"


def _explain_moves(revisited: Revisited) -> Iterator[tuple[str, str]]:
    """Explains every step as if it had moved; only those that did are asked for."""
    number = revisited.aim.problem.graph.number
    for step in revisited.new.steps:
        if number[step.concept] in revisited.locked:
            yield step.concept, "it is started"
        elif revisited.renewed:
            yield step.concept, "the plan was made anew"
        else:
            yield step.concept, "what is required comes first"
