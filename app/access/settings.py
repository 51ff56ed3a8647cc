"""How much a key, or without keys a user, may use."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Most = Annotated[int | None, Field(ge=1)]


class LimitSettings(BaseModel):
    """How much each API key may use, or without keys each user; a key may have limits of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests_a_minute: Most = Field(
        default=None,
        description="Requests a minute, and turns that begin over a WebSocket; unset: any number.",
    )
    turns_a_day: Most = Field(default=None, description="Turns a day; unset: any number.")
    tokens_a_day: Most = Field(
        default=None,
        description="Tokens of models a day, after which no turn begins; unset: any number.",
    )
    streams: int = Field(
        default=512,
        ge=1,
        description="Open streams and WebSockets in one process; more are refused with 503.",
    )
    streams_a_key: int = Field(
        default=128,
        ge=1,
        description="Those of one key, or without keys of one user; more are refused with 429.",
    )
