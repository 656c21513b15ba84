"""What surrounds every call: request id, log line, figures, and errors as statuses. Services only raise."""

import contextlib
import inspect
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NoReturn, TypeAlias

import grpc
import structlog
from google.protobuf.message import DecodeError, Message
from google.rpc import code_pb2
from grpc_status import rpc_status

from kg.errors import InvalidInputError, refuse
from kg.identifiers import is_id
from server.backend import make_id
from server.metrics import CallMetrics
from server.statuses import to_status

REQUEST_ID = "x-request-id"
_REQUEST_ID_FORM = re.compile(r"[A-Za-z0-9._:-]{1,128}")

Context = grpc.aio.ServicerContext[Any, Any]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"

_log = structlog.get_logger("graphmasal.calls")


class _Call:
    """One call under way.

    Attributes:
        request_id: Told by the caller, or made.
        tenant: As far as a request named one.
    """

    def __init__(self, method: str, context: Context, metrics: CallMetrics) -> None:
        self.request_id = _find_request_id(context)
        self.tenant = ""
        self._method = method
        self._context = context
        self._metrics = metrics
        self._begun = time.perf_counter()

    def look_at(self, request: Any) -> Any:
        """Returns a request, the tenant noted.

        Raises:
            InvalidInputError: It is a refusal that stands for bytes which are no such message.
        """
        if isinstance(request, InvalidInputError):
            raise request
        if not self.tenant and isinstance(request, Message):
            self.tenant = _find_tenant(request)
        return request

    async def look_at_all(self, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Passes on a stream of requests."""
        async for request in requests:
            yield self.look_at(request)

    async def run(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Awaits what the service does, and tells errors as statuses."""
        structlog.contextvars.bind_contextvars(request_id=self.request_id)
        self._context.set_trailing_metadata(((REQUEST_ID, self.request_id),))
        self._metrics.note_begin(self._method)
        ended = False
        try:
            response = await work()
            ended = True
        except grpc.aio.AbortError:
            ended = True
            raise
        except Exception as error:
            ended = True
            await self._abort(error)
        finally:
            self._note_end(ended=ended)
        return response

    async def _abort(self, error: Exception) -> NoReturn:
        status = to_status(error, self.tenant)
        if status.code == code_pb2.INTERNAL:
            _log.exception("call failed", method=self._method)
        told = rpc_status.to_status(status)
        # abort() replaces the trailing metadata set so far.
        metadata = (*(told.trailing_metadata or ()), (REQUEST_ID, self.request_id))
        await self._context.abort(told.code, told.details, metadata)

    def _name_code(self, *, ended: bool) -> str:
        remaining = self._context.time_remaining()
        if remaining is not None and remaining <= 0:
            return "DEADLINE_EXCEEDED"
        if not ended:
            # Neither a response nor an error: the caller went away.
            return "CANCELLED"
        code = self._context.code()
        return code.name if isinstance(code, grpc.StatusCode) else code_pb2.Code.Name(code or 0)

    def _note_end(self, *, ended: bool) -> None:
        seconds = time.perf_counter() - self._begun
        code = self._name_code(ended=ended)
        self._metrics.note_end(self._method, code, seconds)
        tenant = {"tenant": self.tenant} if self.tenant else {}
        _log.info("call", method=self._method, code=code, milliseconds=round(seconds * 1000, 3), **tenant)


def _find_request_id(context: Context) -> str:
    for key, value in context.invocation_metadata() or ():
        if key == REQUEST_ID and isinstance(value, str) and _REQUEST_ID_FORM.fullmatch(value):
            return value
    return make_id()


def _find_tenant(request: Message) -> str:
    """Returns the tenant that a request's parent or name is in; empty where it has neither."""
    holder = getattr(request, "start", request)
    for field in ("parent", "name"):
        name = getattr(holder, field, "")
        parts = name.split("/", 2) if isinstance(name, str) else []
        if len(parts) > 1 and parts[0] == "tenants" and is_id(parts[1]):
            return str(parts[1])
    return ""


def _refuse_malformed(deserialize: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Turns bytes that are no message into a refusal to be raised later; raised here, gRPC would make it INTERNAL."""

    def read(content: bytes) -> Any:
        try:
            return deserialize(content)
        except DecodeError:
            return refuse("request", "must be a message of the method's request type, its strings in UTF-8")

    return read


class CallInterceptor(grpc.aio.ServerInterceptor):
    """Puts what surrounds every call around each method of the server."""

    def __init__(self, metrics: CallMetrics) -> None:
        self._metrics = metrics

    async def intercept_service(
        self, continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]], handler_call_details: Any
    ) -> Any:
        """Returns the handler of a method with what surrounds it; None where there is no such method."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method = handler_call_details.method.removeprefix("/")
        deserialize = _refuse_malformed(handler.request_deserializer or bytes)
        make = getattr(grpc, f"{_name_kind(handler)}_rpc_method_handler")
        return make(self._surround(method, handler), deserialize, handler.response_serializer)

    def _surround(self, method: str, handler: Handler) -> Callable[[Any, Context], Awaitable[Any]]:
        serve: Callable[[Any, Context], Any] = getattr(handler, _name_kind(handler))

        async def surrounded(requests: Any, context: Context) -> Any:
            call = _Call(method, context, self._metrics)

            async def work() -> Any:
                looked_at = call.look_at_all(requests) if handler.request_streaming else call.look_at(requests)
                answer = serve(looked_at, context)
                if not inspect.isasyncgen(answer):
                    return await answer
                async with contextlib.aclosing(answer):
                    async for response in answer:
                        await context.write(response)
                return None

            return await call.run(work)

        return surrounded


def _name_kind(handler: Handler) -> str:
    sides = (handler.request_streaming, handler.response_streaming)
    return "_".join("stream" if streaming else "unary" for streaming in sides)
