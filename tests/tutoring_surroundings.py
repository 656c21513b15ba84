"""Surroundings of a turn in memory: the real curriculum, fold, grading, search by words and planner, and no server."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from kg.archives import pack_folder, unpack
from kg.curriculum import Curriculum
from kg.errors import EvidenceConflictError, NoGoalsError
from kg.evidence import Evidence, Source
from kg.fold import fold_evidence, touched_concepts
from kg.grading import check_evidence, check_subject
from kg.importers.formats import read_draft
from kg.ledger import MasteryChange, compare_states
from kg.mastery import PARAMETERS, read_mastery
from kg.states import LearnerState
from kg.validation import validate
from planner.constraints import Constraints
from planner.generation import generate_plan
from planner.graph import PlanningGraph, compile_graph
from planner.next_step import find_next_step
from planner.problem import PlanSettings
from planner.revisions.revision import revise_plan
from retrieval.documents import list_documents
from retrieval.index import make_index
from retrieval.rankers import lexical_ranker
from retrieval.readiness import compute_readiness
from retrieval.results import Results
from retrieval.scope import Scope
from retrieval.search import Searcher
from tests.samples import NOON
from tutoring.events import Event
from tutoring.models.chat_model import ChatModel
from tutoring.surroundings import Activity, PlanStanding, Surroundings, Terms

BUNDLED = Path(__file__).parents[1] / "graphmasal" / "curricula" / "algebra_to_ml"
LONGEST_QUERY = 2_000


@cache
def read_bundled() -> Curriculum:
    """Reads the bundled curriculum, once."""
    curriculum = validate(read_draft("yaml", unpack(pack_folder(BUNDLED)), "algebra-to-ml")).curriculum
    assert curriculum is not None
    return curriculum


@cache
def _open_bundled() -> Searcher:
    return _make_searcher(read_bundled())


def _make_searcher(curriculum: Curriculum) -> Searcher:
    return Searcher(index=make_index(list_documents(curriculum), curriculum.language), ranker=lexical_ranker())


@cache
def _compile_bundled() -> PlanningGraph:
    return compile_graph(read_bundled())


class MemorySurroundings(Surroundings):
    """One learner's turns; `begin_turn` starts the next.

    Args:
        curriculum: None: the bundled one.
        evidence: The learner's log, in any order.
        goals: The learner's own.
        activity: Of the session.
        model: None: turns run without one.

    Attributes:
        events: Told in this turn, in their order.
        by_model: Those of them that the model had a part in.
        evidence: The log.
    """

    def __init__(
        self,
        curriculum: Curriculum | None = None,
        *,
        evidence: Sequence[Evidence] = (),
        goals: Sequence[str] = (),
        activity: Activity = Activity.EXERCISE,
        model: ChatModel | None = None,
    ) -> None:
        self._curriculum = curriculum or read_bundled()
        terms = Terms(tenant="t", session="s", learner="ada", curriculum=self._curriculum.id, activity=activity)
        super().__init__(terms=terms, now=NOON, model=model)
        self._questions = {question.id: question for question in self._curriculum.questions}
        self._searcher = _open_bundled() if curriculum is None else _make_searcher(curriculum)
        self._graph = _compile_bundled() if curriculum is None else compile_graph(curriculum)
        self._goals = tuple(goals)
        self._plans: list[PlanStanding] = []
        self._planned_at = 0
        self.request = "r1"
        self.events: list[Event] = []
        self.by_model: list[Event] = []
        self.evidence = list(evidence)

    def begin_turn(self, request: str, *, after: int = 60_000_000) -> None:
        """Starts another turn, `after` microseconds later."""
        self.request, self.events, self.by_model = request, [], []
        self.now += after

    def make_effect_id(self, step: str, ordinal: int = 0) -> str:
        return hashlib.sha256(f"{self.terms.session}/{self.request}/{step}/{ordinal}".encode()).hexdigest()[:32]

    async def emit(self, *events: Event, by_model: bool = False) -> None:
        assert events
        self.events.extend(events)
        self.by_model.extend(events if by_model else ())
        self.told += len(events)

    async def flush(self) -> None:
        """See `Surroundings`; nothing waits here."""

    async def read_curriculum(self) -> Curriculum:
        return self._curriculum

    async def read_state(self) -> LearnerState:
        counted = [item for item in self.evidence if item.occurred_at <= self.now and not item.voided]
        states = fold_evidence(counted, self._questions)
        return LearnerState(
            learner=self.terms.learner,
            curriculum=self.terms.curriculum,
            as_of=self.now,
            model=PARAMETERS.version,
            evidence_count=len(counted),
            revision=len(self.evidence),
            mastery={concept: read_mastery(states[concept], self.now) for concept in sorted(states)},
        )

    async def list_evidence(self, concepts: Sequence[str], limit: int) -> list[Evidence]:
        found = [item for item in self.evidence if not item.voided and self._touches(item, concepts)]
        return sorted(found, key=lambda item: item.position, reverse=True)[:limit]

    async def search(self, query: str, scope: Scope) -> Results:
        state = await self.read_state()
        prior = read_mastery(None, self.now).probability
        mastery = dict.fromkeys((concept.id for concept in self._curriculum.concepts), prior)
        mastery |= {concept: reading.probability for concept, reading in state.mastery.items()}
        readiness = compute_readiness(self._curriculum, mastery)
        return self._searcher.search(query[:LONGEST_QUERY], replace(scope, readiness=readiness))

    async def append_evidence(self, evidence: Evidence) -> tuple[MasteryChange, ...]:
        known = next((item for item in self.evidence if item.id == evidence.id), None)
        if known is not None and known != evidence:
            raise EvidenceConflictError(f"evidence/{evidence.id}", f"evidence {evidence.id} has another content")
        if known is not None:
            return ()
        question = self._questions[evidence.question] if evidence.question else None
        assert not [*check_subject(evidence, "evidence"), *check_evidence(evidence, question, "evidence")]
        before = fold_evidence(self.evidence, self._questions)
        self.evidence.append(evidence)
        after = fold_evidence(self.evidence, self._questions)
        return tuple(compare_states(self.terms.learner, before, after, self.now))

    async def find_plan(self) -> PlanStanding | None:
        if not self._plans:
            return None
        mastery = await self._read_mastery()
        return self._stand(replace(self._plans[-1], changes=()), mastery)

    async def make_plan(self, goals: Sequence[str], constraints: Constraints) -> PlanStanding:
        wanted = tuple(goals) or self._goals
        if not wanted:
            raise NoGoalsError("there are no goals")
        mastery = await self._read_mastery()
        plan = generate_plan(self._graph, wanted, mastery, PlanSettings(), constraints=constraints)
        standing = PlanStanding(id=self._name_plan(), revision=1, plan=plan)
        return self._keep(self._stand(standing, mastery))

    async def revise_plan(self, plan: str) -> PlanStanding:
        old = next(each for each in self._plans if each.id == plan)
        state, mastery = await self.read_state(), await self._read_mastery()
        started = [
            concept for concept, reading in state.mastery.items() if (reading.practised_at or 0) > self._planned_at
        ]
        revision = revise_plan(old.plan, self._graph, mastery, started=started)
        if revision.plan.steps == old.plan.steps and not revision.changes:
            return self._stand(replace(old, changes=()), mastery)
        standing = PlanStanding(
            id=self._name_plan(), revision=old.revision + 1, plan=revision.plan, changes=revision.changes
        )
        return self._keep(self._stand(standing, mastery))

    async def list_open_questions(self, concept: str) -> list[str]:
        answered = {item.question for item in self.evidence if item.source is Source.ANSWER and not item.voided}
        askable = [
            question.id
            for question in self._curriculum.questions
            if concept in question.assesses and not question.archived and not question.voided
        ]
        return sorted(askable, key=lambda question: (question in answered, question))

    async def _read_mastery(self) -> dict[str, float]:
        state = await self.read_state()
        return {concept: reading.probability for concept, reading in state.mastery.items()}

    def _touches(self, item: Evidence, concepts: Sequence[str]) -> bool:
        question = self._questions.get(item.question)
        return any(concept in concepts for concept in touched_concepts(item, question))

    def _stand(self, standing: PlanStanding, mastery: dict[str, float]) -> PlanStanding:
        threshold = standing.plan.mastery_threshold
        done = tuple(step.concept for step in standing.plan.steps if mastery.get(step.concept, 0.0) >= threshold)
        return replace(standing, done=done, next=find_next_step(self._graph, standing.plan, mastery))

    def _name_plan(self) -> str:
        return f"plan-{len(self._plans) + 1}"

    def _keep(self, standing: PlanStanding) -> PlanStanding:
        if standing.plan.conflict is not None:
            return replace(standing, id="")
        self._plans.append(standing)
        self._planned_at = self.now
        return standing
