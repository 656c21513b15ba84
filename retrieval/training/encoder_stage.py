"""The encoder's stage: adapters trained on some concepts, and the lists that they make for others."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from retrieval.document_vectors import encode_documents
from retrieval.encoders.encoder import Encoder
from retrieval.encoders.loading import load_encoder
from retrieval.fusion import Floats, Fusion
from retrieval.training.disguises import disguise
from retrieval.training.encoder_training import train_encoder
from retrieval.training.material import Material
from retrieval.training.negatives import filter_consistent, find_hard_negatives
from retrieval.training.queries import QuerySource, TrainingQuery
from retrieval.training.query_lists import list_candidates
from retrieval.training.samples import EncoderSample, make_samples
from retrieval.training.scored_lists import ScoredLists
from retrieval.training.stages import Workspace, hash_content, pack_lists, unpack_lists
from retrieval.training.stopping import ShouldStop

CONSISTENT: Final = 20
"""A made query is trained on if the published encoder has its concept among so many candidates."""
NEGATIVES: Final = 0
"""Hard negatives of a query, besides the other documents of its batch: one each made search worse on asked queries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedQueries:
    """Queries with the first stage's lists of them.

    Attributes:
        queries: [q].
        lists: [q, n].
    """

    queries: Sequence[TrainingQuery]
    lists: ScoredLists


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStage:
    """An encoder with BM25, and what they find.

    Attributes:
        adapter: Of the encoder; empty: as it is published.
        fusion: With BM25's weight fitted.
        fit: Queries that it was fitted on.
        report: Queries that it is reported on.
        ndcg: nDCG@10 of the queries reported on, [q].
    """

    adapter: bytes
    fusion: Fusion
    fit: AskedQueries
    report: AskedQueries
    ndcg: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderStage:
    """Trains and runs encoders; what it made before is taken from the workspace.

    Attributes:
        material: Queries and documents.
        encoder: Name of the encoder to start from.
        seed: Of everything that is drawn.
        samples: Most queries that one encoder is trained on.
        space: Where results are kept.
        should_stop: Asked between steps.
    """

    material: Material
    encoder: str
    seed: int
    samples: int
    space: Workspace
    should_stop: ShouldStop

    @property
    def exports(self) -> Path:
        """Folder of models made ready to run."""
        return self.space.folder / "encoders"

    def train(self, stage: str, concepts: Collection[str]) -> bytes:
        """Trains an adapter on the queries of some concepts.

        Args:
            stage: Its name, for the workspace and for progress.
            concepts: Ids.
        """

        def make() -> bytes:
            return train_encoder(
                self.encoder,
                self._make_samples(self._choose(self.material.select(concepts)), frozenset(concepts)),
                seed=self.seed,
                progress=lambda done, total: self.space.progress(stage, done, total, ""),
                should_stop=self.should_stop,
            )

        depends = {"concepts": repr(sorted(concepts)), "samples": str(self.samples)}
        return self.space.run(stage, depends, make)

    def train_all(self) -> bytes:
        """Trains the adapter that is shipped, on the queries of all concepts."""
        return self.train("encoder for all concepts", {query.concept for query in self.material.queries})

    def ask(self, adapter: bytes, part: str, queries: Sequence[TrainingQuery]) -> AskedQueries:
        """Lists the candidates of queries.

        Args:
            adapter: Of the encoder; empty: as it is published.
            part: Which queries these are.
            queries: At least one.
        """

        def make() -> bytes:
            documents, language = self.material.documents, self.material.language
            return pack_lists(list_candidates(queries, documents, self.load(adapter), language))

        depends = {"adapter": hash_content(adapter), "queries": hash_content(repr(queries).encode())}
        made = self.space.run(f"lists for the {part} queries", depends, make)
        return AskedQueries(queries=queries, lists=unpack_lists(made))

    def load(self, adapter: bytes) -> Encoder:
        """Loads the encoder as a server runs it."""
        return load_encoder(self.encoder, adapter, cache=self.exports)

    def _make_samples(self, queries: Sequence[TrainingQuery], concepts: frozenset[str]) -> tuple[EncoderSample, ...]:
        """Drops queries that the published encoder finds to be about something else, and adds what it confuses.

        Concepts that are held out are no negatives either: nothing is learned about them, good or bad.
        """
        material, fusion = self.material, Fusion()
        lists = self.ask(b"", "training", queries).lists
        vectors = encode_documents(self.load(b""), material.documents)
        apart = frozenset(document.id for document in material.documents) - concepts
        spared = {concept: apart | material.neighbours.get(concept, frozenset()) for concept in concepts}
        negatives = find_hard_negatives(
            queries, lists, material.documents, vectors, fusion, count=NEGATIVES, spared=spared
        )
        kept = filter_consistent(queries, lists, fusion, CONSISTENT).queries
        worded = disguise(kept, material.documents, material.language, self.seed)
        return make_samples(
            worded,
            material.documents,
            {new: negatives[old] for old, new in zip(kept, worded, strict=True) if old in negatives},
        )

    def _choose(self, queries: Sequence[TrainingQuery]) -> list[TrainingQuery]:
        """Draws the queries that are trained on, in their order; templates only say titles again."""
        queries = [query for query in queries if query.source is not QuerySource.TEMPLATE]
        generator = random.Random(self.seed)  # noqa: S311 - no secret
        places = generator.sample(range(len(queries)), min(self.samples, len(queries)))
        return [queries[place] for place in sorted(places)]
