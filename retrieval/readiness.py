"""Readiness: how near concepts are to a learner's frontier."""

from collections.abc import Mapping

from kg.curriculum import Curriculum, PrerequisiteKind


def compute_readiness(curriculum: Curriculum, mastery: Mapping[str, float]) -> dict[str, float]:
    """Computes how ready a learner is for each concept: mastery of the weakest of what it requires.

    Of a group that needs k members, the k-th best counts. Linear in concepts and prerequisites, but for the sorting of
    groups.

    Args:
        curriculum: Its hard prerequisites and groups count.
        mastery: Probability by concept, in [0, 1]; every concept has one.

    Returns:
        In [0, 1] by concept; 1 where nothing is required.
    """
    ready = {concept.id: 1.0 for concept in curriculum.concepts}
    for edge in curriculum.prerequisites:
        if edge.kind is PrerequisiteKind.HARD:
            ready[edge.after] = min(ready[edge.after], mastery[edge.before])
    for group in curriculum.groups:
        best = sorted((mastery[member] for member in group.members), reverse=True)
        ready[group.concept] = min(ready[group.concept], best[group.need - 1])
    return ready
