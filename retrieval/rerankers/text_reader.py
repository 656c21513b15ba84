"""How a listwise reranker reads texts; needs neither torch nor transformers."""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from retrieval.encoders.layout import Layout

Tokens = NDArray[np.int64]
"""Of one text, special ones among them, [l]."""

QUERY_TOKENS: Final = 64
"""Longest query."""
CONCEPT_TOKENS: Final = 128
"""Longest concept; bounds what is kept of one. Title and summary take about 53."""


class TextReader:
    """Splits queries and concepts into tokens, as the encoder does; may be used by several threads at once.

    Args:
        layout: Of the encoder.
        tokenizer: The encoder's, without padding; where it cuts off does not matter.
    """

    def __init__(self, layout: Layout, tokenizer: Tokenizer) -> None:
        self._layout = layout
        self._queries = _cut(tokenizer, min(QUERY_TOKENS, layout.longest_input))
        self._concepts = _cut(tokenizer, min(CONCEPT_TOKENS, layout.longest_input))

    def read_query(self, text: str) -> Tokens:
        """Returns at most `QUERY_TOKENS` tokens."""
        return self._read(self._queries, self._layout.query_prompt + text)

    def read_concept(self, text: str) -> Tokens:
        """Returns at most `CONCEPT_TOKENS` tokens."""
        return self._read(self._concepts, self._layout.document_prompt + text)

    def describe(self) -> str:
        """Returns everything that tokens depend on."""
        prompts = f"{self._layout.query_prompt}\0{self._layout.document_prompt}\0{self._layout.lowercase}"
        return f"{prompts}\0{self._queries.to_str()}\0{self._concepts.to_str()}"

    def save_tokenizer(self, path: Path) -> None:
        """Writes the tokenizer, from which an equal reader can be made."""
        self._concepts.save(str(path))

    def _read(self, tokenizer: Tokenizer, text: str) -> Tokens:
        return np.array(tokenizer.encode(text.lower() if self._layout.lowercase else text).ids, dtype=np.int64)


def _cut(tokenizer: Tokenizer, longest: int) -> Tokenizer:
    # A copy, as cutting off is part of a tokenizer's state.
    copy = Tokenizer.from_str(tokenizer.to_str())
    copy.enable_truncation(longest)
    return copy
