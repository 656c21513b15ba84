"""What a search answers."""

from dataclasses import dataclass, field

from retrieval.candidates import Scores
from retrieval.documents import Document, DocumentKind


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReport:
    """Whether a stage took part, and why.

    Attributes:
        stage: lexical, dense or reranker.
        used: It did.
        reason: A sentence.
    """

    stage: str
    used: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One document found.

    Attributes:
        document: What was found.
        probability: That it is what the words are about, in [0, 1].
        exact: The words are its title or its id.
        scores: Every score that went into it.
        support: The passage that speaks for it, most alike to the words among those about its concepts; None: there is
            no passage, or the document is one itself.
    """

    document: Document
    probability: float
    exact: bool
    scores: Scores
    support: Document | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KindResults:
    """What was found of one kind.

    Attributes:
        kind: Of the documents.
        results: The best first.
        none_probability: That none of the kind's documents is meant, in [0, 1].
        stages: Which stages took part.
    """

    kind: DocumentKind
    results: tuple[Result, ...]
    none_probability: float
    stages: tuple[StageReport, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What a search found.

    Attributes:
        kinds: As they were asked for.
        ranker: Id of the ranker.
        documents: Fingerprint of the documents searched.
        models: Fingerprints by role (encoder, reranker) of those that took part.
    """

    kinds: tuple[KindResults, ...]
    ranker: str
    documents: str
    models: dict[str, str] = field(default_factory=dict)
