"""Stores to test on. A missing Neo4j skips its tests with the reason; where `CI` is set it is an error."""

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import hypothesis
import pytest
from neo4j import AsyncGraphDatabase

from kg.store import Store
from tests.contract.places import Place
from tests.neo4j_choice import NAMED, Neo4jMissing, find_neo4j
from tests.neo4j_server import Neo4jAddress

# how long an example takes is for benchmarks to say
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(scope="session")
def neo4j_server() -> Iterator[Neo4jAddress]:
    """The Neo4j server of this run; tests share it and keep apart by tenant."""
    found = find_neo4j()
    if isinstance(found, Neo4jMissing):
        pytest.skip(found.reason)
    with found as address:
        yield address


@pytest.fixture(params=["sqlite", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where the test's store is kept, of each kind in turn."""
    if request.param == "sqlite":
        return Place(tmp_path / "store.db")
    address: Neo4jAddress = request.getfixturevalue("neo4j_server")
    return Place(address)


@pytest.fixture
async def store(place: Place) -> AsyncIterator[Store]:
    """An open store."""
    async with place.connect() as opened:
        yield opened


@pytest.fixture
async def tenant(place: Place) -> AsyncIterator[str]:
    """A tenant of the test's own."""
    async with _lend_tenant(place) as name:
        yield name


@pytest.fixture
async def other_tenant(place: Place) -> AsyncIterator[str]:
    """A second tenant of the test's own."""
    async with _lend_tenant(place) as name:
        yield name


@asynccontextmanager
async def _lend_tenant(place: Place) -> AsyncIterator[str]:
    name = f"t-{secrets.token_hex(8)}"
    yield name
    if isinstance(place.where, Neo4jAddress) and os.environ.get(NAMED):  # a server of our own goes with its data
        await _remove_tenant(place.where, name)


async def _remove_tenant(address: Neo4jAddress, name: str) -> None:
    async with AsyncGraphDatabase.driver(address.url, auth=(address.user, address.password)) as driver:
        await driver.execute_query("MATCH (node {tenant: $tenant}) DETACH DELETE node", tenant=name)
