"""Changes to what a plan is made from, as messages of the public API, and back."""

from collections.abc import Sequence

from graphmasal.v1 import plan_pb2
from graphmasal.v1 import planning_service_pb2 as messages
from planner.insight.edits import MOST_EDITS, LiftConstraint, MasterConcept, PlanEdit, RemovePrerequisite, TeachConcept
from server.fields import FieldChecks


def read_edits(edits: Sequence[messages.PlanEdit], checks: FieldChecks) -> list[PlanEdit]:
    """Reads edits; whether what they name is there, the planner says.

    Args:
        edits: As asked for.
        checks: Receives the violations.
    """
    if not 1 <= len(edits) <= MOST_EDITS:
        checks.note("edits", f"must have 1 to {MOST_EDITS} entries, not {len(edits)}")
        return []
    read: list[PlanEdit] = []
    for position, edit in enumerate(edits):
        match edit.WhichOneof("edit"):
            case "master_concept":
                read.append(MasterConcept(concept=edit.master_concept))
            case "remove_prerequisite":
                edge = edit.remove_prerequisite
                read.append(RemovePrerequisite(before=edge.before, after=edge.after))
            case "lift_constraint":
                read.append(LiftConstraint(field=edit.lift_constraint))
            case "teach_concept":
                read.append(TeachConcept(concept=edit.teach_concept))
            case _:
                checks.note(f"edits[{position}]", "must say what is changed")
    return read


def to_edit(edit: PlanEdit) -> messages.PlanEdit:
    """Returns the message for an edit."""
    match edit:
        case MasterConcept():
            return messages.PlanEdit(master_concept=edit.concept)
        case RemovePrerequisite():
            edge = plan_pb2.OrderConstraint(before=edit.before, after=edit.after)
            return messages.PlanEdit(remove_prerequisite=edge)
        case LiftConstraint():
            return messages.PlanEdit(lift_constraint=edit.field)
        case TeachConcept():
            return messages.PlanEdit(teach_concept=edit.concept)
