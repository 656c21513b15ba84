"""The transformer that a listwise reranker is built on, and how it reads texts."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn

from retrieval.encoders.adapters import merge_adapter
from retrieval.encoders.sentence_model import SentenceModel, load_sentence_model
from retrieval.rerankers.weights_hash import hash_text, hash_weights

Tokens = NDArray[np.int64]
"""Of one text, special ones among them, [l]."""

QUERY_TOKENS: Final = 64
"""Longest query."""
CONCEPT_TOKENS: Final = 128
"""Longest concept; bounds what is kept of one. Title and summary take about 53."""


class TextReader:
    """Splits queries and concepts into tokens, as the encoder does; may be used by several threads at once.

    Attributes:
        fingerprint: SHA-256, hexadecimal, over everything that tokens depend on.
    """

    def __init__(self, model: SentenceModel) -> None:
        self._layout = model.layout
        self._queries = _cut(model.tokenizer, min(QUERY_TOKENS, model.layout.longest_input))
        self._concepts = _cut(model.tokenizer, min(CONCEPT_TOKENS, model.layout.longest_input))
        prompts = f"{self._layout.query_prompt}\0{self._layout.document_prompt}\0{self._layout.lowercase}"
        self.fingerprint = hash_text(f"{prompts}\0{self._queries.to_str()}\0{self._concepts.to_str()}")

    def read_query(self, text: str) -> Tokens:
        """Returns at most `QUERY_TOKENS` tokens."""
        return self._read(self._queries, self._layout.query_prompt + text)

    def read_concept(self, text: str) -> Tokens:
        """Returns at most `CONCEPT_TOKENS` tokens."""
        return self._read(self._concepts, self._layout.document_prompt + text)

    def _read(self, tokenizer: Tokenizer, text: str) -> Tokens:
        return np.array(tokenizer.encode(text.lower() if self._layout.lowercase else text).ids, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListwiseBody:
    """A transformer with nothing trained for listwise reading yet.

    Attributes:
        transformer: In evaluation mode, the encoder's adapter merged into it.
        reader: Of texts.
        fingerprint: SHA-256, hexadecimal, over weights and tokens: what is trained on one body fits no other.
    """

    transformer: nn.Module
    reader: TextReader
    fingerprint: str


def load_body(model: str, encoder_adapter: bytes) -> ListwiseBody:
    """Loads an encoder's transformer.

    Args:
        model: As in `retrieval.encoders.default.resolve_model`.
        encoder_adapter: Merged into it; empty: none.

    Raises:
        InvalidInputError: The adapter is another model's.
        ModelUnavailableError: The model cannot be loaded.
    """
    loaded = load_sentence_model(model)
    merge_adapter(loaded.body, encoder_adapter)
    reader = TextReader(loaded)
    fingerprint = hash_text(f"{hash_weights(loaded.body)}/{reader.fingerprint}")
    return ListwiseBody(transformer=loaded.body, reader=reader, fingerprint=fingerprint)


def _cut(tokenizer: Tokenizer, longest: int) -> Tokenizer:
    # A copy, as cutting off is part of a tokenizer's state.
    copy = Tokenizer.from_str(tokenizer.to_str())
    copy.enable_truncation(longest)
    return copy
