"""The Diagnostician: what a turn shows about the learner, what is asked back, and what waits for a confirmation."""

from langgraph.runtime import Runtime

from tutoring.diagnosis.proposals import answer_proposal
from tutoring.diagnosis.replies import settle_clarification
from tutoring.diagnosis.responses import diagnose_response
from tutoring.diagnosis.self_reports import take_self_report
from tutoring.events import Route
from tutoring.state import TutorState
from tutoring.surroundings import Surroundings


async def diagnose(state: TutorState, runtime: Runtime[Surroundings]) -> TutorState:
    """Does what a turn asks of the Diagnostician.

    Returns:
        diagnosis, exercise, clarification, proposals, subject and outcome, as far as they change. Outcomes: right,
        wrong, asked_back, unreadable, ungraded, no_question, clarified, proposed, confirmed, declined,
        unknown_proposal. Nothing for a route that is not its own.
    """
    match Route(state["route"]):
        case Route.ANSWER:
            return await diagnose_response(state, runtime.context)
        case Route.CLARIFICATION:
            return await settle_clarification(state, runtime.context)
        case Route.TROUBLE:
            return await take_self_report(state, runtime.context)
        case Route.CONFIRMATION:
            return await answer_proposal(state, runtime.context)
        case _:
            return {}
