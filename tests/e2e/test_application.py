import asyncio
import urllib.request
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from kg.errors import InvalidInputError, StoreUnavailableError
from kg.sqlite_store.store import SqliteStore
from server.application import Application
from server.health import HealthWatch
from server.settings import Settings


def make_settings(home: Path, **given: object) -> Settings:
    return Settings.model_validate(
        {"home": home, "store": f"sqlite:{home}/s.db", "listen": "127.0.0.1:0", "drain_seconds": 0.5} | given
    )


async def check(address: str) -> int:
    async with grpc.aio.insecure_channel(address) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        response = await stub.Check(health_pb2.HealthCheckRequest(), timeout=5)
    return int(response.status)


async def test_it_listens_at_a_unix_socket(tmp_path: Path) -> None:
    application = Application(make_settings(tmp_path, listen=f"unix:{tmp_path}/socket"))
    address = await application.start()
    assert address == f"unix:{tmp_path}/socket"
    assert await check(address) == health_pb2.HealthCheckResponse.SERVING
    await application.stop()


async def test_two_servers_share_a_store_but_no_address(tmp_path: Path) -> None:
    first, second = (Application(make_settings(tmp_path)) for _ in range(2))
    address = await first.start()
    with pytest.raises(InvalidInputError, match="listen"):
        await Application(make_settings(tmp_path, listen=address)).start()
    assert await check(await second.start()) == health_pb2.HealthCheckResponse.SERVING
    await first.stop()
    await second.stop()


async def test_metrics_are_served(tmp_path: Path, unused_tcp_port: int) -> None:
    application = Application(make_settings(tmp_path, metrics_listen=f"127.0.0.1:{unused_tcp_port}"))
    await check(await application.start())
    page = await asyncio.to_thread(_read, f"http://127.0.0.1:{unused_tcp_port}/metrics")
    assert 'graphmasal_calls_total{code="OK",method="grpc.health.v1.Health/Check"} 1.0' in page
    await application.stop()


def _read(url: str) -> str:
    with urllib.request.urlopen(url) as response:  # noqa: S310 - our own server
        return str(response.read().decode())


class LostStore(SqliteStore):
    """A store that is out of reach while `lost`."""

    lost = True

    async def check(self) -> None:
        if self.lost:
            raise StoreUnavailableError("gone")


async def test_health_follows_the_store(tmp_path: Path) -> None:
    store = LostStore(tmp_path / "s.db")
    watch = HealthWatch(store, ("a",))
    servicer: Any = watch.servicer
    told = []
    for lost in (True, False, True):
        store.lost = lost
        await watch.look()
        told.append((await servicer.Check(health_pb2.HealthCheckRequest(service="a"), None)).status)
    status = health_pb2.HealthCheckResponse
    assert told == [status.NOT_SERVING, status.SERVING, status.NOT_SERVING]
