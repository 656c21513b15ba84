"""Planning anew for what is known by now, with as little change as makes sense."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from kg.errors import NoGoalsError, refuse
from planner.checks.terms import fit_constraints, fit_settings, read_settings
from planner.constraints import Constraints
from planner.content.cover import never
from planner.costs import in_steps
from planner.demands.conflicts import find_demands
from planner.demands.drafts import drop_circles
from planner.difference import compare_plans, costs_minutes, tell_cost, write_cost
from planner.generation import generate_plan
from planner.graph import PlanningGraph
from planner.plan import ChangeKind, Plan, PlanChange, PlanStep
from planner.problem import PlanSettings, build_problem, sort_by_mastery
from planner.revisions.assembly import assemble_plan, keeps_demands
from planner.revisions.continuation import Aim, Teachers, complete, find_fresh, read_teachers
from planner.revisions.revision_causes import Revisited, find_causes, list_titles
from planner.sequence.order import arrange, find_late, trace_goals
from planner.sequence.order_keeping import keep_order


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A plan revised.

    Attributes:
        plan: The plan for what is left.
        changes: How it differs from the one before and why; the last is KEPT where a cheaper plan was found and not
            taken.
    """

    plan: Plan
    changes: tuple[PlanChange, ...]


def revise_plan(
    old: Plan,
    graph: PlanningGraph,
    mastery: Mapping[str, float],
    settings: PlanSettings | None = None,
    started: Collection[str] = (),
    *,
    least_gain: float = 0.1,
    constraints: Constraints | None = None,
    reviews: Mapping[str, float] | None = None,
    stop: Callable[[], bool] = never,
) -> Revision:
    """Plans anew for the goals of a plan, and keeps to that plan unless another one gains enough.

    What is mastered by now and what nothing needs any more leave the plan; what is missing joins it. Steps that are
    started stay, by the activities they have, and come first, after what has faded of their prerequisites. The others
    keep their order; new ones come just before the first that requires them. A plan made from scratch, with the same
    steps started, is taken instead if it saves more than `least_gain` of what the kept one costs. So with K the cost
    of the kept plan, F that of the one from scratch and R that of the answer, R <= K, and R = F or
    (1 - least_gain) R <= F.

    The one from scratch is also taken where the kept one cannot keep to a deadline, an order or the budget; where
    started steps leave no room for these, they go. Which goals fit into a budget is decided anew; minutes of deadlines
    and budget count from now on. A pin of a concept that has come to be mastered is fulfilled and goes.

    Args:
        old: A sound plan when it was made.
        graph: The curriculum, in a version that may be later than the plan's. Goals, custom costs and constraints on
            what it does not have any more are dropped.
        mastery: Probability of mastery by concept id, in [0, 1], as it is now.
        settings: How to plan; None: as the plan says.
        started: Ids of concepts with new evidence since the plan was made.
        least_gain: Share of the cost left, in [0, 1).
        constraints: What to keep to; None: what the plan keeps to.
        reviews: As for `generate_plan`.
        stop: Polled between choices; True: the rest is chosen quickly and the plan marked `cut_short`.

    Raises:
        InvalidInputError: least_gain is out of range, or the settings or constraints are not sensible.
        NoGoalsError: The curriculum has none of the plan's goals any more.

    Complexity is that of planning, some times over.
    """
    if not 0 <= least_gain < 1:
        raise refuse("least_gain", "must be at least 0 and below 1")
    goals = [goal for goal in old.goals if goal in graph.number]
    if not goals:
        raise NoGoalsError("the curriculum has none of the plan's goals any more")
    settings = fit_settings(graph, settings or read_settings(old))
    if constraints is None:
        constraints = _drop_fulfilled(graph, old, mastery, settings, started)
    constraints = fit_constraints(graph, constraints)
    fresh = generate_plan(graph, goals, mastery, settings, stop, constraints=constraints, reviews=reviews)
    if fresh.conflict is not None:
        return Revision(plan=fresh, changes=compare_plans(old, fresh, titles=list_titles(graph)))
    return _Reviser(old, fresh, _pose(graph, fresh, mastery, settings), mastery, reviews).revise(
        started, Fraction(least_gain), stop
    )


def _drop_fulfilled(
    graph: PlanningGraph, old: Plan, mastery: Mapping[str, float], settings: PlanSettings, started: Collection[str]
) -> Constraints:
    """Drops the pins of concepts that are mastered now and were not then, or have been worked on since."""
    mastered, _ = sort_by_mastery(graph, mastery, settings)
    high = in_steps(settings.mastery_threshold)
    fulfilled = {
        f"concepts/{step.concept}"
        for step in old.steps
        if graph.number.get(step.concept) in mastered and (step.concept in started or in_steps(step.mastery) < high)
    }
    pinned = tuple(subject for subject in old.constraints.pinned if subject not in fulfilled)
    return replace(old.constraints, pinned=pinned)


def _pose(graph: PlanningGraph, fresh: Plan, mastery: Mapping[str, float], settings: PlanSettings) -> Aim:
    """States the problem of the goals that the fresh plan reaches."""
    missed = {*(each.concept for each in fresh.unreachable), *(each.concept for each in fresh.left_out)}
    reached = [goal for goal in fresh.goals if goal not in missed]
    problem = build_problem(graph, reached, mastery, settings, fresh.constraints)
    return Aim(problem=problem, penalty_units=fresh.constraints.soft_penalty_units)


class _Reviser:
    """The choice between what is left of a plan and one made from scratch."""

    def __init__(
        self, old: Plan, fresh: Plan, aim: Aim, mastery: Mapping[str, float], reviews: Mapping[str, float] | None
    ) -> None:
        self._old, self._fresh, self._aim = old, fresh, aim
        self._mastery, self._reviews = mastery, reviews
        self._number = aim.problem.graph.number

    def revise(self, started: Collection[str], least_gain: Fraction, stop: Callable[[], bool]) -> Revision:
        aim, rest = self._aim, self._aim.keep_possible(read_teachers(self._aim, self._old))
        locked = [concept for concept in rest if self._name(concept) in started]
        kept = complete(aim, rest, locked, stop)
        locked = [concept for concept in locked if concept in kept]
        kept_order = self._arrange(kept, [*locked, *rest])
        scratch = self._start_over({concept: rest[concept] for concept in locked}, stop)
        scratch_order = self._arrange(scratch, [*locked, *self._list_concepts(self._fresh.steps)])
        if scratch_order is None:
            scratch = read_teachers(aim, self._fresh)
            scratch_order = self._list_concepts(self._fresh.steps)
        gain = aim.price(kept) - aim.price(scratch)
        if not rest or kept_order is None or gain > least_gain * aim.price(kept):
            return self._take(scratch, scratch_order, locked, renewed=True)
        revision = self._take(kept, kept_order, locked, renewed=False)
        if gain <= 0:
            return revision
        declined = self._decline(revision.plan, gain, least_gain)
        return replace(revision, changes=(*revision.changes, declined))

    def _start_over(self, locked: Teachers, stop: Callable[[], bool]) -> Teachers:
        """Returns the content of the fresh plan, or with steps started, of the cheapest there is around them."""
        fresh = read_teachers(self._aim, self._fresh)
        if all(fresh.get(concept) == activity for concept, activity in locked.items()):
            return fresh
        around = complete(self._aim, {**fresh, **locked}, locked, stop)
        return min(around, find_fresh(self._aim, locked, stop), key=self._aim.price)

    def _arrange(self, teachers: Teachers, order: Sequence[int]) -> list[int] | None:
        """Orders a cover by an earlier order, or if that breaks demands anew; None: every order breaks them."""
        aim, plan = self._aim, self._fresh
        kept = keep_order(aim.problem, teachers, order)
        if keeps_demands(aim, plan, teachers, kept):
            return kept
        problem = drop_circles(aim.problem, teachers)
        if len(problem.orders) < len(aim.problem.orders):
            return None
        due = find_demands(problem, plan.constraints, plan.goals).due
        if find_late(problem, teachers, due):
            return None
        anew = arrange(problem, teachers, trace_goals(problem.graph, teachers, problem.goals), plan.order, due)
        return anew if keeps_demands(aim, plan, teachers, anew) else None

    def _take(self, teachers: Teachers, order: Sequence[int], locked: Sequence[int], *, renewed: bool) -> Revision:
        plan = self._fresh
        if teachers != read_teachers(self._aim, plan) or list(order) != self._list_concepts(plan.steps):
            plan = assemble_plan(self._aim, plan, teachers, order, mastery=self._mastery, reviews=self._reviews)
        revisited = Revisited(aim=self._aim, old=self._old, new=plan, locked=frozenset(locked), renewed=renewed)
        titles = list_titles(self._aim.problem.graph)
        return Revision(plan=plan, changes=compare_plans(self._old, plan, find_causes(revisited), titles))

    def _decline(self, plan: Plan, gain: int, least_gain: Fraction) -> PlanChange:
        """Says that a cheaper plan was not taken."""
        cost = plan.certificate.cost_units
        minutes = costs_minutes(plan)
        text = (
            f"A plan that costs {tell_cost(cost - gain, minutes=minutes)} was found and not taken: it would save "
            f"{write_cost(gain)} of {write_cost(cost)}, which is not more than {float(100 * least_gain):.3g} %."
        )
        return PlanChange(kind=ChangeKind.KEPT, before=write_cost(cost), after=write_cost(cost - gain), text=text)

    def _list_concepts(self, steps: Sequence[PlanStep]) -> list[int]:
        return [self._number[step.concept] for step in steps]

    def _name(self, concept: int) -> str:
        return self._aim.problem.graph.concepts[concept].id
