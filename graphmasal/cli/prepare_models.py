"""`graphmasal prepare-models`: what a server needs to search by meaning, made ready to run at installation."""

# ruff: noqa: PLC0415 - what takes long to load is loaded by the command that needs it

from typing import TYPE_CHECKING, Annotated

import typer

from graphmasal.cli.commands import command
from graphmasal.cli.failures import CommandError
from graphmasal.cli.session import Session

if TYPE_CHECKING:
    from retrieval.rankers import Ranker
    from server.settings import Settings

app = typer.Typer()


@command(app, "prepare-models")
def prepare_models(
    session: Session,
    encoder: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Encoder, a name or a folder; by default the settings', and those of the rankers that are shipped.",
        ),
    ] = None,
) -> None:
    """Make encoders ready to run, so that no server has to when it starts.

    They are kept in the folder that the setting model_cache names. What is ready stays as it is.

    Example: graphmasal prepare-models
    """
    from graphmasal.cli.local_server import read_settings
    from kg.errors import GraphMasalError
    from retrieval.ranker_files import list_shipped
    from retrieval.rankers import BASE, Ranker

    settings = read_settings()
    base = Ranker(id=BASE, encoder=encoder or settings.encoder)
    try:
        for ranker in (base,) if encoder else (base, *list_shipped()):
            if ranker.encoder:
                _prepare(session, settings, ranker)
    except GraphMasalError as error:
        raise CommandError(str(error)) from error


def _prepare(session: Session, settings: "Settings", ranker: "Ranker") -> None:
    import time

    from retrieval.encoders.export_cache import ExportCache
    from retrieval.encoders.loading import load_encoder

    exports = ExportCache(folder=settings.model_folder, prepared=settings.prepared_models)
    name = f"{ranker.encoder} for the ranker {ranker.id}"
    began = time.monotonic()
    with session.err.status(f"Making {name} ready to run"):
        loaded = load_encoder(
            ranker.encoder,
            ranker.encoder_adapter,
            cache=exports.folder,
            prepared=exports.prepared,
            precision=settings.encoder_precision,
        )
    took = time.monotonic() - began
    folder = exports.find(loaded.fingerprint)
    outcome = f"is in {folder}" if folder else "has no export and runs in torch"
    typer.echo(f"{name} {outcome}, after {took:.1f} s")
