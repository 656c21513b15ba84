"""Curricula: importing, loading and deleting them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kg.comparison import Difference
from kg.curriculum import Curriculum, CurriculumRecord
from kg.errors import CurriculumInUseError, CurriculumNotFoundError
from kg.neo4j_store.curriculum_rows import (
    Part,
    Rows,
    list_concepts,
    list_edges,
    list_misconceptions,
    list_questions,
    list_resources,
    to_curriculum,
    to_properties,
    to_record,
)
from kg.neo4j_store.database import RaceLostError, Transaction
from kg.neo4j_store.ledger import GATES
from kg.neo4j_store.operations import put_operation
from kg.neo4j_store.part import StorePart
from kg.neo4j_store.retrieval import delete_all
from kg.neo4j_store.vector_sets import delete_retired
from kg.revisions import make_next_version
from kg.store import ImportOutcome


async def load(transaction: Transaction, tenant: str, curriculum: str) -> tuple[CurriculumRecord, Curriculum] | None:
    """Reads a curriculum under its lock; None where there is none."""
    parts: defaultdict[str, list[Any]] = defaultdict(list)
    for kind, part in await transaction.list_rows("load_curriculum", tenant=tenant, curriculum=curriculum):
        parts[kind].append(part)
    # An import locks the node of a new curriculum before there is anything in it.
    if not parts["record"] or "version" not in parts["record"][0]:
        return None
    record = to_record(parts["record"][0])
    return record, to_curriculum(record, parts)


class Curricula(StorePart):
    """The store's methods about curricula as a whole."""

    async def import_curriculum(self, tenant: str, curriculum: Curriculum, now: int, operation: str) -> ImportOutcome:
        """See `Store.import_curriculum`."""
        return await self._database.write(lambda transaction: _import(transaction, tenant, curriculum, now, operation))

    async def get_curriculum_record(self, tenant: str, curriculum: str) -> CurriculumRecord:
        """See `Store.get_curriculum_record`."""
        row = await self._find_row("read_curriculum_record", tenant=tenant, curriculum=curriculum)
        if row is None:
            raise CurriculumNotFoundError(f"curricula/{curriculum}")
        return to_record(row[0])

    async def load_curriculum(self, tenant: str, curriculum: str) -> tuple[CurriculumRecord, Curriculum]:
        """See `Store.load_curriculum`."""
        loaded = await self._database.write(lambda transaction: load(transaction, tenant, curriculum))
        if loaded is None:
            raise CurriculumNotFoundError(f"curricula/{curriculum}")
        return loaded

    async def list_curricula(self, tenant: str, after: str, limit: int) -> list[CurriculumRecord]:
        """See `Store.list_curricula`."""
        rows = await self._list_rows("list_curricula", tenant=tenant, after=after, limit=limit)
        return [to_record(properties) for (properties,) in rows]

    async def delete_curriculum(self, tenant: str, curriculum: str) -> None:
        """See `Store.delete_curriculum`."""

        async def work(transaction: Transaction) -> None:
            names = {"tenant": tenant, "curriculum": curriculum}
            if await transaction.find_row("hold_curriculum", **names) is None:
                raise CurriculumNotFoundError(f"curricula/{curriculum}")
            await transaction.list_rows("lock_all_gates", tenant=tenant, gates=GATES)
            for query in ("find_question_in_use", "find_concept_in_use"):
                if await transaction.find_row(query, **names) is not None:
                    raise CurriculumInUseError(
                        f"curriculum {curriculum} carries evidence and cannot be deleted", [curriculum]
                    )
            for kind in ("questions", "misconceptions", "resources", "concepts"):
                await transaction.delete_batches(f"delete_{kind}", **names)
            await delete_all(transaction, tenant, curriculum)
            await transaction.list_rows("delete_curriculum_node", **names)

        try:
            await self._database.write(work)
        except CurriculumNotFoundError:
            # An earlier call may have ended between the two.
            await delete_retired(self._database, tenant, curriculum)
            raise
        await delete_retired(self._database, tenant, curriculum)


async def _import(
    transaction: Transaction, tenant: str, curriculum: Curriculum, now: int, operation_id: str
) -> ImportOutcome:
    if await transaction.find_row("lock_curriculum", tenant=tenant, curriculum=curriculum.id) is None:
        raise RaceLostError(f"curriculum {curriculum.id} was deleted while it was waited for")
    record, old = await load(transaction, tenant, curriculum.id) or (None, None)
    following = make_next_version(record, old, curriculum, now, operation_id)
    if following is None:
        assert record is not None  # noqa: S101 - only what is there can be unchanged
        return ImportOutcome(record=record, difference=Difference(), operation=None)
    if old is not None:
        # Before anything is written: an append that holds a gate may wait for what this would hold.
        await transaction.list_rows("lock_all_gates", tenant=tenant, gates=GATES)
    await _write_content(transaction, tenant, old, following.content)
    await transaction.list_rows(
        "put_curriculum", tenant=tenant, curriculum=curriculum.id, properties=to_properties(following.record)
    )
    if following.operation is not None:
        await put_operation(transaction, tenant, following.operation)
    return ImportOutcome(record=following.record, difference=following.difference, operation=following.operation)


async def _write_content(transaction: Transaction, tenant: str, old: Curriculum | None, new: Curriculum) -> None:
    """Writes the parts and edges that differ, concepts first, since the others point to them."""
    names = {"tenant": tenant, "curriculum": new.id}

    async def put(
        query: str, before: Sequence[Part], after: Sequence[Part], list_rows: Callable[[Iterable[Part]], Rows]
    ) -> None:
        known = {part.id: part for part in before}
        rows = list_rows(part for part in after if known.get(part.id) != part)
        await transaction.write_batches(query, rows, **names)

    base = old or Curriculum(id=new.id, title=new.title)
    await put("put_concepts", base.concepts, new.concepts, list_concepts)
    edges_before, edges_after = list_edges(old), list_edges(new)
    gone = [
        {"before": before, "after": after, "group": group}
        for (before, after, group), properties in edges_before.items()
        if edges_after.get((before, after, group)) != properties
    ]
    await transaction.write_batches("remove_prerequisites", gone, **names)
    fresh = [
        {"before": before, "after": after, "properties": properties}
        for (before, after, group), properties in edges_after.items()
        if edges_before.get((before, after, group)) != properties
    ]
    await transaction.write_batches("put_prerequisites", fresh, **names)
    await put("put_resources", base.resources, new.resources, list_resources)
    await put("put_questions", base.questions, new.questions, list_questions)
    await put("put_misconceptions", base.misconceptions, new.misconceptions, list_misconceptions)
