"""How two plans differ, and why, as far as that is known."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from planner.costs import BY_MINUTES
from planner.plan import ChangeKind, Plan, PlanChange, PlanStep
from planner.problem import UNITS_PER_MINUTE

_NOW_AND_BEFORE: Final = {
    "reached": ("is reached", "was reached"),
    "unreachable": ("cannot be reached", "could not be reached"),
    "left out": ("does not fit into the budget", "did not fit into the budget"),
    "blocked": ("is held up by constraints that conflict", "was held up by constraints that conflict"),
    "dropped": ("is no goal", "was no goal"),
}
"""By standing of a goal, what it is in the later plan and was in the earlier one."""

Causes = Mapping[tuple[ChangeKind, str], str]
"""Why something differs, by kind and concept id, such as "Slope is mastered by now": sentences without a full stop."""


def compare_plans(
    before: Plan, after: Plan, causes: Causes | None = None, titles: Mapping[str, str] | None = None
) -> tuple[PlanChange, ...]:
    """Lists how a plan differs from an earlier one.

    Goals come first, by id; then steps that are gone, steps that are new, and activities that are others, each in the
    order of the plan that has them; then concepts that moved, and the cost. Of the concepts in both plans that follow
    one another otherwise, as few are named as have to move: those outside a longest sequence common to both.

    Args:
        before: The earlier plan.
        after: The later plan.
        causes: As far as they are known; what the plans show themselves needs none.
        titles: Of concepts by id and of resources by `resources/{id}`, as far as plans do not tell; ids stand in for
            those that are not known.

    Returns:
        Nothing where goals, steps, their activities, their order and the cost are the same.

    Complexity is O(n log n) in the number of steps.
    """
    return tuple(_Comparison(before, after, causes or {}, titles or {}).list_changes())


def costs_minutes(plan: Plan) -> bool:
    """Says whether the costs of a plan are its minutes."""
    return plan.cost_model == BY_MINUTES and not plan.certificate.penalty_units


def tell_cost(units: int, *, minutes: bool) -> str:
    """Returns a cost in words: "12 minutes" where costs are minutes, else the bare number."""
    unit = (" minute" if units == UNITS_PER_MINUTE else " minutes") if minutes else ""
    return write_cost(units) + unit


def write_cost(units: int) -> str:
    """Returns units of 0.0001 as a decimal number without superfluous zeros, such as "12.5"."""
    whole, part = divmod(abs(units), UNITS_PER_MINUTE)
    digits = f"{whole}.{part:04}".rstrip("0").rstrip(".")
    return f"-{digits}" if units < 0 else digits


def tell_activity(activity: str, titles: Mapping[str, str]) -> str:
    """Returns an activity in words: "its own study" or "the resource" with its title, its id where that is unknown."""
    kind, _, name = activity.partition("/")
    return "its own study" if kind == "concepts" else f"the resource {titles.get(activity, name)}"


class _Comparison:
    def __init__(self, before: Plan, after: Plan, causes: Causes, titles: Mapping[str, str]) -> None:
        self._before, self._after, self._causes = before, after, causes
        self._old = {step.concept: step for step in before.steps}
        self._new = {step.concept: step for step in after.steps}
        self._titles = {**titles, **{step.concept: step.title for step in (*before.steps, *after.steps)}}

    def list_changes(self) -> Iterator[PlanChange]:
        yield from self._compare_goals()
        yield from self._list_removed()
        yield from self._list_added()
        yield from self._compare_activities()
        yield from self._compare_orders()
        yield from self._compare_costs()

    def _compare_goals(self) -> Iterator[PlanChange]:
        for goal in sorted({*self._before.goals, *self._after.goals}):
            old, new = _find_standing(self._before, goal), _find_standing(self._after, goal)
            if old != new:
                text = f"{self._titles.get(goal, goal)} {_NOW_AND_BEFORE[new][0]} and {_NOW_AND_BEFORE[old][1]} before"
                yield self._make(ChangeKind.GOAL_CHANGED, goal, text)

    def _list_removed(self) -> Iterator[PlanChange]:
        mastered = {*self._after.mastered}
        for concept, step in self._old.items():
            if concept not in self._new:
                known = f"{step.title} is mastered" if concept in mastered else ""
                text = f"{step.title} is no step any more"
                yield self._make(ChangeKind.STEP_REMOVED, concept, text, known, before=step.activity)

    def _list_added(self) -> Iterator[PlanChange]:
        mastered = {*self._before.mastered}
        for concept, step in self._new.items():
            if concept not in self._old:
                known = f"{step.title} is not mastered any more" if concept in mastered else ""
                text = f"{step.title} is a new step"
                yield self._make(ChangeKind.STEP_ADDED, concept, text, known, after=step.activity)

    def _compare_activities(self) -> Iterator[PlanChange]:
        for concept, step in self._new.items():
            old = self._old.get(concept, step).activity
            if old != step.activity:
                by, instead = (tell_activity(each, self._titles) for each in (step.activity, old))
                text = f"{step.title} is learned by {by} instead of {instead}"
                yield self._make(ChangeKind.ACTIVITY_CHANGED, concept, text, before=old, after=step.activity)

    def _compare_orders(self) -> Iterator[PlanChange]:
        places = {concept: place for place, concept in enumerate(self._old)}
        common = [concept for concept in self._new if concept in self._old]
        old_places = [places[concept] for concept in common]
        kept = find_longest_rise(old_places)
        for position, concept in enumerate(common):
            following = bisect_left(kept, position)
            if following < len(kept) and kept[following] == position:
                continue
            # Such a concept does not fit between its neighbours that stay: it is too late for one or too early for the
            # other, and the longest rise would have it otherwise.
            if following < len(kept) and old_places[kept[following]] < places[concept]:
                overtaken = common[kept[following]]
                text = f"{self._titles[concept]} comes before {self._titles[overtaken]} now"
                yield self._make(ChangeKind.MOVED_EARLIER, concept, text)
            else:
                ahead = common[kept[following - 1]]
                text = f"{self._titles[ahead]} comes before {self._titles[concept]} now, which moved back"
                yield self._make(ChangeKind.MOVED_EARLIER, ahead, text)

    def _compare_costs(self) -> Iterator[PlanChange]:
        old, new = self._before.certificate.cost_units, self._after.certificate.cost_units
        if old != new:
            word = "less" if new < old else "more"
            amount = tell_cost(abs(new - old), minutes=costs_minutes(self._after))
            text = f"The plan costs {amount} {word}: {write_cost(new)} instead of {write_cost(old)}"
            yield self._make(ChangeKind.COST_CHANGED, "", text, before=write_cost(old), after=write_cost(new))

    def _make(
        self, kind: ChangeKind, concept: str, text: str, known: str = "", *, before: str = "", after: str = ""
    ) -> PlanChange:
        """Completes a change with its cause; what the caller knows goes before what the plans show."""
        cause = self._causes.get((kind, concept), known)
        sentence = f"{text}: {cause}." if cause else f"{text}."
        return PlanChange(kind=kind, concept=concept, before=before, after=after, text=sentence)


def _find_standing(plan: Plan, goal: str) -> str:
    """Returns a key of `_NOW_AND_BEFORE`."""
    if goal not in plan.goals:
        return "dropped"
    if plan.conflict is not None:
        return "blocked"
    if any(each.concept == goal for each in plan.unreachable):
        return "unreachable"
    return "left out" if any(each.concept == goal for each in plan.left_out) else "reached"


def find_longest_rise(values: Sequence[int]) -> list[int]:
    """Finds a longest rising subsequence of distinct values (Schensted 1961).

    Returns:
        The positions of its values, ascending; of several the one whose last value is least, and so on backwards.

    Complexity is O(n log n).
    """
    ends: list[int] = []  # by length, the least value that a rise of this length ends with
    places: list[int] = []
    previous: list[int] = []
    for position, value in enumerate(values):
        length = bisect_left(ends, value)
        previous.append(places[length - 1] if length else -1)
        if length == len(ends):
            ends.append(value)
            places.append(position)
        else:
            ends[length], places[length] = value, position
    rise: list[int] = []
    position = places[-1] if places else -1
    while position >= 0:
        rise.append(position)
        position = previous[position]
    return rise[::-1]


def count_steps(steps: Sequence[PlanStep]) -> str:
    """Returns a number of steps in words."""
    return "1 step" if len(steps) == 1 else f"{len(steps)} steps"
