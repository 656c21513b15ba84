"""Which ranker a curriculum is searched with, and the models that it needs."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from kg.errors import ModelUnavailableError, RankerNotFoundError
from kg.indexes import IndexRecord
from kg.store import Store
from retrieval.encoders.encoder import Encoder
from retrieval.ranker_files import find_shipped
from retrieval.rankers import BASE, LEXICAL, Ranker, lexical_ranker, read_ranker
from retrieval.rerankers.reranker import Reranker
from server.model_library import ModelLibrary
from server.names import RANKER, make_name

MOST_CURRICULA = 64
"""Curricula whose rankers are kept; a ranker's adapters take up to a mebibyte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EquippedRanker:
    """A ranker with its models.

    Attributes:
        ranker: As it is searched with.
        encoder: None: words only.
        reranker: None: the fused first stage answers.
        without: By stage (dense, reranker), why its model is not there; a sentence each.
    """

    ranker: Ranker
    encoder: Encoder | None = None
    reranker: Reranker | None = None
    without: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Trained:
    """A curriculum's trained rankers, the latest first, as they were when its indexes were these."""

    state: tuple[tuple[str, ...], tuple[IndexRecord, ...]]
    rankers: tuple[Ranker, ...]


class RankerLibrary:
    """Finds rankers by id: `lexical` and `base`, which every curriculum has, and those trained or shipped for it.

    Args:
        store: Where trained rankers are.
        models: Where their models are.
        default: What a curriculum without a trained ranker is searched with: lexical or base.
        encoder: Of the ranker `base`.

    Attributes:
        used: Set once a ranker was wanted with its models.
    """

    def __init__(self, store: Store, models: ModelLibrary, default: str, encoder: str) -> None:
        self.used = asyncio.Event()
        self._store = store
        self._models = models
        self._built_in = {LEXICAL: lexical_ranker(), BASE: Ranker(id=BASE, encoder=encoder)}
        self._default = self._built_in[default]
        self._trained: OrderedDict[tuple[str, str], _Trained] = OrderedDict()

    @property
    def default(self) -> Ranker:
        """What a curriculum without a trained ranker is searched with."""
        return self._default

    async def find(self, tenant: str, curriculum: str, asked: str, records: Sequence[IndexRecord]) -> Ranker:
        """Finds a ranker.

        Args:
            tenant: Id.
            curriculum: Id.
            asked: Id of the ranker; empty: the latest that was trained for the curriculum, else the one that is shipped
                under the curriculum's id, else the default.
            records: The curriculum's indexes as they are now. Trained rankers are read anew where these, or their
                ids, have changed: one that was trained again counts from when its index is built.

        Raises:
            RankerNotFoundError: There is none with this id.
        """
        if asked in self._built_in:
            return self._built_in[asked]
        trained = await self._read_trained(tenant, curriculum, records)
        shipped = find_shipped(curriculum)
        if not asked:
            # Who wants words only gets them, whatever there is for this curriculum.
            fallback = self._default if shipped is None or not self._default.encoder else shipped
            return trained[0] if trained else fallback
        for ranker in trained if shipped is None else (*trained, shipped):
            if ranker.id == asked:
                return ranker
        raise RankerNotFoundError(make_name(RANKER, tenant, curriculum, asked))

    def can_build(self, ranker: Ranker) -> bool:
        """Says whether this server has the libraries that a ranker's index is built with."""
        return not ranker.encoder or self._models.installed

    async def equip(self, ranker: Ranker, *, required: bool) -> EquippedRanker:
        """Gives a ranker its models, which are loaded if need be.

        Args:
            ranker: Any.
            required: Without its models it is of no use; otherwise it then goes by words only.

        Raises:
            ModelUnavailableError: It is required, and a model cannot be loaded.
        """
        self.used.set()
        if not ranker.encoder:
            return EquippedRanker(ranker=ranker)
        try:
            encoder = await self._models.get_encoder(ranker)
            kept_off = _explain_gate(ranker)
            if not ranker.reranker or kept_off:
                return EquippedRanker(ranker=ranker, encoder=encoder, without=kept_off)
            return EquippedRanker(ranker=ranker, encoder=encoder, reranker=await self._models.get_reranker(ranker))
        except ModelUnavailableError as error:
            if required:
                raise
            return use_words_only(ranker, str(error))

    async def _read_trained(self, tenant: str, curriculum: str, records: Sequence[IndexRecord]) -> Sequence[Ranker]:
        ids = await self._store.list_rankers(tenant, curriculum)
        key, state = (tenant, curriculum), (tuple(ids), tuple(records))
        trained = self._trained.get(key)
        if trained is None or trained.state != state:
            stored = await asyncio.gather(*(self._store.get_ranker(tenant, curriculum, each) for each in ids))
            latest = sorted(stored, key=lambda each: (-each.created_at, each.id))
            trained = self._trained[key] = _Trained(state, tuple(map(read_ranker, latest)))
            while len(self._trained) > MOST_CURRICULA:
                self._trained.popitem(last=False)
        self._trained.move_to_end(key)
        return trained.rankers


def use_words_only(ranker: Ranker, reason: str) -> EquippedRanker:
    """Returns a ranker that goes by words only, as its vectors are not to be had.

    Args:
        ranker: As it would be.
        reason: Why; a sentence.
    """
    words = lexical_ranker()
    return EquippedRanker(
        ranker=replace(ranker, encoder="", reranker="", fusion=words.fusion, confidence=words.confidence),
        without={"dense": reason, "reranker": reason if ranker.reranker else "this ranker has none"},
    )


def _explain_gate(ranker: Ranker) -> Mapping[str, str]:
    """Says why a reranker is not used though one was thought of; empty: it is, or nobody thought of one."""
    for verdict in ranker.verdicts:
        if verdict.stage == "reranker" and not verdict.passed:
            # A sentence, told as part of another.
            reason = verdict.reason[:1].lower() + verdict.reason[1:].rstrip(".")
            return {"reranker": f"the gate keeps it off: {reason}" if ranker.reranker else reason}
    return {}
