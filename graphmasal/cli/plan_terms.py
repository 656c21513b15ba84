"""The terms of a plan as options of the command line, and as messages."""

# ruff: noqa: PLC0415 - what takes long to load is loaded by the command that needs it

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from graphmasal.cli.commands import split_ids
from graphmasal.cli.failures import CommandError
from graphmasal.cli.session import Session

if TYPE_CHECKING:
    from graphmasal.v1.plan_pb2 import CostModel, PlanConstraints, PlanOrder
    from graphmasal.v1.planning_service_pb2 import GeneratePlanRequest


class Order(StrEnum):
    """How steps are ordered."""

    FOCUSED = "focused"
    EARLY_WINS = "early-wins"


class Costs(StrEnum):
    """Where costs come from."""

    MINUTES = "minutes"
    COGNITIVE = "cognitive"


LearnerOption = Annotated[str | None, typer.Option("--learner", "-l", metavar="ID", help="For this learner.")]
MasteredOption = Annotated[
    str | None, typer.Option(metavar="CONCEPTS", help="For somebody who has mastered these; nothing is stored.")
]
GoalsOption = Annotated[
    str | None, typer.Option("--goals", "-g", metavar="CONCEPTS", help="Goals; by default the learner's own.")
]

_PANEL = "Terms of the plan"

OrderOption = Annotated[
    Order, typer.Option(help="Few changes of topic, or goals reached early.", rich_help_panel=_PANEL)
]
CostsOption = Annotated[
    Costs,
    typer.Option(help="Minutes, or mastery gap, difficulty and fan-out weighed together.", rich_help_panel=_PANEL),
]
CostOfOption = Annotated[
    list[str] | None,
    typer.Option("--cost-of", metavar="ACTIVITY=COST", help="Another cost for an activity.", rich_help_panel=_PANEL),
]
PinOption = Annotated[
    list[str] | None,
    typer.Option("--pin", metavar="NAME", help="Has to be in: concepts/ID or resources/ID.", rich_help_panel=_PANEL),
]
VetoOption = Annotated[
    list[str] | None,
    typer.Option("--veto", metavar="NAME", help="Must not be in: concepts/ID or resources/ID.", rich_help_panel=_PANEL),
]
BeforeOption = Annotated[
    list[str] | None,
    typer.Option("--before", metavar="CONCEPT>CONCEPT", help="The first before the second.", rich_help_panel=_PANEL),
]
DeadlineOption = Annotated[
    list[str] | None,
    typer.Option(
        "--deadline", metavar="GOAL=MINUTES", help="Reach a goal in so much learning time.", rich_help_panel=_PANEL
    ),
]
BudgetOption = Annotated[
    int, typer.Option(metavar="MINUTES", min=0, help="Leave goals out that do not fit.", rich_help_panel=_PANEL)
]
SessionOption = Annotated[
    int,
    typer.Option("--session", metavar="MINUTES", min=0, help="Cut the plan into sessions.", rich_help_panel=_PANEL),
]
SoftPenaltyOption = Annotated[
    float,
    typer.Option(
        metavar="COST", min=0, help="What skipping a soft prerequisite of strength 1 costs.", rich_help_panel=_PANEL
    ),
]


def make_request(
    session: Session,
    *,
    curriculum: str | None,
    learner: str | None,
    mastered: str | None,
    goals: str | None,
    as_of: str | None,
) -> "GeneratePlanRequest":
    """Returns the request for a plan for a learner, or for somebody who has mastered some concepts or nothing."""
    from graphmasal.cli.moments import as_of_option
    from graphmasal.v1.planning_service_pb2 import GeneratePlanRequest, MasteredSet

    if learner and mastered is not None:
        raise CommandError("give either --learner or --mastered")
    request = GeneratePlanRequest(
        parent=session.client.parent,
        curriculum=session.the_curriculum(curriculum),
        goals=split_ids(goals),
        as_of=as_of_option(as_of),
    )
    if learner:
        request.learner = learner
    else:
        request.mastered.CopyFrom(MasteredSet(concepts=split_ids(mastered)))
    return request


def read_order(order: Order) -> "PlanOrder":
    """Returns an order as the API names it."""
    from graphmasal.v1 import plan_pb2

    return plan_pb2.PLAN_ORDER_EARLY_WINS if order is Order.EARLY_WINS else plan_pb2.PLAN_ORDER_FOCUSED


def read_costs(costs: Costs, cost_of: Iterable[str] | None) -> "CostModel | None":
    """Returns a cost model; None for minutes alone."""
    from graphmasal.v1.plan_pb2 import CostModel

    custom = {}
    for text in cost_of or ():
        activity, cost = split_edge(text, "=", "--cost-of")
        try:
            custom[activity] = float(cost)
        except ValueError as error:
            raise CommandError(f"--cost-of: {cost} is no number") from error
    if costs is Costs.MINUTES and not custom:
        return None
    kind = CostModel.COGNITIVE if costs is Costs.COGNITIVE else CostModel.MINUTES
    return CostModel(kind=kind, custom=custom)


def read_constraints(
    *,
    pin: Iterable[str] | None,
    veto: Iterable[str] | None,
    before: Iterable[str] | None,
    deadline: Iterable[str] | None,
    budget: int,
    session: int,
    soft_penalty: float,
) -> "PlanConstraints | None":
    """Returns constraints; None where there are none."""
    from graphmasal.v1.plan_pb2 import GoalDeadline, OrderConstraint, PlanConstraints

    orders = [split_edge(text, ">", "--before") for text in before or ()]
    deadlines = [split_edge(text, "=", "--deadline") for text in deadline or ()]
    if not all(minutes.isdecimal() and minutes.isascii() for _, minutes in deadlines):
        raise CommandError("--deadline: minutes are a whole number, as in slope=90")
    constraints = PlanConstraints(
        pinned=pin or (),
        vetoed=veto or (),
        orders=[OrderConstraint(before=first, after=second) for first, second in orders],
        deadlines=[GoalDeadline(goal=goal, minutes=min(int(minutes), 2**31 - 1)) for goal, minutes in deadlines],
        budget_minutes=budget,
        session_minutes=session,
        soft_penalty=soft_penalty,
    )
    return constraints if constraints.ByteSize() else None


def split_edge(text: str, sign: str, option: str) -> tuple[str, str]:
    """Returns the two parts of an option's value, with a sign between them."""
    first, found, second = text.partition(sign)
    if not (first.strip() and found and second.strip()):
        raise CommandError(f"{option}: give two parts with {sign} between them, not {text!r}")
    return first.strip(), second.strip()
