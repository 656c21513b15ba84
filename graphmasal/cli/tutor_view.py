"""A tutoring turn as a person reads it: what is told is printed as it comes, what it rests on below it."""

from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from graphmasal.cli.output import short_id
from graphmasal.cli.plan_view import show_minutes
from graphmasal.cli.titles import Titles
from graphmasal.v1.retrieval_pb2 import DocumentKind
from graphmasal.v1.session_pb2 import (
    CitationEvent,
    ClarificationEvent,
    ConstraintsEvent,
    DiagnosisEvent,
    DoneEvent,
    EvidenceEvent,
    HintEvent,
    NoticeEvent,
    PlanEvent,
    ProposedEvidenceEvent,
    QuestionEvent,
    ResetEvent,
    RetrievalEvent,
    RouteEvent,
    TurnEvent,
)

_MOST_STEPS = 5
_MOST_RESULTS = 3
_LONGEST_QUOTE = 110


class FlowingText:
    """Text that comes in pieces, wrapped between words as if it had come whole.

    Args:
        console: Where to.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._column = 0
        self._word = ""

    def write(self, piece: str, style: str = "") -> None:
        """Writes a piece; a word that has not ended yet waits for its end."""
        for character in piece:
            if character.isspace():
                self._put_word(style)
                self._put_space(character)
            else:
                self._word += character
        self._put_word(style)

    def end(self) -> None:
        """Ends the line."""
        self._console.print()

    def _put_word(self, style: str) -> None:
        if self._column and self._column + len(self._word) > self._console.width:
            self._console.print()
            self._column = 0
        self._console.print(self._word, style=style, end="", soft_wrap=True)
        self._column += len(self._word)
        self._word = ""

    def _put_space(self, character: str) -> None:
        if character == "\n":
            self._console.print()
            self._column = 0
        elif self._column:
            self._console.print(" ", end="")
            self._column += 1


class TurnView:
    """Prints the events of a turn.

    Args:
        console: Where to.
        titles: Of the curriculum.
        trace: Also print what is decided and searched on the way.
    """

    def __init__(self, console: Console, titles: Titles, *, trace: bool = False) -> None:
        self._console = console
        self._titles = titles
        self._trace = trace
        self._citations: dict[int, CitationEvent] = {}
        self._referred: list[int] = []
        self._text: FlowingText | None = None
        self._evidence: list[EvidenceEvent] = []

    def show(self, events: Iterable[TurnEvent]) -> None:
        """Prints events to their end."""
        for event in events:
            self._show(event)
        self._end_text()
        self._tell_evidence()

    def _show(self, event: TurnEvent) -> None:
        kind = event.WhichOneof("event")
        if kind == "text":
            self._show_text(event)
        elif kind == "citation":
            self._citations[event.citation.number] = event.citation
        elif kind == "evidence":
            # What it changed is read after what it was.
            self._evidence.append(event.evidence)
        elif kind is not None:
            self._end_text()
            if kind != "diagnosis":
                self._tell_evidence()
            getattr(self, f"_show_{kind}")(getattr(event, kind))

    def _show_text(self, event: TurnEvent) -> None:
        text = event.text
        self._referred += [number for number in text.citations if number not in self._referred]
        style = "italic" if text.ungrounded else ""
        if self._text is None:
            self._tell_evidence()
            self._text = FlowingText(self._console)
        self._text.write(text.text, style)

    def _end_text(self) -> None:
        """Ends a piece of text, and says below it what it rests on."""
        if self._text is None:
            return
        self._text.end()
        for number in self._referred:
            if number in self._citations:
                self._console.print(Padding(self._cite(self._citations[number]), (0, 0, 0, 2)), style="dim")
        self._text, self._referred = None, []

    def _cite(self, citation: CitationEvent) -> str:
        place = citation.place
        named = f"{DocumentKind.Name(citation.kind).lower()} {short_id(citation.name)}" if citation.name else ""
        if place.concept:
            where = f"resource {short_id(place.resource)}" if place.resource else f"concept {short_id(place.concept)}"
            section = f", {place.section}" if place.section else ""
            credit = f" ({place.attribution})" if place.attribution else ""
            named = f"{where}{section}, characters {place.start}-{place.end}{credit}"
        quote = " ".join((citation.quote or citation.title).split())
        cut = quote if len(quote) <= _LONGEST_QUOTE else f"{quote[:_LONGEST_QUOTE]}…"
        return f"[{citation.number}] {named}: “{cut}”"

    def _show_route(self, route: RouteEvent) -> None:
        if self._trace:
            self._console.print(f"→ {RouteEvent.Route.Name(route.route).lower()}: {route.reason}", style="dim")

    def _show_retrieval(self, retrieval: RetrievalEvent) -> None:
        if not self._trace:
            return
        found = ", ".join(f"{result.title} {result.probability:.2f}" for result in retrieval.results[:_MOST_RESULTS])
        nothing = ", ".join(f"{none.probability:.2f}" for none in retrieval.none_of_these)
        self._console.print(f"→ searched “{retrieval.query}”: {found}; none of these {nothing}", style="dim")

    def _show_diagnosis(self, diagnosis: DiagnosisEvent) -> None:
        if diagnosis.HasField("outcome"):
            right = diagnosis.outcome >= 0.5
            self._console.print("✓ right" if right else "✗ not right", style="bold green" if right else "bold red")
        for found in diagnosis.misconceptions[:1]:
            self._console.print(
                f"misconception: {found.title} ({found.source}, {found.probability:.2f})", style="yellow"
            )
        if diagnosis.HasField("root_cause"):
            cause = diagnosis.root_cause
            way = " → ".join(self._titles[concept] for concept in cause.path)
            self._console.print(f"root cause: {cause.title}, mastery {cause.mastery:.2f} ({way})", style="yellow")
        if self._trace and diagnosis.reason:
            self._console.print(f"→ {diagnosis.reason}", style="dim")

    def _show_proposed_evidence(self, proposed: ProposedEvidenceEvent) -> None:
        self._console.print(
            f"proposed evidence: {self._titles[proposed.concept]} {proposed.score:.1f}, weight {proposed.weight:g}, "
            f"from “{proposed.reason}”. It counts once it is confirmed (/yes or /no).",
            style="cyan",
        )

    def _tell_evidence(self) -> None:
        for change in (change for evidence in self._evidence for change in evidence.changes):
            better = change.after > change.before
            self._console.print(
                Text.assemble(
                    f"mastery of {self._titles[change.concept]}: {change.before:.2f} → ",
                    (f"{change.after:.2f}", "green" if better else "red"),
                ),
                style="dim",
            )
        self._evidence.clear()

    def _show_constraints(self, terms: ConstraintsEvent) -> None:
        self._console.print("Understood, to be confirmed (/yes or /no):", style="cyan")
        for part in terms.understood:
            sure = f" ({part.probability:.2f})" if part.field and part.probability < 1 else ""
            self._console.print(Padding(f"“{part.words}” → {part.meaning}{sure}", (0, 0, 0, 2)))

    def _show_plan(self, plan: PlanEvent) -> None:
        if plan.HasField("conflict"):
            self._console.print(f"No plan: {plan.conflict.text}", style="bold red")
            return
        for change in plan.changes:
            self._console.print(f"plan, revision {plan.revision}: {change.text}", style="cyan")
        if not plan.steps:
            self._console.print("plan: no steps", style="cyan")
            return
        done = set(plan.done)
        left = [step for step in plan.steps if step.concept not in done]
        minutes = show_minutes(sum(step.minutes for step in left))
        self._console.print(f"plan: {len(left)} of {len(plan.steps)} steps left, {minutes}", style="cyan")
        for step in left[:_MOST_STEPS]:
            now = plan.HasField("next") and plan.steps[plan.next].concept == step.concept
            self._console.print(Padding(f"{'▶' if now else '·'} {step.title} ({step.minutes} min)", (0, 0, 0, 2)))

    def _show_question(self, question: QuestionEvent) -> None:
        self._console.print()
        self._console.print(question.stem, style="bold")
        for option in question.options:
            self._console.print(Padding(f"{option.id}) {option.text}", (0, 0, 0, 2)))

    def _show_clarification(self, asked: ClarificationEvent) -> None:
        self._console.print(asked.text, style="bold")
        for number, option in enumerate(asked.options, start=1):
            self._console.print(Padding(f"{number}) {option}", (0, 0, 0, 2)))

    def _show_hint(self, hint: HintEvent) -> None:
        self._console.print(f"hint {hint.rung} of {hint.rungs} ({hint.name})", style="magenta")

    def _show_notice(self, notice: NoticeEvent) -> None:
        self._console.print(f"({notice.text})", style="dim")

    def _show_reset(self, reset: ResetEvent) -> None:
        self._citations.clear()
        self._referred.clear()
        self._console.print(
            "(the server took the turn up again; what follows takes the place of the last part)", style="dim"
        )

    def _show_done(self, done: DoneEvent) -> None:
        if done.status == DoneEvent.CANCELLED:
            self._console.print("(cancelled)", style="dim")
        elif done.status == DoneEvent.FAILED:
            self._console.print(f"The turn failed: {done.reason}", style="bold red")
        elif done.HasField("usage") and self._trace:
            usage = done.usage
            self._console.print(
                f"→ {usage.model}: {usage.calls} calls, {usage.input_tokens} + {usage.output_tokens} tokens",
                style="dim",
            )
