import math
from dataclasses import replace

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import code_pb2, error_details_pb2

from graphmasal.v1.evidence_pb2 import Evidence as Message
from kg.errors import EvidenceConflictError, InvalidInputError, LearnerNotFoundError, refuse
from kg.evidence import Evidence, Source
from kg.ledger import AppendOutcome
from server.evidence_messages import read_evidence, to_evidence, to_result
from tests.samples import CHOICE, NOON, answer, observe


def make_message(**changes: object) -> Message:
    """A right answer to `q-sets`, with changes."""
    message = Message(
        id="e1", learner="ada", question="q-sets", response="x", occurred_at=Timestamp(seconds=100), source="ANSWER"
    )
    message.MergeFrom(Message(**changes))  # type: ignore[arg-type]
    return message


def read_violations(message: Message) -> set[str]:
    with pytest.raises(InvalidInputError) as caught:
        read_evidence(message, "evidence[3]")
    return {violation.field for violation in caught.value.violations}


def test_reads_an_answer() -> None:
    read = read_evidence(make_message(curriculum="algebra"), "evidence[0]")

    assert read == Evidence(
        id="e1",
        learner="ada",
        curriculum="algebra",
        question="q-sets",
        response="x",
        occurred_at=100_000_000,
        source=Source.ANSWER,
    )


def test_a_score_of_zero_is_a_score() -> None:
    message = Message(
        id="e", learner="ada", concept="sets", score=0.0, occurred_at=Timestamp(), source=Message.OBSERVATION
    )

    assert read_evidence(message, "evidence[0]").score == 0.0


def test_what_the_server_sets_is_passed_over() -> None:
    message = make_message(name="tenants/other/learners/eve/evidence/e9", voided=True, outcome=math.nan)

    assert read_evidence(message, "evidence[0]") == read_evidence(make_message(), "evidence[0]")


@pytest.mark.parametrize("item", [answer("e1", "x", score=0.5, curriculum="algebra"), observe("e2", 0.25)])
def test_what_is_shown_can_be_sent_again(item: Evidence) -> None:
    assert read_evidence(to_evidence("t", item, None), "evidence[0]") == item


def test_every_wrong_field_is_named_at_once() -> None:
    message = Message(id="two words", learner=".", curriculum="a/b", response="x" * 8193, score=2.0)

    assert read_violations(message) == {
        f"evidence[3].{field}"
        for field in ("id", "learner", "curriculum", "subject", "response", "score", "occurred_at", "source")
    }


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (make_message(score=math.nan), "score"),
        (make_message(score=math.inf), "score"),
        (make_message(score=-0.001), "score"),
        (make_message(question="q?"), "question"),
        (make_message(concept=""), "concept"),
        (make_message(concept="sets"), "source"),
        (make_message(source=Message.OBSERVATION), "source"),
        (make_message(source=99), "source"),
        (make_message(occurred_at=Timestamp(seconds=-200)), "occurred_at"),
        (make_message(occurred_at=Timestamp(seconds=7_258_118_400)), "occurred_at"),
        (make_message(occurred_at=Timestamp(nanos=-1)), "occurred_at"),
    ],
)
def test_a_wrong_field_is_named(message: Message, field: str) -> None:
    assert read_violations(message) == {f"evidence[3].{field}"}


def test_the_longest_response_is_8192_characters_not_bytes() -> None:
    assert read_evidence(make_message(response="ü" * 8192), "evidence[0]").response == "ü" * 8192


@pytest.mark.parametrize(
    ("item", "outcome"),
    [
        (answer("e", "x"), 1.0),
        (answer("e", "y"), 0.0),
        (replace(answer("e", "x"), voided=True), None),
        (observe("e", 0.3), 0.3),
        (replace(observe("e", 0.3), voided=True), None),
    ],
)
def test_outcome_follows_the_key(item: Evidence, outcome: float | None) -> None:
    shown = to_evidence("t", item, CHOICE if item.question else None)

    assert (shown.outcome if shown.HasField("outcome") else None) == outcome
    assert shown.name == "tenants/t/learners/ada/evidence/e"
    assert shown.occurred_at.seconds == NOON // 1_000_000


def test_a_stored_item_is_ok() -> None:
    result = to_result("t", "e1", AppendOutcome(duplicate=True), "evidence[4]", "evidence[0]")

    assert (result.id, result.duplicate, result.status.code) == ("e1", True, code_pb2.OK)
    assert result.HasField("status")


def test_a_refused_item_is_named_by_its_place_in_the_callers_message() -> None:
    outcome = AppendOutcome(error=refuse("evidence[41].response", "must be one of the options x, y"))

    status = to_result("t", "e1", outcome, "evidence[41]", "evidence[1]").status

    found = error_details_pb2.BadRequest()
    assert status.details[1].Unpack(found)
    assert [violation.field for violation in found.field_violations] == ["evidence[1].response"]
    assert status.message.startswith("evidence[1].response: ")


def test_a_missing_learner_is_named_in_full() -> None:
    outcome = AppendOutcome(error=LearnerNotFoundError("learners/ada"))

    status = to_result("t", "e1", outcome, "evidence[0]", "evidence[0]").status

    found = error_details_pb2.ResourceInfo()
    assert status.details[1].Unpack(found)
    assert (status.code, found.resource_name) == (code_pb2.NOT_FOUND, "tenants/t/learners/ada")


def test_a_conflict_keeps_its_reason() -> None:
    outcome = AppendOutcome(error=EvidenceConflictError("evidence/e1", "evidence e1 is there with another content"))

    status = to_result("t", "e1", outcome, "evidence[0]", "evidence[0]").status

    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (status.code, info.reason) == (code_pb2.ALREADY_EXISTS, "EVIDENCE_CONFLICT")
