"""Training of the listwise reranker: it learns how the first stage errs, and starts by changing nothing."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from kg.errors import refuse
from retrieval.rerankers.listwise_body import load_body
from retrieval.rerankers.listwise_model import ListwiseModel
from retrieval.rerankers.listwise_weights import UPPER, ListwiseOrigin, add_trained_part, write_trained_part
from retrieval.training.listwise_task import ListwiseTask, TrainingList, measure_first_stage

_CLIP: Final = 1.0
_TEMPERATURE_RATE: Final = 0.01

Progress = Callable[[float], None]
"""Is told the share of the work that is done, in [0, 1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListwiseSettings:
    """How to train.

    Attributes:
        upper: Layers in which queries see concepts, >= 1.
        rank: Of the low-rank changes, >= 1.
        epochs: At most, >= 1.
        batch: Lists in a step, >= 1.
        rate: Highest learning rate; reached after a tenth of the steps, then falling to zero.
        decay: Weight decay.
        temperature: Of the softmax over first-stage scores at the start, > 0, as fitted without reranker; learned too.
        held_out: Share of the concepts whose lists tell when to stop, in (0, 1).
    """

    upper: int = UPPER
    rank: int = 8
    epochs: int = 3
    batch: int = 8
    rate: float = 5e-4
    decay: float = 0.01
    temperature: float = 0.05
    held_out: float = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checkpoint:
    """The best so far: loss on held-out lists, after which epoch (0: before the first), and what had been learned."""

    loss: float
    epoch: int
    temperature: float
    values: tuple[Tensor, ...]


def train_listwise(
    body: str,
    encoder_adapter: bytes,
    lists: Sequence[TrainingList],
    *,
    seed: int,
    settings: ListwiseSettings | None = None,
    progress: Progress = lambda share: None,
) -> bytes:
    """Trains on lists, the easy before the hard ones in the first epoch; minutes for some thousand lists.

    What is returned is of the epoch with the least loss on held-out lists; where none beats the start, its scores are
    all 0. Equal arguments give equal bytes on one machine with one number of threads.

    Args:
        body: Name of an encoder, as in `retrieval.encoders.default.resolve_model`.
        encoder_adapter: Merged into it; empty: none.
        lists: For at least two different right candidates.
        seed: Of everything random.
        settings: How to train; None: as usual.
        progress: Is called after each step.

    Returns:
        The trained part, for `retrieval.rerankers.listwise.load_listwise`. Its notes hold the losses and the
        temperature, by which scores are to be multiplied before they are added to the first stage's.

    Raises:
        InvalidInputError: The lists are too few or unsound, or the adapter does not fit.
        ModelUnavailableError: The body cannot be loaded.
    """
    settings = settings or ListwiseSettings()
    _check_lists(lists)
    training, held_out = _hold_out(lists, settings.held_out, seed)
    loaded = load_body(body, encoder_adapter)
    model = ListwiseModel(loaded.transformer, settings.upper).eval()
    learning = add_trained_part(model, settings.rank, seed)
    task = ListwiseTask(model, loaded.reader, settings.temperature)
    start = _save(task, learning, held_out, settings, 0)
    best = start
    for checkpoint in _run_epochs(
        task,
        learning=learning,
        training=training,
        held_out=held_out,
        settings=settings,
        seed=seed,
        progress=progress,
    ):
        if checkpoint.loss >= best.loss:
            break
        best = checkpoint
    with torch.no_grad():
        for part, value in zip(learning, best.values, strict=True):
            part.copy_(value)
    progress(1.0)
    notes = {
        "lists": len(training),
        "held_out_lists": len(held_out),
        "held_out_loss_at_start": start.loss,
        "held_out_loss": best.loss,
        "epochs": best.epoch,
        "temperature": best.temperature,
    }
    return write_trained_part(model, ListwiseOrigin(body=loaded.fingerprint, upper=settings.upper, notes=notes))


def _check_lists(lists: Sequence[TrainingList]) -> None:
    for position, ranked in enumerate(lists):
        if len(ranked.candidates) < 2:
            raise refuse(f"lists[{position}].candidates", "must be at least two")
        if not 0 <= ranked.right < len(ranked.candidates):
            raise refuse(f"lists[{position}].right", "must be the position of a candidate")
    if len({_name_right(ranked) for ranked in lists}) < 2:
        raise refuse("lists", "must be for at least two different right candidates, one of which is held out")


def _name_right(ranked: TrainingList) -> str:
    return ranked.candidates[ranked.right].id


def _hold_out(lists: Sequence[TrainingList], share: float, seed: int) -> tuple[list[TrainingList], list[TrainingList]]:
    """Splits by right candidate, so that no concept that stops the training is trained on."""
    names = sorted({_name_right(ranked) for ranked in lists})
    random.Random(seed).shuffle(names)  # noqa: S311 - no secret
    held_out = set(names[: min(max(round(share * len(names)), 1), len(names) - 1)])
    return (
        [ranked for ranked in lists if _name_right(ranked) not in held_out],
        [ranked for ranked in lists if _name_right(ranked) in held_out],
    )


def _run_epochs(
    task: ListwiseTask,
    *,
    learning: Sequence[nn.Parameter],
    training: Sequence[TrainingList],
    held_out: Sequence[TrainingList],
    settings: ListwiseSettings,
    seed: int,
    progress: Progress,
) -> Iterator[_Checkpoint]:
    """Yields the state after each epoch."""
    optimizer = torch.optim.AdamW(
        [
            {"params": list(learning), "peak": settings.rate, "weight_decay": settings.decay},
            {"params": [task.log_temperature], "peak": _TEMPERATURE_RATE, "weight_decay": 0.0},
        ]
    )
    batches = -(-len(training) // settings.batch)
    done, steps = 0, settings.epochs * batches
    for epoch in range(settings.epochs):
        ordered = _order_lists(training, epoch, settings.temperature, seed)
        for start in range(0, len(ordered), settings.batch):
            done += 1
            _set_rates(optimizer, done, steps)
            optimizer.zero_grad()
            task.loss(ordered[start : start + settings.batch]).backward()  # type: ignore[no-untyped-call]
            clip_grad_norm_(learning, _CLIP)
            optimizer.step()
            progress(done / steps)
        yield _save(task, learning, held_out, settings, epoch + 1)


def _order_lists(lists: Sequence[TrainingList], epoch: int, temperature: float, seed: int) -> list[TrainingList]:
    if epoch == 0:
        return sorted(lists, key=lambda ranked: measure_first_stage(ranked, temperature))
    return random.Random(f"{seed}/{epoch}").sample(lists, len(lists))  # noqa: S311 - no secret


def _set_rates(optimizer: torch.optim.Optimizer, step: int, steps: int) -> None:
    """Linear rise over the first tenth of the steps, then linear fall."""
    rise = max(steps // 10, 1)
    share = step / rise if step <= rise else (steps - step + 1) / (steps - rise + 1)
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * share


def _save(
    task: ListwiseTask,
    learning: Sequence[nn.Parameter],
    held_out: Sequence[TrainingList],
    settings: ListwiseSettings,
    epoch: int,
) -> _Checkpoint:
    return _Checkpoint(
        loss=task.measure(held_out, settings.batch),
        epoch=epoch,
        temperature=task.temperature,
        values=tuple(part.detach().clone() for part in learning),
    )
