"""Curricula and their parts as messages of the public API."""

from collections.abc import Iterable, Mapping, Sequence

from graphmasal.v1 import concept_pb2, curriculum_pb2, question_pb2, resource_pb2
from kg.comparison import Change
from kg.curriculum import (
    AnswerKey,
    Concept,
    CurriculumRecord,
    CurriculumSize,
    Misconception,
    Prerequisite,
    PrerequisiteGroup,
    PrerequisiteKind,
    Question,
    QuestionKind,
    Resource,
)
from kg.issues import ImportIssue, IssueKind, PrerequisiteEdge, Severity
from kg.reports import ImportReport
from server.names import CONCEPT, CURRICULUM, MISCONCEPTION, QUESTION, RESOURCE, make_name
from server.times import to_timestamp

_PREREQUISITE_KINDS = {
    PrerequisiteKind.HARD: concept_pb2.Prerequisite.HARD,
    PrerequisiteKind.SOFT: concept_pb2.Prerequisite.SOFT,
}
_QUESTION_KINDS = {
    QuestionKind.CHOICE: question_pb2.Question.CHOICE,
    QuestionKind.NUMERIC: question_pb2.Question.NUMERIC,
    QuestionKind.TEXT: question_pb2.Question.TEXT,
}
_SEVERITIES = {
    Severity.WARNING: curriculum_pb2.ImportIssue.WARNING,
    Severity.ERROR: curriculum_pb2.ImportIssue.ERROR,
}
_ISSUE_KINDS: Mapping[IssueKind, curriculum_pb2.ImportIssue.Kind] = {
    kind: getattr(curriculum_pb2.ImportIssue, kind.name) for kind in IssueKind
}
_MOST_MINUTES = 2**31 - 1


def to_curriculum(tenant: str, record: CurriculumRecord) -> curriculum_pb2.Curriculum:
    """Returns the message for a curriculum."""
    return curriculum_pb2.Curriculum(
        name=make_name(CURRICULUM, tenant, record.id),
        title=record.title,
        description=record.description,
        language=record.language,
        licence=record.licence,
        attribution=record.attribution,
        source_url=record.source_url,
        version=record.version,
        grading_revision=record.grading_revision,
        fingerprint=record.fingerprint,
        update_time=to_timestamp(record.updated_at),
        size=to_size(record.size),
    )


def to_size(size: CurriculumSize) -> curriculum_pb2.CurriculumSize:
    """Returns the message for counts of parts."""
    return curriculum_pb2.CurriculumSize(
        concepts=size.concepts,
        prerequisites=size.prerequisites,
        groups=size.groups,
        resources=size.resources,
        questions=size.questions,
        misconceptions=size.misconceptions,
    )


def to_concept(
    tenant: str,
    curriculum: str,
    concept: Concept,
    prerequisites: Iterable[Prerequisite],
    groups: Iterable[PrerequisiteGroup],
) -> concept_pb2.Concept:
    """Returns the message for a concept with what has to be known before it, that in ascending order."""
    return concept_pb2.Concept(
        name=make_name(CONCEPT, tenant, curriculum, concept.id),
        title=concept.title,
        description=concept.description,
        topic=concept.topic,
        minutes=concept.minutes,
        difficulty=concept.difficulty,
        taught=concept.taught,
        prerequisites=[
            concept_pb2.Prerequisite(
                concept=edge.before, kind=_PREREQUISITE_KINDS[edge.kind], strength=edge.strength, reason=edge.reason
            )
            for edge in prerequisites
        ],
        groups=[
            concept_pb2.PrerequisiteGroup(id=group.id, need=group.need, concepts=group.members, reason=group.reason)
            for group in groups
        ],
        archived=concept.archived,
    )


def to_resource(tenant: str, curriculum: str, resource: Resource) -> resource_pb2.Resource:
    """Returns the message for a resource."""
    return resource_pb2.Resource(
        name=make_name(RESOURCE, tenant, curriculum, resource.id),
        title=resource.title,
        kind=resource.kind,
        url=resource.url,
        sections=[
            resource_pb2.ResourceSection(
                concept=section.concept, title=section.title, minutes=section.minutes, text=section.text
            )
            for section in resource.sections
        ],
        minutes=min(resource.minutes, _MOST_MINUTES),
        archived=resource.archived,
    )


def to_question(tenant: str, curriculum: str, question: Question) -> question_pb2.Question:
    """Returns the message for a question."""
    return question_pb2.Question(
        name=make_name(QUESTION, tenant, curriculum, question.id),
        kind=_QUESTION_KINDS[question.kind],
        stem=question.stem,
        options=[
            question_pb2.QuestionOption(id=option, text=question.options[option]) for option in sorted(question.options)
        ],
        assesses=_to_assessed(question.assesses),
        key=_to_key(question.key) if question.key else None,
        distractors=[
            question_pb2.Distractor(response=response, misconception=misconception)
            for response, misconception in sorted(question.distractors.items())
        ],
        slip=question.slip,
        guess=question.guess,
        difficulty=question.difficulty,
        explanation=question.explanation,
        voided=question.voided,
        archived=question.archived,
    )


def _to_assessed(assesses: Mapping[str, float]) -> Sequence[question_pb2.AssessedConcept]:
    return [question_pb2.AssessedConcept(concept=concept, weight=weight) for concept, weight in assesses.items()]


def _to_key(key: AnswerKey) -> question_pb2.AnswerKey:
    return question_pb2.AnswerKey(
        version=key.version, accepted=key.accepted, tolerance=key.tolerance, set_time=to_timestamp(key.set_at)
    )


def to_misconception(tenant: str, curriculum: str, misconception: Misconception) -> question_pb2.Misconception:
    """Returns the message for a misconception."""
    return question_pb2.Misconception(
        name=make_name(MISCONCEPTION, tenant, curriculum, misconception.id),
        title=misconception.title,
        description=misconception.description,
        concepts=misconception.concepts,
        archived=misconception.archived,
    )


def to_report(report: ImportReport) -> curriculum_pb2.ImportReport:
    """Returns the message for the report of an import."""
    return curriculum_pb2.ImportReport(
        size=to_size(report.size),
        issues=[_to_issue(issue) for issue in report.issues],
        repairs=report.repairs,
        added=_to_changes(report.added),
        changed=_to_changes(report.changed),
        removed=_to_changes(report.removed),
        accepted=report.accepted,
        longest_chain=report.longest_chain,
    )


def _to_issue(issue: ImportIssue) -> curriculum_pb2.ImportIssue:
    return curriculum_pb2.ImportIssue(
        severity=_SEVERITIES[issue.severity],
        kind=_ISSUE_KINDS[issue.kind],
        place=issue.place,
        message=issue.message,
        concepts=issue.concepts,
        weakest_edge=_to_edge(issue.weakest_edge) if issue.weakest_edge else None,
    )


def _to_edge(edge: PrerequisiteEdge) -> curriculum_pb2.PrerequisiteEdge:
    return curriculum_pb2.PrerequisiteEdge(
        before=edge.before, after=edge.after, strength=edge.strength, group=edge.group
    )


def _to_changes(changes: Iterable[Change]) -> Sequence[curriculum_pb2.ImportChange]:
    return [curriculum_pb2.ImportChange(kind=change.kind, id=change.id, fields=change.fields) for change in changes]
