"""Operations that build indexes: asked for by a call, by an import, or by a search that finds an index out of date."""

import contextlib
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from kg.errors import RankerNotFoundError
from kg.indexes import IndexRecord
from kg.operations import Operation, OperationKind
from retrieval.rankers import Ranker
from server.backend import Backend
from server.ranker_library import RankerLibrary

AGAIN_SECONDS: Final = 60.0
"""How long after an operation was asked for searches ask for no other, though the index is still not there."""

_PAGE: Final = 1_000

Place = tuple[str, str, str]
"""Ids of tenant, curriculum and ranker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexOrder:
    """What an operation is to build.

    Attributes:
        ranker: Id of the ranker.
        encoder: Name of its encoder; empty: words only.
    """

    ranker: str
    encoder: str


def write_order(ranker: Ranker) -> str:
    """Writes what is to be built as an operation keeps it."""
    return json.dumps({"encoder": ranker.encoder, "ranker": ranker.id}, sort_keys=True)


def read_order(operation: Operation) -> IndexOrder:
    """Reads what `write_order` wrote, also what a later release wrote with further entries."""
    kept = json.loads(operation.request)
    return IndexOrder(ranker=kept["ranker"], encoder=kept["encoder"])


class IndexOperations:
    """Creates operations that build indexes.

    Args:
        backend: What the services share.
        rankers: Say what a curriculum is searched with.
    """

    def __init__(self, backend: Backend, rankers: RankerLibrary) -> None:
        self._backend = backend
        self._rankers = rankers
        self._wanted: dict[Place, float] = {}

    async def begin(self, tenant: str, curriculum: str, ranker: Ranker) -> Operation:
        """Creates an operation."""
        operation = Operation(
            id=self._backend.new_id(),
            kind=OperationKind.INDEX,
            curriculum=curriculum,
            request=write_order(ranker),
            created_at=self._backend.clock(),
        )
        await self._backend.store.create_operation(tenant, operation)
        self._note(tenant, curriculum, ranker)
        self._backend.operation_wanted[OperationKind.INDEX].set()
        return operation

    async def begin_for_version(self, tenant: str, curriculum: str) -> Operation | None:
        """Creates the operations that a new version of a curriculum needs: for its default ranker and every index.

        Returns:
            That for the default ranker; None: it goes by words only, or this server has no libraries for models.
        """
        records = await self._backend.store.list_indexes(tenant, curriculum)
        default = await self._rankers.find(tenant, curriculum, "", records)
        rankers = {default.id: default} if default.encoder else {}
        for record in records:
            # An index whose ranker is gone is of no use to anybody.
            with contextlib.suppress(RankerNotFoundError):
                rankers[record.ranker] = await self._rankers.find(tenant, curriculum, record.ranker, records)
        begun = {
            ranker.id: await self.begin(tenant, curriculum, ranker)
            for ranker in rankers.values()
            if self._rankers.can_build(ranker)
        }
        return begun.get(default.id) if default.encoder else None

    async def ensure(self, tenant: str, curriculum: str, ranker: Ranker) -> None:
        """Creates an operation unless one is open, or was asked for here a moment ago: it may have failed."""
        asked = self._wanted.get((tenant, curriculum, ranker.id))
        if asked is not None and time.monotonic() - asked < AGAIN_SECONDS:
            return
        self._note(tenant, curriculum, ranker)
        if not await self._is_open(tenant, curriculum, ranker.id):
            await self.begin(tenant, curriculum, ranker)

    def _note(self, tenant: str, curriculum: str, ranker: Ranker) -> None:
        now = time.monotonic()
        recent = {place: asked for place, asked in self._wanted.items() if now - asked < AGAIN_SECONDS}
        self._wanted = recent | {(tenant, curriculum, ranker.id): now}

    async def _is_open(self, tenant: str, curriculum: str, ranker: str) -> bool:
        """Says whether such an operation has not ended; linear in the tenant's operations."""
        after = ""
        while page := await self._backend.store.list_operations(tenant, after, _PAGE):
            if any(_is_for(operation, curriculum, ranker) for operation in page):
                return True
            after = page[-1].id
        return False


def _is_for(operation: Operation, curriculum: str, ranker: str) -> bool:
    return (
        operation.kind is OperationKind.INDEX
        and operation.curriculum == curriculum
        and not operation.done
        and read_order(operation).ranker == ranker
    )


def find_record(records: Iterable[IndexRecord], ranker: str) -> IndexRecord | None:
    """Returns the index of a ranker among a curriculum's."""
    return next((record for record in records if record.ranker == ranker), None)
