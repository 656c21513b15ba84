"""A learner's state at a moment, read from the ledger; moments before the head are folded from the log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kg.evidence import Position
from kg.fold import States, apply_evidence
from kg.ledger import BEGINNING, Ledger, LedgerTransaction
from kg.mastery import PARAMETERS, ConceptState, MasteryReading, read_mastery


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerState:
    """What is known about a learner in one curriculum at one moment.

    Attributes:
        learner: Id.
        curriculum: Id.
        as_of: The moment, microseconds since 1970 UTC; None where there is no evidence and none was asked about.
        model: Version of the parameters that folded the evidence.
        evidence_count: Items folded, voided ones left out.
        revision: Of the learner.
        mastery: Reading by concept id, in ascending order, for the concepts with evidence.
    """

    learner: str
    curriculum: str
    as_of: int | None
    model: str
    evidence_count: int
    revision: int
    mastery: Mapping[str, MasteryReading]


async def read_states(
    transaction: LedgerTransaction, learners: Sequence[str], curriculum: str, as_of: int | None
) -> dict[str, LearnerState]:
    """Reads the states of those of the learners that exist: one read, and two more for each asked about in the past.

    Args:
        transaction: Of the tenant; read only.
        learners: Ids.
        curriculum: Id.
        as_of: Microseconds since 1970 UTC; None: each learner's latest evidence.
    """
    ledgers = await transaction.read_ledgers(learners, curriculum)
    return {
        learner: await _read_state(transaction, learner, curriculum, ledger, as_of)
        for learner, ledger in ledgers.items()
    }


async def _read_state(
    transaction: LedgerTransaction, learner: str, curriculum: str, ledger: Ledger, as_of: int | None
) -> LearnerState:
    head, states = ledger.head, ledger.states
    count = head.count if head else 0
    moment = head.position.occurred_at if head and as_of is None else as_of
    if head and moment is not None:
        if head.model != PARAMETERS.version:
            states, count = await _fold_until(transaction, learner, curriculum, BEGINNING, moment)
        elif moment < head.position.occurred_at:
            states, count = await _fold_until(transaction, learner, curriculum, Position(moment + 1, ""), moment)
    return LearnerState(
        learner=learner,
        curriculum=curriculum,
        as_of=moment,
        model=PARAMETERS.version,
        evidence_count=count,
        revision=ledger.revision,
        mastery={concept: read_mastery(states[concept], moment) for concept in sorted(states)},
    )


async def _fold_until(
    transaction: LedgerTransaction, learner: str, curriculum: str, before: Position, until: int
) -> tuple[Mapping[str, ConceptState], int]:
    """Folds the log up to and with a moment, starting from the last snapshot before a position."""
    base = await transaction.read_snapshot(learner, curriculum, before)
    history = await transaction.read_history(learner, curriculum, base.position if base else BEGINNING, until)
    states: States = dict(base.states) if base else {}
    for item in history.evidence:
        apply_evidence(states, item, history.questions.get(item.question))
    return states, (base.count if base else 0) + len(history.evidence)
