"""What a turn tells, as messages of the public API."""

from dataclasses import dataclass

from google.protobuf.message import Message

from graphmasal.v1 import session_pb2
from kg.curriculum import CurriculumRecord
from retrieval.documents import Document
from server.names import EVIDENCE, PLAN, QUESTION, make_name
from server.plan_messages import cap_minutes, to_certificate, to_changes, to_conflict, to_step
from server.plan_terms import to_constraints
from server.retrieval_messages import KINDS, NAMES, to_citation, to_none, to_result
from tutoring import events
from tutoring.surroundings import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class EventScribe:
    """Writes a session's events as messages.

    Attributes:
        terms: Of the session.
        record: Of its curriculum.
    """

    terms: Terms
    record: CurriculumRecord

    def write(self, event: events.Event) -> session_pb2.TurnEvent:
        """Returns the message for an event; number, request, time and mode are the log's to fill in."""
        field, content = self._write(event)
        message = session_pb2.TurnEvent()
        getattr(message, field).CopyFrom(content)
        return message

    def _write(self, event: events.Event) -> tuple[str, Message]:  # noqa: PLR0911, PLR0912 - one branch for each kind
        match event:
            case events.RouteTaken():
                return "route", session_pb2.RouteEvent(route=event.route.name, reason=event.reason)
            case events.Retrieved():
                return "retrieval", self._write_retrieval(event)
            case events.Diagnosed():
                return "diagnosis", self._write_diagnosis(event)
            case events.EvidenceProposed():
                return "proposed_evidence", session_pb2.ProposedEvidenceEvent(
                    proposal=event.id,
                    concept=event.concept,
                    score=event.score,
                    weight=event.weight,
                    reason=event.reason,
                )
            case events.EvidenceAppended():
                return "evidence", self._write_evidence(event)
            case events.ConstraintsProposed():
                return "constraints", _write_constraints(event)
            case events.PlanMade():
                return "plan", self._write_plan(event)
            case events.QuestionAsked():
                return "question", self._write_question(event)
            case events.ClarificationAsked():
                return "clarification", session_pb2.ClarificationEvent(text=event.text, options=event.options)
            case events.HintGiven():
                return "hint", session_pb2.HintEvent(
                    question=event.question, rung=event.rung, rungs=event.rungs, name=event.name
                )
            case events.Cited():
                return "citation", self._write_citation(event)
            case events.Text():
                return "text", session_pb2.TextEvent(
                    text=event.text, citations=event.citations, ungrounded=not event.grounded
                )
            case events.Notice():
                return "notice", session_pb2.NoticeEvent(code=event.code, text=event.text)

    def _write_retrieval(self, event: events.Retrieved) -> session_pb2.RetrievalEvent:
        kinds = event.results.kinds
        results = [to_result(self.terms.tenant, self.record, result) for kind in kinds for result in kind.results]
        for result in results:
            # A passage may hold the answer to the exercise at hand: its place is told, and its text once it is cited.
            if result.HasField("citation"):
                result.citation.ClearField("text")
        return session_pb2.RetrievalEvent(
            query=event.query,
            results=results,
            none_of_these=[to_none(kind) for kind in kinds],
        )

    def _write_diagnosis(self, event: events.Diagnosed) -> session_pb2.DiagnosisEvent:
        return session_pb2.DiagnosisEvent(
            question=event.question,
            outcome=event.outcome,
            concept=event.concept,
            error=event.error,
            misconceptions=[
                session_pb2.FoundMisconception(
                    misconception=found.id, title=found.title, probability=found.probability, source=found.source
                )
                for found in event.misconceptions
            ],
            root_cause=self._write_cause(event.root_cause) if event.root_cause else None,
            reason=event.reason,
        )

    def _write_cause(self, cause: events.RootCause) -> session_pb2.RootCause:
        return session_pb2.RootCause(
            concept=cause.concept,
            title=cause.title,
            mastery=cause.mastery,
            path=cause.path,
            evidence=[self._name(EVIDENCE, each) for each in cause.evidence],
        )

    def _write_evidence(self, event: events.EvidenceAppended) -> session_pb2.EvidenceEvent:
        return session_pb2.EvidenceEvent(
            evidence=self._name(EVIDENCE, event.id),
            changes=[
                session_pb2.MasteryShift(concept=change.concept, before=change.before, after=change.after)
                for change in event.changes
            ],
        )

    def _write_plan(self, event: events.PlanMade) -> session_pb2.PlanEvent:
        return session_pb2.PlanEvent(
            plan=self._name(PLAN, event.id) if event.id else "",
            revision=event.revision,
            changes=to_changes(event.changes),
            steps=[to_step(step) for step in event.plan.steps],
            done=event.done,
            next=event.next,
            certificate=to_certificate(event.plan.certificate),
            conflict=to_conflict(event.plan.conflict),
            minutes=cap_minutes(event.plan.minutes),
        )

    def _write_question(self, event: events.QuestionAsked) -> session_pb2.QuestionEvent:
        question = event.question
        return session_pb2.QuestionEvent(
            question=make_name(QUESTION, self.terms.tenant, self.record.id, question.id),
            kind=question.kind.name,
            stem=question.stem,
            options=[session_pb2.OfferedOption(id=option, text=text) for option, text in question.options.items()],
        )

    def _write_citation(self, event: events.Cited) -> session_pb2.CitationEvent:
        document = event.document
        return session_pb2.CitationEvent(
            number=event.number,
            kind=KINDS[document.kind],
            name=self._name_document(document),
            title=document.title,
            quote=event.quote,
            place=to_citation(self.terms.tenant, self.record, document, document.place) if document.place else None,
        )

    def _name_document(self, document: Document) -> str:
        pattern = NAMES.get(document.kind)
        return make_name(pattern, self.terms.tenant, self.record.id, document.id) if pattern else ""

    def _name(self, pattern: str, identifier: str) -> str:
        return make_name(pattern, self.terms.tenant, self.terms.learner, identifier)


def _write_constraints(event: events.ConstraintsProposed) -> session_pb2.ConstraintsEvent:
    return session_pb2.ConstraintsEvent(
        proposal=event.id,
        goals=event.goals,
        constraints=to_constraints(event.constraints),
        understood=[
            session_pb2.UnderstoodWords(
                words=part.words, meaning=part.meaning, field=part.field, probability=part.probability
            )
            for part in event.understood
        ],
    )
