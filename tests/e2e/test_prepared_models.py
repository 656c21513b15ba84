"""Models made ready to run at installation, and servers that find them so or not."""

import asyncio
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from retrieval.encoders import export_cache
from retrieval.encoders.loading import load_encoder
from retrieval.ranker_files import list_shipped
from retrieval.rankers import BASE, Ranker
from server.application import Application
from server.settings import Settings
from tests.e2e.test_cli import Run, runner
from tests.unit.test_retrieval_encoders import make_transformer, make_untraceable

RETRIEVAL = "graphmasal.v1.RetrievalService"
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def make_runner(folder: Path, **variables: str) -> Run:
    return runner(folder / "home", GRAPHMASAL_MODEL_CACHE=str(folder / "models"), **variables)


def list_written(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def make_application(folder: Path, **settings: Any) -> Application:
    given: dict[str, Any] = {"home": folder, "ranker": "base", "listen": "127.0.0.1:0", "drain_seconds": 0} | settings
    return Application(Settings(**given))


async def check(stub: Any, service: str) -> int:
    return int((await stub.Check(health_pb2.HealthCheckRequest(service=service))).status)


async def wait_until_ready(stub: Any) -> None:
    async for told in stub.Watch(health_pb2.HealthCheckRequest(service=RETRIEVAL), timeout=120):
        if told.status == SERVING:
            return


def test_an_encoder_is_prepared_once(tmp_path: Path) -> None:
    run = make_runner(tmp_path)
    encoder = str(make_transformer(tmp_path / "encoder"))
    done = run("prepare-models", "--encoder", encoder)
    assert done.returncode == 0, done.stderr
    (export,) = (tmp_path / "models").iterdir()
    assert f"{encoder} for the ranker base is in {export}, after " in done.stdout
    written = list_written(tmp_path / "models")

    again = run("prepare-models", "--encoder", encoder)
    assert again.returncode == 0, again.stderr
    assert str(export) in again.stdout
    assert list_written(tmp_path / "models") == written


def test_encoders_of_the_settings_and_of_shipped_rankers_are_prepared(tmp_path: Path) -> None:
    encoder = str(make_transformer(tmp_path / "encoder"))
    # The folder for exports is the session's: the default encoder has been made ready in it before, or is needed again.
    done = runner(tmp_path / "home", GRAPHMASAL_ENCODER=encoder)("prepare-models")
    assert done.returncode == 0, done.stderr
    wanted = [Ranker(id=BASE, encoder=encoder), *list_shipped()]
    assert len(wanted) > 1
    told = done.stdout.splitlines()
    for line, ranker in zip(told, wanted, strict=True):
        assert line.startswith(f"{ranker.encoder} for the ranker {ranker.id} is in ")


def test_an_encoder_without_an_export_is_no_failure(tmp_path: Path) -> None:
    done = make_runner(tmp_path)("prepare-models", "--encoder", str(make_untraceable(tmp_path / "encoder")))
    assert done.returncode == 0, done.stderr
    assert "has no export and runs in torch, after " in done.stdout
    (note,) = (tmp_path / "models").iterdir()
    assert note.name.endswith(".no-export.json")


def test_what_cannot_be_prepared_is_told(tmp_path: Path) -> None:
    nobody = make_runner(tmp_path, HF_HUB_OFFLINE="1")("prepare-models", "--encoder", "nobody/nothing")
    assert (nobody.returncode, "nobody/nothing" in nobody.stderr) == (2, True)
    (tmp_path / "models").touch()
    nowhere = make_runner(tmp_path)("prepare-models", "--encoder", str(make_transformer(tmp_path / "encoder")))
    assert (nowhere.returncode, "model_cache" in nowhere.stderr) == (2, True)


async def test_a_server_searches_with_what_its_installation_prepared(tmp_path: Path) -> None:
    encoder = str(make_transformer(tmp_path / "encoder"))
    load_encoder(encoder, cache=tmp_path / "models")
    application = make_application(
        tmp_path, encoder=encoder, model_cache=tmp_path / "own", prepared_models=tmp_path / "models"
    )
    async with grpc.aio.insecure_channel(await application.start()) as channel:
        await wait_until_ready(health_pb2_grpc.HealthStub(channel))
    await application.stop()
    assert not (tmp_path / "own").exists()


async def test_a_server_that_finds_nothing_prepared_serves_the_rest_until_its_model_is_there(tmp_path: Path) -> None:
    application = make_application(
        tmp_path, encoder=str(make_transformer(tmp_path / "encoder")), model_cache=tmp_path / "models"
    )
    # Held, so that the export is not made before anybody has looked.
    with export_cache._EXPORTING:
        channel = grpc.aio.insecure_channel(await application.start())
        stub: Any = health_pb2_grpc.HealthStub(channel)
        told = await asyncio.gather(*(check(stub, name) for name in (RETRIEVAL, "", "graphmasal.v1.PlanningService")))
        assert told == [NOT_SERVING, SERVING, SERVING]
        assert not (tmp_path / "models").exists()
    await wait_until_ready(stub)
    assert len(list((tmp_path / "models").iterdir())) == 1
    await channel.close()
    await application.stop()
