"""How a search is to be made."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from retrieval.documents import DocumentKind


class Reranking(StrEnum):
    """When the reranker is asked."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What to look for and how.

    Attributes:
        kinds: Each is searched and judged by itself.
        limit: Results of each kind, >= 1.
        reranking: AUTO: unless the ranker has none, the gate keeps it off, the first stage is sure or time is short.
        readiness: How ready the learner is by concept, in [0, 1]; None: no learner is given.
        seconds: How long the search may take; a reranker that would take longer is left out. None: as long as it takes.
    """

    kinds: tuple[DocumentKind, ...] = (DocumentKind.CONCEPT,)
    limit: int = 10
    reranking: Reranking = Reranking.AUTO
    readiness: Mapping[str, float] | None = None
    seconds: float | None = None
