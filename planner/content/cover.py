"""Which activities to do so that all that is asked for is covered: a density greedy over closed bundles."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from planner.content.closure import Region
from planner.engine import cover as engine
from planner.engine.choices import make_links
from planner.engine.cover import CoverArrays
from planner.problem import PlanningProblem

_WORK_BETWEEN_POLLS: Final = 20_000
"""Some tenths of a millisecond where kernels are compiled, and of a second where they are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What a plan consists of, before its order.

    Attributes:
        teachers: Activity by concept to learn.
        cost_units: Sum of the costs of the distinct activities, in units of 0.0001.
        cut_short: Stopped before the greedy was done.
    """

    teachers: dict[int, int]
    cost_units: int
    cut_short: bool


def never() -> bool:
    """Never stops anything."""
    return False


def find_cover(problem: PlanningProblem, region: Region, stop: Callable[[], bool] = never) -> Cover:
    """Finds concepts that reach all goals that can be reached, and activities that teach them, at a low cost.

    Obligations are the forced concepts, each of which needs an activity, and their unmet groups. Pinned activities and
    those without an alternative come first, since every cover has them. Then the offer with the most obligations met
    for its cost is taken, again and again; what is left of the offers it touched is priced anew, since a density may
    rise as well as fall. At last everything superfluous is dropped.

    Where each member of an unmet group has what it requires among mastered and forced concepts, this is the greedy of
    weighted set cover (Chvátal 1979; for groups that need several members, of submodular cover, Wolsey 1982): an
    activity brings all members it teaches, and a bundle never meets more than an activity of the same cost.

    `planner.reference` says the same without regard to speed.

    Args:
        problem: The problem.
        region: Its region.
        stop: Polled before the first choice and again and again; True: the cheapest way for everything is taken from
            there on.

    Complexity is O(choices * offers touched by a choice * size of a bundle).
    """
    arrays = problem.graph.arrays, problem.to_arrays(), region.arrays
    if stop is never:
        return _read(engine.find_cover(*arrays), cut_short=False)
    choices, links = engine.start(*arrays), make_links()
    cut_short = False
    while not engine.is_done(choices):
        if stop():
            engine.hurry(arrays[0], choices, links)
            cut_short = True
            break
        links = engine.go_on(arrays[0], choices, links, _WORK_BETWEEN_POLLS)
    return _read(engine.finish(*arrays, choices), cut_short=cut_short)


def _read(found: CoverArrays, *, cut_short: bool) -> Cover:
    teachers = dict(zip(found.concepts.tolist(), found.teacher[found.concepts].tolist(), strict=True))
    return Cover(teachers=teachers, cost_units=int(found.cost), cut_short=cut_short)
