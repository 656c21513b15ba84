"""The hint ladder of every question of the bundled course, and strategies."""

from dataclasses import replace

import pytest

from kg.curriculum import Question
from tests.tutoring_surroundings import read_bundled
from tutoring.diagnosis.errors import ErrorKind
from tutoring.teaching.ladder import RungName, build_ladder, cut_first_step, tell_answer
from tutoring.teaching.leaks import AnswerGuard
from tutoring.teaching.material import Material
from tutoring.teaching.strategies import Strategy, choose_strategy

MATERIAL = Material(read_bundled())
QUESTIONS = dict(MATERIAL.questions)


@pytest.mark.parametrize("question", list(QUESTIONS.values()), ids=list(QUESTIONS))
def test_only_the_last_rung_tells(question: Question) -> None:
    guard = AnswerGuard(question)
    *before, last = build_ladder(MATERIAL, question)
    assert last.name is RungName.SOLUTION
    assert tell_answer(question) in last.statements[0].text
    assert last.statements[1].text == question.explanation
    assert before
    for rung in before:
        for statement in rung.statements:
            assert guard.find_leak(statement.text, quoted=statement.quoted) is None
            assert question.explanation not in statement.text


def test_rungs_come_in_their_order() -> None:
    order = list(RungName)
    for question in QUESTIONS.values():
        places = [order.index(rung.name) for rung in build_ladder(MATERIAL, question)]
        assert places == sorted(set(places))


def test_what_is_most_alike_is_pointed_at_and_what_was_answered_is_shown_solved() -> None:
    question = QUESTIONS["q-slope-1"]
    passages = MATERIAL.list_passages("slope")
    ladder = build_ladder(MATERIAL, question, alike=[passages[-1].id], burnt=["q-slope-2"])
    by_name = {rung.name: rung for rung in ladder}
    assert by_name[RungName.POINT].statements[0].sources[0].document.id == passages[-1].id
    assert by_name[RungName.EXAMPLE].statements[0].sources[0].document.id == "q-slope-2"


def test_an_example_has_other_numbers_and_another_answer() -> None:
    for question in QUESTIONS.values():
        for rung in build_ladder(MATERIAL, question):
            shown = rung.statements[0].sources[0].document.id if rung.statements[0].sources else ""
            if rung.name is RungName.EXAMPLE and shown in QUESTIONS:
                assert shown != question.id
                assert tell_answer(QUESTIONS[shown]) != tell_answer(question)


def test_rungs_without_material_are_left_out() -> None:
    course = replace(read_bundled(), resources=())
    question = replace(QUESTIONS["q-slope-1"], explanation="")
    bare = replace(course, questions=(question,), concepts=tuple(replace(c, description="") for c in course.concepts))
    names = [rung.name for rung in build_ladder(Material(bare), question)]
    assert names == [RungName.ORIENT, RungName.SOLUTION]


@pytest.mark.parametrize(
    ("question", "step"),
    [
        ("q-linear-equations-1", "3x − 6 = 12 …"),
        ("q-slope-1", "The rise is 10 − 2 = 8 and the run is 5 − 1 = 4 …"),
        ("q-optimisation-3", "The derivative is zero only at the minimum."),
        ("q-orthogonal-projection-1", ""),
    ],
)
def test_the_first_step_stops_before_the_answer(question: str, step: str) -> None:
    assert cut_first_step(QUESTIONS[question], AnswerGuard(QUESTIONS[question])) == step


def test_strategies() -> None:
    assert choose_strategy("", outcome=1.0) is Strategy.AFFIRM_CORRECT_ANSWER
    assert choose_strategy(ErrorKind.RIGHT_IDEA.value, outcome=0.0) is Strategy.EXPLAIN_CONCEPT
    assert choose_strategy(ErrorKind.DIAGNOSE.value, outcome=0.0) is Strategy.ASK_QUESTION
    assert choose_strategy("unheard-of", outcome=0.0) is Strategy.ASK_QUESTION
    assert choose_strategy(ErrorKind.GUESS.value, outcome=0.0, wrong=2, rung="example") is Strategy.PROVIDE_EXAMPLE
    assert choose_strategy("", outcome=0.0, wrong=3, rung="step", weak_root=True) is Strategy.SIMPLIFY_QUESTION
    assert choose_strategy("", outcome=0.0, wrong=5) is Strategy.ENCOURAGE_STUDENT
