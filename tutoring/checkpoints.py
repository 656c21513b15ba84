"""The graph's checkpoints, kept as records of a session in the store."""

import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import suppress
from typing import Any, Final
from urllib.parse import quote, unquote

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_id,
    get_checkpoint_metadata,
    writes_sort_key,
)
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from kg.errors import SessionAlreadyExistsError, SessionNotFoundError
from kg.sessions import MOST_SESSION_BYTES, Session, SessionRecord
from kg.store import Store

_CHECKPOINTS: Final = "checkpoints"
"""Key: namespace/id; ids ascend with time."""
_WRITES: Final = "writes"
"""Key: namespace/id/task/index, of the checkpoint that they are to follow."""
_ALL: Final = MOST_SESSION_BYTES
"""No session has more records: each takes a byte at least."""
_PAGE: Final = 100
"""Sessions read at a time."""


def _read_clock() -> int:
    return time.time_ns() // 1000


def _make_key(*parts: str) -> str:
    """A part may be any text, such as a namespace with the name of a node in it."""
    return "/".join(quote(part, safe="") for part in parts)


def _get_place(config: RunnableConfig) -> tuple[str, str]:
    """Thread and namespace."""
    return config["configurable"]["thread_id"], config["configurable"].get("checkpoint_ns", "")


def _make_config(thread: str, namespace: str, checkpoint: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread, "checkpoint_ns": namespace, "checkpoint_id": checkpoint}}


class SessionSaver(BaseCheckpointSaver[int]):
    """Keeps the checkpoints of one tenant's sessions: a thread is a session, its id the session's.

    A checkpoint is kept whole, since the state is small and of plain JSON values; there are no channels that are put
    together from earlier checkpoints. What is written late does not bring a deleted session back:
    `SessionDeletedError` is raised. There are no synchronous methods.

    Args:
        store: Where they are kept.
        tenant: Id.
        owner: Who must hold a session that is written to; empty: anybody may write. `RevisionConflictError` is raised
            once another has taken it.
        clock: Gives the time of writing, microseconds since 1970 UTC.
    """

    def __init__(self, store: Store, tenant: str, owner: str = "", clock: Callable[[], int] = _read_clock) -> None:
        # Nothing is revived but what langgraph itself writes.
        super().__init__(serde=JsonPlusSerializer(pickle_fallback=False, allowed_msgpack_modules=None))
        self._store = store
        self._tenant = tenant
        self._owner = owner
        self._clock = clock

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Reads a checkpoint, the latest of its namespace where none is named, with the writes that follow it."""
        thread, namespace = _get_place(config)
        if checkpoint := get_checkpoint_id(config):
            key = _make_key(namespace, checkpoint)
            value = await self._store.read_record(self._tenant, thread, _CHECKPOINTS, key)
            return None if value is None else await self._read_tuple(thread, key, value)
        latest = await self._list(thread, _CHECKPOINTS, _make_key(namespace, ""), limit=1, last=True)
        return await self._read_tuple(thread, *latest[0]) if latest else None

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 (the base class calls it so)
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Yields checkpoints, the newest first in each thread; of all the tenant's threads where there is no `config`.

        Args:
            config: Thread and, where they are given, namespace and checkpoint.
            filter: What their metadata has to hold.
            before: They are older than this checkpoint.
            limit: At most so many.
        """
        namespace = config["configurable"].get("checkpoint_ns") if config else None
        prefix = "" if namespace is None else _make_key(namespace, "")
        wanted = get_checkpoint_id(config) if config else None
        end = get_checkpoint_id(before) if before else None
        left = _ALL if limit is None else limit
        async for thread in self._list_threads(config):
            records = await self._list(thread, _CHECKPOINTS, prefix)
            for key, value in sorted(records, key=lambda record: record[0].partition("/")[2], reverse=True):
                if left <= 0:
                    return
                found = await self._read_tuple(thread, key, value)
                if (
                    found.checkpoint["id"] == (wanted or found.checkpoint["id"])
                    and (end is None or found.checkpoint["id"] < end)
                    and (filter or {}).items() <= found.metadata.items()
                ):
                    left -= 1
                    yield found

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Keeps a checkpoint; `config` names its parent. A session that there never was comes into being.

        Raises:
            SessionDeletedError: The session was deleted.
            RevisionConflictError: Another holds the session.
            LimitExceededError: The session would grow too large.
        """
        thread, namespace = _get_place(config)
        kept = [checkpoint, get_checkpoint_metadata(config, metadata), get_checkpoint_id(config)]
        key = _make_key(namespace, checkpoint["id"])
        await self._write(thread, [SessionRecord(space=_CHECKPOINTS, key=key, value=self._dump(kept))])
        return _make_config(thread, namespace, checkpoint["id"])

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Keeps what a task wrote after a checkpoint; what it wrote first stays, but for errors and interrupts.

        Raises:
            SessionDeletedError: The session was deleted.
            RevisionConflictError: Another holds the session.
            LimitExceededError: The session would grow too large.
        """
        thread, namespace = _get_place(config)
        task = _make_key(namespace, config["configurable"]["checkpoint_id"], task_id)
        there = {key for key, _ in await self._list(thread, _WRITES, f"{task}/")}
        records = []
        for place, (channel, value) in enumerate(writes):
            index = WRITES_IDX_MAP.get(channel, place)
            key = f"{task}/{index}"
            if index < 0 or key not in there:
                kept = self._dump([task_path, task_id, index, channel, value])
                records.append(SessionRecord(space=_WRITES, key=key, value=kept))
        await self._write(thread, records)

    async def adelete_thread(self, thread_id: str) -> None:
        """Deletes the session for good, with all that is in it."""
        with suppress(SessionNotFoundError):
            await self._store.delete_session(self._tenant, thread_id)

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Deletes the checkpoints of some runs, with their writes; reads all sessions of the tenant."""
        if not run_ids:
            return
        async for thread in self._list_threads(None):
            records = await self._list(thread, _CHECKPOINTS)
            await self._remove(thread, [key for key, value in records if self._load(value)[1].get("run_id") in run_ids])

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Copies checkpoints and writes to another session; nothing where there are none."""
        records = [
            SessionRecord(space=space, key=key, value=value)
            for space in (_CHECKPOINTS, _WRITES)
            for key, value in await self._list(source_thread_id, space)
        ]
        await self._write(target_thread_id, records)

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Deletes checkpoints with their writes, and leaves the sessions.

        Args:
            thread_ids: Of sessions; those that are not there are passed over.
            strategy: `keep_latest` keeps the last checkpoint of each namespace, `delete` none.

        Raises:
            ValueError: Another strategy is asked for.
            RevisionConflictError: Another holds a session.
        """
        if strategy not in ("keep_latest", "delete"):
            raise ValueError(f"there is no strategy {strategy!r}")
        for thread in thread_ids:
            keys = [key for key, _ in await self._list(thread, _CHECKPOINTS)]
            latest = {key.partition("/")[0]: key for key in keys} if strategy == "keep_latest" else {}
            await self._remove(thread, set(keys).difference(latest.values()))

    async def _list_threads(self, config: RunnableConfig | None) -> AsyncIterator[str]:
        """The thread that is named; else all, the newest first."""
        if config:
            yield _get_place(config)[0]
            return
        before = None
        while page := await self._store.list_sessions(self._tenant, "", before, _PAGE):
            for session in page:
                yield session.id
            before = page[-1].created_at, page[-1].id

    async def _list(
        self, thread: str, space: str, prefix: str = "", *, limit: int = _ALL, last: bool = False
    ) -> list[tuple[str, bytes]]:
        return await self._store.list_records(self._tenant, thread, space, prefix=prefix, limit=limit, last=last)

    async def _read_tuple(self, thread: str, key: str, value: bytes) -> CheckpointTuple:
        checkpoint, metadata, parent = self._load(value)
        namespace = unquote(key.partition("/")[0])
        writes = [self._load(write) for _, write in await self._list(thread, _WRITES, f"{key}/")]
        writes.sort(key=lambda write: writes_sort_key(*write[:3]))
        return CheckpointTuple(
            config=_make_config(thread, namespace, checkpoint["id"]),
            checkpoint=checkpoint,
            metadata=metadata,
            parent_config=_make_config(thread, namespace, parent) if parent else None,
            pending_writes=[(task, channel, written) for _, task, _, channel, written in writes],
        )

    async def _write(self, thread: str, records: Sequence[SessionRecord]) -> None:
        if not records:
            return
        now = self._clock()
        try:
            await self._store.write_records(self._tenant, thread, records, owner=self._owner, now=now)
        except SessionNotFoundError:
            with suppress(SessionAlreadyExistsError):
                session = Session(id=thread, created_at=now, updated_at=now)
                await self._store.create_session(self._tenant, session)
            await self._store.write_records(self._tenant, thread, records, owner=self._owner, now=now)

    async def _remove(self, thread: str, checkpoints: Collection[str]) -> None:
        """Removes checkpoints by their keys, with the writes that follow them."""
        if not checkpoints:
            return
        removed = [(_CHECKPOINTS, key) for key in sorted(checkpoints)]
        for key, _ in await self._list(thread, _WRITES):
            if key.rsplit("/", 2)[0] in checkpoints:
                removed.append((_WRITES, key))
        with suppress(SessionNotFoundError):
            await self._store.write_records(
                self._tenant, thread, [], removed=removed, owner=self._owner, now=self._clock()
            )

    def _dump(self, kept: list[Any]) -> bytes:
        return self.serde.dumps_typed(kept)[1]

    def _load(self, value: bytes) -> Any:
        return self.serde.loads_typed(("msgpack", value))
