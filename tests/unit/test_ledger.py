from kg.fold import fold_evidence
from kg.ledger import BEGINNING, MasteryChange, compare_states
from kg.mastery import ConceptState
from tests.samples import DAY, NOON, QUESTIONS, answer

KNOWN = ConceptState(0.65, NOON, 7.0, 1.0, 1)


def test_everything_comes_after_the_beginning() -> None:
    assert answer("", at=0).position > BEGINNING


def test_equal_states_do_not_differ() -> None:
    assert compare_states("ada", {"sets": KNOWN}, {"sets": KNOWN}, NOON + DAY) == []


def test_a_new_state_is_compared_with_the_prior() -> None:
    assert compare_states("ada", {}, {"sets": KNOWN}, NOON) == [MasteryChange("ada", "sets", 0.25, 0.65)]


def test_a_lost_state_is_compared_with_the_prior() -> None:
    assert compare_states("ada", {"sets": KNOWN}, {}, NOON) == [MasteryChange("ada", "sets", 0.65, 0.25)]


def test_both_sides_are_aged_to_the_moment() -> None:
    (change,) = compare_states("ada", {"sets": KNOWN}, {}, NOON + 63 * DAY)
    assert round(change.before, 9) == 0.45


def test_differences_come_in_order_of_concept() -> None:
    before = fold_evidence([answer("a", "2", question="q-maps")], QUESTIONS)
    after = fold_evidence([answer("a", "0.5", question="q-maps")], QUESTIONS)
    assert [change.concept for change in compare_states("ada", before, after, NOON)] == ["maps", "sets"]
