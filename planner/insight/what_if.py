"""What a change to curriculum, learner or constraints would change in a plan."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from kg.curriculum import Curriculum
from planner.constraints import UNCONSTRAINED, Constraints
from planner.content.cover import never
from planner.difference import costs_minutes, tell_cost, write_cost
from planner.generation import generate_plan
from planner.graph import PlanningGraph, compile_graph
from planner.insight.edits import PlanEdit, apply_edits, list_titles, tell_edit
from planner.plan import ChangeKind, Plan, PlanChange
from planner.problem import PlanSettings
from planner.reasons import list_in_words
from planner.revisions.revision import revise_plan


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """Two plans, without changes to what they are made from and with them.

    Attributes:
        base: The plan without the changes.
        changed: The plan with them.
        changes: How it differs.
        text: The same in a sentence or two.
    """

    base: Plan
    changed: Plan
    changes: tuple[PlanChange, ...]
    text: str


def compare_what_if(
    curriculum: Curriculum,
    goals: Collection[str],
    mastery: Mapping[str, float],
    settings: PlanSettings | None = None,
    constraints: Constraints = UNCONSTRAINED,
    *,
    edits: Sequence[PlanEdit],
    graph: PlanningGraph | None = None,
    stop: Callable[[], bool] = never,
) -> WhatIf:
    """Plans twice, once with edits applied.

    The second plan is the first one revised, with whatever saves anything taken from one made from scratch: so each
    difference comes of the edits, not of a choice between equals, and edits that only allow for more never cost more.

    Args:
        curriculum: A valid one.
        goals: As for `generate_plan`.
        mastery: As for `generate_plan`.
        settings: How to plan; None: the usual ones.
        constraints: What to keep to.
        edits: From 1 to 100, see `planner.insight.edits.apply_edits`.
        graph: The curriculum compiled; None: it is compiled here.
        stop: As for `generate_plan`.

    Raises:
        InvalidInputError: As for `generate_plan` and `apply_edits`.
    """
    settings = settings or PlanSettings()
    edited, known, kept_to = apply_edits(curriculum, mastery, constraints, edits)
    graph = graph or compile_graph(curriculum)
    base = generate_plan(graph, goals, mastery, settings, stop, constraints=constraints)
    revision = revise_plan(
        base,
        graph if edited is curriculum else compile_graph(edited),
        known,
        settings,
        least_gain=0.0,
        constraints=kept_to,
        stop=stop,
    )
    titles = list_titles(curriculum)
    condition = list_in_words([tell_edit(edit, titles, constraints) for edit in dict.fromkeys(edits)])
    outcome = _tell_outcome(base, revision.plan, revision.changes)
    return WhatIf(base=base, changed=revision.plan, changes=revision.changes, text=f"If {condition}, {outcome}")


def _tell_outcome(base: Plan, changed: Plan, changes: Sequence[PlanChange]) -> str:
    if not changes:
        return "nothing changes."
    old, new = base.certificate.cost_units, changed.certificate.cost_units
    less = tell_cost(abs(new - old), minutes=costs_minutes(base) and costs_minutes(changed))
    cost = (
        "the plan costs as much"
        if new == old
        else f"the plan costs {less} {'less' if new < old else 'more'}: {write_cost(new)} instead of {write_cost(old)}"
    )
    counts = [
        _count(changes, ChangeKind.STEP_REMOVED, "step is gone", "steps are gone"),
        _count(changes, ChangeKind.STEP_ADDED, "step is new", "steps are new"),
        _count(changes, ChangeKind.ACTIVITY_CHANGED, "step has another activity", "steps have another activity"),
    ]
    steps = list_in_words([count for count in counts if count] or ["the steps stay"])
    goals = [change.text for change in changes if change.kind is ChangeKind.GOAL_CHANGED]
    return " ".join([f"{cost}; {steps}.", *goals])


def _count(changes: Sequence[PlanChange], kind: ChangeKind, one: str, several: str) -> str:
    count = sum(change.kind is kind for change in changes)
    return f"{count} {one if count == 1 else several}" if count else ""
