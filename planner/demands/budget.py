"""A time budget: which goals fit into it, and what those left out would take."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush

from planner.content.closure import Region, explore
from planner.content.cover import Cover, find_cover, never
from planner.plan import LeftOutGoal
from planner.problem import UNITS_PER_MINUTE, PlanningProblem
from planner.proof.certification import DETERMINISTIC_TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgeting:
    """Which goals fit.

    Attributes:
        goals: Those kept, in ascending order, with the ones that cost nothing: mastered or unreachable.
        left_out: Those that do not fit, by id.
        cover: Concepts and activities for those kept, within the budget.
        most: No plan within the budget reaches more of the goals that cost something.
        interrupted: The search was stopped, so that another run may keep others.
    """

    goals: tuple[int, ...]
    left_out: tuple[LeftOutGoal, ...]
    cover: Cover
    most: int
    interrupted: bool


def fit_budget(
    problem: PlanningProblem, budget_minutes: int, fixed: Collection[int], stop: Callable[[], bool] = never
) -> Budgeting:
    """Keeps many goals within a budget.

    A greedy keeps, again and again, the goal that adds the fewest minutes for the goals it brings, with what is kept
    already at no cost, as long as it fits; a goal on its own is among its first candidates, so it is no worse than the
    best single one (Khuller, Moss and Naor 1999 show (1 - 1/e) / 2 for the better of the two where costs are additive).
    Where goals are left out, OR-Tools' CP-SAT looks for more of them, from the greedy's answer on and within a limit of
    deterministic time.

    Args:
        problem: The problem; what activities cost does not count here, only their minutes.
        budget_minutes: > 0; those of `fixed` fit into it.
        fixed: Goals that are kept in any case.
        stop: Polled between choices; True: the rest is left out.

    Complexity is that of planning for each goal some times, of planning for all goals n^2 times at worst.
    """
    search = _Search(replace(problem, costs=problem.minutes * UNITS_PER_MINUTE), budget_minutes, fixed)
    interrupted = search.keep_cheapest(stop)
    most = len(search.kept)
    if search.open and not interrupted:
        most, interrupted = search.look_for_more(stop)
    left_out = tuple(search.describe(goal) for goal in sorted(search.open))
    return Budgeting(
        goals=tuple(goal for goal in problem.goals if goal not in search.open),
        left_out=left_out,
        cover=search.cover,
        most=most if search.open else len(search.kept),
        interrupted=interrupted,
    )


class _Search:
    """A choice of goals under way.

    Attributes:
        kept: Goals that the cover reaches.
        open: Goals that it does not reach.
        cover: Fits into the budget.
    """

    def __init__(self, problem: PlanningProblem, budget_minutes: int, fixed: Collection[int]) -> None:
        self._problem, self._budget, self._fixed = problem, budget_minutes, frozenset(fixed)
        self._region = explore(problem)
        self._reachable = {goal for goal in problem.goals if goal in self._region.ways}
        self._take(self._find_cover(frozenset(fixed) & self._reachable))

    def keep_cheapest(self, stop: Callable[[], bool]) -> bool:
        """Keeps goals by the minutes they add for each goal they bring; True: it was stopped."""
        # What a goal adds is believed until it comes up; it is taken if it is still ahead after another look.
        heap = [(0.0, goal) for goal in self.open]
        heapify(heap)
        refused: set[int] = set()
        while heap:
            if stop():
                return True
            _, goal = heappop(heap)
            if goal not in self.open:
                continue
            cover = self._find_cover(self.kept | {goal})
            added = self._count_minutes(cover) - self._count_minutes(self.cover)
            rate = added / max(1, len(self._reachable & cover.teachers.keys()) - len(self.kept))
            if heap and (rate, goal) > heap[0]:
                heappush(heap, (rate, goal))
            elif self._count_minutes(cover) <= self._budget:
                self._take(cover)
                # with more paid for, what did not fit may fit now
                for each in refused & self.open:
                    heappush(heap, (rate, each))
                refused.clear()
            else:
                refused.add(goal)
        return False

    def look_for_more(self, stop: Callable[[], bool]) -> tuple[int, bool]:
        """Lets the exact solver look for more goals, and returns how many there can be and whether it was stopped."""
        # slow to load, and needed for budgets only
        from planner.proof.exact import solve_problem  # noqa: PLC0415
        from planner.proof.exact_model import Omissions  # noqa: PLC0415

        # one goal more outweighs all minutes there are
        budget_units = self._budget * UNITS_PER_MINUTE
        price = budget_units + 1
        forced = explore(replace(self._problem, goals=tuple(sorted(self._fixed)))).arrays
        free = self._region.arrays._replace(forced=forced.forced, unmet=forced.unmet)
        found = solve_problem(
            self._problem,
            Region(arrays=free),
            self.cover,
            deterministic_time=DETERMINISTIC_TIME,
            stop=stop,
            omissions=Omissions(concepts=dict.fromkeys(self._reachable - self._fixed, price)),
            most_minutes=self._budget,
        )
        if found.cover and len(self._reachable & found.cover.teachers.keys()) > len(self.kept):
            self._take(found.cover)
        omitted = max(0, -(-(found.bound_units - budget_units) // price))
        return max(len(self._reachable) - omitted, len(self.kept)), found.interrupted

    def describe(self, goal: int) -> LeftOutGoal:
        """Says what it would take to reach a goal that was left out, besides what is kept."""
        concept = self._problem.graph.concepts[goal]
        added = self._count_minutes(self._find_cover(self.kept | {goal})) - self._count_minutes(self.cover)
        left = self._budget - self._count_minutes(self.cover)
        text = f"Reaching {concept.title} would take {added} more minutes, and {left} are left."
        return LeftOutGoal(concept=concept.id, minutes=max(0, added), text=text)

    def _take(self, cover: Cover) -> None:
        self.cover = cover
        self.kept = frozenset(self._reachable & cover.teachers.keys())
        self.open = self._reachable - self.kept

    def _find_cover(self, goals: Collection[int]) -> Cover:
        part = replace(self._problem, goals=tuple(sorted(goals)))
        return find_cover(part, explore(part))

    def _count_minutes(self, cover: Cover) -> int:
        activities = {*cover.teachers.values(), *self._problem.pinned}
        return sum(self._problem.count_minutes(activity) for activity in activities)
