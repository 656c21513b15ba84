"""Goals that a learner is given: each must be a concept that its curriculum has now."""

from collections.abc import Sequence

from kg.errors import CurriculumNotFoundError
from server.backend import Backend
from server.curriculum_cache import CachedCurriculum
from server.fields import FieldChecks
from server.learner_messages import Goal


async def check_goals(backend: Backend, tenant: str, goals: Sequence[Goal]) -> None:
    """Refuses goals that do not exist, or are archived.

    Args:
        backend: What the services share.
        tenant: Id.
        goals: In the order of the request's `learner.goals`.

    Raises:
        InvalidInputError: Some do not exist; each violation names one.
    """
    checks = FieldChecks()
    known: dict[str, CachedCurriculum | None] = {}
    for position, (curriculum, concept) in enumerate(goals):
        if curriculum not in known:
            known[curriculum] = await _find_curriculum(backend, tenant, curriculum)
        cached = known[curriculum]
        found = cached.concepts.get(concept) if cached else None
        if found is None or found.archived:
            checks.note(f"learner.goals[{position}]", "must be a concept that its curriculum has")
    checks.finish()


async def _find_curriculum(backend: Backend, tenant: str, curriculum: str) -> CachedCurriculum | None:
    try:
        return await backend.curricula.get(tenant, curriculum)
    except CurriculumNotFoundError:
        return None
