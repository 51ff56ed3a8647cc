"""All that can be set, composed of what each package declares; read once, at the start."""

import os
import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from graphs import GraphSettings
from knowledge import KnowledgeSettings
from memory import MemorySettings
from models.settings import ModelsSettings

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class SettingsInvalid(Exception):
    """A setting cannot be used; the message names it, its value and what is allowed."""


class HttpSettings(BaseModel):
    """Where Freya listens, who may speak to her, and how much at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(
        default="127.0.0.1", description="Address to listen on; anything but loopback needs API keys."
    )
    port: int = Field(default=8700, ge=0, le=65535, description="Port to listen on; 0 takes any free one.")
    key_hashes: list[str] = Field(
        default_factory=list,
        description="SHA-256 of each API key, in hexadecimal; `freya key` makes a key and its hash.",
    )
    hosts: list[str] = Field(
        default_factory=list,
        description="Further host names under which Freya may be addressed; without API keys only loopback names are.",
    )
    longest_body: int = Field(default=262_144, ge=1024, description="The longest request body, in bytes.")
    heartbeat_s: float = Field(
        default=15.0, gt=0, description="Seconds of silence after which a stream gets a heartbeat event."
    )
    busy_wait_s: float = Field(
        default=60.0, gt=0, description="Seconds a queued message waits for the thread's earlier run."
    )
    most_runs: int = Field(
        default=64, ge=1, description="Runs carried out at once; more are refused with 503."
    )

    @field_validator("key_hashes")
    @classmethod
    def _hashes_are_hashes(cls, hashes: list[str]) -> list[str]:
        for value in hashes:
            if not _SHA256.fullmatch(value):
                raise ValueError("each must be 64 hexadecimal digits (lower case); make one with `freya key`")
        return hashes

    @model_validator(mode="after")
    def _keys_beyond_loopback(self) -> Self:
        if not self.is_loopback and not self.key_hashes:
            raise ValueError(
                f"host {self.host!r} is reachable from other machines, so API keys are needed: "
                "run `freya key`, put the hash into FREYA_HTTP__KEY_HASHES, or listen on 127.0.0.1"
            )
        return self

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        return self.host in _LOOPBACK


class LogSettings(BaseModel):
    """What is logged, and how it is written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least severe messages that are written."
    )
    format: Literal["auto", "json", "text"] = Field(
        default="auto", description="One JSON object a line, or text for people; auto: text on a terminal."
    )


class RunSettings(BaseModel):
    """How long runs and their traces are kept at hand."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    events_ttl_s: int = Field(
        default=24 * 3600,
        ge=60,
        description="Seconds for which the events of a finished run can be read again.",
    )
    timeout_s: float = Field(default=300.0, gt=0, description="Seconds after which a run is given up.")


class Settings(BaseSettings):
    """Every setting: from FREYA_* variables (nested with two underscores), else from freya.toml, else the default."""

    model_config = SettingsConfigDict(
        env_prefix="FREYA_",
        env_nested_delimiter="__",
        extra="ignore",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    data: Annotated[Path, Field(description="The data folder: embedded servers, indexes, model files.")] = (
        Path("data")
    )
    postgres_url: Annotated[
        SecretStr | None,
        Field(
            description="PostgreSQL with pgvector, as postgresql://user:password@host/database; else the embedded one."
        ),
    ] = None
    redis_url: Annotated[
        SecretStr | None, Field(description="Redis, as redis://host:6379/0; else the embedded one.")
    ] = None
    postgres_connections: Annotated[
        int, Field(ge=2, le=500, description="The most connections to PostgreSQL for runs and reads.")
    ] = 16
    http: HttpSettings = HttpSettings()
    log: LogSettings = LogSettings()
    runs: RunSettings = RunSettings()
    models: ModelsSettings = ModelsSettings()
    knowledge: KnowledgeSettings = KnowledgeSettings()
    memory: MemorySettings = MemorySettings()
    graphs: GraphSettings = GraphSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the library's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What was given in code, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=config_file())


def config_file() -> Path:
    """The configuration file: FREYA_CONFIG, else freya.toml in the working folder; it need not exist."""
    return Path(os.environ.get("FREYA_CONFIG", "freya.toml"))


def load_settings() -> Settings:
    """Read the settings. Raises SettingsInvalid with one line for each setting that cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"{'.'.join(str(part) for part in item['loc'])}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors(include_input=False, include_url=False)
        ]
        raise SettingsInvalid("these settings cannot be used:\n" + "\n".join(lines)) from error
    except (ValueError, OSError) as error:  # not TOML, not JSON in a variable, or not readable
        raise SettingsInvalid(f"the settings cannot be read: {error}") from error
