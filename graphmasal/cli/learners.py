"""`graphmasal learners`: who learns, towards what, and how far they are."""

# ruff: noqa: PLC0415 - what takes long to load is loaded by the command that needs it

from typing import TYPE_CHECKING, Annotated

import typer

from graphmasal.cli.commands import AsOfOption, CurriculumOption, command, split_ids
from graphmasal.cli.failures import CommandError
from graphmasal.cli.session import Session

if TYPE_CHECKING:
    from rich.console import Console

    from graphmasal.v1.learner_pb2 import Learner, LearnerState
    from graphmasal.v1.learner_service_pb2 import ListLearnersResponse

app = typer.Typer(help="Who learns, towards what, and how far they are.", no_args_is_help=True)

LearnerArgument = Annotated[str, typer.Argument(metavar="LEARNER", help="Id of the learner.")]
GoalsOption = Annotated[str | None, typer.Option(metavar="CONCEPTS", help="Ids of goal concepts, separated by commas.")]


@command(app, "create")
def create_learner(
    session: Session,
    *,
    learner: Annotated[
        str, typer.Argument(metavar="[LEARNER]", help="Id; left out, it is derived from --external-id.")
    ] = "",
    external_id: Annotated[str, typer.Option(metavar="ID", help="Id in the LMS, unique in the tenant.")] = "",
    display_name: Annotated[str, typer.Option("--display-name", "--name", help="Name to show.")] = "",
    goals: GoalsOption = None,
    curriculum: CurriculumOption = None,
    allow_existing: Annotated[
        bool, typer.Option("--allow-existing", help="Update a learner that is there already.")
    ] = False,
) -> None:
    """Create a learner.

    Example: graphmasal learners create mira --goals gradient-descent
    """
    from graphmasal.v1.learner_pb2 import Learner
    from graphmasal.v1.learner_service_pb2 import CreateLearnerRequest

    made = session.client.learners.CreateLearner(
        CreateLearnerRequest(
            parent=session.client.parent,
            learner_id=learner,
            learner=Learner(
                external_id=external_id, display_name=display_name, goals=_goal_names(session, goals, curriculum)
            ),
            allow_existing=allow_existing,
        )
    )
    session.show(made, lambda console: print_learner(console, made))


@command(app, "list")
def list_learners(session: Session) -> None:
    """List the tenant's learners.

    Example: graphmasal learners list
    """
    from graphmasal.client import list_all
    from graphmasal.v1.learner_service_pb2 import ListLearnersRequest

    client = session.client
    response = list_all(client.learners.ListLearners, ListLearnersRequest(parent=client.parent))
    session.show(response, lambda console: _print_list(console, response))


@command(app, "show")
def show_learner(session: Session, learner: LearnerArgument) -> None:
    """Show a learner and their goals.

    Example: graphmasal learners show mira
    """
    found = _get(session, learner)
    session.show(found, lambda console: print_learner(console, found))


@command(app, "state")
def show_state(
    session: Session,
    learner: LearnerArgument,
    curriculum: CurriculumOption = None,
    as_of: AsOfOption = None,
    include_prior: Annotated[
        bool, typer.Option("--all", help="Also the concepts without evidence, with the prior.")
    ] = False,
) -> None:
    """Show what is known about a learner: mastery of each concept, and how uncertain it is.

    Example: graphmasal learners state mira --as-of now
    """
    from graphmasal.cli.moments import as_of_option
    from graphmasal.v1.learner_service_pb2 import GetLearnerStateRequest

    chosen = session.the_curriculum(curriculum)
    state = session.client.learners.GetLearnerState(
        GetLearnerStateRequest(
            name=session.client.learner_name(learner),
            curriculum=chosen,
            as_of=as_of_option(as_of),
            include_prior=include_prior,
        )
    )
    session.show(state, lambda console: _print_state(session, console, chosen, state))


@command(app, "goals")
def show_or_set_goals(
    session: Session,
    learner: LearnerArgument,
    goals: Annotated[
        str | None,
        typer.Option("--set", "--goals", metavar="CONCEPTS", help="The goals from now on, separated by commas."),
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Remove the goals.")] = False,
    curriculum: CurriculumOption = None,
) -> None:
    """Show a learner's goals, or set those in one curriculum; goals in other curricula stay.

    Example: graphmasal learners goals mira --set logistic-regression,gradient-descent
    """
    from google.protobuf.field_mask_pb2 import FieldMask

    from graphmasal.v1.learner_service_pb2 import UpdateLearnerRequest

    if goals and clear:
        raise CommandError("give either --set or --clear")
    found = _get(session, learner)
    if goals or clear:
        prefix = session.client.curriculum_name(session.the_curriculum(curriculum)) + "/"
        kept = [goal for goal in found.goals if not goal.startswith(prefix)]
        del found.goals[:]
        found.goals.extend(kept + _goal_names(session, goals, curriculum))
        request = UpdateLearnerRequest(learner=found, update_mask=FieldMask(paths=["goals"]))
        found = session.client.learners.UpdateLearner(request)
    session.show(found, lambda console: print_learner(console, found))


@command(app, "delete")
def delete_learner(
    session: Session,
    learner: LearnerArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Erase a learner with all evidence, mastery and plans, for good.

    Example: graphmasal learners delete mira --yes
    """
    from graphmasal.v1.learner_service_pb2 import DeleteLearnerRequest

    if not yes:
        typer.confirm(f"Erase {learner} with all evidence and plans? The id stays barred.", abort=True, err=True)
    request = DeleteLearnerRequest(name=session.client.learner_name(learner))
    response = session.client.learners.DeleteLearner(request)
    session.show(response, lambda console: console.print(f"Erased {learner}."))


def _get(session: Session, learner: str) -> "Learner":
    from graphmasal.v1.learner_service_pb2 import GetLearnerRequest

    return session.client.learners.GetLearner(GetLearnerRequest(name=session.client.learner_name(learner)))


def _goal_names(session: Session, goals: str | None, curriculum: str | None) -> list[str]:
    ids = split_ids(goals)
    if not ids:
        return []
    base = session.client.curriculum_name(session.the_curriculum(curriculum))
    return [f"{base}/concepts/{concept}" for concept in ids]


def print_learner(console: "Console", learner: "Learner") -> None:
    """Prints a learner with their goals."""
    from graphmasal.cli.moments import show_moment
    from graphmasal.cli.output import short_id

    console.print(learner.display_name or short_id(learner.name), style="bold")
    console.print(f"{learner.name}, created {show_moment(learner.create_time)}, revision {learner.revision}")
    if learner.external_id:
        console.print(f"External id: {learner.external_id}")
    for goal in learner.goals:
        parts = goal.split("/")
        console.print(f"Goal: {parts[-1]} ({parts[3]})")
    if not learner.goals:
        console.print("No goals yet. Set some: graphmasal learners goals LEARNER --set CONCEPT,CONCEPT")


def _print_list(console: "Console", response: "ListLearnersResponse") -> None:
    from graphmasal.cli.output import join_some, make_table, short_id

    table = make_table("id", "name", "external id", "goals")
    for learner in response.learners:
        goals = join_some(map(short_id, learner.goals), 4)
        table.add_row(short_id(learner.name), learner.display_name, learner.external_id, goals)
    console.print(table if response.learners else "No learners yet.")


def _print_state(session: Session, console: "Console", curriculum: str, state: "LearnerState") -> None:
    from graphmasal.cli.learner_view import print_state
    from graphmasal.cli.titles import read_titles

    print_state(console, state, read_titles(session.client, curriculum))
