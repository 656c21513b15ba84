"""Terms that wait for a confirmation, as the state keeps them."""

import json
from dataclasses import asdict

from planner.constraints import Constraints
from tutoring.state import Proposal
from tutoring.wishes.grounding import Terms

CONSTRAINTS = "constraints"


def pack_terms(identifier: str, terms: Terms) -> Proposal:
    """Returns the proposal of terms."""
    body = {"goals": terms.goals, "constraints": asdict(terms.constraints)}
    return {"id": identifier, "kind": CONSTRAINTS, "body": json.dumps(body)}


def unpack_terms(proposal: Proposal) -> tuple[tuple[str, ...], Constraints]:
    """Returns goals and constraints of a proposal."""
    body = json.loads(proposal["body"])
    kept = body["constraints"]
    constraints = Constraints(
        pinned=tuple(kept["pinned"]),
        vetoed=tuple(kept["vetoed"]),
        orders=tuple((before, after) for before, after in kept["orders"]),
        deadlines=kept["deadlines"],
        budget_minutes=kept["budget_minutes"],
        session_minutes=kept["session_minutes"],
        soft_penalty_units=kept["soft_penalty_units"],
    )
    return tuple(body["goals"]), constraints
