from dataclasses import replace

import pytest

from kg.mastery import (
    PARAMETERS,
    ConceptState,
    age_probability,
    compute_retention,
    override_concept,
    practise_concept,
    read_mastery,
    update_probability,
)
from tests.samples import DAY, NOON


def practise(state: ConceptState | None, day: float, outcome: float, weight: float = 1.0) -> ConceptState:
    at = NOON + round(day * DAY)
    return practise_concept(state, at=at, outcome=outcome, slip=0.1, guess=0.2, weight=weight)


def practise_all(*days_and_outcomes: tuple[float, float]) -> list[ConceptState]:
    states: list[ConceptState] = []
    for day, outcome in days_and_outcomes:
        states.append(practise(states[-1] if states else None, day, outcome))
    return states


SPACED = ((0, 1), (1, 1), (4, 1), (11, 0), (12, 1), (40, 1))


def test_spaced_practice_gives_the_known_probabilities() -> None:
    probabilities = [round(state.probability, 6) for state in practise_all(*SPACED)]
    assert probabilities == [0.64, 0.897633, 0.97167, 0.645299, 0.899075, 0.919795]


def test_spaced_practice_gives_the_known_stabilities() -> None:
    stabilities = [round(state.stability_days, 6) for state in practise_all(*SPACED)]
    assert stabilities == [7.0, 8.225, 11.199054, 5.599527, 6.751097, 24.126146]


def test_spaced_practice_gives_the_known_weights_and_counts() -> None:
    states = practise_all(*SPACED)
    assert [round(state.weight, 6) for state in states] == [0.7, 1.389062, 2.034961, 2.60281, 3.252167, 2.926246]
    assert [state.count for state in states] == [1, 2, 3, 4, 5, 6]


def test_retention_halves_after_nine_stabilities() -> None:
    shares = [round(compute_retention(days * DAY, 7.0), 6) for days in (0, 1, 7, 21, 63, 567)]
    assert shares == [1.0, 0.984375, 0.9, 0.75, 0.5, 0.1]


def test_retention_does_not_grow_before_practice() -> None:
    assert compute_retention(-DAY, 7.0) == 1.0


@pytest.mark.parametrize(
    ("outcome", "weight", "after"),
    [(1.0, 1.0, 0.6), (0.0, 1.0, 0.04), (0.5, 1.0, 0.2), (1.0, 0.5, 2**0.5 - 1)],
)
def test_bayes_rule(outcome: float, weight: float, after: float) -> None:
    assert update_probability(0.25, outcome, slip=0.1, guess=0.2, weight=weight) == pytest.approx(after, abs=1e-12)


def test_two_half_shares_are_worth_one_whole() -> None:
    half = update_probability(0.3, 1.0, 0.1, 0.2, 0.5)
    whole = update_probability(0.3, 1.0, 0.1, 0.2, 1.0)
    assert update_probability(half, 1.0, 0.1, 0.2, 0.5) == pytest.approx(whole, abs=1e-12)


@pytest.mark.parametrize("probability", [0.0, 1.0])
@pytest.mark.parametrize("outcome", [0.0, 0.5, 1.0])
def test_certainty_stays_certain_even_against_impossible_evidence(probability: float, outcome: float) -> None:
    assert update_probability(probability, outcome, slip=0.0, guess=0.0, weight=1.0) == probability


def test_without_evidence_the_prior_is_read() -> None:
    reading = read_mastery(None, NOON)
    assert (reading.probability, reading.uncertainty) == (0.25, 1.0)
    assert (reading.weight, reading.count, reading.practised_at, reading.stability_days) == (0.0, 0, None, 0.0)


def test_unknown_is_less_certain_than_known_to_be_missing() -> None:
    failed = read_mastery(practise(None, 0, 0.0), NOON)
    assert failed.uncertainty < read_mastery(None, NOON).uncertainty
    assert failed.probability < PARAMETERS.prior


def test_uncertainty_falls_with_evidence() -> None:
    uncertainties = [read_mastery(state, state.practised_at).uncertainty for state in practise_all(*SPACED[:5])]
    assert [round(each, 6) for each in uncertainties] == [0.766965, 0.646973, 0.574015, 0.526841, 0.484948]


def test_uncertainty_rises_and_mastery_fades_with_time() -> None:
    state = practise_all(*SPACED)[-1]
    readings = [read_mastery(state, state.practised_at + days * DAY) for days in (0, 7, 63, 630)]
    assert [round(each.probability, 6) for each in readings] == [0.919795, 0.898876, 0.769164, 0.42168]
    assert [round(each.uncertainty, 6) for each in readings] == [0.504674, 0.510653, 0.553157, 0.755919]


def test_what_lies_below_the_prior_does_not_recover_by_waiting() -> None:
    assert age_probability(0.04, retention=0.1, prior=0.25) == 0.04
    assert age_probability(0.65, retention=0.5, prior=0.25) == pytest.approx(0.45)


@pytest.mark.parametrize("as_of", [None, 0, NOON])
def test_no_time_passes_before_the_last_practice(as_of: int | None) -> None:
    state = practise(None, 0, 1.0)
    assert read_mastery(state, as_of).probability == state.probability


def test_ten_answers_in_a_row_add_less_stability_than_one_a_week_later() -> None:
    massed = practise_all(*[(minute / 1440, 1) for minute in range(10)])[-1]
    spaced = practise_all((0, 1), (7, 1))[-1]
    assert round(massed.stability_days, 3) == 10.866
    assert round(spaced.stability_days, 3) == 12.95


def test_failures_cost_stability_down_to_the_shortest() -> None:
    stabilities = [state.stability_days for state in practise_all(*[(day, 0) for day in range(6)])]
    assert stabilities == [7.0, 3.5, 1.75, 1.0, 1.0, 1.0]


def test_stability_has_an_upper_end() -> None:
    states = practise_all(*[(100 * 3**step, 1) for step in range(12)])
    assert states[-1].stability_days == PARAMETERS.longest_stability_days


def test_a_share_of_a_question_moves_less() -> None:
    third, whole = practise(None, 0, 1.0, weight=1 / 3), practise(None, 0, 1.0)
    assert PARAMETERS.prior < third.probability < whole.probability
    assert third.weight == pytest.approx(whole.weight / 3)


def test_an_override_says_what_mastery_is_from_then_on() -> None:
    before = practise(None, 0, 0.0)
    state = override_concept(before, at=NOON + DAY, mastery=0.9)
    assert state == ConceptState(0.9, NOON + DAY, 7.0, PARAMETERS.override_weight, 2)


def test_an_override_is_more_certain_than_an_answer() -> None:
    stated = read_mastery(override_concept(None, at=NOON, mastery=0.5), NOON)
    assert stated.uncertainty == pytest.approx((1 / 11) ** 0.5)


def test_practising_leaves_the_state_before_as_it_was() -> None:
    before = practise(None, 0, 1.0)
    copy = replace(before)
    assert practise(before, 3, 0.0) != copy
    assert before == copy


def test_no_single_response_is_proof() -> None:
    assert 0.25 < update_probability(0.25, 1.0, slip=0.0, guess=0.0, weight=1.0) < 1.0
    assert 0.0 < update_probability(0.25, 0.0, slip=0.0, guess=0.0, weight=1.0) < 0.25
