"""What happens when evidence arrives, is withdrawn or is graded anew, written once for every store.

A store gives a transaction that reads and writes; the decisions are here, so that all stores answer alike.
Invariant: under the learner's lock, the states of a learner in a curriculum are the fold of the log up to the head.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from kg.curriculum import Question
from kg.errors import (
    EvidenceConflictError,
    EvidenceNotFoundError,
    GraphMasalError,
    InvalidInputError,
    LearnerErasedError,
    LearnerNotFoundError,
    refuse,
)
from kg.evidence import Evidence, Position
from kg.fold import States, apply_evidence, touched_concepts
from kg.grading import check_evidence, check_subject
from kg.mastery import PARAMETERS, ConceptState, read_mastery

BEGINNING = Position(-1, "")
"""Before every item."""

SNAPSHOT_INTERVAL = 64
"""Items of evidence between two snapshots, or as many as there are concepts if that is more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How far a learner's evidence in one curriculum is folded.

    Attributes:
        position: Of the last item in the log.
        count: Items in the log, voided ones left out.
        snapshot_due: Count at which the next snapshot is taken.
        grading_revision: Of the curriculum, when the whole log was last folded.
        model: Version of the parameters that folded it.
    """

    position: Position
    count: int
    snapshot_due: int
    grading_revision: int
    model: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The states right after one position, from which a late item refolds."""

    position: Position
    count: int
    states: Mapping[str, ConceptState]


@dataclass(frozen=True, slots=True)
class Ledger:
    """A learner in one curriculum as stored. `head` is None before the first item."""

    revision: int
    head: Head | None
    states: Mapping[str, ConceptState]


@dataclass(frozen=True, slots=True)
class History:
    """A stretch of a learner's log in one curriculum, in order, without voided items, and the questions it answers."""

    evidence: Sequence[Evidence]
    questions: Mapping[str, Question]


@dataclass(slots=True, kw_only=True)
class AppendView:
    """What has to be known to append a batch, read under the locks of its learners.

    Attributes:
        existing: Stored evidence by id, for ids of the batch.
        learners: Ids of the batch's learners that exist.
        erased: Ids of the batch's learners that were erased.
        question_homes: By question id, the curricula that have it (archived or not), ascending.
        concept_homes: By concept id, the same.
        questions: By (curriculum, question id), for every home.
        grading_revisions: By curriculum, for every home.
        heads: By (learner, curriculum), for every home.
        states: By (learner, curriculum), by concept: at least those the batch touches.
    """

    existing: dict[str, Evidence] = field(default_factory=dict)
    learners: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    question_homes: dict[str, list[str]] = field(default_factory=dict)
    concept_homes: dict[str, list[str]] = field(default_factory=dict)
    questions: dict[tuple[str, str], Question] = field(default_factory=dict)
    grading_revisions: dict[str, int] = field(default_factory=dict)
    heads: dict[tuple[str, str], Head] = field(default_factory=dict)
    states: dict[tuple[str, str], dict[str, ConceptState]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class LedgerChange:
    """Everything one transaction writes.

    Attributes:
        new_learners: Ids to create.
        evidence: Items to insert, with their curriculum.
        voided: Ids of items to mark voided.
        states: By (learner, curriculum), by concept: states to write.
        removed: By (learner, curriculum): concepts whose state goes.
        heads: By (learner, curriculum); None: nothing is left in the log.
        snapshots: By (learner, curriculum): snapshots to insert.
        stale_from: By (learner, curriculum): snapshots at or after this position go, before new ones are inserted.
        increments: By learner, what its revision grows by.
    """

    new_learners: list[str] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    voided: list[str] = field(default_factory=list)
    states: dict[tuple[str, str], dict[str, ConceptState]] = field(default_factory=dict)
    removed: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    heads: dict[tuple[str, str], Head | None] = field(default_factory=dict)
    snapshots: dict[tuple[str, str], list[Snapshot]] = field(default_factory=dict)
    stale_from: dict[tuple[str, str], Position] = field(default_factory=dict)
    increments: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AppendOutcome:
    """What became of one item: stored, there already, or refused with `error`."""

    duplicate: bool = False
    error: GraphMasalError | None = None


@dataclass(frozen=True, slots=True)
class MasteryChange:
    """How one concept's mastery differs before and after, both reckoned at the learner's latest evidence."""

    learner: str
    concept: str
    before: float
    after: float


class LedgerTransaction(Protocol):
    """One tenant's transaction, as a store offers it."""

    async def read_append_view(self, batch: Sequence[Evidence]) -> AppendView:
        """Locks the learners of the batch in ascending order of id, then reads."""

    async def lock_learner(self, learner: str) -> bool:
        """Locks a learner; False: there is none."""

    async def read_evidence(self, evidence_id: str) -> Evidence | None:
        """Reads one item by id."""

    async def read_ledgers(self, learners: Sequence[str], curriculum: str) -> dict[str, Ledger]:
        """Reads revision, head and all states of each learner that exists."""

    async def read_grading_revision(self, curriculum: str) -> int:
        """Reads the curriculum's grading revision; 0 where there is no such curriculum."""

    async def read_snapshot(self, learner: str, curriculum: str, before: Position) -> Snapshot | None:
        """Reads the last snapshot whose position is less than `before`."""

    async def read_history(self, learner: str, curriculum: str, after: Position, until: int | None = None) -> History:
        """Reads the log after a position up to and with a moment in microseconds (None: to its end)."""

    async def write_change(self, change: LedgerChange) -> None:
        """Writes everything."""

    async def record_mastery_changes(self, operation: str, changes: Sequence[MasteryChange]) -> None:
        """Keeps differences with an operation; a learner and concept recorded before keeps its first `before`."""


async def append_evidence(
    transaction: LedgerTransaction, batch: Sequence[Evidence], *, allow_missing: bool
) -> list[AppendOutcome]:
    """Appends a batch; each item succeeds or fails by itself.

    Args:
        transaction: Of the tenant.
        batch: Items in the order sent; of two with one id the second is held against the first.
        allow_missing: A learner that is not there yet is created.

    Returns:
        One outcome for each item, in order.
    """
    view = await transaction.read_append_view(batch)
    change = LedgerChange()
    outcomes = []
    fresh: defaultdict[tuple[str, str], list[Evidence]] = defaultdict(list)
    for index, item in enumerate(batch):
        try:
            accepted = _accept(view, item, f"evidence[{index}]", allow_missing=allow_missing)
        except GraphMasalError as error:
            outcomes.append(AppendOutcome(error=error))
            continue
        outcomes.append(AppendOutcome(duplicate=accepted is None))
        if accepted is not None:
            view.existing[accepted.id] = accepted
            if accepted.learner not in view.learners:
                view.learners.add(accepted.learner)
                change.new_learners.append(accepted.learner)
            change.evidence.append(accepted)
            change.increments[accepted.learner] = change.increments.get(accepted.learner, 0) + 1
            fresh[accepted.learner, accepted.curriculum].append(accepted)
    if change.evidence:
        for key, items in fresh.items():
            items.sort(key=lambda each: each.position)
            await _extend_ledger(transaction, view, change, key, items)
        await transaction.write_change(change)
    return outcomes


def _accept(view: AppendView, item: Evidence, place: str, *, allow_missing: bool) -> Evidence | None:
    """Returns the item as it is to be stored; None: it is there already. Raises what refuses it."""
    if item.learner in view.erased:
        raise LearnerErasedError(f"learner {item.learner} was erased and stays erased", [item.learner])
    known = view.existing.get(item.id)
    if known is not None:
        if replace(item, curriculum=item.curriculum or known.curriculum, voided=known.voided) != known:
            raise EvidenceConflictError(f"evidence/{item.id}", f"evidence {item.id} is there with another content")
        return None
    if item.learner not in view.learners and not allow_missing:
        raise LearnerNotFoundError(f"learners/{item.learner}")
    violations = check_subject(item, place)
    if violations:
        raise InvalidInputError(*violations)
    placed = replace(item, curriculum=_find_home(view, item, place))
    question = view.questions[placed.curriculum, placed.question] if placed.question else None
    violations = check_evidence(placed, question, place)
    if violations:
        raise InvalidInputError(*violations)
    return placed


def _find_home(view: AppendView, item: Evidence, place: str) -> str:
    """Finds the curriculum an item belongs to: the one it names, or the only one that has its subject."""
    kind, subject = ("question", item.question) if item.question else ("concept", item.concept)
    homes = (view.question_homes if item.question else view.concept_homes).get(subject, [])
    if item.curriculum:
        if item.curriculum not in homes:
            raise refuse(f"{place}.{kind}", f"curriculum {item.curriculum} has no {kind} {subject}")
        return item.curriculum
    if not homes:
        raise refuse(f"{place}.{kind}", f"no curriculum has a {kind} {subject}")
    if len(homes) > 1:
        raise refuse(f"{place}.curriculum", f"is required: {kind} {subject} is in {', '.join(homes)}")
    return homes[0]


async def _extend_ledger(
    transaction: LedgerTransaction,
    view: AppendView,
    change: LedgerChange,
    key: tuple[str, str],
    items: Sequence[Evidence],
) -> None:
    """Folds new items, in order, onto the head; late ones fold the log anew."""
    head = view.heads.get(key)
    questions = {item.question: view.questions[key[1], item.question] for item in items if item.question}
    if head is not None and (items[0].position < head.position or head.model != PARAMETERS.version):
        await refold(transaction, change, key, since=items[0].position, items=items, questions=questions)
        return
    states: States = dict(view.states.get(key, {}))
    for item in items:
        apply_evidence(states, item, questions.get(item.question))
    touched = {concept for item in items for concept in touched_concepts(item, questions.get(item.question))}
    change.states[key] = {concept: states[concept] for concept in touched if concept in states}
    head = replace(head or _new_head(view.grading_revisions[key[1]]), position=items[-1].position)
    head = replace(head, count=head.count + len(items))
    if head.count >= head.snapshot_due:
        stored = (await transaction.read_ledgers([key[0]], key[1])).get(key[0])
        everything = {**(stored.states if stored else {}), **change.states[key]}
        change.snapshots[key] = [Snapshot(head.position, head.count, everything)]
        head = replace(head, snapshot_due=head.count + max(SNAPSHOT_INTERVAL, len(everything)))
    change.heads[key] = head


def _new_head(grading_revision: int) -> Head:
    return Head(
        position=BEGINNING,
        count=0,
        snapshot_due=SNAPSHOT_INTERVAL,
        grading_revision=grading_revision,
        model=PARAMETERS.version,
    )


async def refold(
    transaction: LedgerTransaction,
    change: LedgerChange,
    key: tuple[str, str],
    *,
    since: Position = BEGINNING,
    items: Sequence[Evidence] = (),
    questions: Mapping[str, Question] | None = None,
    without: str = "",
) -> list[MasteryChange]:
    """Folds a learner's log anew from the last snapshot before `since`, and puts the result into `change`.

    Args:
        transaction: Under the learner's lock.
        change: Receives states, head and snapshots.
        key: Learner and curriculum.
        since: First position affected; everything is folded where it is the beginning or the model has changed.
        items: New items, not stored yet.
        questions: Those that the new items answer, by id.
        without: Id of an item to leave out, which is about to be voided.

    Returns:
        The difference, by concept.
    """
    learner, curriculum = key
    before = (await transaction.read_ledgers([learner], curriculum))[learner]
    if before.head is not None and before.head.model != PARAMETERS.version:
        since = BEGINNING
    base = await transaction.read_snapshot(learner, curriculum, since)
    history = await transaction.read_history(learner, curriculum, base.position if base else BEGINNING)
    log = sorted((*history.evidence, *items), key=lambda each: each.position)
    if base is None or before.head is None:
        head = _new_head(await transaction.read_grading_revision(curriculum))
    else:
        head = replace(before.head, position=base.position, count=base.count, snapshot_due=base.count + _interval(base))
    states: States = dict(base.states) if base else {}
    known = {**history.questions, **(questions or {})}
    change.snapshots[key] = []
    for item in log:
        if item.id == without:
            continue
        apply_evidence(states, item, known.get(item.question))
        head = replace(head, position=item.position, count=head.count + 1)
        if head.count >= head.snapshot_due:
            snapshot = Snapshot(head.position, head.count, dict(states))
            change.snapshots[key].append(snapshot)
            head = replace(head, snapshot_due=head.count + _interval(snapshot))
    change.heads[key] = head if head.count else None
    change.states[key] = {concept: state for concept, state in states.items() if before.states.get(concept) != state}
    change.removed[key] = sorted(before.states.keys() - states.keys())
    change.stale_from[key] = since
    latest = max(head.position, before.head.position if before.head else BEGINNING).occurred_at
    return compare_states(learner, before.states, states, latest)


def _interval(snapshot: Snapshot) -> int:
    return max(SNAPSHOT_INTERVAL, len(snapshot.states))


def compare_states(
    learner: str, before: Mapping[str, ConceptState], after: Mapping[str, ConceptState], moment: int
) -> list[MasteryChange]:
    """Lists the concepts whose mastery differs at a moment (microseconds since 1970 UTC), by concept id."""
    changes = []
    for concept in sorted(before.keys() | after.keys()):
        old = read_mastery(before.get(concept), moment).probability
        new = read_mastery(after.get(concept), moment).probability
        if old != new:
            changes.append(MasteryChange(learner, concept, old, new))
    return changes


async def void_evidence(
    transaction: LedgerTransaction, learner: str, evidence_id: str
) -> tuple[Evidence, list[MasteryChange]]:
    """Withdraws an item and returns it with the difference; an item voided before makes none.

    Raises:
        LearnerNotFoundError: No such learner.
        EvidenceNotFoundError: The learner has no such item.
    """
    if not await transaction.lock_learner(learner):
        raise LearnerNotFoundError(f"learners/{learner}")
    item = await transaction.read_evidence(evidence_id)
    if item is None or item.learner != learner:
        raise EvidenceNotFoundError(f"learners/{learner}/evidence/{evidence_id}")
    if item.voided:
        return item, []
    change = LedgerChange(voided=[evidence_id], increments={learner: 1})
    key = (learner, item.curriculum)
    changes = await refold(transaction, change, key, since=item.position, without=evidence_id)
    await transaction.write_change(change)
    return replace(item, voided=True), changes


async def regrade_learner(transaction: LedgerTransaction, learner: str, curriculum: str) -> list[MasteryChange]:
    """Folds a learner's whole log under the grading rules in force and returns the difference; none if erased since."""
    if not await transaction.lock_learner(learner):
        return []
    change, key = LedgerChange(), (learner, curriculum)
    changes = await refold(transaction, change, key)
    if change.states[key] or change.removed[key]:
        change.increments[learner] = 1
    await transaction.write_change(change)
    return changes
