"""CurriculumService: curricula imported, read and corrected."""

# ruff: noqa: N802 - the methods have the names of the API's

from collections.abc import AsyncIterator

from google.longrunning.operations_pb2 import Operation as OperationMessage
from google.protobuf.empty_pb2 import Empty

from graphmasal.v1 import concept_pb2, curriculum_pb2, curriculum_service_pb2_grpc
from graphmasal.v1 import curriculum_service_pb2 as messages
from kg.answer_keys import check_key
from kg.comparison import Difference, compare
from kg.curriculum import AnswerKey, Concept, Curriculum
from kg.errors import (
    ConceptNotFoundError,
    CurriculumNotFoundError,
    InvalidInputError,
    QuestionNotFoundError,
    refuse,
)
from kg.operations import Operation, OperationKind
from kg.reports import make_report
from kg.store import ImportOutcome
from server.backend import Backend
from server.calls import Context
from server.curriculum_cache import CachedCurriculum
from server.curriculum_import import ImportOrder, check_archive, read_stream
from server.curriculum_messages import (
    to_concept,
    to_curriculum,
    to_misconception,
    to_question,
    to_report,
    to_resource,
)
from server.curriculum_parts import read_parts
from server.index_operations import IndexOperations
from server.names import CONCEPT, CURRICULUM, OPERATION, QUESTION, make_name, parse_pair, parse_tenant, parse_triple
from server.operation_messages import describe_operation
from server.page_bytes import cut_page
from server.pages import read_page
from server.prerequisite_index import PrerequisiteIndex, index_prerequisites


class CurriculumService(curriculum_service_pb2_grpc.CurriculumServiceServicer):
    """See curriculum_service.proto. Parts are read from memory, held against the store on every use."""

    def __init__(self, backend: Backend, indexes: IndexOperations) -> None:
        self._backend = backend
        self._indexes = indexes
        self._store = backend.store
        self._curricula = backend.curricula

    async def ImportCurriculum(
        self, request_iterator: AsyncIterator[messages.ImportCurriculumRequest], context: Context
    ) -> messages.ImportCurriculumResponse:
        """Imports a curriculum, or says what an import would do."""
        order, archive = await read_stream(request_iterator)
        checked = await self._backend.run(check_archive, order, archive)
        if checked.curriculum is None:
            return messages.ImportCurriculumResponse(report=to_report(make_report(checked, None)))
        if order.validate_only:
            difference = await self._foresee(order, checked.curriculum)
            return messages.ImportCurriculumResponse(report=to_report(make_report(checked, difference)))
        outcome = await self._store.import_curriculum(
            order.tenant, checked.curriculum, self._backend.clock(), self._backend.new_id()
        )
        operation = ""
        if outcome.operation:
            self._backend.operation_wanted[OperationKind.REGRADE].set()
            operation = make_name(OPERATION, order.tenant, outcome.operation.id)
        return messages.ImportCurriculumResponse(
            curriculum=to_curriculum(order.tenant, outcome.record),
            report=to_report(make_report(checked, outcome.difference)),
            regrade_operation=operation,
            index_operation=await self._begin_indexes(order, outcome),
        )

    async def _begin_indexes(self, order: ImportOrder, outcome: ImportOutcome) -> str:
        """Has a new version's indexes built; returns the name of the default one's operation."""
        if outcome.difference == Difference():
            return ""
        operation = await self._indexes.begin_for_version(order.tenant, order.curriculum)
        return make_name(OPERATION, order.tenant, operation.id) if operation else ""

    async def _foresee(self, order: ImportOrder, curriculum: Curriculum) -> Difference:
        """Finds what an import would change."""
        try:
            stored = (await self._curricula.get(order.tenant, order.curriculum)).curriculum
        except CurriculumNotFoundError:
            stored = None
        return await self._backend.run(compare, stored, curriculum)

    async def GetCurriculum(
        self, request: messages.GetCurriculumRequest, context: Context
    ) -> curriculum_pb2.Curriculum:
        """Reads one curriculum."""
        tenant, curriculum = parse_pair(request.name, CURRICULUM)
        return to_curriculum(tenant, await self._store.get_curriculum_record(tenant, curriculum))

    async def ListCurricula(
        self, request: messages.ListCurriculaRequest, context: Context
    ) -> messages.ListCurriculaResponse:
        """Lists the tenant's curricula by id."""
        tenant = parse_tenant(request.parent)
        page = read_page(request)
        found = await self._store.list_curricula(tenant, page.after_id, page.limit)
        entries = [to_curriculum(tenant, record) for record in found]
        shown, token = cut_page(page, found, entries, lambda record: (record.id,))
        return messages.ListCurriculaResponse(curricula=shown, next_page_token=token)

    async def DeleteCurriculum(self, request: messages.DeleteCurriculumRequest, context: Context) -> Empty:
        """Deletes a curriculum that carries no evidence."""
        await self._store.delete_curriculum(*parse_pair(request.name, CURRICULUM))
        return Empty()

    async def ListConcepts(
        self, request: messages.ListConceptsRequest, context: Context
    ) -> messages.ListConceptsResponse:
        """Lists concepts by id."""
        page = await read_parts(self._curricula, request, lambda curriculum: curriculum.concepts)
        index = await page.cached.derive(index_prerequisites)
        shown, token = page.cut(lambda part: _describe_concept(page.tenant, page.cached, index, part))
        return messages.ListConceptsResponse(
            concepts=shown,
            next_page_token=token,
            licence=page.cached.record.licence,
            attribution=page.cached.record.attribution,
        )

    async def GetConcept(self, request: messages.GetConceptRequest, context: Context) -> concept_pb2.Concept:
        """Reads one concept, also an archived one."""
        tenant, curriculum, identifier = parse_triple(request.name, CONCEPT)
        cached = await self._curricula.get(tenant, curriculum)
        concept = cached.concepts.get(identifier)
        if concept is None:
            raise ConceptNotFoundError(request.name)
        return _describe_concept(tenant, cached, await cached.derive(index_prerequisites), concept)

    async def ListResources(
        self, request: messages.ListResourcesRequest, context: Context
    ) -> messages.ListResourcesResponse:
        """Lists resources by id."""
        page = await read_parts(self._curricula, request, lambda curriculum: curriculum.resources)
        shown, token = page.cut(lambda part: to_resource(page.tenant, page.cached.record.id, part))
        return messages.ListResourcesResponse(
            resources=shown,
            next_page_token=token,
            licence=page.cached.record.licence,
            attribution=page.cached.record.attribution,
        )

    async def ListQuestions(
        self, request: messages.ListQuestionsRequest, context: Context
    ) -> messages.ListQuestionsResponse:
        """Lists questions by id."""
        page = await read_parts(self._curricula, request, lambda curriculum: curriculum.questions)
        shown, token = page.cut(lambda part: to_question(page.tenant, page.cached.record.id, part))
        return messages.ListQuestionsResponse(
            questions=shown,
            next_page_token=token,
            licence=page.cached.record.licence,
            attribution=page.cached.record.attribution,
        )

    async def ListMisconceptions(
        self, request: messages.ListMisconceptionsRequest, context: Context
    ) -> messages.ListMisconceptionsResponse:
        """Lists misconceptions by id."""
        page = await read_parts(self._curricula, request, lambda curriculum: curriculum.misconceptions)
        shown, token = page.cut(lambda part: to_misconception(page.tenant, page.cached.record.id, part))
        return messages.ListMisconceptionsResponse(
            misconceptions=shown,
            next_page_token=token,
            licence=page.cached.record.licence,
            attribution=page.cached.record.attribution,
        )

    async def CorrectAnswerKey(self, request: messages.CorrectAnswerKeyRequest, context: Context) -> OperationMessage:
        """Gives a question a new key; the operation folds everybody who answered it anew."""
        tenant, curriculum, identifier = parse_triple(request.name, QUESTION)
        if not request.HasField("key"):
            raise refuse("key", "must be given")
        question = (await self._curricula.get(tenant, curriculum)).questions.get(identifier)
        if question is None:
            raise QuestionNotFoundError(request.name)
        key = AnswerKey(accepted=tuple(request.key.accepted), tolerance=request.key.tolerance)
        if violations := check_key(question.kind, question.options, key, "key"):
            raise InvalidInputError(*violations)
        operation = await self._store.correct_answer_key(
            tenant, curriculum, identifier, key, now=self._backend.clock(), operation=self._backend.new_id()
        )
        return await self._begin(tenant, operation)

    async def VoidQuestion(self, request: messages.VoidQuestionRequest, context: Context) -> OperationMessage:
        """Takes a question out of all mastery or brings it back; operation as in CorrectAnswerKey."""
        tenant, curriculum, question = parse_triple(request.name, QUESTION)
        operation = await self._store.void_question(
            tenant,
            curriculum,
            question,
            voided=not request.restore,
            now=self._backend.clock(),
            operation=self._backend.new_id(),
        )
        return await self._begin(tenant, operation)

    async def _begin(self, tenant: str, operation: Operation) -> OperationMessage:
        self._backend.operation_wanted[OperationKind.REGRADE].set()
        return await describe_operation(self._store, tenant, operation)


def _describe_concept(
    tenant: str, cached: CachedCurriculum, index: PrerequisiteIndex, concept: Concept
) -> concept_pb2.Concept:
    edges, groups = index.edges.get(concept.id, ()), index.groups.get(concept.id, ())
    return to_concept(tenant, cached.record.id, concept, edges, groups)
