"""A real Neo4j server run from its jars: for the tests, and for trying the product without Docker.

``python -m tests.neo4j_server`` starts one in a temporary folder and runs it until Ctrl-C.
"""

import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import quote, unquote, urlsplit

from neo4j import GraphDatabase
from neo4j.exceptions import AuthError, DriverError, Neo4jError

from tests.neo4j_jars import Neo4jServerError, download_jars, require_java, run, say, tail

START_S = 90.0
STOP_S = 20.0

CONF = """\
server.directories.data={home}/data
server.directories.logs={home}/logs
server.default_listen_address=127.0.0.1
server.bolt.listen_address=127.0.0.1:{port}
server.bolt.advertised_address=127.0.0.1:{port}
server.http.enabled=false
dbms.security.auth_enabled=true
dbms.usage_report.enabled=false
server.memory.pagecache.size=128m
# Without these a log of 256 MB is laid out per database, and each stop idles for 10 s. Commits are still fsynced.
db.tx_log.preallocate=false
internal.dbms.bolt.netty_server_shutdown_quiet_period=0
"""
# One collector thread does for a small heap and leaves the cores to the tests; Neo4j's page cache wants the opens.
JVM = ["-Xms512m", "-Xmx1g", "-XX:+UseSerialGC"]
JVM += [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in ("java.nio", "java.io", "sun.nio.ch")]


@dataclass(frozen=True)
class Neo4jAddress:
    """Where a Neo4j server answers, and as whom to talk to it."""

    url: str
    user: str
    password: str = field(repr=False)

    @classmethod
    def parse(cls, setting: str) -> Self:
        """Read ``neo4j://user:password@host:port``.

        Raises:
            ValueError: the text has another form; the message does not repeat it, since it may hold a password.
        """
        parts = urlsplit(setting)
        if not (parts.scheme.startswith(("neo4j", "bolt")) and parts.hostname and parts.username and parts.password):
            raise ValueError("a Neo4j server is named as neo4j://user:password@host:port")
        host = parts.netloc.rpartition("@")[2]
        return cls(f"{parts.scheme}://{host}", unquote(parts.username), unquote(parts.password))

    @property
    def setting(self) -> str:
        """The address as one text, as ``GRAPHMASAL_STORE`` takes it and ``parse`` reads it."""
        scheme, _, host = self.url.partition("://")
        return f"{scheme}://{quote(self.user, safe='')}:{quote(self.password, safe='')}@{host}"

    def wait_until_answers(self, alive: Callable[[], bool] = lambda: True) -> None:
        """Return once a query is answered.

        Args:
            alive: whether the server still runs, where the caller can tell.

        Raises:
            Neo4jServerError: it died, or did not answer in time.
        """
        deadline = time.monotonic() + START_S
        while alive():
            try:
                self._query()
                return
            except AuthError:  # waiting cannot help, and failed tries lock the user out
                raise
            except (OSError, DriverError, Neo4jError) as error:
                if time.monotonic() > deadline:
                    raise Neo4jServerError(f"Neo4j at {self.url} did not answer in {START_S:.0f} s: {error}") from error
                time.sleep(0.1)
        raise Neo4jServerError(f"Neo4j at {self.url} ended before it answered")

    def _query(self) -> None:
        parts = urlsplit(self.url)
        # A bare socket first: the driver logs a warning for each try on a closed port.
        socket.create_connection((parts.hostname, parts.port or 7687), timeout=5).close()
        # The limit is for a port where something else listens and never speaks Bolt.
        driver = GraphDatabase.driver(
            self.url, auth=(self.user, self.password), connection_timeout=10, connection_acquisition_timeout=10
        )
        with driver, driver.session() as session:
            session.run("RETURN 1").consume()


class Neo4jServer:
    """A Neo4j server of our own, on loopback, which ends with this process at the latest.

    After ``stop`` or ``kill``, ``start`` brings it back on the same port and data.

    Args:
        home: an empty folder for its configuration, data and logs.
        jars: what ``download_jars`` returned.
    """

    def __init__(self, home: Path, jars: Path) -> None:
        self.home = home.resolve()
        self.address = Neo4jAddress(f"neo4j://127.0.0.1:{_free_port()}", "neo4j", secrets.token_hex(12))
        self._java = require_java()
        self._jars = jars.resolve()
        self._laid_out = False
        self._process: subprocess.Popen[bytes] | None = None
        self._end: Callable[[], object] = lambda: None

    @property
    def url(self) -> str:
        """``neo4j://127.0.0.1:PORT``."""
        return self.address.url

    @property
    def user(self) -> str:
        """The only user."""
        return self.address.user

    @property
    def password(self) -> str:
        """The user's password, drawn anew for each server."""
        return self.address.password

    @property
    def pid(self) -> int:
        """The id of the running Java process."""
        if self._process is None:
            raise Neo4jServerError("Neo4j is not running")
        return self._process.pid

    def start(self) -> None:
        """Start the server and return once it answers.

        Raises:
            Neo4jServerError: it runs already, or did not come up; then the message ends with the tail of its log.
        """
        if self._process is not None:
            raise Neo4jServerError(f"Neo4j runs already, as process {self.pid}")
        if not self._laid_out:
            self._lay_out()
            self._laid_out = True
        process = self._process = self._spawn()
        try:
            self.address.wait_until_answers(lambda: process.poll() is None)
        except Neo4jServerError as error:
            self.stop()
            raise Neo4jServerError(f"{error}\n{self.log_tail()}") from error
        except BaseException:  # Ctrl-C too
            self.stop()
            raise

    def stop(self) -> None:
        """Shut the server down in order; nothing happens if it is not running."""
        self._end()
        self._process = None

    def kill(self) -> None:
        """End the server at once with SIGKILL, as a crash would."""
        if self._process is not None:
            self._process.kill()
        self.stop()

    def restart(self) -> None:
        """Stop the server if it runs, and start it on the same port and data."""
        self.stop()
        self.start()

    def wait(self) -> None:
        """Return when the server has ended by itself."""
        if self._process is not None:
            self._process.wait()

    def log_tail(self) -> str:
        """The last lines that the server wrote."""
        return tail((self.home / "logs" / "console.log").read_text(errors="replace"))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _lay_out(self) -> None:
        for name in ("conf", "data", "logs"):  # refuses the folder of another server, whose password is not ours
            (self.home / name).mkdir(parents=True)
        (self.home / "lib").symlink_to(self._jars)
        port = self.url.rpartition(":")[2]
        (self.home / "conf" / "neo4j.conf").write_text(CONF.format(home=self.home, port=port))
        # The tool itself and not Neo4jAdminCommand, which runs it in a second Java: twice as slow, and may outlive us.
        admin = ["org.neo4j.cli.AdminTool", "dbms", "set-initial-password", self.password]
        folders = {"NEO4J_HOME": str(self.home), "NEO4J_CONF": str(self.home / "conf")}
        run([self._java, "-cp", f"{self.home}/lib/*", *admin], env=os.environ | folders)

    def _spawn(self) -> subprocess.Popen[bytes]:
        entry = ["org.neo4j.server.CommunityEntryPoint", f"--home-dir={self.home}", f"--config-dir={self.home}/conf"]
        command = [self._java, *JVM, "-cp", f"{self.home}/lib/*", *entry, "--console-mode"]
        with (self.home / "logs" / "console.log").open("ab") as log:
            # In a session of its own, so that Ctrl-C reaches the tests alone and they decide how it ends.
            process = subprocess.Popen(
                command, cwd=self.home, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        # Runs once: by stop(), when this object is collected, or at exit.
        self._end = weakref.finalize(self, _end, process, _watch(process.pid))
        return process


def _watch(pid: int) -> subprocess.Popen[bytes]:
    """Start a watcher that kills the server once this process is gone, even by SIGKILL: its input ends then."""
    script = ["sh", "-c", 'read -r _; kill -9 "$0"', str(pid)]
    return subprocess.Popen(
        script, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def _end(process: subprocess.Popen[bytes], watcher: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        with watcher:  # closes its input, so it must be dead by then
            watcher.kill()


def _free_port() -> int:
    """A port below those given to outgoing connections, so none of them takes it while the server is down."""
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise Neo4jServerError("no free port between 20000 and 32000")


def main() -> None:
    """Run a server in a temporary folder until Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        jars = download_jars()
        with tempfile.TemporaryDirectory(prefix="graphmasal-neo4j-") as home:
            say("starting Neo4j (about 10 s) ...")
            with Neo4jServer(Path(home), jars) as server:
                print(f"GRAPHMASAL_STORE={server.address.setting}", flush=True)
                say("running until Ctrl-C, which also removes its data")
                server.wait()
                sys.exit(f"Neo4j ended by itself:\n{server.log_tail()}")
    except KeyboardInterrupt:
        say("stopped")
    except Neo4jServerError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
