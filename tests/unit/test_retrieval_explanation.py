from dataclasses import replace

import pytest

from kg.errors import InvalidInputError
from retrieval.candidates import Candidate
from retrieval.documents import DocumentKind
from retrieval.explanation import Explanation, explain_ranking
from retrieval.given_candidates import judge_candidates
from retrieval.narrowing import narrow_index
from retrieval.scope import Scope
from retrieval.search import Searcher
from tests.searchers import TOPICS, ShortFirst, WordBins, make_searcher

READINESS = {topic: place / 10 for place, topic in enumerate(TOPICS)}
SEARCHERS = {
    "words": make_searcher(),
    "vectors": make_searcher(encoder=WordBins()),
    "reranked": make_searcher(encoder=WordBins(), reranker=ShortFirst()),
}


def explain(searcher: Searcher, query: str, document: str, scope: Scope = Scope()) -> Explanation:  # noqa: B008 - frozen
    return explain_ranking(searcher, query, DocumentKind.CONCEPT, document, scope)


@pytest.mark.parametrize("searcher", SEARCHERS.values(), ids=SEARCHERS)
@pytest.mark.parametrize("query", ["slopes", "all about number 3", "roots and powers of numbers", "cooking"])
@pytest.mark.parametrize("scope", [Scope(), Scope(readiness=READINESS)], ids=["nobody", "learner"])
def test_contributions_sum_to_the_fused_score(searcher: Searcher, query: str, scope: Scope) -> None:
    for document in TOPICS:
        explained = explain(searcher, query, document, scope)
        assert all(part.weight >= 0 for part in explained.contributions)
        total = sum(part.score * part.weight for part in explained.contributions)
        assert total == pytest.approx(explained.result.scores.fused)


@pytest.mark.parametrize("searcher", SEARCHERS.values(), ids=SEARCHERS)
def test_the_result_and_its_place_are_those_of_a_search(searcher: Searcher) -> None:
    (found,) = searcher.search("about lines", Scope()).kinds
    for place, result in enumerate(found.results, start=1):
        explained = explain(searcher, "about lines", result.document.id)
        assert (explained.rank, explained.result, explained.stages) == (place, result, found.stages)


def test_each_score_has_a_place_of_its_own() -> None:
    explained = [explain(SEARCHERS["vectors"], "numbers", document) for document in TOPICS]
    for stage in ("dense", "lexical"):
        parts = [part for each in explained for part in each.contributions if part.stage == stage]
        for part in parts:
            assert part.rank == 1 + sum(other.score > part.score for other in parts)


def test_words_sum_to_bm25() -> None:
    explained = explain(SEARCHERS["words"], "all about slopes", "slopes")
    assert sum(score for _, score in explained.terms) == pytest.approx(explained.result.scores.lexical)
    assert explained.terms[0][0] == "slope"


def test_a_document_that_the_reranker_did_not_read_stays_behind_those_it_read() -> None:
    (found,) = SEARCHERS["reranked"].search("all about circles", Scope()).kinds
    unread = [result for result in found.results if result.scores.reranker is None]
    explained = explain(SEARCHERS["reranked"], "all about circles", unread[0].document.id)
    (part,) = [part for part in explained.contributions if part.stage == "reranker"]
    assert (part.score < 0, part.rank) == (True, 5)


def test_a_document_that_is_no_candidate_has_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("search", "explanation"):
        monkeypatch.setattr(f"retrieval.{module}.POOL", 2)
    explained = explain(SEARCHERS["vectors"], "lines", "roots")
    assert (explained.rank, explained.result.probability, explained.documents) == (0, 0.0, len(TOPICS))
    assert "not among the 2 candidates taken from 8 documents" in explained.text


def test_an_unknown_document_is_refused() -> None:
    with pytest.raises(InvalidInputError) as caught:
        explain(SEARCHERS["words"], "lines", "nothing")
    assert caught.value.violations[0].field == "document"


def test_the_text_tells_the_sum_and_what_was_not_used() -> None:
    text = explain(SEARCHERS["vectors"], "lines", "lines").text
    assert '"Lines" has place 1 of 8 candidates' in text
    assert "the cosine of the vectors" in text
    assert "Not used: reranker, as this ranker has none." in text


def test_given_candidates_are_all_read_and_judged() -> None:
    given = [Candidate(id=str(place), title=topic) for place, topic in enumerate(TOPICS)]
    judged = judge_candidates(SEARCHERS["reranked"], "roots", given, "en", None)
    assert sorted(entry.position for entry in judged.candidates) == list(range(len(TOPICS)))
    assert all(entry.scores.reranker is not None for entry in judged.candidates)
    total = sum(entry.probability for entry in judged.candidates) + judged.none_probability
    assert total == pytest.approx(1.0)
    assert given[judged.candidates[0].position].title == "roots"


def test_equal_candidates_stay_in_their_order() -> None:
    given = [Candidate(id=name, title="same") for name in "zyx"]
    judged = judge_candidates(make_searcher(), "other words", given, "en", None)
    assert [entry.position for entry in judged.candidates] == [0, 1, 2]


@pytest.mark.parametrize("name", ["words", "vectors"])
def test_a_narrowed_index_holds_what_is_about_the_concepts(name: str) -> None:
    searcher = SEARCHERS[name]
    narrowed = narrow_index(searcher.index, DocumentKind.CONCEPT, {"roots", "lines", "unknown"}, "en")
    (found,) = replace(searcher, index=narrowed).search("roots", Scope()).kinds
    assert [result.document.id for result in found.results] == ["roots", "lines"]
    (whole,) = searcher.search("roots", Scope()).kinds
    cosines = {result.document.id: result.scores.dense for result in whole.results}
    assert [result.scores.dense for result in found.results] == pytest.approx([cosines["roots"], cosines["lines"]])
