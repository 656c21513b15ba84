"""The transformer that a listwise reranker is built on."""

from dataclasses import dataclass

from torch import nn

from retrieval.encoders.adapters import merge_adapter
from retrieval.encoders.sentence_model import load_sentence_model
from retrieval.rerankers.text_reader import TextReader
from retrieval.rerankers.weights_hash import hash_text, hash_weights


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
    reader = TextReader(loaded.layout, loaded.tokenizer)
    fingerprint = hash_text(f"{hash_weights(loaded.body)}/{hash_text(reader.describe())}")
    return ListwiseBody(transformer=loaded.body, reader=reader, fingerprint=fingerprint)
