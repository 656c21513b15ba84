"""Everything that a tenant can be asked, to compare two stores or two moments."""

from kg.ledger import BEGINNING
from kg.store import Store
from tests.samples import DAY, ENCODER, NOON

MOMENTS = (None, NOON - 1, NOON + 20 * DAY, NOON + 10_000 * DAY)
MANY = 100_000
SPACES = ("events", "turns")
"""In which the tests that dump keep records of sessions."""
TODAY = "2025-06-16"


async def dump_tenant(store: Store, tenant: str) -> dict[str, object]:
    """Calls every method that reads, for everything that there is."""
    found: dict[str, object] = {}
    curricula = [record.id for record in await store.list_curricula(tenant, "", MANY)]
    learners = [learner.id for learner in await store.list_learners(tenant, "", MANY)]
    for curriculum in curricula:
        found[f"curriculum {curriculum}"] = await store.load_curriculum(tenant, curriculum)
        for moment in MOMENTS:
            key = f"states {curriculum} {moment}"
            found[key] = await store.read_states(tenant, learners, curriculum, moment)
        for revision in (1, 2, 99):
            key, questions = f"to regrade {curriculum} {revision}", ["q-maps", "q-sets", "q-word"]
            found[key] = await store.list_learners_to_regrade(tenant, curriculum, questions, revision, MANY)
        found |= await dump_retrieval(store, tenant, curriculum)
    together = await store.get_learners(tenant, learners)
    for name in learners:
        learner = await store.get_learner(tenant, name)
        assert together[name] == learner
        for curriculum in sorted({curriculum for curriculum, _ in learner.goals}):
            key = f"learners with goals in {curriculum}"
            found[key] = await store.list_learners_with_goals(tenant, curriculum, "", MANY)
        found[f"learner {name}"] = learner
        found[f"learner of {learner.external_id}"] = await store.find_learner(tenant, learner.external_id)
        found[f"evidence {name}"] = await store.list_evidence(tenant, name, "", BEGINNING, MANY)
        plans = await store.list_plans(tenant, name, "", None, MANY)
        found[f"plans {name}"] = plans, [await store.get_plan(tenant, name, plan.id) for plan in plans]
        for series in sorted({plan.series for plan in plans}):
            key = f"revisions {name} {series}"
            found[key] = await store.list_plan_revisions(tenant, name, series, None, MANY)
    for operation in await store.list_operations(tenant, "", MANY):
        found[f"operation {operation.id}"] = await store.get_operation(tenant, operation.id)
        found[f"changes {operation.id}"] = await store.list_mastery_changes(tenant, operation.id, MANY)
        found[f"items {operation.id}"] = await store.list_operation_items(tenant, operation.id, "", MANY)
        found[f"failures {operation.id}"] = await store.list_operation_failures(tenant, operation.id, MANY)
    return found | await dump_sessions(store, tenant)


async def dump_sessions(store: Store, tenant: str) -> dict[str, object]:
    """Sessions with their records, and what was used of models."""
    found: dict[str, object] = {}
    for session in await store.list_sessions(tenant, "", None, MANY):
        assert await store.get_session(tenant, session.id) == session
        found[f"session {session.id}"] = session
        found[f"sessions of {session.learner}"] = await store.list_sessions(tenant, session.learner, None, MANY)
        size = 0
        for space in SPACES:
            records = await store.list_records(tenant, session.id, space, limit=MANY)
            found[f"records {session.id} {space}"] = records
            size += sum(len(key) + len(value) for key, value in records)
        assert session.size == size
    if usage := await store.list_usage(tenant, TODAY):
        found["usage"] = usage
    return found


async def dump_retrieval(store: Store, tenant: str, curriculum: str) -> dict[str, object]:
    """Indexes, rankers and vectors of one curriculum."""
    indexes = await store.list_indexes(tenant, curriculum)
    found: dict[str, object] = {f"indexes {curriculum}": indexes}
    for ranker in await store.list_rankers(tenant, curriculum):
        found[f"ranker {curriculum} {ranker}"] = await store.get_ranker(tenant, curriculum, ranker)
    for encoder in sorted({ENCODER, *(index.encoder for index in indexes)}):
        vectors = await store.load_vectors(tenant, curriculum, encoder, "", MANY)
        assert await store.list_vector_hashes(tenant, curriculum, encoder) == {key for key, _ in vectors}
        found[f"vectors {curriculum} {encoder}"] = vectors
    return found
