"""Evidence that was inferred rather than graded: it waits for a confirmation, and counts as what learners say."""

import json
from collections.abc import Sequence
from typing import Any, Final

from kg.evidence import Evidence, Source
from kg.mastery import PARAMETERS
from tutoring.events import EvidenceAppended, EvidenceProposed
from tutoring.state import MOST_PROPOSALS, Proposal, TutorState
from tutoring.surroundings import Surroundings

EVIDENCE: Final = "evidence"
_CONFIRMED: Final = "confirmed"


async def propose_evidence(
    state: TutorState, surroundings: Surroundings, *, concept: str, score: float, reason: str, by_model: bool = False
) -> list[Proposal]:
    """Proposes evidence about a concept, in place of what was proposed about it before.

    Args:
        state: Before.
        surroundings: Of the turn.
        concept: Id.
        score: Degree of success in [0, 1].
        reason: What it is inferred from, a sentence or the learner's words.
        by_model: A model inferred it.

    Returns:
        The open proposals after it, the oldest first.
    """
    identifier = surroundings.make_effect_id("proposal")
    weight = PARAMETERS.self_report[2]
    event = EvidenceProposed(id=identifier, concept=concept, score=score, weight=weight, reason=reason)
    await surroundings.emit(event, by_model=by_model)
    body = json.dumps({"concept": concept, "score": score, "reason": reason})
    kept = [
        each
        for each in state.get("proposals") or ()
        if each["kind"] != EVIDENCE or _read_body(each)["concept"] != concept
    ]
    return [*kept, Proposal(id=identifier, kind=EVIDENCE, body=body)][-MOST_PROPOSALS:]


async def answer_proposal(state: TutorState, surroundings: Surroundings) -> TutorState:
    """Takes the evidence of a proposal in, or drops it; a proposal of another kind is another agent's.

    Returns:
        proposals, outcome and subject; nothing where it is not about evidence.
    """
    turn, proposals = state["turn"], state.get("proposals") or []
    chosen = next((each for each in proposals if each["id"] == turn["proposal"]), None)
    if chosen is None:
        return {"outcome": "unknown_proposal"}
    if chosen["kind"] != EVIDENCE:
        return {}
    body, left = _read_body(chosen), _without(proposals, chosen)
    if not turn["accepted"]:
        return {"outcome": "declined", "proposals": left, "subject": [body["concept"]]}
    evidence = Evidence(
        id=surroundings.make_effect_id(_CONFIRMED),
        learner=surroundings.terms.learner,
        curriculum=surroundings.terms.curriculum,
        concept=body["concept"],
        score=body["score"],
        occurred_at=surroundings.now,
        source=Source.SELF_REPORT,
    )
    changes = await surroundings.append_evidence(evidence)
    await surroundings.emit(EvidenceAppended(id=evidence.id, changes=changes))
    return {"outcome": "confirmed", "proposals": left, "subject": [body["concept"]]}


def _without(proposals: Sequence[Proposal], one: Proposal) -> list[Proposal]:
    return [each for each in proposals if each["id"] != one["id"]]


def _read_body(proposal: Proposal) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(proposal["body"])
    return body
