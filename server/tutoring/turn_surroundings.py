"""What the agents of one turn can see and do, offered by this server."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from graphmasal.v1.planning_service_pb2 import GeneratePlanRequest, RevisePlanRequest
from kg.curriculum import Curriculum
from kg.evidence import Evidence, Position
from kg.learner import StoredPlan
from kg.ledger import BEGINNING, MasteryChange
from kg.mastery import read_mastery
from kg.states import LearnerState
from planner.constraints import Constraints
from planner.graph import compile_graph
from planner.next_step import find_next_step
from planner.plan import Plan, PlanChange
from planner.problem import PlanSettings, sort_by_mastery
from retrieval.results import Results
from retrieval.scope import Scope
from server.backend import Backend
from server.curriculum_cache import CachedCurriculum
from server.names import PLAN, make_name
from server.open_questions import list_open_questions
from server.plan_archive import unpack_plan
from server.plan_generation import list_mastery, plan_for_request, read_learner_state
from server.plan_messages import read_changes, read_plan
from server.plan_revision import revise_for_request
from server.plan_terms import to_constraints
from server.search_terms import LONGEST_QUERY, read_readiness
from server.searching import SearchParts, search_curriculum
from tutoring.events import Event
from tutoring.models.chat_model import ChatModel
from tutoring.surroundings import PlanStanding, Surroundings, Terms

_PAGE = 500


class TurnSurroundings(Surroundings):
    """Of one turn on this server.

    Args:
        backend: What the services share.
        search: Where searches are made.
        terms: Of the session.
        request: Id of the turn's request.
        now: The turn's moment, microseconds since 1970 UTC.
        model: What writes and judges, or None.
        tell: Keeps events, told whether the model had a part in them, and returns the number of the last one.
        told: Number of the last event before the turn.
    """

    def __init__(
        self,
        backend: Backend,
        search: SearchParts,
        *,
        terms: Terms,
        request: str,
        now: int,
        model: ChatModel | None,
        tell: Callable[[Sequence[Event], bool], Awaitable[int]],
        told: int,
    ) -> None:
        super().__init__(terms=terms, now=now, model=model, told=told)
        self._backend, self._search, self._request, self._tell = backend, search, request, tell
        self._waiting: list[Event] = []
        self._cached: CachedCurriculum | None = None
        self._state: LearnerState | None = None

    def make_effect_id(self, step: str, ordinal: int = 0) -> str:
        """See `Surroundings`."""
        parts = (self.terms.tenant, self.terms.session, self._request, step, str(ordinal))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]

    async def emit(self, *events: Event, by_model: bool = False) -> None:
        """See `Surroundings`."""
        if not by_model:
            self._waiting += events
            return
        await self.flush()
        self.told = await self._tell(events, True)

    async def flush(self) -> None:
        """See `Surroundings`."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self.told = await self._tell(waiting, False)

    async def read_curriculum(self) -> Curriculum:
        """See `Surroundings`."""
        return (await self._open()).curriculum

    async def read_state(self) -> LearnerState:
        """See `Surroundings`."""
        if self._state is None:
            self._state = await read_learner_state(
                self._backend, self.terms.tenant, self.terms.learner, self.terms.curriculum, self.now
            )
        return self._state

    async def list_evidence(self, concepts: Sequence[str], limit: int) -> list[Evidence]:
        """See `Surroundings`; the log is read in pages, so this is linear in its length."""
        cached = await self._open()
        wanted = set(concepts)
        found: list[Evidence] = []
        after: Position = BEGINNING
        while True:
            items = await self._backend.store.list_evidence(
                self.terms.tenant, self.terms.learner, self.terms.curriculum, after, _PAGE
            )
            found += [
                item
                for item in items
                if not item.voided
                and (
                    item.concept in wanted
                    or (item.question in cached.questions and wanted & cached.questions[item.question].assesses.keys())
                )
            ]
            if len(items) < _PAGE:
                return found[-limit:][::-1]
            after = items[-1].position

    async def search(self, query: str, scope: Scope) -> Results:
        """See `Surroundings`."""
        ready = await self._search.indexes.get(self.terms.tenant, self.terms.curriculum, "")
        readiness = await read_readiness(self._backend, self.terms.tenant, self.terms.learner, ready.cached)
        scope = replace(scope, readiness=readiness)
        return await search_curriculum(self._search, ready, query[:LONGEST_QUERY], scope, scope.seconds)

    async def append_evidence(self, evidence: Evidence) -> tuple[MasteryChange, ...]:
        """See `Surroundings`."""
        before = await self.read_state()
        (outcome,) = await self._backend.store.append_evidence(
            self.terms.tenant, [evidence], allow_missing=False, now=self.now
        )
        self._state = None
        if outcome.error is not None:
            raise outcome.error
        return _compare(self.terms.learner, before, await self.read_state())

    async def find_plan(self) -> PlanStanding | None:
        """See `Surroundings`."""
        plans = await self._backend.store.list_plans(
            self.terms.tenant, self.terms.learner, self.terms.curriculum, None, 1
        )
        return await self._stand_in(plans[0]) if plans else None

    async def make_plan(self, goals: Sequence[str], constraints: Constraints) -> PlanStanding:
        """See `Surroundings`."""
        request = GeneratePlanRequest(
            parent=f"tenants/{self.terms.tenant}",
            curriculum=self.terms.curriculum,
            learner=self.terms.learner,
            goals=goals,
            constraints=to_constraints(constraints),
        )
        message = await plan_for_request(self._backend, request, None)
        return await self._stand(message.name.rpartition("/")[2], 1, read_plan(message))

    async def revise_plan(self, plan: str) -> PlanStanding:
        """See `Surroundings`."""
        name = make_name(PLAN, self.terms.tenant, self.terms.learner, plan)
        message = await revise_for_request(self._backend, RevisePlanRequest(name=name), None)
        changes = read_changes(message.changes) if message.name != name else ()
        return await self._stand(message.name.rpartition("/")[2], message.revision, read_plan(message), changes)

    async def list_open_questions(self, concept: str) -> list[str]:
        """See `Surroundings`."""
        cached = await self._open()
        state = await self.read_state()
        fresh = await list_open_questions(self._backend, self.terms.tenant, state, cached, concept)
        usable = (each for each in cached.curriculum.questions if not each.archived and not each.voided)
        rest = sorted(each.id for each in usable if concept in each.assesses and each.id not in fresh)
        return [*fresh, *rest]

    async def _open(self) -> CachedCurriculum:
        if self._cached is None:
            self._cached = await self._backend.curricula.get(self.terms.tenant, self.terms.curriculum)
        return self._cached

    async def _stand_in(self, stored: StoredPlan) -> PlanStanding:
        message = await self._backend.run(unpack_plan, stored)
        return await self._stand(stored.id, stored.revision, read_plan(message))

    async def _stand(
        self, identifier: str, revision: int, plan: Plan, changes: tuple[PlanChange, ...] = ()
    ) -> PlanStanding:
        cached = await self._open()
        graph = await cached.derive(compile_graph)
        mastery = list_mastery(await self.read_state())
        settings = PlanSettings(mastery_threshold=plan.mastery_threshold, refresh_threshold=plan.refresh_threshold)
        mastered, _ = sort_by_mastery(graph, mastery, settings)
        return PlanStanding(
            id=identifier,
            revision=revision,
            plan=plan,
            changes=changes,
            done=tuple(step.concept for step in plan.steps if graph.number.get(step.concept) in mastered),
            next=find_next_step(graph, plan, mastery, settings),
        )


def _compare(learner: str, before: LearnerState, after: LearnerState) -> tuple[MasteryChange, ...]:
    """Lists what differs between two readings of one moment."""
    earlier, later = _read_all(before), _read_all(after)
    unknown = read_mastery(None, after.as_of).probability
    return tuple(
        MasteryChange(learner, concept, earlier.get(concept, unknown), later[concept])
        for concept in sorted(later)
        if later[concept] != earlier.get(concept, unknown)
    )


def _read_all(state: LearnerState) -> Mapping[str, float]:
    return list_mastery(state)
