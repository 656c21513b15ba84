"""Models made ready to run at installation, and servers that find them so or not."""

import asyncio
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from typer.testing import CliRunner, Result

from graphmasal.cli.main import app
from graphmasal.cli.ranker_store import open_store, store_trained
from retrieval.encoders import export_cache
from retrieval.encoders.loading import load_encoder
from retrieval.ranker_files import list_shipped
from retrieval.rankers import BASE, Ranker
from retrieval.rerankers.families import load_reranker
from retrieval.training.stages import ignore_progress
from server.application import Application
from server.settings import Settings
from tests.unit.test_retrieval_encoders import make_transformer, make_untraceable
from tests.unit.test_retrieval_pipeline import import_course, make_course

RETRIEVAL = "graphmasal.v1.RetrievalService"
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the command keeps what it prepares."""
    monkeypatch.setenv("GRAPHMASAL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GRAPHMASAL_MODEL_CACHE", str(tmp_path / "models"))
    return tmp_path / "models"


def prepare(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["prepare-models", *arguments])


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


def test_an_encoder_is_prepared_once(tmp_path: Path, models: Path) -> None:
    encoder = str(make_transformer(tmp_path / "encoder"))
    done = prepare("--encoder", encoder)
    assert done.exit_code == 0, done.output
    (export,) = models.iterdir()
    assert f"{encoder} for the ranker base is in {export}, after " in done.stdout
    written = list_written(models)

    again = prepare("--encoder", encoder)
    assert again.exit_code == 0, again.output
    assert str(export) in again.stdout
    assert list_written(models) == written


def test_encoders_of_the_settings_and_of_shipped_rankers_are_prepared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Into the folder that all of these tests share: the shipped ranker is searched with elsewhere.
    monkeypatch.setenv("GRAPHMASAL_HOME", str(tmp_path / "home"))
    encoder = str(make_transformer(tmp_path / "encoder"))
    monkeypatch.setenv("GRAPHMASAL_ENCODER", encoder)
    done = prepare()
    assert done.exit_code == 0, done.output
    wanted = [Ranker(id=BASE, encoder=encoder), *list_shipped()]
    assert len(wanted) > 1
    for line, ranker in zip(done.stdout.splitlines(), wanted, strict=True):
        assert line.startswith(f"{ranker.encoder} for the ranker {ranker.id} is in ")


def test_an_encoder_without_an_export_is_no_failure(tmp_path: Path, models: Path) -> None:
    done = prepare("--encoder", str(make_untraceable(tmp_path / "encoder")))
    assert done.exit_code == 0, done.output
    assert "has no export and runs in torch, after " in done.stdout
    (note,) = models.iterdir()
    assert note.name.endswith(".no-export.json")


def test_what_cannot_be_prepared_is_told(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    nobody = prepare("--encoder", "nobody/nothing")
    assert (nobody.exit_code, "nobody/nothing" in nobody.stderr) == (2, True)
    models.touch()
    nowhere = prepare("--encoder", str(make_transformer(tmp_path / "encoder")))
    assert (nowhere.exit_code, "model_cache" in nowhere.stderr) == (2, True)


async def test_what_was_trained_is_stored_with_its_models_ready_to_run(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, model_cache=tmp_path / "models")
    encoder = str(make_transformer(tmp_path / "encoder"))
    ranker = Ranker(id="trained", encoder=encoder, reranker="listwise")
    await import_course(settings.store_url)
    async with open_store(settings) as store:
        await store_trained(
            store, settings, tenant="default", curriculum=make_course(), ranker=ranker, note=ignore_progress
        )
    places: Any = {"cache": tmp_path / "own", "prepared": settings.model_cache}
    load_encoder(encoder, **places)
    load_reranker("listwise", "", b"", encoder=encoder, encoder_adapter=b"", cache_mebibytes=1, threads=1, **places)
    assert not (tmp_path / "own").exists()


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
