"""`graphmasal plan`, `next` and `verify`: the way to the goals, and its proof."""

# ruff: noqa: PLC0415 - what takes long to load is loaded by the command that needs it

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graphmasal.cli.commands import AsOfOption, CurriculumOption, command
from graphmasal.cli.failures import CommandError
from graphmasal.cli.plan_terms import (
    BeforeOption,
    BudgetOption,
    CostOfOption,
    Costs,
    CostsOption,
    DeadlineOption,
    GoalsOption,
    LearnerOption,
    MasteredOption,
    Order,
    OrderOption,
    PinOption,
    SessionOption,
    SoftPenaltyOption,
    VetoOption,
    make_request,
    read_constraints,
    read_costs,
    read_order,
)
from graphmasal.cli.session import Session

if TYPE_CHECKING:
    from rich.console import Console

    from graphmasal.v1.plan_pb2 import Plan

app = typer.Typer()


@command(app, "plan")
def plan(
    session: Session,
    *,
    curriculum: CurriculumOption = None,
    learner: LearnerOption = None,
    mastered: MasteredOption = None,
    goals: GoalsOption = None,
    ask: Annotated[
        str, typer.Option("--ask", "-a", metavar="WORDS", help="Goals in words; what was understood is shown.")
    ] = "",
    as_of: AsOfOption = None,
    reviews: Annotated[bool, typer.Option("--reviews", help="Lay reviews that are due over the steps.")] = False,
    order: OrderOption = Order.FOCUSED,
    costs: CostsOption = Costs.MINUTES,
    cost_of: CostOfOption = None,
    pin: PinOption = None,
    veto: VetoOption = None,
    before: BeforeOption = None,
    deadline: DeadlineOption = None,
    budget: BudgetOption = 0,
    session_minutes: SessionOption = 0,
    soft_penalty: SoftPenaltyOption = 0.0,
) -> None:
    """Plan the cheapest way to the goals, with a proof of how good it is; exit with 1 if the terms conflict.

    A learner's plan is stored. Lists of concepts are separated by commas. With neither --learner nor --mastered,
    nothing counts as mastered.

    Example: graphmasal plan --curriculum algebra --mastered fractions --goals slope --budget 120 --veto resources/book
    Example: graphmasal plan --curriculum algebra --ask "how steep lines are, and areas of circles"
    """
    from graphmasal.v1.planning_service_pb2 import GeneratePlanRequest

    if ask:
        curriculum = session.the_curriculum(curriculum)
        goals = _ask(session, curriculum, ask, learner, goals)
    request = make_request(session, curriculum=curriculum, learner=learner, mastered=mastered, goals=goals, as_of=as_of)
    terms = GeneratePlanRequest(
        include_reviews=reviews,
        order=read_order(order),
        cost_model=read_costs(costs, cost_of),
        constraints=read_constraints(
            pin=pin,
            veto=veto,
            before=before,
            deadline=deadline,
            budget=budget,
            session=session_minutes,
            soft_penalty=soft_penalty,
        ),
    )
    request.MergeFrom(terms)
    made = session.client.planning.GeneratePlan(request)
    session.show(made, lambda console: _print_plan(session, console, request.curriculum, made))
    if made.HasField("conflict"):
        session.answer_no()


def _ask(session: Session, curriculum: str, words: str, learner: str | None, goals: str | None) -> str:
    """Returns the goals that words name, after those given."""
    from graphmasal.cli.asking import choose_goals, print_understood, understand
    from graphmasal.cli.index_state import await_index

    client = session.client
    await_index(client, session.err, client.curriculum_name(curriculum), "")
    understood = understand(client, curriculum, words, learner or "")
    # Not the answer, which is the plan: with --json standard output holds nothing else.
    print_understood(session.err if session.options.json else session.out, understood)
    return ",".join([*([goals] if goals else []), *choose_goals(understood)])


@command(app, "next")
def next_activity(
    session: Session,
    learner: Annotated[str, typer.Option("--learner", "-l", metavar="ID", help="Whose next activity.")],
    curriculum: Annotated[
        str, typer.Option("--curriculum", "-c", metavar="ID", help="By default that of the learner's first goal.")
    ] = "",
    as_of: AsOfOption = None,
) -> None:
    """Say what a learner should do now, from the latest plan and the goals.

    Example: graphmasal next --learner mira
    """
    from graphmasal.cli.moments import as_of_option
    from graphmasal.cli.plan_view import print_next
    from graphmasal.v1.planning_service_pb2 import NextActivityRequest

    client = session.client
    request = NextActivityRequest(name=client.learner_name(learner), curriculum=curriculum, as_of=as_of_option(as_of))
    response = client.planning.NextActivity(request)
    session.show(response, lambda console: print_next(console, response))


@command(app, "verify")
def verify(
    session: Session,
    file: Annotated[str, typer.Argument(metavar="PLAN", help="JSON that `plan --json` printed; - is standard input.")],
) -> None:
    """Check a plan, wherever it was made, against the curriculum's current version; exit with 1 if it is not sound.

    Example: graphmasal plan --curriculum algebra --goals slope --json | graphmasal verify -
    """
    from graphmasal.cli.plan_view import print_verdict
    from graphmasal.v1.planning_service_pb2 import VerifyPlanRequest

    given = _read_plan(file)
    client = session.client
    response = client.planning.VerifyPlan(VerifyPlanRequest(parent=client.parent, plan=given))
    session.show(response, lambda console: print_verdict(console, response))
    if not response.valid:
        session.answer_no()


def _read_plan(file: str) -> "Plan":
    from google.protobuf import json_format

    from graphmasal.v1.plan_pb2 import Plan

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        return json_format.Parse(text, Plan())
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"cannot read {file}: {error}") from error
    except json_format.ParseError as error:
        raise CommandError(f"{file} holds no plan as JSON: {error}") from error


def _print_plan(session: Session, console: "Console", curriculum: str, made: "Plan") -> None:
    from graphmasal.cli.plan_view import print_plan
    from graphmasal.cli.titles import read_titles

    print_plan(console, made, read_titles(session.client, curriculum))
