"""What is said about plans: the next step and why, what was understood of a wish, and what came of it."""

import json
import re
from collections.abc import Iterator
from typing import Final

from kg.curriculum import Concept
from planner.constraints import Constraints
from planner.plan import Plan, PlanStep, ReasonKind
from planner.reasons import list_in_words
from retrieval.documents import DocumentKind
from retrieval.scope import Scope
from tutoring.intents import asks_for_plan
from tutoring.surroundings import PlanStanding
from tutoring.teaching.content_words import keep_content, list_stems
from tutoring.teaching.injections import leave_out_injections
from tutoring.teaching.offering import choose_concept, choose_question
from tutoring.teaching.scene import Scene
from tutoring.teaching.statements import Script, Statement, cite, start_exercise

_MOST_REASONS: Final = 2
_ANOTHER: Final = re.compile(
    r"\b(another|new|next|different|other|skip|more)\b|\b(quiz|test) me\b|\bpractise|\bpractice", re.IGNORECASE
)
_MOVING: Final = frozenset(
    list_stems(
        "next step question exercise practice practise another quiz test start begin continue go going something else "
        "problem task lesson thing things today let lets ready give want need study learn topic activity new different "
        "skip more again please now do"
    )
)
_LIKELY: Final = 0.5


async def say_next(scene: Scene) -> Script:
    """Says what to do now and why, and asks a question about it; or only says how the plan stands."""
    if asks_for_plan(scene.words):
        return await _say_standing(scene)
    named = await _find_named(scene)
    if named is not None:
        lead = Statement(text=f"Let us see about {named.title}.", sources=scene.cite_concept(named.id))
        return await _ask_about(scene, named, (lead,))
    if _is_busy(scene):
        text = "You still have an exercise open: answer it, ask for a hint, or say “another question” to leave it."
        return Script(statements=(Statement(text=text),), exercise=scene.exercise)
    standing = await scene.surroundings.find_plan()
    if standing is None or standing.next is None:
        return await _go_on_without_step(scene, standing)
    step = standing.plan.steps[standing.next]
    if step.concept not in scene.material.concepts:
        text = (
            f"Your plan goes on with {step.title}, which this course does not have any more. Tell me your goals anew."
        )
        return Script(statements=(Statement(text=text),), exercise=scene.exercise)
    return await _ask_about(scene, scene.material.concepts[step.concept], tuple(_say_step(scene, standing, step)))


async def _say_standing(scene: Scene) -> Script:
    standing = await scene.surroundings.find_plan()
    told = [_say_no_step(scene, None)] if standing is None else [*_sum_up(scene, standing)]
    return Script(statements=tuple(told), exercise=scene.exercise)


def _is_busy(scene: Scene) -> bool:
    return scene.guard is not None and not _ANOTHER.search(scene.words)


async def _find_named(scene: Scene) -> Concept | None:
    """Finds a concept that the words name beside asking to go on, as in "quiz me on fractions"."""
    words = leave_out_injections(scene.words)
    known = scene.material.concepts
    for concept in scene.material.find_named(words, _MOVING):
        return known[concept]
    query = keep_content(words, scene.material.language, without=_MOVING)
    if not query:
        return None
    results = await scene.surroundings.search(query, Scope(kinds=(DocumentKind.CONCEPT,), limit=1))
    for result in results.kinds[0].results:
        if (result.exact or result.probability >= _LIKELY) and result.document.id in known:
            return known[result.document.id]
    return None


async def _ask_about(scene: Scene, concept: Concept, told: tuple[Statement, ...]) -> Script:
    question = await choose_question(scene, concept.id, said=" ".join(each.text for each in told))
    if question is None:
        text = f"The course has no question about it: if you have it already, say “I know {concept.title}”."
        return Script(statements=(*told, Statement(text=text, opens=True)), exercise=scene.exercise)
    ready = Statement(text="Here is a question to see where you stand:", opens=True)
    return Script(statements=(*told, ready), exercise=start_exercise(question), asked=question)


def _say_step(scene: Scene, standing: PlanStanding, step: PlanStep) -> Iterator[Statement]:
    verb = "Refresh" if step.kind.value == "REFRESH" else "Next comes"
    done, steps = len(standing.done), len(standing.plan.steps)
    so_far = f" ({done} of the plan's {steps} steps are done)" if done else ""
    yield Statement(
        text=f"{verb} {step.title}, about {step.minutes} minutes{so_far}.", sources=scene.cite_concept(step.concept)
    )
    yield from say_reasons(scene, step)
    kind, _, resource = step.activity.partition("/")
    if kind == "resources" and resource in scene.material.resources:
        passages = scene.material.list_passages(step.concept)
        passage = next((each for each in passages if each.place and each.place.resource == resource), None)
        title = scene.material.resources[resource].title
        yield Statement(
            text=f"Work through “{title}” for it.", sources=cite(passage) or scene.cite_concept(step.concept)
        )


def say_reasons(scene: Scene, step: PlanStep) -> Iterator[Statement]:
    """Says why a step of a plan is there, each reason with the concepts that it names."""
    for reason in step.reasons[:_MOST_REASONS]:
        # What a reason is about is cited; "is one of the goals" is about the plan alone.
        concepts = reason.concepts[:1] if reason.kind is not ReasonKind.IS_GOAL else (step.concept,)
        sources = tuple(source for concept in concepts for source in scene.cite_concept(concept))
        yield Statement(text=reason.text, sources=sources or scene.cite_concept(step.concept), quoted=True)


async def _go_on_without_step(scene: Scene, standing: PlanStanding | None) -> Script:
    """Goes on with what was last found weak or talked about, or else with what the learner is ready for."""
    told = [_say_no_step(scene, standing)]
    diagnosis = scene.diagnosis
    weak = (
        diagnosis["cause"]["concept"] if diagnosis and diagnosis["cause"] else diagnosis["concept"] if diagnosis else ""
    )
    for each in (weak, *scene.state.get("subject", ())):
        concept = scene.material.concepts.get(each)
        if concept is not None and await scene.surroundings.list_open_questions(each):
            break
    else:
        concept = choose_concept(scene)
    if concept is None:
        return Script(statements=tuple(told), exercise=scene.exercise)
    text = f"Meanwhile, let us practise {concept.title}."
    told.append(Statement(text=text, sources=scene.cite_concept(concept.id), opens=True))
    return await _ask_about(scene, concept, tuple(told))


def _say_no_step(scene: Scene, standing: PlanStanding | None) -> Statement:
    if standing is None:
        text = "You have no plan yet: tell me what you want to be able to do, and how much time you have."
    elif not standing.plan.steps and (standing.plan.left_out or standing.plan.unreachable):
        text = "Your plan has no steps under its terms: give it more time, or choose a nearer goal."
    elif len(standing.done) == len(standing.plan.steps):
        text = "Your plan is done: all of its steps are mastered. Tell me what you would like to learn next."
    else:
        text = "What is left of your plan builds on something that has faded; ask me to plan anew, and it comes first."
    return Statement(text=text)


async def ask_confirmation(scene: Scene) -> Script:
    """Says what was understood of a wish, and asks whether it is meant."""
    proposal = next(
        (each for each in reversed(scene.state.get("proposals", [])) if each["kind"] == "constraints"), None
    )
    if scene.state.get("outcome") != "proposed" or proposal is None:
        text = "I could not find what you want to learn: name something from the course, and how much time you have."
        return Script(statements=(Statement(text=text),), exercise=scene.exercise)
    body = json.loads(proposal["body"])
    told = [*_say_terms(scene, tuple(body["goals"]), Constraints(**body["constraints"]))]
    told.append(Statement(text="Shall I plan it like that? Nothing is planned before you say yes.", opens=True))
    return Script(statements=tuple(told), exercise=scene.exercise)


def _say_terms(scene: Scene, goals: tuple[str, ...], terms: Constraints) -> Iterator[Statement]:
    if goals:
        sources = tuple(source for goal in goals[:3] for source in scene.cite_concept(goal))
        text = f"I understand that you want to learn {list_in_words([scene.find_title(goal) for goal in goals])}."
        yield Statement(text=text, sources=sources)
    else:
        yield Statement(text="I understand that your goals stay as they are.")
    if terms.budget_minutes is not None:
        yield Statement(text=f"It should take at most {terms.budget_minutes} minutes in all.")
    if terms.session_minutes is not None:
        yield Statement(text=f"You study {terms.session_minutes} minutes at a time.")
    for goal, minutes in terms.deadlines.items():
        yield Statement(text=f"{scene.find_title(goal)} should be reached within {minutes} minutes of work.")
    if terms.vetoed:
        yield Statement(text=f"Left out: {list_in_words([_name(scene, each) for each in terms.vetoed])}.")
    if terms.pinned:
        yield Statement(text=f"Certainly in it: {list_in_words([_name(scene, each) for each in terms.pinned])}.")
    for before, after in terms.orders:
        yield Statement(text=f"{scene.find_title(before)} comes before {scene.find_title(after)}.")


def _name(scene: Scene, subject: str) -> str:
    kind, _, identifier = subject.partition("/")
    resource = scene.material.resources.get(identifier)
    return resource.title if kind == "resources" and resource else scene.find_title(identifier)


async def report_plan(scene: Scene) -> Script:
    """Says what came of a plan that was confirmed."""
    outcome = scene.state.get("outcome", "")
    said = {
        "conflict": "These terms cannot all hold together; the plan shows which of them collide. Which can give way?",
        "stale": "The course has changed since: tell me once more what you want to learn.",
        "no_goals": "A plan needs a goal: what would you like to be able to do?",
        "declined": "Then it stays as it was. Tell me what should be different.",
    }.get(outcome)
    standing = await scene.surroundings.find_plan() if said is None else None
    if said is not None or standing is None:
        return Script(statements=(Statement(text=said or "There is no plan yet."),), exercise=scene.exercise)
    return Script(statements=tuple(_sum_up(scene, standing)), exercise=scene.exercise)


def _sum_up(scene: Scene, standing: PlanStanding) -> Iterator[Statement]:
    plan = standing.plan
    steps = "one step" if len(plan.steps) == 1 else f"{len(plan.steps)} steps"
    sources = tuple(source for goal in plan.goals[:3] for source in scene.cite_concept(goal))
    goals = list_in_words([scene.find_title(goal) for goal in plan.goals])
    if not plan.steps and not plan.unreachable and not plan.left_out:
        yield Statement(text=f"There is nothing left to learn for {goals}: you have it.", sources=sources)
        return
    if not plan.steps:
        yield Statement(text=f"Under these terms nothing can be planned for {goals}.", sources=sources)
        yield from _say_limits(scene, plan)
        yield Statement(text="Give it more time, or choose a nearer goal.", opens=True)
        return
    yield Statement(text=f"Your plan for {goals} has {steps} and takes about {plan.minutes} minutes.", sources=sources)
    yield from _say_limits(scene, plan)
    if len(standing.done) == len(plan.steps):
        yield _say_no_step(scene, standing)
    elif standing.done:
        yield Statement(text=f"Done are {len(standing.done)} of them.")
    if standing.next is not None:
        step = plan.steps[standing.next]
        text = f"It {'goes on' if standing.done else 'begins'} with {step.title}: say “next” to start."
        yield Statement(text=text, sources=scene.cite_concept(step.concept), opens=True)


def _say_limits(scene: Scene, plan: Plan) -> Iterator[Statement]:
    for left in plan.left_out[:_MOST_REASONS]:
        yield Statement(text=left.text, sources=scene.cite_concept(left.concept))
    for missed in plan.unreachable[:_MOST_REASONS]:
        text = f"{scene.find_title(missed.concept)} cannot be reached under these terms."
        yield Statement(text=text, sources=scene.cite_concept(missed.concept))
