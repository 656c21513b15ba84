"""Reviews of what is about to fade, laid over a plan's steps; they change neither steps nor cost."""

from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import chain
from typing import Final

from planner.costs import in_steps, shorten_to_refresh
from planner.graph import PlanningGraph
from planner.plan import PlanStep, Review
from planner.problem import PlanSettings

FADING_MARGIN: Final = 0.05
"""How close to the threshold mastery is about to fade. Our choice; no data stand behind it."""

STEPS_PER_REVIEW: Final = 3
"""Steps for each review that no step waits for. Our choice: reviews are not to crowd out what is new."""


def find_due(mastery: Mapping[str, float], settings: PlanSettings) -> dict[str, float]:
    """Finds the concepts whose review is due: those that are mastered, but so barely that they are about to fade.

    Args:
        mastery: Probability of mastery by concept id, in [0, 1].
        settings: The threshold.

    Returns:
        Of those at most `FADING_MARGIN` above the mastery threshold the probability of mastery, by ascending id.
    """
    low = in_steps(settings.mastery_threshold)
    high = low + in_steps(FADING_MARGIN)
    return {concept: mastery[concept] for concept in sorted(mastery) if low <= in_steps(mastery[concept]) <= high}


def overlay_reviews(graph: PlanningGraph, steps: Sequence[PlanStep], due: Mapping[str, float]) -> tuple[Review, ...]:
    """Lays reviews over steps.

    A review comes right before the first step that builds on its concept: that requires it by a hard prerequisite or a
    group, directly or through concepts that are no steps. Concepts that no step builds on are spread evenly over the
    gaps that have no review yet, the least mastered first, one for each `STEPS_PER_REVIEW` steps; the others are left
    out. So two such reviews never come one after another, unless there are more reviews than steps.

    Args:
        graph: The curriculum.
        steps: Of a plan on it.
        due: Probability of mastery by id of the mastered concepts whose review is due. Those that are steps, that the
            curriculum does not have, or that nothing teaches are passed over.

    Returns:
        By the step they come after, then by mastery, then by id. Minutes are those of refreshing the concept's own
        study; of the shortest section that teaches it where it has none.

    Complexity is linear in the part of the graph before the steps, but for sorting.
    """
    stepped = {step.concept for step in steps}
    fading = sorted(
        (concept for concept in due if concept not in stepped and _is_taught(graph, concept)),
        key=lambda concept: (in_steps(due[concept]), concept),
    )
    first_use = _find_first_uses(graph, steps)
    uses = {concept: first_use[graph.number[concept]] for concept in fading if graph.number[concept] in first_use}
    loose = [concept for concept in fading if concept not in uses][: len(steps) // STEPS_PER_REVIEW]
    gaps = {concept: use - 1 for concept, use in uses.items()}
    gaps |= zip(loose, _spread(len(loose), len(steps), set(gaps.values())), strict=True)
    placed = sorted((concept for concept in fading if concept in gaps), key=gaps.__getitem__)
    return tuple(
        _make_review(graph, concept, due[concept], gaps[concept], steps[uses[concept]] if concept in uses else None)
        for concept in placed
    )


def _is_taught(graph: PlanningGraph, concept: str) -> bool:
    return concept in graph.number and bool(graph.teachers[graph.number[concept]])


def _find_first_uses(graph: PlanningGraph, steps: Sequence[PlanStep]) -> dict[int, int]:
    """Finds for the steps' concepts and all that they build on the position of the first step that does."""
    first: dict[int, int] = {}
    for position, step in enumerate(steps):
        open_concepts = [graph.number[step.concept]]
        while open_concepts:
            concept = open_concepts.pop()
            if concept not in first:
                first[concept] = position
                open_concepts.extend(_list_requirements(graph, concept))
    return first


def _list_requirements(graph: PlanningGraph, concept: int) -> Iterator[int]:
    groups = (graph.groups[group].members for group in graph.groups_of[concept])
    return chain(graph.prerequisites[concept], *groups)


def _spread(number: int, steps: int, taken: Set[int]) -> Iterator[int]:
    """Returns so many gaps, ascending, evenly among those that are not taken: -1 before the first step, and so on."""
    gaps = [gap for gap in range(-1, steps) if gap not in taken]
    if len(gaps) < number:  # there are more reviews than steps
        gaps = list(range(-1, steps))
    return (gaps[(place + 1) * len(gaps) // (number + 1)] for place in range(number))


def _make_review(graph: PlanningGraph, concept: str, mastery: float, gap: int, use: PlanStep | None) -> Review:
    number = graph.number[concept]
    title = graph.concepts[number].title
    wanted = "no step needs it, but it should last" if use is None else f"{use.title}, the next step, builds on it"
    return Review(
        concept=concept,
        title=title,
        after_step=gap,
        minutes=_count_review_minutes(graph, number),
        mastery=mastery,
        text=f"{title} is known with probability {mastery:.2f} and about to fade: {wanted}.",
    )


def _count_review_minutes(graph: PlanningGraph, concept: int) -> int:
    activities = [graph.activities[activity] for activity in graph.teachers[concept]]
    own = [activity.minutes for activity in activities if activity.own]
    return shorten_to_refresh(own[0]) if own else min(activity.sections[concept] for activity in activities)
