"""Evidence as a learner's log shows it, each item with its outcome under the rules in force now."""

from collections.abc import Sequence

from graphmasal.v1 import evidence_pb2
from graphmasal.v1.learner_service_pb2 import ListEvidenceRequest, ListEvidenceResponse
from kg.evidence import Evidence, Position
from kg.ledger import BEGINNING
from server.backend import Backend
from server.evidence_messages import to_evidence
from server.fields import FieldChecks
from server.names import LEARNER, parse_pair
from server.page_bytes import cut_page
from server.pages import read_page


async def list_evidence(backend: Backend, request: ListEvidenceRequest) -> ListEvidenceResponse:
    """Lists a page of a learner's evidence.

    Raises:
        InvalidInputError: Fields are wrong.
        LearnerNotFoundError: No such learner.
    """
    checks = FieldChecks()
    tenant, learner = checks.read(("", ""), parse_pair, request.parent, LEARNER, "parent")
    if request.curriculum:
        checks.check_id(request.curriculum, "curriculum")
    page = checks.finish_with(read_page, request, int, str)
    # An empty list must not be the answer for a learner who is not there.
    await backend.store.get_learner(tenant, learner)
    after = Position(int(page.after[0]), str(page.after[1])) if page.after else BEGINNING
    items = await backend.store.list_evidence(tenant, learner, request.curriculum, after, page.limit)
    entries = await show_evidence(backend, tenant, items)
    shown, token = cut_page(page, items, entries, lambda item: item.position)
    return ListEvidenceResponse(evidence=shown, next_page_token=token)


async def show_evidence(backend: Backend, tenant: str, items: Sequence[Evidence]) -> Sequence[evidence_pb2.Evidence]:
    """Returns the messages for stored items, graded by their questions as they are now."""
    curricula = {
        curriculum: await backend.curricula.get(tenant, curriculum)
        for curriculum in sorted({item.curriculum for item in items if item.question})
    }
    return [
        to_evidence(tenant, item, curricula[item.curriculum].questions.get(item.question) if item.question else None)
        for item in items
    ]
