from pathlib import Path

import pytest

from kg.errors import InvalidInputError
from kg.stores import create_store
from server.settings import load_settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRAPHMASAL_HOME", str(tmp_path))
    return tmp_path


def refused(**given: object) -> dict[str, str]:
    with pytest.raises(InvalidInputError) as caught:
        load_settings(**given)
    return {violation.field: violation.rule for violation in caught.value.violations}


def test_everything_has_a_default(home: Path) -> None:
    settings = load_settings()
    assert settings.store_url == f"sqlite:{home}/graphmasal.db"
    assert (settings.listen, settings.metrics_listen, settings.drain_seconds) == ("127.0.0.1:50051", "", 10)


def test_the_environment_wins_over_the_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "graphmasal.toml").write_text('listen = "127.0.0.1:1"\nlog_format = "json"\n')
    monkeypatch.setenv("GRAPHMASAL_LISTEN", "127.0.0.1:2")
    settings = load_settings(workers=3)
    assert (settings.listen, settings.log_format, settings.workers) == ("127.0.0.1:2", "json", 3)


def test_an_unknown_key_in_the_file_is_named(home: Path) -> None:
    (home / "graphmasal.toml").write_text('lisen = "127.0.0.1:1"\n')
    assert "listen" in refused()["lisen"]


def test_a_broken_file_is_named(home: Path) -> None:
    (home / "graphmasal.toml").write_text("listen = \n")
    assert list(refused()) == [str(home / "graphmasal.toml")]


def test_a_missing_file_that_was_named_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMASAL_CONFIG", str(home / "none.toml"))
    assert list(refused()) == ["GRAPHMASAL_CONFIG"]


@pytest.mark.parametrize("address", ["0.0.0.0:1", "[::]:1", "192.0.2.1:50051", "example.org:1", "127.0.0.1.example:1"])
@pytest.mark.parametrize("name", ["listen", "metrics_listen"])
def test_listening_beyond_this_machine_is_asked_for_by_name(name: str, address: str) -> None:
    assert "allow_remote" in refused(**{name: address})["settings"]
    assert load_settings(**{name: address}, allow_remote=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", ":1", "localhost:²"])
def test_a_malformed_address_is_named(address: str) -> None:
    assert "host:port" in refused(listen=address)["listen"]


def test_passwords_are_not_shown() -> None:
    settings = load_settings(store="neo4j://me:secret@host:1", neo4j_password="secret")  # noqa: S106
    assert "secret" not in repr(settings)


@pytest.mark.parametrize("url", ["", "sqlite:", "mysql://x", "neo4j://", "neo4j://host:x", "here.db"])
def test_a_url_that_names_no_store_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        create_store(url)
    assert caught.value.violations[0].field == "store"


@pytest.mark.parametrize("model", ["gpt-4o-mini", "openai:", ":name", "Local"])
def test_a_chat_model_is_named_with_its_provider(model: str) -> None:
    assert "provider:name" in refused(model=model)["model"]


def test_a_chat_models_key_is_shown_nowhere() -> None:
    settings = load_settings(model="openai:m", model_base_url="http://localhost:8000/v1", model_api_key="sk-secret")
    assert settings.model_api_key.get_secret_value() == "sk-secret"
    assert "sk-secret" not in f"{settings!r} {settings.model_dump_json()}"
    assert "http://" in refused(model_base_url="localhost:8000")["model_base_url"]
