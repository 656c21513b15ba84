"""RetrievalService: what words are about, how sure that is, and which passage says so."""

# ruff: noqa: N802 - the methods have the names of the API's

from google.longrunning.operations_pb2 import Operation

from graphmasal.v1 import retrieval_service_pb2 as messages
from graphmasal.v1 import retrieval_service_pb2_grpc
from server.calls import Context
from server.index_listing import list_indexes, start_build
from server.index_operations import IndexOperations
from server.ranker_library import RankerLibrary
from server.ranking import explain, rerank
from server.searching import SearchParts, ground, search_concepts


class RetrievalService(retrieval_service_pb2_grpc.RetrievalServiceServicer):
    """See retrieval_service.proto.

    Args:
        parts: What calls that search work with.
        rankers: Say what a curriculum is searched with.
        operations: Build indexes.
    """

    def __init__(self, parts: SearchParts, rankers: RankerLibrary, operations: IndexOperations) -> None:
        self._parts = parts
        self._backend = parts.backend
        self._rankers = rankers
        self._operations = operations

    async def SearchConcepts(
        self, request: messages.SearchConceptsRequest, context: Context
    ) -> messages.SearchConceptsResponse:
        """Finds concepts and other parts of a curriculum by words."""
        return await search_concepts(self._parts, request, context)

    async def Rerank(self, request: messages.RerankRequest, context: Context) -> messages.RerankResponse:
        """Orders given candidates."""
        return await rerank(self._parts, self._rankers, request, context)

    async def Ground(self, request: messages.GroundRequest, context: Context) -> messages.GroundResponse:
        """Finds the passages that bear on some words."""
        return await ground(self._parts, request, context)

    async def ExplainRanking(
        self, request: messages.ExplainRankingRequest, context: Context
    ) -> messages.ExplainRankingResponse:
        """Says why a document has the place it has."""
        return await explain(self._parts, request, context)

    async def BuildIndex(self, request: messages.BuildIndexRequest, context: Context) -> Operation:
        """Builds an index, in an operation."""
        return await start_build(self._backend, self._rankers, self._operations, request)

    async def ListIndexes(self, request: messages.ListIndexesRequest, context: Context) -> messages.ListIndexesResponse:
        """Lists a curriculum's indexes by ranker."""
        return await list_indexes(self._backend, self._rankers, request)
