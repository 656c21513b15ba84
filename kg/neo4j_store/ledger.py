"""A tenant's transaction as `kg.ledger` asks for it: what it reads, under which locks."""

import zlib
from collections.abc import Iterable, Sequence
from typing import Any, Final

from kg.codec import decode, decode_states
from kg.curriculum import Question
from kg.evidence import Evidence, Position, Source
from kg.learner import hash_learner
from kg.ledger import AppendView, Head, History, Ledger, LedgerChange, MasteryChange, Snapshot
from kg.mastery import ConceptState
from kg.neo4j_store.database import RaceLostError, Transaction
from kg.neo4j_store.ledger_changes import write_change

GATES: Final = 256
"""Gates of a tenant. An append holds one of them, a change of grading all: see append_view in queries.cypher."""

_END_OF_TIME: Final = 2**63 - 1


def to_evidence(properties: dict[str, Any]) -> Evidence:
    """Reads an item from the properties of its node."""
    return Evidence(
        id=properties["id"],
        learner=properties["learner"],
        curriculum=properties["curriculum"],
        question=properties.get("question", ""),
        concept=properties.get("concept", ""),
        response=properties.get("response"),
        score=properties.get("score"),
        occurred_at=properties["occurred_at"],
        source=Source(properties["source"]),
        voided=properties["voided"],
    )


def _to_head(row: Sequence[Any]) -> Head:
    at, identifier, count, snapshot_due, grading_revision, model = row
    return Head(
        position=Position(at, identifier),
        count=count,
        snapshot_due=snapshot_due,
        grading_revision=grading_revision,
        model=model,
    )


def _choose_gate(learners: Iterable[str]) -> int:
    """The same learner always takes the same gate, so that its own lock makes it wait and not another's gate."""
    return zlib.crc32(min(learners, default="").encode()) % GATES


class Neo4jLedgerTransaction:
    """Implements `kg.ledger.LedgerTransaction`.

    Args:
        transaction: Open.
        tenant: Id.
        now: Time of creation for learners that it creates, microseconds since 1970 UTC.
    """

    def __init__(self, transaction: Transaction, tenant: str, now: int) -> None:
        self._transaction = transaction
        self._tenant = tenant
        self._now = now

    async def read_append_view(self, batch: Sequence[Evidence]) -> AppendView:
        """See `LedgerTransaction.read_append_view`; one round trip."""
        learners = sorted({item.learner for item in batch})
        (row,) = await self._transaction.list_rows(
            "append_view",
            tenant=self._tenant,
            gate=_choose_gate(learners),
            learners=learners,
            hashes=[{"learner": each, "hash": hash_learner(self._tenant, each)} for each in learners],
            evidence=sorted({item.id for item in batch}),
            questions=_group_learners((item.question, item.learner) for item in batch),
            concepts=_group_learners((item.concept, item.learner) for item in batch),
        )
        return _to_view(row)

    async def lock_learner(self, learner: str) -> bool:
        """See `LedgerTransaction.lock_learner`."""
        names = {"tenant": self._tenant, "learner": learner}
        if await self._transaction.find_row("lock_learner", **names) is None:
            return False
        await self._transaction.list_rows("hold_gate", tenant=self._tenant, gate=_choose_gate([learner]))
        return True

    async def read_evidence(self, evidence_id: str) -> Evidence | None:
        """See `LedgerTransaction.read_evidence`."""
        row = await self._transaction.find_row("read_evidence", tenant=self._tenant, evidence=evidence_id)
        return to_evidence(row[0]) if row is not None else None

    async def read_ledgers(self, learners: Sequence[str], curriculum: str) -> dict[str, Ledger]:
        """See `LedgerTransaction.read_ledgers`."""
        rows = await self._transaction.list_rows(
            "read_ledgers", tenant=self._tenant, learners=sorted(set(learners)), curriculum=curriculum
        )
        found = {}
        for learner, revision, revision_after, head, states in rows:
            if revision != revision_after:
                raise RaceLostError
            found[learner] = Ledger(
                revision,
                None if head[0] is None else _to_head(head),
                {concept: ConceptState(*state) for concept, *state in states},
            )
        return found

    async def read_grading_revision(self, curriculum: str) -> int:
        """See `LedgerTransaction.read_grading_revision`."""
        row = await self._transaction.find_row("read_grading_revision", tenant=self._tenant, curriculum=curriculum)
        return row[0] if row is not None and row[0] is not None else 0

    async def read_snapshot(self, learner: str, curriculum: str, before: Position) -> Snapshot | None:
        """See `LedgerTransaction.read_snapshot`."""
        row = await self._transaction.find_row(
            "read_snapshot",
            tenant=self._tenant,
            learner=learner,
            curriculum=curriculum,
            at=before.occurred_at,
            id=before.id,
        )
        if row is None:
            return None
        at, identifier, count, states = row
        return Snapshot(Position(at, identifier), count, decode_states(states))

    async def read_history(self, learner: str, curriculum: str, after: Position, until: int | None = None) -> History:
        """See `LedgerTransaction.read_history`."""
        rows = await self._transaction.list_rows(
            "read_history",
            tenant=self._tenant,
            learner=learner,
            curriculum=curriculum,
            at=after.occurred_at,
            id=after.id,
            until=_END_OF_TIME if until is None else until,
        )
        evidence = [to_evidence(properties) for (properties,) in rows]
        questions = {item.question for item in evidence if item.question}
        if not questions:
            return History(evidence, {})
        bodies = await self._transaction.list_rows(
            "read_questions", tenant=self._tenant, curriculum=curriculum, questions=sorted(questions)
        )
        return History(evidence, {identifier: decode(Question, body) for identifier, body in bodies})

    async def write_change(self, change: LedgerChange) -> None:
        """See `LedgerTransaction.write_change`."""
        await write_change(self._transaction, self._tenant, self._now, change)

    async def record_mastery_changes(self, operation: str, changes: Sequence[MasteryChange]) -> None:
        """See `LedgerTransaction.record_mastery_changes`."""
        rows = [
            {"learner": each.learner, "concept": each.concept, "before": each.before, "after": each.after}
            for each in changes
        ]
        await self._transaction.write_batches("record_mastery_changes", rows, tenant=self._tenant, operation=operation)


def _group_learners(pairs: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Lists the learners of each subject that is not empty, both ascending."""
    learners: dict[str, list[str]] = {}
    for subject, learner in sorted(set(pairs)):
        if subject:
            learners.setdefault(subject, []).append(learner)
    return [{"id": subject, "learners": each} for subject, each in learners.items()]


def _to_view(row: Sequence[Any]) -> AppendView:
    """Reads the columns of append_view in queries.cypher."""
    learners, erased, existing, questions, concepts, revisions, heads, states = row
    view = AppendView(learners=set(learners), erased=set(erased), grading_revisions=dict(revisions))
    view.existing = {item.id: item for item in map(to_evidence, existing)}
    for identifier, curriculum, body in sorted(questions):
        view.question_homes.setdefault(identifier, []).append(curriculum)
        view.questions[curriculum, identifier] = decode(Question, body)
    for identifier, curriculum in sorted(concepts):
        view.concept_homes.setdefault(identifier, []).append(curriculum)
    view.heads = {(learner, curriculum): _to_head(head) for learner, curriculum, *head in heads}
    for learner, curriculum, concept, *state in states:
        view.states.setdefault((learner, curriculum), {})[concept] = ConceptState(*state)
    return view
