"""A chat model's server as OpenAI's API has it, on a real socket; what it answers is written in the test."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the server does with one request.

    Attributes:
        pieces: What it writes, streamed piece by piece.
        tokens: Read and written, told at the end; None: it tells none.
        status: Other than 200: an error, and nothing is written.
        headers: Further ones.
        code: Of the error.
        ends: How: "whole", "cut" (the connection is closed in the middle), "silence" (nothing more comes until the
            client goes).
        tool: Name of a tool that the model wants to call before it writes.
    """

    pieces: tuple[str, ...] = ()
    tokens: tuple[int, int] | None = (10, 5)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    code: str = ""
    ends: str = "whole"
    tool: str = ""


def say(*pieces: str, **terms: Any) -> Reply:
    """A reply that is some text."""
    return Reply(pieces=pieces, **terms)


def refuse(status: int, code: str = "", **headers: str) -> Reply:
    """A reply that is an error; of headers' names `_` stands for `-`."""
    return Reply(status=status, code=code, headers={name.replace("_", "-"): value for name, value in headers.items()})


class ModelServer:
    """Answers each request with the next reply, or with what a function makes of the request.

    Args:
        replies: As many as there will be requests, or the function.

    Attributes:
        requests: Bodies, in the order in which they came.
        keys: The bearer tokens that came with them.
        asked: Set once a request has come.
        gone: Set once a client has gone before its reply was whole.
    """

    def __init__(self, replies: Iterable[Reply] | Callable[[dict[str, Any]], Reply]) -> None:
        self._reply: Callable[[dict[str, Any]], Reply]
        if callable(replies):
            self._reply = replies
        else:
            script = iter(replies)
            self._reply = lambda _: next(script, refuse(418, "script_is_over"))
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.asked = asyncio.Event()
        self.gone = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Begins to listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Ends, with whatever it is doing."""
        assert self._server is not None
        self._server.close()
        for task in list(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def base_url(self) -> str:
        """As a client of OpenAI's is given it."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                body, key = await _read_request(reader)
                self.requests.append(body)
                self.asked.set()
                self.keys.append(key)
                await self._answer(self._reply(body), reader, writer)
        finally:
            self._serving.discard(task)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if reply.status != 200:
            error = {"message": "as the test says", "type": "error", "code": reply.code or None}
            _write_head(writer, reply, "application/json", json.dumps({"error": error}))
            await writer.drain()
            return
        _write_head(writer, reply, "text/event-stream")
        chunks = [_make_chunk({"role": "assistant", "content": ""})]
        if reply.tool:
            call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": reply.tool, "arguments": "{}"}}
            chunks.append(_make_chunk({"tool_calls": [call]}))
        chunks += [_make_chunk({"content": piece}) for piece in reply.pieces]
        for chunk in chunks:
            _write_event(writer, json.dumps(chunk))
            await writer.drain()
        if reply.ends == "whole":
            _write_event(writer, json.dumps(_make_chunk({}, finish="stop")))
            if reply.tokens is not None:
                _write_event(writer, json.dumps(_tell_tokens(*reply.tokens)))
            _write_event(writer, "[DONE]")
            writer.write(b"0\r\n\r\n")
            await writer.drain()
        elif reply.ends == "silence":
            await reader.read()  # nothing more comes from a client but its end
            self.gone.set()


async def _read_request(reader: asyncio.StreamReader) -> tuple[dict[str, Any], str]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[1:]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head)}
    body = json.loads(await reader.readexactly(int(headers["content-length"])))
    return body, headers.get("authorization", "").removeprefix("Bearer ")


def _write_head(writer: asyncio.StreamWriter, reply: Reply, kind: str, body: str = "") -> None:
    length = f"Content-Length: {len(body)}" if body else "Transfer-Encoding: chunked"
    further = [f"{name}: {value}" for name, value in reply.headers.items()]
    head = [f"HTTP/1.1 {reply.status} As-scripted", f"Content-Type: {kind}", length, "Connection: close", *further]
    writer.write("\r\n".join([*head, "", body]).encode())


def _write_event(writer: asyncio.StreamWriter, data: str) -> None:
    event = f"data: {data}\n\n".encode()
    writer.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")


def _make_chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "scripted", "choices": [choice]}


def _tell_tokens(read: int, written: int) -> dict[str, Any]:
    usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    return _make_chunk({}) | {"choices": [], "usage": usage}
