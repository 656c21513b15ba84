"""How well wrong responses are traced to their misconceptions by search, with words alone and with an encoder."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from kg.curriculum import Curriculum, Question
from retrieval.benchmark.mae import read_mae
from retrieval.benchmark.stages import DocumentVectors, open_lexical
from retrieval.documents import Document, list_documents
from retrieval.index import make_index
from retrieval.metrics import Interval, bootstrap_mean, expected_calibration_error, ndcg_at, recall_at
from retrieval.rankers import BASE, Ranker, lexical_ranker
from retrieval.search import Searcher
from tutoring.diagnosis.clarification import MOST_OFFERED, is_worth_asking
from tutoring.diagnosis.course import list_assessed, measure_distances
from tutoring.diagnosis.misconceptions import SCOPE, STEPS, Suspects, combine_searches
from tutoring.events import MisconceptionFound

CUTS = (1, 5, 10)

_SUBJECT = "algebra"
"""The one concept that all misconceptions of MaE are about: none is ruled out by what the question is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """How high a way of searching puts the right misconception, with 95 % intervals over misconceptions.

    Attributes:
        name: Of the way.
        recalls: Share of responses whose misconception is among the first 1, 5 and 10.
        ndcg: nDCG@10.
    """

    name: str
    recalls: tuple[Interval, ...]
    ndcg: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """What a way of searching makes of wrong responses whose misconception the curriculum names, that name hidden.

    Attributes:
        name: Of the way.
        first: Share of the named ones whose misconception comes first.
        offered: Share whose misconception is among those that would be offered.
        calibration_error: Expected calibration error of the first one's probability, over all responses; where the
            curriculum names none, the first one is wrong.
    """

    name: str
    first: Interval
    offered: Interval
    calibration_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedBack:
    """What asking back would bring.

    Attributes:
        named: Responses asked back about whose misconception the curriculum names.
        first: How many of them have it first: right without asking.
        offered: How many have it among those offered: right after asking, where the learner finds it.
        unnamed: Responses asked back about whose misconception the curriculum does not name.
    """

    named: int
    first: int
    offered: int
    unnamed: int


def open_searcher(documents: Sequence[Document], vectors: DocumentVectors | None) -> Searcher:
    """Opens the product's search over documents; None: by words only."""
    if vectors is None:
        return Searcher(index=make_index(documents, "en"), ranker=lexical_ranker())
    index = make_index(documents, "en", vectors.encoder.fingerprint, vectors.encode(documents))
    return Searcher(index=index, ranker=Ranker(id=BASE, encoder=vectors.encoder.name), encoder=vectors.encoder)


def rank_mae(folder: Path, vectors: DocumentVectors | None, seed: int) -> list[Ranked]:
    """Ranks MaE's misconceptions for each wrong answer, that answer left out of them.

    Args:
        folder: Holds data.json.
        vectors: By the encoder; None: words only.
        seed: Of the intervals.
    """
    parts = _read_parts(folder)
    ranked: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for world in read_mae(folder).worlds:
        documents = [replace(document, concepts=(_SUBJECT,)) for document in world.documents]
        lexical, words = open_lexical(documents, "en"), open_searcher(documents, None)
        dense = open_searcher(documents, vectors) if vectors else None
        for query in world.queries:
            question, response = parts[query.text]
            found = {
                "BM25": lexical(query.text).ids,
                "Diagnostician, words": _name(_search(words, question, response)),
            }
            if dense:
                found["encoder + BM25"] = _name(_search_all(dense, (query.text,), {_SUBJECT: 0}))
                found["Diagnostician, encoder"] = _name(_search(dense, question, response))
            for name, ids in found.items():
                ranked.setdefault(name, []).append((query.concept, ids))
    return [_measure_ranks(name, found, seed) for name, found in ranked.items()]


def _read_parts(folder: Path) -> Mapping[str, tuple[str, str]]:
    """Reads question and wrong answer by the two together."""
    examples = json.loads((folder / "data.json").read_text(encoding="utf-8"))
    pairs = [(str(each["Question"]), str(each["Incorrect Answer"])) for each in examples]
    return {f"{question}\n{answer}": (question, answer) for question, answer in pairs}


def _search(searcher: Searcher, question: str, response: str) -> Suspects:
    return _search_all(searcher, (response, f"{response}\n{question}"), {_SUBJECT: 0})


def _search_all(searcher: Searcher, queries: Sequence[str], distances: Mapping[str, int]) -> Suspects:
    return combine_searches([(query, searcher.search(query, SCOPE)) for query in queries], distances)


def _name(suspects: Suspects) -> tuple[str, ...]:
    return tuple(found.id for found in suspects.found)


def _measure_ranks(name: str, ranked: Sequence[tuple[str, tuple[str, ...]]], seed: int) -> Ranked:
    bound = partial(bootstrap_mean, clusters=[right for right, _ in ranked], seed=seed)
    recalls = tuple(bound([recall_at(ids, (right,), cut) for right, ids in ranked]) for cut in CUTS)
    return Ranked(name=name, recalls=recalls, ndcg=bound([ndcg_at(ids, (right,), 10) for right, ids in ranked]))


def trace_own(curriculum: Curriculum, vectors: DocumentVectors | None, seed: int) -> tuple[list[Traced], AskedBack]:
    """Traces the wrong responses that a curriculum foresees, as if its questions did not name their misconceptions.

    Args:
        curriculum: With distractors.
        vectors: By the encoder; None: words only.
        seed: Of the intervals.
    """
    searcher = open_searcher(list_documents(curriculum), vectors)
    kind = "encoder" if vectors else "words"
    foreseen = [
        (question, question.options.get(response, response), question.distractors.get(response, ""))
        for question in curriculum.questions
        for response in _list_wrong(question)
    ]
    ways: dict[str, list[tuple[MisconceptionFound, ...]]] = {}
    for question, shown, right in foreseen:
        distances = measure_distances(curriculum, list_assessed(question), STEPS)
        elsewhere = set(question.distractors.values()) - {right}
        alone, together = [(query, searcher.search(query, SCOPE)) for query in (shown, f"{shown}\n{question.stem}")]
        for name, answers in {
            f"response alone, {kind}": [alone],
            f"with its question, {kind}": [together],
            f"Diagnostician (both), {kind}": [alone, together],
        }.items():
            ways.setdefault(name, []).append(combine_searches(answers, distances, elsewhere).found)
    rights = [right for *_, right in foreseen]
    homes = [question.id for question, *_ in foreseen]
    traced = [_measure_traces(name, found, rights, homes, seed) for name, found in ways.items()]
    return traced, _measure_asking(ways[f"Diagnostician (both), {kind}"], rights)


def _list_wrong(question: Question) -> list[str]:
    accepted = question.key.accepted if question.key else ()
    return [response for response in (question.options or question.distractors) if response not in accepted]


def _measure_traces(
    name: str,
    found: Sequence[tuple[MisconceptionFound, ...]],
    rights: Sequence[str],
    homes: Sequence[str],
    seed: int,
) -> Traced:
    named = [place for place, right in enumerate(rights) if right]
    bound = partial(bootstrap_mean, clusters=[homes[place] for place in named], seed=seed)
    first = [bool(each) and each[0].id == right for each, right in zip(found, rights, strict=True)]
    return Traced(
        name=name,
        first=bound([first[place] for place in named]),
        offered=bound([rights[at] in {each.id for each in found[at][:MOST_OFFERED]} for at in named]),
        calibration_error=expected_calibration_error([each[0].probability if each else 0.0 for each in found], first),
    )


def _measure_asking(found: Sequence[tuple[MisconceptionFound, ...]], rights: Sequence[str]) -> AskedBack:
    asked = [(each, right) for each, right in zip(found, rights, strict=True) if is_worth_asking(each)]
    named = [(each, right) for each, right in asked if right]
    return AskedBack(
        named=len(named),
        first=sum(each[0].id == right for each, right in named),
        offered=sum(right in {other.id for other in each[:MOST_OFFERED]} for each, right in named),
        unnamed=len(asked) - len(named),
    )
