"""Responses to a question: graded by its key, taken in as evidence, and where wrong looked into."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kg.curriculum import Curriculum, Question
from kg.evidence import Evidence, Source
from kg.grading import matches_key
from kg.states import LearnerState
from tutoring.diagnosis.answers import read_response
from tutoring.diagnosis.clarification import ask_back, is_worth_asking, tell_clarification
from tutoring.diagnosis.course import find_question, list_assessed
from tutoring.diagnosis.error_weights import find_error
from tutoring.diagnosis.findings import add_wrong, join_reasons, keep_diagnosis, open_exercise, tell_cause
from tutoring.diagnosis.judgements import MOST_CANDIDATES, judge_misconception, merge_judgement
from tutoring.diagnosis.misconceptions import (
    DISTRACTOR,
    MODEL,
    RETRIEVAL,
    Suspects,
    find_named,
    list_likely,
    search_suspects,
)
from tutoring.diagnosis.open_words import diagnose_open_answer, diagnose_open_words
from tutoring.diagnosis.root_cause import find_root_cause
from tutoring.diagnosis.signs import Attempt
from tutoring.events import Diagnosed, EvidenceAppended, MisconceptionFound, Notice, RootCause
from tutoring.models.chat_model import ModelFailedError
from tutoring.state import Exercise, TutorState
from tutoring.surroundings import Surroundings

STEP: Final = "answer"
"""Names the evidence of an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a response may be wrong.

    Attributes:
        misconceptions: The likeliest first.
        ask: It is worth asking back which of them it is.
        by_model: A model had a part in it.
    """

    misconceptions: tuple[MisconceptionFound, ...] = ()
    ask: bool = False
    by_model: bool = False


async def diagnose_response(state: TutorState, surroundings: Surroundings) -> TutorState:
    """Diagnoses a response to the question at hand, or to the one that the turn names.

    Returns:
        exercise, subject, diagnosis, clarification and outcome, as far as they change: right, wrong, asked_back (wrong,
        and the learner is asked how it came about), unreadable (it is no response of the question's kind: nothing is
        taken in), ungraded (the question has no key), no_question, or proposed (open words were judged by a model).
    """
    curriculum = await surroundings.read_curriculum()
    exercise, words = open_exercise(state), state["turn"]["text"]
    question = find_question(curriculum, exercise["question"]) if exercise else None
    if exercise is None or question is None:
        return await diagnose_open_words(state, surroundings, curriculum)
    update: TutorState = {"exercise": exercise, "subject": list_assessed(question), "clarification": None}
    response = read_response(question, words)
    if response is None:
        return {**update, "outcome": "unreadable"}
    if question.key is None:
        return {**update, **await diagnose_open_answer(state, surroundings, curriculum, question)}
    if not exercise["solved"]:
        # What comes after the solution is no news.
        await _append(surroundings, question, response)
    if matches_key(question.kind, question.key, response):
        return {**update, **await _confirm(surroundings, question, exercise, response)}
    return {**update, **await _look_into(surroundings, curriculum, question, exercise, response)}


async def _append(surroundings: Surroundings, question: Question, response: str) -> None:
    evidence = Evidence(
        id=surroundings.make_effect_id(STEP),
        learner=surroundings.terms.learner,
        curriculum=surroundings.terms.curriculum,
        question=question.id,
        response=response,
        occurred_at=surroundings.now,
        source=Source.ANSWER,
    )
    changes = await surroundings.append_evidence(evidence)
    await surroundings.emit(EvidenceAppended(id=evidence.id, changes=changes))


async def _confirm(surroundings: Surroundings, question: Question, exercise: Exercise, response: str) -> TutorState:
    reason = "The response is right by the question's key."
    if exercise["solved"]:
        reason = join_reasons((reason, "The exercise was solved before, so it is no new evidence."))
    concept = list_assessed(question)[0]
    diagnosed = Diagnosed(question=question.id, outcome=1.0, concept=concept, reason=reason)
    await surroundings.emit(diagnosed)
    return {
        "exercise": {**exercise, "solved": True},
        "diagnosis": keep_diagnosis(diagnosed, response),
        "outcome": "right",
    }


async def _look_into(
    surroundings: Surroundings, curriculum: Curriculum, question: Question, exercise: Exercise, response: str
) -> TutorState:
    repeated = response in exercise["wrong"]
    explanation = await _explain(surroundings, curriculum, question, response)
    learner = await surroundings.read_state()
    concepts = list_assessed(question)
    # What is known of these concepts by this response alone would be its own cause.
    known = {
        concept: reading
        for concept, reading in learner.mastery.items()
        if concept not in question.assesses or reading.count > 1
    }
    cause = await find_root_cause(surroundings, curriculum, known, concepts)
    diagnosed = Diagnosed(
        question=question.id,
        outcome=0.0,
        concept=concepts[0],
        error=find_error(_describe(question, response, learner, explanation, repeated=repeated)).value,
        misconceptions=list_likely(explanation.misconceptions),
        root_cause=cause,
        reason=_give_reason(curriculum, explanation, cause),
    )
    await surroundings.emit(diagnosed, by_model=explanation.by_model)
    update: TutorState = {
        "exercise": add_wrong(exercise, response),
        "diagnosis": keep_diagnosis(diagnosed, response),
        "outcome": "wrong",
    }
    if explanation.ask and not repeated:
        clarification = ask_back(question.id, response, explanation.misconceptions)
        await surroundings.emit(tell_clarification(clarification), by_model=explanation.by_model)
        update.update({"clarification": clarification, "outcome": "asked_back"})
    return update


async def _explain(
    surroundings: Surroundings, curriculum: Curriculum, question: Question, response: str
) -> Explanation:
    """Finds misconceptions: as the question names them, or else by search, which a model may judge anew."""
    named = find_named(curriculum, question, response)
    if named is not None:
        return Explanation(misconceptions=(named,))
    shown = question.options.get(response, response)
    suspects = await search_suspects(
        surroundings,
        curriculum,
        (shown, f"{shown}\n{question.stem}"),
        list_assessed(question),
        expected_elsewhere=set(question.distractors.values()),
    )
    await surroundings.emit(*suspects.searches)
    by_search = Explanation(misconceptions=suspects.found, ask=is_worth_asking(suspects.found))
    if surroundings.model is None or not suspects.found:
        return by_search
    return await _ask_model(surroundings, curriculum, question, shown, suspects) or by_search


async def _ask_model(
    surroundings: Surroundings, curriculum: Curriculum, question: Question, shown: str, suspects: Suspects
) -> Explanation | None:
    """Lets the model judge; None: it failed."""
    assert surroundings.model is not None  # noqa: S101 - the caller has one
    candidates = suspects.found[:MOST_CANDIDATES]
    try:
        judgement = await judge_misconception(surroundings.model, curriculum, question, shown, candidates)
    except ModelFailedError as error:
        await surroundings.emit(Notice(code=error.code, text="The response was diagnosed without a model."))
        return None
    merged = merge_judgement(judgement, candidates)
    return Explanation(misconceptions=merged, ask=judgement.ask_back and is_worth_asking(merged), by_model=True)


def _describe(
    question: Question, response: str, learner: LearnerState, explanation: Explanation, *, repeated: bool
) -> Attempt:
    reading = learner.mastery.get(list_assessed(question)[0])
    accepted = question.key.accepted if question.key else ()
    return Attempt(
        asked=question.stem,
        response=question.options.get(response, response),
        kind=question.kind,
        accepted=tuple(question.options.get(each, each) for each in accepted),
        mastery=reading.probability if reading else None,
        named=any(each.source == DISTRACTOR for each in explanation.misconceptions),
        repeated=repeated,
    )


def _give_reason(curriculum: Curriculum, explanation: Explanation, cause: RootCause | None) -> str:
    likely = list_likely(explanation.misconceptions)
    return join_reasons((_tell_misconception(likely), tell_cause(curriculum, cause)))


def _tell_misconception(likely: Sequence[MisconceptionFound]) -> str:
    if not likely:
        return "The response is wrong by the question's key, and no known misconception stands out."
    first = likely[0]
    if first.source == MODEL:
        return f"A model takes the response for a sign of “{first.title}” (probability {first.probability:.2f})."
    if first.source == RETRIEVAL:
        return f"Response and question read most like “{first.title}” (probability {first.probability:.2f})."
    return f"The question names “{first.title}” for this response."
