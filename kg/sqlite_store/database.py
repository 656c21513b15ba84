"""One SQLite file: a single writer with group commit, and readers that do not wait for it."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from kg.errors import SchemaMismatchError, StoreUnavailableError
from kg.sqlite_store.schema import MIGRATIONS, VERSION

Result = TypeVar("Result")
Job = Callable[[sqlite3.Connection], Result]

_READERS = 4
_LARGEST_GROUP = 64
_BUSY_SECONDS = 30.0


def run_to_end(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Runs a coroutine that awaits nothing but SQLite's methods, which never suspend.

    So the ledger's code, written once for all stores, runs on the writer's thread without an event loop.

    Raises:
        RuntimeError: It awaited something else.
    """
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: Result = stop.value
        return result
    coroutine.close()
    raise RuntimeError("a SQLite transaction may await nothing but the transaction's own methods")


@dataclass(frozen=True, slots=True)
class _Task:
    job: Job[Any]
    result: "Future[Any]"


class Database:
    """Runs jobs against one file. Writes are acknowledged after their commit has reached the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._readers: ThreadPoolExecutor | None = None
        self._writer: threading.Thread | None = None
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []

    def open(self) -> None:
        """Opens or creates the file and starts the threads.

        Raises:
            SchemaMismatchError: The file has another schema version.
            StoreUnavailableError: It cannot be opened.
        """
        with self._connected() as connection:
            found = _read_version(connection)
            if found == 0:
                self._apply_migrations(connection)
            elif found != VERSION:
                raise SchemaMismatchError(self._describe_mismatch(found))
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="sqlite-reader")
        self._writer = threading.Thread(target=self._write_groups, name="sqlite-writer", daemon=True)
        self._writer.start()

    def migrate(self) -> tuple[int, int]:
        """Applies the missing migrations; returns the versions before and after.

        Raises:
            SchemaMismatchError: The file is newer than this release.
        """
        with self._connected() as connection:
            found = _read_version(connection)
            if found > VERSION:
                raise SchemaMismatchError(self._describe_mismatch(found))
            self._apply_migrations(connection)
            return found, VERSION

    def close(self) -> None:
        """Finishes the jobs under way and closes every connection."""
        if self._writer is not None:
            self._tasks.put(None)
            self._writer.join()
            self._writer = None
        if self._readers is not None:
            self._readers.shutdown()
            self._readers = None
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    async def write(self, job: Job[Result]) -> Result:
        """Runs a job in a transaction of its own inside the next group commit; returns after the commit.

        A job that has begun goes on if the caller is cancelled. Raises what the job raises, or StoreUnavailableError.
        """
        if self._writer is None:
            raise StoreUnavailableError("the store is closed")
        task = _Task(job, Future())
        self._tasks.put(task)
        result: Result = await asyncio.wrap_future(task.result)
        return result

    async def read(self, job: Job[Result]) -> Result:
        """Runs a job that only reads, in one transaction that sees one moment."""
        if self._readers is None:
            raise StoreUnavailableError("the store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._run_read, job)

    def _run_read(self, job: Job[Result]) -> Result:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        with _translate_errors(self.path):
            if connection is None:
                connection = self._local.connection = self._connect()
                connection.execute("PRAGMA query_only = ON")
                self._connections.append(connection)
            connection.execute("BEGIN")
            try:
                return job(connection)
            finally:
                connection.rollback()

    def _write_groups(self) -> None:
        connection = self._connect()
        while (task := self._tasks.get()) is not None:
            group = [task]
            while len(group) < _LARGEST_GROUP and not self._tasks.empty():
                following = self._tasks.get()
                if following is None:
                    self._tasks.put(None)
                    break
                group.append(following)
            # From here on a caller who gives up can no longer cancel, so that handing over the result cannot fail.
            self._write_group(connection, [task for task in group if task.result.set_running_or_notify_cancel()])
        connection.close()

    def _write_group(self, connection: sqlite3.Connection, group: list[_Task]) -> None:
        outcomes: list[tuple[_Task, Any, BaseException | None]] = []
        try:
            with _translate_errors(self.path):
                connection.execute("BEGIN IMMEDIATE")
                for task in group:
                    outcomes.append((task, *_run_in_savepoint(connection, task.job)))
                connection.execute("COMMIT")
        except Exception as error:
            if connection.in_transaction:
                connection.rollback()
            outcomes = [(task, None, error) for task in group]
        for task, result, failure in outcomes:
            if failure is not None:
                task.result.set_exception(failure)
            else:
                task.result.set_result(result)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        connection.execute("PRAGMA journal_mode = WAL")
        # NORMAL would survive a kill, not a power cut.
        connection.execute("PRAGMA synchronous = FULL")
        # What is deleted or replaced is overwritten, so that no page of the file holds what an erasure was to remove.
        connection.execute("PRAGMA secure_delete = ON")
        return connection

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with _translate_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Learners' data is nobody else's to read.
            self.path.touch(mode=0o600, exist_ok=True)
            connection = self._connect()
            try:
                yield connection
            finally:
                connection.close()

    def _apply_migrations(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        # Read again under the lock: another process may have been faster.
        for migration in MIGRATIONS[_read_version(connection) :]:
            for statement in _split_statements(migration):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")

    def _describe_mismatch(self, found: int) -> str:
        if found > VERSION:
            return f"{self.path} has schema version {found}; this release knows {VERSION}: use a newer release"
        return (
            f"{self.path} has schema version {found}, this release needs {VERSION}: "
            f"run `graphmasal migrate --store sqlite:{self.path}`"
        )


def _read_version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _split_statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _run_in_savepoint(connection: sqlite3.Connection, job: Job[Any]) -> tuple[Any, BaseException | None]:
    """Runs one job of a group, so that its failure undoes nothing of the others."""
    connection.execute("SAVEPOINT job")
    try:
        result = job(connection)
    except sqlite3.OperationalError:
        raise
    except Exception as error:
        connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")
        return None, error
    connection.execute("RELEASE job")
    return result, None


@contextmanager
def _translate_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.OperationalError, sqlite3.DatabaseError, OSError) as error:
        raise StoreUnavailableError(f"the store {path} does not answer: {error}") from error
