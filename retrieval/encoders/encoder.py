"""What an encoder is."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from retrieval.candidates import Matrix


class Encoder(ABC):
    """Makes vectors of texts. The vector of a text does not depend on the texts that it is encoded with.

    Attributes:
        name: As it was asked for: a name at a hub, a folder, or the default's.
        fingerprint: SHA-256, hexadecimal, over everything that its vectors depend on: weights, adapter, pooling,
            longest input, precision.
        dimension: Entries of a vector.
    """

    name: str
    fingerprint: str
    dimension: int

    @abstractmethod
    def encode(self, texts: Sequence[str]) -> Matrix:
        """Returns float32 [len(texts), dimension], rows of unit length; may be called from several threads at once."""

    def encode_queries(self, queries: Sequence[str]) -> Matrix:
        """As `encode`, for texts that something is searched with: some models read queries with words before them."""
        return self.encode(queries)
