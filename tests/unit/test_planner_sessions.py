from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.plan import PlanSession
from planner.sequence.sessions import check_sessions, pack_sessions


def pack(minutes: Sequence[int], session_minutes: int) -> list[tuple[int, int, int]]:
    return [(each.first_step, each.last_step, each.minutes) for each in pack_sessions(minutes, session_minutes)]


def check(minutes: Sequence[int], sessions: Sequence[tuple[int, int, int]], session_minutes: int | None) -> list[str]:
    made = [PlanSession(first_step=first, last_step=last, minutes=total) for first, last, total in sessions]
    return list(check_sessions(minutes, made, session_minutes))


def test_steps_fill_sessions_in_order() -> None:
    assert pack([10, 10, 15, 5], 20) == [(0, 1, 20), (2, 3, 20)]


def test_a_step_that_does_not_fit_begins_the_next_session() -> None:
    assert pack([10, 15, 5], 20) == [(0, 0, 10), (1, 2, 20)]


def test_a_long_step_has_sessions_of_its_own() -> None:
    assert pack([5, 45, 5], 20) == [(0, 0, 5), (1, 1, 20), (1, 1, 20), (1, 1, 5), (2, 2, 5)]


def test_no_steps_no_sessions() -> None:
    assert pack([], 20) == []


@given(st.lists(st.integers(1, 90)), st.integers(1, 60))
def test_sessions_hold_all_steps_and_pass_their_own_check(minutes: list[int], session_minutes: int) -> None:
    sessions = pack_sessions(minutes, session_minutes)
    assert sum(session.minutes for session in sessions) == sum(minutes)
    assert list(check_sessions(minutes, sessions, session_minutes)) == []


@given(st.lists(st.integers(1, 20), min_size=1), st.integers(20, 60))
def test_two_neighbouring_sessions_never_fit_into_one(minutes: list[int], session_minutes: int) -> None:
    sessions = pack_sessions(minutes, session_minutes)
    for earlier, later in pairwise(sessions):
        assert earlier.minutes + minutes[later.first_step] > session_minutes


@pytest.mark.parametrize(
    ("sessions", "told"),
    [
        ([(0, 2, 30)], "a session from step 0 is not of 1 to 20 minutes"),
        ([(0, 0, 10), (2, 2, 10)], "a session goes from step 2 to step 2, and step 1 is next"),
        ([(0, 1, 20), (2, 9, 10)], "a session goes from step 2 to step 9, and step 2 is next"),
        ([(0, 1, 20)], "step 2 is in no session"),
        ([(0, 1, 10), (0, 1, 10), (2, 2, 10)], "sessions repeat steps 0 to 1"),
        ([(0, 1, 20), (2, 2, 9)], "the sessions of steps 2 to 2 do not sum to the steps' minutes"),
        ([(0, 0, 10), (1, 1, 10), (2, 2, 0)], "a session from step 2 is not of 1 to 20 minutes"),
    ],
)
def test_wrong_sessions_are_told(sessions: list[tuple[int, int, int]], told: str) -> None:
    assert told in check([10, 10, 10], sessions, 20)


def test_sessions_nobody_asked_for() -> None:
    assert check([10], [(0, 0, 10)], None) == ["there are sessions, and none are asked for"]
    assert check([10], [], None) == []
