"""The pipeline over words alone and over made-up vectors; real encoders are tested by themselves."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pytest

from kg.curriculum import Concept, Curriculum, Prerequisite, Resource, Section
from retrieval.candidates import Candidate, Matrix, Vector
from retrieval.confidence import Confidence
from retrieval.documents import DocumentKind, list_documents
from retrieval.encoders.encoder import Encoder
from retrieval.fusion import Fusion
from retrieval.index import make_index
from retrieval.rankers import Ranker, lexical_ranker
from retrieval.rerankers.reranker import Reranker
from retrieval.scope import Reranking, Scope
from retrieval.search import Searcher

CURRICULUM = Curriculum(
    id="c",
    title="Lines",
    concepts=(
        Concept(id="fractions", title="Fractions", description="A fraction is one number. It has many names."),
        Concept(id="lines", title="Lines", description="A straight line has one steepness."),
        Concept(id="slope", title="Slope", description="Slope is rise over run of a line."),
    ),
    prerequisites=(Prerequisite(before="fractions", after="slope"),),
    resources=(
        Resource(
            id="book", title="Book", sections=(Section(concept="slope", text="Steep roads. Rise over run of a road."),)
        ),
    ),
)


class WordEncoder(Encoder):
    """Counts words in 64 bins: a real encoder, if a poor one."""

    name, fingerprint, dimension = "words", "w" * 64, 64

    def encode(self, texts: Sequence[str]) -> Matrix:
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().replace(".", " ").split():
                row[int(hashlib.sha256(word.encode()).hexdigest(), 16) % self.dimension] += 1
        return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))


class LongestFirst(Reranker):
    """Prefers what has the longest title."""

    name, fingerprint = "longest", "l" * 64

    def score(self, query: str, candidates: Sequence[Candidate]) -> Vector:
        return np.array([len(candidate.title) for candidate in candidates], dtype=np.float32)


def make_searcher(ranker: Ranker | None = None, reranker: Reranker | None = None) -> Searcher:
    encoder = WordEncoder()
    documents = list_documents(CURRICULUM)
    rows = encoder.encode([document.searched_text for document in documents])
    vectors = {document.hash: row.tobytes() for document, row in zip(documents, rows, strict=True)}
    index = make_index(documents, "en", encoder.fingerprint, vectors)
    return Searcher(index=index, ranker=ranker or Ranker(id="r", encoder="words"), encoder=encoder, reranker=reranker)


def make_lexical() -> Searcher:
    return Searcher(index=make_index(list_documents(CURRICULUM), "en"), ranker=lexical_ranker())


def list_ids(searcher: Searcher, query: str, scope: Scope = Scope()) -> list[str]:  # noqa: B008 - frozen
    return [result.document.id for result in searcher.search(query, scope).kinds[0].results]


@pytest.mark.parametrize("searcher", [make_searcher(), make_lexical()])
def test_words_find_their_concept(searcher: Searcher) -> None:
    assert list_ids(searcher, "rise over run")[0] == "slope"


@pytest.mark.parametrize("searcher", [make_searcher(), make_lexical()])
def test_probabilities_and_none_sum_to_one(searcher: Searcher) -> None:
    (found,) = searcher.search("steep line", Scope()).kinds
    assert sum(result.probability for result in found.results) + found.none_probability == pytest.approx(1.0)


def test_without_vectors_it_says_so() -> None:
    (found,) = make_lexical().search("line", Scope()).kinds
    assert [(stage.stage, stage.used) for stage in found.stages][:2] == [("lexical", True), ("dense", False)]
    assert found.results[0].scores.dense is None


def test_by_words_alone_nothing_is_meant_that_shares_none() -> None:
    (found,) = make_lexical().search("zebra", Scope()).kinds
    assert found.none_probability == 1.0
    assert {result.probability for result in found.results} == {0.0}


def test_the_support_stands_where_it_says() -> None:
    result = make_searcher().search("rise over run of a road", Scope()).kinds[0].results[0]
    assert result.support is not None
    assert result.support.place is not None
    place = result.support.place
    text = CURRICULUM.resources[0].sections[0].text
    assert (place.resource, text[place.start : place.end]) == ("book", result.support.text)


def test_a_title_comes_first_whatever_the_learner_is_ready_for() -> None:
    scope = Scope(readiness={"fractions": 1.0, "lines": 1.0, "slope": 0.0})
    ranker = Ranker(id="r", encoder="words", fusion=Fusion(frontier=5.0))
    assert list_ids(make_searcher(ranker), "  SLOPE ", scope)[0] == "slope"


def test_readiness_breaks_ties() -> None:
    ready = {"fractions": 0.0, "lines": 1.0, "slope": 0.5}
    assert list_ids(make_searcher(), "zebra", Scope(readiness=ready)) == ["lines", "slope", "fractions"]


def test_equal_scores_are_in_order_of_id() -> None:
    assert list_ids(make_lexical(), "zebra") == ["fractions", "lines", "slope"]


def test_the_reranker_orders_what_it_has_read() -> None:
    ranker = Ranker(id="r", encoder="words", fusion=Fusion(reranker=10.0, depth=2))
    searcher = make_searcher(ranker, LongestFirst())
    first = list_ids(searcher, "steepness of a line", Scope(reranking=Reranking.NEVER))
    reordered = list_ids(searcher, "steepness of a line", Scope(reranking=Reranking.ALWAYS))
    assert sorted(reordered[:2], key=len, reverse=True) == reordered[:2]
    assert reordered[2:] == first[2:]


def test_what_is_sure_is_not_reranked() -> None:
    confidence = Confidence(temperature=1e-3, bias=-50.0, top=0.0)
    ranker = Ranker(id="r", encoder="words", confidence=confidence, fusion=Fusion(reranker=1.0))
    (found,) = make_searcher(ranker, LongestFirst()).search("slope", Scope()).kinds
    assert "sure" in found.stages[-1].reason
    assert found.results[0].scores.reranker is None


def test_a_reranker_that_would_be_late_is_left_out() -> None:
    searcher = make_searcher(reranker=LongestFirst())
    searcher.search("line", Scope(reranking=Reranking.ALWAYS))
    (found,) = searcher.search("line", Scope(reranking=Reranking.ALWAYS, seconds=0.0)).kinds
    assert (found.stages[-1].used, found.stages[-1].reason) == (False, "it would not have ended in time")


def test_many_searches_are_the_same_as_each() -> None:
    searcher, queries = make_searcher(), ["slope", "a line", "fraction names"]
    assert searcher.search_all(queries, [Scope()] * 3) == [searcher.search(query, Scope()) for query in queries]


def test_kinds_are_judged_by_themselves() -> None:
    kinds = (DocumentKind.PASSAGE, DocumentKind.MISCONCEPTION)
    passages, misconceptions = make_searcher().search("rise over run", Scope(kinds=kinds)).kinds
    assert passages.results[0].document.text.startswith("Slope is rise")
    assert (misconceptions.results, misconceptions.none_probability) == ((), 1.0)
