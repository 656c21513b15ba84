"""The store in Neo4j: its parts, and its opening and closing."""

from kg.neo4j_store.curricula import Curricula
from kg.neo4j_store.database import Database, Transaction
from kg.neo4j_store.evidence import EvidenceLog
from kg.neo4j_store.grading import Grading
from kg.neo4j_store.learners import Learners
from kg.neo4j_store.operations import Operations
from kg.neo4j_store.plans import Plans
from kg.neo4j_store.retrieval import VECTOR_INDEX_ABOVE, Retrieval
from kg.neo4j_store.schema import migrate_schema, open_schema
from kg.neo4j_store.sessions import Sessions
from kg.store import Store


class Neo4jStore(Curricula, Grading, Learners, EvidenceLog, Plans, Operations, Retrieval, Sessions, Store):
    """A store in a Neo4j database, which any number of servers may share.

    Args:
        url: Such as `neo4j://host:7687`.
        user: Name of the database user.
        password: Appears in no message.
        vector_index_above: Sets of more vectors than this get a vector index.
    """

    def __init__(self, url: str, user: str, password: str, *, vector_index_above: int = VECTOR_INDEX_ABOVE) -> None:
        super().__init__(Database(url, user, password), vector_index_above)

    async def open(self) -> None:
        """See `Store.open`."""
        await open_schema(self._database)

    async def migrate(self) -> tuple[int, int]:
        """See `Store.migrate`."""
        return await migrate_schema(self._database)

    async def close(self) -> None:
        """See `Store.close`."""
        await self._database.close()

    async def check(self) -> None:
        """See `Store.check`."""

        async def work(transaction: Transaction) -> None:
            await transaction.list_rows("probe_write")

        await self._database.write(work)
