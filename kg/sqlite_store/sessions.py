"""Tutoring sessions with their records, and what was used of chat models."""

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from kg.errors import (
    LearnerNotFoundError,
    LimitExceededError,
    RevisionConflictError,
    SessionAlreadyExistsError,
    SessionDeletedError,
    SessionNotFoundError,
)
from kg.sessions import MOST_SESSION_BYTES, ModelUsage, Session, SessionRecord, find_key_range, hash_session
from kg.sqlite_store.part import StorePart

_SESSION = ", ".join(Session.__dataclass_fields__)
_USAGE = ", ".join(ModelUsage.__dataclass_fields__)
_PLACE = "tenant = ? AND session = ? AND space = ? AND key = ?"


def delete_sessions(connection: sqlite3.Connection, tenant: str, sessions: Collection[str]) -> None:
    """Deletes sessions with their records within a transaction, and bars their ids for good."""
    names = [(tenant, session) for session in sessions]
    connection.executemany("DELETE FROM session_records WHERE tenant = ? AND session = ?", names)
    connection.executemany("DELETE FROM sessions WHERE tenant = ? AND id = ?", names)
    connection.executemany(
        "INSERT INTO deleted_sessions VALUES (?, ?)", [(tenant, hash_session(*name)) for name in names]
    )


def _find(connection: sqlite3.Connection, tenant: str, session: str) -> Session | None:
    row = connection.execute(
        f"SELECT {_SESSION} FROM sessions WHERE tenant = ? AND id = ?", (tenant, session)
    ).fetchone()
    return None if row is None else _to_session(row)


def _get(connection: sqlite3.Connection, tenant: str, session: str) -> Session:
    found = _find(connection, tenant, session)
    if found is None:
        raise SessionNotFoundError(f"sessions/{session}")
    return found


def _to_session(row: Sequence[Any]) -> Session:
    return Session(**dict(zip(Session.__dataclass_fields__, row, strict=True)))


def _is_deleted(connection: sqlite3.Connection, tenant: str, session: str) -> bool:
    row = connection.execute(
        "SELECT 1 FROM deleted_sessions WHERE tenant = ? AND hash = ?", (tenant, hash_session(tenant, session))
    ).fetchone()
    return row is not None


def _measure(connection: sqlite3.Connection, tenant: str, session: str, places: Iterable[tuple[str, str]]) -> int:
    """Bytes of those records that are there."""
    measure = f"SELECT length(key) + length(value) FROM session_records WHERE {_PLACE}"
    rows = [connection.execute(measure, (tenant, session, *place)).fetchone() for place in places]
    return sum(row[0] for row in rows if row is not None)


class Sessions(StorePart):
    """The store's methods about tutoring sessions and the use of chat models."""

    async def create_session(self, tenant: str, session: Session) -> None:
        """See `Store.create_session`."""

        def job(connection: sqlite3.Connection) -> None:
            if _is_deleted(connection, tenant, session.id):
                raise SessionDeletedError(f"session {session.id} was deleted and stays deleted", [session.id])
            if _find(connection, tenant, session.id):
                raise SessionAlreadyExistsError(f"sessions/{session.id}", f"session {session.id} is there already")
            known = "SELECT 1 FROM learners WHERE tenant = ? AND id = ?"
            if session.learner and connection.execute(known, (tenant, session.learner)).fetchone() is None:
                raise LearnerNotFoundError(f"learners/{session.learner}")
            connection.execute(
                f"INSERT INTO sessions (tenant, {_SESSION}) VALUES (?, ?, ?, ?, ?, ?, 0, '', 0)",
                (tenant, session.id, session.learner, session.curriculum, session.created_at, session.updated_at),
            )

        await self._database.write(job)

    async def get_session(self, tenant: str, session: str) -> Session:
        """See `Store.get_session`."""
        return await self._database.read(lambda connection: _get(connection, tenant, session))

    async def list_sessions(
        self, tenant: str, learner: str, before: tuple[int, str] | None, limit: int
    ) -> list[Session]:
        """See `Store.list_sessions`."""
        whose = "AND learner = ?" if learner else ""
        bound = "AND (created_at, id) < (?, ?)" if before else ""
        rows = await self._select(
            f"""SELECT {_SESSION} FROM sessions WHERE tenant = ? {whose} {bound}
                ORDER BY created_at DESC, id DESC LIMIT ?""",
            tenant,
            *([learner] if learner else []),
            *(before or ()),
            limit,
        )
        return [_to_session(row) for row in rows]

    async def delete_session(self, tenant: str, session: str) -> None:
        """See `Store.delete_session`."""

        def job(connection: sqlite3.Connection) -> None:
            if not _is_deleted(connection, tenant, session):
                delete_sessions(connection, tenant, [_get(connection, tenant, session).id])

        await self._database.write(job)

    async def claim_session(self, tenant: str, session: str, owner: str, *, now: int, until: int) -> bool:
        """See `Store.claim_session`."""

        def job(connection: sqlite3.Connection) -> bool:
            stored = _get(connection, tenant, session)
            if stored.owner not in ("", owner) and stored.owned_until > now:
                return False
            connection.execute(
                "UPDATE sessions SET owner = ?, owned_until = ? WHERE tenant = ? AND id = ?",
                (owner, until, tenant, session),
            )
            return True

        return await self._database.write(job)

    async def release_session(self, tenant: str, session: str, owner: str) -> None:
        """See `Store.release_session`."""
        release = "UPDATE sessions SET owner = '', owned_until = 0 WHERE tenant = ? AND id = ? AND owner = ?"
        await self._database.write(lambda connection: connection.execute(release, (tenant, session, owner)))

    async def write_records(
        self,
        tenant: str,
        session: str,
        records: Sequence[SessionRecord],
        *,
        removed: Collection[tuple[str, str]] = (),
        owner: str = "",
        now: int,
    ) -> None:
        """See `Store.write_records`."""
        written = [(record.space, record.key) for record in records]

        def job(connection: sqlite3.Connection) -> None:
            stored = _get(connection, tenant, session)
            if owner and stored.owner != owner:
                raise RevisionConflictError(f"session {session} has been taken by another")
            size = stored.size - _measure(connection, tenant, session, [*written, *removed])
            size += sum(record.size for record in records)
            if size > MOST_SESSION_BYTES:
                raise LimitExceededError(f"session {session} may hold at most {MOST_SESSION_BYTES} bytes")
            connection.executemany(
                f"DELETE FROM session_records WHERE {_PLACE}", [(tenant, session, *place) for place in removed]
            )
            connection.executemany(
                "INSERT OR REPLACE INTO session_records VALUES (?, ?, ?, ?, ?)",
                [(tenant, session, record.space, record.key, record.value) for record in records],
            )
            connection.execute(
                "UPDATE sessions SET size = ?, updated_at = ? WHERE tenant = ? AND id = ?", (size, now, tenant, session)
            )

        await self._database.write(job)

    async def read_record(self, tenant: str, session: str, space: str, key: str) -> bytes | None:
        """See `Store.read_record`."""
        rows = await self._select(f"SELECT value FROM session_records WHERE {_PLACE}", tenant, session, space, key)
        return rows[0][0] if rows else None

    async def list_records(
        self,
        tenant: str,
        session: str,
        space: str,
        *,
        after: str = "",
        prefix: str = "",
        limit: int,
        last: bool = False,
    ) -> list[tuple[str, bytes]]:
        """See `Store.list_records`."""
        start, end = find_key_range(after, prefix)
        rows = await self._select(
            f"""SELECT key, value FROM session_records
                WHERE tenant = ? AND session = ? AND space = ? AND key >= ? AND key < ? AND key <> ?
                ORDER BY key {"DESC" if last else ""} LIMIT ?""",
            tenant,
            session,
            space,
            start,
            end,
            after,
            limit,
        )
        return rows[::-1] if last else rows

    async def add_usage(self, tenant: str, day: str, usage: ModelUsage) -> None:
        """See `Store.add_usage`."""
        counts = ("calls", "input_tokens", "output_tokens", "cost_micros")
        add = f"""INSERT INTO model_usage (tenant, day, {_USAGE}) VALUES (?, ?, ?, ?, ?, ?, ?)
                  ON CONFLICT DO UPDATE SET {", ".join(f"{name} = {name} + excluded.{name}" for name in counts)}"""
        values = (tenant, day, usage.model, *(getattr(usage, name) for name in counts))
        await self._database.write(lambda connection: connection.execute(add, values))

    async def list_usage(self, tenant: str, day: str) -> list[ModelUsage]:
        """See `Store.list_usage`."""
        rows = await self._select(
            f"SELECT {_USAGE} FROM model_usage WHERE tenant = ? AND day = ? ORDER BY model", tenant, day
        )
        return [ModelUsage(**dict(zip(ModelUsage.__dataclass_fields__, row, strict=True))) for row in rows]
