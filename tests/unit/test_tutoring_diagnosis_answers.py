"""Responses as learners write them, and what they say of themselves."""

from dataclasses import replace

import pytest

from kg.curriculum import AnswerKey
from kg.grading import matches_key
from tests.samples import CHOICE, NUMERIC, TEXT
from tutoring.diagnosis.answers import read_choice, read_response
from tutoring.diagnosis.statements import KNOWN_SCORE, TROUBLE_SCORE, read_statement

EXACT = replace(NUMERIC, key=AnswerKey(accepted=("0.5",)))
SIGNED = {"a": "8", "b": "−8", "c": "2", "d": "−2"}
WORDED = {"a": "The derivative is zero", "b": "The derivative is positive", "c": "1/2"}


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("0.5", "0.5"),
        ("0,5", "0,5"),
        ("1e3", "1e3"),
        ("I think it is 3/4", "0.75"),
        ("x = 5", "5"),
        ("5 = x", "5"),
        ("x is 5", "5"),
        ("y equals -3", "-3"),
        ("1 1/2", "1.5"),
        ("1½", "1.5"),
        ("½", "0.5"),
        ("minus 3", "-3"),
        ("negative 3/4", "-0.75"),
        ("the slope is −2", "-2"),
        ("12 litres", "12"),
        ("5cm", "5"),
        ("$5", "5"),
        ("3 + 4 = 7", "7"),
        ("I'm not sure, 5?", "5"),
        ("idk maybe 7", "7"),
        ("around 3", "3"),
        ("seven", "7"),
        ("I think minus two", "-2"),
        ("1,000", "1000"),
        ("1,000.5 m2", None),
        ("12,345,678", "12345678"),
        ("25%", "0.25"),
        ("50 percent", "0.5"),
    ],
)
def test_numbers_in_words(words: str, read: str | None) -> None:
    assert read_response(EXACT, words) == read


@pytest.mark.parametrize(
    "words",
    [
        "",
        "  ",
        "half",
        "5 and a half",
        "between 3 and 4",
        "3 or 4",
        "x=5 or x=-5",
        "not 5",
        "it isn't 5",
        "3x",
        "3 pi",
        "3π",
        "x - 5",
        "2^3",
        "2 × 3",
        "3 - 4",
        "3-4",
        "1/2/3",
        "3/0",
        "square root of 2",
        "five hundred",
        "no one told me",
        "more than 5",
        "nan",
        "inf",
        "1" * 400,
        "so " * 200 + "5",
    ],
)
def test_what_is_no_number_or_may_be_another(words: str) -> None:
    assert read_response(EXACT, words) is None


def test_a_fraction_without_end_is_read_only_where_there_is_a_tolerance() -> None:
    assert read_response(EXACT, "1/3") is None
    thirds = replace(NUMERIC, key=AnswerKey(accepted=("0.333",), tolerance=0.001))
    read = read_response(thirds, "one third is 1/3")
    assert read is None
    read = read_response(thirds, "it's 1/3")
    assert read is not None
    assert matches_key(thirds.kind, AnswerKey(accepted=("0.333",), tolerance=0.001), read)


def test_a_comma_is_the_point_where_that_is_right() -> None:
    decimal = replace(NUMERIC, key=AnswerKey(accepted=("2.125",)))
    thousands = replace(NUMERIC, key=AnswerKey(accepted=("2125",)))
    assert read_response(decimal, "2,125") == "2,125"
    assert read_response(thousands, "2,125") == "2125"


@pytest.mark.parametrize(
    ("stem", "read"),
    [
        ("What share is that?", "0.25"),
        ("How many percent is that?", "25"),
        ("Give the answer in %.", "25"),
        ("Write 20% and 5% as one number.", None),
    ],
)
def test_percent_is_read_as_the_question_means_it(stem: str, read: str | None) -> None:
    assert read_response(replace(EXACT, stem=stem), "25%") == read


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("a", "a"),
        ("B", "b"),
        ("b)", "b"),
        ("(b)", "b"),
        ("option b", "b"),
        ("answer: c", "c"),
        ("I think it's b", "b"),
        ("c because it is less", "c"),
        ("−8", "b"),
        ("-8", "b"),
        ("I'd say -8", "b"),
        ("-2.", "d"),
        ("8.0", "a"),
        ("eight", "a"),
        ("the second one", "b"),
        ("last", "d"),
        ("a or b", None),
        ("not b", None),
        ("2 or -2", None),
        ("a triangle", None),
        ("e", None),
        ("the fifth", None),
        ("9", None),
    ],
)
def test_options_are_named_by_id_place_text_or_number(words: str, read: str | None) -> None:
    assert read_choice(SIGNED, words) == read


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("derivative is zero", "a"),
        ("I think that the derivative is zero there", "a"),
        ("0.5", "c"),
        ("the derivative", None),
        ("the derivative is zero or the derivative is positive", None),
    ],
)
def test_options_are_named_by_words(words: str, read: str | None) -> None:
    assert read_choice(WORDED, words) == read


def test_an_id_comes_before_a_text() -> None:
    assert read_choice({"1": "2", "2": "4"}, "2") == "2"


def test_what_surrounds_a_right_word_is_taken_away() -> None:
    assert read_response(TEXT, "I think it's a homomorphism!") == "homomorphism"
    assert read_response(TEXT, "Homomorphism.") == "Homomorphism"
    assert read_response(TEXT, "it is a ring") == "it is a ring"


def test_every_response_that_is_read_can_be_graded() -> None:
    assert read_response(CHOICE, "{1, 2}") == "x"
    assert read_response(CHOICE, "z") is None


@pytest.mark.parametrize(
    ("words", "title", "score"),
    [
        ("I don't get fractions", "Fractions", TROUBLE_SCORE),
        ("I never really understood fractions", "Fractions", TROUBLE_SCORE),
        ("fractions confuse me", "Fractions", TROUBLE_SCORE),
        ("I know nothing about limits", "Limits", TROUBLE_SCORE),
        ("I already know derivatives", "Derivatives", KNOWN_SCORE),
        ("slopes are easy", "Slope of a line", KNOWN_SCORE),
        ("I know fractions but not slopes", "Slope of a line", TROUBLE_SCORE),
        ("I know fractions but not slopes", "Fractions", KNOWN_SCORE),
        ("I'm good at vectors, but I struggle with matrices", "Matrices", TROUBLE_SCORE),
        ("I don't know fractions, I know limits", "Limits", KNOWN_SCORE),
        ("fractions", "Fractions", None),
    ],
)
def test_what_learners_say_of_themselves(words: str, title: str, score: float | None) -> None:
    assert read_statement(words, title) == score
