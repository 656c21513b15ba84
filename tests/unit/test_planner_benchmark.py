import random
from itertools import combinations
from pathlib import Path

import pytest

from kg.curriculum import PrerequisiteKind
from kg.importers.formats import read_draft
from kg.validation import validate
from planner.benchmark.covers import measure_covers
from planner.benchmark.curricula import measure_curriculum
from planner.benchmark.generated import draw_curriculum, draw_learner
from planner.benchmark.measures import Spread, find_faults, find_reachable, time_call
from planner.benchmark.metacademy import list_learners, read_graph
from planner.benchmark.orlib import read_problem
from planner.benchmark.report import Figure, Report, Target, print_report, write_number
from planner.benchmark.steinlib import (
    SteinerInstance,
    bound_by_ascent,
    connect_by_paths,
    connect_greedily,
    connects,
    count_cost,
    read_instance,
)
from planner.benchmark.steinlib import read_folder as read_trees
from planner.benchmark.subjects import bound_by_engine, complete_paths, plan_by_engine, solve
from planner.benchmark.targets import SIZES, Scope, Targets, choose_targets
from planner.benchmark.trees import measure_trees
from planner.graph import compile_graph
from planner.paths import plan_by_paths
from planner.problem import UNITS_PER_MINUTE, PlanningProblem, PlanSettings, pose_problem
from tests.conversions import find_data, to_yaml
from tests.planner_graphs import build_graph

# 3 rows and 4 columns of costs 2, 3, 4 and 9; the optimum is columns 1 and 2, 5 altogether.
COVER = "3 4\n 2 3 4\n 9\n 2 1 4\n 3 1 2 4\n 2 2 3\n"

# Terminals 1, 3 and 5: by way of 4 they are connected at 3 + 1 + 2, by cheapest paths from 1 at 3 + 1 and 4.
TREE = """33D32945 STP File, STP Format Version 1.0
SECTION Graph
Nodes 5
Edges 6
E 1 2 2
E 2 3 3
E 1 4 3
E 4 3 1
E 4 5 2
E 1 5 4
END
SECTION Terminals
Terminals 3
T 1
T 3
T 5
END
EOF
"""


@pytest.mark.parametrize("heavy", [False, True])
def test_a_generated_curriculum_is_valid_as_it_is(heavy: bool) -> None:
    curriculum = draw_curriculum(150, 3, heavy=heavy)
    checked = validate(read_draft("yaml", to_yaml(curriculum), "generated"))

    assert [issue for issue in checked.issues if issue.severity == "error"] == []
    assert checked.curriculum is not None
    assert (checked.size.concepts, checked.size.resources) == (150, 45)
    assert checked.curriculum.prerequisites == curriculum.prerequisites
    assert checked.curriculum.groups == curriculum.groups
    assert checked.longest_chain >= 5


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    assert draw_curriculum(60, 1) == draw_curriculum(60, 1) != draw_curriculum(60, 2)
    graph = compile_graph(draw_curriculum(60, 1))
    assert draw_learner(graph, 1) == draw_learner(graph, 1) != draw_learner(graph, 2)


@pytest.mark.parametrize("size", [1, 2, 3, 10])
def test_the_smallest_curricula_are_drawn_too(size: int) -> None:
    assert len(compile_graph(draw_curriculum(size, 0)).concepts) == size


def test_any_of_heavy_curricula_have_most_concepts_ask_for_members() -> None:
    plain, heavy = (draw_curriculum(400, 1, heavy=heavy) for heavy in (False, True))

    assert len(plain.groups) < 0.2 * 400 < 0.5 * 400 < len(heavy.groups)
    assert any(edge.kind is PrerequisiteKind.SOFT for edge in plain.prerequisites)


def test_every_goal_of_a_learner_is_unknown_and_can_be_reached() -> None:
    graph = compile_graph(draw_curriculum(200, 5, heavy=True))
    mastery, goals = draw_learner(graph, 7, goals=12)
    problem = pose_problem(graph, goals, mastery, PlanSettings())

    assert len(goals) == 12
    assert not problem.mastered.intersection(problem.goals)
    assert find_reachable(problem).issuperset(problem.goals)
    assert 0.05 * 200 < len(mastery) < 0.6 * 200


def test_the_engine_and_the_solver_cover_an_instance_of_or_library() -> None:
    problem = read_problem(COVER)
    plan = plan_by_engine(problem)

    assert plan.cost_units == 5 * UNITS_PER_MINUTE
    assert solve(problem, plan) == (plan.cost_units, plan.cost_units)
    assert bound_by_engine(problem, plan) <= plan.cost_units
    assert {problem.graph.activities[each].id for each in plan.teachers.values()} == {
        "resources/c00000",
        "resources/c00001",
    }


@pytest.mark.parametrize("text", ["", "2 2 1", "1 1 5 1 2", "one row"])
def test_what_is_no_instance_of_or_library_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - int() words one of them
        read_problem(text)


def test_a_folder_of_covers_is_measured_against_its_optima(tmp_path: Path) -> None:
    (tmp_path / "scp1.txt").write_text(COVER)
    (tmp_path / "reference.csv").write_text("instance,greedy_cost,optimum\nscp1,6,5\nscp2,1,1\n")
    report = measure_covers(tmp_path)

    assert (report.title, report.faults) == ("OR-Library: 1 set covering instances", [])
    figures = {figure.name: list(figure.values) for figure in report.figures}
    assert figures["cost / optimum, mean"] == [1.0, 1.0, 1.2, 1.0]
    assert figures["share proven optimal by CP-SAT"] == [1.0]


def test_an_optimum_that_cannot_be_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "scp1.txt").write_text(COVER)
    (tmp_path / "reference.csv").write_text("instance,greedy_cost,optimum\nscp1,6,6\n")

    assert len(measure_covers(tmp_path).faults) == 1


def test_a_folder_without_references_has_nothing_to_measure(tmp_path: Path) -> None:
    (tmp_path / "scp1.txt").write_text(COVER)

    assert measure_covers(tmp_path).figures == []
    assert measure_trees(tmp_path).figures == []


def test_a_steiner_tree_is_found_and_bounded(tmp_path: Path) -> None:
    (tmp_path / "tiny.stp").write_text(TREE)
    (tmp_path / "T.results").write_text("tiny 6 [1 ---- 4, 4 ---- 3, 4 ---- 5]\n")
    (instance,) = read_trees(tmp_path)

    assert (instance.root, instance.terminals, instance.optimum) == (1, (3, 5), 6)
    tree = connect_greedily(instance)
    assert connects(instance, tree)
    assert not connects(instance, frozenset(tree) - {(1, 4)})
    assert (count_cost(instance, tree), bound_by_ascent(instance)) == (6, 6)
    assert count_cost(instance, connect_by_paths(instance)) == 8
    assert measure_trees(tmp_path).faults == []


def draw_tree(rng: random.Random) -> SteinerInstance:
    nodes = range(1, rng.randint(3, 6) + 1)
    edges = [(rng.randint(1, node - 1), node) for node in nodes if node > 1]  # connected
    edges += [tuple(rng.sample(nodes, 2)) for _ in range(3)]  # type: ignore[misc]
    lines = [f"E {first} {second} {rng.randint(1, 9)}" for first, second in edges]
    lines += [f"T {node}" for node in rng.sample(nodes, rng.randint(2, len(nodes)))]
    return read_instance("drawn", "\n".join(lines))


def try_all(instance: SteinerInstance) -> int:
    edges = sorted((tail, head) for tail, head in instance.costs if tail < head)
    costs = []
    for count in range(1, len(edges) + 1):
        for chosen in combinations(edges, count):
            both = {arc for tail, head in chosen for arc in ((tail, head), (head, tail))}
            if connects(instance, both):
                costs.append(sum(instance.costs[edge] for edge in chosen))
    return min(costs)


@pytest.mark.parametrize("seed", range(40))
def test_the_optimal_tree_lies_between_the_bound_and_the_tree_found(seed: int) -> None:
    instance = draw_tree(random.Random(seed))
    tree = connect_greedily(instance)

    assert connects(instance, tree)
    assert bound_by_ascent(instance) <= try_all(instance) <= count_cost(instance, tree)


def test_a_terminal_that_nothing_leads_to_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be reached"):
        connect_greedily(read_instance("apart", "E 1 2 1\nT 1\nT 3\n"))
    with pytest.raises(ValueError, match="no terminals"):
        read_instance("empty", "E 1 2 1\n")


def pose(concepts: str, goals: str, **parts: object) -> PlanningProblem:
    return pose_problem(build_graph(concepts, **parts), goals.split(), {}, PlanSettings())


def test_a_sound_plan_has_no_faults() -> None:
    problem = pose("a b c", "b c", hard="a>b", untaught="c")

    assert list(find_faults(problem, [0, 1], {0: 0, 1: 1}, 200_000)) == []


@pytest.mark.parametrize(
    ("order", "teachers", "cost", "fault"),
    [
        ([1, 0], {0: 0, 1: 1}, 200_000, "b misses what it requires"),
        ([0, 1], {0: 0, 1: 1}, 200_001, "activities cost 200000 and not 200001"),
        ([0, 1], {0: 0, 1: 2}, 200_000, "b is not taught by concepts/c"),
        ([0, 1, 1], {0: 0, 1: 1}, 200_000, "the order and the concepts to learn differ"),
        ([0], {0: 0}, 100_000, "goal b can be reached and is not covered"),
    ],
)
def test_every_fault_of_a_plan_is_named(order: list[int], teachers: dict[int, int], cost: int, fault: str) -> None:
    assert fault in list(find_faults(pose("a b c", "b", hard="a>b"), order, teachers, cost))


def test_members_of_groups_are_counted() -> None:
    problem = pose("a b c", "c", groups="c/g=2:a,b")

    assert list(find_faults(problem, [0, 2], {0: 0, 2: 2}, 200_000)) == ["c misses what it requires"]
    assert list(find_faults(problem, [0, 1, 2], {0: 0, 1: 1, 2: 2}, 300_000)) == []


def test_completed_paths_cost_at_least_the_engines_plan() -> None:
    graph = build_graph("a:5 b:5 x:40 c:5", hard="a>b a>x b>c x>c")
    problem = pose_problem(graph, ["c"], {"a": 1.0}, PlanSettings())
    paths = plan_by_paths(graph, ["c"], {"a": 1.0})

    assert (paths.path_cost_units, complete_paths(problem, paths)) == (100_000, 500_000)


def test_a_curriculum_is_measured_in_all_its_figures() -> None:
    graph = compile_graph(draw_curriculum(40, 2, heavy=True))
    learners = [draw_learner(graph, seed, goals=4) for seed in range(2)]
    scope = Scope(compared=2, interpreted=1, served=1)
    report = measure_curriculum("small", graph, learners, busy=[learners[0]], targets=Targets(plan_ms=0.0), scope=scope)

    assert report.faults == []
    figures = {figure.name: figure for figure in report.figures}
    assert figures["plan with order, ms, median"].verdict == "short"
    assert figures["faults found in plans"].verdict == "met"
    optimum = figures["cost / optimum, mean (paths: completed)"].values
    assert all(isinstance(value, float) and value >= 1 for value in optimum)


def test_learners_of_metacademy_want_its_courses(tmp_path: Path) -> None:
    texts = {
        "concepts/a_b/title": "A",
        "concepts/c/title": "C",
        "concepts/c/dependencies": "tag: a-b\ntag: gone\n",
        "courses/one/concepts": "a-b\nc\nelsewhere\n",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.txt").parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"{name}.txt").write_text(text)
    graph = read_graph(tmp_path)

    assert graph is not None
    assert graph.prerequisites == ((), (0,))
    assert list_learners(tmp_path, graph, 1, 0)[0] == ({}, ("a_b", "c"))
    assert len(list_learners(tmp_path, graph, 2, 0)) == 3


def test_what_lies_between_two_sizes_has_the_targets_of_the_larger() -> None:
    assert choose_targets(999) == choose_targets(1_000) == SIZES[1_000]
    assert choose_targets(10**6) == SIZES[100_000]
    assert [choose_targets(1_000, heavy=heavy)[0].cost for heavy in (False, True)] == [1.03, 1.04]


def test_a_verdict_compares_the_first_value_with_the_target() -> None:
    most, least = Target(value=1.05), Target(value=100, at_least=True)

    assert [Figure(name="x", values=(value, 9.0), target=most).verdict for value in (1.05, 1.06)] == ["met", "short"]
    assert [Figure(name="x", values=(value,), target=least).verdict for value in (100, 99)] == ["met", "short"]
    assert [Figure(name="x", values=(None,), target=most).verdict, Figure(name="x", values=(1,)).verdict] == ["", ""]


def test_a_report_shows_figures_targets_and_what_is_unsound(capsys: pytest.CaptureFixture[str]) -> None:
    figure = Figure(name="cost / optimum", values=(1.1,), target=Target(value=1.03))
    print_report(Report(title="Some", columns=("engine", "paths"), figures=[figure], faults=["b misses a"]))

    title, header, row, fault = filter(None, map(str.rstrip, capsys.readouterr().out.splitlines()))
    assert (title, header.split(), fault.strip()) == ("Some", ["engine", "paths", "target"], "UNSOUND: b misses a")
    assert row.split() == ["cost", "/", "optimum", "1.100", "-", "<=", "1.030", "short"]


def test_numbers_are_short() -> None:
    assert [write_number(value) for value in (None, "3 of 4", 7, 0.12345, 123.456, 12345.6)] == [
        "-",
        "3 of 4",
        "7",
        "0.123",
        "123.5",
        "12,346",
    ]


def test_spreads_and_times_are_what_they_say() -> None:
    spread, calls = Spread([1.0, 2.0, 6.0]), list[int]()

    assert (spread.middle, spread.mean, spread.worst) == (2.0, 3.0, 6.0)
    assert time_call(lambda: calls.append(1), runs=3) >= 0
    assert len(calls) == 3


def test_published_covers_are_bounded_by_their_optimum() -> None:
    problem = read_problem((find_data("orlib-scp") / "scp41.txt").read_text())
    plan = plan_by_engine(problem)

    assert (len(problem.goals), len(problem.graph.activities)) == (200, 1000)
    assert list(find_faults(problem, plan.order, plan.teachers, plan.cost_units)) == []
    assert 429 * UNITS_PER_MINUTE <= plan.cost_units <= 463 * UNITS_PER_MINUTE  # optimum and plain greedy


def test_published_trees_are_between_bound_and_cost() -> None:
    report = measure_trees(find_data("steinlib-b"))

    assert report.faults == []
    assert "9 Steiner trees" in report.title
