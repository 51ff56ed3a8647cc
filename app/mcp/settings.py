"""What can be set about MCP servers of others, whose tools specialists use."""

import re
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,23}")


class McpServerSettings(BaseModel):
    """One server: how it is reached, which of its tools are used, and by whom."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: list[str] | None = Field(
        default=None, description="What starts it, word by word, to be spoken to on its standard streams."
    )
    environment: dict[str, SecretStr] = Field(
        default_factory=dict, description="Variables that the command is started with, beside PATH and HOME."
    )
    url: str | None = Field(default=None, description="Where it is reached over HTTP, instead of a command.")
    headers: dict[str, SecretStr] = Field(
        default_factory=dict, description="Headers of each request, such as Authorization."
    )
    agents: Annotated[list[str], Field(min_length=1, description="The specialists who get its tools.")]
    tools: Annotated[
        list[str], Field(min_length=1, description="Which of its tools are used; others never are.")
    ]
    writes: list[str] = Field(
        default_factory=list,
        description="Those of them that change something: only the user's own words may call for one, and a person must allow each "
        "call. What the server itself calls destructive counts as well.",
    )
    timeout_s: float = Field(
        default=30.0,
        gt=0,
        le=600,
        description="Seconds after which a call, or the server's start, is given up.",
    )

    @model_validator(mode="after")
    def _is_reached_one_way(self) -> Self:
        if bool(self.command) == bool(self.url):
            raise ValueError("give either its command or its url")
        if self.url is not None and not self.url.startswith(("http://", "https://")):
            raise ValueError("its url must begin with http:// or https://")
        unknown = set(self.writes) - set(self.tools)
        if unknown:
            raise ValueError(f"writes names {', '.join(sorted(unknown))}, which is none of its tools")
        return self


class McpSettings(BaseModel):
    """The Model Context Protocol."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    servers: dict[str, McpServerSettings] = Field(
        default_factory=dict,
        description="Servers whose tools specialists use, by a name of your choice, which stands before the names of its tools.",
    )

    @field_validator("servers")
    @classmethod
    def _names_are_names(cls, servers: dict[str, McpServerSettings]) -> dict[str, McpServerSettings]:
        for name in servers:
            if not _NAME.fullmatch(name):
                raise ValueError(
                    f"{name!r} cannot name a server: take a lower-case letter, then letters, digits and _, 24 at most"
                )
        return servers
