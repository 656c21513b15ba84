"""Leaks: what tells the answer to a question, what does not, and how a text is cut so that it does not."""

import pytest

from kg.curriculum import AnswerKey, Question, QuestionKind
from retrieval.documents import DocumentKind
from retrieval.passages import split_sentences
from tests.tutoring_surroundings import read_bundled
from tutoring.teaching.leaks import AnswerGuard, Leak
from tutoring.teaching.material import Material, find_main_concept, show
from tutoring.teaching.mentions import find_mentions, plain

QUESTIONS = {question.id: question for question in read_bundled().questions}
MATERIAL = Material(read_bundled())


def _make_numeric(stem: str, answer: str, tolerance: float = 0.0) -> Question:
    key = AnswerKey(accepted=(answer,), tolerance=tolerance)
    return Question(id="q", kind=QuestionKind.NUMERIC, stem=stem, assesses={"c": 1.0}, key=key)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("−3 − 5 = −8", [-8.0]),
        ("3x − 6 = 12, so x = 6", [12.0, 6.0]),
        ("the slope is 8/4", [2.0]),
        ("five sixths", [5 / 6]),
        ("twenty-one", [21.0]),
        ("\\frac{5}{6}", [5 / 6]),
        ("½ of it", [0.5]),
        ("f(6) = 7", [7.0]),
        ("10·(−2) = −20", [-20.0]),
        ("5-fold", []),
        ("10 000 or 1,234", [10_000.0, 1.234, 1234.0]),
        ("√25", [5.0]),
    ],
)
def test_numbers_that_come_out(text: str, values: list[float]) -> None:
    found = [mention.value for mention in find_mentions(plain(text)) if not mention.operand]
    assert found == pytest.approx(values)


@pytest.mark.parametrize("question", list(QUESTIONS.values()), ids=list(QUESTIONS))
def test_every_answer_of_the_course_is_found(question: Question) -> None:
    assert question.key is not None
    guard = AnswerGuard(question)
    assert guard.find_leak(question.stem) is None
    first = question.key.accepted[0]
    answer = question.options.get(first, first)
    for text in (f"The answer is {answer}.", f"So it is {answer}.", f"You get {answer}, well done.", f"**{answer}**"):
        assert guard.find_leak(text), text
    if question.options:
        for text in (f"The answer is {first.upper()}.", f"Choose option {first}!", f"({first}) is right."):
            assert guard.find_leak(text), text


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("q-fractions-1", "Three sixths and two sixths make five sixths."),
        ("q-fractions-1", "You should end up at about 0.8333333333, I think: 10/12."),
        ("q-systems-of-equations-2", "The cake costs three."),
        ("q-slope-2", "It is minus one half."),
        ("q-slope-2", "Halfway below zero: −0.5"),
        ("q-straight-line-equations-1", "Its slope is −2 and its intercept 5."),
        ("q-factoring-1", "One factor is (x + 2)."),
        ("q-train-test-split-1", "The test set itself took part in the choice, so its error is likely too small."),
        ("q-functions-3", "Think of the domains of functions."),
        ("q-classification-metrics-3", "That is what precision measures."),
        ("q-normal-distribution-1", "Roughly 0.68 of them."),
        ("q-matrices-1", "The entry is 4."),
    ],
)
def test_other_forms_of_an_answer(question: str, text: str) -> None:
    assert AnswerGuard(QUESTIONS[question]).find_leak(text) is Leak.ANSWER


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("q-linear-equations-1", "3x − 6 = 12 is a good start."),
        ("q-slope-1", "Take 10 − 2 for the rise [2]."),
        ("q-slope-1", "Here is hint 2 of 5."),
        ("q-systems-of-equations-2", "There are 3 steps, and two unknowns."),
        ("q-function-graphs-1", "That's right, well done so far."),
        ("q-functions-1", "A function sends each input to one output."),
        ("q-linear-equations-1", "Choose a number and put it in."),
    ],
)
def test_what_tells_nothing(question: str, text: str) -> None:
    assert AnswerGuard(QUESTIONS[question]).find_leak(text) is None


def test_a_number_of_the_question_tells_nothing_until_it_is_said_to_come_out() -> None:
    guard = AnswerGuard(_make_numeric("f(2) = 9 and f(9) = 2. What is f(f(2))?", "2"))
    assert guard.find_leak("Start with f(2) = 9.") is None
    assert guard.find_leak("Put 2 into f first.") is None
    assert guard.find_leak("So you get 2.") is Leak.ANSWER


def test_a_small_number_of_the_course_is_about_something_else() -> None:
    guard = AnswerGuard(_make_numeric("What is 15 − 11?", "4"))
    quoted = "A dog has 4 legs."
    assert guard.find_leak(quoted, quoted=True) is None
    assert guard.find_leak(quoted) is Leak.ANSWER
    assert guard.find_leak("As 15 − 11 = 4, there are 4 left.", quoted=True) is Leak.ANSWER


def test_verdicts_on_options_that_were_not_answered() -> None:
    question = QUESTIONS["q-fractions-1"]
    assert AnswerGuard(question).find_leak("Option a is wrong.") is Leak.VERDICT
    assert AnswerGuard(question).find_leak("2/5 cannot be right, since it is below the half.") is Leak.VERDICT
    assert AnswerGuard(question, tried=["a"]).find_leak("Option a is wrong.") is None
    assert AnswerGuard(question).find_leak("It must be b.") is Leak.LETTER


def test_a_guess_in_words_is_neither_confirmed_nor_denied() -> None:
    question = QUESTIONS["q-fractions-1"]
    for text in ("Yes, exactly!", "No.", "That's right.", "Not quite."):
        assert AnswerGuard(question, probing=True).find_leak(text) is Leak.VERDICT
        assert AnswerGuard(question).find_leak(text) is None


def test_who_gave_the_opposite_is_not_told_about_the_sign() -> None:
    question = QUESTIONS["q-slope-2"]  # −0.5
    text = "The slope has the right size and the wrong sign."
    assert AnswerGuard(question).find_leak(text, quoted=True) is None
    assert AnswerGuard(question, tried=["0.5"]).find_leak(text, quoted=True) is Leak.ANSWER
    turned = "The quotient is turned upside down."
    assert AnswerGuard(question, tried=["-2"]).find_leak(turned, quoted=True) is Leak.ANSWER


def test_a_question_without_a_key_has_nothing_to_tell() -> None:
    question = Question(id="q", kind=QuestionKind.TEXT, stem="Explain rings.", assesses={"rings": 1.0})
    assert AnswerGuard(question).find_leak("The answer is 42.") is None


def test_of_a_passage_is_shown_what_does_not_tell() -> None:
    question = QUESTIONS["q-fractions-1"]
    guard = AnswerGuard(question)
    passages = MATERIAL.list_passages("fractions")
    shown = [visible for passage in passages if (visible := show(passage, guard))]
    assert any("5/6" in passage.text for passage in passages)
    assert shown
    assert not any("5/6" in visible.text for visible in shown)
    resource = MATERIAL.resources["lesson-fractions"]
    for visible in shown:
        assert visible.place is not None
        assert resource.sections[0].text[visible.place.start : visible.place.end] == visible.text


def test_a_concept_whose_title_is_the_answer_is_not_cited() -> None:
    document = MATERIAL.find(DocumentKind.CONCEPT, "overfitting")
    assert document is not None
    assert show(document, AnswerGuard(QUESTIONS["q-overfitting-3"])) is None
    assert show(document, None) is not None


def test_little_of_the_course_is_held_back() -> None:
    counts = {True: 0, False: 0}
    for question in QUESTIONS.values():
        guard = AnswerGuard(question)
        for passage in MATERIAL.list_passages(find_main_concept(question)):
            for span in split_sentences(passage.text):
                sentence = passage.text[span.start : span.end]
                counts[guard.find_leak(sentence, quoted=True) is not None] += 1
    assert counts[True] / sum(counts.values()) < 0.05
