"""What the evaluation of the Diagnostician measures is what it says it measures."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.error_kinds import (
    Mistake,
    are_alike,
    compute_macro_f1,
    fit_weights,
    judge,
    read_mistakes,
    split_mistakes,
)
from evaluation.misconception_search import rank_mae, trace_own
from tests.conversions import find_data
from tests.tutoring_surroundings import read_bundled
from tutoring.diagnosis.error_weights import FITTED, weigh_errors
from tutoring.diagnosis.errors import ErrorKind
from tutoring.diagnosis.signs import Sign


def mistake(conversation: str, kind: ErrorKind, *signs: Sign) -> Mistake:
    return Mistake(chat=(conversation,), conversation=conversation, signs=signs, kind=kind)


def test_a_chat_is_read_as_what_was_asked_last_and_what_was_said_then(tmp_path: Path) -> None:
    turns = [
        ("tutor", "Hello."),
        ("student", "hi"),
        ("tutor", "What is 36 + 42?"),
        ("student", "1,512"),
        ("student", "?"),
    ]
    chats = [
        {"c_id": "7_3", "c_h": [{"user": user, "text": text} for user, text in turns], "e": "careless"},
        {"c_id": "8_1", "c_h": [], "e": "the student made no mistake"},
    ]
    (tmp_path / "chats.json").write_text(json.dumps(chats), encoding="utf-8")

    (read,) = read_mistakes(tmp_path / "chats.json")
    assert (read.conversation, read.kind) == ("7", ErrorKind.CARELESS)
    assert read.signs == (Sign.UNSURE, Sign.NUMBER, Sign.CALCULATION)


def test_a_sign_that_goes_with_a_kind_comes_to_speak_for_it() -> None:
    mistakes = [mistake(f"g{number}", ErrorKind.GUESS) for number in range(40)]
    mistakes += [mistake(f"c{number}", ErrorKind.CARELESS, Sign.CALCULATION) for number in range(20)]
    weights = fit_weights(mistakes)

    assert weights.signs[Sign.CALCULATION][ErrorKind.CARELESS] > 0 > weights.signs[Sign.CALCULATION][ErrorKind.GUESS]
    assert next(iter(weigh_errors([Sign.CALCULATION], weights))) is ErrorKind.CARELESS
    assert next(iter(weigh_errors([], weights))) is ErrorKind.GUESS
    # A sign that was never seen says nearly nothing.
    assert abs(weights.signs[Sign.ECHO][ErrorKind.GUESS] - weights.signs[Sign.ECHO][ErrorKind.CARELESS]) < 1.0


def test_macro_f1_by_hand() -> None:
    # a: 1 of 2 found, none wrongly: 2/3; b: found, with one too many: 2/3; c: not found: 0.
    assert compute_macro_f1(["a", "a", "b", "c"], ["a", "b", "b", "d"]) == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    assert compute_macro_f1(["a", "b"], ["a", "b"]) == 1.0


def test_intervals_hold_the_figure_and_are_the_same_for_a_seed() -> None:
    kinds = [ErrorKind.GUESS, ErrorKind.CARELESS] * 15
    mistakes = [mistake(str(number // 2), kind) for number, kind in enumerate(kinds)]
    guesses = [ErrorKind.GUESS] * 20 + [ErrorKind.CARELESS] * 10
    first, second = (judge("x", mistakes, guesses, seed=3) for _ in range(2))
    assert first == second
    assert first.accuracy.mean == pytest.approx(0.5)
    assert first.macro_f1.low <= first.macro_f1.mean <= first.macro_f1.high


def test_no_conversation_is_both_fitted_on_and_judged() -> None:
    fitted_on, held_out = split_mistakes(find_data("bridge"))
    assert (len(fitted_on), len(held_out)) == (335, 67)
    assert not {each.conversation for each in fitted_on} & {each.conversation for each in held_out}


def test_the_weights_of_the_diagnostician_are_those_that_fitting_gives() -> None:
    fitted_on, _ = split_mistakes(find_data("bridge"))
    assert are_alike(fit_weights(fitted_on), FITTED)


def test_misconceptions_of_real_answers_are_found_by_words_better_than_by_chance() -> None:
    ranked = {each.name: each for each in rank_mae(find_data("mae-misconceptions"), None, seed=1)}
    ours = ranked["Diagnostician, words"]
    assert ours.recalls[0].low > 1 / 55
    assert ours.recalls[2].low > 10 / 55
    assert [recall.mean for recall in ours.recalls] == sorted(recall.mean for recall in ours.recalls)


def test_reading_a_response_alone_and_with_its_question_is_better_calibrated() -> None:
    bundled = read_bundled()
    some = replace(bundled, questions=bundled.questions[::3])
    traced, asked = trace_own(some, None, seed=1)
    alone, together, both = traced
    assert both.calibration_error < together.calibration_error
    assert both.first.mean > alone.first.mean
    # Asking back is worth it: the right one is among those offered more often than it is the first.
    assert 0 < asked.first < asked.offered <= asked.named
