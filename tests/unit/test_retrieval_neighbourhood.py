"""Searches that hold some of the vectors: what they hold is scored as if they held all."""

from collections.abc import Collection, Mapping
from dataclasses import replace

import pytest

from kg.curriculum import Concept, Curriculum
from retrieval.documents import Document, DocumentKind, list_documents
from retrieval.explanation import explain_ranking, survey_document
from retrieval.index import make_index
from retrieval.narrowing import narrow_index
from retrieval.neighbourhood import hold_near, list_stored_kinds, survey_about, survey_passages, survey_query
from retrieval.scope import Scope
from retrieval.search import Searcher
from tests.searchers import GEOMETRY, TOPICS, ShortFirst, WordBins, make_searcher

CONCEPT, PASSAGE = DocumentKind.CONCEPT, DocumentKind.PASSAGE
DOCUMENTS = list_documents(GEOMETRY)
EXACT = make_searcher(encoder=WordBins(), reranker=ShortFirst())
QUERIES = ["slopes", "all about number 3", "roots and powers of numbers", "cooking"]


def keep_vectors(documents: Collection[Document] = DOCUMENTS) -> dict[str, bytes]:
    """What a store has."""
    rows = WordBins().encode([document.searched_text for document in documents])
    return {document.hash: row.tobytes() for document, row in zip(documents, rows, strict=True)}


def make_stored(*kinds: DocumentKind) -> Searcher:
    """As `EXACT`, but the vectors of some kinds stay in the store."""
    rest = {document.hash for document in DOCUMENTS if document.kind not in kinds}
    vectors = {name: vector for name, vector in keep_vectors().items() if name in rest}
    return replace(EXACT, index=make_index(DOCUMENTS, "en", WordBins.fingerprint, vectors, kinds))


def read(hashes: Collection[str]) -> Mapping[str, bytes]:
    return {name: vector for name, vector in keep_vectors().items() if name in hashes}


def hash_of(identifier: str, kind: DocumentKind = CONCEPT) -> str:
    return next(each.hash for each in DOCUMENTS if (each.kind, each.id) == (kind, identifier))


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("kinds", [(CONCEPT,), (CONCEPT, PASSAGE)])
def test_who_holds_all_vectors_finds_the_same(query: str, kinds: tuple[DocumentKind, ...]) -> None:
    searcher, scope = make_stored(*kinds), Scope(kinds=(CONCEPT, PASSAGE), readiness={"roots": 0.5})
    found = hold_near(searcher, keep_vectors()).search(query, scope)
    for held, exact in zip(found.kinds, EXACT.search(query, scope).kinds, strict=True):
        assert (held.results, held.none_probability) == (exact.results, exact.none_probability)


@pytest.mark.parametrize("query", QUERIES)
def test_candidates_that_are_given_have_their_scores_and_no_other_is_found(query: str) -> None:
    given = ("circles", "numbers", "roots", "slopes")
    held = hold_near(make_stored(CONCEPT), read({hash_of(each) for each in given}))
    scope = Scope(readiness=dict(zip(TOPICS, (0.1, 0.9, 0.4, 0.2, 0.0, 0.3, 0.8, 0.7), strict=True)))
    found = held.rank(query, held.encode([query])[0], scope).kinds[0]
    expected = {each.document.id: each for each in EXACT.search(query, replace(scope, limit=99)).kinds[0].results}
    assert sorted(each.document.id for each in found.results) == sorted(given)
    for each in found.results:
        other = expected[each.document.id]
        assert (each.scores.lexical, each.scores.frontier, each.exact) == (
            other.scores.lexical,
            other.scores.frontier,
            other.exact,
        )
        assert each.scores.dense == pytest.approx(other.scores.dense)
    assert sum(each.probability for each in found.results) + found.none_probability == pytest.approx(1.0)
    assert "vector index" in next(stage.reason for stage in found.stages if stage.stage == "dense")


def test_a_title_has_its_score_whatever_else_is_held() -> None:
    held = hold_near(make_stored(CONCEPT), read({hash_of("slopes"), hash_of("lines")}))
    plain = replace(EXACT, reranker=None)
    (expected,) = plain.search("Slopes", Scope(limit=1)).kinds[0].results
    (found,) = replace(held, reranker=None).search("Slopes", Scope(limit=1)).kinds[0].results
    assert (found.exact, found.document.id) == (True, "slopes")
    assert found.scores.fused == pytest.approx(expected.scores.fused)


def test_a_survey_names_what_words_find_and_no_more() -> None:
    survey = survey_query(make_stored(CONCEPT), "circles or lines", Scope())
    # Slopes require lines, and so have the word in their context.
    assert survey.hashes == {hash_of("circles"), hash_of("lines"), hash_of("slopes")}
    assert survey.vector is not None
    assert not survey_query(make_stored(CONCEPT), "zebra", Scope()).hashes


def test_a_survey_wants_more_neighbours_where_they_are_of_several_kinds() -> None:
    searcher = make_stored(CONCEPT)
    alone = replace(searcher, index=make_index(DOCUMENTS[: len(TOPICS)], "en", "f", {}, (CONCEPT,)))
    assert survey_query(searcher, "lines", Scope()).neighbours == 2 * survey_query(alone, "lines", Scope()).neighbours
    assert survey_query(searcher, "lines", Scope(kinds=(PASSAGE,))).neighbours == 0


def test_the_passage_that_speaks_for_a_result_is_found_among_those_wanted_for_it() -> None:
    searcher = make_stored(CONCEPT, PASSAGE)
    (vector,) = searcher.encode(["about roots and lines"])
    ranked = hold_near(searcher, keep_vectors()).rank("about roots and lines", vector, Scope(limit=3))
    assert all(each.support is None for each in ranked.kinds[0].results)
    wanted = survey_passages(searcher.index, ranked)
    assert wanted.hashes == {
        each.hash
        for each in DOCUMENTS
        if each.kind is PASSAGE and each.concepts[0] in {result.document.id for result in ranked.kinds[0].results}
    }
    supported = hold_near(searcher, read(wanted.hashes)).support(ranked, vector)
    expected = EXACT.search("about roots and lines", Scope(limit=3))
    assert [each.support for each in supported.kinds[0].results] == [each.support for each in expected.kinds[0].results]
    assert not survey_passages(make_stored(CONCEPT).index, ranked).hashes


def test_kinds_that_are_rare_among_neighbours_stay_in_memory() -> None:
    concepts = tuple(Concept(id=f"c{number}", title=f"C {number}") for number in range(9))
    described = [replace(each, description="Words.") for each in concepts[:3]]
    few = list_documents(Curriculum(id="c", title="C", concepts=(*described[:2], *concepts[2:])))
    more = list_documents(Curriculum(id="c", title="C", concepts=(*described, *concepts[3:])))
    assert list_stored_kinds(few) == {CONCEPT}
    assert list_stored_kinds(more) == {CONCEPT, PASSAGE}


def test_what_is_narrowed_down_is_compared_whole() -> None:
    searcher, about = make_stored(PASSAGE), ("lines", "roots")
    held = hold_near(searcher, read(survey_about(searcher.index, PASSAGE, about).hashes))
    scope = Scope(kinds=(PASSAGE,))
    narrowed, exact = (
        replace(each, index=narrow_index(each.index, PASSAGE, about, "en")).search("number of roots", scope)
        for each in (held, EXACT)
    )
    assert narrowed.kinds == exact.kinds


@pytest.mark.parametrize("document", TOPICS)
def test_a_document_is_explained_that_nothing_leads_to(document: str) -> None:
    searcher = make_stored(CONCEPT, PASSAGE)
    survey = survey_document(searcher, "zebra", CONCEPT, document)
    held = hold_near(searcher, read(survey.hashes))
    explained = explain_ranking(held, "zebra", CONCEPT, document, Scope())
    expected = explain_ranking(EXACT, "zebra", CONCEPT, document, Scope())
    assert explained.result.support == expected.result.support
    assert explained.result.scores.dense == pytest.approx(expected.result.scores.dense)
    assert explained.documents == len(TOPICS)
