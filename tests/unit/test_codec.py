import math
import random
import sys

import pytest
from pydantic import ValidationError

from kg.codec import decode, decode_states, encode, encode_states
from kg.curriculum import Concept, CurriculumSize, Misconception, Question, Resource, count_parts
from kg.mastery import ConceptState
from tests.samples import NUMERIC, QUESTIONS, make_curriculum

CURRICULUM = make_curriculum()


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda question: question.id)
def test_questions_come_back_equal(question: Question) -> None:
    assert decode(Question, encode(question)) == question


def test_other_parts_come_back_equal() -> None:
    for concept in CURRICULUM.concepts:
        assert decode(Concept, encode(concept)) == concept
    assert decode(Resource, encode(CURRICULUM.resources[0])) == CURRICULUM.resources[0]
    assert decode(Misconception, encode(CURRICULUM.misconceptions[0])) == CURRICULUM.misconceptions[0]
    size = count_parts(CURRICULUM)
    assert decode(CurriculumSize, encode(size)) == size


def test_the_order_of_options_is_kept() -> None:
    question = decode(Question, encode(NUMERIC))
    assert list(question.assesses.items()) == list(NUMERIC.assesses.items())


def test_floats_come_back_bit_by_bit() -> None:
    rng = random.Random(7)
    extremes = [0.0, 1.0, 5e-324, 1 / 3, 0.1 + 0.2, math.nextafter(1.0, 0.0), sys.float_info.max]
    values = extremes + [rng.random() * 10.0 ** rng.randrange(-300, 300) for _ in range(2000)]
    states = {f"c{n}": ConceptState(value, 2**62 + n, value, value, n) for n, value in enumerate(values)}
    assert decode_states(encode_states(states)) == states


def test_no_states_come_back_as_none() -> None:
    assert decode_states(encode_states({})) == {}


def test_other_texts_are_refused() -> None:
    with pytest.raises(ValidationError):
        decode(Concept, encode(NUMERIC))
