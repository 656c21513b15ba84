"""Certificates: what is proven about a plan's cost, and whether what one claims can be true."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from math import inf, isclose
from typing import Final

from planner.content.closure import Region, explore
from planner.content.cover import Cover, find_cover, never
from planner.content.penalties import SoftChoice, list_skipped
from planner.content.pins import assign_pinned
from planner.plan import BoundKind, Certificate, SkippedPrerequisite
from planner.problem import PlanningProblem, PlanSettings
from planner.proof.bounds import Bound, bound_cost
from planner.proof.theorems import applies_t1, applies_t2, find_guarantee, find_theorem
from planner.sequence.order import has_circle

DETERMINISTIC_TIME: Final = 2.0
"""Limit of one search by the exact solver in its own units, which count work and not the clock."""

MOST_AMOUNT: Final = 1 << 53
"""Largest cost in units, or number of minutes, that is taken for one; doubles are exact up to here."""


def certify(
    problem: PlanningProblem, region: Region, cover: Cover, settings: PlanSettings, stop: Callable[[], bool] = never
) -> tuple[Cover, Certificate]:
    """Proves what can be proven about the cost of a cover, and looks for a cheaper one where that is little.

    Above the ratio of `settings.escalate_above` the exact solver is asked, which begins with the cover and stops after
    so much work. Its cover is taken if it is cheaper and no order stands against it.

    Args:
        problem: The problem.
        region: Its region.
        cover: Found by `planner.content.cover`.
        settings: How to plan.
        stop: Polled by the exact solver; True: the best so far is taken, and marked `cut_short`.

    Returns:
        The cover to take, and its certificate.
    """
    bound = bound_cost(problem, region, thorough=not cover.cut_short, cost_units=cover.cost_units)
    if not cover.cut_short and cover.cost_units > settings.escalate_above * bound.units:
        cover, bound = _escalate(problem, region, cover, bound, stop)
    theorem, guarantee = ("", 0.0) if cover.cut_short else find_theorem(problem, region)
    return cover, Certificate(
        cost_units=cover.cost_units,
        lower_bound_units=bound.units,
        ratio=_divide(cover.cost_units, bound.units),
        bound=bound.kind,
        theorem=theorem,
        guarantee=guarantee,
    )


def _escalate(
    problem: PlanningProblem, region: Region, cover: Cover, bound: Bound, stop: Callable[[], bool]
) -> tuple[Cover, Bound]:
    # slow to load, and needed by few plans
    from planner.proof.exact import solve_problem  # noqa: PLC0415

    found = solve_problem(
        problem,
        region,
        None if problem.orders and has_circle(problem, cover.teachers) else cover,
        deterministic_time=DETERMINISTIC_TIME,
        stop=stop,
        keep_orders=bool(problem.orders),
    )
    if found.bound_units > bound.units:
        bound = Bound(units=min(found.bound_units, cover.cost_units), kind=BoundKind.EXACT_SOLVER)
    return replace(found.cover or cover, cut_short=found.interrupted), bound


def count_penalties(
    problem: PlanningProblem,
    region: Region,
    certificate: Certificate,
    choice: SoftChoice,
    skipped: Sequence[SkippedPrerequisite],
) -> Certificate:
    """Returns the certificate of a plan that skips soft prerequisites at a penalty.

    No theorem speaks of penalties, so it names none.

    Args:
        problem: The problem without what is learned for soft prerequisites' sake.
        region: Its region.
        certificate: Of the plan's activities.
        choice: What was chosen to be learned besides.
        skipped: What the plan skips.
    """
    penalty = sum(edge.penalty_units for edge in skipped)
    cost = certificate.cost_units + penalty
    if choice.least_units is not None:
        bound = Bound(units=choice.least_units, kind=BoundKind.EXACT_SOLVER)
    elif choice.extra:
        bound = bound_cost(problem, region, cost_units=cost)
        bound = replace(bound, units=bound.units + choice.unavoidable_units)
    else:
        bound = Bound(units=certificate.lower_bound_units + choice.unavoidable_units, kind=certificate.bound)
    return replace(
        certificate,
        cost_units=cost,
        lower_bound_units=bound.units,
        ratio=_divide(cost, bound.units),
        bound=bound.kind,
        theorem="",
        guarantee=0.0,
        penalty_units=penalty,
    )


def check_certificate(
    problem: PlanningProblem, claimed: Certificate, *, mastery_is_known: bool, soft_penalty_units: int = 0
) -> Iterator[str]:
    """Yields what cannot be true of a certificate, as sentences.

    Args:
        problem: What the plan is for.
        claimed: The certificate; one without a kind of bound claims nothing.
        mastery_is_known: `problem.mastered` holds all that the learner has mastered, not only what the plan relies on.
            Where it does not, T2 is held against costs only: its alternatives may require what the plan does not name.
        soft_penalty_units: What skipping a soft prerequisite of strength 1 costs.
    """
    cost, bound = claimed.cost_units, claimed.lower_bound_units
    if not (is_amount(cost) and is_amount(bound)):
        yield f"cost and lower bound must be from 0 to {MOST_AMOUNT} units of 0.0001"
        return
    if claimed.bound is BoundKind.UNSPECIFIED:
        if (bound, claimed.ratio, claimed.theorem, claimed.guarantee) != (0, 0, "", 0):
            yield "something is claimed without a kind of bound"
        return
    if bound > cost:
        yield "the lower bound is above the cost"
    if not isclose(claimed.ratio, _divide(cost, bound)):
        yield "the ratio is not cost / lower bound"
    region = explore(problem)
    cover = assign_pinned(problem, find_cover(problem, region))
    skipped = list_skipped(problem, cover.teachers, soft_penalty_units)
    if bound > cover.cost_units + sum(edge.penalty_units for edge in skipped):
        yield "a plan for these goals costs less than the lower bound"
    if not _is_theorem_plausible(problem, region, claimed, cover.cost_units, mastery_is_known):
        yield f"theorem {claimed.theorem!r} with guarantee {claimed.guarantee} does not apply"


def is_amount(value: int) -> bool:
    """Says whether a number is fit for a cost or for minutes, whatever its type says."""
    return isinstance(value, int) and 0 <= value <= MOST_AMOUNT


def _is_theorem_plausible(
    problem: PlanningProblem, region: Region, claimed: Certificate, attainable: int, mastery_is_known: bool
) -> bool:
    match claimed.theorem:
        case "":
            return claimed.guarantee == 0
        case "T1":
            return applies_t1(problem, region) and claimed.cost_units == attainable and claimed.guarantee == 1
        case "T2":
            guarantee = find_guarantee(problem, region)
            return (
                isclose(claimed.guarantee, guarantee)
                and claimed.cost_units <= guarantee * attainable * (1 + 1e-9)
                and (applies_t2(problem, region) or not mastery_is_known)
            )
        case _:
            return False


def _divide(cost: int, bound: int) -> float:
    if bound:
        return cost / bound
    return inf if cost else 1.0
