"""Indexes as requests ask for them: built, and listed."""

import asyncio
from collections.abc import Sequence

from google.longrunning.operations_pb2 import Operation as OperationMessage

from graphmasal.v1 import retrieval_pb2
from graphmasal.v1.retrieval_service_pb2 import BuildIndexRequest, ListIndexesRequest, ListIndexesResponse
from kg.errors import ModelUnavailableError, RankerNotFoundError
from kg.indexes import IndexRecord
from retrieval.rankers import Verdict
from server.backend import Backend
from server.fields import FieldChecks
from server.index_operations import IndexOperations
from server.names import CURRICULUM, parse_pair
from server.operation_messages import describe_operation
from server.ranker_library import RankerLibrary
from server.retrieval_messages import to_index
from server.search_indexes import fingerprint_content
from server.search_terms import check_optional_id


async def start_build(
    backend: Backend, rankers: RankerLibrary, operations: IndexOperations, request: BuildIndexRequest
) -> OperationMessage:
    """Creates the operation that builds an index.

    Raises:
        InvalidInputError: Fields are wrong.
        CurriculumNotFoundError: No such curriculum.
        RankerNotFoundError: No such ranker.
        ModelUnavailableError: The ranker's encoder cannot be loaded.
    """
    checks = FieldChecks()
    tenant, curriculum = checks.read(("", ""), parse_pair, request.parent, CURRICULUM, "parent")
    check_optional_id(request.ranker, "ranker", checks)
    checks.finish()
    await backend.store.get_curriculum_record(tenant, curriculum)
    records = await backend.store.list_indexes(tenant, curriculum)
    ranker = await rankers.find(tenant, curriculum, request.ranker, records)
    await rankers.equip(ranker, required=True)
    operation = await operations.begin(tenant, curriculum, ranker)
    return await describe_operation(backend.store, tenant, operation)


async def list_indexes(backend: Backend, rankers: RankerLibrary, request: ListIndexesRequest) -> ListIndexesResponse:
    """Lists a curriculum's indexes.

    Raises:
        InvalidInputError: parent is malformed.
        CurriculumNotFoundError: No such curriculum.
    """
    tenant, curriculum = parse_pair(request.parent, CURRICULUM, "parent")
    cached = await backend.curricula.get(tenant, curriculum)
    records = await backend.store.list_indexes(tenant, curriculum)
    documents = await cached.derive(fingerprint_content)
    described = [_describe(rankers, tenant, record, records, documents) for record in records]
    default = await rankers.find(tenant, curriculum, "", records)
    return ListIndexesResponse(indexes=await asyncio.gather(*described), default_ranker=default.id)


async def _describe(
    rankers: RankerLibrary, tenant: str, record: IndexRecord, records: list[IndexRecord], documents: str
) -> retrieval_pb2.Index:
    """Describes an index also where its ranker is gone or has no model here: then it is not current."""
    encoder, current = "", False
    verdicts: Sequence[Verdict] = ()
    try:
        ranker = await rankers.find(tenant, record.curriculum, record.ranker, records)
        encoder, verdicts = ranker.encoder, ranker.verdicts
        loaded = (await rankers.equip(ranker, required=True)).encoder
        current = record.documents == documents and record.encoder == (loaded.fingerprint if loaded else "")
    except (RankerNotFoundError, ModelUnavailableError):
        pass
    return to_index(tenant, record, encoder, verdicts, current=current)
