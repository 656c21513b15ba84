"""Training of an encoder: a LoRA adapter that draws queries to the documents of their concepts."""

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from torch.nn.utils import clip_grad_norm_
from torch.nn.utils.rnn import pad_sequence
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from kg.errors import refuse
from retrieval.encoders.adapters import add_adapter, extract_adapter
from retrieval.encoders.sentence_model import SentenceModel, load_sentence_model
from retrieval.training.contrastive import contrastive_loss, list_batch_documents, mask_false_negatives
from retrieval.training.samples import EncoderSample, plan_batches
from retrieval.training.stopping import Progress, ShouldStop, TrainingStoppedError, never_stop, report_nothing

# Texts of a batch that are encoded together; few and of like length, for padding is computed as well.
_CHUNK = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSettings:
    """How an encoder is trained; the defaults were chosen on concepts held out.

    Attributes:
        rank: Of the LoRA matrices, >= 1.
        batch: Samples of a step, >= 2; each gives the others a wrong document.
        learning_rate: Its peak, > 0.
        temperature: Of the loss, > 0.
        warm_up: Share of the steps in which the learning rate rises, in [0, 1).
        longest_input: Tokens of a text in training, special ones among them; what is longer is cut off.
        averaged: Share of the last steps whose weights are averaged, in (0, 1].
    """

    rank: int = 8
    batch: int = 32
    learning_rate: float = 1.5e-3
    temperature: float = 0.05
    warm_up: float = 0.1
    longest_input: int = 128
    averaged: float = 0.5


def train_encoder(
    name: str,
    samples: Sequence[EncoderSample],
    *,
    seed: int,
    epochs: int = 1,
    settings: EncoderSettings | None = None,
    progress: Progress = report_nothing,
    should_stop: ShouldStop = never_stop,
) -> bytes:
    """Trains an adapter for an encoder; its own weights stay as they are.

    LoRA on queries and values (Hu et al., arXiv 2106.09685), contrastive loss, AdamW with warm-up and linear decay, and
    a mean over the weights of the last steps (Izmailov et al., arXiv 1803.05407). Dropout is off: there is one epoch,
    and little to memorise. The same input gives the same bytes on the same machine with the same number of threads.

    Args:
        name: Of the encoder, as in `retrieval.encoders.default.resolve_model`.
        samples: At least two.
        seed: Of the order of samples and of the adapter's first weights.
        epochs: Passes over the samples, >= 1; results on held-out concepts are best after the first.
        settings: None: the defaults.
        progress: After each step.
        should_stop: Asked before each step.

    Returns:
        The adapter, as `retrieval.encoders.adapters.extract_adapter` writes it.

    Raises:
        InvalidInputError: There are fewer than two samples, or no epoch.
        ModelUnavailableError: There is no such encoder, or not one that `SentenceModel` can be.
        TrainingStoppedError: It was told to stop.
    """
    if len(samples) < 2 or epochs < 1:
        raise refuse("samples", "must be at least two, in at least one epoch, or there is nothing to contrast")
    settings = settings or EncoderSettings()
    learner = _Learner(load_sentence_model(name), settings, seed)
    batches = [
        batch for epoch in range(epochs) for batch in plan_batches(samples, settings.batch, seed * epochs + epoch)
    ]
    optimizer = AdamW(learner.weights)
    mean = _RunningMean(learner.weights)
    first_averaged = math.floor(len(batches) * (1.0 - settings.averaged))
    schedule = _make_schedule(optimizer, settings, len(batches))
    for step, batch in enumerate(batches):
        if should_stop():
            raise TrainingStoppedError
        _take_step(learner, batch, optimizer, settings)
        schedule.step()
        if step >= first_averaged:
            mean.add()
        progress(step + 1, len(batches))
    mean.write()
    return extract_adapter(learner.model.body)


class _Learner:
    """An encoder with an adapter that is trained, and how it reads texts meanwhile."""

    def __init__(self, model: SentenceModel, settings: EncoderSettings, seed: int) -> None:
        self.model = model
        self.weights = add_adapter(model.body, rank=settings.rank, seed=seed)
        self._longest = settings.longest_input

    def encode_queries(self, texts: Sequence[str]) -> Tensor:
        return self._encode([self.model.layout.query_prompt + text for text in texts])

    def encode_documents(self, texts: Sequence[str]) -> Tensor:
        return self._encode([self.model.layout.document_prompt + text for text in texts])

    def _encode(self, texts: Sequence[str]) -> Tensor:
        """Vectors of unit length, float32 [len(texts), d]."""
        rows = [self._cut(row) for row in self.model.list_tokens(texts)]
        order = sorted(range(len(rows)), key=lambda position: len(rows[position]))
        parts = []
        for start in range(0, len(order), _CHUNK):
            chunk = [torch.tensor(rows[position]) for position in order[start : start + _CHUNK]]
            mask = pad_sequence([torch.ones_like(row) for row in chunk], batch_first=True)
            with _autocast():
                parts.append(self.model(pad_sequence(chunk, batch_first=True), mask).float())
        # bfloat16 leaves rows of about unit length.
        return normalize(torch.cat(parts), dim=-1)[torch.argsort(torch.tensor(order))]

    def _cut(self, row: list[int]) -> list[int]:
        # The last token is a special one, which ends every text.
        return row if len(row) <= self._longest else [*row[: self._longest - 1], row[-1]]


class _RunningMean:
    """Mean of weights over steps."""

    def __init__(self, weights: Sequence[nn.Parameter]) -> None:
        self._weights = weights
        self._means = [torch.zeros_like(weight, requires_grad=False) for weight in weights]
        self._count = 0

    def add(self) -> None:
        """Takes the weights as they are now into the mean."""
        self._count += 1
        for mean, weight in zip(self._means, self._weights, strict=True):
            mean.lerp_(weight.detach(), 1.0 / self._count)

    def write(self) -> None:
        """Puts the mean in the place of the weights."""
        with torch.no_grad():
            for mean, weight in zip(self._means, self._weights, strict=True):
                weight.copy_(mean)


def _take_step(
    learner: _Learner, batch: Sequence[EncoderSample], optimizer: Optimizer, settings: EncoderSettings
) -> None:
    documents = list_batch_documents(batch)
    loss = contrastive_loss(
        learner.encode_queries([sample.query for sample in batch]),
        learner.encode_documents([document.text for document in documents]),
        mask_false_negatives(batch, documents),
        settings.temperature,
    )
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    clip_grad_norm_(learner.weights, 1.0)
    optimizer.step()


def _make_schedule(optimizer: Optimizer, settings: EncoderSettings, steps: int) -> LambdaLR:
    rising = round(settings.warm_up * steps)

    def scale(step: int) -> float:
        return settings.learning_rate * min((step + 1) / (rising + 1), (steps - step) / (steps - rising))

    for group in optimizer.param_groups:
        group["lr"] = 1.0
    return LambdaLR(optimizer, scale)


def _autocast() -> AbstractContextManager[object]:
    """Computes in bfloat16 where the processor does so itself; elsewhere that is slower than float32."""
    able = torch.cpu.get_capabilities()
    return torch.autocast("cpu", torch.bfloat16, enabled=bool(able.get("avx512_bf16") or able.get("amx_bf16")))
