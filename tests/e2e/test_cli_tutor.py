"""`graphmasal tutor`: a conversation typed into a terminal, and gone on with later."""

import re
from pathlib import Path

import pytest

from tests.e2e.test_cli import Run, runner


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return runner(tmp_path, GRAPHMASAL_RANKER="lexical")


def test_a_conversation(run: Run) -> None:
    lines = [
        "What is the slope of a line?",
        "I don't understand the slope of a line",
        "/yes",
        "/hint",
        "/helpful",
        "/quit",
    ]
    told = run("tutor", "--learner", "ada", "--sample", "--trace", text="\n".join(lines))
    assert told.returncode == 0, told.stderr
    assert "[1] concept slope" in told.stdout
    assert "→ searched “the slope of a line”" in told.stdout
    assert "proposed evidence: Slope of a line 0.1, weight 0.5" in told.stdout
    assert re.search(r"mastery of Slope of a line: 0\.\d\d → 0\.\d\d", told.stdout)
    assert "Noted." in told.stdout
    (session,) = re.findall(r"Session (\w+)", told.stderr)
    again = run("tutor", "--learner", "ada", "--sample", "--session", session, text="/why\n")
    assert again.returncode == 0, again.stderr
    assert session in again.stderr


def test_a_wrong_answer_and_a_right_one(run: Run) -> None:
    lines = [
        "I want to learn the slope of a line",
        "/yes",
        "quiz me on the slope of a line",
        "/plan",
        "/no",
        "/nothing",
    ]
    told = run("tutor", "--learner", "ada", "--sample", text="\n".join(lines))
    assert told.returncode == 0, told.stderr
    assert "Understood, to be confirmed" in told.stdout
    assert "plan: " in told.stdout
    assert "Nothing waits for a yes or no." in told.stdout
    assert "There is no /nothing" in told.stdout


def test_what_a_conversation_needs_is_said(run: Run) -> None:
    nothing = run("tutor", "--learner", "ada", text="")
    assert nothing.returncode == 2
    assert "there is none yet" in nothing.stderr
    refused = run("tutor", "--learner", "ada", "--sample", "--json")
    assert refused.returncode == 2
    assert "StreamTurn" in refused.stderr
    other = run("tutor", "--learner", "ada", "--sample", "--model", "nonsense")
    assert other.returncode == 2
    assert "provider:name" in other.stderr
