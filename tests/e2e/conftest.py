"""A whole server in the test's own process, reached over a real channel."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import grpc
import pytest

from server.application import Application
from server.settings import Settings
from tests.e2e.course import Stubs, import_course, make_stubs


@pytest.fixture(scope="session", autouse=True)
def without_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Servers search by words only unless a test says otherwise; those that load models share the folder for them.

    `GRAPHMASAL_MODEL_CACHE` names one that is kept from run to run: to make a model ready takes some seconds.
    """
    models = os.environ.get("GRAPHMASAL_MODEL_CACHE") or str(tmp_path_factory.mktemp("models"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAPHMASAL_RANKER", "lexical")
        patch.setenv("GRAPHMASAL_MODEL_CACHE", models)
        yield


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[grpc.aio.Channel]:
    """A channel to a server of the test's own, with an empty store."""
    settings = Settings(
        home=tmp_path, store=f"sqlite:{tmp_path / 'store.db'}", listen="127.0.0.1:0", drain_seconds=0, metrics_listen=""
    )
    application = Application(settings)
    address = await application.start()
    try:
        async with grpc.aio.insecure_channel(address) as channel:
            yield channel
    finally:
        await application.stop()


@pytest.fixture
async def stubs(service: grpc.aio.Channel) -> Stubs:
    """Stubs of that server's services; tenant `t` has the curriculum `algebra`."""
    made = make_stubs(service)
    await import_course(made)
    return made
