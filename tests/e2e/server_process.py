"""A server in a process of its own, as an installation runs it."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from graphmasal.client import Client, connect


class ServerProcess:
    """`graphmasal serve` on a free port; `start` may follow `kill`.

    Args:
        store: Setting of the store.
        home: Folder for its settings and its log.
    """

    def __init__(self, store: str, home: Path) -> None:
        self._environment = os.environ | {"GRAPHMASAL_STORE": store, "GRAPHMASAL_HOME": str(home)}
        self._log = home / "server.log"
        self._process: subprocess.Popen[str] | None = None
        self.address = ""

    def start(self) -> None:
        """Starts it and returns once it listens."""
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "graphmasal.cli.main", "serve", "--listen", "127.0.0.1:0"],
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()
        if not self.address:
            self._reap()
        assert self.address, f"the server did not start:\n{self._log.read_text()}"

    @property
    def pid(self) -> int:
        """Id of the running process."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """Ends it with SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._reap()

    def stop(self) -> int:
        """Asks it to end and returns its exit status."""
        assert self._process is not None
        self._process.terminate()
        return self._reap()

    def connect(self, tenant: str) -> Client:
        """Opens a client."""
        return connect(self.address, tenant)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            self._reap()

    def _reap(self) -> int:
        process, self._process = self._process, None
        assert process is not None
        assert process.stdout is not None
        with process.stdout:
            return process.wait()
