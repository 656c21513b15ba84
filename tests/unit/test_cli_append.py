"""The client's stream of evidence against a server that the test scripts."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from graphmasal.client import Client, connect
from graphmasal.v1.evidence_pb2 import Evidence
from graphmasal.v1.learner_service_pb2 import AppendEvidenceRequest, AppendEvidenceResponse, AppendResult
from graphmasal.v1.learner_service_pb2_grpc import LearnerServiceServicer, add_LearnerServiceServicer_to_server


class Echo(LearnerServiceServicer):
    """Answers with the ids it was sent; breaks the stream at the item `broken`."""

    def __init__(self) -> None:
        self.received: list[list[str]] = []

    def AppendEvidence(  # noqa: N802 - the RPC's name
        self, request_iterator: Iterator[AppendEvidenceRequest], context: grpc.ServicerContext
    ) -> Iterator[AppendEvidenceResponse]:
        for request in request_iterator:
            ids = [item.id for item in request.evidence]
            if "broken" in ids:
                context.abort(grpc.StatusCode.UNAVAILABLE, "gone")
            self.received.append(ids)
            yield AppendEvidenceResponse(results=[AppendResult(id=each) for each in ids])


@pytest.fixture
def echo() -> Echo:
    return Echo()  # type: ignore[abstract]


@pytest.fixture
def client(echo: Echo) -> Iterator[Client]:
    server = grpc.server(ThreadPoolExecutor(2))
    add_LearnerServiceServicer_to_server(echo, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with connect(f"127.0.0.1:{port}") as connected:
        yield connected
    server.stop(None).wait()


def items(*ids: str) -> Iterator[Evidence]:
    return (Evidence(id=each) for each in ids)


def test_every_item_gets_its_result_in_order(client: Client, echo: Echo) -> None:
    progress: list[int] = []
    results = client.append_evidence(items(*"abcde"), batch_size=2, on_progress=progress.append)
    assert [result.id for result in results] == list("abcde")
    assert echo.received == [["a", "b"], ["c", "d"], ["e"]]
    assert progress == [2, 4, 5]


def test_no_more_is_sent_than_may_be_in_flight(client: Client) -> None:
    taken: list[int] = []

    def source() -> Iterator[Evidence]:
        for number in range(50):
            taken.append(number)
            yield Evidence(id=str(number))

    for answered, _ in enumerate(client.append_evidence(source(), batch_size=1, in_flight=5), start=1):
        # One more is at hand, waiting for its turn.
        assert len(taken) <= answered + 5 + 1


def test_a_broken_stream_ends_with_its_error_and_keeps_what_was_answered(client: Client) -> None:
    answered: list[str] = []
    with pytest.raises(grpc.RpcError) as caught:
        answered.extend(result.id for result in client.append_evidence(items("a", "broken", "b"), batch_size=1))
    assert caught.value.code() == grpc.StatusCode.UNAVAILABLE


def test_an_error_of_the_source_reaches_the_caller(client: Client) -> None:
    def source() -> Iterator[Evidence]:
        yield Evidence(id="a")
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        list(client.append_evidence(source(), batch_size=1))


def test_nothing_to_send_is_no_error(client: Client) -> None:
    assert list(client.append_evidence([])) == []
