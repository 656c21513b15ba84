"""From a curriculum to a verified plan, over the generated stubs.

Start a server in one terminal and run this in another:

    graphmasal serve --listen 127.0.0.1:50051
    python examples/python_client.py 127.0.0.1:50051

All of it lands in a tenant of its own, `example`. Running it again changes nothing: the curriculum is the same, and
evidence is known by its id.
"""

# ruff: noqa: T201 - an example prints

import json
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from google.rpc import code_pb2

from graphmasal.client import Client, connect
from graphmasal.v1.curriculum_service_pb2 import ImportCurriculumStart
from graphmasal.v1.evidence_pb2 import Evidence
from graphmasal.v1.learner_pb2 import Learner
from graphmasal.v1.learner_service_pb2 import CreateLearnerRequest, GetLearnerStateRequest
from graphmasal.v1.plan_pb2 import Plan
from graphmasal.v1.planning_service_pb2 import GeneratePlanRequest, NextActivityRequest, VerifyPlanRequest
from kg.archives import pack_folder

CURRICULUM = "algebra-to-ml"
LEARNER = "noor"
GOAL = "slope"
EVIDENCE = Path(__file__).with_name("evidence.jsonl")


def import_curriculum(client: Client) -> None:
    """Sends the bundled curriculum as a ZIP archive, in chunks."""
    with resources.as_file(resources.files("graphmasal") / "curricula" / "algebra_to_ml") as folder:
        archive = pack_folder(folder)
    start = ImportCurriculumStart(curriculum_id=CURRICULUM, format=ImportCurriculumStart.YAML)
    response = client.import_curriculum(start, archive)
    if not response.report.accepted:
        raise SystemExit("\n".join(issue.message for issue in response.report.issues))
    print(f"{response.curriculum.title}, version {response.curriculum.version}")


def create_learner(client: Client) -> None:
    """Creates the learner, or updates the one who is there."""
    goal = f"{client.curriculum_name(CURRICULUM)}/concepts/{GOAL}"
    learner = Learner(display_name="Noor", goals=[goal])
    client.learners.CreateLearner(
        CreateLearnerRequest(parent=client.parent, learner_id=LEARNER, learner=learner, allow_existing=True)
    )


def read_evidence(path: Path) -> Iterator[Evidence]:
    """Reads lines of JSON as messages; a line that names no source is an answer."""
    for line in path.read_text().splitlines():
        item = json.loads(line)
        evidence = Evidence(
            id=item["id"],
            learner=item["learner"],
            curriculum=CURRICULUM,
            source=item.get("source", "answer").upper(),
        )
        evidence.occurred_at.FromJsonString(item["occurred_at"])
        for field in ("question", "concept", "response", "score"):
            if field in item:
                setattr(evidence, field, item[field])
        yield evidence


def send_evidence(client: Client) -> None:
    """Streams the evidence; every item has its own result, given once it is on disk."""
    stored = known = 0
    for result in client.append_evidence(read_evidence(EVIDENCE)):
        if result.status.code != code_pb2.OK:
            print(f"{result.id} was refused: {result.status.message}")
        elif result.duplicate:
            known += 1
        else:
            stored += 1
    print(f"Evidence: {stored} items stored, {known} known before")


def show_state(client: Client) -> None:
    """Prints what the evidence says, as of the latest item."""
    request = GetLearnerStateRequest(name=client.learner_name(LEARNER), curriculum=CURRICULUM)
    for mastery in client.learners.GetLearnerState(request).mastery:
        print(f"  {mastery.concept:28} {mastery.probability:5.2f}   uncertainty {mastery.uncertainty:4.2f}")


def make_plan(client: Client) -> Plan:
    """Plans for the learner's own goals; a deadline is honoured with the best plan found by then."""
    request = GeneratePlanRequest(parent=client.parent, curriculum=CURRICULUM, learner=LEARNER)
    plan = client.planning.GeneratePlan(request, timeout=5.0)
    for number, step in enumerate(plan.steps, start=1):
        print(f"  {number:2}. {step.title} ({step.minutes} min, {step.activity}): {step.reasons[0].text}")
    proof = plan.certificate
    print(f"  cost {proof.cost:g}, lower bound {proof.lower_bound:g}, ratio {proof.ratio:.3f}")
    return plan


def verify(client: Client, plan: Plan) -> None:
    """Checks the plan, and a copy that was tampered with."""
    forged = Plan()
    forged.CopyFrom(plan)
    del forged.steps[0]
    for title, each in (("the plan", plan), ("a forged copy", forged)):
        answer = client.planning.VerifyPlan(VerifyPlanRequest(parent=client.parent, plan=each))
        print(f"Verified {title}: {'sound' if answer.valid else answer.violations[0].message}")


def show_next(client: Client) -> None:
    """Prints what to do now."""
    answer = client.planning.NextActivity(NextActivityRequest(name=client.learner_name(LEARNER)))
    print(f"Now: {answer.step.title}, then answer {', '.join(answer.questions) or 'nothing'}")


def main() -> None:
    """Runs all of it against the server that the command line names."""
    address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:50051"
    with connect(address, tenant="example") as client:
        import_curriculum(client)
        create_learner(client)
        send_evidence(client)
        show_state(client)
        plan = make_plan(client)
        verify(client, plan)
        show_next(client)


if __name__ == "__main__":
    main()
