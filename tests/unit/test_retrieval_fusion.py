"""Fusion and confidence: monotone, and honest about none."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kg.curriculum import Concept, Curriculum, Prerequisite, PrerequisiteGroup
from retrieval.confidence import Confidence, judge, soften
from retrieval.fusion import Fusion, fuse_first_stage, fuse_reranker
from retrieval.lexical import LexicalIndex
from retrieval.rankers import Ranker, Verdict, read_ranker, store_ranker
from retrieval.readiness import compute_readiness

SCORES = arrays(np.float64, st.integers(2, 12), elements=st.floats(-1, 1, width=32))


@given(SCORES, st.data())
def test_more_of_any_score_never_puts_a_candidate_lower(dense: np.ndarray, data: st.DataObject) -> None:
    lexical = data.draw(arrays(np.float64, dense.size, elements=st.floats(0, 20, width=32)))
    at = data.draw(st.integers(0, dense.size - 1))
    before = fuse_first_stage(Fusion(), lexical, dense)
    raised = [values + np.eye(dense.size)[at] for values in (lexical, dense)]
    assert fuse_first_stage(Fusion(), raised[0], dense)[at] >= before[at]
    assert fuse_first_stage(Fusion(), lexical, raised[1])[at] >= before[at]


@given(SCORES)
def test_what_the_reranker_has_not_read_stays_behind(scores: np.ndarray) -> None:
    first = -np.sort(-scores)
    fused = fuse_reranker(Fusion(reranker=3.0), first, first[: first.size // 2][::-1])
    seen = first.size // 2
    if seen:
        assert fused[seen:].max() <= fused[:seen].min()
    assert np.all(np.diff(fused[seen:]) <= 0)


def test_a_reranker_of_weight_nought_changes_nothing() -> None:
    first = np.array([0.9, 0.5, 0.1])
    assert fuse_reranker(Fusion(), first, np.array([1.0, 7.0])).tolist() == first.tolist()


@given(SCORES)
def test_probabilities_sum_to_one(scores: np.ndarray) -> None:
    shares, none = judge(Confidence(), -np.sort(-scores))
    assert shares.sum() + none == pytest.approx(1.0)
    assert np.all(np.diff(shares) <= 1e-12)


def test_nothing_found_means_none() -> None:
    assert judge(Confidence(), np.zeros(0))[1] == 1.0


def test_words_are_found_by_their_stems() -> None:
    index = LexicalIndex(["Slopes of lines", "Chance", ""], "en")
    assert index.score("the slope of a line")[0] > 0
    assert index.score("the slope of a line")[1:].tolist() == [0, 0]


def test_scripts_without_spaces_are_read_sign_by_sign() -> None:
    assert np.argmax(LexicalIndex(["概率", "统计学习"], "zh").score("学习")) == 1


def test_what_words_add_sums_to_the_score() -> None:
    index = LexicalIndex(["Slopes of lines", "Lines and lines"], "en")
    assert sum(index.explain("slope, line", 0).values()) == pytest.approx(index.score("slope, line")[0])


def test_rankers_survive_storage() -> None:
    verdict = Verdict(
        stage="encoder", passed=True, metric="nDCG@10", without=0.5, with_stage=0.6, low=0.01, high=0.2, queries=9,
        reason="Better.",
    )  # fmt: skip
    ranker = Ranker(
        id="r", encoder="e", encoder_adapter=b"\0\1", reranker="listwise", reranker_adapter=b"\2", verdicts=(verdict,),
        notes={"seed": 1.0, "source": "titles"},
    )  # fmt: skip
    stored = store_ranker(ranker, "c", 5)
    assert read_ranker(stored) == ranker
    assert store_ranker(ranker, "c", 5) == stored


def test_a_ranker_stored_before_temperatures_rose_answers_as_it_did() -> None:
    ranker = Ranker(id="r", encoder="e", confidence=Confidence(temperature=0.1))
    stored = store_ranker(ranker, "c", 5)
    body = json.loads(stored.body)
    del body["confidence"]["widening"], body["confidence"]["spread"]
    confidence = read_ranker(replace(stored, body=json.dumps(body))).confidence
    scores = np.linspace(0.9, 0.2, 12)
    shares, none = judge(confidence, scores)
    assert shares == pytest.approx((1.0 - none) * soften(scores, 0.1))


def test_readiness_is_the_weakest_of_what_is_required() -> None:
    concepts = tuple(Concept(id=name, title=name) for name in "abcd")
    group = PrerequisiteGroup(concept="d", id="g", need=1, members=("a", "b"))
    curriculum = Curriculum(
        id="c",
        title="C",
        concepts=concepts,
        prerequisites=(Prerequisite(before="a", after="c"), Prerequisite(before="b", after="c")),
        groups=(group,),
    )
    ready = compute_readiness(curriculum, {"a": 0.9, "b": 0.2, "c": 0.1, "d": 0.1})
    assert ready == {"a": 1.0, "b": 1.0, "c": 0.2, "d": 0.9}
