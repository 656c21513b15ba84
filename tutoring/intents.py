"""What words are meant as, told from how they are put: the same words in the same situation are always the same."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tutoring.events import Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the conversation is at when words come.

    Attributes:
        asked_back: The tutor has asked back and waits.
        proposed: A proposal waits for a confirmation.
        exercise: A question is at hand and not solved.
        readable: The words can be read as a response to it.
        open_text: The question takes words, so almost anything can be a response.
    """

    asked_back: bool = False
    proposed: bool = False
    exercise: bool = False
    readable: bool = False
    open_text: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What words are taken for.

    Attributes:
        route: What they are.
        sure: Nothing else comes into question; otherwise a model, where there is one, may say better.
        reason: A sentence.
    """

    route: Route
    sure: bool
    reason: str


_YES: Final = (
    r"(yes|yep|yeah|ok|okay|sure|right|correct|exactly|confirm(ed)?|accept(ed)?|go ahead|do it|sounds good|please do)"
)
_NO: Final = r"(no|nope|nah|wrong|not really|decline|cancel|reject|don'?t|leave it)"
_DAY: Final = r"(tomorrow|today|tonight|monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
_TOPIC: Final = r"(plan|path|step|diagnosis|order|hint|question|exercise)"

_VIEW: Final = (
    r"(\b(show|see|view|read)\b[^.?!]{0,15}|\b(what('s| is)|how('s| is)|how does|where am i)\b( on| in| with)? )"
    r"(\bmy (study |learning )?(plan|path|schedule)|\bthe (study |learning )?plan)\b"
)

_YES_OR_NO: Final = re.compile(rf"^\W*({_YES}|{_NO})\b[\s\w,.!']{{0,30}}$", re.IGNORECASE)
_YES_FIRST: Final = re.compile(rf"^\W*{_YES}\b", re.IGNORECASE)
_OPTION: Final = re.compile(
    r"^\W*(option|number|the)?\s*(\d{1,2}|first|second|third|fourth|last|none of (these|them))\b.{0,20}$", re.IGNORECASE
)
_ATTEMPT: Final = re.compile(
    r"^\W*(i (think|guess|got|get|would say|'?d say|believe|say)|my (answer|guess|result)|the answer|maybe|perhaps|"
    r"probably|it('s| is| must be| should be)|that('s| is))\b|^[^\W\d_]?[\W\d_]*\d[\W\d_]*[^\W\d_]?$",
    re.IGNORECASE,
)
_ASKS_FOR_PLAN: Final = re.compile(_VIEW, re.IGNORECASE)

_PATTERNS: Final[Sequence[tuple[Route, str, re.Pattern[str]]]] = tuple(
    (route, reason, re.compile(pattern, re.IGNORECASE))
    for route, reason, pattern in (
        (
            Route.HINT,
            "A hint or the answer is asked for.",
            r"\b(hint|clue)\b|\bi('m| am) stuck\b|\bhelp me( out)?\b(?! (learn|understand))|\bno idea\b|\bidk\b"
            r"|\b(tell|give|show|reveal|say|send|print|whisper|spell)\b[^.?!]{0,40}\b(answer|solution|result|key)\b"
            r"|\bwhat('s| is| would be)\b[^.?!]{0,30}\b(answer|solution|right option|correct option|key)\b"
            r"|\bwhich (one|option|letter|answer) is (right|correct|it)\b|\bjust (tell|solve|do) (me|it)\b|\bsolve it\b"
            r"|\b(answer|solution)\b[^.?!]{0,20}\b(please|now)\b|\bi give up\b",
        ),
        (
            Route.NEXT,
            "What to do now is asked for.",
            r"\bwhat('s| is)? (next|now)\b|^\W*(next|continue|go on)\W*$|\bwhere (do|should) i (start|begin)\b"
            r"|\bwhat (should|shall|can|do|must) (i|we)\b[^.?!]{0,25}\b(next|now|do|start|study|learn)\b"
            r"|\bnext (step|exercise|question|one|topic|activity)\b|\blet'?s (start|begin|practi[sc]e)\b"
            r"|\b(another|a new|more) (question|exercise|practice|problem)s?\b|\b(quiz|test) me\b|\bpractice\W*$"
            rf"|{_VIEW}",
        ),
        (
            Route.WHY,
            "A reason is asked for.",
            rf"^\W*(but )?why( not)?\W*$|^\W*(but )?(why|how come)\b[^?]{{0,40}}\b(this|that|you|{_TOPIC}s?)\b"
            rf"|\bexplain (the|my|your|this) {_TOPIC}\b",
        ),
        (
            Route.WISH,
            "Goals or limits of a plan are named.",
            r"\bi( only| just)? have\b[^.?!]{0,25}\b(minutes?|hours?|days?|weeks?|half an hour|an hour)\b"
            rf"|\b(exam|test|quiz|deadline|interview|final)\b[^.?!]{{0,40}}\b(on|by|before|next|this|{_DAY})\b"
            rf"|\b(before|by|until) ({_DAY})"
            r"|\b(i|we) (really )?(want|need|would like|'?d like|have|wish|hope|am trying|aim) to (be able to )?"
            r"(learn|understand|know|study|master|prepare|cover|get good|pass|review)\b"
            r"|\b(make|build|create|change|update|give|need|want)\b[^.?!]{0,20}\b(plan|path|schedule)\b"
            r"|\b(skip|leave out|without) (the |all |any )?\w+|\bmy goals? (is|are)\b|\bteach me\b",
        ),
        (
            Route.TROUBLE,
            "Something is said not to be understood, or to be known.",
            r"\bi (really |still |just |totally )?(don'?t|do not|can'?t|cannot|never|didn'?t) (really |quite |fully )?"
            r"(get|understand|follow|see|grasp|remember|know)\b"
            r"|\bi('m| am) (so |really |totally |very |a bit )?(confused|lost|struggling|unsure|bad|weak|terrible)\b"
            r"|\bi struggle\b|\b(confuses|baffles) me\b|\bmakes no sense\b|\bi forgot\b"
            r"|\bi (already |now |really |think i )?"
            r"(know|understand|get|mastered|master|remember|learned|learnt|am good at|can do)\b",
        ),
        (
            Route.CONCEPT,
            "It is a question.",
            r"^\W*(so |and |but |ok |okay |please |hey |hi |hmm )?"
            r"(what|how|why|when|where|which|who|is|are|does|do|can|could|explain|define|describe|what'?s"
            r"|tell me (about|what|how|why)|give me an example)\b"
            r"|\?\s*$|\b(meaning|definition|difference|example) (of|between)\b",
        ),
    )
)


_FRAME: Final = re.compile(
    r"\bi (really |still |just |totally )?(don'?t|do not|can'?t|cannot|never|didn'?t) (really |quite |fully )?"
    r"(get|understand|follow|see|grasp|remember|know)( (how|what|why|about|to|of)\b)*"
    r"|\bi('m| am) (so |really |totally |very |a bit )?(confused|lost|struggling|unsure|bad|weak|terrible)"
    r"( (by|about|with|at|in|on)\b)*|\bi struggle( (with|in)\b)*|\b(confuses|baffles) me\b|\bmakes no sense\b"
    r"|\bi forgot\b"
    r"|\bi (already |now |really |think i )*(know|understand|get|mastered|master|remember|learned|learnt|am good at"
    r"|can do)( (how|what|about|to|of)\b)*"
    r"|^\W*(so |and |but |ok |okay |please |hey |hi |hmm )*((can|could) you )?"
    r"(explain|define|describe|tell me|what('s| is| are)|remind me)( to me| me)?( (about|what|how|of|again)\b)*"
    r"( (is|are))?( the (meaning|definition|idea|concept|purpose|point) (of|behind)\b)?",
    re.IGNORECASE,
)


def find_intent(words: str, situation: Situation) -> Intent:
    """Says what words are meant as.

    Args:
        words: Of the learner.
        situation: What the conversation is at.
    """
    text = " ".join(words.split())
    found = next((entry for entry in _PATTERNS if entry[2].search(text)), None)
    asks = found is not None and found[0] in {Route.HINT, Route.NEXT, Route.WHY}
    if situation.asked_back and (_OPTION.search(text) or not (asks or text.endswith("?"))):
        return Intent(route=Route.CLARIFICATION, sure=True, reason="The tutor had asked back.")
    if situation.proposed and _YES_OR_NO.search(text):
        return Intent(route=Route.CONFIRMATION, sure=True, reason="A proposal was waiting for a yes or no.")
    reads = situation.readable and (found is None or found[0] is Route.CONCEPT)
    # What is put as a response and cannot be read as one is asked for again.
    if situation.exercise and (reads or (found is None and _ATTEMPT.search(text))):
        return Intent(route=Route.ANSWER, sure=reads, reason="It reads as a response to the question at hand.")
    if found is not None:
        route, reason, _ = found
        # A question in the middle of an exercise may as well be a try.
        return Intent(route=route, sure=route is not Route.CONCEPT or not situation.exercise, reason=reason)
    if situation.exercise and situation.open_text:
        return Intent(route=Route.ANSWER, sure=False, reason="A question is at hand that takes words.")
    return Intent(route=Route.CONCEPT, sure=False, reason="It names something without saying what is wanted.")


def find_subject(words: str) -> str:
    """Returns what words are about, without what they say of it: "I don't get fractions" is about fractions.

    Args:
        words: A question, or something said about oneself.

    Returns:
        The words themselves where nothing else is left.
    """
    text = " ".join(words.split())
    left = _FRAME.sub(" ", text).strip(" .,:;!?")
    return left or text


def asks_for_plan(words: str) -> bool:
    """Says whether words want to see the plan, and not to go on with it."""
    return bool(_ASKS_FOR_PLAN.search(words))


def accepts(words: str) -> bool:
    """Says whether words that are a yes or a no are a yes."""
    return bool(_YES_FIRST.search(words))
