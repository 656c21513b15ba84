"""The contrastive loss: a query has to score its own document above the documents of the other samples."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from retrieval.training.samples import EncoderSample, SampleDocument


def list_batch_documents(batch: Sequence[EncoderSample]) -> list[SampleDocument]:
    """Returns the right documents of a batch in its order, then the hard negatives, each of those once."""
    hard = dict.fromkeys(negative for sample in batch for negative in sample.negatives)
    return [*(sample.document for sample in batch), *hard]


def mask_false_negatives(batch: Sequence[EncoderSample], documents: Sequence[SampleDocument]) -> Tensor:
    """Says which documents a query is scored against: its own, and those that are wrong for it.

    Args:
        batch: B samples.
        documents: As `list_batch_documents` gives them, D.

    Returns:
        Bool [B, D].
    """
    return torch.tensor(
        [
            [column == row or sample.may_reject(document) for column, document in enumerate(documents)]
            for row, sample in enumerate(batch)
        ]
    )


def contrastive_loss(queries: Tensor, documents: Tensor, allowed: Tensor, temperature: float) -> Tensor:
    """InfoNCE with the documents of the batch as negatives (van den Oord et al., arXiv 1807.03748, equation 4).

    Args:
        queries: Rows of unit length [B, d].
        documents: Rows of unit length [D, d], D >= B; row i < B is the right one of query i.
        allowed: Which documents count for which query, bool [B, D]; its own always.
        temperature: Of the softmax over cosines, > 0.

    Returns:
        Mean over the queries, [].
    """
    logits = (queries @ documents.T / temperature).masked_fill(~allowed, -torch.inf)
    return cross_entropy(logits, torch.arange(len(queries)))
