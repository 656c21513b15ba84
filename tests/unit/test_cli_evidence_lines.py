import json

import pytest

from graphmasal.cli.evidence_lines import LineError, format_line, parse_line
from graphmasal.v1.evidence_pb2 import Evidence

ANSWER = {"id": "e1", "learner": "l1", "question": "q1", "response": "b", "occurred_at": "2026-03-01T09:30:00Z"}


def line(**changes: object) -> str:
    return json.dumps({key: value for key, value in (ANSWER | changes).items() if value is not ...})


def test_reads_an_answer() -> None:
    evidence = parse_line(line(source="ANSWER"), "algebra")
    assert (evidence.id, evidence.learner, evidence.question, evidence.response) == ("e1", "l1", "q1", "b")
    assert evidence.curriculum == "algebra"
    assert evidence.source == Evidence.ANSWER
    assert not evidence.HasField("score")


def test_a_line_s_own_curriculum_wins() -> None:
    assert parse_line(line(curriculum="own"), "given").curriculum == "own"


@pytest.mark.parametrize(
    ("written", "micros"),
    [
        ("2026-03-01T10:30:00.000001+01:00", 1772357400000001),
        (1772357400, 1772357400000000),
        (1772357400.000001, 1772357400000001),
        (0, 0),
    ],
)
def test_reads_moments_to_the_microsecond(written: object, micros: int) -> None:
    assert parse_line(line(occurred_at=written)).occurred_at.ToMicroseconds() == micros


def test_keeps_a_numeric_response_as_it_was_written() -> None:
    assert parse_line('{"response": -0.50, ' + line(response=...)[1:]).response == "-0.50"


@pytest.mark.parametrize(
    ("bad", "rule"),
    [
        ("{", "JSON object"),
        ("[1]", "JSON object"),
        ('{"score": NaN}', "NaN is not a number"),
        (line(id=...), "id: must be given"),
        (line(id=7), "id: must be text"),
        (line(learner=None), "learner: must be given"),
        (line(concept="c1"), "either a question or a concept"),
        (line(question=...), "either a question or a concept"),
        (line(question=..., concept="c1"), "source: must be given"),
        (line(occurred_at=...), "occurred_at: must be given"),
        (line(occurred_at="yesterday"), "RFC 3339"),
        (line(occurred_at=True), "RFC 3339"),
        (line(occurred_at=10**20), "RFC 3339"),
        (line(source="oracle"), "source: must be one of"),
        (line(score="1"), "score: must be a number"),
        (line(scores=1), "unknown field 'scores'"),
        (line(response="\ud800"), "response: must be valid Unicode"),
    ],
)
def test_names_the_rule_that_a_line_breaks(bad: str, rule: str) -> None:
    with pytest.raises(LineError, match=rule):
        parse_line(bad)


def test_tells_the_id_of_a_bad_line() -> None:
    with pytest.raises(LineError) as caught:
        parse_line(line(source="oracle"))
    assert caught.value.id == "e1"


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "answer", "curriculum": "algebra"},
        {"source": "answer", "response": "", "score": 0},
        {"question": ..., "response": ..., "concept": "c1", "source": "self_report", "score": 0.1},
        {"response": "½ “é”", "occurred_at": 1772357400.25},
    ],
)
def test_what_is_written_is_read_back_as_the_same(changes: dict[str, object]) -> None:
    evidence = parse_line(line(**changes))
    assert parse_line(format_line(evidence)) == evidence
