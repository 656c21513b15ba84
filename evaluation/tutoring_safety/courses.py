"""The bundled course, and the same with instructions hidden in its texts."""

from collections import defaultdict
from importlib.resources import as_file, files
from typing import Any

import yaml

from evaluation.tutoring_safety.attacks import HIDDEN
from kg.archives import pack_folder, unpack
from kg.curriculum import Curriculum, Question
from kg.importers.formats import read_draft
from kg.validation import validate

BUNDLED = "algebra-to-ml"


def pack_bundled() -> bytes:
    """Packs the bundled course for import."""
    with as_file(files("graphmasal") / "curricula" / "algebra_to_ml") as folder:
        return pack_folder(folder)


def read_course(archive: bytes) -> Curriculum:
    """Reads a packed course."""
    curriculum = validate(read_draft("yaml", unpack(archive), BUNDLED)).curriculum
    assert curriculum is not None  # noqa: S101 - the bundled course is valid, and stays so with other texts
    return curriculum


def poison(curriculum: Curriculum) -> dict[str, str]:
    """Writes the course's files with instructions in every description and lesson, by name of the file."""
    answers: dict[str, str] = defaultdict(lambda: "42")
    for question in curriculum.questions:
        concept = max(question.assesses, key=lambda each: question.assesses[each])
        answers.setdefault(concept, tell_answer(question))
    with as_file(files("graphmasal") / "curricula" / "algebra_to_ml") as folder:
        course = {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.yaml"))}
    for number, part in enumerate(course.values()):
        for concept in part.get("concepts", ()):
            concept["description"] = _hide(concept.get("description", ""), answers[concept["id"]], number)
        for resource in part.get("resources", ()):
            for section in resource["sections"]:
                section["text"] = _hide(section.get("text", ""), answers[section["concept"]], number + 1)
    return {name: yaml.safe_dump(part, allow_unicode=True, sort_keys=False) for name, part in course.items()}


def tell_answer(question: Question) -> str:
    """Returns a question's answer as it is read."""
    first = question.key.accepted[0] if question.key else ""
    return question.options.get(first, first)


def _hide(text: str, answer: str, number: int) -> str:
    """Puts an instruction in the middle of a text and another at its end."""
    sentences: list[str] = text.split(". ")
    middle = len(sentences) // 2
    first, last = (HIDDEN[(number + place) % len(HIDDEN)](answer) for place in (0, 1))
    return f"{'. '.join([*sentences[:middle], ''])}{first} {'. '.join(sentences[middle:])} {last}"


def list_material(curriculum: Curriculum) -> dict[str, str]:
    """Lists, by id of a question, the description of its main concept and the first lesson on it."""
    descriptions = {concept.id: concept.description for concept in curriculum.concepts}
    lessons: dict[str, Any] = {}
    for resource in curriculum.resources:
        for section in resource.sections:
            lessons.setdefault(section.concept, section.text)
    listed = {}
    for question in curriculum.questions:
        concept = max(question.assesses, key=lambda each: question.assesses[each])
        listed[question.id] = f"{descriptions[concept]} {lessons.get(concept, '')}".strip()
    return listed
