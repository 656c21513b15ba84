"""Small builders of curricula, learners and evidence, shared by the tests of the domain, the stores and the server."""

import random
import struct
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from kg.curriculum import (
    AnswerKey,
    Concept,
    Curriculum,
    Misconception,
    Prerequisite,
    PrerequisiteGroup,
    PrerequisiteKind,
    Question,
    QuestionKind,
    Resource,
    Section,
)
from kg.evidence import Evidence, Source
from kg.indexes import IndexRecord, StoredRanker
from kg.learner import StoredPlan
from kg.mastery import MICROSECONDS_PER_DAY
from kg.operations import Operation, OperationKind
from kg.sessions import Session, SessionRecord

DAY: Final = MICROSECONDS_PER_DAY
NOON: Final = 1_750_075_200_000_000  # 2025-06-16 12:00 UTC

CHOICE: Final = Question(
    id="q-sets",
    kind=QuestionKind.CHOICE,
    stem="Which of these is a set?",
    options={"x": "{1, 2}", "y": "1 + 2"},
    assesses={"sets": 1.0},
    key=AnswerKey(accepted=("x",)),
    distractors={"y": "sum-is-set"},
)
NUMERIC: Final = Question(
    id="q-maps",
    kind=QuestionKind.NUMERIC,
    stem="f(x) = x / 2. What is f(1)?",
    assesses={"maps": 2 / 3, "sets": 1 / 3},
    key=AnswerKey(accepted=("0.5",), tolerance=0.01),
    slip=0.05,
    guess=0.1,
)
TEXT: Final = Question(
    id="q-word",
    kind=QuestionKind.TEXT,
    stem="What do we call a structure-preserving map?",
    assesses={"rings": 1.0},
    key=AnswerKey(accepted=("homomorphism", "a homomorphism")),
    guess=0.02,
)
ESSAY: Final = Question(id="q-essay", kind=QuestionKind.TEXT, stem="Explain rings.", assesses={"rings": 1.0})

QUESTIONS: Final = {question.id: question for question in (ESSAY, NUMERIC, CHOICE, TEXT)}


def make_curriculum(name: str = "algebra", *, without: Sequence[str] = (), **questions: Question) -> Curriculum:
    """A small curriculum with every kind of part.

    Args:
        name: Its id.
        without: Ids of concepts and questions to leave out, with everything that names such a concept.
        questions: Replacements of the usual questions, by any name.
    """
    concepts = [Concept(id=each, title=each.title(), minutes=20) for each in ("groups", "maps", "rings", "sets")]
    known = QUESTIONS | {question.id: question for question in questions.values()}
    kept = {concept.id for concept in concepts} - set(without)
    edges = (
        Prerequisite(before="sets", after="groups", kind=PrerequisiteKind.SOFT, strength=0.7, reason="notation"),
        Prerequisite(before="sets", after="maps"),
    )
    groups = (PrerequisiteGroup(concept="rings", id="base", need=1, members=("groups", "maps"), strength=0.9),)
    return Curriculum(
        id=name,
        title="Algebra",
        description="From sets to rings",
        licence="CC0-1.0",
        concepts=tuple(concept for concept in concepts if concept.id in kept),
        prerequisites=tuple(edge for edge in edges if {edge.before, edge.after} <= kept),
        groups=tuple(group for group in groups if {group.concept, *group.members} <= kept),
        resources=(Resource(id="book", title="A book", sections=(Section(concept="sets", text="A set is …"),)),),
        questions=tuple(
            known[each] for each in sorted(known) if each not in without and known[each].assesses.keys() <= kept
        ),
        misconceptions=(Misconception(id="sum-is-set", title="A sum is a set", concepts=("sets",)),),
    )


def answer(
    name: str,
    response: str | None = "x",
    *,
    question: str = "q-sets",
    score: float | None = None,
    at: int = NOON,
    learner: str = "ada",
    curriculum: str = "",
) -> Evidence:
    """An answer to a question; as it stands, a right one to `q-sets`."""
    return Evidence(
        id=name,
        learner=learner,
        curriculum=curriculum,
        question=question,
        response=response,
        score=score,
        occurred_at=at,
        source=Source.ANSWER,
    )


def observe(
    name: str,
    score: float | None = 1.0,
    *,
    concept: str = "sets",
    source: Source = Source.OBSERVATION,
    at: int = NOON,
    learner: str = "ada",
    curriculum: str = "",
) -> Evidence:
    """Somebody's statement about a concept."""
    return Evidence(
        id=name,
        learner=learner,
        curriculum=curriculum,
        concept=concept,
        score=score,
        occurred_at=at,
        source=source,
    )


def draw_evidence(
    rng: random.Random, count: int, *, learner: str = "ada", curriculum: str = "algebra", days: int = 60
) -> list[Evidence]:
    """Evidence of every kind about `make_curriculum`, in no order; many items share their moment."""
    items = []
    for number in range(count):
        name, at = f"{learner}-{number}", NOON + rng.randrange(days * 8) * DAY // 8
        kind = rng.randrange(6)
        if kind == 0:
            source = rng.choice([Source.OBSERVATION, Source.SELF_REPORT, Source.TEACHER_OVERRIDE])
            concept = rng.choice(["groups", "maps", "rings", "sets"])
            item = observe(name, rng.random(), concept=concept, source=source, at=at, learner=learner)
        elif kind == 1:
            item = answer(name, None, question="q-essay", score=rng.random(), at=at, learner=learner)
        elif kind == 2:
            item = answer(name, rng.choice(["homomorphism", "ring"]), question="q-word", at=at, learner=learner)
        elif kind == 3:
            item = answer(name, rng.choice(["0,5", "0.505", "2", "half"]), question="q-maps", at=at, learner=learner)
        else:
            item = answer(name, rng.choice(["x", "y"]), at=at, learner=learner)
        items.append(replace(item, curriculum=curriculum))
    return items


def make_plan(
    name: str, *, at: int = NOON, learner: str = "ada", curriculum: str = "algebra", series: str = "", revision: int = 1
) -> StoredPlan:
    """A plan with two steps, the first of its series unless one is named."""
    return StoredPlan(
        id=name,
        series=series or name,
        revision=revision,
        learner=learner,
        curriculum=curriculum,
        created_at=at,
        concepts=("sets", "maps"),
        body='{"steps": ["sets"]}',
    )


def make_operation(name: str, *, curriculum: str = "algebra", at: int = NOON) -> Operation:
    """A regrade operation that nobody works on."""
    return Operation(
        id=name,
        kind=OperationKind.REGRADE,
        curriculum=curriculum,
        questions=("q-maps", "q-sets"),
        grading_revision=2,
        created_at=at,
    )


ENCODER: Final = "e0c0de5"


def make_vectors(count: int, dimension: int, *, seed: int = 1) -> dict[str, bytes]:
    """Random unit vectors by what stands for their hashes, `0000` and on."""
    rng = random.Random(seed)
    vectors = {}
    for number in range(count):
        drawn = [rng.gauss(0.0, 1.0) for _ in range(dimension)]
        length = sum(value * value for value in drawn) ** 0.5
        vectors[f"{number:04d}"] = struct.pack(f"<{dimension}f", *(value / length for value in drawn))
    return vectors


def make_index(ranker: str, *, curriculum: str = "algebra", encoder: str = ENCODER) -> IndexRecord:
    """The record of an index of four vectors."""
    return IndexRecord(
        curriculum=curriculum,
        ranker=ranker,
        encoder=encoder,
        documents="d0c5",
        count=4,
        dimension=8,
        built_at=NOON,
    )


def make_ranker(name: str, *, curriculum: str = "algebra", weights: bytes = b"\x00\xff") -> StoredRanker:
    """A trained ranker."""
    return StoredRanker(curriculum=curriculum, id=name, created_at=NOON, body='{"stages": ["bm25"]}', weights=weights)


def make_session(name: str, *, learner: str = "", at: int = NOON) -> Session:
    """A session that nobody works on and that holds nothing."""
    return Session(id=name, learner=learner, curriculum="algebra", created_at=at, updated_at=at)


def make_record(key: str, value: bytes = b"\x00\xff", *, space: str = "events") -> SessionRecord:
    """A record of a session."""
    return SessionRecord(space=space, key=key, value=value)
