from graphmasal.v1.learner_pb2 import Learner as Message
from kg.learner import Learner
from server.fields import FieldChecks
from server.learner_messages import derive_learner_id, read_goals, to_learner


def read(message: Message) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    checks = FieldChecks()
    goals = read_goals("t", message, checks)
    return goals, [violation.field for violation in checks.violations]


def goal(concept: str, curriculum: str = "algebra", tenant: str = "t") -> str:
    return f"tenants/{tenant}/curricula/{curriculum}/concepts/{concept}"


def test_goals_keep_their_order() -> None:
    assert read(Message(goals=[goal("rings"), goal("maps", "other")])) == (
        (("algebra", "rings"), ("other", "maps")),
        [],
    )


def test_goals_are_read_as_they_are_shown() -> None:
    learner = Learner(id="ada", goals=(("algebra", "rings"),), created_at=1_500_000, revision=3)

    shown = to_learner("t", learner)

    assert (shown.name, shown.revision) == ("tenants/t/learners/ada", 3)
    assert (shown.create_time.seconds, shown.create_time.nanos) == (1, 500_000_000)
    assert read(shown) == (learner.goals, [])


def test_every_wrong_goal_is_named() -> None:
    wrong = [goal("rings", tenant="other"), "rings", goal("maps"), goal("maps"), goal("a b")]

    assert read(Message(goals=wrong))[1] == [f"learner.goals[{position}]" for position in (0, 1, 3, 4)]


def test_too_much_is_refused() -> None:
    message = Message(external_id="x" * 257, display_name="x" * 257, goals=[goal(f"c{n}") for n in range(501)])

    assert read(message)[1] == ["learner.external_id", "learner.display_name", "learner.goals"]


def test_an_id_follows_from_the_external_id() -> None:
    assert derive_learner_id("lms|42") == derive_learner_id("lms|42") == "x-874d0c8c3f919bc9d91ed571"
    assert derive_learner_id("lms|43") != derive_learner_id("lms|42")
