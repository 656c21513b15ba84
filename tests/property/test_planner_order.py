import random
from collections.abc import Iterator
from dataclasses import replace
from functools import reduce
from itertools import accumulate
from operator import or_

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planner.content.closure import count_missing
from planner.engine.compilation import run_compiled, run_plain
from planner.graph import compile_graph
from planner.plan import PlanOrder
from planner.problem import PlanningProblem, PlanSettings, pose_problem
from planner.sequence.order import (
    arrange,
    bound_switches,
    count_switches,
    find_late,
    has_circle,
    measure_goal_time,
    trace_goals,
)
from tests.planner_graphs import draw_curriculum


class Case:
    """What a plan learns and how, drawn, with deadlines and extra orders."""

    def __init__(self, rng: random.Random, size: int, resources: float, orders: int) -> None:
        self.curriculum = draw_curriculum(rng, size, resources=resources)
        graph = self.graph = compile_graph(self.curriculum)
        names = [concept.id for concept in self.curriculum.concepts]
        known = {name: 1.0 for name in names if not graph.teachers[graph.number[name]] or rng.random() < 0.1}
        goals = rng.sample(names, min(size, rng.choice([1, 2, 4, 7])))
        problem = pose_problem(graph, goals, known, PlanSettings())
        concepts = self.choose(rng, problem)
        pairs = [rng.sample(concepts, 2) for _ in range(orders)] if len(concepts) > 1 else []
        self.problem = replace(problem, orders=tuple((before, after) for before, after in pairs))
        self.teachers = {concept: rng.choice(graph.teachers[concept]) for concept in concepts}
        self.served = trace_goals(graph, concepts, problem.goals)
        self.due = {goal: rng.choice([5, 20, 40, 80]) for goal in problem.goals if rng.random() < 0.6}

    @staticmethod
    def choose(rng: random.Random, problem: PlanningProblem) -> list[int]:
        """Draws a set of concepts that requires nothing but itself and what is mastered."""
        graph, chosen, wanted = problem.graph, set(), list(problem.goals)
        while wanted:
            concept = wanted.pop()
            if concept in chosen or concept in problem.mastered:
                continue
            chosen.add(concept)
            wanted.extend(graph.prerequisites[concept])
            for group in graph.groups_of[concept]:
                wanted.extend(rng.sample(graph.groups[group].members, graph.groups[group].need))
        return sorted(chosen)

    def __repr__(self) -> str:
        return f"{self.curriculum}, {self.problem.mastered}, {self.teachers}, {self.problem.orders}, {self.due}"

    def arrange(self, mode: PlanOrder, *, due: bool = False) -> list[int]:
        return arrange(self.problem, self.teachers, self.served, mode, self.due if due else None)

    def list_orders(self) -> Iterator[list[int]]:
        """Lists all orders that satisfy prerequisites, the needs of groups and extra orders."""
        return self._extend([])

    def _extend(self, begun: list[int]) -> Iterator[list[int]]:
        if len(begun) == len(self.teachers):
            yield begun
        for concept in self.teachers:
            if concept not in begun and self.can_follow(concept, begun):
                yield from self._extend([*begun, concept])

    def can_follow(self, concept: int, begun: list[int]) -> bool:
        known = self.problem.mastered.union(begun)
        return (
            known.issuperset(self.graph.prerequisites[concept])
            and all(count_missing(self.graph, group, known) <= 0 for group in self.graph.groups_of[concept])
            and all(before in begun for before, after in self.problem.orders if after == concept)
        )

    def puts_all_members_first(self, order: list[int]) -> bool:
        place = {concept: position for position, concept in enumerate(order)}
        return all(
            place[concept] < place[after]
            for concept in order
            for after in self.graph.unlocks[concept]
            if after in place
        )

    def meets_deadlines(self, order: list[int]) -> bool:
        return all(self.time(order, goal) <= limit for goal, limit in self.due.items() if goal in self.teachers)

    def time(self, order: list[int], goal: int) -> int:
        begun = {self.teachers[concept] for concept in order[: order.index(goal) + 1]}
        return sum(map(self.problem.count_minutes, begun))


def draw_cases(largest: int, *, resources: bool = True, orders: int = 0) -> st.SearchStrategy[Case]:
    return st.builds(
        Case,
        st.integers(0, 2**32).map(random.Random),
        st.integers(1, largest),
        st.sampled_from([0.0, 0.3, 0.8]) if resources else st.just(0.0),
        st.integers(0, orders),
    )


modes = st.sampled_from(PlanOrder)


@settings(max_examples=200, deadline=None)
@given(draw_cases(60), modes, st.booleans())
def test_an_order_has_every_step_once_and_all_prerequisites_and_members_first(
    case: Case, mode: PlanOrder, due: bool
) -> None:
    order = case.arrange(mode, due=due)
    assert sorted(order) == sorted(case.teachers)
    assert case.puts_all_members_first(order)


@settings(max_examples=200, deadline=None)
@given(draw_cases(30, orders=4), modes, st.booleans())
def test_extra_orders_hold(case: Case, mode: PlanOrder, due: bool) -> None:
    assume(not has_circle(case.problem, case.teachers))
    order = case.arrange(mode, due=due)
    assert sorted(order) == sorted(case.teachers)
    assert all(case.can_follow(concept, order[:position]) for position, concept in enumerate(order))


@settings(max_examples=200, deadline=None)
@given(draw_cases(7, orders=4))
def test_extra_orders_form_a_circle_where_there_is_no_order(case: Case) -> None:
    assert has_circle(case.problem, case.teachers) == (next(case.list_orders(), None) is None)


@settings(max_examples=200, deadline=None)
@given(draw_cases(7, orders=2), modes)
def test_no_order_has_fewer_switches_than_the_bound(case: Case, mode: PlanOrder) -> None:
    assume(not has_circle(case.problem, case.teachers))
    bound = bound_switches(case.problem, case.teachers)
    assert all(count_switches(case.graph, order) >= bound for order in case.list_orders())
    assert count_switches(case.graph, case.arrange(mode)) >= bound


@settings(deadline=None)
@given(draw_cases(60))
def test_the_bound_is_not_below_the_number_of_topics_nor_a_chain_of_changes(case: Case) -> None:
    topic = case.graph.arrays.topic.tolist()
    chains: dict[int, int] = {}  # most changes along hard prerequisites between concepts with a topic
    for concept in sorted(case.teachers, key=case.graph.rank.__getitem__):
        before = [each for each in case.graph.prerequisites[concept] if each in chains]
        changes = [chains[each] + (topic[each] != topic[concept]) for each in before]
        if topic[concept] >= 0:
            chains[concept] = max(changes, default=0)
    topics = {topic[concept] for concept in case.teachers} - {-1}
    assert bound_switches(case.problem, case.teachers) >= max(len(topics) - 1, *chains.values(), 0)


@settings(max_examples=200, deadline=None)
@given(draw_cases(7), modes)
def test_deadlines_are_met_where_any_order_meets_them(case: Case, mode: PlanOrder) -> None:
    orders = [order for order in case.list_orders() if case.puts_all_members_first(order)]
    late = find_late(case.problem, case.teachers, case.due)
    assert (not late) == any(map(case.meets_deadlines, orders))
    order = case.arrange(mode, due=True)
    met = {goal for goal in case.due if goal in case.teachers and case.time(order, goal) <= case.due[goal]}
    assert met.union(late) == case.due.keys() & case.teachers.keys()


@settings(max_examples=100, deadline=None)
@given(draw_cases(7))
def test_a_late_goal_and_those_due_no_later_take_at_least_the_minutes_named(case: Case) -> None:
    orders = [order for order in case.list_orders() if case.puts_all_members_first(order)]
    for goal, minutes in find_late(case.problem, case.teachers, case.due).items():
        earlier = [each for each in case.due if each in case.teachers and case.due[each] <= case.due[goal]]
        assert min(max(case.time(order, each) for each in earlier) for order in orders) == minutes


@settings(deadline=None)
@given(draw_cases(40, resources=False))
def test_no_goal_moved_elsewhere_makes_goals_come_earlier(case: Case) -> None:
    weights = {concept: case.problem.count_minutes(activity) for concept, activity in case.teachers.items()}
    goals = [position for position, goal in enumerate(case.problem.goals) if goal in case.teachers]

    def total(sequence: list[int]) -> int:
        masks = accumulate((1 << goal for goal in sequence), or_)
        return sum(weights[concept] for mask in masks for concept, bits in case.served.items() if bits & mask)

    order = case.arrange(PlanOrder.EARLY_WINS)
    minutes = [weights[concept] for concept in order]
    reached = sorted(goals, key=lambda goal: order.index(case.problem.goals[goal]))
    mean = measure_goal_time(order, minutes, case.problem.goals)
    assert round(mean * sum(minutes) * len(goals)) == total(reached)
    for goal in goals:
        others = [each for each in reached if each != goal]
        assert all(total([*others[:place], goal, *others[place:]]) >= total(reached) for place in range(len(goals)))


@settings(max_examples=50, deadline=None)
@given(draw_cases(50, orders=3))
def test_compiled_kernels_find_what_plain_ones_find(case: Case) -> None:
    found = []
    for run in (run_plain, run_compiled):
        with run():
            circle = has_circle(case.problem, case.teachers)
            problem = replace(case.problem, orders=()) if circle else case.problem
            orders = [
                arrange(problem, case.teachers, case.served, mode, due)
                for mode in PlanOrder
                for due in (None, case.due)
            ]
            served = trace_goals(case.graph, case.teachers, problem.goals)
            late, bound = find_late(problem, case.teachers, case.due), bound_switches(problem, case.teachers)
            found.append((circle, orders, served, late, bound))
    assert found[0] == found[1]


@settings(deadline=None)
@given(draw_cases(40), modes, st.randoms(use_true_random=False))
def test_the_order_of_mappings_does_not_matter(case: Case, mode: PlanOrder, rng: random.Random) -> None:
    def shuffle(mapping: dict[int, int]) -> dict[int, int]:
        return dict(rng.sample(list(mapping.items()), len(mapping)))

    shuffled = arrange(case.problem, shuffle(case.teachers), shuffle(case.served), mode, shuffle(case.due))
    assert shuffled == case.arrange(mode, due=True)


@settings(deadline=None)
@given(draw_cases(40))
def test_a_concept_serves_itself_and_what_the_concepts_after_it_serve(case: Case) -> None:
    own = {goal: 1 << position for position, goal in enumerate(case.problem.goals)}
    for concept, served in case.served.items():
        later = (case.served.get(after, 0) for after in case.graph.unlocks[concept])
        assert served == reduce(or_, later, own.get(concept, 0))
