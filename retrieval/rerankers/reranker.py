"""What a reranker is. A further family is a file beside this one and a line in `families`."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from retrieval.candidates import Candidate, Ranking, Vector, make_ranking


class Reranker(ABC):
    """Scores candidates against a query with a model that reads both.

    Attributes:
        name: Of its family, as in `retrieval.rerankers.families`.
        fingerprint: SHA-256, hexadecimal, over everything that its scores depend on.
    """

    name: str
    fingerprint: str

    @abstractmethod
    def score(self, query: str, candidates: Sequence[Candidate]) -> Vector:
        """Returns float32 [len(candidates)], higher is better; may be called from several threads at once."""

    def rank(self, query: str, candidates: Sequence[Candidate]) -> Ranking:
        """Orders candidates; ties stay in the order given."""
        return make_ranking(candidates, self.score(query, candidates), self.fingerprint)
