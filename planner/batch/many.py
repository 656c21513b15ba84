"""Rows for many learners at once, as long as nothing but the usual is asked for: the engine's compiled way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import numpy as np

from kg.errors import GraphMasalError
from planner.batch.rows import BatchTerms, plan_row, read_mastery
from planner.constraints import UNCONSTRAINED
from planner.costs import BY_MINUTES, REFRESH_PERCENT, UNITS_PER_MINUTE, count_steps, in_steps, shorten_to_refresh
from planner.engine.arrays import Ints, to_ints
from planner.engine.solution import Terms, solve_many
from planner.graph import PlanningGraph
from planner.plan import StepKind
from planner.problem import check_goals
from planner.proof.bounds import KINDS
from planner.sequence.order import MODES
from planner.steps import find_required, group_by_activity, share_out

_MOST_CELLS: Final = 4_000_000
"""Learners times concepts that are held at once, 32 MB of mastery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Learner:
    """A row that can be planned for.

    Attributes:
        place: Among the rows.
        goals: Positions, ascending.
        mastery: By concept, in steps of 0.0001.
    """

    place: int
    goals: Sequence[int]
    mastery: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the engine found for a learner.

    Attributes:
        order: Concepts.
        activities: By step.
        cost_units: In units of 0.0001.
        bound_units: In the same.
        kind: Of bound, see `planner.engine.bounds`.
    """

    order: Sequence[int]
    activities: Sequence[int]
    cost_units: int
    bound_units: int
    kind: int


def plan_rows(graph: PlanningGraph, rows: Sequence[Mapping[str, Any]], terms: BatchTerms) -> list[dict[str, Any]]:
    """Does what `planner.batch.rows.plan_row` does for each row, some three times as fast.

    Constraints, other costs than minutes, and learners whose plan is to be given to the exact solver, go that way.

    Args:
        graph: The curriculum.
        rows: By the columns of `planner.batch.rows.LEARNERS`.
        terms: What holds for all.
    """
    if terms.constraints != UNCONSTRAINED or terms.settings.cost_model != BY_MINUTES:
        return [plan_row(graph, row, terms) for row in rows]
    size = max(1, _MOST_CELLS // max(1, len(graph.concepts)))
    return list(chain.from_iterable(_plan(graph, rows[at : at + size], terms) for at in range(0, len(rows), size)))


def _plan(graph: PlanningGraph, rows: Sequence[Mapping[str, Any]], terms: BatchTerms) -> list[dict[str, Any]]:
    done: dict[int, dict[str, Any]] = {}
    learners = []
    for place, row in enumerate(rows):
        try:
            learners.append(_read(graph, place, row, terms))
        except GraphMasalError as error:
            done[place] = {"learner": row["learner"], "error": str(error)}
    for learner, found in zip(learners, _solve(graph, learners, terms), strict=True):
        row = rows[learner.place]
        if found.cost_units > terms.settings.escalate_above * found.bound_units:
            done[learner.place] = plan_row(graph, row, terms)
        else:
            done[learner.place] = {"learner": row["learner"], **_spell_out(graph, learner, found, terms)}
    return [done[place] for place in range(len(rows))]


def _read(graph: PlanningGraph, place: int, row: Mapping[str, Any], terms: BatchTerms) -> _Learner:
    goals = tuple(row["goals"] or terms.goals)
    check_goals(graph, goals)
    mastery = count_steps(graph, read_mastery(row["mastery"]))
    return _Learner(place=place, goals=sorted(graph.number[goal] for goal in goals), mastery=mastery)


def _solve(graph: PlanningGraph, learners: Sequence[_Learner], terms: BatchTerms) -> list[_Found]:
    if not learners:
        return []
    settings = terms.settings
    thresholds = in_steps(settings.mastery_threshold), in_steps(settings.refresh_threshold)
    start = np.zeros(len(learners) + 1, dtype=np.int64)
    np.cumsum([len(learner.goals) for learner in learners], out=start[1:])
    found = solve_many(
        graph.arrays,
        start,
        to_ints(chain.from_iterable(learner.goals for learner in learners)),
        np.stack([learner.mastery for learner in learners]),
        Terms(*thresholds, UNITS_PER_MINUTE, REFRESH_PERCENT, MODES[settings.order], True),
    )
    return [
        _Found(
            order=found.concepts[first:last].tolist(),
            activities=found.activities[first:last].tolist(),
            cost_units=cost,
            bound_units=bound,
            kind=kind,
        )
        for first, last, cost, bound, kind in zip(
            found.start[:-1], found.start[1:], found.costs.tolist(), found.bounds.tolist(), found.kinds.tolist(),
            strict=True,
        )
    ]  # fmt: skip


def _spell_out(graph: PlanningGraph, learner: _Learner, found: _Found, terms: BatchTerms) -> dict[str, Any]:
    high, low = in_steps(terms.settings.mastery_threshold), in_steps(terms.settings.refresh_threshold)
    mastery = learner.mastery.tolist()
    mastered = {concept for concept, steps in enumerate(mastery) if steps >= high}
    lessons = group_by_activity(dict(zip(found.order, found.activities, strict=True)))

    def count_minutes(activity: int) -> int:
        one = graph.activities[activity]
        faded = one.own and any(mastery[concept] >= low for concept in lessons[activity])
        return shorten_to_refresh(one.minutes) if faded else one.minutes

    minutes = share_out(graph, lessons, count_minutes)
    costs = share_out(graph, lessons, lambda activity: count_minutes(activity) * UNITS_PER_MINUTE)
    missed = set(learner.goals) - mastered - set(found.order)
    relied_on = {*learner.goals, *find_required(graph, found.order)} & mastered
    steps = [
        {
            "concept": graph.concepts[concept].id,
            "activity": graph.activities[activity].id,
            "kind": (StepKind.REFRESH if mastery[concept] >= low else StepKind.LEARN).value,
            "minutes": minutes[concept],
            "cost_units": costs[concept],
        }
        for concept, activity in zip(found.order, found.activities, strict=True)
    ]
    return {
        "error": None,
        "goals": graph.name(learner.goals),
        "mastered": graph.name(relied_on),
        "steps": steps,
        "minutes": sum(minutes.values()),
        "cost_units": found.cost_units,
        "lower_bound_units": found.bound_units,
        "bound": KINDS[found.kind].value,
        "unreachable": graph.name(missed),
        "left_out": [],
    }
