"""The ledger's transaction on SQLite; see `kg.ledger.LedgerTransaction`."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kg.codec import decode, decode_states, encode_states
from kg.curriculum import Question
from kg.evidence import Evidence, Position, Source
from kg.learner import hash_learner
from kg.ledger import AppendView, Head, History, Ledger, LedgerChange, MasteryChange, Snapshot
from kg.mastery import ConceptState

EVIDENCE_COLUMNS = "id, learner, curriculum, question, concept, response, score, occurred_at, source, voided"
Row = tuple[object, ...]


def read_evidence_row(row: Sequence[object]) -> Evidence:
    """Reads a row of `EVIDENCE_COLUMNS`."""
    identifier, learner, curriculum, question, concept, response, score, occurred_at, source, voided = row
    return Evidence(
        id=str(identifier),
        learner=str(learner),
        curriculum=str(curriculum),
        question=str(question),
        concept=str(concept),
        response=None if response is None else str(response),
        score=score if isinstance(score, float) else None,
        occurred_at=int(str(occurred_at)),
        source=Source(str(source)),
        voided=bool(voided),
    )


def to_array(values: Iterable[str]) -> str:
    """Ids as one parameter, to be read by SQLite's `json_each`."""
    return json.dumps(list(values))


class SqliteLedger:
    """One tenant's transaction. SQLite has one writer, so every learner is locked as long as it lasts."""

    def __init__(self, connection: sqlite3.Connection, tenant: str, now: int) -> None:
        self._connection = connection
        self._tenant = tenant
        self._now = now

    async def read_append_view(self, batch: Sequence[Evidence]) -> AppendView:
        """See `LedgerTransaction.read_append_view`."""
        view = AppendView()
        learners = {item.learner for item in batch}
        rows = self._select(
            f"SELECT {EVIDENCE_COLUMNS} FROM evidence WHERE tenant = ? AND id IN (SELECT value FROM json_each(?))",
            to_array(item.id for item in batch),
        )
        view.existing = {item.id: item for item in map(read_evidence_row, rows)}
        view.learners = {
            row[0]
            for row in self._select(
                "SELECT id FROM learners WHERE tenant = ? AND id IN (SELECT value FROM json_each(?))",
                to_array(learners),
            )
        }
        hashes = {hash_learner(self._tenant, learner): learner for learner in learners - view.learners}
        view.erased = {
            hashes[row[0]]
            for row in self._select(
                "SELECT hash FROM erased_learners WHERE tenant = ? AND hash IN (SELECT value FROM json_each(?))",
                to_array(hashes),
            )
        }
        self._read_homes(view, batch)
        self._read_folded(view, batch)
        return view

    def _read_homes(self, view: AppendView, batch: Sequence[Evidence]) -> None:
        find = """SELECT id, curriculum, body FROM parts
                  WHERE tenant = ? AND kind = ? AND id IN (SELECT value FROM json_each(?)) ORDER BY id, curriculum"""
        questions = to_array({item.question for item in batch if item.question})
        for question, curriculum, body in self._select(find, "question", questions):
            view.question_homes.setdefault(question, []).append(curriculum)
            view.questions[curriculum, question] = decode(Question, body)
        concepts = to_array({item.concept for item in batch if item.concept})
        for concept, curriculum, _ in self._select(find, "concept", concepts):
            view.concept_homes.setdefault(concept, []).append(curriculum)
        homes = {home for found in (*view.question_homes.values(), *view.concept_homes.values()) for home in found}
        view.grading_revisions = dict(
            self._select(
                """SELECT id, grading_revision FROM curricula
                   WHERE tenant = ? AND id IN (SELECT value FROM json_each(?))""",
                to_array(homes),
            )
        )

    def _read_folded(self, view: AppendView, batch: Sequence[Evidence]) -> None:
        """Reads heads and touched states: a constant number of rows for each item."""
        keys: dict[tuple[str, str], set[str]] = {}
        for item in batch:
            homes = view.question_homes if item.question else view.concept_homes
            for home in homes.get(item.question or item.concept, []):
                question = view.questions[home, item.question] if item.question else None
                keys.setdefault((item.learner, home), set()).update(question.assesses if question else [item.concept])
        for (learner, curriculum), concepts in keys.items():
            head = self._read_head(learner, curriculum)
            if head is None:
                continue
            view.heads[learner, curriculum] = head
            rows = self._select(
                """SELECT concept, probability, practised_at, stability_days, weight, count FROM mastery
                   WHERE tenant = ? AND learner = ? AND curriculum = ?
                   AND concept IN (SELECT value FROM json_each(?))""",
                learner,
                curriculum,
                to_array(concepts),
            )
            view.states[learner, curriculum] = {concept: ConceptState(*values) for concept, *values in rows}

    def _read_head(self, learner: str, curriculum: str) -> Head | None:
        rows = self._select(
            """SELECT position_at, position_id, count, snapshot_due, grading_revision, model FROM ledgers
               WHERE tenant = ? AND learner = ? AND curriculum = ?""",
            learner,
            curriculum,
        )
        for position_at, position_id, count, due, revision, model in rows:
            return Head(
                position=Position(position_at, position_id),
                count=count,
                snapshot_due=due,
                grading_revision=revision,
                model=model,
            )
        return None

    async def lock_learner(self, learner: str) -> bool:
        """See `LedgerTransaction.lock_learner`."""
        return bool(self._select("SELECT 1 FROM learners WHERE tenant = ? AND id = ?", learner))

    async def read_evidence(self, evidence_id: str) -> Evidence | None:
        """See `LedgerTransaction.read_evidence`."""
        rows = self._select(f"SELECT {EVIDENCE_COLUMNS} FROM evidence WHERE tenant = ? AND id = ?", evidence_id)
        return read_evidence_row(rows[0]) if rows else None

    async def read_ledgers(self, learners: Sequence[str], curriculum: str) -> dict[str, Ledger]:
        """See `LedgerTransaction.read_ledgers`."""
        wanted = to_array(learners)
        states: dict[str, dict[str, ConceptState]] = {}
        rows = self._select(
            """SELECT learner, concept, probability, practised_at, stability_days, weight, count FROM mastery
               WHERE tenant = ? AND curriculum = ? AND learner IN (SELECT value FROM json_each(?))""",
            curriculum,
            wanted,
        )
        for learner, concept, *values in rows:
            states.setdefault(learner, {})[concept] = ConceptState(*values)
        found = self._select(
            "SELECT id, revision FROM learners WHERE tenant = ? AND id IN (SELECT value FROM json_each(?))", wanted
        )
        return {
            learner: Ledger(revision, self._read_head(learner, curriculum), states.get(learner, {}))
            for learner, revision in found
        }

    async def read_grading_revision(self, curriculum: str) -> int:
        """See `LedgerTransaction.read_grading_revision`."""
        rows = self._select("SELECT grading_revision FROM curricula WHERE tenant = ? AND id = ?", curriculum)
        return int(rows[0][0]) if rows else 0

    async def read_snapshot(self, learner: str, curriculum: str, before: Position) -> Snapshot | None:
        """See `LedgerTransaction.read_snapshot`."""
        rows = self._select(
            """SELECT position_at, position_id, count, states FROM snapshots
               WHERE tenant = ? AND learner = ? AND curriculum = ? AND (position_at, position_id) < (?, ?)
               ORDER BY position_at DESC, position_id DESC LIMIT 1""",
            learner,
            curriculum,
            *before,
        )
        for position_at, position_id, count, states in rows:
            return Snapshot(Position(position_at, position_id), count, decode_states(states))
        return None

    async def read_history(self, learner: str, curriculum: str, after: Position, until: int | None = None) -> History:
        """See `LedgerTransaction.read_history`."""
        rows = self._select(
            f"""SELECT {EVIDENCE_COLUMNS} FROM evidence
                WHERE tenant = ? AND learner = ? AND curriculum = ? AND voided = 0
                AND (occurred_at, id) > (?, ?) AND occurred_at <= ifnull(?, occurred_at)
                ORDER BY occurred_at, id""",
            learner,
            curriculum,
            *after,
            until,
        )
        evidence = [read_evidence_row(row) for row in rows]
        return History(evidence, self._read_questions(curriculum, {item.question for item in evidence}))

    def _read_questions(self, curriculum: str, questions: Iterable[str]) -> Mapping[str, Question]:
        rows = self._select(
            """SELECT id, body FROM parts WHERE tenant = ? AND curriculum = ? AND kind = 'question'
               AND id IN (SELECT value FROM json_each(?))""",
            curriculum,
            to_array(questions),
        )
        return {identifier: decode(Question, body) for identifier, body in rows}

    async def write_change(self, change: LedgerChange) -> None:
        """See `LedgerTransaction.write_change`."""
        self._write(
            """INSERT INTO learners VALUES (?, ?, '', '', '[]', ?, 0)""",
            [(learner, self._now) for learner in change.new_learners],
        )
        self._write(
            "INSERT INTO evidence VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [_to_evidence_row(item) for item in change.evidence],
        )
        self._write("UPDATE evidence SET voided = 1 WHERE tenant = ? AND id = ?", [(each,) for each in change.voided])
        self._write(
            "DELETE FROM mastery WHERE tenant = ? AND learner = ? AND curriculum = ? AND concept = ?",
            [(*key, concept) for key, concepts in change.removed.items() for concept in concepts],
        )
        self._write(
            "INSERT OR REPLACE INTO mastery VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (*key, concept, each.probability, each.practised_at, each.stability_days, each.weight, each.count)
                for key, states in change.states.items()
                for concept, each in states.items()
            ],
        )
        self._write_heads(change)
        self._write(
            """DELETE FROM snapshots WHERE tenant = ? AND learner = ? AND curriculum = ?
               AND (position_at, position_id) >= (?, ?)""",
            [(*key, *position) for key, position in change.stale_from.items()],
        )
        self._write(
            "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (*key, *each.position, each.count, encode_states(each.states))
                for key, snapshots in change.snapshots.items()
                for each in snapshots
            ],
        )
        self._write(
            "UPDATE learners SET revision = revision + ?2 WHERE tenant = ?1 AND id = ?3",
            [(increment, learner) for learner, increment in change.increments.items()],
        )

    def _write_heads(self, change: LedgerChange) -> None:
        self._write(
            "DELETE FROM ledgers WHERE tenant = ? AND learner = ? AND curriculum = ?",
            [key for key, head in change.heads.items() if head is None],
        )
        self._write(
            "INSERT OR REPLACE INTO ledgers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (*key, *head.position, head.count, head.snapshot_due, head.grading_revision, head.model)
                for key, head in change.heads.items()
                if head is not None
            ],
        )

    async def record_mastery_changes(self, operation: str, changes: Sequence[MasteryChange]) -> None:
        """See `LedgerTransaction.record_mastery_changes`."""
        self._write(
            """INSERT INTO mastery_changes VALUES (?, ?, ?, ?, ?, ?)
               ON CONFLICT DO UPDATE SET after = excluded.after""",
            [(operation, each.learner, each.concept, each.before, each.after) for each in changes],
        )

    def _select(self, statement: str, *parameters: object) -> list[Any]:
        """Runs a query whose first parameter is the tenant."""
        return self._connection.execute(statement, (self._tenant, *parameters)).fetchall()

    def _write(self, statement: str, rows: Iterable[Row]) -> None:
        """Runs a statement for each row, with the tenant as its first parameter."""
        self._connection.executemany(statement, [(self._tenant, *row) for row in rows])


def _to_evidence_row(item: Evidence) -> Row:
    return (
        item.id,
        item.learner,
        item.curriculum,
        item.question,
        item.concept,
        item.response,
        item.score,
        item.occurred_at,
        item.source.value,
        int(item.voided),
    )
