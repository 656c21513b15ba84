"""The listwise model as ONNX graphs: faster than torch on a CPU, and threads are counted for each model."""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from retrieval.candidates import Vector
from retrieval.encoders.onnx_encoder import open_session
from retrieval.rerankers.cached_states import KeptStates
from retrieval.rerankers.text_reader import Tokens

READ_FILE: Final = "read.onnx"
KEEP_FILE: Final = "keep.onnx"
COMPARE_FILE: Final = "compare.onnx"


class ListwiseGraphs:
    """Scores concepts from kept states, in fp32; may be used by several threads at once.

    Eight-bit activations are not on offer: ONNX Runtime scales them by the whole batch, so that a concept's score would
    depend on the concepts beside it.

    Args:
        folder: Made by `retrieval.rerankers.listwise_export`.
        threads: That one call uses, >= 1.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        self._read, self._keep, self._compare = (
            open_session(folder / file, threads) for file in (READ_FILE, KEEP_FILE, COMPARE_FILE)
        )

    def keep(self, tokens: Tokens) -> KeptStates:
        """Reads a concept, alone, so that what is kept depends on nothing else.

        Returns:
            Keys and values [k, 2, l, d].
        """
        states = self._read.run(None, {"ids": tokens[None]})[0]
        kept: KeptStates = self._keep.run(None, {"states": states})[0]
        return kept

    def compare(self, tokens: Tokens, kept: KeptStates, kept_mask: NDArray[np.bool_]) -> Vector:
        """Scores concepts for a query, all in one pass.

        Args:
            tokens: Of the query.
            kept: [n, k, 2, m, d], zeros where a concept is shorter than the longest.
            kept_mask: True where a token is, [n, m].

        Returns:
            [n].
        """
        states = self._read.run(None, {"ids": tokens[None]})[0]
        scores: Vector = self._compare.run(None, {"states": states, "kept": kept, "kept_mask": kept_mask})[0]
        return scores
