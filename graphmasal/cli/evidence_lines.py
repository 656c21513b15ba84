"""Evidence as lines of JSON: what is exported can be imported again."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from graphmasal.cli.moments import moment_from_seconds, moment_from_text
from graphmasal.v1.evidence_pb2 import Evidence

FIELDS = ("id", "learner", "curriculum", "question", "concept", "response", "score", "occurred_at", "source")

_SOURCES = {
    "answer": Evidence.ANSWER,
    "observation": Evidence.OBSERVATION,
    "teacher_override": Evidence.TEACHER_OVERRIDE,
    "self_report": Evidence.SELF_REPORT,
}


class LineError(ValueError):
    """A line that breaks a rule.

    Attributes:
        id: The item's id, if the line tells it; otherwise empty.
    """

    def __init__(self, rule: str, item: str = "") -> None:
        super().__init__(rule)
        self.id = item


def parse_line(line: str, curriculum: str = "") -> Evidence:
    """Reads one line.

    Args:
        line: A JSON object.
        curriculum: Curriculum of an item that names none.

    Raises:
        LineError: It is no such object, or a field has the wrong type. Whether the values fit is the server's to say.
    """
    try:
        # Decimals keep numbers as they were written: a time to the microsecond, a numeric response digit by digit.
        item = json.loads(line, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise LineError(f"must be a JSON object: {error}") from error
    if not isinstance(item, dict):
        raise LineError("must be a JSON object")
    identifier = str(item.get("id", ""))
    try:
        return _read_fields({key: value for key, value in item.items() if value is not None}, curriculum)
    except ValueError as error:
        raise LineError(str(error), identifier) from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _read_fields(item: dict[str, Any], curriculum: str) -> Evidence:
    unknown = sorted(item.keys() - set(FIELDS))
    if unknown:
        raise ValueError(f"unknown field {unknown[0]!r}; the fields are {', '.join(FIELDS)}")
    if ("question" in item) == ("concept" in item):
        raise ValueError("must name either a question or a concept")
    evidence = Evidence(curriculum=curriculum)
    for field in FIELDS:
        if field in item:
            _READERS[field](evidence, field, item[field])
        elif field in ("id", "learner", "occurred_at"):
            raise ValueError(f"{field}: must be given")
    if "source" not in item:
        if "concept" in item:
            raise ValueError(f"source: must be given, one of {', '.join(_SOURCES)}")
        evidence.source = Evidence.ANSWER
    return evidence


def _read_text(evidence: Evidence, field: str, value: Any) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{field}: must be text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{field}: must be valid Unicode") from error
    setattr(evidence, field, value)


def _read_response(evidence: Evidence, field: str, value: Any) -> None:
    _read_text(evidence, field, str(value) if _is_number(value) else value)


def _read_score(evidence: Evidence, field: str, value: Any) -> None:
    if not _is_number(value):
        raise ValueError(f"{field}: must be a number")
    try:
        evidence.score = float(value)
    except OverflowError as error:
        raise ValueError(f"{field}: must be in [0, 1]") from error


def _read_moment(evidence: Evidence, field: str, value: Any) -> None:
    try:
        moment = moment_from_seconds(value) if _is_number(value) else moment_from_text(value)
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{field}: {error}") from error
    evidence.occurred_at.CopyFrom(moment)


def _read_source(evidence: Evidence, field: str, value: Any) -> None:
    number = _SOURCES.get(value.lower()) if isinstance(value, str) else None
    if number is None:
        raise ValueError(f"{field}: must be one of {', '.join(_SOURCES)}")
    evidence.source = number


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


_READERS: dict[str, Callable[[Evidence, str, Any], None]] = {
    "id": _read_text,
    "learner": _read_text,
    "curriculum": _read_text,
    "question": _read_text,
    "concept": _read_text,
    "response": _read_response,
    "score": _read_score,
    "occurred_at": _read_moment,
    "source": _read_source,
}


def format_line(evidence: Evidence) -> str:
    """Writes one item as a line that `parse_line` reads back as the same item."""
    subject = evidence.WhichOneof("subject") or "concept"
    item: dict[str, Any] = {
        "id": evidence.id,
        "learner": evidence.learner,
        "curriculum": evidence.curriculum,
        subject: getattr(evidence, subject),
    }
    if evidence.HasField("response"):
        item["response"] = evidence.response
    if evidence.HasField("score"):
        item["score"] = evidence.score
    item["occurred_at"] = evidence.occurred_at.ToJsonString()
    item["source"] = Evidence.Source.Name(evidence.source).lower()
    return json.dumps(item, ensure_ascii=False)
