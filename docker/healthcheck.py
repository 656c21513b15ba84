"""Asks the server of this container for its health; exit status 0: it serves, and its store takes writes."""

import sys
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from server.settings import load_settings

SECONDS = 3.0


def find_address() -> str:
    """Returns where the server is reached from inside the container."""
    address = load_settings().listen
    for anywhere, here in (("0.0.0.0:", "127.0.0.1:"), ("[::]:", "[::1]:")):
        if address.startswith(anywhere):
            return here + address.removeprefix(anywhere)
    return address


def main() -> int:
    """Asks once."""
    with grpc.insecure_channel(find_address()) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        try:
            status = stub.Check(health_pb2.HealthCheckRequest(), timeout=SECONDS).status
        except grpc.RpcError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    serving = status == health_pb2.HealthCheckResponse.SERVING
    return 0 if serving else 1


if __name__ == "__main__":
    sys.exit(main())
