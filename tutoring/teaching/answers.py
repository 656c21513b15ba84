"""Plain answers to questions about the course, each sentence with what it rests on; what the course lacks is named."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from kg.curriculum import Concept
from planner.reasons import list_in_words
from retrieval.documents import Document, DocumentKind
from retrieval.results import Result
from retrieval.scope import Scope
from tutoring.teaching.asked import ASKING, Wanted, read_wanted
from tutoring.teaching.content_words import keep_content, list_stems
from tutoring.teaching.injections import leave_out_injections
from tutoring.teaching.material import list_clean_sentences, show
from tutoring.teaching.scene import Scene
from tutoring.teaching.statements import Script, Statement, cite, open_paragraph
from tutoring.teaching.subjects import choose_passages, find_subject, search_passages

_MOST_SENTENCES: Final = 3
_MOST_NAMED: Final = 3
_SHORT: Final = 20
_NEAR: Final = 0.3
"""Cosine from which on something else that the course has may be meant."""
_UNREAD: Final = "I could not read that as an answer; send a single number, or ask for a hint."
_GOES_ON: Final = re.compile(
    r"\b(?:again|more|that|this|it|further|else|example|explain|elaborate|why|how)\b", re.IGNORECASE
)


async def answer_question(scene: Scene) -> Script:
    """Answers what is asked about concepts; with an exercise at hand nothing that tells its answer."""
    words = leave_out_injections(scene.words)
    found = await search_passages(scene, words)
    subject = find_subject(scene, words, found)
    if found is None and re.search(r"\d", words):
        return _decline_calculation(scene)
    if found is None and not _GOES_ON.search(words):
        return _ask_what(scene)
    if not subject:
        return await say_not_here(scene)
    wanted = read_wanted(words)
    if wanted is Wanted.DIFFERENCE and len(subject) < 2:
        wanted = Wanted.MEANING
    passages = choose_passages(scene, subject, found)
    detail = _find_detail(scene, words, passages) if wanted is Wanted.MEANING else None
    if detail is not None and detail.place is not None:
        subject = [scene.material.concepts[detail.place.concept]]
        told = [*_quote(scene, detail), *_say_meaning(scene, subject[0], 1)]
    else:
        told = [*_answer(scene, wanted, subject, passages)]
    told += _name_gaps(scene, words, [*told])
    if wanted is not Wanted.READING:
        told += open_paragraph(_read_on(scene, subject[0], passages))
    told += _lead_back(scene)
    return Script(statements=tuple(told), exercise=scene.exercise, rewritable=True)


def _find_detail(scene: Scene, words: str, passages: Sequence[Document]) -> Document | None:
    """Finds the passage about what is asked for where that is only a part of a concept, such as the median."""
    language = scene.material.language
    asked = set(list_stems(words, language)) - ASKING
    if scene.material.find_named(words, ASKING):
        return None
    return next((each for each in passages if asked and asked <= set(list_stems(each.text, language))), None)


def _ask_what(scene: Scene) -> Script:
    text = "I am not sure what that is about: name something from the course, or say “hint” or “next”."
    return Script(statements=(Statement(text=text),), exercise=scene.exercise)


def _decline_calculation(scene: Scene) -> Script:
    """Replies to figures alone: a response that is none of the options, or something to be worked out."""
    if scene.guard is not None and scene.question is not None and len(scene.words) <= _SHORT and "?" not in scene.words:
        text = _UNREAD
        if scene.question.options:
            options = list_in_words(list(scene.question.options))
            text = f"That is none of the options: choose one of {options}, or ask for a hint."
        return Script(statements=(Statement(text=text),), exercise=scene.exercise)
    text = "I do not work calculations out for you; ask me what is behind one, or how such a one is done."
    hint = (Statement(text="For your exercise there are hints: just ask."),) if scene.guard is not None else ()
    return Script(statements=(Statement(text=text), *hint), exercise=scene.exercise)


async def say_not_here(scene: Scene) -> Script:
    """Says that the course is about something else, and what of it is nearest."""
    query = keep_content(leave_out_injections(scene.words), scene.material.language, without=ASKING)
    nearest: list[Concept] = []
    if query:
        results = await scene.surroundings.search(query, Scope(kinds=(DocumentKind.CONCEPT,), limit=1))
        found = [each.document.id for each in results.kinds[0].results if _is_near(each)]
        nearest = [scene.material.concepts[each] for each in found if each in scene.material.concepts]
    told = [
        Statement(text=f"That is not something this course, {scene.material.curriculum.title}, covers.", grounded=False)
    ]
    if nearest:
        told.append(
            Statement(
                text=f"The nearest that it has is {nearest[0].title}; say so if you meant that.",
                sources=scene.cite_concept(nearest[0].id),
            )
        )
    else:
        topics = sorted({concept.topic for concept in scene.material.concepts.values() if concept.topic})
        if topics:
            told.append(Statement(text=f"It is about {list_in_words(topics)}: ask me anything about those."))
    if scene.guard is not None:
        told.append(Statement(text="Your exercise is still open whenever you like.", opens=True))
    return Script(statements=tuple(told), exercise=scene.exercise)


def _is_near(result: Result) -> bool:
    return result.scores.lexical > 0 or (result.scores.dense or 0.0) >= _NEAR


def _answer(
    scene: Scene, wanted: Wanted, subject: Sequence[Concept], passages: Sequence[Document]
) -> Iterator[Statement]:
    main = subject[0]
    if wanted is Wanted.MEANING:
        yield from _say_meaning(scene, main, _MOST_SENTENCES)
    elif wanted is Wanted.DIFFERENCE:
        for concept in subject[:2]:
            yield from _say_meaning(scene, concept, 1, named=True)
        yield from _compare(scene, subject[0], subject[1])
    elif wanted is Wanted.FOUNDATION:
        yield from _say_foundations(scene, main)
    elif wanted is Wanted.USE:
        yield from _say_use(scene, main)
    elif wanted is Wanted.METHOD:
        if passages:
            yield from _quote(scene, passages[0])
        yield from _say_meaning(scene, main, 1)
    else:
        yield from _read_on(scene, main, passages)


def _say_meaning(scene: Scene, concept: Concept, most: int, *, named: bool = False) -> Iterator[Statement]:
    sentences = list_clean_sentences(concept.description, scene.guard)[:most]
    lead = f"{concept.title}: " if named and sentences else ""
    for sentence in sentences:
        yield Statement(text=f"{lead}{sentence}", sources=scene.cite_concept(concept.id, sentence), quoted=True)
        lead = ""
    if not concept.description:
        before = [each.concept.title for each in scene.material.list_foundations(concept.id)]
        after = [scene.find_title(each) for each in scene.material.list_followers(concept.id)]
        if before or after:
            built = f" It builds on {list_in_words(before)}." if before else ""
            needed = f" It leads on to {list_in_words(after)}." if after else ""
            text = f"The course places {concept.title} without describing it.{built}{needed}"
            yield Statement(text=text, sources=scene.cite_concept(concept.id))


def _compare(scene: Scene, one: Concept, other: Concept) -> Iterator[Statement]:
    for before, after in ((one, other), (other, one)):
        foundation = scene.material.find_foundation(before.id, after.id)
        if foundation is not None:
            reason = f": {foundation.reason}" if foundation.reason else "."
            text = f"For {after.title} you need {before.title}{reason}"
            yield Statement(text=text, sources=scene.cite_concept(after.id), quoted=True)


def _say_foundations(scene: Scene, concept: Concept) -> Iterator[Statement]:
    foundations = scene.material.list_foundations(concept.id)
    if not foundations:
        text = f"{concept.title} builds on nothing else in this course: you can begin with it."
        yield Statement(text=text, sources=scene.cite_concept(concept.id))
    for foundation in foundations[:_MOST_NAMED]:
        reason = f": {foundation.reason}" if foundation.reason else "."
        lead = f"For {concept.title} you need" if foundation.hard else "It helps to know"
        yield Statement(
            text=f"{lead} {foundation.concept.title}{reason}",
            sources=scene.cite_concept(foundation.concept.id),
            quoted=True,
        )


def _say_use(scene: Scene, concept: Concept) -> Iterator[Statement]:
    # A description says what a concept is first and what it is good for last.
    sentences = list_clean_sentences(concept.description, scene.guard)
    if sentences:
        yield Statement(text=sentences[-1], sources=scene.cite_concept(concept.id, sentences[-1]), quoted=True)
    for after in scene.material.list_followers(concept.id)[:_MOST_NAMED]:
        foundation = scene.material.find_foundation(concept.id, after)
        if foundation is not None:
            reason = f": {foundation.reason}" if foundation.reason else "."
            text = f"It leads on to {scene.find_title(after)}{reason}"
            yield Statement(text=text, sources=scene.cite_concept(after), quoted=True)


def _quote(scene: Scene, passage: Document) -> Iterator[Statement]:
    visible = show(passage, scene.guard)
    if visible is not None:
        yield Statement(text=f"“{visible.text}”", sources=cite(passage, visible.text), quoted=True)


def _read_on(scene: Scene, concept: Concept, passages: Sequence[Document]) -> Iterator[Statement]:
    """Names the resource to read on in: that of the passage most alike to the words, or the first."""
    for passage in passages:
        place = passage.place
        resource = scene.material.resources.get(place.resource) if place else None
        section = (
            next((each for each in resource.sections if place and each.concept == place.concept), None)
            if resource
            else None
        )
        if resource is None or section is None:
            continue
        part = f", “{section.title}”" if section.title and section.title != resource.title else ""
        link = f" {resource.url}" if resource.url else ""
        text = f"To read on: “{resource.title}”{part}, about {section.minutes} minutes.{link}"
        yield Statement(text=text, sources=cite(passage), quoted=True)
        return
    if not scene.material.list_passages(concept.id):
        text = f"The course has no lesson on {concept.title} itself."
        yield Statement(text=text, sources=scene.cite_concept(concept.id))


def _name_gaps(scene: Scene, words: str, told: Sequence[Statement]) -> Iterator[Statement]:
    """Names what a question speaks of and nothing that was said does."""
    language = scene.material.language
    shown = [statement.text for statement in told]
    shown += [source.document.searched_text for statement in told for source in statement.sources]
    known = {stem for text in shown for stem in list_stems(text, language)} | ASKING
    missing = [
        word
        for word in dict.fromkeys(re.findall(r"[^\W\d_]{4,}", words))
        if (stems := list_stems(word, language)) and not set(stems) & known
    ]
    if missing:
        named = list_in_words([f"“{word}”" for word in missing[:_MOST_NAMED]])
        text = f"On {named} I have nothing from the course, so I leave that open."
        yield Statement(text=text, grounded=False)


def _lead_back(scene: Scene) -> tuple[Statement, ...]:
    """Leads back to an exercise that is open."""
    if scene.guard is None or scene.reading:
        return ()
    text = "Your exercise is still open: does this help you with it?"
    return (Statement(text=text, opens=True),)
