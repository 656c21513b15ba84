"""The values that an import reports have the fields and names of the public messages."""

from dataclasses import fields

import pytest
from google.protobuf.descriptor import Descriptor

from graphmasal.v1 import curriculum_pb2
from kg.comparison import Change
from kg.issues import ImportIssue, IssueKind, PrerequisiteEdge, Severity
from kg.reports import ImportReport


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (ImportIssue, curriculum_pb2.ImportIssue.DESCRIPTOR),
        (PrerequisiteEdge, curriculum_pb2.PrerequisiteEdge.DESCRIPTOR),
        (ImportReport, curriculum_pb2.ImportReport.DESCRIPTOR),
        (Change, curriculum_pb2.ImportChange.DESCRIPTOR),
    ],
)
def test_fields_are_those_of_the_message(value: type, message: Descriptor) -> None:
    assert [item.name for item in fields(value)] == [item.name for item in message.fields]


def test_names_are_those_of_the_enums() -> None:
    enums = curriculum_pb2.ImportIssue.DESCRIPTOR.enum_types_by_name

    assert [kind.name for kind in IssueKind] == list(enums["Kind"].values_by_name)[1:]
    assert [severity.name for severity in Severity] == list(enums["Severity"].values_by_name)[1:]
