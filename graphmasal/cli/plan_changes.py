"""`graphmasal explain`, `what-if`, `revise` and `revisions`: why a plan is as it is, and what changes it."""

# ruff: noqa: PLC0415 - what takes long to load is loaded by the command that needs it

from typing import TYPE_CHECKING, Annotated

import typer

from graphmasal.cli.commands import AsOfOption, CurriculumOption, command, split_ids
from graphmasal.cli.failures import CommandError
from graphmasal.cli.plan_terms import (
    GoalsOption,
    LearnerOption,
    MasteredOption,
    PinOption,
    VetoOption,
    make_request,
    split_edge,
)
from graphmasal.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphmasal.v1.planning_service_pb2 import PlanEdit

app = typer.Typer()

PlanArgument = Annotated[
    str, typer.Argument(metavar="PLAN", help="Name of a stored plan, tenants/…/plans/…, as `plan` prints it.")
]


@command(app, "explain")
def explain(
    session: Session,
    plan: PlanArgument,
    concepts: Annotated[
        str | None, typer.Option(metavar="CONCEPTS", help="Steps to explain; by default the dearest 50.")
    ] = None,
) -> None:
    """Say why each step of a plan is there, and what would be cheaper or dearer without it.

    Example: graphmasal explain tenants/default/learners/mira/plans/0123 --concepts slope
    """
    from graphmasal.cli.plan_view import print_explanation
    from graphmasal.v1.planning_service_pb2 import ExplainPlanRequest

    response = session.client.planning.ExplainPlan(ExplainPlanRequest(name=plan, concepts=split_ids(concepts)))
    session.show(response, lambda console: print_explanation(console, response))


@command(app, "what-if")
def what_if(
    session: Session,
    *,
    curriculum: CurriculumOption = None,
    learner: LearnerOption = None,
    mastered: MasteredOption = None,
    goals: GoalsOption = None,
    as_of: AsOfOption = None,
    pin: PinOption = None,
    veto: VetoOption = None,
    master: Annotated[
        list[str] | None, typer.Option(metavar="CONCEPT", help="If this were mastered; may be given again.")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="CONCEPT>CONCEPT", help="If this prerequisite were not one.")
    ] = None,
    lift: Annotated[
        list[str] | None, typer.Option(metavar="FIELD", help="If this did not hold, such as constraints.vetoed[0].")
    ] = None,
    teach: Annotated[list[str] | None, typer.Option(metavar="CONCEPT", help="If this had a study of its own.")] = None,
) -> None:
    """Plan with something changed, and say what that changes; nothing is stored.

    Example: graphmasal what-if --curriculum algebra --learner mira --master fractions
    """
    from graphmasal.cli.plan_view import print_comparison
    from graphmasal.v1.planning_service_pb2 import CompareWhatIfRequest

    base = make_request(session, curriculum=curriculum, learner=learner, mastered=mastered, goals=goals, as_of=as_of)
    base.constraints.pinned.extend(pin or ())
    base.constraints.vetoed.extend(veto or ())
    edits = _list_edits(master or (), without or (), lift or (), teach or ())
    if not edits:
        raise CommandError("say what is to be changed: --master, --without, --lift or --teach")
    response = session.client.planning.CompareWhatIf(CompareWhatIfRequest(base=base, edits=edits))
    session.show(response, lambda console: print_comparison(console, response))


@command(app, "revise")
def revise(
    session: Session,
    plan: PlanArgument,
    as_of: AsOfOption = None,
    least_gain: Annotated[
        float, typer.Option(min=0, max=0.999, help="Share of the cost left that another plan has to save.")
    ] = 0.1,
) -> None:
    """Plan anew for what is known by now, keeping to the plan unless something else is much cheaper.

    Example: graphmasal revise tenants/default/learners/mira/plans/0123
    """
    from graphmasal.cli.moments import as_of_option
    from graphmasal.cli.plan_view import print_plan
    from graphmasal.cli.titles import read_titles
    from graphmasal.v1.planning_service_pb2 import RevisePlanRequest

    request = RevisePlanRequest(name=plan, as_of=as_of_option(as_of), least_gain=least_gain)
    response = session.client.planning.RevisePlan(request)
    curriculum = response.curriculum.rpartition("/")[2]
    session.show(response, lambda console: print_plan(console, response, read_titles(session.client, curriculum)))


@command(app, "revisions")
def revisions(session: Session, plan: PlanArgument) -> None:
    """List all revisions of a plan, the latest first.

    Example: graphmasal revisions tenants/default/learners/mira/plans/0123
    """
    from graphmasal.cli.plan_view import print_revisions
    from graphmasal.client import list_all
    from graphmasal.v1.planning_service_pb2 import ListPlanRevisionsRequest

    response = list_all(session.client.planning.ListPlanRevisions, ListPlanRevisionsRequest(name=plan))
    session.show(response, lambda console: print_revisions(console, response.plans))


def _list_edits(
    master: "Iterable[str]", without: "Iterable[str]", lift: "Iterable[str]", teach: "Iterable[str]"
) -> "list[PlanEdit]":
    from graphmasal.v1.plan_pb2 import OrderConstraint
    from graphmasal.v1.planning_service_pb2 import PlanEdit

    edges = [split_edge(text, ">", "--without") for text in without]
    return [
        *(PlanEdit(master_concept=concept) for concept in master),
        *(PlanEdit(remove_prerequisite=OrderConstraint(before=before, after=after)) for before, after in edges),
        *(PlanEdit(lift_constraint=field) for field in lift),
        *(PlanEdit(teach_concept=concept) for concept in teach),
    ]
