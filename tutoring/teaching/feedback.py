"""What is said about a response: that it is right and why, or what it points at, where that comes from, and a hint."""

from collections.abc import Iterator
from typing import Final

from kg.curriculum import Question, QuestionKind
from planner.reasons import list_in_words
from retrieval.documents import DocumentKind
from tutoring.diagnosis.errors import ErrorKind
from tutoring.diagnosis.misconceptions import CLARIFICATION
from tutoring.state import Diagnosis
from tutoring.teaching.climbing import climb, last_before_solution, script_rung
from tutoring.teaching.ladder import Rung
from tutoring.teaching.material import find_main_concept, show
from tutoring.teaching.scene import MASTERED, Scene
from tutoring.teaching.statements import Script, Statement, cite, put_mastery
from tutoring.teaching.strategies import Strategy, choose_strategy

_LIKELY: Final = 0.5
_FIRST: Final = {
    ErrorKind.GUESS: "Not yet, and that is fine.",
    ErrorKind.MISINTERPRET: "That answers a slightly different question.",
    ErrorKind.CARELESS: "Not quite; you know how this works, so it may be just a slip.",
    ErrorKind.RIGHT_IDEA: "You have the right idea, and one thing is still missing.",
    ErrorKind.IMPRECISE: "That goes in the right direction, but it is not exact enough.",
    ErrorKind.DIAGNOSE: "That is not it yet.",
}
_CLARIFIED: Final = "Thank you, that helps."
_AGAIN: Final = ("Still not it, but every try narrows it down.", "Not this one either; let us take it more slowly.")
_QUESTIONS: Final = {
    ErrorKind.GUESS: "Which part of it do you know for sure?",
    ErrorKind.MISINTERPRET: "Read it once more: what exactly is asked for?",
    ErrorKind.CARELESS: "Where would a check be quickest: signs, order, or units?",
    ErrorKind.IMPRECISE: "In which form, or how exactly, is the answer wanted?",
}
_ANY_QUESTION: Final = "What was your very first step?"
_INVITATIONS: Final = {
    Strategy.EXPLAIN_CONCEPT: "With that in mind, try again.",
    Strategy.PROVIDE_HINT: "Look at it with that in mind and try again.",
    Strategy.PROVIDE_EXAMPLE: "Now do the same here.",
    Strategy.PROVIDE_STRATEGY: "Write it down line by line, and check each before you go on.",
    Strategy.ENCOURAGE_STUDENT: "You have seen all hints but the solution: give it one more try, or ask for that.",
}


async def respond(scene: Scene) -> Script:
    """Replies to an answer, or to what was answered when the Diagnostician had asked back."""
    diagnosis, question, outcome = scene.diagnosis, scene.question, scene.state.get("outcome")
    if outcome == "unreadable" and question is not None:
        return _ask_again(scene, question)
    if diagnosis is None or question is None or diagnosis["question"] != question.id:
        return _listen(scene)
    if outcome == "asked_back":
        script = _wait(scene)
    elif diagnosis["outcome"] is None:
        script = _leave_open(scene, question)
    elif diagnosis["outcome"] >= 1.0:
        script = await _affirm(scene, question, diagnosis)
    elif scene.exercise and scene.exercise["solved"]:
        text = "That differs from the solution: compare the two, and then say “next” for a fresh one."
        script = Script(statements=(Statement(text=text),), exercise=scene.exercise)
    else:
        script = await _help_on(scene, question, diagnosis)
    return script


def _ask_again(scene: Scene, question: Question) -> Script:
    """Replies to what is no answer of the kind that is asked for; it does not count."""
    form = "a number" if question.kind is QuestionKind.NUMERIC else "a word or a few"
    if question.options:
        form = f"one of the options {list_in_words(list(question.options))}"
    text = f"I could not read that as an answer, so it does not count: send {form}, or ask for a hint."
    return Script(statements=(Statement(text=text),), exercise=scene.exercise)


def _listen(scene: Scene) -> Script:
    """Replies to words that answer no question that is at hand."""
    if scene.state.get("outcome") == "proposed":
        text = (
            "Thank you for putting it in your own words. I have put down what I make of it; it counts once you confirm."
        )
    else:
        text = "I could not tell which question that answers. Say “next”, and I ask you one."
    return Script(statements=(Statement(text=text),), exercise=scene.exercise)


def _wait(scene: Scene) -> Script:
    text = "That is not it yet. Before I point you anywhere, one question back, so that it helps with the right thing:"
    return Script(statements=(Statement(text=text),), exercise=scene.exercise)


def _leave_open(scene: Scene, question: Question) -> Script:
    """Replies to what nobody graded."""
    told = [Statement(text="Thank you. This one is not graded by a key, so it does not count by itself.")]
    if scene.state.get("outcome") == "proposed":
        told.append(Statement(text="I have put down what I make of it; it counts once you or your teacher confirm it."))
    if question.explanation:
        source = cite(scene.find_question_document(question), question.explanation)
        told.append(Statement(text=f"To compare: {question.explanation}", sources=source, quoted=True, opens=True))
    exercise = scene.exercise
    return Script(statements=tuple(told), exercise={**exercise, "solved": True} if exercise else None)


async def _affirm(scene: Scene, question: Question, diagnosis: Diagnosis) -> Script:
    wrong = len(scene.exercise["wrong"]) if scene.exercise else 0
    lead = "Yes, that is right." if not wrong else "Now it is right: well held out."
    told = [Statement(text=lead)]
    if question.explanation:
        source = cite(scene.find_question_document(question), question.explanation)
        told.append(Statement(text=question.explanation, sources=source, quoted=True))
    told += _say_standing(scene, diagnosis["concept"] or find_main_concept(question))
    told += await _offer(scene, question)
    exercise = scene.exercise
    return Script(statements=tuple(told), exercise={**exercise, "solved": True} if exercise else None, rewritable=True)


def _say_standing(scene: Scene, concept: str) -> Iterator[Statement]:
    if concept not in scene.material.concepts:
        return
    title, mastery = scene.find_title(concept), scene.read_mastery(concept)
    held = "which counts as mastered" if mastery >= MASTERED else "so there is still something to firm up"
    text = f"That puts {title} at {put_mastery(mastery)}, {held}."
    yield Statement(text=text, sources=scene.cite_concept(concept), opens=True)


async def _offer(scene: Scene, question: Question) -> list[Statement]:
    """Offers what comes next: another question about what is not firm yet, or the plan's next step."""
    main = find_main_concept(question)
    if scene.read_mastery(main) < MASTERED:
        left = [each for each in await scene.surroundings.list_open_questions(main) if each != question.id]
        if left:
            return [Statement(text=f"Say “another question on {scene.find_title(main)}” to firm it up.")]
    standing = await scene.surroundings.find_plan()
    if standing is not None and standing.next is not None:
        step = standing.plan.steps[standing.next]
        text = f"Your next step would be {step.title}: say “next” when you are ready."
        return [Statement(text=text, sources=scene.cite_concept(step.concept))]
    return [Statement(text="Say “next” to go on, or tell me what you would like to learn.")]


async def _help_on(scene: Scene, question: Question, diagnosis: Diagnosis) -> Script:
    """Replies to a wrong response: what it points at, where that may come from, and the next rung."""
    exercise = scene.exercise
    wrong = max(1, len(exercise["wrong"])) if exercise else 1
    ladder = await climb(scene, question)
    given = exercise["rung"] if exercise else 0
    place = given + 1 if given < last_before_solution(ladder) else 0
    strategy = choose_strategy(
        diagnosis["error"],
        outcome=diagnosis["outcome"],
        wrong=wrong,
        rung=ladder[place - 1].name.value if place else "",
        weak_root=diagnosis["cause"] is not None,
    )
    clarified = scene.state.get("outcome") == "clarified"
    before = [Statement(text=_CLARIFIED) if clarified else _open(diagnosis, wrong)]
    found = [*_name_misconceptions(scene, diagnosis), *_name_cause(scene, diagnosis)]
    if strategy is Strategy.SIMPLIFY_QUESTION:
        found += _simplify(scene, diagnosis)
    # Where the concept is to be explained, that comes before what went wrong.
    explains = strategy is Strategy.EXPLAIN_CONCEPT
    before += [] if explains else found
    after = [*(found if explains else ()), *_close(diagnosis, strategy, ladder[place - 1] if place else None)]
    if clarified and any(found["source"] == CLARIFICATION for found in diagnosis["misconceptions"]):
        after.append(Statement(text="I would note that; it counts once you confirm it."))
    return script_rung(scene, question, ladder, place, before=before, after=after)


def _open(diagnosis: Diagnosis, wrong: int) -> Statement:
    if wrong > 1:
        return Statement(text=_AGAIN[wrong % len(_AGAIN)])
    return Statement(text=_FIRST.get(_read_error(diagnosis), _FIRST[ErrorKind.DIAGNOSE]))


def _read_error(diagnosis: Diagnosis) -> ErrorKind:
    known = {kind.value for kind in ErrorKind}
    return ErrorKind(diagnosis["error"]) if diagnosis["error"] in known else ErrorKind.DIAGNOSE


def _name_misconceptions(scene: Scene, diagnosis: Diagnosis) -> Iterator[Statement]:
    """Names the likeliest wrong idea, as far as that does not tell the answer."""
    for found in diagnosis["misconceptions"][:1]:
        document = scene.material.find(DocumentKind.MISCONCEPTION, found["id"])
        visible = show(document, scene.guard) if document else None
        if document is None or visible is None:
            continue
        verb = "is often behind" if found["probability"] >= _LIKELY else "may be behind"
        yield Statement(
            text=f"What {verb} such an answer: “{visible.title}”.", sources=cite(document), quoted=True, opens=True
        )
        if visible.text:
            yield Statement(text=visible.text, sources=cite(document), quoted=True)


def _name_cause(scene: Scene, diagnosis: Diagnosis) -> Iterator[Statement]:
    """Points at the deepest weak prerequisite, with how the way from there begins."""
    cause = diagnosis["cause"]
    if cause is None or cause["concept"] not in scene.material.concepts:
        return
    title = scene.find_title(cause["concept"])
    path = cause["path"]
    text = f"It may begin earlier: your answers so far put {title} at {put_mastery(cause['mastery'])}."
    yield Statement(text=text, sources=scene.cite_concept(cause["concept"]), opens=True)
    foundation = scene.material.find_foundation(cause["concept"], path[1]) if len(path) > 1 else None
    if foundation is not None and foundation.reason:
        after = scene.find_title(path[1])
        text = f"It is needed for {after}: {foundation.reason}"
        yield Statement(text=text, sources=scene.cite_concept(path[1]), quoted=True)
    elif len(path) > 1:
        between = list_in_words([scene.find_title(concept) for concept in path[1:]])
        yield Statement(text=f"It leads on to {between}.", sources=scene.cite_concept(path[-1]))


def _simplify(scene: Scene, diagnosis: Diagnosis) -> Iterator[Statement]:
    cause = diagnosis["cause"]
    if cause is not None:
        text = f"If you like, take an easier one first: say “quiz me on {scene.find_title(cause['concept'])}”."
        yield Statement(text=text)


def _close(diagnosis: Diagnosis, strategy: Strategy, rung: Rung | None) -> Iterator[Statement]:
    """Ends with a question that makes the learner look again, or with an invitation, as the strategy has it."""
    if strategy is Strategy.ASK_QUESTION:
        yield Statement(text=_QUESTIONS.get(_read_error(diagnosis), _ANY_QUESTION), opens=True)
    elif rung is None:
        yield Statement(text=_INVITATIONS[Strategy.ENCOURAGE_STUDENT], opens=True)
    else:
        yield Statement(text=_INVITATIONS.get(strategy, "Have another try."), opens=True)
