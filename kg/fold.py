"""The fold: evidence in order, in; a learner's state, out. The same evidence always gives the same state."""

from collections.abc import Iterable, Mapping

from kg.curriculum import Question
from kg.evidence import Evidence, Source
from kg.grading import grade
from kg.mastery import PARAMETERS, ConceptState, MasteryParameters, override_concept, practise_concept

States = dict[str, ConceptState]


def apply_evidence(
    states: States, evidence: Evidence, question: Question | None, parameters: MasteryParameters = PARAMETERS
) -> None:
    """Folds one item into `states`, in place; constant work per concept of its question.

    Args:
        states: By concept id.
        evidence: Not earlier than any item folded before.
        question: The question it answers, as it is now; None for evidence about a concept.
        parameters: Of the model.
    """
    if evidence.voided:
        return
    if question is not None:
        outcome = grade(question, evidence)
        if outcome is None:
            return
        for concept, weight in question.assesses.items():
            states[concept] = practise_concept(
                states.get(concept),
                at=evidence.occurred_at,
                outcome=outcome,
                slip=question.slip,
                guess=question.guess,
                weight=weight,
                parameters=parameters,
            )
    elif evidence.score is not None:
        states[evidence.concept] = _apply_statement(states.get(evidence.concept), evidence, evidence.score, parameters)


def _apply_statement(
    state: ConceptState | None, evidence: Evidence, score: float, parameters: MasteryParameters
) -> ConceptState:
    if evidence.source is Source.TEACHER_OVERRIDE:
        return override_concept(state, at=evidence.occurred_at, mastery=score, parameters=parameters)
    kind = parameters.self_report if evidence.source is Source.SELF_REPORT else parameters.observation
    slip, guess, weight = kind
    return practise_concept(
        state, at=evidence.occurred_at, outcome=score, slip=slip, guess=guess, weight=weight, parameters=parameters
    )


def touched_concepts(evidence: Evidence, question: Question | None) -> Iterable[str]:
    """Ids of the concepts an item is about."""
    return question.assesses.keys() if question is not None else (evidence.concept,)


def fold_evidence(
    evidence: Iterable[Evidence],
    questions: Mapping[str, Question],
    parameters: MasteryParameters = PARAMETERS,
) -> States:
    """Folds a whole log of one learner in one curriculum.

    Args:
        evidence: In any order; it is folded by (occurred_at, id).
        questions: By id; every question answered must be there.
        parameters: Of the model.

    Returns:
        State by concept id, for the concepts with evidence in effect.
    """
    states: States = {}
    for item in sorted(evidence, key=lambda each: each.position):
        apply_evidence(states, item, questions[item.question] if item.question else None, parameters)
    return states
