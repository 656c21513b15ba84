"""The cached listwise cross-encoder as a torch module: what it reads of a concept once, and of a query each time.

The idea of packed candidates, encoded apart and read by one query, is Uni-Encoder's (Song et al., ACL Findings 2023).
Here concept tokens attend to concept tokens only, so that their keys and values depend on the concept alone.
"""

from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from kg.errors import refuse

FAMILIES: Final = ("bert", "camembert", "roberta", "xlm-roberta")
"""Architectures whose layers are laid out as BERT's."""


class ListwiseModel(nn.Module):
    """Upper layers of an encoder in which a query's tokens also attend to one concept's kept keys and values.

    Attributes:
        embeddings: Of the body.
        layers: All of the body's, lower ones first.
        lower: How many layers read query and concept apart.
        heads: Attention heads.
        head: From the query's last state to the score; zero until trained, and so is then every score.
    """

    # Parts of transformers' models are not typed.
    embeddings: Any
    layers: Any
    lower: int
    heads: int

    def __init__(self, body: Any, upper: int) -> None:
        """Takes the body's parts; its pooler is left out.

        Args:
            body: Transformer of one of `FAMILIES`.
            upper: Layers in which query tokens see concept tokens, from 1 to all.

        Raises:
            InvalidInputError: Another architecture, or as many layers are not there.
        """
        super().__init__()
        config = body.config
        if config.model_type not in FAMILIES:
            raise refuse("reranker_model", f"is {config.model_type}; a listwise body is one of {', '.join(FAMILIES)}")
        if not 1 <= upper <= config.num_hidden_layers:
            raise refuse("upper", f"must be from 1 to {config.num_hidden_layers}")
        self.embeddings = body.embeddings
        self.layers = body.encoder.layer
        self.lower = config.num_hidden_layers - upper
        self.heads = config.num_attention_heads
        self.head = nn.Linear(config.hidden_size, 1, bias=False)
        nn.init.zeros_(self.head.weight)

    @property
    def upper_layers(self) -> Any:
        """The layers in which queries see concepts."""
        return self.layers[self.lower :]

    def read(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Runs the lower layers.

        Args:
            ids: Tokens [b, l], int64.
            mask: True where a token is, [b, l].

        Returns:
            States [b, l, d].
        """
        states: Tensor = self.embeddings(input_ids=ids)
        for layer in self.layers[: self.lower]:
            states = self._read_layer(layer, states, mask)
        return states

    def keep(self, states: Tensor, mask: Tensor) -> Tensor:
        """What queries read of concepts: keys and values of each upper layer.

        Args:
            states: Of `read`, [n, l, d].
            mask: [n, l].

        Returns:
            [n, k, 2, l, d]. The last layer's own output is never made, as nothing reads it.
        """
        kept = []
        for index, layer in enumerate(self.upper_layers):
            if index:
                states = self._read_layer(self.upper_layers[index - 1], states, mask)
            attention = layer.attention.self
            kept.append(torch.stack([attention.key(states), attention.value(states)], dim=1))
        return torch.stack(kept, dim=1)

    def compare(
        self, states: Tensor, mask: Tensor, kept: Tensor, kept_mask: Tensor, owners: Tensor | None = None
    ) -> Tensor:
        """Scores concepts, each for one query.

        In the last layer only the query's mean asks, as nothing else of that layer would be read: half of the work.

        Args:
            states: Of `read` for the queries, [q, l, d].
            mask: [q, l].
            kept: Of `keep`, [n, k, 2, m, d].
            kept_mask: [n, m].
            owners: Which query each concept is scored for, int64 [n]; None: there is one query.

        Returns:
            Scores [n].
        """
        count, last = kept.shape[0], len(self.upper_layers) - 1
        seen = torch.cat([_share(mask, count, owners), kept_mask], dim=1)[:, None, None, :]
        for index, layer in enumerate(self.upper_layers):
            attention = layer.attention.self
            asking = _average(states, mask) if index == last else states
            parts = [attention.query(asking), attention.key(states), attention.value(states)]
            if index == 0:
                # So far a query's states are the same for all its concepts: projected once, then shared.
                asking, *parts = (_share(part, count, owners) for part in (asking, *parts))
                mask = _share(mask, count, owners)
            query, key, value = (self._split(part) for part in parts)
            key = torch.cat([key, self._split(kept[:, index, 0])], dim=2)
            value = torch.cat([value, self._split(kept[:, index, 1])], dim=2)
            mixed = scaled_dot_product_attention(query, key, value, attn_mask=seen)
            states = _finish_layer(layer, self._merge(mixed), asking)
        scores: Tensor = self.head(states[:, 0]).squeeze(1)
        return scores

    def _read_layer(self, layer: Any, states: Tensor, mask: Tensor) -> Tensor:
        attention = layer.attention.self
        query, key, value = (
            self._split(project(states)) for project in (attention.query, attention.key, attention.value)
        )
        mixed = scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None, :])
        return _finish_layer(layer, self._merge(mixed), states)

    def _split(self, states: Tensor) -> Tensor:
        return states.view(*states.shape[:2], self.heads, -1).transpose(1, 2)

    @staticmethod
    def _merge(states: Tensor) -> Tensor:
        return states.transpose(1, 2).flatten(2)


def _finish_layer(layer: Any, mixed: Tensor, states: Tensor) -> Tensor:
    attended = layer.attention.output(mixed, states)
    finished: Tensor = layer.output(layer.intermediate(attended), attended)
    return finished


def _average(states: Tensor, mask: Tensor) -> Tensor:
    """[q, l, d] to [q, 1, d]."""
    weights = mask.to(states.dtype)[:, :, None]
    return (states * weights).sum(1, keepdim=True) / weights.sum(1, keepdim=True)


def _share(states: Tensor, count: int, owners: Tensor | None) -> Tensor:
    """[q, ...] to [n, ...]; without a copy where there is one query."""
    return states.expand(count, *states.shape[1:]) if owners is None else states[owners]
