"""An earlier plan's order kept for what is to be learned now."""

from collections.abc import Container, Mapping, Sequence

from planner.problem import PlanningProblem


def keep_order(problem: PlanningProblem, teachers: Mapping[int, int], order: Sequence[int]) -> list[int]:
    """Orders the concepts of a cover as given, moving no more than has to move.

    Each concept stands where the order has it, and what it requires just before it where it does not come earlier:
    prerequisites, members of a group as far as they are needed, and what an order constraint puts before it. Concepts
    that the order lacks stand just before the first that requires them; those that nothing requires come last.

    Args:
        problem: The problem.
        teachers: The cover.
        order: Concepts, distinct; those that the cover does not have are passed over.

    Complexity is linear in the concepts, prerequisites and members but for sorting.
    """
    graph = problem.graph
    rest = sorted(teachers, key=graph.rank.__getitem__)
    line = [*(concept for concept in order if concept in teachers), *rest]
    place = {concept: position for position, concept in reversed(list(enumerate(line)))}
    before: dict[int, list[int]] = {}
    for first, second in problem.orders:
        if first in teachers and second in teachers:
            before.setdefault(second, []).append(first)
    placed: dict[int, None] = {}
    opened: set[int] = set()
    stack = line[::-1]
    while stack:
        concept = stack[-1]
        needed = [
            each
            for each in (*_list_required(problem, concept, place, placed), *before.get(concept, ()))
            if each not in placed and each not in opened
        ]
        if concept not in placed and needed:
            opened.add(concept)
            stack.extend(sorted(needed, key=place.__getitem__, reverse=True))
            continue
        stack.pop()
        opened.discard(concept)
        placed.setdefault(concept)
    return list(placed)


def _list_required(
    problem: PlanningProblem, concept: int, place: Mapping[int, int], placed: Container[int]
) -> list[int]:
    """Lists what of a cover comes before a concept, of the members of a group the first as far as they are needed."""
    graph = problem.graph
    required = [before for before in graph.prerequisites[concept] if before in place]
    for group in graph.groups_of[concept]:
        found = graph.groups[group]
        known = sum(each in problem.mastered or each in placed for each in found.members)
        waiting = [each for each in found.members if each in place and each not in placed]
        required.extend(sorted(waiting, key=place.__getitem__)[: max(found.need - known, 0)])
    return required
