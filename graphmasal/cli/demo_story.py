"""What the demo does and shows, scene by scene; every scene is calls that any client can make."""

import time
from collections import defaultdict
from datetime import UTC, datetime
from importlib import resources

from rich.console import Console

from graphmasal.cli.asking import choose_goals, print_understood, understand
from graphmasal.cli.demo_answers import CURRICULUM, GOALS, LEARNER, NAME, evidence
from graphmasal.cli.demo_talk import converse
from graphmasal.cli.index_state import await_index
from graphmasal.cli.learner_view import describe_state, mastery_table
from graphmasal.cli.output import BAR_LEGEND, join_some, print_credit, short_id
from graphmasal.cli.plan_view import print_next, print_plan, print_verdict
from graphmasal.cli.search_view import print_explanation, print_search
from graphmasal.cli.titles import Titles, read_titles
from graphmasal.client import Client, list_all
from graphmasal.v1.curriculum_service_pb2 import (
    ImportCurriculumStart,
    ListMisconceptionsRequest,
    ListQuestionsRequest,
)
from graphmasal.v1.evidence_pb2 import Evidence
from graphmasal.v1.learner_pb2 import Learner
from graphmasal.v1.learner_service_pb2 import CreateLearnerRequest, GetLearnerStateRequest, ListEvidenceRequest
from graphmasal.v1.plan_pb2 import Plan
from graphmasal.v1.planning_service_pb2 import (
    GeneratePlanRequest,
    MasteredSet,
    NextActivityRequest,
    VerifyPlanRequest,
)
from graphmasal.v1.retrieval_service_pb2 import ExplainRankingRequest, SearchConceptsRequest
from kg.archives import pack_folder

WORDS = "how steep a curve is at one point"
WISH = "I want to understand the slope of a line, and adding fractions"

_WIDEST = 100


def tell(console: Console, client: Client, address: str) -> None:
    """Plays all scenes on a fresh server.

    Args:
        console: Where the story is told.
        client: Of the server.
        address: Of the server, to be shown.
    """
    console.width = min(console.width, _WIDEST)
    console.print(f"A GraphMASAL server listens on {address}; all of this goes through its gRPC API.")
    _import_curriculum(console, client)
    titles = read_titles(client, CURRICULUM)
    _search(console, client)
    _create_learner(console, client, titles)
    _send_answers(console, client)
    _show_state(console, client, titles)
    _show_misconceptions(console, client)
    plan = _make_plan(console, client, titles)
    _verify(console, client, titles, plan)
    _show_next(console, client)
    _ask(console, client, titles)
    _talk(console, client, titles)
    console.print()
    console.print("The server has stopped, and its store is gone. Begin your own:", style="dim")
    console.print("  graphmasal tutor --learner YOU --sample", style="dim")
    console.print("  graphmasal import yaml FOLDER --curriculum ID    graphmasal --help", style="dim")


def _scene(console: Console, title: str) -> None:
    console.print()
    console.rule(title, align="left", style="cyan")


def _import_curriculum(console: Console, client: Client) -> None:
    _scene(console, "1 A curriculum")
    with resources.as_file(resources.files("graphmasal") / "curricula" / "algebra_to_ml") as folder:
        archive = pack_folder(folder)
    start = ImportCurriculumStart(curriculum_id=CURRICULUM, format=ImportCurriculumStart.YAML)
    response = client.import_curriculum(start, archive)
    size = response.report.size
    console.print(response.curriculum.title, style="bold")
    console.print(
        f"{size.concepts} concepts, {size.prerequisites} prerequisites, {size.groups} groups of alternatives, "
        f"{size.resources} resources, {size.questions} questions, {size.misconceptions} misconceptions, "
        f"{len(response.report.issues)} issues"
    )
    print_credit(console, response.curriculum.licence, response.curriculum.attribution)


def _search(console: Console, client: Client) -> None:
    _scene(console, "2 What some words are about")
    parent = client.curriculum_name(CURRICULUM)
    await_index(client, console, parent, "")
    response = client.retrieval.SearchConcepts(SearchConceptsRequest(parent=parent, query=WORDS, limit=3))
    console.print(f"“{WORDS}”", style="italic")
    print_search(console, response)
    first = response.results[0].document
    request = ExplainRankingRequest(parent=parent, query=WORDS, document=first)
    print_explanation(console, client.retrieval.ExplainRanking(request))


def _create_learner(console: Console, client: Client, titles: Titles) -> None:
    _scene(console, "3 A learner with goals")
    goals = [f"{client.curriculum_name(CURRICULUM)}/concepts/{goal}" for goal in GOALS]
    client.learners.CreateLearner(
        CreateLearnerRequest(parent=client.parent, learner_id=LEARNER, learner=Learner(display_name=NAME, goals=goals))
    )
    console.print(f"{NAME} wants to understand: {', '.join(titles[goal] for goal in GOALS)}.")


def _send_answers(console: Console, client: Client) -> None:
    _scene(console, "4 Six weeks of evidence, streamed")
    events = list(evidence(datetime.now(UTC)))
    began = time.perf_counter()
    stored = sum(not result.status.code for result in client.append_evidence(events, batch_size=1))
    milliseconds = (time.perf_counter() - began) * 1000
    # Sent twice, as a client that lost its connection would: nothing counts twice.
    repeated = sum(result.duplicate for result in client.append_evidence(events))
    days = (events[-1].occurred_at.ToDatetime() - events[0].occurred_at.ToDatetime()).days
    console.print(
        f"{stored} items over {days} days, her answers and a word from her teacher: each durable before it was "
        f"acknowledged, {milliseconds:.0f} ms in all. "
        f"Sent once more: {repeated} duplicates, nothing changed."
    )


def _show_state(console: Console, client: Client, titles: Titles) -> None:
    _scene(console, "5 What is known about her now")
    state = client.learners.GetLearnerState(
        GetLearnerStateRequest(name=client.learner_name(LEARNER), curriculum=CURRICULUM)
    )
    ranked = sorted(state.mastery, key=lambda entry: (-entry.probability, entry.concept))
    console.print(describe_state(state))
    console.print(mastery_table(ranked[:5], titles, title="Best known"))
    console.print(mastery_table(ranked[-6:], titles, title="Least known"))
    console.print(f"{BAR_LEGEND} All other concepts: unknown, which is not zero.", style="dim")


def _show_misconceptions(console: Console, client: Client, limit: int = 4) -> None:
    _scene(console, "6 What her wrong answers hint at")
    parent = client.curriculum_name(CURRICULUM)
    questions = list_all(client.curricula.ListQuestions, ListQuestionsRequest(parent=parent)).questions
    known = list_all(client.curricula.ListMisconceptions, ListMisconceptionsRequest(parent=parent)).misconceptions
    sent = list_all(client.learners.ListEvidence, ListEvidenceRequest(parent=client.learner_name(LEARNER))).evidence
    points_at = {
        (short_id(question.name), distractor.response): distractor.misconception
        for question in questions
        for distractor in question.distractors
    }
    hints: dict[str, list[Evidence]] = defaultdict(list)
    for item in sent:
        if misconception := points_at.get((item.question, item.response)):
            hints[misconception].append(item)
    titles = {short_id(misconception.name): misconception.title for misconception in known}
    for misconception, items in sorted(hints.items(), key=lambda entry: (-len(entry[1]), entry[0]))[:limit]:
        times = f"{len(items)} answers" if len(items) > 1 else "1 answer"
        where = join_some((item.question for item in items), 3)
        console.print(f"• {titles[misconception]}: {times} ({where})")


def _make_plan(console: Console, client: Client, titles: Titles) -> Plan:
    _scene(console, "7 The way to her goals, with its proof")
    plan = client.planning.GeneratePlan(
        GeneratePlanRequest(parent=client.parent, curriculum=CURRICULUM, learner=LEARNER)
    )
    print_plan(console, plan, titles)
    return plan


def _verify(console: Console, client: Client, titles: Titles, plan: Plan) -> None:
    _scene(console, "8 Checked by an independent verifier")
    print_verdict(console, client.planning.VerifyPlan(VerifyPlanRequest(parent=client.parent, plan=plan)))
    if len(plan.steps) < 2:
        return
    forged = Plan()
    forged.CopyFrom(plan)
    left_out = forged.steps.pop(0)
    verdict = client.planning.VerifyPlan(VerifyPlanRequest(parent=client.parent, plan=forged))
    console.print(f"A forged copy without “{titles[left_out.concept]}”:")
    del verdict.violations[3:]
    print_verdict(console, verdict)


def _show_next(console: Console, client: Client) -> None:
    _scene(console, "9 What she does now")
    print_next(console, client.planning.NextActivity(NextActivityRequest(name=client.learner_name(LEARNER))))


def _ask(console: Console, client: Client, titles: Titles) -> None:
    _scene(console, "10 A plan asked for in words, for somebody new")
    console.print(f"“{WISH}”", style="italic")
    understood = understand(client, CURRICULUM, WISH, "")
    print_understood(console, understood)
    request = GeneratePlanRequest(
        parent=client.parent, curriculum=CURRICULUM, mastered=MasteredSet(), goals=choose_goals(understood)
    )
    print_plan(console, client.planning.GeneratePlan(request), titles)


def _talk(console: Console, client: Client, titles: Titles) -> None:
    _scene(console, "11 She talks with the tutor, which needs no chat model")
    converse(console, client, titles)
