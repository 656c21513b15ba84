"""Encoders as torch modules: what is trained, adapted and exported."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging

from kg.errors import ModelUnavailableError
from retrieval.encoders.default import resolve_model
from retrieval.encoders.layout import Layout, Pooling, read_layout


class SentenceModel(nn.Module):
    """Transformer, pooling, normalisation.

    Args:
        layout: What the model's folder says of it.
        body: The transformer.
        tokenizer: Without padding, cutting off at the layout's longest input.
    """

    def __init__(self, layout: Layout, body: nn.Module, tokenizer: Tokenizer) -> None:
        super().__init__()
        self.layout = layout
        self.body = body
        self.tokenizer = tokenizer

    def tokenize(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Splits texts into tokens.

        Returns:
            Ids and attention mask, int64 [len(texts), longest of them]; padded on the right, where the mask is 0.
        """
        rows = [torch.tensor(row) for row in self.list_tokens(texts)]
        ids = nn.utils.rnn.pad_sequence(rows, batch_first=True)
        mask = nn.utils.rnn.pad_sequence([torch.ones_like(row) for row in rows], batch_first=True)
        return ids, mask

    def list_tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """Returns the ids of each text's tokens, special ones among them."""
        read = [text.lower() for text in texts] if self.layout.lowercase else list(texts)
        return [encoding.ids for encoding in self.tokenizer.encode_batch(read)]

    def forward(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """Makes vectors.

        Args:
            ids: int64 [n, tokens].
            mask: int64 [n, tokens], 0 where a row is padded; None: nowhere.

        Returns:
            float32 [n, dimension], rows of unit length.
        """
        mask = torch.ones_like(ids) if mask is None else mask
        states = self.body(input_ids=ids, attention_mask=mask).last_hidden_state
        return nn.functional.normalize(self._pool(states, mask), dim=-1)

    def _pool(self, states: Tensor, mask: Tensor) -> Tensor:
        if self.layout.pooling is Pooling.CLS:
            return states[:, 0]
        weights = mask.unsqueeze(-1).to(states.dtype)
        # Every row has tokens: tokenizers add special ones to an empty text.
        return (states * weights).sum(1) / weights.sum(1).clamp(min=1.0)


def load_sentence_model(name: str, *, attention: Literal["sdpa", "eager"] | None = None) -> SentenceModel:
    """Loads an encoder in evaluation mode, in fp32, on the CPU.

    Args:
        name: As in `retrieval.encoders.default.resolve_model`.
        attention: Implementation; None: as transformers chooses.

    Raises:
        ModelUnavailableError: There is no such model, it is no transformer with mean or CLS pooling, or transformers
            cannot load it.
    """
    return build_sentence_model(read_layout(resolve_model(name)), attention=attention)


def build_sentence_model(layout: Layout, *, attention: Literal["sdpa", "eager"] | None = None) -> SentenceModel:
    """Loads the encoder that a layout describes; otherwise as `load_sentence_model`."""
    if layout.pooling is Pooling.OTHER:
        raise _refuse(layout.folder, "it has modules besides a transformer with mean or CLS pooling")
    choice = {"attn_implementation": attention} if attention else {}
    try:
        with quiet_transformers():
            body = AutoModel.from_pretrained(layout.body, dtype=torch.float32, use_safetensors=True, **choice)
            tokenizer = AutoTokenizer.from_pretrained(layout.body)
    # An unknown architecture or one that needs code from the hub, a missing or unreadable file.
    except (OSError, ValueError, KeyError) as error:
        raise _refuse(layout.folder, str(error)) from error
    return SentenceModel(layout, body, _prepare_tokenizer(tokenizer, layout)).eval()


def _prepare_tokenizer(loaded: object, layout: Layout) -> Tokenizer:
    fast = getattr(loaded, "backend_tokenizer", None)
    if not isinstance(fast, Tokenizer):
        raise _refuse(layout.folder, "its tokenizer has no form that the tokenizers library reads")
    # A copy: what is cut off is part of a tokenizer's state.
    tokenizer = Tokenizer.from_str(fast.to_str())
    tokenizer.no_padding()
    tokenizer.enable_truncation(layout.longest_input)
    return tokenizer


def _refuse(folder: Path, reason: str) -> ModelUnavailableError:
    return ModelUnavailableError(f"the encoder in {folder} cannot be loaded: {reason}", [str(folder)])


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keeps transformers' progress bars and reports from the terminal; errors still pass."""
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
