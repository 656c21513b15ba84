"""Which Neo4j server the tests use: one that is named, one in Docker, or one run from its jars."""

import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.neo4j_jars import Neo4jServerError, download_jars, require_java, say
from tests.neo4j_server import Neo4jAddress, Neo4jServer

IMAGE = "neo4j:5.26-community"
NAMED = "GRAPHMASAL_TEST_NEO4J"


@dataclass(frozen=True)
class Neo4jMissing:
    """There is no Neo4j here; ``reason`` says so in the words to skip with."""

    reason: str


def find_neo4j(env: Mapping[str, str] = os.environ) -> AbstractContextManager[Neo4jAddress] | Neo4jMissing:
    """Choose the server that the tests talk to.

    The first of these that is to be had: the server named by ``GRAPHMASAL_TEST_NEO4J``
    (``neo4j://user:password@host:port``; neither started nor stopped here), Docker, Java with Maven.

    Returns:
        A context in which the server answers, or why there is none.

    Raises:
        Neo4jServerError: there is none and ``CI`` is set, where a suite that is skipped would pass for a green one.
    """
    if named := env.get(NAMED):
        return _named(Neo4jAddress.parse(named))
    if _docker_answers():
        return _in_docker()
    try:
        return _from_jars(_jars())
    except Neo4jServerError as error:
        return _missing(f"no {NAMED}, no Docker engine, and {error}", env)


def find_jars(env: Mapping[str, str] = os.environ) -> Path | Neo4jMissing:
    """The jars for a ``Neo4jServer`` of the test's own, as a test needs that kills and restarts its server.

    Returns:
        The folder of the jars, or why a server cannot be run from them.

    Raises:
        Neo4jServerError: it cannot, and ``CI`` is set.
    """
    try:
        return _jars()
    except Neo4jServerError as error:
        return _missing(str(error), env)


def _jars() -> Path:
    require_java()
    return download_jars()


def _missing(why: str, env: Mapping[str, str]) -> Neo4jMissing:
    reason = f"the Neo4j suite did not run: {why}"
    if env.get("CI"):
        raise Neo4jServerError(reason)
    return Neo4jMissing(reason)


@contextmanager
def _named(address: Neo4jAddress) -> Iterator[Neo4jAddress]:
    address.wait_until_answers()
    yield address


@contextmanager
def _from_jars(jars: Path) -> Iterator[Neo4jAddress]:
    say("starting Neo4j from its jars (about 10 s) ...")
    with tempfile.TemporaryDirectory(prefix="graphmasal-neo4j-") as home, Neo4jServer(Path(home), jars) as server:
        yield server.address


@contextmanager
def _in_docker() -> Iterator[Neo4jAddress]:
    say(f"starting {IMAGE} in Docker (fetched once) ...")
    password = secrets.token_hex(12)
    settings = {
        "NEO4J_AUTH": f"neo4j/{password}",
        "NEO4J_server_memory_heap_max__size": "1g",
        "NEO4J_server_memory_pagecache_size": "128m",
        "NEO4J_dbms_usage__report_enabled": "false",
    }
    options = [f"--env={name}={value}" for name, value in settings.items()]
    container = _docker("run", "--rm", "--detach", "--publish=127.0.0.1::7687", *options, IMAGE)
    try:
        address = Neo4jAddress(f"neo4j://{_docker('port', container, '7687/tcp')}", "neo4j", password)
        address.wait_until_answers()
        yield address
    finally:
        _docker("rm", "--force", "--volumes", container)


def _docker_answers() -> bool:
    try:
        return subprocess.run(["docker", "info"], capture_output=True, timeout=5, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Neo4jServerError(f"docker {arguments[0]} failed:\n{done.stderr}")
    return done.stdout.strip()
