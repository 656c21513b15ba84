"""The Planner: it turns words into terms, has them confirmed, and leaves planning to the engine."""

from datetime import UTC, date, datetime
from typing import Final

from langgraph.runtime import Runtime

from kg.errors import InvalidInputError, NoGoalsError
from planner.constraints import UNCONSTRAINED
from planner.plan import ChangeKind
from tutoring.events import ConstraintsProposed, Notice, PlanMade, Route
from tutoring.models.chat_model import ModelFailedError
from tutoring.state import MOST_PROPOSALS, Proposal, TutorState
from tutoring.surroundings import PlanStanding, Surroundings
from tutoring.wishes.grounding import Terms, ground_wish
from tutoring.wishes.judging import judge_wish
from tutoring.wishes.proposals import CONSTRAINTS, pack_terms, unpack_terms
from tutoring.wishes.reading import read_wish

STEP: Final = "plan"
"""Names the node's effects."""


async def plan(state: TutorState, runtime: Runtime[Surroundings]) -> TutorState:
    """Does what a turn asks of the plan.

    Returns:
        proposals, plan, subject and outcome as far as they change. Outcomes: proposed, not_understood (nothing of a
        wish was), planned, conflict (the terms cannot hold together), stale (they are not for the curriculum any more),
        declined, next, nothing_left, blocked (what is left requires what has faded), no_goals. After an answer the
        Diagnostician's stays.
    """
    surroundings = runtime.context
    match Route(state["route"]):
        case Route.WISH:
            return await _propose(state, surroundings)
        case Route.NEXT:
            return await _find_next(surroundings)
        case Route.CONFIRMATION if (proposal := _find_proposal(state)) is not None:
            return await _confirm(state, proposal, surroundings)
        case _:
            return await _follow_up(surroundings)


async def _propose(state: TutorState, surroundings: Surroundings) -> TutorState:
    words, today = state["turn"]["text"], _find_today(surroundings.now)
    wish = read_wish(words, today)
    if surroundings.model is not None:
        try:
            wish = await judge_wish(words, wish, surroundings.model, today)
        except ModelFailedError as error:
            await surroundings.emit(Notice(code=error.code, text="The wish was read without a model."))
    terms = await ground_wish(wish, surroundings, today)
    if terms.says_nothing:
        return {"outcome": "not_understood", "subject": []}
    proposal = pack_terms(surroundings.make_effect_id(STEP), terms)
    await surroundings.emit(_tell_terms(proposal, terms))
    kept = [each for each in state.get("proposals", ()) if each["kind"] != CONSTRAINTS]
    return {
        "outcome": "proposed",
        "subject": list(terms.goals),
        "proposals": [*kept, proposal][-MOST_PROPOSALS:],
    }


async def _confirm(state: TutorState, proposal: Proposal, surroundings: Surroundings) -> TutorState:
    left = [each for each in state.get("proposals", ()) if each["id"] != proposal["id"]]
    if not state["turn"]["accepted"]:
        return {"outcome": "declined", "proposals": left}
    goals, constraints = unpack_terms(proposal)
    try:
        standing = await surroundings.make_plan(goals, constraints)
    except NoGoalsError:
        return {"outcome": "no_goals", "proposals": left}
    except InvalidInputError:
        return {"outcome": "stale", "proposals": left}
    await _tell_plan(standing, surroundings)
    outcome = "conflict" if standing.plan.conflict is not None else "planned"
    return {"outcome": outcome, "proposals": left, "plan": standing.id, "subject": _find_subject(standing)}


async def _find_next(surroundings: Surroundings) -> TutorState:
    standing = await surroundings.find_plan()
    try:
        if standing is None:
            standing = await surroundings.make_plan((), UNCONSTRAINED)
        elif standing.next is None and len(standing.done) < len(standing.plan.steps):
            standing = await surroundings.revise_plan(standing.id)
    except NoGoalsError:
        return {"outcome": "no_goals", "subject": []}
    await _tell_plan(standing, surroundings)
    outcome = "next"
    if standing.next is None:
        outcome = "nothing_left" if len(standing.done) == len(standing.plan.steps) else "blocked"
    return {"outcome": outcome, "plan": standing.id, "subject": _find_subject(standing)}


async def _follow_up(surroundings: Surroundings) -> TutorState:
    """Revises the plan for what is known since the answer; tells it only where it changed."""
    standing = await surroundings.find_plan()
    if standing is None:
        return {}
    try:
        revised = await surroundings.revise_plan(standing.id)
    except InvalidInputError:
        await surroundings.emit(Notice(code="plan_outdated", text="The plan is for an earlier version of the course."))
        return {}
    if all(change.kind is ChangeKind.KEPT for change in revised.changes):
        return {"plan": revised.id}
    await _tell_plan(revised, surroundings)
    return {"plan": revised.id}


async def _tell_plan(standing: PlanStanding, surroundings: Surroundings) -> None:
    await surroundings.emit(
        PlanMade(
            id=standing.id,
            revision=standing.revision,
            plan=standing.plan,
            changes=standing.changes,
            done=standing.done,
            next=standing.next,
        )
    )


def _tell_terms(proposal: Proposal, terms: Terms) -> ConstraintsProposed:
    return ConstraintsProposed(
        id=proposal["id"], goals=terms.goals, constraints=terms.constraints, understood=terms.understood
    )


def _find_proposal(state: TutorState) -> Proposal | None:
    wanted = state["turn"]["proposal"]
    return next(
        (each for each in state.get("proposals", ()) if each["id"] == wanted and each["kind"] == CONSTRAINTS), None
    )


def _find_subject(standing: PlanStanding) -> list[str]:
    return [] if standing.next is None else [standing.plan.steps[standing.next].concept]


def _find_today(now: int) -> date:
    return datetime.fromtimestamp(now / 1_000_000, UTC).date()
