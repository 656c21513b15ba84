"""Why a plan is as it is: what each step and constraint costs, and what would make unreachable goals reachable."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from kg.curriculum import Curriculum
from kg.errors import FieldViolation, InvalidInputError, refuse
from planner.checks.terms import fit_settings, is_known, read_settings
from planner.content.cover import never
from planner.graph import PlanningGraph, compile_graph
from planner.insight.edits import list_fields, list_titles
from planner.insight.plan_words import PlanTeller
from planner.insight.prices import MasteryPrice, PlanPrices
from planner.insight.repair import Repair, find_repairs
from planner.plan import Plan, PlanStep, StepReason

MOST_EXPLAINED: Final = 50
"""Steps explained at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepExplanation:
    """Why a step is there, and what it costs.

    Attributes:
        concept: Id of the concept.
        reasons: Why it is there.
        saving_if_mastered_units: What the plan would cost less if the concept were mastered, in units of 0.0001, >= 0.
        alternative: Id of the activity that would take its place if this one were not to be had; may be empty.
        alternative_cost_units: What the plan would cost more then, in units of 0.0001, >= 0.
        text: All of it as sentences.
    """

    concept: str
    reasons: tuple[StepReason, ...]
    saving_if_mastered_units: int
    alternative: str
    alternative_cost_units: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstraintPrice:
    """What a constraint costs.

    Attributes:
        field: Its field in the plan, such as `constraints.pinned[0]`.
        saving_units: What the plan would cost less without it, in units of 0.0001, >= 0.
        text: The same as a sentence.
    """

    field: str
    saving_units: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a plan is as it is.

    Attributes:
        steps: The steps explained, in the order of the plan.
        constraints: What each pin, veto and the penalty for soft prerequisites costs.
        repairs: For each unreachable goal the fewest changes that make it reachable.
        text: The plan as a whole in a few sentences.
    """

    steps: tuple[StepExplanation, ...]
    constraints: tuple[ConstraintPrice, ...]
    repairs: tuple[Repair, ...]
    text: str


def explain_plan(
    curriculum: Curriculum,
    plan: Plan,
    mastery: Mapping[str, float],
    concepts: Collection[str] = (),
    *,
    graph: PlanningGraph | None = None,
    stop: Callable[[], bool] = never,
) -> Explanation:
    """Explains a plan by planning again with one thing changed at a time.

    Args:
        curriculum: In a version that may be later than the plan's; what it does not have any more costs nothing.
        plan: A sound one.
        mastery: Probability of mastery by concept id, in [0, 1], as it was when the plan was made. What the plan takes
            as mastered counts as such.
        concepts: Ids of the concepts whose steps to explain, at most 50; empty: the dearest 50.
        graph: The curriculum compiled; None: it is compiled here.
        stop: Polled before each step, constraint and repair; True: what is left of the first two is left out, and
            repairs need not be smallest.

    Raises:
        InvalidInputError: There are too many concepts, or the plan has no step for one.

    Complexity is that of planning, twice for each step and once for each constraint.
    """
    steps = _choose_steps(plan, concepts)
    graph = graph or compile_graph(curriculum)
    prices = PlanPrices(graph, plan, mastery)
    teller = PlanTeller(graph, plan, list_titles(curriculum))
    explained: list[StepExplanation] = []
    for step in steps:
        if stop():
            break
        explained.append(_explain_step(step, prices, teller))
    priced: list[ConstraintPrice] = []
    for field in _list_priced(graph, plan):
        if stop():
            break
        saving = prices.price_constraint(field)
        priced.append(ConstraintPrice(field=field, saving_units=saving, text=teller.tell_constraint(field, saving)))
    unreachable = [each.concept for each in plan.unreachable if each.concept in graph.number]
    repairs: tuple[Repair, ...] = ()
    if unreachable:
        settings = fit_settings(graph, read_settings(plan))
        repairs = find_repairs(curriculum, unreachable, mastery, settings, plan.constraints, stop=stop)
    return Explanation(
        steps=tuple(explained),
        constraints=tuple(priced),
        repairs=repairs,
        text=teller.tell_plan(left=len(steps) - len(explained)),
    )


def _choose_steps(plan: Plan, concepts: Collection[str]) -> list[PlanStep]:
    if len(concepts) > MOST_EXPLAINED:
        raise refuse("concepts", f"must have at most {MOST_EXPLAINED} entries, not {len(concepts)}")
    known = {step.concept for step in plan.steps}
    violations = [
        FieldViolation(f"concepts[{position}]", "must be the id of a concept that the plan has a step for")
        for position, concept in enumerate(concepts)
        if concept not in known
    ]
    if violations:
        raise InvalidInputError(*violations)
    dearest = sorted(plan.steps, key=lambda step: -step.cost_units)[:MOST_EXPLAINED]
    wanted = set(concepts) or {step.concept for step in dearest}
    return [step for step in plan.steps if step.concept in wanted]


def _list_priced(graph: PlanningGraph, plan: Plan) -> list[str]:
    """Lists the fields of pins, vetoes and the penalty, but not of what the curriculum does not have any more."""
    if plan.conflict is not None:
        return []
    subjects = {"pinned": plan.constraints.pinned, "vetoed": plan.constraints.vetoed}
    fields = [
        f"constraints.{name}[{position}]"
        for name, named in subjects.items()
        for position, subject in enumerate(named)
        if is_known(graph, subject)
    ]
    penalty = "constraints.soft_penalty"
    return [*fields, penalty] if penalty in list_fields(plan.constraints) else fields


def _explain_step(step: PlanStep, prices: PlanPrices, teller: PlanTeller) -> StepExplanation:
    concept = teller.graph.number.get(step.concept)
    saved, substitute = MasteryPrice(saving_units=0, dropped=(), added=()), None
    if concept is not None and concept in prices.teachers:
        saved, substitute = prices.price_mastery(concept), prices.find_substitute(concept)
        text = teller.tell_step(step, saved, substitute)
    else:
        text = f"As the curriculum is now, nothing needs {step.title} any more."
    return StepExplanation(
        concept=step.concept,
        reasons=step.reasons,
        saving_if_mastered_units=saved.saving_units,
        alternative=teller.graph.activities[substitute.activity].id if substitute else "",
        alternative_cost_units=substitute.cost_units if substitute else 0,
        text=text,
    )
