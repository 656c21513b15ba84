"""One conversation with a real small model: it is weak; the graph, the citations and the guards hold all the same."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from evaluation.tutoring_safety.judging import tells_answer
from graphmasal.v1.learner_service_pb2 import ListEvidenceRequest
from graphmasal.v1.session_pb2 import DoneEvent, RouteEvent, TurnEvent
from kg.errors import ModelUnavailableError
from kg.stores import create_store
from tests.e2e.course import ADA
from tests.e2e.tutored_course import (
    Tutored,
    bring_course,
    create_learner,
    hint,
    pick,
    read_text,
    response,
    start,
    take,
    tutor_at,
    words,
)
from tests.tutoring_surroundings import read_bundled
from tutoring.models.local import LocalModel
from tutoring.teaching.leaks import AnswerGuard

SLOPE = "q-slope-1"


@pytest.fixture
async def tutored(tmp_path: Path) -> AsyncIterator[Tutored]:
    try:
        LocalModel.check_installed()
    except ModelUnavailableError as error:
        pytest.skip(str(error))
    async with tutor_at(tmp_path, model="local", model_timeout_seconds=110.0) as made:
        store = create_store(f"sqlite:{tmp_path / 'store.db'}", "", "")
        await store.open()
        await bring_course(store)
        await store.close()
        await create_learner(made)
        yield made


def _check_citations(events: list[TurnEvent]) -> None:
    """Every number that text refers to was told before it, and stands for something of the course."""
    told: set[int] = set()
    for event in events:
        if event.HasField("citation"):
            told.add(event.citation.number)
            assert event.citation.title
        elif event.HasField("text"):
            assert set(event.text.citations) <= told


async def test_a_conversation_with_a_real_model(tutored: Tutored) -> None:
    session = await start(tutored)
    asked = await take(tutored, session, "r1", words("What is the slope of a line?"))
    assert pick(asked, "route")[0].route == RouteEvent.CONCEPT
    assert asked[-1].done.status == DoneEvent.COMPLETED
    assert asked[-1].done.usage.output_tokens > 0
    assert not asked[-1].without_model
    _check_citations(asked)
    wrong = await take(tutored, session, "r2", response("b", SLOPE))
    diagnosis = pick(wrong, "diagnosis")[0]
    assert (diagnosis.outcome, diagnosis.misconceptions[0].source) == (0, "distractor")
    hinted = await take(tutored, session, "r3", hint())
    question = next(each for each in read_bundled().questions if each.id == SLOPE)
    for events in (wrong, hinted):
        _check_citations(events)
        assert events[-1].done.status == DoneEvent.COMPLETED
        told = read_text(events)
        assert AnswerGuard(question).find_leak(told, quoted=True) is None
        assert not tells_answer(question, told, "b")
    right = await take(tutored, session, "r4", response("a"))
    assert pick(right, "diagnosis")[0].outcome == 1
    _check_citations(right)
    listed = await tutored.stubs.learners.ListEvidence(ListEvidenceRequest(parent=ADA))
    assert [item.response for item in listed.evidence] == ["b", "a"]
