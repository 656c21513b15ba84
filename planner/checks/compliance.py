"""Whether a plan keeps to the constraints that it names."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from planner.constraints import UNCONSTRAINED, Constraints
from planner.content.penalties import list_skipped
from planner.demands.conflicts import Request, can_hold
from planner.demands.feasibility import Answer
from planner.graph import PlanningGraph
from planner.plan import Plan
from planner.problem import PlanningProblem, PlanSettings, find_pinned, find_vetoed
from planner.proof.certification import is_amount
from planner.sequence.sessions import check_sessions

Breach = tuple[str, int | None, str]
"""A sentence, the position of the step concerned, and the id of the concept concerned."""


_ENTRY: Final = re.compile(r"constraints\.(pinned|vetoed|orders|deadlines)\[(0|[1-9][0-9]{0,8})\]")
_GOAL: Final = re.compile(r"goals\[(0|[1-9][0-9]{0,8})\]")


class Compliance:
    """A plan held against its own constraints.

    Args:
        plan: Any plan.
        problem: What it is for.
        minutes: By activity of the plan, the minutes of the whole.
    """

    def __init__(self, plan: Plan, problem: PlanningProblem, minutes: Mapping[str, int]) -> None:
        self._plan, self._problem, self._graph, self._minutes = plan, problem, problem.graph, minutes
        self._place = {step.concept: position for position, step in reversed(list(enumerate(plan.steps)))}

    def check(self) -> Iterator[Breach]:
        """Yields every breach; amounts that are none are passed over, for they are wrong anyway."""
        yield from self._check_pins()
        yield from self._check_vetoes()
        yield from self._check_orders()
        yield from self._check_deadlines()
        yield from self._check_budget()
        yield from self._check_penalties()
        yield from self._check_sessions()

    def _check_pins(self) -> Iterator[Breach]:
        graph, mastered = self._graph, self._problem.mastered
        for position, subject in enumerate(self._plan.constraints.pinned):
            if subject not in graph.activity_number and subject.removeprefix("concepts/") not in graph.number:
                yield f"constraints.pinned[{position}] names {subject}, which the curriculum does not have", None, ""
        concepts, resources = find_pinned(graph, self._plan.constraints)
        for concept in graph.name(concepts):
            if concept not in self._place:
                yield f"{concept} is pinned and not learned", None, concept
        by = {step.concept: step.activity for step in self._plan.steps}
        pinned = {graph.activities[each].id for each in resources}
        for resource in sorted(resources):
            name = graph.activities[resource].id
            asked = graph.name(graph.activities[resource].sections.keys() - mastered)
            if asked and name not in by.values():
                yield f"{name} is pinned and not used", None, ""
            for concept in asked:
                if by.get(concept) not in pinned:
                    yield f"{name} is pinned and {concept} not learned by it", self._place.get(concept), concept

    def _check_vetoes(self) -> Iterator[Breach]:
        concepts, resources = find_vetoed(self._graph, self._plan.constraints)
        barred = set(self._graph.name(concepts))
        unavailable = {self._graph.activities[each].id for each in resources}
        for position, step in enumerate(self._plan.steps):
            if step.concept in barred:
                yield f"{step.concept} is vetoed", position, step.concept
            if step.activity in unavailable:
                yield f"{step.activity} is vetoed", position, step.concept

    def _check_orders(self) -> Iterator[Breach]:
        for before, after in self._plan.constraints.orders:
            if before in self._place and after in self._place and self._place[before] >= self._place[after]:
                yield f"{before} is to come before {after}", self._place[after], after

    def _check_deadlines(self) -> Iterator[Breach]:
        begun: set[str] = set()
        passed = 0
        due = self._plan.constraints.deadlines
        for position, step in enumerate(self._plan.steps):
            if step.activity not in begun:
                begun.add(step.activity)
                passed += self._minutes.get(step.activity, 0)
            if step.concept in due and passed > due[step.concept]:
                text = f"it is reached after {passed} minutes and due after {due[step.concept]}"
                yield text, position, step.concept

    def _check_budget(self) -> Iterator[Breach]:
        budget = self._plan.constraints.budget_minutes
        if budget is not None and self._plan.minutes > budget:
            yield f"the plan takes {self._plan.minutes} minutes of a budget of {budget}", None, ""
        for left_out in self._plan.left_out:
            if budget is None:
                yield f"{left_out.concept} is left out without a budget", None, left_out.concept
            elif left_out.concept not in self._plan.goals:
                yield f"{left_out.concept} is left out and no goal", None, left_out.concept
            elif left_out.concept in self._place:
                yield f"{left_out.concept} is left out and learned", self._place[left_out.concept], left_out.concept

    def _check_penalties(self) -> Iterator[Breach]:
        units = self._plan.constraints.soft_penalty_units
        learned = {self._graph.number[concept] for concept in self._place if concept in self._graph.number}
        owed = list_skipped(self._problem, learned, units) if is_amount(units) else ()
        if self._plan.skipped != owed:
            yield "the soft prerequisites said to be skipped are not those that are", None, ""
        if self._plan.certificate.penalty_units != sum(edge.penalty_units for edge in owed):
            yield "the certificate's penalty is not that of the soft prerequisites skipped", None, ""

    def _check_sessions(self) -> Iterator[Breach]:
        sessions = self._plan.sessions
        if not _are_amounts(each for session in sessions for each in (session.first_step, session.last_step)):
            yield "sessions begin or end at no step", None, ""
            return
        minutes = [step.minutes for step in self._plan.steps]
        for text in check_sessions(minutes, sessions, self._plan.constraints.session_minutes):
            yield text, None, ""


def _are_amounts(numbers: Iterable[int]) -> bool:
    return all(map(is_amount, numbers))


def check_conflict(
    graph: PlanningGraph, plan: Plan, mastery: Mapping[str, float], settings: PlanSettings
) -> Iterator[str]:
    """Yields what is wrong with a plan whose constraints are said to conflict, as sentences.

    Args:
        graph: The curriculum.
        plan: It has a conflict.
        mastery: Probability of mastery by concept id, in [0, 1].
        settings: Thresholds.
    """
    if plan.steps or plan.sessions or plan.left_out or plan.skipped or plan.minutes:
        yield "a plan whose constraints conflict has no steps and nothing that comes of them"
    if plan.conflict is None or not plan.conflict.constraints:
        yield "a conflict names at least one constraint"
        return
    fields = [each.field for each in plan.conflict.constraints]
    constraints = _select(plan.constraints, fields)
    if constraints is None:
        yield "the conflict names a constraint that the plan does not have"
        return
    # a goal's place in the request is not known here, so that all of them count if one does
    goals = plan.goals if any(map(_GOAL.fullmatch, fields)) else ()
    request = Request(
        graph=graph,
        goals=[goal for goal in goals if goal in graph.number],
        mastery=mastery,
        settings=settings,
        constraints=constraints,
        unreachable={each.concept for each in plan.unreachable},
    )
    if can_hold(request, stop=lambda: True) is Answer.YES:
        yield "the constraints that are said to conflict can all hold"


def _select(constraints: Constraints, fields: Iterable[str]) -> Constraints | None:
    """Returns the constraints at some fields only; None: one of them is not there."""
    picked: dict[str, set[int]] = {"pinned": set(), "vetoed": set(), "orders": set(), "deadlines": set()}
    budget = None
    for field in fields:
        if entry := _ENTRY.fullmatch(field):
            picked[entry[1]].add(int(entry[2]))
        elif field == "constraints.budget_minutes" and constraints.budget_minutes is not None:
            budget = constraints.budget_minutes
        elif not _GOAL.fullmatch(field):
            return None
    if any(place >= len(getattr(constraints, name)) for name, places in picked.items() for place in places):
        return None
    return replace(
        UNCONSTRAINED,
        pinned=tuple(each for place, each in enumerate(constraints.pinned) if place in picked["pinned"]),
        vetoed=tuple(each for place, each in enumerate(constraints.vetoed) if place in picked["vetoed"]),
        orders=tuple(each for place, each in enumerate(constraints.orders) if place in picked["orders"]),
        deadlines=dict(
            each for place, each in enumerate(constraints.deadlines.items()) if place in picked["deadlines"]
        ),
        budget_minutes=budget,
    )
