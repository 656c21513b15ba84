"""Why each step of a plan is there, as facts and as sentences."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Final

from planner.content.closure import Region, count_missing
from planner.plan import ReasonKind, StepReason
from planner.problem import PlanningProblem

_MOST_NAMED: Final = 4


def list_in_words(names: Sequence[str]) -> str:
    """Joins names to "A, B and C"; of more than four the first three stand for all, as in "A, B, C and 4 more"."""
    if len(names) > _MOST_NAMED:
        names = [*names[: _MOST_NAMED - 1], f"{len(names) - _MOST_NAMED + 1} more"]
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Explainer:
    """What the reasons of a plan's steps are drawn from.

    Attributes:
        problem: The problem.
        region: Its region.
        teachers: Activity by concept to learn.
        lessons: Concepts to learn by activity.
        served: By concept, bits of the problem's goals it serves, see `planner.sequence.order.trace_goals`.
        asked: Goals that were asked for; the problem's others are there for pins.
        pinned: Pinned concepts.
        extra: Concepts learned for soft prerequisites' sake.
        late: By goal that misses its deadline, the minutes after which it is reached.
    """

    problem: PlanningProblem
    region: Region
    teachers: Mapping[int, int]
    lessons: Mapping[int, Set[int]]
    served: Mapping[int, int]
    asked: Set[int]
    pinned: Set[int] = frozenset()
    extra: Set[int] = frozenset()
    late: Mapping[int, int] = field(default_factory=dict)

    def explain(self, concept: int) -> tuple[StepReason, ...]:
        """Lists the reasons for the step that learns or refreshes a concept."""
        return (
            *self._explain_goals(concept),
            *self._explain_pins(concept),
            *self._explain_dependents(concept),
            *self._explain_help(concept),
            *self._explain_choice(concept),
            *self._explain_activity(concept),
            *self._explain_fading(concept),
        )

    def _explain_goals(self, concept: int) -> Iterable[StepReason]:
        served = self.served[concept]
        goals = [
            goal for position, goal in enumerate(self.problem.goals) if served >> position & 1 and goal in self.asked
        ]
        if concept in goals:
            goals.remove(concept)
            text = f"{self._title(concept)} is one of the goals."
            if concept in self.late:
                text += f" It is late: no plan was found that reaches it in less than {self.late[concept]} minutes."
            yield self._make_reason(ReasonKind.IS_GOAL, text, [concept])
        if goals:
            noun = "goal" if len(goals) == 1 else "goals"
            text = f"It is needed for the {noun} {self._tell(goals)}."
            yield self._make_reason(ReasonKind.SERVES_GOALS, text, goals)

    def _explain_pins(self, concept: int) -> Iterable[StepReason]:
        activity = self.teachers[concept]
        if concept in self.pinned:
            yield self._make_reason(ReasonKind.PINNED, f"{self._title(concept)} is pinned.", [concept])
        elif activity in self.problem.pinned:
            text = f"{self.problem.graph.activities[activity].title} is pinned and teaches it."
            yield self._make_reason(ReasonKind.PINNED, text, [concept])

    def _explain_dependents(self, concept: int) -> Iterable[StepReason]:
        later = [after for after in self.problem.graph.unlocks[concept] if after in self.teachers]
        if later:
            yield self._make_reason(ReasonKind.UNLOCKS, f"It opens the way to {self._tell(later)}.", later)

    def _explain_help(self, concept: int) -> Iterable[StepReason]:
        graph = self.problem.graph
        if concept in self.extra and self.teachers.keys().isdisjoint(graph.dependents[concept]):
            helped = [after for after in graph.soft_dependents[concept] if after in self.teachers]
            if helped:
                text = f"It helps with {self._tell(helped)}; to skip it would cost a penalty."
                yield self._make_reason(ReasonKind.SOFT_PREREQUISITE, text, helped)

    def _explain_choice(self, concept: int) -> Iterable[StepReason]:
        if concept in self.region.forced:
            return
        graph, mastered, forced = self.problem.graph, self.problem.mastered, self.region.forced
        for group in graph.groups_with[concept]:
            found = graph.groups[group]
            if found.owner in self.teachers and count_missing(graph, group, mastered, forced) > 0:
                text = (
                    f"{self._title(found.owner)} asks for at least {found.need} of {self._tell(found.members)}, "
                    f"and {self._title(concept)} was chosen."
                )
                yield self._make_reason(ReasonKind.CHOSEN_ALTERNATIVE, text, found.members, found.id)

    def _explain_activity(self, concept: int) -> Iterable[StepReason]:
        activity = self.teachers[concept]
        lessons = self.lessons[activity]
        if len(lessons) > 1:
            title = self.problem.graph.activities[activity].title
            text = f"{title} teaches {self._tell(sorted(lessons))} in one go."
            yield self._make_reason(ReasonKind.SHARED_ACTIVITY, text, lessons)

    def _explain_fading(self, concept: int) -> Iterable[StepReason]:
        if concept in self.problem.faded:
            text = f"{self._title(concept)} was known before and has faded."
            yield self._make_reason(ReasonKind.FADED, text, [concept])

    def _make_reason(self, kind: ReasonKind, text: str, concepts: Iterable[int], group: str = "") -> StepReason:
        return StepReason(kind=kind, text=text, concepts=self.problem.graph.name(concepts), group=group)

    def _title(self, concept: int) -> str:
        return self.problem.graph.concepts[concept].title

    def _tell(self, concepts: Sequence[int]) -> str:
        return list_in_words([self._title(concept) for concept in concepts])
