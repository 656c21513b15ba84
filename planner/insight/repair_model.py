"""The smallest repair of a goal, by OR-Tools' CP-SAT; slow to import and needed only where there is a choice."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ortools.sat.python import cp_model

from planner.content.closure import count_missing
from planner.insight.edits import PlanEdit
from planner.problem import PlanningProblem

_MOST_TIME: Final = 0.5
"""Limit of a search in CP-SAT's deterministic time, of a few seconds each, so that no clock decides where it ends."""


@dataclass(frozen=True, slots=True)
class Best:
    """The best that a search found.

    Attributes:
        edits: The changes; None: nothing was found within the limit.
        value: Their number, or the cost of a plan in units of 0.0001, whatever was to be least.
        optimal: Nothing is better.
    """

    edits: frozenset[PlanEdit] | None
    value: int
    optimal: bool


def solve_repair(
    problem: PlanningProblem,
    *,
    concept_blocks: Mapping[int, frozenset[PlanEdit]],
    activity_blocks: Mapping[int, frozenset[PlanEdit]],
    cone: Iterable[int],
    known: Container[int],
    edits: frozenset[PlanEdit],
    teachers: Mapping[int, int] | None,
) -> Best:
    """Finds the fewest changes with which the goal can be learned, or of as many those with the cheapest activities.

    Args:
        problem: It has one goal.
        concept_blocks: By concept, the changes without which it cannot be learned.
        activity_blocks: By activity, the changes without which it cannot be used.
        cone: The goal, and what may come before it outside `known`.
        known: Concepts that need not be learned.
        edits: Changes that suffice, to start from.
        teachers: None: the fewest changes are sought. Otherwise as many as there are in `edits`, and this is what they
            allow: activity by concept to learn.

    Returns:
        A function of the arguments: one worker, a fixed seed and a limit that no clock has a part in.
    """
    built = _build(problem, {"concepts": concept_blocks, "activities": activity_blocks}, cone, known)
    for edit, variable in built.made.items():
        built.model.add_hint(variable, edit in edits)
    if teachers is None:
        built.model.minimize(sum(built.made.values()))
    else:
        for hinted, variables in ((set(teachers), built.learned), (set(teachers.values()), built.used)):
            for subject, variable in variables.items():
                built.model.add_hint(variable, subject in hinted)
        built.model.add(sum(built.made.values()) == len(edits))
        built.model.minimize(sum(problem.count_cost(each) * variable for each, variable in built.used.items()))
    return _search(built)


@dataclass(frozen=True, slots=True)
class _Model:
    """A CP-SAT model with its variables.

    Attributes:
        model: The model.
        learned: By concept before the goal: it is learned.
        used: By activity that teaches one: it is used.
        made: By change that clears something away: it is made.
    """

    model: cp_model.CpModel
    learned: Mapping[int, cp_model.IntVar]
    used: Mapping[int, cp_model.IntVar]
    made: Mapping[PlanEdit, cp_model.IntVar]


def _build(
    problem: PlanningProblem,
    blocks: Mapping[str, Mapping[int, frozenset[PlanEdit]]],
    cone: Iterable[int],
    known: Container[int],
) -> _Model:
    """States what learning implies: an activity, what comes before, and the changes that allow both."""
    graph, model = problem.graph, cp_model.CpModel()
    learned = {concept: model.new_bool_var(f"learn {concept}") for concept in cone}
    used = {each: model.new_bool_var(f"do {each}") for concept in learned for each in graph.teachers[concept]}
    needed = [
        (variables[subject], sorted(edits, key=repr))
        for variables, blocked in ((learned, blocks["concepts"]), (used, blocks["activities"]))
        for subject, edits in blocked.items()
        if subject in variables
    ]
    every = sorted({edit for _, edits in needed for edit in edits}, key=repr)
    made = {edit: model.new_bool_var(repr(edit)) for edit in every}
    for blocked_variable, edits in needed:
        model.add_bool_and([made[edit] for edit in edits]).only_enforce_if(blocked_variable)
    for concept, variable in learned.items():
        model.add_bool_or([used[activity] for activity in graph.teachers[concept]]).only_enforce_if(variable)
        for before in graph.prerequisites[concept]:
            if before in learned:
                model.add_implication(variable, learned[before])
        for group in graph.groups_of[concept]:
            missing = count_missing(graph, group, known)
            if missing > 0:
                members = [learned[member] for member in graph.groups[group].members if member in learned]
                model.add(sum(members) >= missing).only_enforce_if(variable)
    model.add_bool_and([learned[goal] for goal in problem.goals])
    return _Model(model, learned, used, made)


def _search(built: _Model) -> Best:
    solver = cp_model.CpSolver()
    solver.parameters.max_deterministic_time = _MOST_TIME
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.linearization_level = 2  # without it bounds of covers stay at 0
    status = solver.solve(built.model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Best(None, 0, False)
    edits = frozenset(edit for edit, variable in built.made.items() if solver.boolean_value(variable))
    return Best(edits, round(solver.objective_value), status == cp_model.OPTIMAL)
