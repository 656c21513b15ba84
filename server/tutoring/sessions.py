"""Sessions as requests ask for them."""

import json

from graphmasal.v1 import session_pb2
from graphmasal.v1.session_pb2 import TurnEvent
from graphmasal.v1.tutoring_service_pb2 import (
    ListSessionsRequest,
    ListSessionsResponse,
    ListTurnEventsRequest,
    ListTurnEventsResponse,
    StartSessionRequest,
    SubmitFeedbackRequest,
)
from kg.errors import CurriculumNotFoundError, SessionNotFoundError, TurnNotFoundError
from kg.sessions import Session, SessionRecord
from server.backend import Backend
from server.fields import FieldChecks
from server.names import CURRICULUM, LEARNER, SESSION, make_name, parse_pair, parse_triple
from server.page_bytes import cut_page
from server.pages import read_page
from server.times import to_timestamp
from server.tutoring.turn_log import read_events, read_last_sequence
from server.tutoring.turn_records import FEEDBACK, TURNS, Head, head_place, pack_head, unpack_head
from server.tutoring.turn_terms import check_request_id
from tutoring.surroundings import Activity

LONGEST_COMMENT = 2_000

_ACTIVITIES = {
    session_pb2.Session.ACTIVITY_UNSPECIFIED: Activity.EXERCISE,
    session_pb2.Session.EXERCISE: Activity.EXERCISE,
    session_pb2.Session.READING: Activity.READING,
}


async def start_session(backend: Backend, request: StartSessionRequest) -> session_pb2.Session:
    """Starts a session.

    Raises:
        InvalidInputError: Fields are wrong.
        LearnerNotFoundError: No such learner.
        CurriculumNotFoundError: No such curriculum.
        SessionAlreadyExistsError: There is one with this id.
        SessionDeletedError: There was one with this id.
    """
    checks = FieldChecks()
    tenant, learner = checks.read(("", ""), parse_pair, request.parent, LEARNER, "parent")
    checks.check_id(request.session.curriculum, "session.curriculum")
    if request.session_id:
        checks.check_id(request.session_id, "session_id")
    if request.session.activity not in _ACTIVITIES:
        checks.note("session.activity", "must be EXERCISE or READING")
    checks.finish()
    await backend.store.get_learner(tenant, learner)
    try:
        await backend.store.get_curriculum_record(tenant, request.session.curriculum)
    except CurriculumNotFoundError:
        raise CurriculumNotFoundError(make_name(CURRICULUM, tenant, request.session.curriculum)) from None
    now = backend.clock()
    session = Session(
        id=request.session_id or backend.new_id(),
        learner=learner,
        curriculum=request.session.curriculum,
        created_at=now,
        updated_at=now,
    )
    await backend.store.create_session(tenant, session)
    head = Head(activity=_ACTIVITIES[request.session.activity])
    await backend.store.write_records(tenant, session.id, [pack_head(head)], now=now)
    return _to_session(tenant, session, head, 0)


async def find_session(backend: Backend, name: str, field: str = "name") -> tuple[str, Session]:
    """Reads a session by its name.

    Returns:
        Its tenant, and the session.

    Raises:
        InvalidInputError: The name has not the form of a session's.
        SessionNotFoundError: There is none, or it is not this learner's.
    """
    tenant, learner, identifier = parse_triple(name, SESSION, field)
    try:
        session = await backend.store.get_session(tenant, identifier)
    except SessionNotFoundError:
        raise SessionNotFoundError(name) from None
    if session.learner != learner:
        raise SessionNotFoundError(name)
    return tenant, session


async def get_session(backend: Backend, name: str) -> session_pb2.Session:
    """Reads a session.

    Raises:
        InvalidInputError: The name has not the form of a session's.
        SessionNotFoundError: No such session of the learner.
    """
    return await _describe(backend, *await find_session(backend, name))


async def list_sessions(backend: Backend, request: ListSessionsRequest) -> ListSessionsResponse:
    """Lists a page of a learner's sessions, the latest first.

    Raises:
        InvalidInputError: Fields are wrong.
        LearnerNotFoundError: No such learner.
    """
    checks = FieldChecks()
    tenant, learner = checks.read(("", ""), parse_pair, request.parent, LEARNER, "parent")
    page = checks.finish_with(read_page, request, int, str)
    # An empty list must not be the answer for a learner who is not there.
    await backend.store.get_learner(tenant, learner)
    before = (int(page.after[0]), str(page.after[1])) if page.after else None
    found = await backend.store.list_sessions(tenant, learner, before, page.limit)
    entries = [await _describe(backend, tenant, session) for session in found]
    shown, token = cut_page(page, found, entries, lambda session: (session.created_at, session.id))
    return ListSessionsResponse(sessions=shown, next_page_token=token)


async def delete_session(backend: Backend, name: str) -> None:
    """Deletes a session for good.

    Raises:
        InvalidInputError: The name has not the form of a session's.
        SessionNotFoundError: No such session of the learner.
    """
    tenant, session = await find_session(backend, name)
    await backend.store.delete_session(tenant, session.id)


async def list_turn_events(backend: Backend, request: ListTurnEventsRequest) -> ListTurnEventsResponse:
    """Lists a page of a session's events, in order.

    Raises:
        InvalidInputError: Fields are wrong.
        SessionNotFoundError: No such session of the learner.
    """
    page = read_page(request, int)
    tenant, session = await find_session(backend, request.parent, "parent")
    after = int(page.after[0]) if page.after else 0
    events = await read_events(backend.store, tenant, session.id, after=after, limit=page.limit)
    shown, token = cut_page(page, events, events, _locate)
    return ListTurnEventsResponse(turn_events=shown, next_page_token=token)


async def submit_feedback(backend: Backend, request: SubmitFeedbackRequest) -> None:
    """Keeps what somebody thinks of a turn, over what was thought of it before.

    Raises:
        InvalidInputError: Fields are wrong.
        SessionNotFoundError: No such session of the learner.
        TurnNotFoundError: No such turn of the session.
    """
    checks = FieldChecks()
    checks.read(None, parse_triple, request.name, SESSION)
    checks.read("", check_request_id, request.request_id)
    checks.check_length(request.comment, LONGEST_COMMENT, "comment")
    ratings = SubmitFeedbackRequest.Rating
    if request.rating not in ratings.values() or request.rating == SubmitFeedbackRequest.RATING_UNSPECIFIED:
        checks.note("rating", "must be HELPFUL, NOT_HELPFUL or WRONG")
    checks.finish()
    tenant, session = await find_session(backend, request.name)
    if await backend.store.read_record(tenant, session.id, TURNS, request.request_id) is None:
        raise TurnNotFoundError(f"{request.name}/turns/{request.request_id}")
    now = backend.clock()
    content = {"rating": ratings.Name(request.rating), "comment": request.comment, "given_at": now}
    record = SessionRecord(space=FEEDBACK, key=request.request_id, value=json.dumps(content).encode())
    await backend.store.write_records(tenant, session.id, [record], now=now)


async def _describe(backend: Backend, tenant: str, session: Session) -> session_pb2.Session:
    head = unpack_head(await backend.store.read_record(tenant, session.id, *head_place()))
    return _to_session(tenant, session, head, await read_last_sequence(backend.store, tenant, session.id))


def _to_session(tenant: str, session: Session, head: Head, last: int) -> session_pb2.Session:
    return session_pb2.Session(
        name=make_name(SESSION, tenant, session.learner, session.id),
        curriculum=session.curriculum,
        activity=head.activity.name,
        create_time=to_timestamp(session.created_at),
        update_time=to_timestamp(session.updated_at),
        turns=head.turns,
        last_sequence=last,
        first_sequence=head.first if last else 0,
        active_request=head.active,
        question=head.question,
    )


def _locate(event: TurnEvent) -> tuple[int]:
    return (event.sequence,)
