import io

import pytest
from rich.console import Console

from graphmasal.cli.output import bar, join_some, make_console, make_table
from graphmasal.cli.plan_view import explain_certificate, main_reason, show_minutes
from graphmasal.cli.titles import Titles
from graphmasal.v1.plan_pb2 import Certificate, PlanStep, StepReason

TITLES = Titles(concepts={"slope": "Slope"}, resources={}, licence="", attribution="")


@pytest.mark.parametrize(
    ("probability", "uncertainty", "drawn"),
    [(1, 0, "█" * 10), (0, 0, "·" * 10), (0.5, 1, "▓▓▓▓▓░░░░░"), (0.5, 0.4, "███▓▓░░···")],
)
def test_a_bar_shows_mastery_and_how_far_it_may_be_off(probability: float, uncertainty: float, drawn: str) -> None:
    assert bar(probability, uncertainty, width=10).plain == drawn


def test_text_of_a_curriculum_is_never_read_as_markup() -> None:
    console: Console = make_console(stderr=False)
    console.file = io.StringIO()
    table = make_table("text")
    table.add_row("the interval [bold] :smile:")
    console.print(table)
    assert "the interval [bold] :smile:" in console.file.getvalue()


def test_a_plan_that_meets_its_bound_is_proven_cheapest() -> None:
    assert "proven" in explain_certificate(Certificate(cost=90, lower_bound=90, ratio=1))[1]


def test_a_gap_is_told_in_per_cent() -> None:
    sentences = explain_certificate(Certificate(cost=102, lower_bound=100, ratio=1.02, theorem="T2", guarantee=1.5))
    assert "2.00 % more" in sentences[1]
    assert "1.5 times" in sentences[2]


def test_the_main_reason_is_the_one_that_says_most() -> None:
    reasons = [
        StepReason(kind=StepReason.SERVES_GOALS, text="serves"),
        StepReason(kind=StepReason.CHOSEN_ALTERNATIVE, concepts=["slope", "intercept"]),
    ]
    assert main_reason(PlanStep(reasons=reasons), TITLES) == "best of Slope, intercept"
    assert main_reason(PlanStep(reasons=reasons, kind=PlanStep.REFRESH), TITLES) == "refresh: it has faded"
    assert not main_reason(PlanStep(), TITLES)


def test_minutes_are_shown_in_hours() -> None:
    assert [show_minutes(minutes) for minutes in (45, 60, 125)] == ["45 min", "1 h 00 min", "2 h 05 min"]


def test_long_lists_are_cut() -> None:
    assert join_some("abcd", 2) == "a, b, … 2 more"
