"""Waiting for a curriculum's index, so that a search does not silently do without it."""

import time
from typing import Any

from google.longrunning.operations_pb2 import GetOperationRequest, Operation
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from graphmasal.cli.operations import PAUSE_SECONDS
from graphmasal.client import Client
from graphmasal.v1.retrieval_pb2 import Index
from graphmasal.v1.retrieval_service_pb2 import BuildIndexMetadata, BuildIndexRequest, ListIndexesRequest


def await_index(client: Client, console: Console, curriculum: str, ranker: str) -> None:
    """Waits until the index of a curriculum's current version is complete, and has it built where it is not.

    Args:
        client: Of the server.
        console: Where a bar is shown if it is a terminal.
        curriculum: Resource name.
        ranker: Id; empty: the server's choice.
    """
    listed = client.retrieval.ListIndexes(ListIndexesRequest(parent=curriculum))
    if any(index.current for index in listed.indexes if index.ranker == (ranker or listed.default_ranker)):
        return
    watch_index(client, console, client.retrieval.BuildIndex(BuildIndexRequest(parent=curriculum, ranker=ranker)))


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


def read_index(operation: Operation) -> Index:
    """Reads what an ended operation has built."""
    index = Index()
    operation.response.Unpack(index)
    return index
