"""`graphmasal curricula`: read curricula, and correct their questions."""

# ruff: noqa: PLC0415 - what takes long to load is loaded by the command that needs it

from typing import TYPE_CHECKING, Annotated

import typer

from graphmasal.cli.commands import CurriculumOption, command
from graphmasal.cli.session import Session

if TYPE_CHECKING:
    from google.longrunning.operations_pb2 import Operation
    from rich.console import Console

    from graphmasal.v1.curriculum_pb2 import Curriculum
    from graphmasal.v1.curriculum_service_pb2 import (
        ListConceptsResponse,
        ListCurriculaResponse,
        ListQuestionsResponse,
    )

app = typer.Typer(help="Read curricula, and correct their questions.", no_args_is_help=True)

QuestionArgument = Annotated[str, typer.Argument(metavar="QUESTION", help="Id of the question.")]


@command(app, "list")
def list_curricula(session: Session) -> None:
    """List the tenant's curricula.

    Example: graphmasal curricula list
    """
    from graphmasal.client import list_all
    from graphmasal.v1.curriculum_service_pb2 import ListCurriculaRequest

    client = session.client
    response = list_all(client.curricula.ListCurricula, ListCurriculaRequest(parent=client.parent))
    session.show(response, lambda console: _print_list(console, response))


@command(app, "show")
def show_curriculum(session: Session, curriculum: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Show what a curriculum holds.

    Example: graphmasal curricula show algebra
    """
    from graphmasal.v1.curriculum_service_pb2 import GetCurriculumRequest

    client = session.client
    response = client.curricula.GetCurriculum(GetCurriculumRequest(name=client.curriculum_name(curriculum)))
    session.show(response, lambda console: _print_one(console, response))


@command(app, "concepts")
def list_concepts(session: Session, curriculum: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """List a curriculum's concepts, with what each requires.

    Example: graphmasal curricula concepts algebra
    """
    from graphmasal.client import list_all
    from graphmasal.v1.curriculum_service_pb2 import ListConceptsRequest

    client = session.client
    request = ListConceptsRequest(parent=client.curriculum_name(curriculum))
    response = list_all(client.curricula.ListConcepts, request)
    session.show(response, lambda console: _print_concepts(console, response))


@command(app, "questions")
def list_questions(session: Session, curriculum: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """List a curriculum's questions, with their keys.

    Example: graphmasal curricula questions algebra
    """
    from graphmasal.client import list_all
    from graphmasal.v1.curriculum_service_pb2 import ListQuestionsRequest

    client = session.client
    request = ListQuestionsRequest(parent=client.curriculum_name(curriculum))
    response = list_all(client.curricula.ListQuestions, request)
    session.show(response, lambda console: _print_questions(console, response))


@command(app, "delete")
def delete_curriculum(
    session: Session,
    curriculum: Annotated[str, typer.Argument(metavar="ID")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a curriculum that carries no evidence.

    Example: graphmasal curricula delete trial --yes
    """
    from graphmasal.v1.curriculum_service_pb2 import DeleteCurriculumRequest

    if not yes:
        typer.confirm(f"Delete curriculum {curriculum}?", abort=True, err=True)
    client = session.client
    response = client.curricula.DeleteCurriculum(DeleteCurriculumRequest(name=client.curriculum_name(curriculum)))
    session.show(response, lambda console: console.print(f"Deleted {curriculum}."))


@command(app, "correct-key")
def correct_key(
    session: Session,
    question: QuestionArgument,
    accepted: Annotated[
        list[str], typer.Option("--accepted", "-a", metavar="RESPONSE", help="A right response; may be repeated.")
    ],
    tolerance: Annotated[float, typer.Option(min=0, help="Numeric: largest difference that is still right.")] = 0.0,
    curriculum: CurriculumOption = None,
) -> None:
    """Give a question a new key, regrade everyone who answered it, and print the difference.

    Example: graphmasal curricula correct-key q-slope-1 --accepted b
    """
    from graphmasal.v1.curriculum_service_pb2 import CorrectAnswerKeyRequest
    from graphmasal.v1.question_pb2 import AnswerKey

    client = session.client
    name = f"{client.curriculum_name(session.the_curriculum(curriculum))}/questions/{question}"
    key = AnswerKey(accepted=accepted, tolerance=tolerance)
    _finish(session, client.curricula.CorrectAnswerKey(CorrectAnswerKeyRequest(name=name, key=key)))


@command(app, "void-question")
def void_question(
    session: Session,
    question: QuestionArgument,
    restore: Annotated[bool, typer.Option("--restore", help="Bring a voided question back.")] = False,
    curriculum: CurriculumOption = None,
) -> None:
    """Take a question out of all mastery, keeping its evidence, and print the difference.

    Example: graphmasal curricula void-question q-slope-1
    """
    from graphmasal.v1.curriculum_service_pb2 import VoidQuestionRequest

    client = session.client
    name = f"{client.curriculum_name(session.the_curriculum(curriculum))}/questions/{question}"
    _finish(session, client.curricula.VoidQuestion(VoidQuestionRequest(name=name, restore=restore)))


def _finish(session: Session, operation: "Operation") -> None:
    from graphmasal.cli.operations import wait

    ended = operation if operation.done else wait(session, operation.name)
    session.show(ended, lambda console: _print_regrade(console, ended))
    if ended.HasField("error"):
        session.answer_no()


def _print_regrade(console: "Console", operation: "Operation") -> None:
    from graphmasal.cli.failures import describe
    from graphmasal.cli.output import print_changes
    from graphmasal.v1.curriculum_service_pb2 import RegradeResponse

    if operation.HasField("error"):
        console.print(describe(operation.error), style="red")
        return
    response = RegradeResponse()
    operation.response.Unpack(response)
    console.print(f"Learners folded anew: {response.learners}; masteries changed: {response.change_count}.")
    print_changes(console, response.changes, response.change_count)


def _print_list(console: "Console", response: "ListCurriculaResponse") -> None:
    from graphmasal.cli.output import make_table, print_credit, short_id

    if not response.curricula:
        console.print("No curricula yet. Import one: graphmasal import yaml FOLDER --curriculum ID")
        return
    table = make_table("id", "title", "version>", "concepts>", "questions>")
    for each in response.curricula:
        size = each.size
        table.add_row(short_id(each.name), each.title, str(each.version), str(size.concepts), str(size.questions))
    console.print(table)
    for each in response.curricula:
        print_credit(console, each.licence, each.attribution, of=short_id(each.name))


def _print_one(console: "Console", curriculum: "Curriculum") -> None:
    from graphmasal.cli.moments import show_moment
    from graphmasal.cli.output import print_credit, short_id

    size = curriculum.size
    console.print(curriculum.title or short_id(curriculum.name), style="bold")
    if curriculum.description:
        console.print(curriculum.description.strip())
    console.print(
        f"{size.concepts} concepts, {size.prerequisites} prerequisites, {size.groups} groups of alternatives, "
        f"{size.resources} resources, {size.questions} questions, {size.misconceptions} misconceptions"
    )
    console.print(
        f"Version {curriculum.version} of {show_moment(curriculum.update_time)}, grading revision "
        f"{curriculum.grading_revision}, fingerprint {curriculum.fingerprint[:12]}"
    )
    if curriculum.source_url:
        console.print(f"Source: {curriculum.source_url}")
    print_credit(console, curriculum.licence, curriculum.attribution)


def _print_concepts(console: "Console", response: "ListConceptsResponse") -> None:
    from graphmasal.cli.output import join_some, make_table, print_credit, short_id
    from graphmasal.v1.concept_pb2 import Prerequisite

    table = make_table("id", "title", "minutes>", "requires")
    for concept in response.concepts:
        needs = [edge.concept for edge in concept.prerequisites if edge.kind == Prerequisite.HARD]
        needs += [f"{group.need} of ({', '.join(group.concepts)})" for group in concept.groups]
        minutes = str(concept.minutes) if concept.taught else "—"
        table.add_row(short_id(concept.name), concept.title, minutes, join_some(needs))
    console.print(table)
    print_credit(console, response.licence, response.attribution)


def _print_questions(console: "Console", response: "ListQuestionsResponse") -> None:
    from graphmasal.cli.output import join_some, make_table, print_credit, short_id

    table = make_table("id", "question", "assesses", "key")
    for question in response.questions:
        key = join_some(question.key.accepted, 2) or "graded elsewhere"
        stem = question.stem + (" (voided)" if question.voided else "")
        table.add_row(short_id(question.name), stem, ", ".join(part.concept for part in question.assesses), key)
    console.print(table)
    print_credit(console, response.licence, response.attribution)
