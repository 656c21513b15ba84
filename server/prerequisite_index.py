"""What has to be known before each concept, found by its id."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kg.curriculum import Curriculum, Prerequisite, PrerequisiteGroup


@dataclass(frozen=True, slots=True)
class PrerequisiteIndex:
    """Single prerequisites and groups by the id of the concept that needs them; concepts without any are left out.

    Attributes:
        edges: Ascending by the id of what comes before.
        groups: Ascending by id.
    """

    edges: Mapping[str, Sequence[Prerequisite]]
    groups: Mapping[str, Sequence[PrerequisiteGroup]]


def index_prerequisites(curriculum: Curriculum) -> PrerequisiteIndex:
    """Makes the index."""
    edges: defaultdict[str, list[Prerequisite]] = defaultdict(list)
    for edge in curriculum.prerequisites:
        edges[edge.after].append(edge)
    groups: defaultdict[str, list[PrerequisiteGroup]] = defaultdict(list)
    for group in curriculum.groups:
        groups[group.concept].append(group)
    return PrerequisiteIndex(dict(edges), dict(groups))
