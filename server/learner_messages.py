"""Learners and their states as messages of the public API, and back."""

import hashlib
from collections.abc import Iterable, Sequence

from graphmasal.v1 import learner_pb2
from kg.learner import Learner
from kg.ledger import MasteryChange
from kg.mastery import MasteryReading, read_mastery
from kg.states import LearnerState
from server.curriculum_cache import CachedCurriculum
from server.fields import FieldChecks
from server.names import CONCEPT, CURRICULUM, LEARNER, make_name, parse_triple
from server.times import to_timestamp

LONGEST_EXTERNAL_ID = 256
LONGEST_DISPLAY_NAME = 256
MOST_GOALS = 500

Goal = tuple[str, str]
"""Ids of a curriculum and of a concept in it."""


def to_learner(tenant: str, learner: Learner) -> learner_pb2.Learner:
    """Returns the message for a learner."""
    return learner_pb2.Learner(
        name=make_name(LEARNER, tenant, learner.id),
        external_id=learner.external_id,
        display_name=learner.display_name,
        goals=[make_name(CONCEPT, tenant, curriculum, concept) for curriculum, concept in learner.goals],
        create_time=to_timestamp(learner.created_at),
        revision=learner.revision,
    )


def derive_learner_id(external_id: str) -> str:
    """Returns the id of a learner of whom only the external id is known; always the same."""
    return f"x-{hashlib.sha256(external_id.encode()).hexdigest()[:24]}"


def read_goals(tenant: str, message: learner_pb2.Learner, checks: FieldChecks) -> tuple[Goal, ...]:
    """Checks the texts and goals of a learner in a request and returns the goals, as far as they are well formed.

    Args:
        tenant: Id of the tenant that everything must be in; empty where the request names none.
        message: The request's `learner`.
        checks: Receives the violations.
    """
    checks.check_length(message.external_id, LONGEST_EXTERNAL_ID, "learner.external_id")
    checks.check_length(message.display_name, LONGEST_DISPLAY_NAME, "learner.display_name")
    if len(message.goals) > MOST_GOALS:
        checks.note("learner.goals", f"must have at most {MOST_GOALS} entries")
        return ()
    goals: dict[Goal, int] = {}
    for position, name in enumerate(message.goals):
        field = f"learner.goals[{position}]"
        home, curriculum, concept = checks.read(("", "", ""), parse_triple, name, CONCEPT, field)
        if not home:
            continue
        if tenant and home != tenant:
            checks.note(field, "must be of the learner's tenant")
        elif (first := goals.setdefault((curriculum, concept), position)) != position:
            checks.note(field, f"must not repeat learner.goals[{first}]")
    return tuple(goals)


def to_state(
    tenant: str, state: LearnerState, cached: CachedCurriculum, *, include_prior: bool
) -> learner_pb2.LearnerState:
    """Returns the message for a learner's state.

    Args:
        tenant: Id.
        state: The state.
        cached: The curriculum.
        include_prior: Also show the curriculum's concepts without evidence, archived ones left out.
    """
    readings = dict(state.mastery)
    if include_prior:
        prior = read_mastery(None, state.as_of)
        current = (concept.id for concept in cached.curriculum.concepts if not concept.archived)
        readings = dict(sorted({**dict.fromkeys(current, prior), **readings}.items()))
    return learner_pb2.LearnerState(
        learner=make_name(LEARNER, tenant, state.learner),
        curriculum=make_name(CURRICULUM, tenant, state.curriculum),
        curriculum_version=cached.record.version,
        as_of=None if state.as_of is None else to_timestamp(state.as_of),
        model=state.model,
        evidence_count=state.evidence_count,
        revision=state.revision,
        mastery=[_to_mastery(concept, reading) for concept, reading in readings.items()],
    )


def to_states(
    tenant: str, states: Iterable[LearnerState], cached: CachedCurriculum, *, include_prior: bool
) -> Sequence[learner_pb2.LearnerState]:
    """Returns the messages for several learners' states; see `to_state`."""
    return [to_state(tenant, state, cached, include_prior=include_prior) for state in states]


def _to_mastery(concept: str, reading: MasteryReading) -> learner_pb2.ConceptMastery:
    return learner_pb2.ConceptMastery(
        concept=concept,
        probability=reading.probability,
        uncertainty=reading.uncertainty,
        evidence_weight=reading.weight,
        evidence_count=reading.count,
        practise_time=None if reading.practised_at is None else to_timestamp(reading.practised_at),
        stability_days=reading.stability_days,
    )


def to_change(tenant: str, change: MasteryChange) -> learner_pb2.MasteryChange:
    """Returns the message for the difference that a correction made to one concept."""
    return learner_pb2.MasteryChange(
        learner=make_name(LEARNER, tenant, change.learner),
        concept=change.concept,
        probability_before=change.before,
        probability_after=change.after,
    )
