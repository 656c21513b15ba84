"""The store: one interface, behind which SQLite and Neo4j answer alike. `tests/contract` holds them to it.

Every method is scoped to a tenant. Times are microseconds since 1970 UTC and always come from the caller.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from kg import ledger, states
from kg.comparison import Difference
from kg.curriculum import AnswerKey, Curriculum, CurriculumRecord
from kg.evidence import Evidence, Position
from kg.indexes import IndexRecord, StoredRanker
from kg.learner import Learner, StoredPlan
from kg.ledger import AppendOutcome, LedgerTransaction, MasteryChange
from kg.operations import Operation, OperationFailure, OperationKind
from kg.sessions import ModelUsage, Session, SessionRecord
from kg.states import LearnerState

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOutcome:
    """What storing a curriculum changed.

    Attributes:
        record: The curriculum as it is now.
        difference: What was added, changed and removed; empty: no new version was made.
        operation: The regrade operation that was created because the grading of stored questions changed, or None.
    """

    record: CurriculumRecord
    difference: Difference
    operation: Operation | None


class Store(ABC):
    """Where everything is kept. All methods raise `StoreUnavailableError` when it does not answer."""

    @abstractmethod
    async def open(self) -> None:
        """Connects, and creates the schema in an empty store.

        Raises:
            SchemaMismatchError: The store has another schema version; the message names the command that migrates it.
        """

    @abstractmethod
    async def migrate(self) -> tuple[int, int]:
        """Brings the schema to this release's version; returns the versions before and after."""

    @abstractmethod
    async def close(self) -> None:
        """Finishes what is under way and disconnects."""

    @abstractmethod
    async def check(self) -> None:
        """Returns if the store answers and would take a write."""

    @abstractmethod
    async def run_ledger(
        self, tenant: str, work: Callable[[LedgerTransaction], Awaitable[Result]], *, write: bool, now: int = 0
    ) -> Result:
        """Runs `work` in one transaction, again from the start where the store asks for a retry.

        Args:
            tenant: Id.
            work: Awaits nothing but the transaction's methods.
            write: False: it only reads.
            now: Time of creation for learners that the work creates.
        """

    # Curricula

    @abstractmethod
    async def import_curriculum(self, tenant: str, curriculum: Curriculum, now: int, operation: str) -> ImportOutcome:
        """Makes a validated curriculum current in one atomic step; equal content makes no new version.

        What is merged and compared is `kg.comparison`'s. Where the grading of questions that were there before
        changed, the grading revision grows by one and a regrade operation with id `operation` is created with it.
        """

    @abstractmethod
    async def get_curriculum_record(self, tenant: str, curriculum: str) -> CurriculumRecord:
        """Reads the record. Raises CurriculumNotFoundError."""

    @abstractmethod
    async def load_curriculum(self, tenant: str, curriculum: str) -> tuple[CurriculumRecord, Curriculum]:
        """Reads record and content of one version together, archived parts included. Raises CurriculumNotFoundError."""

    @abstractmethod
    async def list_curricula(self, tenant: str, after: str, limit: int) -> list[CurriculumRecord]:
        """Lists records with an id greater than `after`, ascending."""

    @abstractmethod
    async def delete_curriculum(self, tenant: str, curriculum: str) -> None:
        """Deletes it. Raises CurriculumNotFoundError; CurriculumInUseError where there is evidence in it."""

    @abstractmethod
    async def correct_answer_key(
        self, tenant: str, curriculum: str, question: str, key: AnswerKey, *, now: int, operation: str
    ) -> Operation:
        """Gives a question its next key and creates the regrade operation with id `operation`, in one transaction.

        Version and set_at are filled in here. An equal key (accepted and tolerance) leaves key and grading revision as
        they are. Raises CurriculumNotFoundError, QuestionNotFoundError.
        """

    @abstractmethod
    async def void_question(
        self, tenant: str, curriculum: str, question: str, *, voided: bool, now: int, operation: str
    ) -> Operation:
        """Sets or clears `voided` and creates the regrade operation, in one transaction.

        Where it is so already, the grading revision stays. Raises CurriculumNotFoundError, QuestionNotFoundError.
        """

    @abstractmethod
    async def list_learners_to_regrade(
        self, tenant: str, curriculum: str, questions: Sequence[str], grading_revision: int, limit: int
    ) -> list[str]:
        """Lists learners who answered one of the questions and whose head has an older grading revision, ascending."""

    # Learners

    @abstractmethod
    async def create_learner(self, tenant: str, learner: Learner) -> Learner:
        """Creates a learner. Raises LearnerAlreadyExistsError (id or external id), LearnerErasedError."""

    @abstractmethod
    async def get_learner(self, tenant: str, learner: str) -> Learner:
        """Reads a learner. Raises LearnerNotFoundError."""

    @abstractmethod
    async def get_learners(self, tenant: str, learners: Sequence[str]) -> dict[str, Learner]:
        """Reads those of the learners that exist, by id."""

    @abstractmethod
    async def find_learner(self, tenant: str, external_id: str) -> Learner | None:
        """Reads the learner with an external id."""

    @abstractmethod
    async def list_learners(self, tenant: str, after: str, limit: int) -> list[Learner]:
        """Lists learners with an id greater than `after`, ascending."""

    @abstractmethod
    async def list_learners_with_goals(self, tenant: str, curriculum: str, after: str, limit: int) -> list[str]:
        """Lists ids, greater than `after` and ascending, of learners who have goals in the curriculum."""

    @abstractmethod
    async def update_learner(self, tenant: str, learner: Learner) -> Learner:
        """Writes external id, display name and goals. Raises LearnerNotFoundError, LearnerAlreadyExistsError."""

    @abstractmethod
    async def erase_learner(self, tenant: str, learner: str) -> None:
        """Removes a learner with evidence, states, snapshots and plans, and bars the id for good.

        Operations forget what they were to do, changed and failed to do for the learner. Only a hash of the id stays,
        and in an operation under way the place it had come to until it moves on.

        Raises:
            LearnerNotFoundError: There never was one and none was erased.
        """

    # Evidence beyond the ledger

    @abstractmethod
    async def list_evidence(
        self, tenant: str, learner: str, curriculum: str, after: Position, limit: int
    ) -> list[Evidence]:
        """Lists a learner's log after a position, voided items included; all curricula where `curriculum` is empty."""

    # Plans

    @abstractmethod
    async def save_plan(self, tenant: str, plan: StoredPlan) -> None:
        """Stores a plan; one with the same id only gets its `created_at` renewed.

        Raises:
            LearnerNotFoundError: No such learner.
            RevisionConflictError: The learner has another plan with this number in this series.
        """

    @abstractmethod
    async def get_plan(self, tenant: str, learner: str, plan: str) -> StoredPlan:
        """Reads a plan. Raises PlanNotFoundError."""

    @abstractmethod
    async def list_plans(
        self, tenant: str, learner: str, curriculum: str, before: tuple[int, str] | None, limit: int
    ) -> list[StoredPlan]:
        """Lists plans by (created_at, id), descending, below `before`; of all curricula where `curriculum` is empty."""

    @abstractmethod
    async def list_plan_revisions(
        self, tenant: str, learner: str, series: str, before: int | None, limit: int
    ) -> list[StoredPlan]:
        """Lists the plans of a series, the latest revision first, below number `before`; None: from the latest."""

    # Operations

    @abstractmethod
    async def create_operation(self, tenant: str, operation: Operation, items: Collection[str] = ()) -> None:
        """Stores a new operation.

        Args:
            tenant: Id.
            operation: Its id is new.
            items: Ids of the learners it is for, distinct; kept until it ends. Empty: its worker finds them.
        """

    @abstractmethod
    async def get_operation(self, tenant: str, operation: str) -> Operation:
        """Reads an operation. Raises OperationNotFoundError."""

    @abstractmethod
    async def list_operations(self, tenant: str, after: str, limit: int) -> list[Operation]:
        """Lists operations with an id greater than `after`, ascending."""

    @abstractmethod
    async def delete_operation(self, tenant: str, operation: str) -> None:
        """Deletes an operation with its items and what it recorded. Raises OperationNotFoundError."""

    @abstractmethod
    async def cancel_operation(self, tenant: str, operation: str) -> None:
        """Asks for an operation to end. Raises OperationNotFoundError, OperationEndedError."""

    @abstractmethod
    async def claim_operation(
        self, owner: str, now: int, until: int, kinds: Collection[OperationKind] = frozenset(OperationKind)
    ) -> tuple[str, Operation] | None:
        """Takes the oldest operation of any tenant that nobody works on (no lease, or one that ended before `now`).

        Args:
            owner: Who takes it.
            now: Microseconds since 1970 UTC.
            until: End of the lease.
            kinds: What it may be.

        Returns:
            Tenant and operation, leased to `owner` until `until`; None where there is nothing to do.
        """

    @abstractmethod
    async def update_operation(
        self, tenant: str, operation: Operation, failures: Sequence[OperationFailure] = ()
    ) -> None:
        """Writes progress, lease and result, and failures with them in one transaction.

        Args:
            tenant: Id.
            operation: As it is now; request and `cancelled` are left as they are. Once it is done its items are gone.
            failures: Found since the last time; a further one of the same item takes the place of the first. Those
                of erased learners are not kept.

        Raises:
            OperationNotFoundError: It was deleted.
            RevisionConflictError: The lease went to another owner; nothing was written.
        """

    @abstractmethod
    async def list_operation_items(self, tenant: str, operation: str, after: str, limit: int) -> list[str]:
        """Lists the learners that an operation was created for and whose id is greater than `after`, ascending."""

    @abstractmethod
    async def list_operation_failures(
        self, tenant: str, operation: str, limit: int
    ) -> tuple[list[OperationFailure], int]:
        """The failures an operation recorded, by item, and how many there are in all."""

    @abstractmethod
    async def list_mastery_changes(self, tenant: str, operation: str, limit: int) -> tuple[list[MasteryChange], int]:
        """The differences an operation recorded, by learner and concept, and how many there are in all."""

    # Retrieval: everything of a curriculum goes with it when it is deleted

    @abstractmethod
    async def save_vectors(self, tenant: str, curriculum: str, encoder: str, vectors: Mapping[str, bytes]) -> None:
        """Keeps vectors, in one transaction; those that are there already stay as they are.

        Args:
            tenant: Id.
            curriculum: Id.
            encoder: Fingerprint of the encoder that made them.
            vectors: By the hash of their text: float32, little-endian, all of one dimension.

        Raises:
            CurriculumNotFoundError: There is no such curriculum (any more).
        """

    @abstractmethod
    async def list_vector_hashes(self, tenant: str, curriculum: str, encoder: str) -> set[str]:
        """The hashes of all texts that have a vector by this encoder."""

    @abstractmethod
    async def load_vectors(
        self, tenant: str, curriculum: str, encoder: str, after: str, limit: int
    ) -> list[tuple[str, bytes]]:
        """Reads vectors whose hash is greater than `after`, ascending by hash, as `save_vectors` took them."""

    @abstractmethod
    async def read_vectors(
        self, tenant: str, curriculum: str, encoder: str, hashes: Collection[str]
    ) -> dict[str, bytes]:
        """Reads vectors by their hashes; those that are not there are left out."""

    @abstractmethod
    async def finds_nearest(self, tenant: str, curriculum: str, encoder: str) -> bool:
        """Says whether `find_nearest` has an index of this encoder's vectors, which then need not be in memory."""

    @abstractmethod
    async def find_nearest(
        self, tenant: str, curriculum: str, encoder: str, vector: bytes, limit: int
    ) -> list[tuple[str, bytes]] | None:
        """Finds vectors near another, approximately; None: this store has no index for it.

        Args:
            tenant: Id.
            curriculum: Id.
            encoder: Fingerprint.
            vector: Unit vector, float32, little-endian.
            limit: How many, about; the caller scores them exactly.

        Returns:
            Hashes and vectors, in no particular order, of this tenant, curriculum and encoder only.
        """

    @abstractmethod
    async def drop_vectors(self, tenant: str, curriculum: str, encoder: str, hashes: Collection[str]) -> None:
        """Removes vectors; those that are not there are passed over."""

    @abstractmethod
    async def save_index(self, tenant: str, record: IndexRecord) -> None:
        """Writes an index's record over the one with its ranker. Raises CurriculumNotFoundError."""

    @abstractmethod
    async def list_indexes(self, tenant: str, curriculum: str) -> list[IndexRecord]:
        """Lists the curriculum's indexes by ranker, ascending; none where there is no such curriculum."""

    @abstractmethod
    async def delete_index(self, tenant: str, curriculum: str, ranker: str) -> None:
        """Removes an index's record, and the vectors of its encoder unless another index has the same. Idempotent."""

    @abstractmethod
    async def save_ranker(self, tenant: str, ranker: StoredRanker) -> None:
        """Writes a ranker over the one with its id. Raises CurriculumNotFoundError."""

    @abstractmethod
    async def get_ranker(self, tenant: str, curriculum: str, ranker: str) -> StoredRanker:
        """Reads a ranker. Raises RankerNotFoundError."""

    @abstractmethod
    async def list_rankers(self, tenant: str, curriculum: str) -> list[str]:
        """Lists the ids of the curriculum's rankers, ascending."""

    @abstractmethod
    async def delete_ranker(self, tenant: str, curriculum: str, ranker: str) -> None:
        """Removes a ranker and its index. Raises RankerNotFoundError."""

    # Tutoring sessions

    @abstractmethod
    async def create_session(self, tenant: str, session: Session) -> None:
        """Creates a session; of its fields `size`, `owner` and `owned_until` are not looked at.

        Raises:
            LearnerNotFoundError: It names a learner whom there is not.
            SessionAlreadyExistsError: There is one with this id.
            SessionDeletedError: There was one with this id.
        """

    @abstractmethod
    async def get_session(self, tenant: str, session: str) -> Session:
        """Reads a session. Raises SessionNotFoundError."""

    @abstractmethod
    async def list_sessions(
        self, tenant: str, learner: str, before: tuple[int, str] | None, limit: int
    ) -> list[Session]:
        """Lists sessions by (created_at, id), descending, below `before`; everybody's where `learner` is empty."""

    @abstractmethod
    async def delete_session(self, tenant: str, session: str) -> None:
        """Removes a session with its records and bars its id for good; one deleted before is passed over.

        Raises:
            SessionNotFoundError: There never was one.
        """

    @abstractmethod
    async def claim_session(self, tenant: str, session: str, owner: str, *, now: int, until: int) -> bool:
        """Takes a session that nobody works on (no owner, or a lease that ended by `now`), or renews one's own lease.

        Returns:
            False: another works on it, and nothing was changed.

        Raises:
            SessionNotFoundError: There is none.
        """

    @abstractmethod
    async def release_session(self, tenant: str, session: str, owner: str) -> None:
        """Ends a lease; where `owner` does not hold it, or there is no such session, nothing happens."""

    @abstractmethod
    async def write_records(
        self,
        tenant: str,
        session: str,
        records: Sequence[SessionRecord],
        *,
        removed: Collection[tuple[str, str]] = (),
        owner: str = "",
        now: int,
    ) -> None:
        """Writes records over those with their space and key, and removes others, in one transaction.

        Args:
            tenant: Id.
            session: Id.
            records: Distinct by space and key.
            removed: Spaces and keys, none of them in `records`; those that are not there are passed over.
            owner: Who must hold the session, whenever the lease ends; empty: anybody may write.
            now: Microseconds since 1970 UTC.

        Raises:
            SessionNotFoundError: There is none (any more).
            RevisionConflictError: Another has taken the session; nothing was written.
            LimitExceededError: It would hold more than `MOST_SESSION_BYTES`; nothing was written.
        """

    @abstractmethod
    async def read_record(self, tenant: str, session: str, space: str, key: str) -> bytes | None:
        """Reads a record's value; None: there is none."""

    @abstractmethod
    async def list_records(
        self,
        tenant: str,
        session: str,
        space: str,
        *,
        after: str = "",
        prefix: str = "",
        limit: int,
        last: bool = False,
    ) -> list[tuple[str, bytes]]:
        """Lists keys and values of a space, ascending by key.

        Args:
            tenant: Id.
            session: Id; none such: there are no records.
            space: Name.
            after: Keys are greater than this.
            prefix: Keys begin with this.
            limit: At most so many.
            last: The last ones of those that fit rather than the first, still ascending.
        """

    @abstractmethod
    async def add_usage(self, tenant: str, day: str, usage: ModelUsage) -> None:
        """Adds to what a tenant used of a chat model on a day (`YYYY-MM-DD`, UTC)."""

    @abstractmethod
    async def list_usage(self, tenant: str, day: str) -> list[ModelUsage]:
        """What a tenant used on a day, ascending by model."""

    # Written once for all stores

    async def append_evidence(
        self, tenant: str, batch: Sequence[Evidence], *, allow_missing: bool, now: int
    ) -> list[AppendOutcome]:
        """Appends a batch durably; see `kg.ledger.append_evidence`."""

        async def work(transaction: LedgerTransaction) -> list[AppendOutcome]:
            return await ledger.append_evidence(transaction, batch, allow_missing=allow_missing)

        return await self.run_ledger(tenant, work, write=True, now=now)

    async def void_evidence(self, tenant: str, learner: str, evidence: str) -> tuple[Evidence, list[MasteryChange]]:
        """Withdraws an item; see `kg.ledger.void_evidence`."""

        async def work(transaction: LedgerTransaction) -> tuple[Evidence, list[MasteryChange]]:
            return await ledger.void_evidence(transaction, learner, evidence)

        return await self.run_ledger(tenant, work, write=True)

    async def regrade_learner(self, tenant: str, operation: str, learner: str, curriculum: str) -> int:
        """Folds a learner anew and records the difference with the operation, in one transaction.

        Returns:
            Number of concepts whose mastery changed.
        """

        async def work(transaction: LedgerTransaction) -> int:
            changes = await ledger.regrade_learner(transaction, learner, curriculum)
            await transaction.record_mastery_changes(operation, changes)
            return len(changes)

        return await self.run_ledger(tenant, work, write=True)

    async def read_states(
        self, tenant: str, learners: Sequence[str], curriculum: str, as_of: int | None
    ) -> dict[str, LearnerState]:
        """Reads the states of those of the learners that exist; see `kg.states.read_states`."""

        async def work(transaction: LedgerTransaction) -> dict[str, LearnerState]:
            return await states.read_states(transaction, learners, curriculum, as_of)

        return await self.run_ledger(tenant, work, write=False)
