"""Fits of fusion and confidence find what simulated data were made with; the gate lets through what is sure."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import InvalidInputError
from retrieval.confidence import Confidence, find_temperature, judge, soften
from retrieval.fusion import Floats, Fusion, fuse_first_stage, fuse_reranker
from retrieval.lexical import LexicalIndex
from retrieval.metrics import ndcg_at
from retrieval.training.confidence_fit import (
    FEWEST,
    JudgedScores,
    fit_confidence,
    fit_temperature,
    list_judged,
    measure_confidence,
    read_off_topic,
)
from retrieval.training.fusion_fit import RerankedLists, fit_lexical_weight, fit_reranker
from retrieval.training.gate import judge_stage, refuse_stage
from retrieval.training.logistic import fit_logistic
from retrieval.training.queries import QuerySource, TrainingQuery
from retrieval.training.query_lists import LexicalStatistics
from retrieval.training.scored_lists import ScoredLists, collect_lists, join_lists, measure_ndcg, rank_right

QUERIES, DOCUMENTS = 400, 40
ASKED = TrainingQuery(text="sums", concept="integral", source=QuerySource.TITLE)


def simulate_lists(lexical_signal: float, seed: int = 0) -> ScoredLists:
    """Cosines that tell the right document a little, and BM25 that tells it as much as is asked."""
    random = np.random.default_rng(seed)
    right = random.integers(DOCUMENTS, size=QUERIES)
    hit = np.arange(DOCUMENTS)[None, :] == right[:, None]
    dense = random.normal(0.3, 0.1, (QUERIES, DOCUMENTS)) + 0.15 * hit
    lexical = np.maximum(random.normal(3.0, 3.0, (QUERIES, DOCUMENTS)) + lexical_signal * hit, 0.0)
    return collect_lists(lexical, dense, right.tolist(), [()] * QUERIES, [f"c{place}" for place in right])


def simulate_judged(temperature: float, seed: int = 0, queries: int = 1500) -> JudgedScores:
    """Lists whose right candidate is drawn from their own softmax; other lists have a lower best score."""
    random = np.random.default_rng(seed)
    present = [-np.sort(-random.normal(0.4, 0.12, 20)) for _ in range(queries)]
    right = [int(random.choice(20, p=soften(scores, temperature))) for scores in present]
    missing = [np.delete(scores, place) for scores, place in zip(present, right, strict=True)]
    off_topic = [-np.sort(-random.normal(0.0, 0.05, 20)) for _ in range(100)]
    return JudgedScores(present=present, right=right, missing=missing, off_topic=off_topic)


def test_a_lexical_signal_gets_its_weight() -> None:
    # the best linear weight of BM25 is (4 / 3²) / (0.15 / 0.1²), 0.03
    assert 0.015 < fit_lexical_weight(simulate_lists(4.0), Fusion()).lexical < 0.06


def test_a_lexical_score_that_only_harms_gets_no_weight() -> None:
    lists = simulate_lists(4.0)
    harmful = replace(lists, lexical=np.where(lists.right, 0.0, 5.0))
    assert fit_lexical_weight(harmful, Fusion()).lexical == 0.0


def test_equal_weights_give_way_to_the_smallest() -> None:
    lists = simulate_lists(4.0)
    assert fit_lexical_weight(replace(lists, lexical=np.zeros_like(lists.lexical)), Fusion()).lexical == 0.0


def test_a_fit_without_queries_changes_nothing() -> None:
    empty = collect_lists(np.zeros((0, 3)), np.zeros((0, 3)), [], [], [])
    assert fit_lexical_weight(empty, Fusion(lexical=0.07)).lexical == 0.07


def simulate_reranked(signal: float) -> RerankedLists:
    lists = simulate_lists(4.0)
    scores = lists.fuse(Fusion())
    order = np.argsort(-scores, axis=1, kind="stable")
    right = np.take_along_axis(lists.right, order, axis=1)
    reranker = np.random.default_rng(1).normal(0.0, 0.05, (QUERIES, 16)) + signal * right[:, :16]
    return RerankedLists(
        first_stage=np.take_along_axis(scores, order, axis=1),
        right=right,
        reranker=reranker,
        clusters=lists.clusters,
    )


def test_a_good_reranker_gets_weight_and_depth() -> None:
    fusion = fit_reranker(simulate_reranked(0.3), Fusion())
    assert fusion.reranker > 0.5
    assert fusion.depth == 16


def test_a_reranker_that_errs_gets_no_weight() -> None:
    fusion = fit_reranker(simulate_reranked(-0.3), Fusion())
    assert (fusion.reranker, fusion.depth) == (0.0, 8)


def test_lists_are_fused_as_a_search_fuses_them() -> None:
    lists, fusion = simulate_reranked(0.3), Fusion(reranker=0.5, depth=8)
    expected = fuse_reranker(fusion, lists.first_stage[0], lists.reranker[0, :8])
    assert np.allclose(lists.fuse(fusion)[0], expected)


def test_ranks_agree_with_the_metric_of_whole_rankings() -> None:
    lists, fusion = simulate_lists(4.0), Fusion()
    mine = measure_ndcg(rank_right(lists.fuse(fusion), lists.right))
    for row in range(20):
        there = lists.documents[row] >= 0
        scores = fuse_first_stage(fusion, lists.lexical[row][there], lists.dense[row][there])
        ids = [str(lists.documents[row][there][place]) for place in np.argsort(-scores, kind="stable")]
        assert mine[row] == pytest.approx(ndcg_at(ids, [str(lists.documents[row][lists.right[row]][0])], 10))


def test_what_a_query_is_about_as_well_is_no_candidate() -> None:
    scores = np.array([[0.1, 0.2, 0.3]])
    lists = collect_lists(scores, scores, [0], [(0, 2)], ["a"])
    assert lists.documents.tolist() == [[0, 1]]


def test_joined_lists_keep_their_rows() -> None:
    wide, narrow = np.array([[0.1, 0.2, 0.3]]), np.array([[0.5, 0.4]])
    joined = join_lists([collect_lists(wide, wide, [2], [()], ["a"]), collect_lists(narrow, narrow, [1], [()], ["b"])])
    assert rank_right(joined.fuse(Fusion(lexical=0.0)), joined.right).tolist() == [0, 1]
    assert joined.documents[1].tolist() == [0, 1, -1]


def test_a_text_apart_is_scored_as_if_it_were_in_the_index() -> None:
    texts = ["The derivative of a function", "Integrals and areas", "The chain rule for derivatives of functions"]
    query = "derivatives of functions, functions"
    statistics = LexicalStatistics(texts, "en")
    scores = LexicalIndex(texts, "en").score(query)
    assert [statistics.score(query, text) for text in texts] == pytest.approx(scores.tolist(), abs=1e-5)


@pytest.mark.parametrize("temperature", [0.02, 0.05, 0.2])
def test_a_temperature_is_recovered(temperature: float) -> None:
    scores = simulate_judged(temperature)
    assert fit_temperature(scores.present, scores.right) == pytest.approx(temperature, rel=0.1)


def test_logistic_weights_are_recovered() -> None:
    random = np.random.default_rng(3)
    features = random.normal(size=(20_000, 2)) * [1.0, 0.1]
    chances = 1.0 / (1.0 + np.exp(-(0.5 - 2.0 * features[:, 0] + 8.0 * features[:, 1])))
    found = fit_logistic(features, (random.random(20_000) < chances).astype(float), np.ones(20_000), (0, 0))
    assert found == pytest.approx([0.5, -2.0, 8.0], rel=0.1)


def test_a_weight_of_the_wrong_sign_is_zero() -> None:
    features = np.array([[0.0], [1.0], [2.0], [3.0]])
    outcomes = np.array([0.0, 1.0, 0.0, 1.0])
    assert fit_logistic(features, outcomes, np.ones(4), (-1,))[1] == 0.0
    assert fit_logistic(features, outcomes, np.ones(4), (1,))[1] > 0.0


def test_separable_outcomes_have_finite_weights() -> None:
    found = fit_logistic(np.array([[-1.0], [1.0]]), np.array([0.0, 1.0]), np.ones(2), (0,))
    assert np.isfinite(found).all()
    assert found[1] > 1.0


def test_fitted_probabilities_keep_their_promise_on_other_queries() -> None:
    confidence = fit_confidence(simulate_judged(0.05))
    figures = measure_confidence(confidence, simulate_judged(0.05, seed=9))
    assert figures.error < 0.05
    assert figures.off_topic > 0.99


def test_a_query_that_spreads_all_scores_is_judged_as_another() -> None:
    narrow = simulate_judged(0.05)
    wide = JudgedScores(
        present=[1.5 * scores for scores in simulate_judged(0.05, seed=9).present],
        right=simulate_judged(0.05, seed=9).right,
        missing=[],
        off_topic=[],
    )
    both = fit_confidence(replace(narrow, present=[*narrow.present, *wide.present], right=[*narrow.right, *wide.right]))
    heedless = replace(both, widening=0.0)
    assert measure_confidence(both, wide).error < measure_confidence(heedless, wide).error


def test_a_list_too_short_for_a_spread_has_the_usual_temperature() -> None:
    confidence = Confidence(temperature=0.05, widening=0.5, spread=0.1)
    assert find_temperature(confidence, np.linspace(0.9, 0.1, 10)) == 0.05
    assert find_temperature(confidence, np.array([0.9, *np.linspace(0.5, 0.1, 10)])) == pytest.approx(0.1)
    # As wide as may be, whatever lies behind.
    assert find_temperature(confidence, np.array([9.0, *np.linspace(8.0, 0.0, 10)])) == pytest.approx(0.05 * 10**0.5)


def test_few_queries_leave_the_defaults() -> None:
    assert fit_confidence(simulate_judged(0.05, queries=FEWEST - 1)) == Confidence()


def test_a_concept_taken_out_leaves_the_other_scores() -> None:
    right = np.array([[True, False, False]])
    scores = list_judged([ASKED], np.array([[0.2, -np.inf, 0.9]]), right, np.zeros((0, 3)))
    assert scores.present[0].tolist() == [0.9, 0.2]
    assert (scores.right, scores.missing[0].tolist()) == ([1], [0.9])


def test_a_concept_behind_the_list_counts_as_missing() -> None:
    scores = list_judged([ASKED], np.array([[0.2, 0.9]]), np.array([[False, False]]), np.zeros((0, 2)))
    assert scores.right == [-1]


def test_confidence_does_not_look_at_queries_whose_document_was_shortened() -> None:
    quoting = replace(ASKED, quoted="It adds up.")
    found = np.array([[0.2, 0.9], [0.3, 0.4]])
    scores = list_judged([quoting, ASKED], found, found > 0.35, np.zeros((0, 2)))
    assert [each.tolist() for each in scores.present] == [[0.4, 0.3]]
    assert (scores.right, scores.missing[0].tolist()) == ([0], [0.3])


SCORES = st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=60).map(lambda found: -np.sort(-np.array(found)))
SIGNED = st.builds(
    Confidence,
    temperature=st.floats(0.01, 1.0),
    widening=st.floats(0.0, 1.0),
    spread=st.floats(0.01, 10.0),
    bias=st.floats(-5.0, 5.0),
    top=st.floats(-20.0, 0.0),
    gap=st.floats(-20.0, 0.0),
    entropy=st.floats(0.0, 5.0),
)


@given(SIGNED, SCORES, st.floats(0.0, 1.0))
def test_a_better_first_score_is_never_less_likely(confidence: Confidence, scores: Floats, more: float) -> None:
    shares, none = judge(confidence, scores)
    raised, less = judge(confidence, np.concatenate([[scores[0] + more], scores[1:]]))
    assert raised[0] >= shares[0] - 1e-9
    assert less <= none + 1e-9


@given(SIGNED, SCORES)
def test_probabilities_sum_to_one_in_the_order_of_scores(confidence: Confidence, scores: Floats) -> None:
    shares, none = judge(confidence, scores)
    assert shares.sum() + none == pytest.approx(1.0)
    assert np.all(np.diff(shares) <= 1e-12)


@given(SIGNED, SCORES, st.floats(-1.0, 0.0))
def test_what_is_behind_the_list_changes_no_probability(confidence: Confidence, scores: Floats, last: float) -> None:
    longer = np.concatenate([scores, np.full(50, scores[-1] + last)])
    assert judge(confidence, longer)[1] == judge(confidence, longer[:50])[1]


@given(st.integers(0, 1000))
def test_fitted_weights_have_the_signs_that_keep_probabilities_monotone(seed: int) -> None:
    random = np.random.default_rng(seed)
    scores = [-np.sort(-random.normal(0.0, 1.0, 5)) for _ in range(FEWEST)]
    judged = JudgedScores(
        present=scores, right=random.integers(-1, 5, FEWEST).tolist(), missing=scores[::-1], off_topic=scores[:3]
    )
    confidence = fit_confidence(judged)
    assert confidence.top <= 0.0
    assert confidence.gap <= 0.0
    assert confidence.entropy >= 0.0


def test_off_topic_lines_are_many_and_distinct() -> None:
    lines = read_off_topic()
    assert len(set(lines)) == len(lines) > 80


CLUSTERS = [f"c{place // 4}" for place in range(200)]


def test_a_sure_gain_passes_the_gate() -> None:
    gains = np.random.default_rng(0).normal(0.05, 0.1, 200)
    verdict = judge_stage("encoder", 0.5 + gains, np.full(200, 0.5), CLUSTERS, cheaper=False, seed=0)
    assert verdict.passed
    assert verdict.low > 0.0
    assert verdict.with_stage == pytest.approx(0.5 + gains.mean())


def test_a_gain_that_is_not_sure_does_not_pass() -> None:
    gains = np.random.default_rng(0).normal(0.005, 0.3, 200)
    verdict = judge_stage("reranker", 0.5 + gains, np.full(200, 0.5), CLUSTERS, cheaper=False, seed=0)
    assert not verdict.passed
    assert verdict.low < 0.0 < verdict.high
    assert "200 queries about 50 concepts" in verdict.reason


def test_queries_of_one_concept_do_not_count_as_many() -> None:
    gains = np.repeat([0.3, -0.2, 0.2, -0.1, 0.1], 40)
    alone = judge_stage("reranker", gains, np.zeros(200), list(range(200)), cheaper=False, seed=0)
    together = judge_stage("reranker", gains, np.zeros(200), np.repeat(range(5), 40).tolist(), cheaper=False, seed=0)
    assert alone.passed
    assert not together.passed


def test_a_cheaper_stage_passes_if_it_is_not_worse() -> None:
    equal, worse = np.full(200, 0.5), np.full(200, 0.49)
    assert judge_stage("encoder", equal, equal, CLUSTERS, cheaper=True, seed=0).passed
    assert not judge_stage("encoder", equal, equal, CLUSTERS, cheaper=False, seed=0).passed
    assert not judge_stage("encoder", worse, equal, CLUSTERS, cheaper=True, seed=0).passed


def test_a_stage_without_queries_cannot_be_judged() -> None:
    with pytest.raises(InvalidInputError):
        judge_stage("encoder", [], [], [], cheaper=False, seed=0)
    assert not refuse_stage("reranker", "It was not asked for.").passed
