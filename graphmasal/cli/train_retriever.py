"""`graphmasal train-retriever`: a ranker trained for a curriculum, judged, stored, and its index built."""

# ruff: noqa: PLC0415 - what takes long to load is loaded by the command that needs it

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graphmasal.cli.commands import command
from graphmasal.cli.failures import CommandError
from graphmasal.cli.session import Session

if TYPE_CHECKING:
    from graphmasal.cli.training_view import TrainingView
    from kg.curriculum import Curriculum
    from retrieval.rankers import Ranker
    from retrieval.training.queries import TrainingQuery
    from server.settings import Settings

app = typer.Typer()


@command(app, "train-retriever")
def train_retriever(
    session: Session,
    *,
    curriculum: Annotated[str, typer.Argument(metavar="CURRICULUM", help="Id of the curriculum.")],
    ranker: Annotated[
        str, typer.Option(metavar="ID", help="Id of the ranker; an older one with it is replaced.")
    ] = "trained",
    encoder: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Encoder to start from: a name or a folder; by default the settings'."),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Queries that people asked: columns query and concept (an id).")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of everything that is drawn.")] = 0,
    quick: Annotated[bool, typer.Option("--quick", help="Train no reranker.")] = False,
    workspace: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for finished stages; by default one in GRAPHMASAL_HOME."),
    ] = None,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the ranker into this file as well.")
    ] = None,
) -> None:
    """Train search for a curriculum on this machine, in minutes, and keep what proves to be better.

    Works on the store itself, also while a server does. Each stage is judged on concepts that it never saw; one that
    fails is left out. An interrupted run goes on where it stopped when it is started again.

    Example: graphmasal train-retriever algebra --quick
    """
    from graphmasal.cli.local_server import read_settings
    from graphmasal.cli.training_view import TrainingView
    from kg.errors import GraphMasalError
    from retrieval.encoders.extra import models_extra

    settings = read_settings(store=session.options.store)
    place = settings, session.options.tenant
    try:
        with models_extra():
            from retrieval.training.pipeline import QUICK, Effort, train
        content = _load(*place, curriculum)
        with TrainingView(session) as view:
            trained = train(
                content,
                ranker_id=ranker,
                encoder=encoder or settings.encoder,
                labels=_read_labels(labels, content),
                seed=seed,
                workspace=workspace or settings.home / "training",
                progress=view.note,
                effort=QUICK if quick else Effort(),
            )
            _save(*place, content, trained, view)
        if export is not None:
            _export(export, trained)
        view.show(trained)
    except GraphMasalError as error:
        raise CommandError(str(error)) from error


def _export(file: Path, ranker: "Ranker") -> None:
    from retrieval.ranker_files import pack_ranker

    try:
        file.write_bytes(pack_ranker(ranker))
    except OSError as error:
        raise CommandError(f"the ranker is stored, but cannot be written to {file}: {error}") from error


def _read_labels(labels: Path | None, curriculum: "Curriculum") -> "tuple[TrainingQuery, ...]":
    from retrieval.training.labels import read_labels

    if labels is None:
        return ()
    try:
        return read_labels(labels, {concept.id for concept in curriculum.concepts if not concept.archived})
    except OSError as error:
        raise CommandError(f"cannot read {labels}: {error}") from error


def _load(settings: "Settings", tenant: str, curriculum: str) -> "Curriculum":
    import asyncio

    from graphmasal.cli.ranker_store import open_store

    async def load() -> "Curriculum":
        async with open_store(settings) as store:
            _, content = await store.load_curriculum(tenant, curriculum)
            return content

    return asyncio.run(load())


def _save(settings: "Settings", tenant: str, curriculum: "Curriculum", ranker: "Ranker", view: "TrainingView") -> None:
    import asyncio

    from graphmasal.cli.ranker_store import open_store, store_trained

    async def save() -> None:
        # Opened only now: no connection has to live through the training.
        async with open_store(settings) as store:
            await store_trained(store, settings, tenant=tenant, curriculum=curriculum, ranker=ranker, note=view.note)

    asyncio.run(save())
