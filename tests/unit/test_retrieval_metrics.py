import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import InvalidInputError
from retrieval.metrics import (
    auroc,
    bootstrap_difference,
    bootstrap_mean,
    chance_calibration_error,
    expected_calibration_error,
    ndcg_at,
    recall_at,
    reciprocal_rank_at,
    reliability_curve,
)

IDS = "abcdefgh"
RANKINGS = st.permutations(IDS)
RELEVANT = st.sets(st.sampled_from(IDS), min_size=1)
PROBABILITIES = st.floats(min_value=0.0, max_value=1.0)
JUDGED = st.lists(st.tuples(PROBABILITIES, st.booleans()), min_size=1, max_size=50)
SCORED = st.lists(st.tuples(st.integers(-5, 5), st.booleans()), min_size=2, max_size=50).filter(
    lambda pairs: len({outcome for _, outcome in pairs}) == 2
)


def test_ndcg_of_one_relevant_document_is_the_discount_of_its_rank() -> None:
    assert ndcg_at("abc", {"a"}, 10) == 1.0
    assert ndcg_at("abc", {"b"}, 10) == pytest.approx(1 / math.log2(3))
    assert ndcg_at("abc", {"c"}, 10) == pytest.approx(0.5)


def test_ndcg_divides_by_the_best_order_that_is_possible() -> None:
    assert ndcg_at("abc", {"a", "c"}, 10) == pytest.approx(1.5 / (1 + 1 / math.log2(3)))


def test_ndcg_is_one_if_all_of_the_first_k_are_relevant_though_more_are() -> None:
    assert ndcg_at("abc", {"a", "b", "c"}, 2) == pytest.approx(1.0)


def test_a_document_beyond_the_first_k_counts_nothing() -> None:
    assert [metric("abc", {"c"}, 2) for metric in (ndcg_at, reciprocal_rank_at, recall_at)] == [0.0, 0.0, 0.0]


def test_the_reciprocal_rank_is_that_of_the_first_relevant_document() -> None:
    assert reciprocal_rank_at("abcd", {"d", "b"}, 10) == 0.5


def test_recall_is_the_share_of_the_relevant_documents_found() -> None:
    assert recall_at("abcd", {"a", "d", "x", "y"}, 3) == 0.25


@pytest.mark.parametrize("metric", [ndcg_at, reciprocal_rank_at, recall_at])
def test_a_query_without_a_relevant_document_is_refused(metric: Callable[..., float]) -> None:
    with pytest.raises(InvalidInputError, match="relevant"):
        metric("abc", (), 10)
    with pytest.raises(InvalidInputError, match="k"):
        metric("abc", {"a"}, 0)


@given(RANKINGS, RELEVANT, st.integers(1, 10))
def test_metrics_lie_between_0_and_1(ranked: list[str], relevant: set[str], k: int) -> None:
    for metric in (ndcg_at, reciprocal_rank_at, recall_at):
        assert 0.0 <= metric(ranked, relevant, k) <= 1.0 + 1e-12


@given(RANKINGS, RELEVANT, st.integers(1, 10))
def test_no_order_is_better_than_the_relevant_documents_first(ranked: list[str], relevant: set[str], k: int) -> None:
    better = sorted(ranked, key=lambda document: document not in relevant)
    for metric in (ndcg_at, reciprocal_rank_at, recall_at):
        assert metric(better, relevant, k) >= metric(ranked, relevant, k) - 1e-12


@given(RANKINGS, RELEVANT)
def test_recall_at_the_length_of_the_ranking_is_complete(ranked: list[str], relevant: set[str]) -> None:
    assert recall_at(ranked, relevant, len(ranked)) == 1.0


def test_the_interval_holds_the_mean_and_shrinks_with_more_clusters() -> None:
    few = bootstrap_mean([0.0, 1.0] * 10, range(20), seed=1)
    many = bootstrap_mean([0.0, 1.0] * 100, range(200), seed=1)
    assert few.mean == many.mean == 0.5
    assert few.low < many.low < 0.5 < many.high < few.high


def test_the_interval_is_that_of_a_mean_of_independent_values() -> None:
    interval = bootstrap_mean([0.0, 1.0] * 200, range(400), seed=7, resamples=4000)
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * 0.5 / 20, rel=0.1)


def test_values_of_one_cluster_are_drawn_together() -> None:
    values = [0.0] * 50 + [1.0] * 50
    alone = bootstrap_mean(values, range(100), seed=3)
    together = bootstrap_mean(values, [number // 10 for number in range(100)], seed=3)
    assert together.high - together.low > 2.0 * (alone.high - alone.low)


def test_a_single_cluster_has_no_spread() -> None:
    interval = bootstrap_mean([0.2, 0.4], ["a", "a"], seed=1)
    assert [interval.low, interval.high] == pytest.approx([0.3, 0.3])


@given(st.lists(PROBABILITIES, min_size=1, max_size=20), st.integers(0, 99))
def test_equal_seeds_give_equal_intervals_inside_the_values(values: list[float], seed: int) -> None:
    interval = bootstrap_mean(values, range(len(values)), seed=seed, resamples=50)
    assert interval == bootstrap_mean(values, range(len(values)), seed=seed, resamples=50)
    assert min(values) - 1e-9 <= interval.low <= interval.high <= max(values) + 1e-9


def test_a_difference_is_paired_by_query() -> None:
    without = np.random.default_rng(5).random(40)
    interval = bootstrap_difference(without + 0.1, without, range(40), seed=1)
    assert [interval.mean, interval.low, interval.high] == pytest.approx([0.1, 0.1, 0.1])


def test_values_without_their_clusters_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="values"):
        bootstrap_mean([], [], seed=1)
    with pytest.raises(InvalidInputError, match="values"):
        bootstrap_mean([1.0, 2.0], ["a"], seed=1)
    with pytest.raises(InvalidInputError, match="same queries"):
        bootstrap_difference([1.0], [1.0, 2.0], ["a"], seed=1)


def test_the_calibration_error_weighs_bins_by_their_answers() -> None:
    # Four answers at 0.75 of which two are right, one at 0.1 that is wrong: (4 * 0.25 + 1 * 0.1) / 5.
    probabilities, outcomes = [0.75, 0.75, 0.75, 0.75, 0.1], [1, 1, 0, 0, 0]
    assert expected_calibration_error(probabilities, outcomes) == pytest.approx(0.22)


def test_a_bin_holds_its_upper_edge_and_the_first_one_nought_too() -> None:
    curve = reliability_curve([0.0, 0.5, 0.51, 1.0], [0, 1, 0, 1], bins=2)
    assert [(entry.low, entry.high, entry.count, entry.accuracy) for entry in curve] == [
        (0.0, 0.5, 2, 0.5),
        (0.5, 1.0, 2, 0.5),
    ]


def test_a_probability_outside_its_range_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="probabilities"):
        reliability_curve([1.2], [1])


@given(JUDGED, st.integers(1, 20))
def test_every_answer_is_in_one_bin(pairs: list[tuple[float, bool]], bins: int) -> None:
    probabilities, outcomes = zip(*pairs, strict=True)
    curve = reliability_curve(probabilities, outcomes, bins)
    assert sum(entry.count for entry in curve) == len(pairs)
    assert all(entry.low - 1e-9 <= entry.confidence <= entry.high + 1e-9 for entry in curve)


@given(JUDGED)
def test_the_calibration_error_of_one_bin_is_the_distance_of_the_means(pairs: list[tuple[float, bool]]) -> None:
    probabilities, outcomes = zip(*pairs, strict=True)
    expected = abs(float(np.mean(probabilities)) - float(np.mean(outcomes)))
    assert expected_calibration_error(probabilities, outcomes, bins=1) == pytest.approx(expected, abs=1e-9)


def test_auroc_counts_the_pairs_in_the_right_order() -> None:
    # Of the pairs (0.9, 0.8), (0.9, 0.1), (0.4, 0.8), (0.4, 0.1) three are.
    assert auroc([0.9, 0.8, 0.4, 0.1], [1, 0, 1, 0]) == 0.75


def test_auroc_without_both_outcomes_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="outcomes"):
        auroc([0.1, 0.2], [1, 1])
    with pytest.raises(InvalidInputError, match="outcomes"):
        auroc([0.1], [1, 0])


@given(SCORED)
def test_auroc_is_the_share_of_pairs_won(pairs: list[tuple[int, bool]]) -> None:
    right = [score for score, outcome in pairs if outcome]
    wrong = [score for score, outcome in pairs if not outcome]
    won = sum((score > other) + (score == other) / 2 for score in right for other in wrong)
    assert auroc(*zip(*pairs, strict=True)) == pytest.approx(won / (len(right) * len(wrong)))


@given(SCORED)
def test_auroc_of_turned_scores_is_its_complement(pairs: list[tuple[int, bool]]) -> None:
    scores, outcomes = (np.array(part, dtype=float) for part in zip(*pairs, strict=True))
    assert auroc(-scores, outcomes) == pytest.approx(1 - auroc(scores, outcomes))


def test_perfect_probabilities_of_few_answers_show_an_error_too() -> None:
    random = np.random.default_rng(0)
    few, many = (random.random(count) for count in (100, 10_000))
    assert chance_calibration_error(few) > 0.05
    assert chance_calibration_error(many) < 0.02
    drawn = random.random(10_000) < many
    assert expected_calibration_error(many, drawn) == pytest.approx(chance_calibration_error(many), abs=0.01)


def test_certain_answers_have_no_error_by_chance() -> None:
    assert chance_calibration_error([0.0, 1.0, 1.0]) == 0.0
