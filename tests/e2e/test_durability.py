"""Acknowledged evidence survives kill -9 of the server and of the database."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest

from graphmasal.client import Client
from tests.contract.places import Place
from tests.e2e.server_process import ServerProcess
from tests.e2e.streams import check_everything_is_there_once, draw_stream, import_algebra, list_stored, stream
from tests.neo4j_choice import Neo4jMissing, find_jars
from tests.neo4j_server import Neo4jServer

PATIENCE_SECONDS = 300


def act_once_at(count: int, act: Callable[[], None]) -> Callable[[int], None]:
    return lambda answered: act() if answered == count else None


async def check_acknowledged(place: Place, tenant: str, acknowledged: set[str]) -> None:
    async with place.connect() as store:
        stored = [item.id for item in await list_stored(store, tenant)]
    assert acknowledged <= set(stored)
    assert len(stored) == len(set(stored))


async def test_acknowledged_evidence_survives_the_death_of_the_server(
    place: Place, tenant: str, tmp_path: Path
) -> None:
    await import_algebra(place, tenant)
    items, acknowledged = draw_stream(10_000), set[str]()
    with ServerProcess(place.setting, tmp_path) as server:
        for deadly in (700, 4_900):
            with server.connect(tenant) as client:
                answers, broken = await asyncio.to_thread(
                    stream, client, tenant, items, act_once_at(deadly, server.kill)
                )
            assert broken is grpc.StatusCode.UNAVAILABLE
            assert deadly <= len(answers) < len(items)
            assert all(answers[name] for name in acknowledged & answers.keys())
            acknowledged |= answers.keys()
            server.start()
            await check_acknowledged(place, tenant, acknowledged)
        with server.connect(tenant) as client:
            answers, broken = await asyncio.to_thread(stream, client, tenant, items)
        assert (broken, len(answers)) == (None, len(items))
        assert all(answers[name] for name in acknowledged)
        await check_everything_is_there_once(place, tenant, items)
        assert server.stop() == 0


def stream_to_the_end(client: Client, tenant: str, on_answer: Callable[[int], None]) -> tuple[int, set[str]]:
    """Sends everything again as often as the stream breaks; returns how often it broke and what was acknowledged."""
    items, acknowledged, breaks = draw_stream(10_000), set[str](), 0
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answers, broken = stream(client, tenant, items, on_answer)
        assert all(answers[name] for name in acknowledged & answers.keys())
        acknowledged |= answers.keys()
        if broken is None:
            return breaks, acknowledged
        assert broken is grpc.StatusCode.UNAVAILABLE
        assert time.monotonic() < deadline
        breaks += 1
        time.sleep(0.2)


@pytest.mark.neo4j
async def test_acknowledged_evidence_survives_the_death_of_the_database(tmp_path: Path) -> None:
    jars = find_jars()
    if isinstance(jars, Neo4jMissing):
        pytest.skip(jars.reason)
    with Neo4jServer(tmp_path / "neo4j", jars) as neo4j:
        place, killed = Place(neo4j.address), list[int]()
        await import_algebra(place, "t")

        def kill_at(answered: int) -> None:
            if (answered >= 700 and not killed) or (answered >= 4_900 and len(killed) == 1):
                killed.append(answered)
                neo4j.kill()
                neo4j.start()

        with ServerProcess(place.setting, tmp_path) as server, server.connect("t") as client:
            _, acknowledged = await asyncio.to_thread(stream_to_the_end, client, "t", kill_at)
            assert len(killed) == 2
            items = draw_stream(10_000)
            assert acknowledged == {item.id for item in items}
            await check_everything_is_there_once(place, "t", items)
            assert server.stop() == 0
