"""Changes to what a plan is made from: for what-ifs, and to mend what cannot be reached."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from kg.curriculum import Curriculum, PrerequisiteGroup
from kg.errors import FieldViolation, InvalidInputError, refuse
from planner.constraints import Constraints

MOST_EDITS: Final = 100

_ENTRY: Final = re.compile(r"constraints\.(pinned|vetoed|orders|deadlines)\[(0|[1-9][0-9]{0,8})\]")
_AMOUNTS: Final = {
    "constraints.budget_minutes": "budget_minutes",
    "constraints.session_minutes": "session_minutes",
    "constraints.soft_penalty": "soft_penalty_units",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterConcept:
    """The concept counts as mastered.

    Attributes:
        concept: Its id.
    """

    concept: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovePrerequisite:
    """One concept need not come before another any more.

    Hard and soft prerequisites go alike. Where `before` is a member of groups of `after`, it leaves them; a group that
    has then fewer members than it needs needs those that are left, and one without members is gone.

    Attributes:
        before: Id of the prerequisite.
        after: Id of the concept that asks for it.
    """

    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftConstraint:
    """A constraint does not hold any more.

    Attributes:
        field: Its field, such as `constraints.pinned[0]`; entries of deadlines are counted in the mapping's order. Also
            `constraints.budget_minutes`, `constraints.session_minutes` and `constraints.soft_penalty`.
    """

    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TeachConcept:
    """The concept gets a study of its own, of its own minutes.

    Attributes:
        concept: Its id.
    """

    concept: str


PlanEdit = MasterConcept | RemovePrerequisite | LiftConstraint | TeachConcept


def apply_edits(
    curriculum: Curriculum, mastery: Mapping[str, float], constraints: Constraints, edits: Sequence[PlanEdit]
) -> tuple[Curriculum, Mapping[str, float], Constraints]:
    """Applies edits all at once: each refers to things as they were, so neither order nor repetition matters.

    Args:
        curriculum: A valid one; what comes back is valid too, and the same object if no edit is about it.
        mastery: Probability of mastery by concept id, in [0, 1].
        constraints: What a plan is to keep to.
        edits: From 1 to 100.

    Raises:
        InvalidInputError: There are none or too many, or one names a concept, prerequisite or constraint that is not
            there.
    """
    if not 1 <= len(edits) <= MOST_EDITS:
        raise refuse("edits", f"must have 1 to {MOST_EDITS} entries, not {len(edits)}")
    _check(curriculum, constraints, edits)
    mastered = [edit.concept for edit in edits if isinstance(edit, MasterConcept)]
    removed = {(edit.before, edit.after) for edit in edits if isinstance(edit, RemovePrerequisite)}
    lifted = {edit.field for edit in edits if isinstance(edit, LiftConstraint)}
    taught = {edit.concept for edit in edits if isinstance(edit, TeachConcept)}
    if removed:
        curriculum = _remove_prerequisites(curriculum, removed)
    if taught:
        curriculum = teach_concepts(curriculum, taught)
    return curriculum, {**mastery, **dict.fromkeys(mastered, 1.0)}, lift_constraints(constraints, lifted)


def _check(curriculum: Curriculum, constraints: Constraints, edits: Iterable[PlanEdit]) -> None:
    concepts = {concept.id for concept in curriculum.concepts if not concept.archived}
    edges = {(edge.before, edge.after) for edge in curriculum.prerequisites}
    edges |= {(member, group.concept) for group in curriculum.groups for member in group.members}
    fields = list_fields(constraints)
    violations = []
    for position, edit in enumerate(edits):
        match edit:
            case MasterConcept(concept=concept) if concept not in concepts:
                violations.append(_blame(position, "master_concept", "must be the id of a concept of the curriculum"))
            case TeachConcept(concept=concept) if concept not in concepts:
                violations.append(_blame(position, "teach_concept", "must be the id of a concept of the curriculum"))
            case RemovePrerequisite(before=before, after=after) if (before, after) not in edges:
                rule = f"must name a prerequisite that the curriculum has; {before!r} is none of {after!r}"
                violations.append(_blame(position, "remove_prerequisite", rule))
            case LiftConstraint(field=field) if field not in fields:
                rule = 'must be the field of a constraint that is there, such as "constraints.pinned[0]"'
                violations.append(_blame(position, "lift_constraint", rule))
    if violations:
        raise InvalidInputError(*violations)


def _blame(position: int, kind: str, rule: str) -> FieldViolation:
    return FieldViolation(f"edits[{position}].{kind}", rule)


def list_fields(constraints: Constraints) -> set[str]:
    """Returns the fields of the constraints that are there and can be lifted."""
    entries = {
        "pinned": len(constraints.pinned),
        "vetoed": len(constraints.vetoed),
        "orders": len(constraints.orders),
        "deadlines": len(constraints.deadlines),
    }
    fields = {f"constraints.{name}[{position}]" for name, count in entries.items() for position in range(count)}
    return fields | {field for field, name in _AMOUNTS.items() if getattr(constraints, name)}


def lift_constraints(constraints: Constraints, fields: Iterable[str]) -> Constraints:
    """Returns constraints without those at some fields, which must be there."""
    gone: dict[str, set[int]] = {"pinned": set(), "vetoed": set(), "orders": set(), "deadlines": set()}
    amounts: dict[str, Any] = {}
    for field in fields:
        if entry := _ENTRY.fullmatch(field):
            gone[entry[1]].add(int(entry[2]))
        else:
            amounts[_AMOUNTS[field]] = 0 if field == "constraints.soft_penalty" else None
    if not amounts and not any(gone.values()):
        return constraints
    return replace(
        constraints,
        pinned=tuple(each for place, each in enumerate(constraints.pinned) if place not in gone["pinned"]),
        vetoed=tuple(each for place, each in enumerate(constraints.vetoed) if place not in gone["vetoed"]),
        orders=tuple(each for place, each in enumerate(constraints.orders) if place not in gone["orders"]),
        deadlines=dict(
            each for place, each in enumerate(constraints.deadlines.items()) if place not in gone["deadlines"]
        ),
        **amounts,
    )


def teach_concepts(curriculum: Curriculum, concepts: Iterable[str]) -> Curriculum:
    """Returns a curriculum in which some concepts have a study of their own."""
    taught = set(concepts)
    return replace(
        curriculum,
        concepts=tuple(replace(each, taught=True) if each.id in taught else each for each in curriculum.concepts),
    )


def _remove_prerequisites(curriculum: Curriculum, edges: set[tuple[str, str]]) -> Curriculum:
    groups = (_shrink(group, edges) for group in curriculum.groups)
    return replace(
        curriculum,
        prerequisites=tuple(edge for edge in curriculum.prerequisites if (edge.before, edge.after) not in edges),
        groups=tuple(group for group in groups if group.members),
    )


def _shrink(group: PrerequisiteGroup, edges: set[tuple[str, str]]) -> PrerequisiteGroup:
    members = tuple(member for member in group.members if (member, group.concept) not in edges)
    return replace(group, members=members, need=min(group.need, len(members)))


def tell_edit(edit: PlanEdit, titles: Mapping[str, str], constraints: Constraints) -> str:
    """Returns an edit in words that complete "if ...", such as "Slope is known".

    Args:
        edit: One that can be applied.
        titles: See `list_titles`.
        constraints: Those that the edit refers to.
    """
    match edit:
        case MasterConcept(concept=concept):
            return f"{titles[concept]} is known"
        case RemovePrerequisite(before=before, after=after):
            return f"{titles[before]} is not required for {titles[after]}"
        case TeachConcept(concept=concept):
            return f"{titles[concept]} has a study of its own"
        case LiftConstraint(field=field):
            return f"{tell_constraint(field, titles, constraints)} is lifted"


def tell_constraint(field: str, titles: Mapping[str, str], constraints: Constraints) -> str:
    """Returns a constraint in words, such as "the veto of Slope".

    Args:
        field: Its field; it must be there.
        titles: See `list_titles`.
        constraints: All of them.
    """
    entry = _ENTRY.fullmatch(field)
    if entry is None:
        return {
            "constraints.budget_minutes": "the budget",
            "constraints.session_minutes": "the length of a session",
            "constraints.soft_penalty": "the penalty for soft prerequisites",
        }[field]
    position = int(entry[2])
    match entry[1]:
        case "pinned":
            return f"the pin of {_name(constraints.pinned[position], titles)}"
        case "vetoed":
            return f"the veto of {_name(constraints.vetoed[position], titles)}"
        case "orders":
            before, after = constraints.orders[position]
            return f"the order of {titles.get(before, before)} before {titles.get(after, after)}"
        case _:
            goal = list(constraints.deadlines)[position]
            return f"the deadline of {titles.get(goal, goal)}"


def _name(subject: str, titles: Mapping[str, str]) -> str:
    kind, _, name = subject.partition("/")
    return titles.get(name, name) if kind == "concepts" else f"the resource {titles.get(subject, name)}"


def list_titles(curriculum: Curriculum) -> Mapping[str, str]:
    """Returns the titles of concepts by id and of resources by `resources/{id}`."""
    concepts = {concept.id: concept.title for concept in curriculum.concepts}
    return concepts | {f"resources/{resource.id}": resource.title for resource in curriculum.resources}
