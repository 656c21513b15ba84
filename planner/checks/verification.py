"""Whether a plan is sound, wherever it comes from: every violation by name, and no exception for strange values."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from math import isfinite

from kg.errors import InvalidInputError
from planner.checks.accounts import Accounts
from planner.checks.compliance import Compliance, check_conflict
from planner.constraints import UNCONSTRAINED
from planner.content.closure import count_missing, explore
from planner.costs import BY_MINUTES, CostModel, check_cost_model
from planner.graph import PlanningGraph
from planner.plan import Plan, PlanStep, PlanViolation, StepKind, ViolationKind
from planner.problem import PlanSettings, hold_to, sort_by_mastery
from planner.proof.certification import check_certificate, is_amount


def verify_plan(graph: PlanningGraph, plan: Plan, mastery: Mapping[str, float] | None = None) -> list[PlanViolation]:
    """Checks a plan against a curriculum.

    Args:
        graph: The curriculum; it need not be the version that the plan was made on.
        plan: Any plan. How an activity's minutes and cost are split over its steps is free as long as they sum.
        mastery: Probability of mastery by concept id, in [0, 1], to hold `plan.mastered` and refresher steps against,
            by the plan's own thresholds. None: they are taken as given, and cognitive costs are reckoned with the
            mastery that steps record; of a resource that teaches more than the steps say, they are held between what
            it would cost if all else were mastered and if nothing were known of it.

    Returns:
        Every violation, by step; those about the whole plan come last. None: the plan is sound. Of a plan whose
        constraints conflict it is only asked that they do, as far as that can be said without an exact search.

    Complexity is that of planning for the same goals, plus O(steps * prerequisites of a concept).
    """
    check = _Check(graph, plan, mastery)
    if plan.conflict is not None:
        return [*check.check_names(), *check.check_unreachable(), *check.check_conflict()]
    violations = [
        *check.check_order(),
        *check.check_activities(),
        *check.check_mastery(),
        *check.check_sums(),
        *check.check_names(),
        *check.check_unreachable(),
        *check.check_goals(),
        *check.check_constraints(),
        *check.check_certificate(),
    ]
    return sorted(violations, key=lambda violation: (violation.step is None, violation.step or 0))


class _Check:
    """A plan under check.

    The problem it is held against takes as mastered what the plan says and what the learner's mastery shows, and as
    faded the concepts of refresher steps and those of middling mastery. More of either only lowers what goals cost.
    """

    def __init__(self, graph: PlanningGraph, plan: Plan, mastery: Mapping[str, float] | None) -> None:
        self._graph, self._plan, self._mastery = graph, plan, mastery
        self._settings = _read_settings(graph, plan)
        self._relied_on = self._find_known(plan.mastered)
        self._shown, self._middling = sort_by_mastery(graph, mastery or {}, self._settings)
        mastered = self._relied_on | self._shown
        refreshed = self._find_known(step.concept for step in plan.steps if step.kind is StepKind.REFRESH)
        self._recorded = _read_mastery(plan) if mastery is None else mastery
        self._free = hold_to(
            graph,
            UNCONSTRAINED,
            goals=self._find_known(plan.goals),
            mastered=mastered,
            faded=(refreshed | self._middling) - mastered,
            mastery=self._recorded,
            cost_model=self._settings.cost_model,
        )
        dropped = {each.concept for each in plan.unreachable} | {each.concept for each in plan.left_out}
        kept = self._find_known(goal for goal in plan.goals if goal not in dropped)
        self._problem = hold_to(
            graph,
            plan.constraints,
            goals=kept,
            mastered=mastered,
            faded=self._free.faded,
            mastery=self._recorded,
            cost_model=self._settings.cost_model,
        )
        self._accounts = Accounts(
            plan,
            self._problem,
            self._settings.cost_model,
            mastery=self._recorded,
            mastery_is_known=mastery is not None,
        )

    def check_order(self) -> Iterator[PlanViolation]:
        """Checks that each step is for another concept and comes after all that it requires."""
        done = set(self._relied_on)
        stepped: set[int] = set()
        for position, step in enumerate(self._plan.steps):
            concept = self._graph.number.get(step.concept)
            if concept is None:
                yield _blame(ViolationKind.UNKNOWN_CONCEPT, "the curriculum has no such concept", position, step)
                continue
            if concept in stepped:
                yield _blame(ViolationKind.REPEATED_STEP, "an earlier step is for the same concept", position, step)
            for before in self._graph.prerequisites[concept]:
                if before not in done:
                    text = f"{self._graph.concepts[before].id} is neither mastered nor an earlier step"
                    yield _blame(ViolationKind.MISSING_PREREQUISITE, text, position, step)
            for group in self._graph.groups_of[concept]:
                missing = count_missing(self._graph, group, done)
                if missing > 0:
                    text = f"group {self._graph.groups[group].id} lacks {missing} mastered members or earlier steps"
                    yield _blame(ViolationKind.UNMET_GROUP, text, position, step)
            done.add(concept)
            stepped.add(concept)

    def check_activities(self) -> Iterator[PlanViolation]:
        """Checks that each step's activity teaches its concept, and that it says what is to be done."""
        for position, step in enumerate(self._plan.steps):
            if step.concept in self._graph.number and self._accounts.find_activity(step) is None:
                text = f"{step.activity} is no activity that teaches it"
                yield _blame(ViolationKind.WRONG_ACTIVITY, text, position, step)
            if step.kind not in (StepKind.LEARN, StepKind.REFRESH):
                text = "the step says neither to learn nor to refresh"
                yield _blame(ViolationKind.WRONG_ACTIVITY, text, position, step)

    def check_sums(self) -> Iterator[PlanViolation]:
        """Checks the minutes and costs of steps, of resources and of the plan."""
        for text, position in self._accounts.check():
            step = None if position is None else self._plan.steps[position]
            yield _blame(ViolationKind.WRONG_SUM, text, position, step)

    def check_names(self) -> Iterator[PlanViolation]:
        """Checks that goals, mastered and unreachable concepts are of the curriculum."""
        named = {
            "goals": self._plan.goals,
            "mastered": self._plan.mastered,
            "unreachable": [each.concept for each in self._plan.unreachable],
            "reviews": [each.concept for each in self._plan.reviews],
        }
        for place, concepts in named.items():
            for concept in concepts:
                if concept not in self._graph.number:
                    text = f"{place} names {concept}, which the curriculum does not have"
                    yield _blame(ViolationKind.UNKNOWN_CONCEPT, text, concept=concept)

    def check_unreachable(self) -> Iterator[PlanViolation]:
        """Checks that goals named unreachable cannot be reached, constraints or not."""
        named = {each.concept for each in self._plan.unreachable}
        ways = explore(self._free).ways
        for goal in self._free.goals:
            concept = self._graph.concepts[goal].id
            if concept in named and (goal in self._free.mastered or goal in ways):
                text = f"goal {concept} is named unreachable and can be reached"
                yield _blame(ViolationKind.FALSELY_UNREACHABLE, text, concept=concept)

    def check_goals(self) -> Iterator[PlanViolation]:
        """Checks that each goal is mastered, a step, named unreachable or left out."""
        dropped = {each.concept for each in self._plan.unreachable} | {each.concept for each in self._plan.left_out}
        covered = self._relied_on | self._find_known(step.concept for step in self._plan.steps)
        for goal in self._free.goals:
            concept = self._graph.concepts[goal].id
            if concept not in dropped and goal not in covered:
                text = f"goal {concept} is neither mastered nor a step nor named unreachable"
                yield _blame(ViolationKind.GOAL_NOT_COVERED, text, concept=concept)

    def check_constraints(self) -> Iterator[PlanViolation]:
        """Checks that the plan keeps to the constraints that it names."""
        minutes = self._accounts.list_minutes()
        for text, position, concept in Compliance(self._plan, self._problem, minutes).check():
            step = None if position is None else self._plan.steps[position]
            yield _blame(ViolationKind.CONSTRAINT_BROKEN, text, position, step, concept=concept)

    def check_conflict(self) -> Iterator[PlanViolation]:
        """Checks that a plan with a conflict has no steps, and that no plan is found that resolves it."""
        mastery = {**(self._mastery or {}), **dict.fromkeys(self._graph.name(self._relied_on), 1.0)}
        for text in check_conflict(self._graph, self._plan, mastery, self._settings):
            yield _blame(ViolationKind.CONSTRAINT_BROKEN, text)

    def check_certificate(self) -> Iterator[PlanViolation]:
        """Checks the certificate against itself and against a plan made here for the same goals."""
        penalty = self._plan.constraints.soft_penalty_units
        for text in check_certificate(
            self._accounts.price_as_claimed(),
            self._plan.certificate,
            mastery_is_known=self._mastery is not None,
            soft_penalty_units=penalty if is_amount(penalty) else 0,
        ):
            yield _blame(ViolationKind.WRONG_CERTIFICATE, text)

    def check_mastery(self) -> Iterator[PlanViolation]:
        """Checks that the learner's mastery, where it is given, shows what the plan relies on."""
        if self._mastery is None:
            return
        threshold = self._settings.mastery_threshold
        for concept in sorted(self._relied_on - self._shown):
            name = self._graph.concepts[concept].id
            text = f"the learner's mastery of {name} is below {threshold:g}"
            yield _blame(ViolationKind.MASTERY_NOT_SHOWN, text, concept=name)
        for position, step in enumerate(self._plan.steps):
            known = self._graph.number.get(step.concept)
            if step.kind is StepKind.REFRESH and known is not None and known not in self._shown | self._middling:
                text = f"the learner's mastery is below {self._settings.refresh_threshold:g}, too low to refresh only"
                yield _blame(ViolationKind.MASTERY_NOT_SHOWN, text, position, step)

    def _find_known(self, concepts: Iterable[str]) -> frozenset[int]:
        return frozenset(self._graph.number[each] for each in concepts if each in self._graph.number)


def _read_settings(graph: PlanningGraph, plan: Plan) -> PlanSettings:
    """Returns the plan's settings; for thresholds out of range the strictest there are, for strange costs minutes."""
    try:
        settings = PlanSettings(mastery_threshold=plan.mastery_threshold, refresh_threshold=plan.refresh_threshold)
    except InvalidInputError:
        settings = PlanSettings(mastery_threshold=1.0, refresh_threshold=1.0)
    return replace(settings, cost_model=_read_cost_model(graph, plan.cost_model))


def _read_cost_model(graph: PlanningGraph, model: CostModel) -> CostModel:
    custom = {each: units for each, units in model.custom_units.items() if each in graph.activity_number}
    known = replace(model, custom_units=custom)
    try:
        check_cost_model(graph, known)
    except InvalidInputError:
        return BY_MINUTES
    return known


def _read_mastery(plan: Plan) -> dict[str, float]:
    """Returns the mastery that steps record, without what is no probability."""
    return {step.concept: step.mastery for step in plan.steps if isfinite(step.mastery) and 0 <= step.mastery <= 1}


def _blame(
    kind: ViolationKind, text: str, position: int | None = None, step: PlanStep | None = None, *, concept: str = ""
) -> PlanViolation:
    message = f"step {position}, {step.concept}: {text}" if step else text
    return PlanViolation(kind=kind, message=message, step=position, concept=step.concept if step else concept)
