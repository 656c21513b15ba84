"""Lists of queries: what an encoder and BM25 put before each query, when it must not be matched by copying."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from retrieval.document_vectors import encode_documents
from retrieval.documents import Document
from retrieval.encoders.encoder import Encoder
from retrieval.fusion import Floats
from retrieval.lexical import K1, B, LexicalIndex, Tokenizer
from retrieval.training.queries import TrainingQuery, leave_out
from retrieval.training.scored_lists import ScoredLists, collect_lists, join_lists

_CHUNK = 256


class LexicalStatistics:
    """BM25 of a text that is not in the index, with the weights that the index gives to words.

    Args:
        texts: The index's documents.
        language: BCP 47 tag.
    """

    def __init__(self, texts: Sequence[str], language: str) -> None:
        self._tokenize = Tokenizer(language).tokenize
        tokens = [self._tokenize(text) for text in texts]
        self._count = len(tokens)
        self._holding = Counter(token for document in tokens for token in set(document))
        self._mean_length = max(sum(map(len, tokens)) / max(len(tokens), 1), 1e-9)

    def score(self, query: str, text: str) -> float:
        """Returns BM25 of a text (Lucene's variant, as `LexicalIndex`), >= 0."""
        tokens = self._tokenize(text)
        often = Counter(tokens)
        damping = K1 * (1.0 - B + B * len(tokens) / self._mean_length)
        return sum(self._weigh(token) * often[token] / (often[token] + damping) for token in self._tokenize(query))

    def _weigh(self, token: str) -> float:
        holding = self._holding[token]
        return math.log1p((self._count - holding + 0.5) / (holding + 0.5)) if holding else 0.0


def list_candidates(
    queries: Sequence[TrainingQuery], documents: Sequence[Document], encoder: Encoder, language: str
) -> ScoredLists:
    """Scores every document for every query and takes the first candidates of each; O(queries * documents).

    A document that a query was made of is scored without the sentence that was taken. Concepts that a query is about
    as well are left out of its list.

    Args:
        queries: At least one.
        documents: Of concepts, in their order.
        encoder: Encodes both.
        language: BCP 47 tag, for BM25.
    """
    texts = [document.searched_text for document in documents]
    index = LexicalIndex(texts, language)
    statistics = LexicalStatistics(texts, language)
    vectors = encode_documents(encoder, documents)
    place = {document.id: position for position, document in enumerate(documents)}
    parts = []
    for start in range(0, len(queries), _CHUNK):
        chunk = queries[start : start + _CHUNK]
        asked = encoder.encode_queries([query.text for query in chunk])
        lexical = np.stack([index.score(query.text) for query in chunk])
        dense = (asked @ vectors.T).astype(np.float64)
        changed = [row for row, query in enumerate(chunk) if query.quoted and query.seen_in in place]
        shortened = [leave_out(documents[place[chunk[row].seen_in]], chunk[row]) for row in changed]
        without = encode_documents(encoder, shortened) if shortened else vectors[:0]
        for row, document, vector in zip(changed, shortened, without, strict=True):
            column = place[chunk[row].seen_in]
            lexical[row, column] = statistics.score(chunk[row].text, document.searched_text)
            dense[row, column] = float(asked[row] @ vector)
        parts.append(_collect(chunk, lexical, dense, place))
    return join_lists(parts)


def _collect(queries: Sequence[TrainingQuery], lexical: Floats, dense: Floats, place: dict[str, int]) -> ScoredLists:
    return collect_lists(
        lexical,
        dense,
        right=[place.get(query.concept, -1) for query in queries],
        neutral=[[place[other] for other in query.related if other in place] for query in queries],
        clusters=[query.concept for query in queries],
    )
