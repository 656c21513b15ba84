"""Which prerequisites of a draft stay: each once, none on itself, none in a circle."""

from collections.abc import Iterable
from dataclasses import replace

import networkx as nx

from kg.curriculum import PrerequisiteGroup, PrerequisiteKind
from kg.cycles import Cycle, find_cycles
from kg.importers.draft import Draft, Found, Place
from kg.issues import Findings, IssueKind, PrerequisiteEdge
from kg.references import shrink_group

MOST_CYCLES_SHOWN = 100


def drop_repeated(draft: Draft, findings: Findings) -> Draft:
    """Keeps the first of prerequisites that join the same concepts, and of equal members of a group; others warn."""
    first: dict[tuple[str, str], Place] = {}
    prerequisites = []
    for found in draft.prerequisites:
        edge = found.part
        ends = edge.before, edge.after
        if ends in first:
            message = f"concept {edge.after} has prerequisite {edge.before} already, from {first[ends]}, which counts"
            findings.add_warning(IssueKind.DUPLICATE_PREREQUISITE, found.place, message, ends)
        else:
            first[ends] = found.place
            prerequisites.append(found)
    return replace(
        draft, prerequisites=prerequisites, groups=[_drop_repeated_members(found, findings) for found in draft.groups]
    )


def _drop_repeated_members(found: Found[PrerequisiteGroup], findings: Findings) -> Found[PrerequisiteGroup]:
    group = found.part
    members: dict[str, Place] = {}
    for member, place in zip(group.members, found.inner, strict=True):
        if member in members:
            message = f"group {group.id} of concept {group.concept} has member {member} already"
            findings.add_warning(IssueKind.DUPLICATE_PREREQUISITE, place, message, (member, group.concept))
        members.setdefault(member, place)
    return Found(replace(group, members=tuple(members)), found.place, tuple(members.values()))


def drop_self_loops(draft: Draft, findings: Findings) -> Draft:
    """Takes out prerequisites of a concept on itself, soft ones too: no concept helps to learn itself."""
    loops = {edge: place for edge, place in _list_edges(draft, soft=True) if edge.before == edge.after}
    for edge, place in loops.items():
        message = f"concept {edge.after} is its own prerequisite{_in_group(edge)}"
        findings.add_error(IssueKind.SELF_LOOP, place, message, (edge.after,), edge=edge)
        findings.add_repair(IssueKind.SELF_LOOP, f"Removed that {message}.")
    return _without(draft, loops, IssueKind.SELF_LOOP, findings)


def break_cycles(draft: Draft, findings: Findings) -> Draft:
    """Takes out the weakest edges of circles of hard prerequisites and group members until none is left.

    Args:
        draft: Without self-loops and references to nothing.
        findings: Takes an error for each circle, up to a number, and a sentence for each edge removed. Circles that
            only soft prerequisites close are warnings, and nothing is removed for them.
    """
    places = dict(_list_edges(draft, soft=False))
    cycles = find_cycles(places, most_shown=MOST_CYCLES_SHOWN)
    for cycle in cycles.shown:
        message = f"{_tell(cycle)}; the weakest edge, of strength {cycle.weakest.strength:g}, is {_name(cycle.weakest)}"
        place = places[cycle.weakest]
        findings.add_error(IssueKind.CYCLE, place, message, cycle.concepts, edge=cycle.weakest)
    hidden = len(cycles.removed) - len(cycles.shown)
    if hidden:
        message = f"there are more cycles, and a repair would remove {hidden} more edges"
        findings.add_error(IssueKind.CYCLE, Place(""), message)
    for edge in cycles.removed:
        findings.add_repair(IssueKind.CYCLE, f"Removed that {_name(edge)}, the weakest edge of a cycle.")
    draft = _without(draft, dict.fromkeys(cycles.removed), IssueKind.CYCLE, findings)
    _warn_of_soft_cycles(draft, findings)
    return draft


def _warn_of_soft_cycles(draft: Draft, findings: Findings) -> None:
    firm = dict(_list_edges(draft, soft=False))
    soft = {edge: place for edge, place in _list_edges(draft, soft=True) if edge not in firm}
    if not soft:
        return
    cycles = find_cycles(soft, firm, most_shown=MOST_CYCLES_SHOWN)
    for cycle in cycles.shown:
        message = f"{_tell(cycle)}, which soft prerequisites close"
        place = soft[cycle.weakest]
        findings.add_warning(IssueKind.CYCLE, place, message, cycle.concepts)
    hidden = len(cycles.removed) - len(cycles.shown)
    if hidden:
        message = f"there are {hidden} more soft prerequisites that close a cycle"
        findings.add_warning(IssueKind.CYCLE, Place(""), message)


def longest_chain(draft: Draft) -> int:
    """Returns the largest number of concepts in a chain of hard prerequisites and group members; there is no circle."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(found.part.id for found in draft.concepts)
    graph.add_edges_from((edge.before, edge.after) for edge, _ in _list_edges(draft, soft=False))
    return sum(1 for _ in nx.topological_generations(graph))


def _list_edges(draft: Draft, *, soft: bool) -> Iterable[tuple[PrerequisiteEdge, Place]]:
    """Lists hard prerequisites and group members, and with `soft` the soft prerequisites too."""
    for found in draft.prerequisites:
        if soft or found.part.kind is PrerequisiteKind.HARD:
            yield (
                PrerequisiteEdge(before=found.part.before, after=found.part.after, strength=found.part.strength),
                found.place,
            )
    for group in draft.groups:
        for member, place in zip(group.part.members, group.inner, strict=True):
            yield _member_edge(group.part, member), place


def _member_edge(group: PrerequisiteGroup, member: str) -> PrerequisiteEdge:
    return PrerequisiteEdge(before=member, after=group.concept, strength=group.strength, group=group.id)


def _without(draft: Draft, removed: Iterable[PrerequisiteEdge], cause: IssueKind, findings: Findings) -> Draft:
    ends = {(edge.before, edge.after, edge.group) for edge in removed}
    if not ends:
        return draft
    groups = []
    for found in draft.groups:
        group = found.part
        members = [index for index, member in enumerate(group.members) if (member, group.concept, group.id) not in ends]
        whole = len(members) == len(group.members)
        groups.append(found if whole else shrink_group(found, members, cause, findings))
    return replace(
        draft,
        prerequisites=[found for found in draft.prerequisites if (found.part.before, found.part.after, "") not in ends],
        groups=[found for found in groups if found is not None],
    )


def _in_group(edge: PrerequisiteEdge) -> str:
    return f" in group {edge.group}" if edge.group else ""


def _name(edge: PrerequisiteEdge) -> str:
    return f"{edge.after} requires {edge.before}{_in_group(edge)}"


def _tell(cycle: Cycle) -> str:
    """Writes a cycle out; a long one is cut, since `concepts` names them all."""
    ids = cycle.concepts
    shown = ids if len(ids) <= 12 else (*ids[:10], f"{len(ids) - 11} more", ids[-1])
    return " requires ".join([*shown, ids[0]])
