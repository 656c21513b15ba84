"""Vector sets: what one encoder made of one curriculum, too large to be deleted or indexed in one transaction.

The node of a set says how far that is. `retired`: its vectors are not there for any reader any more and are being
deleted. `indexed`: true while Neo4j's vector index finds them, false while that is being taken down. Whoever stops in
between leaves the mark, and the next call about the curriculum goes on from it.
"""

import hashlib
import struct
from dataclasses import dataclass
from typing import Final

from kg.neo4j_store.database import BATCH, Database, Transaction
from kg.neo4j_store.queries import QUERIES

ONLINE_SECONDS: Final = 1_800
"""How long a vector index may take to read what is there."""

_PIECE: Final = 1_000
"""Vectors sent in one transaction as lists of numbers, which take six times the space of their bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorSet:
    """Names one set.

    Attributes:
        tenant: Id.
        curriculum: Id.
        encoder: Fingerprint of the encoder.
    """

    tenant: str
    curriculum: str
    encoder: str

    @property
    def names(self) -> dict[str, str]:
        """Its key, as the queries take it."""
        return {"tenant": self.tenant, "curriculum": self.curriculum, "encoder": self.encoder}

    @property
    def digest(self) -> str:
        """SHA-256 of `tenant/curriculum/encoder`, hexadecimal: all of a caller's that a statement's text may hold."""
        return hashlib.sha256(f"{self.tenant}/{self.curriculum}/{self.encoder}".encode()).hexdigest()

    @property
    def index(self) -> str:
        """Name of its vector index."""
        return f"nearest_{self.digest}"

    @property
    def label(self) -> str:
        """Label of its vectors, while they are indexed."""
        return f"Nearest_{self.digest}"


def to_values(vector: bytes) -> list[float]:
    """Reads float32, little-endian."""
    return list(struct.unpack(f"<{len(vector) // 4}f", vector))


async def delete_retired(database: Database, tenant: str, curriculum: str) -> None:
    """Deletes the retired sets of a curriculum, piece by piece, also those that another call left behind."""

    async def list_retired(transaction: Transaction) -> list[str]:
        rows = await transaction.list_rows("list_retired_vector_sets", tenant=tenant, curriculum=curriculum)
        return [encoder for (encoder,) in rows]

    for encoder in await database.read(list_retired):
        each = VectorSet(tenant=tenant, curriculum=curriculum, encoder=encoder)
        await _drop_index(database, each)

        async def delete_piece(transaction: Transaction, each: VectorSet = each) -> int:
            retired, _ = await _lock(transaction, each) or (False, None)
            if not retired:  # done by somebody else, or in use again
                return 0
            ((deleted,),) = await transaction.list_rows("delete_vectors", limit=BATCH, **each.names)
            if deleted < BATCH:
                await transaction.list_rows("delete_vector_set", **each.names)
            return int(deleted)

        while await database.write(delete_piece) == BATCH:
            pass


async def build_index(database: Database, vectors: VectorSet, dimension: int) -> None:
    """Makes Neo4j's vector index find all vectors of a set; returns when it does.

    Raises:
        StoreUnavailableError: It took longer than ONLINE_SECONDS; the index goes on being made.
    """
    if not await _begin(database, vectors):
        return
    after: str | None = ""
    while after is not None:
        after = await _index_piece(database, vectors, after)
    (create,) = QUERIES["create_vector_index"]
    await database.run_alone(create.replace("DIGEST", vectors.digest), dimension=dimension)
    (wait,) = QUERIES["await_vector_index"]
    await database.run_alone(wait, index=vectors.index, seconds=ONLINE_SECONDS)
    if not await database.write(lambda transaction: _is_wanted(transaction, vectors)):
        # The set went after its vectors were looked for, and its index with it before this one was made.
        await _drop_index(database, vectors)


async def drop_needless_index(database: Database, vectors: VectorSet, above: int) -> None:
    """Takes a set's vector index down where no index record of more than `above` vectors is left for it."""

    async def begin(transaction: Transaction) -> bool:
        retired, indexed = await _lock(transaction, vectors) or (True, None)
        ((largest,),) = await transaction.list_rows("find_largest_index", **vectors.names)
        if retired or indexed is None or largest > above:
            return False
        await transaction.list_rows("mark_vector_set", indexed=False, **vectors.names)
        return True

    if not await database.write(begin):
        return
    await _drop_index(database, vectors)
    after: str | None = ""
    while after is not None:
        after = await _clear_piece(database, vectors, after)


async def _begin(database: Database, vectors: VectorSet) -> bool:
    async def work(transaction: Transaction) -> bool:
        retired, _ = await _lock(transaction, vectors) or (True, None)
        if not retired:
            await transaction.list_rows("mark_vector_set", indexed=True, **vectors.names)
        return not retired

    return await database.write(work)


async def _index_piece(database: Database, vectors: VectorSet, after: str) -> str | None:
    """Gives some vectors above a hash the label and the numbers; returns the last one's hash, None after the end."""

    async def work(transaction: Transaction) -> str | None:
        if not await _is_wanted(transaction, vectors):
            return None
        found = await transaction.list_rows("list_plain_vectors", after=after, limit=_PIECE, **vectors.names)
        rows = [{"hash": key, "values": to_values(vector)} for key, vector in found]
        await transaction.write_batches("index_vectors", rows, label=vectors.label, **vectors.names)
        return found[-1][0] if found else None

    return await database.write(work)


async def _clear_piece(database: Database, vectors: VectorSet, after: str) -> str | None:
    """Takes label and numbers from some vectors; returns as `_index_piece` does, and ends the taking down."""

    async def work(transaction: Transaction) -> str | None:
        retired, indexed = await _lock(transaction, vectors) or (True, None)
        if retired or indexed is not False:
            return None
        ((last,),) = await transaction.list_rows(
            "clear_vectors", after=after, limit=BATCH, label=vectors.label, **vectors.names
        )
        if last is None:
            await transaction.list_rows("mark_vector_set", indexed=None, **vectors.names)
        return str(last) if last is not None else None

    return await database.write(work)


async def _lock(transaction: Transaction, vectors: VectorSet) -> tuple[bool, bool | None] | None:
    """Reads `retired` and `indexed` under the set's lock; None: there is no such set."""
    await transaction.list_rows("lock_vector_set", **vectors.names)
    row = await transaction.find_row("read_vector_set", **vectors.names)
    return (bool(row[0]), row[1]) if row is not None else None


async def _is_wanted(transaction: Transaction, vectors: VectorSet) -> bool:
    """Says, under the set's lock, whether its vectors are to be indexed."""
    return await _lock(transaction, vectors) == (False, True)


async def _drop_index(database: Database, vectors: VectorSet) -> None:
    (drop,) = QUERIES["drop_vector_index"]
    await database.run_alone(drop.replace("DIGEST", vectors.digest))
