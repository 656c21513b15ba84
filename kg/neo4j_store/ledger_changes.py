"""Writing a `LedgerChange`: at best one round trip."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from kg.codec import encode_states
from kg.evidence import Evidence
from kg.learner import hash_learner
from kg.ledger import Head, LedgerChange
from kg.neo4j_store.database import RaceLostError, Transaction

Rows = list[dict[str, Any]]


async def write_change(transaction: Transaction, tenant: str, now: int, change: LedgerChange) -> None:
    """Writes everything that a transaction of the ledger changes.

    Args:
        transaction: Holds the locks of the learners concerned.
        tenant: Id.
        now: Time of creation of new learners, microseconds since 1970 UTC.
        change: What to write.

    Raises:
        RaceLostError: A new learner was created and erased by others since it was looked for.
    """
    if change.new_learners:
        learners = [{"learner": each, "hash": hash_learner(tenant, each)} for each in sorted(change.new_learners)]
        ((erased,),) = await transaction.list_rows("create_learners", tenant=tenant, learners=learners, now=now)
        if erased:
            raise RaceLostError
    await _trim(transaction, tenant, change)
    await transaction.list_rows(
        "write_change",
        tenant=tenant,
        answers=_list_evidence(sorted((item for item in change.evidence if item.question), key=_by_question)),
        statements=_list_evidence(sorted((item for item in change.evidence if item.concept), key=_by_concept)),
        states=_list_states(change),
        heads=[_to_row(key, head) for key, head in change.heads.items() if head is not None],
        increments=[{"learner": learner, "by": by} for learner, by in sorted(change.increments.items())],
    )
    snapshots = [
        {
            **_name(key),
            "position_at": snapshot.position.occurred_at,
            "position_id": snapshot.position.id,
            "count": snapshot.count,
            "states": encode_states(snapshot.states),
        }
        for key, taken in change.snapshots.items()
        for snapshot in taken
    ]
    await transaction.write_batches("create_snapshots", snapshots, tenant=tenant)


async def _trim(transaction: Transaction, tenant: str, change: LedgerChange) -> None:
    removed = [
        {**_name(key), "concept": concept} for key, concepts in change.removed.items() for concept in sorted(concepts)
    ]
    stale = [{**_name(key), "at": since.occurred_at, "id": since.id} for key, since in change.stale_from.items()]
    ended = [_name(key) for key, head in change.heads.items() if head is None]
    if change.voided or removed or stale or ended:
        await transaction.list_rows(
            "trim_ledger", tenant=tenant, voided=sorted(change.voided), removed=removed, stale=stale, ended=ended
        )


def _name(key: tuple[str, str]) -> dict[str, Any]:
    learner, curriculum = key
    return {"learner": learner, "curriculum": curriculum}


def _by_question(item: Evidence) -> tuple[str, str]:
    return item.question, item.curriculum


def _by_concept(item: Evidence) -> tuple[str, str]:
    return item.concept, item.curriculum


def _list_evidence(items: Iterable[Evidence]) -> Rows:
    """Rows of evidence nodes; what is empty becomes null, and so no property."""
    return [
        {**asdict(item), "question": item.question or None, "concept": item.concept or None, "source": str(item.source)}
        for item in items
    ]


def _list_states(change: LedgerChange) -> Rows:
    rows = [
        {
            **_name(key),
            "concept": concept,
            "probability": state.probability,
            "practised_at": state.practised_at,
            "stability_days": state.stability_days,
            "weight": state.weight,
            "count": state.count,
        }
        for key, states in change.states.items()
        for concept, state in states.items()
    ]
    return sorted(rows, key=lambda row: (row["concept"], row["curriculum"], row["learner"]))


def _to_row(key: tuple[str, str], head: Head) -> dict[str, Any]:
    return {
        **_name(key),
        "position_at": head.position.occurred_at,
        "position_id": head.position.id,
        "count": head.count,
        "snapshot_due": head.snapshot_due,
        "grading_revision": head.grading_revision,
        "model": head.model,
    }
