"""Misconceptions that a wrong response or words point at, with probabilities."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from kg.curriculum import AnswerKey, Curriculum, Question
from kg.grading import matches_key
from retrieval.documents import DocumentKind
from retrieval.results import KindResults, Results
from retrieval.scope import Scope
from tutoring.diagnosis.course import find_misconception, measure_distances
from tutoring.events import MisconceptionFound, Retrieved
from tutoring.surroundings import Surroundings

DISTRACTOR: Final = "distractor"
RETRIEVAL: Final = "retrieval"
MODEL: Final = "model"
CLARIFICATION: Final = "clarification"

SCOPE: Final = Scope(kinds=(DocumentKind.MISCONCEPTION,), limit=200)
"""How misconceptions are searched for."""
STEPS: Final = 4
"""Prerequisites so many steps away from what is in question are still looked at."""

MOST_LISTED: Final = 5
LEAST_LISTED: Final = 0.2
"""Probability below which a misconception is not worth telling."""

_CLOSER: Final = 0.5
"""What each step away from the concepts in question leaves of a misconception's weight."""
_EXPECTED_ELSEWHERE: Final = 0.25
"""Weight of a misconception that the question expects to show in another response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspects:
    """What searches for misconceptions came to.

    Attributes:
        found: The likeliest first, down to those that share nothing with the words; their probabilities and that of
            none of them sum to 1.
        searches: What was searched for and found, cut to what may be meant and is worth telling.
    """

    found: tuple[MisconceptionFound, ...]
    searches: tuple[Retrieved, ...]


def list_likely(found: Sequence[MisconceptionFound]) -> tuple[MisconceptionFound, ...]:
    """Lists those that are worth telling.

    Args:
        found: The likeliest first.
    """
    return tuple(each for each in found if each.probability >= LEAST_LISTED)[:MOST_LISTED]


def find_named(curriculum: Curriculum, question: Question, response: str) -> MisconceptionFound | None:
    """Finds the misconception that a question names for a wrong response; None: it names none.

    Its probability is 1 / (1 + g): who gives the response either has the wrong idea, which leads there surely, or hit
    on it by chance, as probable as to hit on the right one without mastery (the question's guess g); before the
    response both are held to be equally likely.
    """
    tolerance = question.key.tolerance if question.key else 0.0
    for given, identifier in question.distractors.items():
        named = find_misconception(curriculum, identifier)
        if named and matches_key(question.kind, AnswerKey(accepted=(given,), tolerance=tolerance), response):
            probability = 1.0 / (1.0 + question.guess)
            return MisconceptionFound(id=named.id, title=named.title, probability=probability, source=DISTRACTOR)
    return None


async def search_suspects(
    surroundings: Surroundings,
    curriculum: Curriculum,
    queries: Sequence[str],
    concepts: Sequence[str],
    expected_elsewhere: Collection[str] = (),
) -> Suspects:
    """Searches for misconceptions about some concepts and about what these require.

    Args:
        surroundings: Of the turn.
        curriculum: What is searched.
        queries: See `combine_searches`; none of them empty.
        concepts: Ids.
        expected_elsewhere: See `combine_searches`.
    """
    answers = await asyncio.gather(*(surroundings.search(query, SCOPE) for query in queries))
    distances = measure_distances(curriculum, concepts, STEPS)
    return combine_searches(list(zip(queries, answers, strict=True)), distances, expected_elsewhere)


def combine_searches(
    answers: Sequence[tuple[str, Results]], distances: Mapping[str, int], expected_elsewhere: Collection[str] = ()
) -> Suspects:
    """Combines searches for misconceptions into one probability for each: the mean of what the searches give it.

    A response alone says little, and with its question it is found by the question's words, whatever was answered. The
    mean of both is far better calibrated than the latter and ranks about as well (`evaluation.tutoring_diagnosis`).

    Args:
        answers: Queries, such as a response and the same with the stem, and what was found; at least one.
        distances: Steps by concept from those in question; a misconception about none of them is ruled out.
        expected_elsewhere: Ids of misconceptions that the question names for responses that were not given.
    """
    shares: dict[str, float] = defaultdict(float)
    titles: dict[str, str] = {}
    searches = []
    for query, results in answers:
        kept = _narrow(results.kinds[0], distances, expected_elsewhere)
        for result in kept.results:
            shares[result.document.id] += result.probability / len(answers)
            titles[result.document.id] = result.document.title
        shown = replace(kept, results=kept.results[:MOST_LISTED])
        searches.append(Retrieved(query=query, results=replace(results, kinds=(shown,))))
    found = tuple(
        MisconceptionFound(id=each, title=titles[each], probability=shares[each], source=RETRIEVAL)
        for each in sorted(shares, key=lambda each: -shares[each])
    )
    return Suspects(found=found, searches=tuple(searches))


def _narrow(found: KindResults, distances: Mapping[str, int], expected_elsewhere: Collection[str]) -> KindResults:
    """Shares probability out among what may be meant and none of it: what is about other concepts is ruled out."""
    weights = {}
    for result in found.results:
        about = [distances[concept] for concept in result.document.concepts if concept in distances]
        if about:
            elsewhere = _EXPECTED_ELSEWHERE if result.document.id in expected_elsewhere else 1.0
            weights[result.document.id] = result.probability * _CLOSER ** min(about) * elsewhere
    whole = found.none_probability + sum(weights.values()) or 1.0
    kept = [
        replace(result, probability=weights[result.document.id] / whole)
        for result in found.results
        if result.document.id in weights
    ]
    kept.sort(key=lambda result: -result.probability)
    return replace(found, results=tuple(kept), none_probability=found.none_probability / whole)
