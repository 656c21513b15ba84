"""What a question is about: the concepts that it names or that were found for it, and the passages on them."""

from collections.abc import Sequence
from typing import Final

from kg.curriculum import Concept
from retrieval.documents import Document, DocumentKind
from retrieval.results import KindResults
from retrieval.scope import Scope
from tutoring.teaching.asked import ASKING
from tutoring.teaching.content_words import keep_content, list_stems
from tutoring.teaching.material import show
from tutoring.teaching.scene import Scene

FOUND: Final = 20
"""Passages that are looked for."""


async def search_passages(scene: Scene, words: str) -> KindResults | None:
    """Searches the passages for a question's content words; None: it has none."""
    query = keep_content(words, scene.material.language, without=ASKING)
    if not query:
        return None
    results = await scene.surroundings.search(query, Scope(kinds=(DocumentKind.PASSAGE,), limit=FOUND))
    return results.kinds[0]


def find_subject(scene: Scene, words: str, found: KindResults | None) -> list[Concept]:
    """The concepts that a question is about: those that it names, or else what was found for it.

    Where the search went by words alone, what shares no content word with the question is not what it is about.
    """
    known = scene.material.concepts
    listed = [concept for concept in scene.state.get("subject", ()) if concept in known]
    named = scene.material.find_named(words, ASKING)
    if named:
        return [known[concept] for concept in dict.fromkeys([*named, *listed])]
    by_meaning = found is not None and any(stage.stage == "dense" and stage.used for stage in found.stages)
    if by_meaning or found is None:
        return [known[concept] for concept in listed]
    asked = set(list_stems(words, scene.material.language)) - ASKING
    return [known[concept] for concept in listed if asked & _list_known(scene, concept)]


def _list_known(scene: Scene, concept: str) -> set[str]:
    """Lists the stems of what the course says about a concept."""
    document = scene.material.find(DocumentKind.CONCEPT, concept)
    texts = [document.searched_text] if document else []
    texts += [passage.text for passage in scene.material.list_passages(concept)]
    return {stem for text in texts for stem in list_stems(text, scene.material.language)}


def choose_passages(scene: Scene, subject: Sequence[Concept], found: KindResults | None) -> list[Document]:
    """Chooses the passages about the subject, the most alike to the words first, as far as they may be shown."""
    wanted = {concept.id for concept in subject}
    rest = [passage for concept in subject for passage in scene.material.list_passages(concept.id)]
    chosen: dict[str, Document] = {}
    for passage in (*(each.document for each in (found.results if found else ())), *rest):
        place = passage.place
        if place is not None and place.resource and place.concept in wanted:
            chosen.setdefault(passage.id, passage)
    return [passage for passage in chosen.values() if show(passage, scene.guard) is not None]
