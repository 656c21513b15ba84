"""Creating and changing learners as requests ask for it."""

from dataclasses import replace

from graphmasal.v1 import learner_pb2
from graphmasal.v1.learner_service_pb2 import CreateLearnerRequest, UpdateLearnerRequest
from kg.errors import LearnerAlreadyExistsError, LearnerNotFoundError
from kg.learner import Learner
from server.backend import Backend
from server.fields import FieldChecks
from server.learner_goals import check_goals
from server.learner_messages import Goal, derive_learner_id, read_goals
from server.names import LEARNER, parse_pair, parse_tenant

CHANGEABLE = ("external_id", "display_name", "goals")
"""Fields of a learner that requests set."""


async def create_learner(backend: Backend, request: CreateLearnerRequest) -> Learner:
    """Creates a learner, or updates the one that is there where the request allows it.

    Raises:
        InvalidInputError: Fields are wrong, or a goal does not exist.
        LearnerAlreadyExistsError: The id or external id is taken.
        LearnerErasedError: The id is that of a learner who was erased.
    """
    checks = FieldChecks()
    tenant = checks.read("", parse_tenant, request.parent)
    message = request.learner
    if request.learner_id:
        checks.check_id(request.learner_id, "learner_id")
    elif not message.external_id:
        checks.note("learner_id", "is required where learner.external_id is empty")
    goals = read_goals(tenant, message, checks)
    checks.finish()
    await check_goals(backend, tenant, goals)
    fresh = Learner(
        id=request.learner_id or derive_learner_id(message.external_id),
        external_id=message.external_id,
        display_name=message.display_name,
        goals=goals,
        created_at=backend.clock(),
    )
    try:
        return await backend.store.create_learner(tenant, fresh)
    except LearnerAlreadyExistsError:
        if not request.allow_existing:
            raise
    # Creating came first: of two callers who send the same learner at once, one creates and the other updates.
    existing = await _find_existing(backend, tenant, fresh)
    return await backend.store.update_learner(tenant, _change(existing, message, goals, _list_set(message)))


async def _find_existing(backend: Backend, tenant: str, fresh: Learner) -> Learner:
    """Finds who has the id or, failing that, the external id."""
    try:
        return await backend.store.get_learner(tenant, fresh.id)
    except LearnerNotFoundError:
        found = await backend.store.find_learner(tenant, fresh.external_id)
        if found is None:
            raise
        return found


async def update_learner(backend: Backend, request: UpdateLearnerRequest) -> Learner:
    """Changes the fields that a request's mask names.

    Raises:
        InvalidInputError: Fields are wrong, or a goal does not exist.
        LearnerNotFoundError: No such learner.
        LearnerAlreadyExistsError: Another learner has the external id.
    """
    checks = FieldChecks()
    message = request.learner
    tenant, learner = checks.read(("", ""), parse_pair, message.name, LEARNER, "learner.name")
    goals = read_goals(tenant, message, checks)
    paths = list(request.update_mask.paths)
    if any(path not in (*CHANGEABLE, "*") for path in paths):
        checks.note("update_mask", f'must name {", ".join(CHANGEABLE)}, or "*"')
    elif "*" in paths and len(paths) > 1:
        checks.note("update_mask", 'must be "*" alone, or the fields one by one')
    checks.finish()
    changed = list(CHANGEABLE) if paths == ["*"] else paths or _list_set(message)
    existing = await backend.store.get_learner(tenant, learner)
    if "goals" in changed:
        await check_goals(backend, tenant, goals)
    return await backend.store.update_learner(tenant, _change(existing, message, goals, changed))


def _list_set(message: learner_pb2.Learner) -> list[str]:
    """Lists the changeable fields that are not empty."""
    return [field for field in CHANGEABLE if getattr(message, field)]


def _change(existing: Learner, message: learner_pb2.Learner, goals: tuple[Goal, ...], changed: list[str]) -> Learner:
    return replace(
        existing,
        external_id=message.external_id if "external_id" in changed else existing.external_id,
        display_name=message.display_name if "display_name" in changed else existing.display_name,
        goals=goals if "goals" in changed else existing.goals,
    )
