"""What documents' vectors are made of."""

from dataclasses import replace

import numpy as np
import pytest

from retrieval.document_vectors import (
    LONGEST,
    MOST_SENTENCES,
    SENTENCES,
    TITLE,
    encode_documents,
    list_views,
    merge_views,
)
from retrieval.documents import Document, DocumentKind
from tests.searchers import WordBins

SLOPE = Document(
    kind=DocumentKind.CONCEPT,
    id="slope",
    title="Slope",
    text="How steep a line is. Rise over run.",
    context="Coordinates",
    concepts=("slope",),
)


def test_a_concept_has_its_whole_text_its_title_and_its_sentences() -> None:
    assert list_views(SLOPE) == (
        ("Slope\nHow steep a line is. Rise over run.\nCoordinates", 1.0 - TITLE - SENTENCES),
        ("Slope", TITLE),
        ("How steep a line is.", SENTENCES / 2),
        ("Rise over run.", SENTENCES / 2),
    )


@pytest.mark.parametrize(
    "document",
    [
        replace(SLOPE, text=""),
        replace(SLOPE, title=""),
        *(replace(SLOPE, kind=kind) for kind in DocumentKind if kind is not DocumentKind.CONCEPT),
    ],
)
def test_everything_else_has_its_whole_text(document: Document) -> None:
    assert list_views(document) == ((document.searched_text, 1.0),)


def test_a_text_of_many_sentences_costs_no_more_than_some() -> None:
    many = list_views(replace(SLOPE, text="It is so. " * 2_000))
    assert len(many) == 2 + MOST_SENTENCES
    assert sum(weight for _, weight in many) == pytest.approx(1.0)
    long_ones = list_views(replace(SLOPE, text=f"It is {'so ' * 200}. " * 10))
    assert len(long_ones) == 2 + 2  # a third would begin behind `LONGEST`
    assert 2 * len(long_ones[-1][0]) + 2 > LONGEST


def test_a_vector_is_the_weighted_mean_of_its_views() -> None:
    encoder = WordBins()
    views = list_views(SLOPE)
    (vector,) = encode_documents(encoder, [SLOPE])
    mean = sum(weight * encoder.encode([text])[0] for text, weight in views)
    assert vector == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)
    assert vector.dtype == np.float32


def test_documents_keep_their_order_and_what_has_one_view_its_vector() -> None:
    encoder = WordBins()
    plain = replace(SLOPE, kind=DocumentKind.PASSAGE)
    vectors = encode_documents(encoder, [plain, SLOPE, plain])
    assert (vectors[0] == encoder.encode([plain.searched_text])[0]).all()
    assert (vectors[0] == vectors[2]).all()
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-6)
    assert not np.allclose(vectors[0], vectors[1])


def test_no_documents_have_no_vectors() -> None:
    assert merge_views([], np.zeros((0, 4), dtype=np.float32)).shape == (0, 4)


def test_documents_share_a_vector_only_where_it_is_made_of_the_same() -> None:
    passage = replace(SLOPE, kind=DocumentKind.PASSAGE)
    assert passage.hash == replace(passage, kind=DocumentKind.QUESTION).hash
    assert SLOPE.hash != passage.hash
    assert SLOPE.hash != replace(SLOPE, title="Slope\nHow steep a line is.", text="Rise over run.").hash
