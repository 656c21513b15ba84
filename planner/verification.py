"""Whether a plan is sound, wherever it comes from: every violation by name, and no exception for strange values."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from kg.errors import InvalidInputError
from planner.certification import check_certificate, is_amount
from planner.closure import count_missing, explore
from planner.graph import PlanningGraph
from planner.plan import Plan, PlanStep, PlanViolation, StepKind, ViolationKind
from planner.problem import (
    UNITS_PER_MINUTE,
    PlanningProblem,
    PlanSettings,
    count_minutes,
    shorten_to_refresh,
    sort_by_mastery,
)


def verify_plan(graph: PlanningGraph, plan: Plan, mastery: Mapping[str, float] | None = None) -> list[PlanViolation]:
    """Checks a plan against a curriculum.

    Args:
        graph: The curriculum; it need not be the version that the plan was made on.
        plan: Any plan. How an activity's minutes and cost are split over its steps is free as long as they sum.
        mastery: Probability of mastery by concept id, in [0, 1], to hold `plan.mastered` and refresher steps against,
            by the plan's own thresholds. None: they are taken as given.

    Returns:
        Every violation, by step; those about the whole plan come last. None: the plan is sound.

    Complexity is that of planning for the same goals, plus O(steps * prerequisites of a concept).
    """
    check = _Check(graph, plan, mastery)
    violations = [
        *check.check_order(),
        *check.check_activities(),
        *check.check_mastery(),
        *check.check_sums(),
        *check.check_names(),
        *check.check_goals(),
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
        self._settings = _read_thresholds(plan)
        self._relied_on = self._find_known(plan.mastered)
        self._shown, self._middling = sort_by_mastery(graph, mastery or {}, self._settings)
        mastered = self._relied_on | self._shown
        refreshed = self._find_known(step.concept for step in plan.steps if step.kind is StepKind.REFRESH)
        faded = (refreshed | self._middling) - mastered
        minutes = count_minutes(graph, faded)
        self._problem = PlanningProblem(
            graph=graph,
            goals=tuple(sorted(self._find_known(plan.goals))),
            mastered=mastered,
            faded=faded,
            minutes=minutes,
            costs=minutes * UNITS_PER_MINUTE,
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
            if step.concept in self._graph.number and self._find_activity(step) is None:
                text = f"{step.activity} is no activity that teaches it"
                yield _blame(ViolationKind.WRONG_ACTIVITY, text, position, step)
            if step.kind not in (StepKind.LEARN, StepKind.REFRESH):
                text = "the step says neither to learn nor to refresh"
                yield _blame(ViolationKind.WRONG_ACTIVITY, text, position, step)

    def check_sums(self) -> Iterator[PlanViolation]:
        """Checks the minutes and costs of steps, of resources and of the plan."""
        shares: defaultdict[int, list[PlanStep]] = defaultdict(list)
        for position, step in enumerate(self._plan.steps):
            if not (is_amount(step.minutes) and is_amount(step.cost_units)):
                yield _blame(ViolationKind.WRONG_SUM, "minutes or cost are no sensible numbers", position, step)
                continue
            activity = self._find_activity(step)
            if activity is None:
                continue
            found = self._graph.activities[activity]
            if not found.own:
                shares[activity].append(step)
                continue
            minutes = shorten_to_refresh(found.minutes) if step.kind is StepKind.REFRESH else found.minutes
            if not _adds_up([step], minutes):
                text = f"{found.id} takes {minutes} minutes and costs as much"
                yield _blame(ViolationKind.WRONG_SUM, text, position, step)
        for activity, steps in shares.items():
            found = self._graph.activities[activity]
            if not _adds_up(steps, found.minutes):
                text = f"the shares of {found.id} do not sum to its {found.minutes} minutes and their cost"
                yield _blame(ViolationKind.WRONG_SUM, text)
        if self._plan.minutes != _sum_up(step.minutes for step in self._plan.steps):
            yield _blame(ViolationKind.WRONG_SUM, "the plan's minutes are not the sum of its steps' minutes")
        if self._plan.certificate.cost_units != _sum_up(step.cost_units for step in self._plan.steps):
            yield _blame(ViolationKind.WRONG_SUM, "the certificate's cost is not the sum of the steps' costs")

    def check_names(self) -> Iterator[PlanViolation]:
        """Checks that goals, mastered and unreachable concepts are of the curriculum."""
        named = {
            "goals": self._plan.goals,
            "mastered": self._plan.mastered,
            "unreachable": [each.concept for each in self._plan.unreachable],
        }
        for place, concepts in named.items():
            for concept in concepts:
                if concept not in self._graph.number:
                    text = f"{place} names {concept}, which the curriculum does not have"
                    yield _blame(ViolationKind.UNKNOWN_CONCEPT, text, concept=concept)

    def check_goals(self) -> Iterator[PlanViolation]:
        """Checks that each goal is reached, or named unreachable and truly so."""
        named = {each.concept for each in self._plan.unreachable}
        covered = self._relied_on | self._find_known(step.concept for step in self._plan.steps)
        ways = explore(self._problem).ways
        for goal in self._problem.goals:
            concept = self._graph.concepts[goal].id
            if concept in named and (goal in self._problem.mastered or goal in ways):
                text = f"goal {concept} is named unreachable and can be reached"
                yield _blame(ViolationKind.FALSELY_UNREACHABLE, text, concept=concept)
            if concept not in named and goal not in covered:
                text = f"goal {concept} is neither mastered nor a step nor named unreachable"
                yield _blame(ViolationKind.GOAL_NOT_COVERED, text, concept=concept)

    def check_certificate(self) -> Iterator[PlanViolation]:
        """Checks the certificate against itself and against a plan made here for the same goals."""
        known = self._mastery is not None
        for text in check_certificate(self._problem, self._plan.certificate, mastery_is_known=known):
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

    def _find_known(self, concepts: Iterator[str] | tuple[str, ...]) -> frozenset[int]:
        return frozenset(self._graph.number[each] for each in concepts if each in self._graph.number)

    def _find_activity(self, step: PlanStep) -> int | None:
        """Returns the step's activity; None: it is unknown or does not teach the concept."""
        activity = self._graph.activity_number.get(step.activity)
        concept = self._graph.number.get(step.concept)
        if activity is None or concept not in self._graph.activities[activity].sections:
            return None
        return activity


def _read_thresholds(plan: Plan) -> PlanSettings:
    """Returns the plan's thresholds; where they are out of range, the strictest there are."""
    try:
        return PlanSettings(mastery_threshold=plan.mastery_threshold, refresh_threshold=plan.refresh_threshold)
    except InvalidInputError:
        return PlanSettings(mastery_threshold=1.0, refresh_threshold=1.0)


def _adds_up(steps: list[PlanStep], minutes: int) -> bool:
    return (
        sum(step.minutes for step in steps) == minutes
        and sum(step.cost_units for step in steps) == minutes * UNITS_PER_MINUTE
    )


def _sum_up(amounts: Iterator[int]) -> int:
    """Sums what makes sense; what does not is a violation of its step."""
    return sum(filter(is_amount, amounts))


def _blame(
    kind: ViolationKind, text: str, position: int | None = None, step: PlanStep | None = None, *, concept: str = ""
) -> PlanViolation:
    message = f"step {position}, {step.concept}: {text}" if step else text
    return PlanViolation(kind=kind, message=message, step=position, concept=step.concept if step else concept)
