import math
from dataclasses import replace

import pytest

from kg.curriculum import AnswerKey, QuestionKind
from kg.evidence import Evidence, Source
from kg.grading import LONGEST_RESPONSE, check_evidence, check_subject, grade, matches_key, parse_number
from tests.samples import CHOICE, ESSAY, NUMERIC, TEXT, answer, observe


@pytest.mark.parametrize(
    ("text", "number"),
    [("0.5", 0.5), (" 0,5 ", 0.5), ("−3", -3.0), ("-3", -3.0), ("1e3", 1000.0), ("+2", 2.0), (".5", 0.5)],
)
def test_numbers_are_read(text: str, number: float) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize("text", ["", "half", "1/2", "nan", "inf", "-inf", "1,000.5", "1e999", "--1"])
def test_everything_else_is_no_number(text: str) -> None:
    assert parse_number(text) is None


@pytest.mark.parametrize(("response", "right"), [("x", True), (" x\n", True), ("X", False), ("y", False), ("", False)])
def test_a_choice_is_the_id_of_an_option(response: str, right: bool) -> None:
    assert matches_key(QuestionKind.CHOICE, AnswerKey(accepted=("x", "z")), response) is right


@pytest.mark.parametrize(
    ("response", "right"), [("0.5", True), ("0,5", True), ("0.51", True), ("0.49", True), ("0.52", False), ("x", False)]
)
def test_a_number_is_right_within_the_tolerance(response: str, right: bool) -> None:
    assert matches_key(QuestionKind.NUMERIC, AnswerKey(accepted=("0.50",), tolerance=0.01), response) is right


def test_the_tolerance_is_compared_as_it_is_written() -> None:
    key = AnswerKey(accepted=("1.1",), tolerance=0.1)
    assert [matches_key(QuestionKind.NUMERIC, key, text) for text in ("1.0", "1.2", "1.21")] == [True, True, False]


@pytest.mark.parametrize("response", ["1e308", "-1e308", "1e-400", "7" * 300, "0." + "7" * 8000])
def test_extreme_numbers_are_compared_too(response: str) -> None:
    assert not matches_key(QuestionKind.NUMERIC, AnswerKey(accepted=("2.5e3",), tolerance=1e-12), response)


def test_without_tolerance_a_number_is_exact_but_for_its_writing() -> None:
    key = AnswerKey(accepted=("7", "8"))
    assert [matches_key(QuestionKind.NUMERIC, key, text) for text in ("7.0", "8e0", "7.1")] == [True, True, False]


@pytest.mark.parametrize(
    ("response", "right"),
    [("A  Homomorphism\n", True), ("HOMOMORPHISM", True), ("homo morphism", False), ("", False)],
)
def test_text_is_compared_without_case_and_runs_of_space(response: str, right: bool) -> None:
    assert TEXT.key is not None
    assert matches_key(QuestionKind.TEXT, TEXT.key, response) is right


def test_text_is_compared_beyond_ascii() -> None:
    assert matches_key(QuestionKind.TEXT, AnswerKey(accepted=("Straße",)), "STRASSE")


@pytest.mark.parametrize(("response", "degree"), [("x", 1.0), ("y", 0.0)])
def test_a_response_is_graded_by_the_key_whatever_score_was_sent(response: str, degree: float) -> None:
    assert grade(CHOICE, answer("e", response, score=0.3)) == degree


def test_a_score_counts_where_there_is_no_response() -> None:
    assert grade(CHOICE, answer("e", None, score=0.3)) == 0.3


def test_a_score_counts_where_there_is_no_key() -> None:
    assert grade(ESSAY, answer("e", "Rings are …", question="q-essay", score=0.6)) == 0.6


def test_without_key_and_score_there_is_no_effect() -> None:
    assert grade(ESSAY, answer("e", "Rings are …", question="q-essay")) is None


def test_voids_take_the_effect_away() -> None:
    assert grade(replace(CHOICE, voided=True), answer("e")) is None
    assert grade(CHOICE, replace(answer("e"), voided=True)) is None


@pytest.mark.parametrize(
    "evidence",
    [
        answer("e", "x"),
        answer("e", " y "),
        answer("e", None, score=0.0),
        answer("e", None, score=1.0),
        answer("e", "x", score=0.5),
    ],
)
def test_sound_answers_to_a_choice(evidence: Evidence) -> None:
    assert check_evidence(evidence, CHOICE, "evidence[0]") == []


def test_numbers_and_texts_may_be_anything() -> None:
    assert check_evidence(answer("e", "about a half"), NUMERIC, "evidence[0]") == []
    assert check_evidence(answer("e", ""), TEXT, "evidence[0]") == []


@pytest.mark.parametrize("score", [-0.01, 1.01, math.nan, math.inf])
def test_scores_outside_their_range_are_refused(score: float) -> None:
    for evidence, question in ((answer("e", None, score=score), CHOICE), (observe("e", score), None)):
        (violation,) = check_evidence(evidence, question, "evidence[3]")
        assert (violation.field, violation.rule) == ("evidence[3].score", "must be in [0, 1]")


@pytest.mark.parametrize(
    ("evidence", "field", "rule"),
    [
        (answer("e", None), "response", "an answer carries a response or a score"),
        (answer("e", "v"), "response", "one of the options x, y"),
        (answer("e", ""), "response", "one of the options x, y"),
    ],
)
def test_what_an_answer_to_a_choice_needs(evidence: Evidence, field: str, rule: str) -> None:
    (violation,) = check_evidence(evidence, CHOICE, "evidence[0]")
    assert violation.field == f"evidence[0].{field}"
    assert rule in violation.rule


def test_a_question_without_a_key_needs_a_score() -> None:
    (violation,) = check_evidence(answer("e", "Rings are …"), ESSAY, "evidence[0]")
    assert (violation.field, "no answer key" in violation.rule) == ("evidence[0].score", True)


def test_a_statement_about_a_concept_needs_a_score() -> None:
    (violation,) = check_evidence(observe("e", None), None, "evidence[0]")
    assert violation.field == "evidence[0].score"


def test_responses_have_a_longest_length() -> None:
    assert check_evidence(answer("e", "7" * LONGEST_RESPONSE), NUMERIC, "evidence[0]") == []
    (violation,) = check_evidence(answer("e", "7" * (LONGEST_RESPONSE + 1)), NUMERIC, "evidence[0]")
    assert violation.field == "evidence[0].response"


def test_an_accepted_option_that_is_not_listed_may_be_given() -> None:
    question = replace(CHOICE, key=AnswerKey(accepted=("w",)))
    assert check_evidence(answer("e", "w"), question, "evidence[0]") == []


@pytest.mark.parametrize("source", list(Source))
def test_only_an_answer_is_about_a_question(source: Source) -> None:
    about_question, about_concept = replace(answer("e"), source=source), replace(observe("e"), source=source)
    is_answer = source is Source.ANSWER
    assert (check_subject(about_question, "e") == []) is is_answer
    assert (check_subject(about_concept, "e") == []) is not is_answer


@pytest.mark.parametrize("concept_too", [False, True])
def test_evidence_names_exactly_one_subject(concept_too: bool) -> None:
    evidence = answer("e") if concept_too else answer("e", question="")
    (violation,) = check_subject(replace(evidence, concept="sets" if concept_too else ""), "evidence[0]")
    assert violation.field == "evidence[0].subject"
