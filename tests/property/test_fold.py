from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kg.evidence import Evidence, Source
from kg.fold import fold_evidence
from kg.mastery import PARAMETERS, ConceptState, practise_concept, read_mastery, update_probability
from tests.samples import DAY, NOON, QUESTIONS, answer, observe

degrees = st.floats(0, 1)
times = st.integers(0, 400).map(lambda days: NOON + days * DAY // 4)
statements = st.builds(
    observe,
    st.just(""),
    degrees,
    concept=st.sampled_from(["groups", "maps", "rings", "sets"]),
    source=st.sampled_from(list(Source)[1:]),
    at=times,
)
answers = st.one_of(
    st.builds(answer, st.just(""), st.sampled_from(["x", "y"]), at=times),
    st.builds(answer, st.just(""), st.sampled_from(["0,5", "2"]), question=st.just("q-maps"), at=times),
    st.builds(answer, st.just(""), st.none(), question=st.just("q-essay"), score=degrees, at=times),
)
logs = st.lists(st.one_of(statements, answers), max_size=30).map(
    lambda items: [replace(item, id=f"e{number:02}") for number, item in enumerate(items)]
)
probabilities = st.floats(0, 1)
slips = st.floats(0, 0.499)
guesses = st.floats(0, 0.5)
weights = st.floats(0.001, 1)


@given(logs.flatmap(lambda log: st.tuples(st.just(log), st.permutations(log))))
def test_the_order_of_arrival_does_not_matter(both: tuple[list[Evidence], list[Evidence]]) -> None:
    log, shuffled = both
    assert fold_evidence(shuffled, QUESTIONS) == fold_evidence(log, QUESTIONS)


@given(logs, st.sets(st.integers(0, 29)))
def test_voided_items_are_as_if_they_had_never_been(log: list[Evidence], gone: set[int]) -> None:
    voided = [replace(item, voided=number in gone) for number, item in enumerate(log)]
    kept = [item for item in voided if not item.voided]
    assert fold_evidence(voided, QUESTIONS) == fold_evidence(kept, QUESTIONS)


@given(logs, st.integers(-10, 10_000))
def test_every_reading_stays_in_its_range(log: list[Evidence], days: int) -> None:
    for state in fold_evidence(log, QUESTIONS).values():
        reading = read_mastery(state, NOON + days * DAY)
        assert 0 <= reading.probability <= 1
        assert 0 < reading.uncertainty <= 1
        assert 0 <= reading.weight <= PARAMETERS.override_weight + reading.count
        assert PARAMETERS.shortest_stability_days <= reading.stability_days <= PARAMETERS.longest_stability_days


@given(probabilities, degrees, slips, guesses, weights)
def test_one_update_stays_a_probability(
    before: float, outcome: float, slip: float, guess: float, weight: float
) -> None:
    assert 0 <= update_probability(before, outcome, slip, guess, weight) <= 1


@given(probabilities, slips, guesses, weights)
def test_a_right_answer_never_lowers_and_a_wrong_one_never_raises(
    before: float, slip: float, guess: float, weight: float
) -> None:
    assert update_probability(before, 1.0, slip, guess, weight) >= before - 1e-12
    assert update_probability(before, 0.0, slip, guess, weight) <= before + 1e-12


@given(logs, times, weights)
def test_one_more_right_answer_never_lowers_mastery_at_its_moment(log: list[Evidence], at: int, weight: float) -> None:
    before = fold_evidence([item for item in log if item.occurred_at <= at], QUESTIONS).get("sets")
    after = practise_concept(before, at=at, outcome=1.0, slip=0.1, guess=0.2, weight=weight)
    assert read_mastery(after, at).probability >= read_mastery(before, at).probability - 1e-12
    assert after.stability_days >= (before.stability_days if before else 0)


@given(st.lists(st.tuples(times, st.booleans()), min_size=1, max_size=20), st.integers(0, 19), st.integers(0, 1000))
def test_a_right_answer_in_place_of_a_wrong_one_never_lowers_mastery(
    answers_given: list[tuple[int, bool]], index: int, days: int
) -> None:
    log = [answer(f"e{n:02}", "yx"[right], at=at) for n, (at, right) in enumerate(answers_given)]
    place = index % len(log)
    better = [replace(item, response="x") if n == place else item for n, item in enumerate(log)]
    moment = NOON + (100 + days) * DAY
    low, high = (read_mastery(fold_evidence(each, QUESTIONS)["sets"], moment) for each in (log, better))
    assert high.probability >= low.probability - 1e-9
    assert high.stability_days >= low.stability_days - 1e-9


@given(
    st.builds(ConceptState, probabilities, st.just(NOON), st.floats(1, 3650), st.floats(0, 100), st.just(1)),
    st.lists(st.integers(0, 10**6), min_size=2, max_size=10).map(sorted),
)
def test_mastery_fades_steadily_towards_the_prior_and_never_across(state: ConceptState, days: list[int]) -> None:
    readings = [read_mastery(state, NOON + day * DAY) for day in days]
    for earlier, later in pairwise(readings):
        assert min(PARAMETERS.prior, state.probability) <= later.probability <= earlier.probability
        assert later.uncertainty >= earlier.uncertainty
        assert later.weight <= earlier.weight
