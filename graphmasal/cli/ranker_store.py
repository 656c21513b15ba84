"""Storing a trained ranker: its record, and the index that it is searched with."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from kg.curriculum import Curriculum
from kg.store import Store
from kg.stores import create_store
from retrieval.candidates import Matrix
from retrieval.encoders.loading import load_encoder
from retrieval.index_building import Order, build_index
from retrieval.rankers import Ranker, store_ranker
from retrieval.rerankers.families import load_reranker
from server.settings import Settings

Note = Callable[[str, int, int, str], None]
"""Takes a stage, how much of it is done, how much there is to do, and a sentence."""


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Store]:
    """Opens the store that the settings name, for the block."""
    store = create_store(settings.store_url, settings.neo4j_user, settings.neo4j_password.get_secret_value())
    try:
        await store.open()
        yield store
    finally:
        await store.close()


async def store_trained(
    store: Store, settings: Settings, *, tenant: str, curriculum: Curriculum, ranker: Ranker, note: Note
) -> None:
    """Stores a ranker, its models ready to run, and builds its index; what an older one with its id left is removed.

    Args:
        store: Open.
        settings: Say where exported models are kept, and the encoder's precision.
        tenant: Id.
        curriculum: What the ranker was trained for.
        ranker: Trained.
        note: Told how many texts have a vector.

    Raises:
        CurriculumNotFoundError: It was deleted meanwhile.
    """
    encoder = load_encoder(
        ranker.encoder,
        ranker.encoder_adapter,
        cache=settings.model_folder,
        prepared=settings.prepared_models,
        precision=settings.encoder_precision,
    )
    if ranker.reranker:
        # Torch is loaded here anyway; a server that finds the export can do without.
        load_reranker(
            ranker.reranker,
            ranker.reranker_model,
            ranker.reranker_adapter,
            encoder=ranker.encoder,
            encoder_adapter=ranker.encoder_adapter,
            cache=settings.model_folder,
            prepared=settings.prepared_models,
            cache_mebibytes=0,
            threads=1,
        )

    async def encode(texts: Sequence[str]) -> Matrix:
        return encoder.encode(texts)

    async def tell(done: int, total: int) -> bool:
        note("index", done, total, "")
        return True

    before = {
        record.encoder for record in await store.list_indexes(tenant, curriculum.id) if record.ranker == ranker.id
    }
    await store.save_ranker(tenant, store_ranker(ranker, curriculum.id, _read_clock()))
    order = Order(tenant=tenant, curriculum=curriculum, ranker=ranker.id, encoder=encoder.fingerprint)
    await build_index(store, order, encode, tell, _read_clock)
    used = {record.encoder for record in await store.list_indexes(tenant, curriculum.id)}
    for outdated in before - used - {""}:
        names = tenant, curriculum.id, outdated
        await store.drop_vectors(*names, await store.list_vector_hashes(*names))


def _read_clock() -> int:
    """Microseconds since 1970 UTC."""
    return time.time_ns() // 1000
