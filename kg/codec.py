"""Curriculum parts as JSON text, the form in which every store keeps their bodies."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import TypeAdapter

from kg.curriculum import Concept, CurriculumSize, Misconception, Question, Resource
from kg.mastery import ConceptState

Part = TypeVar("Part", Concept, Resource, Question, Misconception, CurriculumSize)

_ADAPTERS: Mapping[type, TypeAdapter[object]] = {
    kind: TypeAdapter(kind) for kind in (Concept, Resource, Question, Misconception, CurriculumSize)
}
_STATES: TypeAdapter[dict[str, ConceptState]] = TypeAdapter(dict[str, ConceptState])


def encode(part: object) -> str:
    """Writes a concept, resource, question, misconception or size as JSON; floats survive exactly."""
    return _ADAPTERS[type(part)].dump_json(part).decode()


def decode(kind: type[Part], text: str) -> Part:
    """Reads what `encode` wrote.

    Raises:
        pydantic.ValidationError: The text is not that.
    """
    part = _ADAPTERS[kind].validate_json(text)
    assert isinstance(part, kind)  # noqa: S101 - for the type checker
    return part


def encode_states(states: Mapping[str, ConceptState]) -> str:
    """Writes states by concept id as JSON; floats survive exactly."""
    return _STATES.dump_json(dict(states)).decode()


def decode_states(text: str) -> dict[str, ConceptState]:
    """Reads what `encode_states` wrote."""
    return _STATES.validate_json(text)
