"""Titles of a curriculum's concepts and resources, with whom to credit for them."""

from dataclasses import dataclass

from graphmasal.client import Client, list_all
from graphmasal.v1.curriculum_service_pb2 import ListConceptsRequest, ListResourcesRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Titles:
    """Titles by id.

    Attributes:
        concepts: Title of each concept; archived ones included.
        resources: Title of each resource; archived ones included.
        licence: SPDX identifier of the text's licence, or empty.
        attribution: Whom to credit, or empty.
    """

    concepts: dict[str, str]
    resources: dict[str, str]
    licence: str
    attribution: str

    def __getitem__(self, concept: str) -> str:
        return self.concepts.get(concept) or concept


def read_titles(client: Client, curriculum: str) -> Titles:
    """Reads the titles of all concepts and resources of a curriculum."""
    parent = client.curriculum_name(curriculum)
    concepts = list_all(client.curricula.ListConcepts, ListConceptsRequest(parent=parent, show_archived=True))
    resources = list_all(client.curricula.ListResources, ListResourcesRequest(parent=parent, show_archived=True))
    return Titles(
        concepts={concept.name.rsplit("/", 1)[1]: concept.title for concept in concepts.concepts},
        resources={resource.name.rsplit("/", 1)[1]: resource.title for resource in resources.resources},
        licence=concepts.licence,
        attribution=concepts.attribution,
    )
