"""Learners' states as requests ask for them."""

from collections.abc import Sequence

from graphmasal.v1 import learner_pb2
from graphmasal.v1.learner_service_pb2 import (
    BatchGetLearnerStatesRequest,
    BatchGetLearnerStatesResponse,
    GetLearnerStateRequest,
)
from kg.errors import LearnerNotFoundError, LimitExceededError
from server.backend import Backend
from server.fields import FieldChecks
from server.learner_messages import to_states
from server.names import LEARNER, make_name, parse_pair, parse_tenant
from server.times import to_micros

MOST_LEARNERS = 200
MOST_READINGS = 400_000
"""Masteries in one answer: some 30 MiB on the wire, and ten times that in memory."""

_MOST_ON_LOOP = 1_000
"""Masteries that are turned into messages on the event loop; more would hold up other calls for milliseconds."""


async def get_state(backend: Backend, request: GetLearnerStateRequest) -> learner_pb2.LearnerState:
    """Reads a learner's state.

    Raises:
        InvalidInputError: Fields are wrong.
        CurriculumNotFoundError: No such curriculum.
        LearnerNotFoundError: No such learner.
    """
    checks = FieldChecks()
    tenant, learner = checks.read(("", ""), parse_pair, request.name, LEARNER)
    as_of = _read_moment(request, checks)
    checks.finish()
    (state,) = await _read_states(
        backend, tenant, [learner], request.curriculum, as_of, include_prior=request.include_prior
    )
    return state


async def get_states(backend: Backend, request: BatchGetLearnerStatesRequest) -> BatchGetLearnerStatesResponse:
    """Reads the states of several learners at once, in the order asked for.

    Raises:
        InvalidInputError: Fields are wrong.
        CurriculumNotFoundError: No such curriculum.
        LearnerNotFoundError: One of the learners is not there; the first of them is named.
        LimitExceededError: The answer would be too large.
    """
    checks = FieldChecks()
    tenant = checks.read("", parse_tenant, request.parent)
    learners = _read_learners(tenant, request.names, checks)
    as_of = _read_moment(request, checks)
    checks.finish()
    states = await _read_states(
        backend, tenant, learners, request.curriculum, as_of, include_prior=request.include_prior
    )
    return BatchGetLearnerStatesResponse(states=states)


def _read_moment(request: GetLearnerStateRequest | BatchGetLearnerStatesRequest, checks: FieldChecks) -> int | None:
    """Checks which curriculum is asked about and returns the moment, None where it is that of the latest evidence."""
    checks.check_id(request.curriculum, "curriculum")
    return checks.read(None, to_micros, request.as_of, "as_of") if request.HasField("as_of") else None


def _read_learners(tenant: str, names: Sequence[str], checks: FieldChecks) -> list[str]:
    if not 1 <= len(names) <= MOST_LEARNERS:
        checks.note("names", f"must have 1 to {MOST_LEARNERS} entries, not {len(names)}")
        return []
    positions: dict[str, int] = {}
    for position, name in enumerate(names):
        field = f"names[{position}]"
        home, learner = checks.read(("", ""), parse_pair, name, LEARNER, field)
        if not home:
            continue
        if tenant and home != tenant:
            checks.note(field, "must be of the tenant that parent names")
        elif (first := positions.setdefault(learner, position)) != position:
            checks.note(field, f"must not repeat names[{first}]")
    return list(positions)


async def _read_states(
    backend: Backend, tenant: str, learners: Sequence[str], curriculum: str, as_of: int | None, *, include_prior: bool
) -> Sequence[learner_pb2.LearnerState]:
    cached = await backend.curricula.get(tenant, curriculum)
    found = await backend.store.read_states(tenant, learners, curriculum, as_of)
    for learner in learners:
        if learner not in found:
            raise LearnerNotFoundError(make_name(LEARNER, tenant, learner))
    states = [found[learner] for learner in learners]
    readings = sum(len(state.mastery) for state in states)
    if include_prior:
        readings += len(states) * cached.record.size.concepts
    if len(states) > 1 and readings > MOST_READINGS:
        raise LimitExceededError(f"states of at most {MOST_READINGS} concepts in all; ask for fewer learners at a time")
    if readings <= _MOST_ON_LOOP:
        return to_states(tenant, states, cached, include_prior=include_prior)
    return await backend.run(to_states, tenant, states, cached, include_prior=include_prior)
