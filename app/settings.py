"""All that can be set, composed of what each package declares; read once, at the start."""

import ipaddress
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self  # Any: values of the file
from urllib.parse import parse_qsl, urlencode, urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from app.access.settings import LimitSettings
from app.attachments.settings import AttachmentSettings
from app.market import MarketSettings
from app.mcp.settings import McpSettings
from app.tracing import TracingSettings
from app.variables import Names, Stray, config_file
from graphs import GraphSettings
from knowledge import KnowledgeSettings
from memory import MemorySettings, Owner, OwnerInvalid
from models import ModelsSettings

_SHA256 = re.compile(r"[0-9a-f]{64}")
_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?")
_POSTGRES_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
_REDIS_SCHEMES = ("redis", "rediss", "unix")
_SECRET_PARAMETERS = frozenset({"password", "sslpassword", "passfile"})


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
        description="SHA-256 of keys that may do everything beside those of `freya keys`, in hexadecimal; `freya key` makes one.",
    )
    key_users: dict[str, str] = Field(
        default_factory=dict,
        description="Whom such a key acts for, by its hash: a user, or tenant/user. Others act for any user.",
    )
    hosts: list[str] = Field(
        default_factory=list,
        description="Further host names under which Freya may be addressed; without API keys only loopback names are.",
    )
    origins: list[str] = Field(
        default_factory=list,
        description="Origins whose pages may speak to Freya from a browser (CORS), such as https://console.example.",
    )
    console: bool = Field(
        default=True, description="Whether the web console is served at `/`; else `/` leads to `/docs`."
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

    @field_validator("origins")
    @classmethod
    def _origins_are_origins(cls, origins: list[str]) -> list[str]:
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"{origin} is no origin: give scheme, host and port as a browser does, such as https://console.example:8443"
                )
        return origins

    @model_validator(mode="after")
    def _users_have_keys(self) -> Self:
        for digest, named in self.key_users.items():
            if digest not in self.key_hashes:
                raise ValueError(f"key_users names {digest[:8]}…, which is none of key_hashes")
            tenant, slash, user = named.rpartition("/")
            try:
                Owner(user, tenant if slash else "local")
            except OwnerInvalid as error:
                raise ValueError(str(error)) from error
        return self

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


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
    routed_within_s: float = Field(
        default=0.2,
        ge=0,
        description="Where runs take more seconds than this until a specialist is chosen, the process is overloaded: it takes fewer at once, down to three. Others wait up to five seconds for a place, sixteen at most, unless more are refused than end; they are refused with 503. 0 takes as many as FREYA_HTTP__MOST_RUNS, and lets nobody wait.",
    )
    executor: Literal["process", "celery"] = Field(
        default="process",
        description="Who carries out runs and background work: the process that takes requests, or `freya worker` on any machines.",
    )
    most_waiting: int = Field(
        default=256, ge=1, description="Runs that may wait for a worker; more are refused with 503."
    )


class Settings(BaseSettings):
    """Every setting: from FREYA_* variables (nested with two underscores), else from freya.toml, else the default."""

    model_config = SettingsConfigDict(
        env_prefix="FREYA_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
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
        int,
        Field(
            ge=2,
            le=500,
            description="The most connections to PostgreSQL for runs and reads.",
        ),
    ] = 16
    http: HttpSettings = HttpSettings()
    limits: LimitSettings = LimitSettings()
    log: LogSettings = LogSettings()
    tracing: TracingSettings = TracingSettings()
    runs: RunSettings = RunSettings()
    models: ModelsSettings = ModelsSettings()
    knowledge: KnowledgeSettings = KnowledgeSettings()
    memory: MemorySettings = MemorySettings()
    graphs: GraphSettings = GraphSettings()
    market: MarketSettings = MarketSettings()
    mcp: McpSettings = McpSettings()
    attachments: AttachmentSettings = AttachmentSettings()

    @field_validator("postgres_url", "redis_url")
    @classmethod
    def _urls_are_urls(cls, url: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        schemes = _POSTGRES_SCHEMES if info.field_name == "postgres_url" else _REDIS_SCHEMES
        if url is not None and url.get_secret_value().partition("://")[0] not in schemes:
            raise ValueError(f"must begin with {' or '.join(f'{one}://' for one in schemes[:2])}")
        return url

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
        return init_settings, env_settings, InitSettingsSource(settings_cls, init_kwargs=_file_content())


def needs_keys(http: HttpSettings) -> str:
    """What is said where other machines could reach a service that has no keys."""
    return (
        f"on host {http.host} other machines can reach Freya, so she needs API keys there: "
        "run `freya keys create NAME`, or `freya key` and put the hash into FREYA_HTTP__KEY_HASHES, or listen on 127.0.0.1"
    )


def load_settings(**given: Any) -> Settings:  # values of settings, which pydantic checks
    """Read the settings; what is `given` comes before variables and file, a part of a section beside its other parts.

    Raises SettingsInvalid with one line for each setting that cannot be used.
    """
    names = Names(Settings, os.environ, _file_content())
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = names.complaints(error)
    except SettingsError as error:  # not JSON in a variable
        lines = names.not_json() or [str(error)]
    raise SettingsInvalid(
        "\n  ".join([f"these settings cannot be used (the file is {config_file()}):", *lines])
    )


def stray_settings() -> list[Stray]:
    """FREYA_* variables and keys of the file that are no settings, most likely misspelt. Raises SettingsInvalid."""
    return Names(Settings, os.environ, _file_content()).strays()


def without_password(url: str) -> str:
    """The URL fit to be shown: user, host and path, stars for a password."""
    parts = urlsplit(url)
    place = parts.netloc
    if parts.password is not None:
        user, _, host = place.rpartition("@")
        place = f"{user.partition(':')[0]}:***@{host}"
    query = [
        (name, "***" if name in _SECRET_PARAMETERS else value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    asked = f"?{urlencode(query, safe='*/')}" if query else ""
    return f"{parts.scheme}://{place}{parts.path}{asked}"


def _file_content() -> dict[str, Any]:  # whatever the file holds
    file = config_file()
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if not os.environ.get("FREYA_CONFIG"):
            return {}
        raise SettingsInvalid(
            f"the configuration file {file} does not exist; FREYA_CONFIG or --config names it"
        ) from error
    except OSError as error:
        raise SettingsInvalid(f"the configuration file {file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsInvalid(
            f"the configuration file {file} is not UTF-8 (at byte {error.start + 1}); save it as UTF-8"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsInvalid(f"the configuration file {file} is not TOML: {error}") from error
