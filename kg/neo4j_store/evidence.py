"""The log of evidence, and the transactions that write to it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from kg.evidence import Evidence, Position
from kg.ledger import LedgerTransaction
from kg.neo4j_store.database import Transaction
from kg.neo4j_store.ledger import Neo4jLedgerTransaction, to_evidence
from kg.neo4j_store.part import StorePart

Result = TypeVar("Result")


class EvidenceLog(StorePart):
    """The store's methods about evidence."""

    async def run_ledger(
        self, tenant: str, work: Callable[[LedgerTransaction], Awaitable[Result]], *, write: bool, now: int = 0
    ) -> Result:
        """See `Store.run_ledger`."""

        async def bound(transaction: Transaction) -> Result:
            return await work(Neo4jLedgerTransaction(transaction, tenant, now))

        return await (self._database.write(bound) if write else self._database.read(bound))

    async def list_evidence(
        self, tenant: str, learner: str, curriculum: str, after: Position, limit: int
    ) -> list[Evidence]:
        """See `Store.list_evidence`."""
        rows = await self._list_rows(
            "list_evidence",
            tenant=tenant,
            learner=learner,
            curriculum=curriculum,
            at=after.occurred_at,
            id=after.id,
            limit=limit,
        )
        return [to_evidence(properties) for (properties,) in rows]
