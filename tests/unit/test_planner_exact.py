import subprocess
import sys

from planner.proof.exact import ExactSolution, solve_exactly
from tests.planner_graphs import build_graph


def test_the_optimum_where_the_greedy_misses_it() -> None:
    graph = build_graph(
        "a:9 b:9 c:9 d:9", resources={"r": {"a": 4, "b": 6}, "s": {"c": 4, "d": 6}, "t": {"b": 2, "c": 9}}
    )
    assert solve_exactly(graph, ["a", "b", "c", "d"], {}) == ExactSolution(
        cost_units=200_000, concepts=("a", "b", "c", "d"), activities=("resources/r", "resources/s"), proven=True
    )


def test_groups_mastery_and_refreshers_count() -> None:
    graph = build_graph("a:10 b:5 c:5 d:1 x:7", hard="x>b", groups="d/g=2:a,b,c")
    assert solve_exactly(graph, ["d"], {}).concepts == ("a", "c", "d")
    assert solve_exactly(graph, ["d"], {"x": 0.9}).concepts == ("b", "c", "d")
    assert solve_exactly(graph, ["d"], {"a": 0.6}).cost_units == 90_000


def test_goals_out_of_reach_are_left_out() -> None:
    assert solve_exactly(build_graph("a b:3", untaught="a"), ["a", "b"], {}).cost_units == 30_000


def test_without_time_the_greedys_cover_is_returned_unproven() -> None:
    graph = build_graph("a b c", groups="c/g=1:a,b")
    found = solve_exactly(graph, ["c"], {}, seconds=1e-9)
    assert found.cost_units == 200_000


def test_planning_does_without_the_solver() -> None:
    modules = "planner.generation, planner.checks.verification, planner.next_step"
    code = f"import {modules}, sys; assert 'ortools' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
