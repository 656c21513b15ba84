"""The schema's versions: what each migration creates, and which one a database has."""

from collections.abc import Sequence
from typing import Final

from kg.errors import SchemaMismatchError
from kg.neo4j_store.database import Database, Transaction
from kg.neo4j_store.queries import QUERIES

MIGRATIONS: Final[Sequence[str]] = ("migration_1", "migration_2", "migration_3", "migration_4", "migration_5")
"""Names of the queries that bring the schema from version 0 to 1, from 1 to 2, and so on. Each may run twice.

Where there is a section of the name and `_data`, it brings the data along once the indexes are there.
"""

NEWEST: Final = len(MIGRATIONS)


async def read_version(database: Database) -> int:
    """Reads the schema's version; 0: the database has none."""

    async def work(transaction: Transaction) -> int:
        ((version,),) = await transaction.list_rows("read_schema_version")
        return version or 0

    return await database.read(work)


async def open_schema(database: Database) -> None:
    """Creates the newest schema where there is none.

    Raises:
        SchemaMismatchError: The database has another version.
    """
    version = await read_version(database)
    if version == 0:
        await migrate_schema(database)
    elif version != NEWEST:
        raise _mismatch(database, version)


async def migrate_schema(database: Database) -> tuple[int, int]:
    """Runs the migrations that are missing; returns the versions before and after.

    Raises:
        SchemaMismatchError: The database is newer than this release.
    """
    before = await read_version(database)
    if before > NEWEST:
        raise _mismatch(database, before)
    for version, name in enumerate(MIGRATIONS[before:], start=before + 1):
        for statement in QUERIES[name]:
            await database.run_alone(statement)
        await database.run_alone(*QUERIES["await_indexes"])
        for statement in QUERIES.get(f"{name}_data", ()):
            await database.run_in_pieces(statement)
        await _write_version(database, version)
    return before, NEWEST


async def _write_version(database: Database, version: int) -> None:
    async def work(transaction: Transaction) -> None:
        await transaction.list_rows("write_schema_version", version=version)

    await database.write(work)


def _mismatch(database: Database, version: int) -> SchemaMismatchError:
    return SchemaMismatchError(
        f"{database.url} has schema version {version}, this release has version {NEWEST}: "
        f"run `graphmasal migrate --store {database.url}` with the newer release"
    )
