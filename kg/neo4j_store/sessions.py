"""Tutoring sessions with their records, and what was used of chat models."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any, Final

from kg.errors import (
    LearnerNotFoundError,
    LimitExceededError,
    RevisionConflictError,
    SessionAlreadyExistsError,
    SessionDeletedError,
    SessionNotFoundError,
)
from kg.neo4j_store.database import BATCH, Transaction
from kg.neo4j_store.part import StorePart
from kg.sessions import MOST_SESSION_BYTES, ModelUsage, Session, SessionRecord, find_key_range, hash_session

_BEYOND_ALL: Final = (2**62, "")
"""Above every session."""


def _to_session(properties: dict[str, Any]) -> Session:
    return Session(**{name: value for name, value in properties.items() if name != "tenant"})


async def delete_sessions(transaction: Transaction, tenant: str, sessions: Collection[str]) -> None:
    """Deletes sessions with their records, under their learners' locks, and bars their ids for good."""
    rows = [{"session": session, "hash": hash_session(tenant, session)} for session in sorted(sessions)]
    for start in range(0, len(rows), BATCH):
        some = {"tenant": tenant, "rows": rows[start : start + BATCH]}
        await transaction.list_rows("lock_sessions", **some)
        await transaction.delete_batches("delete_session_records", **some)
        await transaction.list_rows("delete_sessions", **some)


async def _lock(transaction: Transaction, tenant: str, session: str) -> Session:
    """Reads a session under its lock. Raises SessionNotFoundError."""
    row = await transaction.find_row("lock_session", tenant=tenant, session=session)
    if row is None:
        raise SessionNotFoundError(f"sessions/{session}")
    return _to_session(row[0])


async def _is_deleted(transaction: Transaction, tenant: str, session: str) -> bool:
    hashed = hash_session(tenant, session)
    return await transaction.find_row("find_deleted_session", tenant=tenant, hash=hashed) is not None


class Sessions(StorePart):
    """The store's methods about tutoring sessions and the use of chat models."""

    async def create_session(self, tenant: str, session: Session) -> None:
        """See `Store.create_session`."""
        names = {"tenant": tenant, "session": session.id}
        deleted = SessionDeletedError(f"session {session.id} was deleted and stays deleted", [session.id])

        async def work(transaction: Transaction) -> None:
            # A session must not come into being while its learner is erased.
            learner = {"tenant": tenant, "learner": session.learner}
            known = not session.learner or await transaction.find_row("lock_learner", **learner) is not None
            if await _is_deleted(transaction, tenant, session.id):
                raise deleted
            if await transaction.find_row("get_session", **names) is not None:
                raise SessionAlreadyExistsError(f"sessions/{session.id}", f"session {session.id} is there already")
            if not known:
                raise LearnerNotFoundError(f"learners/{session.learner}")
            properties = {**asdict(session), "size": 0, "owner": "", "owned_until": 0}
            await transaction.list_rows("create_session", properties=properties, learner=session.learner, **names)
            # Another may have come into being and been deleted since; from now on none can.
            if await _is_deleted(transaction, tenant, session.id):
                raise deleted

        await self._database.write(work)

    async def get_session(self, tenant: str, session: str) -> Session:
        """See `Store.get_session`."""
        row = await self._find_row("get_session", tenant=tenant, session=session)
        if row is None:
            raise SessionNotFoundError(f"sessions/{session}")
        return _to_session(row[0])

    async def list_sessions(
        self, tenant: str, learner: str, before: tuple[int, str] | None, limit: int
    ) -> list[Session]:
        """See `Store.list_sessions`."""
        at, name = before or _BEYOND_ALL
        rows = await self._list_rows(
            "list_sessions_of_learner" if learner else "list_sessions",
            tenant=tenant,
            learner=learner,
            at=at,
            id=name,
            limit=limit,
        )
        return [_to_session(properties) for (properties,) in rows]

    async def delete_session(self, tenant: str, session: str) -> None:
        """See `Store.delete_session`."""

        async def work(transaction: Transaction) -> None:
            # As an erasure: the learner first, then the session.
            await transaction.list_rows("lock_learner_of_session", tenant=tenant, session=session)
            try:
                await _lock(transaction, tenant, session)
            except SessionNotFoundError:
                if not await _is_deleted(transaction, tenant, session):
                    raise
            else:
                await delete_sessions(transaction, tenant, [session])

        await self._database.write(work)

    async def claim_session(self, tenant: str, session: str, owner: str, *, now: int, until: int) -> bool:
        """See `Store.claim_session`."""

        async def work(transaction: Transaction) -> bool:
            stored = await _lock(transaction, tenant, session)
            if stored.owner not in ("", owner) and stored.owned_until > now:
                return False
            await transaction.list_rows("claim_session", tenant=tenant, session=session, owner=owner, until=until)
            return True

        return await self._database.write(work)

    async def release_session(self, tenant: str, session: str, owner: str) -> None:
        """See `Store.release_session`."""

        async def work(transaction: Transaction) -> None:
            await transaction.list_rows("release_session", tenant=tenant, session=session, owner=owner)

        await self._database.write(work)

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
        names = {"tenant": tenant, "session": session}
        written = [{**asdict(record), "size": record.size} for record in records]
        gone = [{"space": space, "key": key} for space, key in removed]
        places = [*gone, *({"space": record.space, "key": record.key} for record in records)]

        async def work(transaction: Transaction) -> None:
            stored = await _lock(transaction, tenant, session)
            if owner and stored.owner != owner:
                raise RevisionConflictError(f"session {session} has been taken by another")
            ((replaced,),) = await transaction.list_rows("measure_records", rows=places, **names)
            size = stored.size - replaced + sum(record.size for record in records)
            if size > MOST_SESSION_BYTES:
                raise LimitExceededError(f"session {session} may hold at most {MOST_SESSION_BYTES} bytes")
            await transaction.write_batches("remove_records", gone, **names)
            await transaction.write_batches("put_records", written, **names)
            await transaction.list_rows("update_session", size=size, now=now, **names)

        await self._database.write(work)

    async def read_record(self, tenant: str, session: str, space: str, key: str) -> bytes | None:
        """See `Store.read_record`."""
        row = await self._find_row("read_record", tenant=tenant, session=session, space=space, key=key)
        return bytes(row[0]) if row is not None else None

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
        rows = await self._list_rows(
            "list_last_records" if last else "list_records",
            tenant=tenant,
            session=session,
            space=space,
            after=after,
            start=start,
            end=end,
            limit=limit,
        )
        return [(key, bytes(value)) for key, value in (reversed(rows) if last else rows)]

    async def add_usage(self, tenant: str, day: str, usage: ModelUsage) -> None:
        """See `Store.add_usage`."""

        async def work(transaction: Transaction) -> None:
            await transaction.list_rows("add_usage", tenant=tenant, day=day, **asdict(usage))

        await self._database.write(work)

    async def list_usage(self, tenant: str, day: str) -> list[ModelUsage]:
        """See `Store.list_usage`."""
        rows = await self._list_rows("list_usage", tenant=tenant, day=day)
        return [
            ModelUsage(**{name: value for name, value in properties.items() if name not in ("tenant", "day")})
            for (properties,) in rows
        ]
