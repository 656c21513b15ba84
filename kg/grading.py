"""Whether a response is right: it follows from the question's key, never from what was stored with the answer."""

import math
from decimal import Decimal

from kg.curriculum import AnswerKey, Question, QuestionKind
from kg.errors import FieldViolation
from kg.evidence import Evidence, Source

LONGEST_RESPONSE = 8192


def parse_number(text: str) -> float | None:
    """Reads a finite decimal number; a comma may stand for the point. None: it is not one."""
    try:
        number = float(text.strip().replace("−", "-").replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _is_near(number: float, right: float, tolerance: float) -> bool:
    """Compares as the numbers are written: 0.51 lies within 0.01 of 0.5, which binary fractions would deny."""
    return abs(Decimal(repr(number)) - Decimal(repr(right))) <= Decimal(repr(tolerance))


def _fold_text(text: str) -> str:
    return " ".join(text.split()).casefold()


def matches_key(kind: QuestionKind, key: AnswerKey, response: str) -> bool:
    """Says whether a response is right under a key.

    Choice compares option ids, numeric compares numbers within the key's tolerance, text compares without regard to
    case and runs of white space.
    """
    if kind is QuestionKind.CHOICE:
        return response.strip() in key.accepted
    if kind is QuestionKind.NUMERIC:
        number = parse_number(response)
        accepted = [parse_number(text) for text in key.accepted]
        return number is not None and any(
            right is not None and _is_near(number, right, key.tolerance) for right in accepted
        )
    return _fold_text(response) in {_fold_text(text) for text in key.accepted}


def grade(question: Question, evidence: Evidence) -> float | None:
    """Degree of success of an answer in [0, 1]; None: it has no effect.

    A question with a key grades the raw response; a score sent along counts only where there is no key or no response.
    """
    if question.voided or evidence.voided:
        return None
    if question.key is not None and evidence.response is not None:
        return 1.0 if matches_key(question.kind, question.key, evidence.response) else 0.0
    return evidence.score


def check_evidence(evidence: Evidence, question: Question | None, field: str) -> list[FieldViolation]:
    """Finds what forbids storing an item, beyond the form of its ids.

    Args:
        evidence: The item.
        question: The question it names, as it is now; None where it names a concept.
        field: Path of the item, such as `evidence[3]`.
    """
    found = []
    if evidence.score is not None and not 0.0 <= evidence.score <= 1.0:
        found.append(FieldViolation(f"{field}.score", "must be in [0, 1]"))
    if evidence.response is not None and len(evidence.response) > LONGEST_RESPONSE:
        found.append(FieldViolation(f"{field}.response", f"must have at most {LONGEST_RESPONSE} characters"))
    if question is None:
        if evidence.score is None:
            found.append(FieldViolation(f"{field}.score", "is required for evidence about a concept"))
        return found
    if evidence.response is None and evidence.score is None:
        found.append(FieldViolation(f"{field}.response", "is required: an answer carries a response or a score"))
    if question.key is None and evidence.score is None:
        found.append(FieldViolation(f"{field}.score", f"is required: question {question.id} has no answer key"))
    if question.kind is QuestionKind.CHOICE and evidence.response is not None:
        option = evidence.response.strip()
        known = option in question.options or (question.key is not None and option in question.key.accepted)
        if not known:
            options = ", ".join(question.options)
            found.append(FieldViolation(f"{field}.response", f"must be one of the options {options}"))
    return found


def check_subject(evidence: Evidence, field: str) -> list[FieldViolation]:
    """Finds whether source and subject fit: an answer is about a question, everything else about a concept."""
    if bool(evidence.question) == bool(evidence.concept):
        return [FieldViolation(f"{field}.subject", "must name either a question or a concept")]
    if (evidence.source is Source.ANSWER) != bool(evidence.question):
        return [FieldViolation(f"{field}.source", "must be answer for a question, and something else for a concept")]
    return []
