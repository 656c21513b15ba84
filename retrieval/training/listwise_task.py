"""What a listwise reranker is trained for: the loss of its lists."""

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_sequence

from retrieval.candidates import Candidate
from retrieval.rerankers.cached_states import CachedStates
from retrieval.rerankers.candidate_texts import candidate_text
from retrieval.rerankers.listwise_model import ListwiseModel
from retrieval.rerankers.text_reader import TextReader, Tokens

_CACHE_BYTES: Final = 1 << 29
_CHUNK: Final = 16
"""Texts read at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingList:
    """A query with its first candidates.

    Attributes:
        query: Its words.
        candidates: At least two, with the scores of a first stage that was not trained on this query, or what is
            learned from its errors does not hold elsewhere.
        right: Position of the candidate that is meant. The first stage has to have found it by itself: one that is put
            in teaches to distrust the first stage.
    """

    query: str
    candidates: tuple[Candidate, ...]
    right: int


class ListwiseTask:
    """Listwise softmax cross-entropy with one right answer (ListNet, Cao et al., ICML 2007, section 4).

    The logits are first stage / temperature + score: the score is what the first stage lacks.

    Args:
        model: In evaluation mode; its upper layers and head may be learning, the lower ones are not.
        reader: Of its body.
        temperature: Of the first stage at the start, > 0; learned too.

    Attributes:
        log_temperature: Natural logarithm of the temperature as it is now.
    """

    def __init__(self, model: ListwiseModel, reader: TextReader, temperature: float) -> None:
        self.log_temperature = nn.Parameter(torch.tensor(math.log(temperature)))
        self._model = model
        self._reader = reader
        # Lower layers do not learn, so that each text passes them once.
        self._cache = CachedStates(_CACHE_BYTES)

    @property
    def temperature(self) -> float:
        """As it is now."""
        return math.exp(self.log_temperature.item())

    def loss(self, lists: Sequence[TrainingList]) -> Tensor:
        """Mean loss of some lists, in nats, with gradients; fp32, but for products in bf16 where the CPU has them."""
        with _choose_precision():
            scores = self.score(lists).float()
        losses = [
            cross_entropy(_list_first_stage(ranked) / self.log_temperature.exp() + of_list, torch.tensor(ranked.right))
            for ranked, of_list in zip(
                lists, torch.split(scores, [len(ranked.candidates) for ranked in lists]), strict=True
            )
        ]
        return torch.stack(losses).mean()

    def measure(self, lists: Sequence[TrainingList], batch: int) -> float:
        """Mean loss of lists, in nats, `batch` at a time."""
        with torch.no_grad():
            parts = [lists[start : start + batch] for start in range(0, len(lists), batch)]
            return sum(self.loss(part).item() * len(part) for part in parts) / len(lists)

    def score(self, lists: Sequence[TrainingList]) -> Tensor:
        """Scores of all candidates of all lists, one list after the other, [candidates]."""
        queries = [ranked.query for ranked in lists]
        pairs = [
            (owner, candidate_text(candidate.title, candidate.text))
            for owner, ranked in enumerate(lists)
            for candidate in ranked.candidates
        ]
        states, mask = _pad([self._read(f"q{query}", self._reader.read_query(query)) for query in queries])
        # A concept that several lists of a batch hold is read once.
        texts = dict.fromkeys(text for _, text in pairs)
        read = {text: self._read(f"c{text}", self._reader.read_concept(text)) for text in texts}
        parts, positions = [], []
        for chunk in _chunk_by_length(read):
            concepts, concepts_mask = _pad([read[text] for text in chunk])
            kept = self._model.keep(concepts, concepts_mask)
            place = {text: row for row, text in enumerate(chunk)}
            chosen = [position for position, (_, text) in enumerate(pairs) if text in place]
            rows = torch.tensor([place[pairs[position][1]] for position in chosen])
            owners = torch.tensor([pairs[position][0] for position in chosen])
            parts.append(self._model.compare(states, mask, kept[rows], concepts_mask[rows], owners))
            positions += chosen
        return torch.cat(parts)[torch.tensor(positions).argsort()]

    def _read(self, key: str, tokens: Tokens) -> Tensor:
        def compute() -> Any:
            ids = torch.from_numpy(tokens)[None]
            with torch.no_grad():
                return self._model.read(ids, torch.ones_like(ids, dtype=torch.bool))[0].half().numpy()

        return torch.tensor(self._cache.fetch(key, compute), dtype=torch.float32)


def measure_first_stage(ranked: TrainingList, temperature: float) -> float:
    """Loss of the first stage alone, in nats: how hard a list is."""
    return cross_entropy(_list_first_stage(ranked) / temperature, torch.tensor(ranked.right)).item()


def _list_first_stage(ranked: TrainingList) -> Tensor:
    return torch.tensor([candidate.first_stage for candidate in ranked.candidates], dtype=torch.float32)


def _chunk_by_length(read: Mapping[str, Tensor]) -> list[list[str]]:
    """Parts texts into chunks of about one length: padded to the longest of all, most would be padding."""
    texts = sorted(read, key=lambda text: len(read[text]))
    return [texts[start : start + _CHUNK] for start in range(0, len(texts), _CHUNK)]


def _pad(states: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """States [l, d] of n texts to [n, longest, d] and where tokens are, [n, longest]."""
    there = [torch.ones(len(each), dtype=torch.bool) for each in states]
    return pad_sequence(list(states), batch_first=True), pad_sequence(there, batch_first=True)


def _choose_precision() -> AbstractContextManager[Any]:
    capabilities = torch.cpu.get_capabilities()
    fast = bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=fast)
