"""What a first conversation needs: somebody who learns, and something to learn."""

from collections.abc import Callable
from importlib import resources

import grpc
from rich.console import Console

from graphmasal.client import Client
from graphmasal.v1.curriculum_service_pb2 import GetCurriculumRequest, ImportCurriculumStart
from graphmasal.v1.learner_pb2 import Learner
from graphmasal.v1.learner_service_pb2 import CreateLearnerRequest, GetLearnerRequest
from kg.archives import pack_folder

SAMPLE = "algebra-to-ml"
"""Id of the bundled curriculum."""


def ensure_learner(client: Client, console: Console, learner: str) -> None:
    """Creates a learner who is not there yet."""
    if _is_missing(lambda: client.learners.GetLearner(GetLearnerRequest(name=client.learner_name(learner)))):
        client.learners.CreateLearner(
            CreateLearnerRequest(parent=client.parent, learner_id=learner, learner=Learner(display_name=learner))
        )
        console.print(f"Learner {learner} is new.", style="dim")


def ensure_sample(client: Client, console: Console) -> str:
    """Imports the bundled curriculum where it is not there; returns its id."""
    name = client.curriculum_name(SAMPLE)
    if _is_missing(lambda: client.curricula.GetCurriculum(GetCurriculumRequest(name=name))):
        with resources.as_file(resources.files("graphmasal") / "curricula" / "algebra_to_ml") as folder:
            archive = pack_folder(folder)
        start = ImportCurriculumStart(curriculum_id=SAMPLE, format=ImportCurriculumStart.YAML)
        response = client.import_curriculum(start, archive)
        console.print(f"Imported {response.curriculum.title}: {response.report.size.concepts} concepts.", style="dim")
    return SAMPLE


def _is_missing(read: Callable[[], object]) -> bool:
    try:
        read()
    except grpc.RpcError as error:
        if error.code() is grpc.StatusCode.NOT_FOUND:
            return True
        raise
    return False
