"""The measure beside which the service is held: a bare grpc.aio server that returns what it gets."""

import asyncio

import grpc

METHOD = "/graphmasal.evaluation.Echo/Echo"


async def echo(request: bytes, _context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
    """Returns the request."""
    return request


async def run() -> None:
    """Serves on a free loopback port, prints the address and runs until it is killed."""
    server = grpc.aio.server()
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(echo)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("graphmasal.evaluation.Echo", {"Echo": handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"127.0.0.1:{port}", flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(run())
