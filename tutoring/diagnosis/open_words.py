"""Open words, which no key grades: a model may judge them, and its judgement is a proposal, never a grade."""

from collections.abc import Sequence
from typing import Final

from kg.curriculum import Curriculum, Question
from tutoring.diagnosis.course import find_title, list_assessed
from tutoring.diagnosis.findings import keep_diagnosis
from tutoring.diagnosis.judgements import MOST_CANDIDATES, OpenJudgement, judge_open_words, merge_judgement
from tutoring.diagnosis.misconceptions import list_likely, search_suspects
from tutoring.diagnosis.proposals import propose_evidence
from tutoring.events import Diagnosed, MisconceptionFound, Notice
from tutoring.models.chat_model import ModelFailedError
from tutoring.state import TutorState
from tutoring.surroundings import Surroundings

_LONGEST_QUOTED: Final = 200


async def diagnose_open_answer(
    state: TutorState, surroundings: Surroundings, curriculum: Curriculum, question: Question
) -> TutorState:
    """Diagnoses a response to a question without a key.

    Returns:
        diagnosis, proposals and outcome, as far as they change: proposed (what a model made of it), or ungraded.
    """
    concepts = list_assessed(question)
    judged = await _judge(state, surroundings, curriculum, question.stem, concepts)
    if judged is not None:
        return await _propose(state, surroundings, concepts[0], *judged, question=question.id)
    diagnosed = Diagnosed(question=question.id, concept=concepts[0], reason="The question has no key that grades it.")
    await surroundings.emit(diagnosed)
    return {"diagnosis": keep_diagnosis(diagnosed, state["turn"]["text"]), "outcome": "ungraded"}


async def diagnose_open_words(state: TutorState, surroundings: Surroundings, curriculum: Curriculum) -> TutorState:
    """Diagnoses words that answer no question, about what the conversation is about.

    Returns:
        diagnosis, proposals and outcome, as far as they change: proposed (what a model made of it), or no_question.
    """
    concepts = list(state.get("subject") or ())[:1]
    judged = None
    if concepts:
        judged = await _judge(state, surroundings, curriculum, find_title(curriculum, concepts[0]), concepts)
    return await _propose(state, surroundings, concepts[0], *judged) if judged else {"outcome": "no_question"}


async def _judge(
    state: TutorState, surroundings: Surroundings, curriculum: Curriculum, about: str, concepts: Sequence[str]
) -> tuple[OpenJudgement, tuple[MisconceptionFound, ...]] | None:
    """Lets the model judge words, and lists the misconceptions that it sees; None: there is no model, or it failed."""
    words = state["turn"]["text"].strip()
    if surroundings.model is None or not words:
        return None
    suspects = await search_suspects(surroundings, curriculum, (words, f"{words}\n{about}"), concepts)
    candidates = suspects.found[:MOST_CANDIDATES]
    try:
        judgement = await judge_open_words(surroundings.model, curriculum, about, words, candidates)
    except ModelFailedError as error:
        await surroundings.emit(Notice(code=error.code, text="The words were not judged, for the model failed."))
        return None
    return judgement, list_likely(merge_judgement(judgement, candidates))


async def _propose(
    state: TutorState,
    surroundings: Surroundings,
    concept: str,
    judgement: OpenJudgement,
    misconceptions: tuple[MisconceptionFound, ...],
    *,
    question: str = "",
) -> TutorState:
    words, score = state["turn"]["text"].strip(), judgement.score
    diagnosed = Diagnosed(
        question=question,
        concept=concept,
        misconceptions=misconceptions,
        reason=f"A model judged the words ({score:.2f} of 1); that is no grade, and waits for a confirmation.",
    )
    await surroundings.emit(diagnosed, by_model=True)
    reason = f"A model's judgement of “{words[:_LONGEST_QUOTED]}”."
    proposals = await propose_evidence(state, surroundings, concept=concept, score=score, reason=reason, by_model=True)
    return {"diagnosis": keep_diagnosis(diagnosed, words), "proposals": proposals, "outcome": "proposed"}
