"""What an installation chooses: environment variables with the prefix GRAPHMASAL_, over a TOML file, over defaults."""

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from kg.errors import FieldViolation, InvalidInputError, refuse

ENVIRONMENT_PREFIX = "GRAPHMASAL_"
_LOOPBACK = ("127.0.0.1:", "localhost:", "[::1]:", "unix:")


def find_home() -> Path:
    """Returns the folder for everything that is kept: $GRAPHMASAL_HOME, or ~/.graphmasal."""
    return Path(os.environ.get("GRAPHMASAL_HOME") or Path.home() / ".graphmasal").expanduser()


def find_file() -> Path:
    """Returns where the settings file is looked for: $GRAPHMASAL_CONFIG, or graphmasal.toml in the home folder."""
    return Path(os.environ.get("GRAPHMASAL_CONFIG") or find_home() / "graphmasal.toml").expanduser()


class Settings(BaseSettings):
    """All settings of a server; `load_settings` makes them, with errors that a person can act on."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    home: Path = Field(default_factory=find_home)
    """Folder for what is kept."""
    store: str = Field(default="", repr=False)
    """`sqlite:PATH` or `neo4j://[user:password@]host:port`; empty: sqlite:graphmasal.db in the home folder."""
    neo4j_user: str = "neo4j"
    """User at Neo4j where the URL names none."""
    neo4j_password: SecretStr = SecretStr("")
    """Password at Neo4j where the URL has none."""
    listen: str = "127.0.0.1:50051"
    """Address as host:port (port 0: any free one) or unix:/path."""
    allow_remote: bool = False
    """Listen beyond this machine. There is no authentication in the server: whoever reaches it may read it all."""
    metrics_listen: str = ""
    """Address as host:port for Prometheus over HTTP; empty: none."""
    log_format: Literal["console", "json"] = "console"
    """How log lines look."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severity that is logged."""
    workers: int = Field(default_factory=lambda: min(8, os.cpu_count() or 1), ge=1, le=256)
    """Threads for work that would block the event loop."""
    planning_processes: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=0, le=256)
    """Processes that plan for a batch of learners; 0: none, batches are planned in the threads."""
    drain_seconds: float = Field(default=10.0, ge=0, le=3600)
    """How long calls under way may go on after the server was asked to stop."""
    max_message_mebibytes: int = Field(default=16, ge=4, le=1024)
    """Largest message that is received."""
    ranker: Literal["base", "lexical"] = "base"
    """What curricula without a trained ranker are searched with: words and vectors, or words only."""
    encoder: str = "all-MiniLM-L6-v2"
    """The base ranker's encoder: its name, or a folder of a sentence-transformers model."""
    encoder_precision: Literal["int8", "fp32"] = "int8"
    """Arithmetic of encoders; an index is searched with the one that it was built with."""
    model_cache: Path | None = None
    """Folder for models made ready to run; none: models in the home folder."""
    prepared_models: Path | None = None
    """Folder of models that the installation made ready to run; only read."""
    retrieval_threads: int = Field(default_factory=lambda: min(4, os.cpu_count() or 1), ge=1, le=256)
    """How many searches go on at once."""
    retrieval_queue: int = Field(default=256, ge=1, le=100_000)
    """How many searches may wait; further ones are refused."""
    reranker_cache_mebibytes: int = Field(default=256, ge=0, le=65_536)
    """Memory for what a reranker keeps of the texts that it has read."""
    model: str = ""
    """Chat model of tutoring sessions: `provider:name` such as openai:gpt-4o-mini, or `local`; empty: none."""
    model_base_url: str = ""
    """Another server that talks as the model's provider does, as an http or https URL; empty: the provider's own."""
    model_api_key: SecretStr = SecretStr("")
    """Key for the model; empty: the one in the provider's own environment variable, or none for a base URL."""
    model_timeout_seconds: float = Field(default=60.0, ge=1, le=3600)
    """How long a turn waits for the model, all of its calls together."""
    model_retries: int = Field(default=2, ge=0, le=10)
    """Further tries of a call of the model that failed in passing."""
    model_tokens_per_day: int = Field(default=0, ge=0)
    """Tokens, read and written, that each tenant may use of the model in a day in UTC; 0: no bound."""
    model_input_price: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Price of a million tokens that the model reads, in any currency."""
    model_output_price: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """Price of a million tokens that the model writes."""
    tutoring_turns: int = Field(default=64, ge=1, le=10_000)
    """How many tutoring turns go on at once; further ones are refused."""
    tutoring_turn_seconds: float = Field(default=120.0, ge=1.0, le=3_600.0)
    """How long a tutoring turn may take, whether anybody listens or not."""
    tutoring_lease_seconds: float = Field(default=10.0, ge=1.0, le=600.0)
    """After so long without a sign of life of the server that works on a turn, another takes it up."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Puts the TOML file below the environment."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, find_file())

    @field_validator("home", "model_cache", "prepared_models")
    @classmethod
    def _expand_folder(cls, folder: Path | None) -> Path | None:
        return folder and folder.expanduser()

    @field_validator("listen", "metrics_listen")
    @classmethod
    def _check_address(cls, address: str) -> str:
        if address.startswith("unix:") or not address:
            return address
        host, _, port = address.rpartition(":")
        if not host or not (port.isascii() and port.isdigit() and int(port) < 65_536):
            raise ValueError(f"must be host:port with a port from 0 to 65535, not {address!r}")
        return address

    @field_validator("model")
    @classmethod
    def _check_model(cls, model: str) -> str:
        provider, _, name = model.partition(":")
        if model not in ("", "local") and not (provider and name):
            raise ValueError(f"must be local, or provider:name such as openai:gpt-4o-mini, not {model!r}")
        return model

    @field_validator("model_base_url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError(f"must begin with http:// or https://, not {url!r}")
        return url

    @model_validator(mode="after")
    def _check_together(self) -> "Settings":
        if not self.listen or self.metrics_listen.startswith("unix:"):
            raise ValueError("listen must be host:port or unix:/path, metrics_listen host:port or empty")
        for name, address in (("listen", self.listen), ("metrics_listen", self.metrics_listen)):
            if address and not address.startswith(_LOOPBACK) and not self.allow_remote:
                raise ValueError(
                    f"{name} = {address!r} would be reached from other machines, and the server asks nobody who they "
                    f"are; set allow_remote ({ENVIRONMENT_PREFIX}ALLOW_REMOTE=true) if that is what you want"
                )
        return self

    @property
    def store_url(self) -> str:
        """Where the store is, the default worked out."""
        return self.store or f"sqlite:{self.home / 'graphmasal.db'}"

    @property
    def model_folder(self) -> Path:
        """Where models made ready to run are, the default worked out."""
        return self.model_cache or self.home / "models"


def load_settings(**given: Any) -> Settings:
    """Reads the settings.

    Args:
        given: Settings that win over environment and file, as command line options do.

    Raises:
        InvalidInputError: Settings are unknown or wrong; each violation names one.
    """
    file = find_file()
    if os.environ.get("GRAPHMASAL_CONFIG") and not file.is_file():
        raise refuse("GRAPHMASAL_CONFIG", f"must name a file, and there is none at {file}")
    try:
        return Settings(**given)
    except ValidationError as error:
        raise InvalidInputError(
            *(_explain(detail["type"], detail["loc"], detail["msg"]) for detail in error.errors())
        ) from None
    except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError) as error:
        raise refuse(str(file), f"must be a readable TOML file: {error}") from error


def _explain(kind: str, location: tuple[int | str, ...], message: str) -> FieldViolation:
    name = ".".join(map(str, location)) or "settings"
    if kind == "extra_forbidden":
        return FieldViolation(name, f"is no setting; there are {', '.join(Settings.model_fields)}")
    return FieldViolation(name, message.removeprefix("Value error, "))
