"""Self-reports: learners say that they understand something or that they do not; it counts once they confirm it."""

from tutoring.diagnosis.course import find_title
from tutoring.diagnosis.findings import join_reasons, keep_diagnosis, tell_cause
from tutoring.diagnosis.proposals import propose_evidence
from tutoring.diagnosis.root_cause import find_root_cause
from tutoring.diagnosis.statements import KNOWN_SCORE, read_statement
from tutoring.events import Diagnosed
from tutoring.state import LONGEST_KEPT, TutorState
from tutoring.surroundings import Surroundings


async def take_self_report(state: TutorState, surroundings: Surroundings) -> TutorState:
    """Proposes what learners say about the likeliest concept that they speak of.

    Returns:
        diagnosis, proposals and the outcome proposed; nothing where it is not clear what is meant, or what is said.
    """
    words, subject = state["turn"]["text"], state.get("subject") or []
    curriculum = await surroundings.read_curriculum()
    title = find_title(curriculum, subject[0]) if subject else ""
    score = read_statement(words, title) if subject else None
    if score is None:
        return {}
    knows = score == KNOWN_SCORE
    learner = await surroundings.read_state()
    cause = None if knows else await find_root_cause(surroundings, curriculum, learner.mastery, subject[:1])
    said = f"The learner says that {title} is {'known already' if knows else 'not clear'}."
    reason = join_reasons((said, tell_cause(curriculum, cause)))
    diagnosed = Diagnosed(concept=subject[0], root_cause=cause, reason=reason)
    await surroundings.emit(diagnosed)
    proposals = await propose_evidence(
        state, surroundings, concept=subject[0], score=score, reason=words.strip()[:LONGEST_KEPT]
    )
    return {"diagnosis": keep_diagnosis(diagnosed, words), "proposals": proposals, "outcome": "proposed"}
