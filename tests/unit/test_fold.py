from dataclasses import replace

import pytest

from kg.curriculum import AnswerKey
from kg.evidence import Evidence, Source
from kg.fold import States, apply_evidence, fold_evidence, touched_concepts
from tests.samples import CHOICE, DAY, ESSAY, NOON, NUMERIC, QUESTIONS, answer, observe

LOG = (
    answer("e1", "x"),
    answer("e2", "0.5", question="q-maps", at=NOON + DAY),
    answer("e3", "y", at=NOON + 3 * DAY),
    observe("e4", 0.8, concept="maps", at=NOON + 5 * DAY),
    answer("e5", None, question="q-essay", score=0.7, at=NOON + 5 * DAY),
    observe("e6", 0.9, concept="groups", source=Source.TEACHER_OVERRIDE, at=NOON + 6 * DAY),
    observe("e7", 1.0, concept="groups", source=Source.SELF_REPORT, at=NOON + 9 * DAY),
)


def fold(*evidence: Evidence) -> States:
    return fold_evidence(evidence, QUESTIONS)


def test_a_whole_log_gives_the_known_states() -> None:
    found = {
        concept: (round(state.probability, 6), round(state.stability_days, 6), round(state.weight, 6), state.count)
        for concept, state in fold(*LOG).items()
    }
    assert found == {
        "groups": (0.924831, 8.447727, 9.795455, 2),
        "maps": (0.865437, 8.959164, 1.332836, 2),
        "rings": (0.40473, 7.0, 0.7, 1),
        "sets": (0.373137, 3.704167, 1.644077, 3),
    }


def test_evidence_is_folded_in_order_of_time_and_id() -> None:
    assert fold(*reversed(LOG)) == fold(*LOG)


def test_items_of_one_moment_are_folded_in_order_of_id() -> None:
    first, second = answer("a", "x"), answer("b", "y")
    assert fold(second, first) == fold(first, second)
    assert fold(first, second) != fold(replace(first, id="c"), second)


def test_nothing_comes_of_nothing() -> None:
    assert fold() == {}


def test_a_question_is_shared_by_its_concepts_according_to_weight() -> None:
    states = fold(answer("e", "0.5", question="q-maps"))
    assert round(states["maps"].probability, 6) == 0.625946
    assert round(states["sets"].probability, 6) == 0.433363
    assert states["maps"].weight == pytest.approx(2 * states["sets"].weight)


def test_voided_evidence_has_no_effect() -> None:
    assert fold(*LOG[:3], replace(answer("v", at=NOON + DAY), voided=True)) == fold(*LOG[:3])


def test_a_voided_question_has_no_effect() -> None:
    voided = QUESTIONS | {"q-sets": replace(CHOICE, voided=True)}
    assert fold_evidence(LOG, voided) == fold(*(item for item in LOG if item.question != "q-sets"))


def test_a_corrected_key_turns_right_into_wrong() -> None:
    corrected = QUESTIONS | {"q-sets": replace(CHOICE, key=AnswerKey(accepted=("y",)))}
    assert fold_evidence([answer("e", "x")], corrected) == fold(answer("e", "y"))


def test_an_archived_question_still_counts() -> None:
    archived = QUESTIONS | {"q-sets": replace(CHOICE, archived=True)}
    assert fold_evidence(LOG, archived) == fold(*LOG)


def test_a_self_report_says_less_than_an_observation() -> None:
    said = fold(observe("e", source=Source.SELF_REPORT))["sets"]
    seen = fold(observe("e", source=Source.OBSERVATION))["sets"]
    assert 0.25 < said.probability < seen.probability
    assert said.weight == pytest.approx(0.25)
    assert seen.weight == pytest.approx(0.8)


def test_an_override_wins_over_everything_before_and_nothing_after() -> None:
    override = observe("o", 0.2, source=Source.TEACHER_OVERRIDE, at=NOON + DAY)
    assert fold(answer("e"), override)["sets"].probability == 0.2
    assert fold(answer("e"), override, answer("f", at=NOON + 2 * DAY))["sets"].probability > 0.2


def test_apply_evidence_touches_only_the_concepts_of_the_item() -> None:
    states = fold(*LOG)
    before = dict(states)
    apply_evidence(states, answer("e", "0.5", question="q-maps", at=NOON + 20 * DAY), NUMERIC)
    assert {concept for concept in states if states[concept] != before[concept]} == {"maps", "sets"}


def test_touched_concepts() -> None:
    assert sorted(touched_concepts(answer("e", question="q-maps"), NUMERIC)) == ["maps", "sets"]
    assert list(touched_concepts(observe("e", concept="rings"), None)) == ["rings"]


def test_a_graded_answer_without_a_key_counts_by_degree() -> None:
    low, high = (
        fold_evidence([answer("e", None, question="q-essay", score=s)], {"q-essay": ESSAY}) for s in (0.2, 0.9)
    )
    assert low["rings"].probability < 0.25 < high["rings"].probability
