"""Curricula: importing, loading, correcting and deleting them."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from kg.codec import decode, encode
from kg.comparison import Difference, fingerprint
from kg.curriculum import (
    AnswerKey,
    Concept,
    Curriculum,
    CurriculumRecord,
    CurriculumSize,
    Misconception,
    Prerequisite,
    PrerequisiteGroup,
    PrerequisiteKind,
    Question,
    Resource,
)
from kg.errors import CurriculumInUseError, CurriculumNotFoundError, QuestionNotFoundError
from kg.operations import Operation
from kg.revisions import (
    TEXTS,
    QuestionChange,
    correct_key,
    grades_differently,
    make_next_version,
    make_regrade,
    set_voided,
)
from kg.sqlite_store.ledger import to_array
from kg.sqlite_store.operations import insert_operation
from kg.sqlite_store.part import StorePart
from kg.sqlite_store.retrieval import TABLES as RETRIEVAL
from kg.store import ImportOutcome

Part = Concept | Resource | Question | Misconception

_RECORD = """id, title, description, language, licence, attribution, source_url, version, grading_revision,
             fingerprint, updated_at, size"""


def _to_record(row: Sequence[Any]) -> CurriculumRecord:
    names = CurriculumRecord.__dataclass_fields__
    values = dict(zip(names, row, strict=True))
    return CurriculumRecord(**{**values, "size": decode(CurriculumSize, values["size"])})


def _find_record(connection: sqlite3.Connection, tenant: str, curriculum: str) -> CurriculumRecord | None:
    row = connection.execute(
        f"SELECT {_RECORD} FROM curricula WHERE tenant = ? AND id = ?", (tenant, curriculum)
    ).fetchone()
    return _to_record(row) if row else None


def _get_record(connection: sqlite3.Connection, tenant: str, curriculum: str) -> CurriculumRecord:
    record = _find_record(connection, tenant, curriculum)
    if record is None:
        raise CurriculumNotFoundError(f"curricula/{curriculum}")
    return record


def _load(connection: sqlite3.Connection, tenant: str, record: CurriculumRecord) -> Curriculum:
    names = (tenant, record.id)

    def list_bodies(kind: str) -> list[str]:
        rows = connection.execute(
            "SELECT body FROM parts WHERE tenant = ? AND curriculum = ? AND kind = ? ORDER BY id", (*names, kind)
        )
        return [body for (body,) in rows]

    prerequisites = connection.execute(
        """SELECT before, after, kind, strength, reason FROM prerequisites
           WHERE tenant = ? AND curriculum = ? ORDER BY after, before""",
        names,
    )
    groups = connection.execute(
        """SELECT concept, id, need, members, strength, reason FROM prerequisite_groups
           WHERE tenant = ? AND curriculum = ? ORDER BY concept, id""",
        names,
    )
    return Curriculum(
        id=record.id,
        **{name: getattr(record, name) for name in TEXTS},
        concepts=tuple(decode(Concept, body) for body in list_bodies("concept")),
        prerequisites=tuple(
            Prerequisite(before=before, after=after, kind=PrerequisiteKind(kind), strength=strength, reason=reason)
            for before, after, kind, strength, reason in prerequisites
        ),
        groups=tuple(
            PrerequisiteGroup(
                concept=concept, id=group, need=need, members=tuple(json.loads(members)), strength=strength, reason=why
            )
            for concept, group, need, members, strength, why in groups
        ),
        resources=tuple(decode(Resource, body) for body in list_bodies("resource")),
        questions=tuple(decode(Question, body) for body in list_bodies("question")),
        misconceptions=tuple(decode(Misconception, body) for body in list_bodies("misconception")),
    )


def _write_record(connection: sqlite3.Connection, tenant: str, record: CurriculumRecord) -> None:
    values = [getattr(record, name) for name in CurriculumRecord.__dataclass_fields__ if name != "size"]
    connection.execute(
        "INSERT OR REPLACE INTO curricula VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (tenant, *values, encode(record.size)),
    )


def _write_content(connection: sqlite3.Connection, tenant: str, old: Curriculum | None, new: Curriculum) -> None:
    """Writes the parts that differ, and the prerequisite graph whole where it differs."""
    base = old or Curriculum(id=new.id, title=new.title)
    for kind, before, after in (
        ("concept", base.concepts, new.concepts),
        ("resource", base.resources, new.resources),
        ("question", base.questions, new.questions),
        ("misconception", base.misconceptions, new.misconceptions),
    ):
        _write_parts(connection, (tenant, new.id, kind), before, after)
    if (base.prerequisites, base.groups) == (new.prerequisites, new.groups):
        return
    for table in ("prerequisites", "prerequisite_groups"):
        connection.execute(f"DELETE FROM {table} WHERE tenant = ? AND curriculum = ?", (tenant, new.id))
    connection.executemany(
        "INSERT INTO prerequisites VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (tenant, new.id, edge.after, edge.before, edge.kind.value, edge.strength, edge.reason)
            for edge in new.prerequisites
        ],
    )
    connection.executemany(
        "INSERT INTO prerequisite_groups VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (tenant, new.id, each.concept, each.id, each.need, to_array(each.members), each.strength, each.reason)
            for each in new.groups
        ],
    )


def _write_parts(
    connection: sqlite3.Connection, place: tuple[str, str, str], before: Iterable[Part], after: Iterable[Part]
) -> None:
    known = {part.id: part for part in before}
    connection.executemany(
        "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?)",
        [(*place, part.id, encode(part)) for part in after if known.get(part.id) != part],
    )


def _import(
    connection: sqlite3.Connection, tenant: str, curriculum: Curriculum, now: int, operation_id: str
) -> ImportOutcome:
    record = _find_record(connection, tenant, curriculum.id)
    old = _load(connection, tenant, record) if record else None
    following = make_next_version(record, old, curriculum, now, operation_id)
    if following is None:
        assert record is not None  # noqa: S101 - only what is there can be unchanged
        return ImportOutcome(record=record, difference=Difference(), operation=None)
    _write_content(connection, tenant, old, following.content)
    _write_record(connection, tenant, following.record)
    if following.operation is not None:
        insert_operation(connection, tenant, following.operation)
    return ImportOutcome(record=following.record, difference=following.difference, operation=following.operation)


class Curricula(StorePart):
    """The store's methods about curricula."""

    async def import_curriculum(self, tenant: str, curriculum: Curriculum, now: int, operation: str) -> ImportOutcome:
        """See `Store.import_curriculum`."""
        return await self._database.write(lambda connection: _import(connection, tenant, curriculum, now, operation))

    async def get_curriculum_record(self, tenant: str, curriculum: str) -> CurriculumRecord:
        """See `Store.get_curriculum_record`."""
        return await self._database.read(lambda connection: _get_record(connection, tenant, curriculum))

    async def load_curriculum(self, tenant: str, curriculum: str) -> tuple[CurriculumRecord, Curriculum]:
        """See `Store.load_curriculum`."""

        def job(connection: sqlite3.Connection) -> tuple[CurriculumRecord, Curriculum]:
            record = _get_record(connection, tenant, curriculum)
            return record, _load(connection, tenant, record)

        return await self._database.read(job)

    async def list_curricula(self, tenant: str, after: str, limit: int) -> list[CurriculumRecord]:
        """See `Store.list_curricula`."""
        rows = await self._select(
            f"SELECT {_RECORD} FROM curricula WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?", tenant, after, limit
        )
        return [_to_record(row) for row in rows]

    async def delete_curriculum(self, tenant: str, curriculum: str) -> None:
        """See `Store.delete_curriculum`."""

        def job(connection: sqlite3.Connection) -> None:
            _get_record(connection, tenant, curriculum)
            names = (tenant, curriculum)
            in_use = "SELECT 1 FROM evidence WHERE tenant = ? AND curriculum = ? LIMIT 1"
            if connection.execute(in_use, names).fetchone():
                raise CurriculumInUseError(
                    f"curriculum {curriculum} carries evidence and cannot be deleted", [curriculum]
                )
            for table in ("parts", "prerequisites", "prerequisite_groups", *RETRIEVAL):
                connection.execute(f"DELETE FROM {table} WHERE tenant = ? AND curriculum = ?", names)
            connection.execute("DELETE FROM curricula WHERE tenant = ? AND id = ?", names)

        await self._database.write(job)

    async def correct_answer_key(
        self, tenant: str, curriculum: str, question: str, key: AnswerKey, *, now: int, operation: str
    ) -> Operation:
        """See `Store.correct_answer_key`."""
        return await self._correct((tenant, curriculum, question), correct_key(key, now), now, operation)

    async def void_question(
        self, tenant: str, curriculum: str, question: str, *, voided: bool, now: int, operation: str
    ) -> Operation:
        """See `Store.void_question`."""
        return await self._correct((tenant, curriculum, question), set_voided(voided=voided), now, operation)

    async def _correct(
        self, place: tuple[str, str, str], change: QuestionChange, now: int, operation_id: str
    ) -> Operation:
        """Changes the question at (tenant, curriculum, question) and creates the operation that follows from it."""
        tenant, curriculum, question = place

        def job(connection: sqlite3.Connection) -> Operation:
            revision = _change_question(connection, place, change)
            operation = make_regrade(operation_id, curriculum, (question,), revision, now)
            insert_operation(connection, tenant, operation)
            return operation

        return await self._database.write(job)

    async def list_learners_to_regrade(
        self, tenant: str, curriculum: str, questions: Sequence[str], grading_revision: int, limit: int
    ) -> list[str]:
        """See `Store.list_learners_to_regrade`."""
        rows = await self._select(
            """SELECT DISTINCT ledgers.learner FROM evidence
               JOIN ledgers USING (tenant, learner, curriculum)
               WHERE tenant = ? AND curriculum = ? AND question IN (SELECT value FROM json_each(?)) AND question <> ''
               AND grading_revision < ? ORDER BY ledgers.learner LIMIT ?""",
            tenant,
            curriculum,
            to_array(questions),
            grading_revision,
            limit,
        )
        return [learner for (learner,) in rows]


def _change_question(connection: sqlite3.Connection, place: tuple[str, str, str], change: QuestionChange) -> int:
    """Changes a question where that changes how it is graded; returns the curriculum's grading revision after it."""
    tenant, curriculum, question = place
    record = _get_record(connection, tenant, curriculum)
    row = connection.execute(
        "SELECT body FROM parts WHERE tenant = ? AND curriculum = ? AND kind = 'question' AND id = ?", place
    ).fetchone()
    if row is None:
        raise QuestionNotFoundError(f"curricula/{curriculum}/questions/{question}")
    old = decode(Question, row[0])
    new = change(old)
    if not grades_differently(old, new):
        return record.grading_revision
    _write_parts(connection, (tenant, curriculum, "question"), [old], [new])
    revision = record.grading_revision + 1
    # The fingerprint covers the keys, so it follows a correction.
    digest = fingerprint(_load(connection, tenant, record))
    _write_record(connection, tenant, replace(record, grading_revision=revision, fingerprint=digest))
    return revision
