"""Waiting for a curriculum's index, so that a search does not silently do without it."""

import time
from typing import Any

import grpc
from google.longrunning.operations_pb2 import GetOperationRequest, Operation
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from graphmasal.cli.failures import describe, status_of
from graphmasal.cli.operations import PAUSE_SECONDS
from graphmasal.client import Client
from graphmasal.v1.retrieval_pb2 import Index
from graphmasal.v1.retrieval_service_pb2 import BuildIndexMetadata, BuildIndexRequest, ListIndexesRequest


def await_index(client: Client, console: Console, curriculum: str, ranker: str) -> None:
    """Waits until the index of a curriculum's current version is complete, and has it built where it is not.

    Where the server has chosen the ranker and lacks its models, searches go by words, and there is nothing to wait for.

    Args:
        client: Of the server.
        console: Where a bar is shown if it is a terminal, and why there is no index if it could not be built.
        curriculum: Resource name.
        ranker: Id; empty: the server's choice.

    Raises:
        grpc.RpcError: There is no such curriculum or ranker, or the ranker that is named has no models here.
    """
    listed = client.retrieval.ListIndexes(ListIndexesRequest(parent=curriculum))
    if any(index.current for index in listed.indexes if index.ranker == (ranker or listed.default_ranker)):
        return
    try:
        begun = client.retrieval.BuildIndex(BuildIndexRequest(parent=curriculum, ranker=ranker))
    except grpc.RpcError as error:
        if ranker or not _lacks_models(status_of(error)):  # type: ignore[arg-type]
            raise
        return
    ended = watch_index(client, console, begun)
    if ended.HasField("error"):
        console.print(f"Searching by words, for the index could not be built: {describe(ended.error)}", soft_wrap=True)


def watch_index(client: Client, console: Console, operation: Operation) -> Operation:
    """Waits until an index is built, with a bar where the console is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("texts"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("Indexing", total=None)
        current: Any = operation
        while not current.done:
            time.sleep(PAUSE_SECONDS)
            current = client.operations.GetOperation(GetOperationRequest(name=operation.name))
            metadata = BuildIndexMetadata()
            if current.metadata.Unpack(metadata):
                progress.update(task, completed=metadata.texts_done, total=metadata.texts_total or None)
    return current  # type: ignore[no-any-return]


def _lacks_models(status: Status) -> bool:
    info = ErrorInfo()
    return any(detail.Unpack(info) and info.reason == "MODEL_UNAVAILABLE" for detail in status.details)


def read_index(operation: Operation) -> Index:
    """Reads what an ended operation has built."""
    index = Index()
    operation.response.Unpack(index)
    return index
