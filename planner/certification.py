"""Certificates: what is proven about a plan's cost, and whether what one claims can be true."""

from collections.abc import Iterator
from math import inf, isclose
from typing import Final

from planner.bounds import bound_cost
from planner.closure import Region, explore
from planner.cover import Cover, find_cover
from planner.plan import BoundKind, Certificate
from planner.problem import PlanningProblem
from planner.theorems import applies_t1, applies_t2, find_guarantee, find_theorem

MOST_AMOUNT: Final = 1 << 53
"""Largest cost in units, or number of minutes, that is taken for one; doubles are exact up to here."""


def certify(problem: PlanningProblem, region: Region, cover: Cover) -> Certificate:
    """Proves what can be proven about the cost of a cover found by `planner.cover`."""
    bound = bound_cost(problem, region, thorough=not cover.cut_short)
    theorem, guarantee = ("", 0.0) if cover.cut_short else find_theorem(problem, region)
    return Certificate(
        cost_units=cover.cost_units,
        lower_bound_units=bound,
        ratio=_divide(cover.cost_units, bound),
        bound=BoundKind.DUAL_PRICES,
        theorem=theorem,
        guarantee=guarantee,
    )


def check_certificate(problem: PlanningProblem, claimed: Certificate, *, mastery_is_known: bool) -> Iterator[str]:
    """Yields what cannot be true of a certificate, as sentences.

    Args:
        problem: What the plan is for.
        claimed: The certificate; one without a kind of bound claims nothing.
        mastery_is_known: `problem.mastered` holds all that the learner has mastered, not only what the plan relies on.
            Where it does not, T2 is held against costs only: its alternatives may require what the plan does not name.
    """
    cost, bound = claimed.cost_units, claimed.lower_bound_units
    if not (is_amount(cost) and is_amount(bound)):
        yield f"cost and lower bound must be from 0 to {MOST_AMOUNT} units of 0.0001"
        return
    if claimed.bound is not BoundKind.DUAL_PRICES:
        if (bound, claimed.ratio, claimed.theorem, claimed.guarantee) != (0, 0, "", 0):
            yield "something is claimed without a kind of bound"
        return
    if bound > cost:
        yield "the lower bound is above the cost"
    if not isclose(claimed.ratio, _divide(cost, bound)):
        yield "the ratio is not cost / lower bound"
    region = explore(problem)
    cover = find_cover(problem, region)
    if bound > cover.cost_units:
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
