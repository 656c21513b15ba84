"""BM25 over documents, by the stems of words; `bm25s` works the weight of a word in a document out once."""

import logging
import re
from collections.abc import Iterable, Sequence
from typing import Final

import bm25s
import numpy as np
import Stemmer

from retrieval.fusion import Floats

# It sets itself to DEBUG, and would tell whoever has a handler of each index.
logging.getLogger("bm25s").setLevel(logging.WARNING)

K1: Final = 1.5
B: Final = 0.75

# Scripts that do not part words are read sign by sign.
_TOKEN = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]|[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+"
)
_LANGUAGES: Final = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch", "no": "norwegian", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip


class Tokenizer:
    """Splits texts into stems. One object serves one thread: a stemmer keeps a cache.

    Args:
        language: BCP 47 tag, such as "en" or "pt-BR"; words of a language without a stemmer stay as they are.
    """

    def __init__(self, language: str) -> None:
        algorithm = _LANGUAGES.get(language.split("-", maxsplit=1)[0].lower())
        self._stemmer = Stemmer.Stemmer(algorithm) if algorithm else None

    def tokenize(self, text: str) -> list[str]:
        """Returns stems in their order, in lower case, none of them empty."""
        words = _TOKEN.findall(text.casefold())
        return list(self._stemmer.stemWords(words)) if self._stemmer else words


class LexicalIndex:
    """BM25 (Robertson et al. 1995; Lucene's variant, whose scores are never negative).

    Args:
        texts: Documents in their order.
        language: BCP 47 tag.
    """

    def __init__(self, texts: Iterable[str], language: str) -> None:
        self._language = language
        tokenizer = Tokenizer(language)
        tokens = [tokenizer.tokenize(text) for text in texts]
        self._count = len(tokens)
        self._model: bm25s.BM25 | None = None
        if any(tokens):
            self._model = bm25s.BM25(k1=K1, b=B, method="lucene", dtype="float32")
            self._model.index(tokens, show_progress=False)

    def score(self, query: str) -> Floats:
        """Returns BM25 of every document, float64 [documents], >= 0; linear in the postings of the query's words."""
        return self._score_tokens(Tokenizer(self._language).tokenize(query))

    def explain(self, query: str, position: int) -> dict[str, float]:
        """Returns what each of the query's stems adds to the score of the document at a position, if anything."""
        tokens = dict.fromkeys(Tokenizer(self._language).tokenize(query))
        scored = {token: float(self._score_tokens([token])[position]) for token in tokens}
        return {token: score for token, score in scored.items() if score > 0.0}

    def _score_tokens(self, tokens: Sequence[str]) -> Floats:
        known = [token for token in tokens if self._model is not None and token in self._model.vocab_dict]
        if self._model is None or not known:
            return np.zeros(self._count)
        return np.asarray(self._model.get_scores(known), dtype=np.float64)
