"""Whether an answer key and known wrong responses fit their question; at import and when a key is corrected."""

from collections.abc import Collection, Iterable

from kg.curriculum import AnswerKey, QuestionKind
from kg.errors import FieldViolation
from kg.grading import LONGEST_RESPONSE, matches_key, parse_number

MOST_ACCEPTED = 1_000


def check_key(kind: QuestionKind, options: Collection[str], key: AnswerKey, field: str) -> list[FieldViolation]:
    """Finds what is wrong with a key.

    Args:
        kind: How responses are read.
        options: Ids of the question's options.
        key: The key, its version and time not looked at.
        field: Path of the key, such as `key` or `answer`.

    Returns:
        One violation for each field that breaks a rule.
    """
    found = []
    if not 1 <= len(key.accepted) <= MOST_ACCEPTED:
        found.append(FieldViolation(f"{field}.accepted", f"must hold 1 to {MOST_ACCEPTED} responses"))
    if len(set(key.accepted)) < len(key.accepted):
        found.append(FieldViolation(f"{field}.accepted", "must hold each response once"))
    for index, response in enumerate(key.accepted):
        if rule := _broken_rule(kind, options, response):
            found.append(FieldViolation(f"{field}.accepted[{index}]", rule))
    if not 0 <= key.tolerance < float("inf"):
        found.append(FieldViolation(f"{field}.tolerance", "must be a finite number >= 0"))
    if key.tolerance and kind is not QuestionKind.NUMERIC:
        found.append(FieldViolation(f"{field}.tolerance", "must be 0 unless the question is numeric"))
    return found


def _broken_rule(kind: QuestionKind, options: Collection[str], response: str) -> str | None:
    if not response.strip() or len(response) > LONGEST_RESPONSE:
        return f"must have 1 to {LONGEST_RESPONSE} characters that are not all white space"
    if kind is QuestionKind.CHOICE and response not in options:
        return f"must be one of the options {', '.join(options)}, not {response}"
    if kind is QuestionKind.NUMERIC and parse_number(response) is None:
        return f"must be a finite number, not {response}"
    return None


def check_distractors(
    kind: QuestionKind, options: Collection[str], key: AnswerKey | None, responses: Iterable[str]
) -> list[FieldViolation]:
    """Finds known wrong responses that no learner could give, or that are right."""
    found = []
    for response in responses:
        if rule := _broken_rule(kind, options, response):
            found.append(FieldViolation("distractors", rule))
        elif key is not None and matches_key(kind, key, response):
            found.append(FieldViolation("distractors", f"must be wrong responses, and {response} is right"))
    return found


def check_options(kind: QuestionKind, options: Collection[str]) -> list[FieldViolation]:
    """Finds whether there are options exactly where the kind of question wants them."""
    if kind is QuestionKind.CHOICE and len(options) < 2:
        return [FieldViolation("options", "must be at least two for a choice question")]
    if kind is not QuestionKind.CHOICE and options:
        return [FieldViolation("options", f"must be left out for a {kind} question")]
    return []


def default_guess(kind: QuestionKind, options: int) -> float:
    """Probability of a right response without mastery where the curriculum states none, in (0, 0.5].

    Args:
        kind: How responses are read.
        options: Number of options of a choice question, at least 2.
    """
    return min(0.5, 1 / options) if kind is QuestionKind.CHOICE else 0.05
