"""What may be set about a model that is kept in memory."""

from pathlib import Path

from pydantic import Field

from models.resident.settings import EngineSettings


class ResidentSettings(EngineSettings):
    """A GGUF file served in this process: how it is loaded, and how it answers."""

    sha256: str | None = Field(
        default=None,
        pattern="^[0-9a-fA-F]{64}$",
        description="What the file must have, checked before it is loaded.",
    )
    preload: bool = Field(
        default=False, description="Whether it is loaded at the start, before it is asked for."
    )
    pin: bool = Field(
        default=False, description="Whether it is loaded at the start and never unloaded for another model."
    )
    adapters: dict[str, Path] = Field(
        default_factory=dict,
        description="LoRA adapters, GGUF files by a name of your choice, loaded with it.",
    )
    temperature: float = Field(
        default=0.2, ge=0, le=2, description="Sampling temperature; 0 takes the likeliest token."
    )
    max_tokens: int = Field(default=1024, ge=1, description="The longest answer, in tokens.")
    thinking: bool | None = Field(
        default=None,
        description="Whether a model that can think before it answers does; unset: as its own template has it.",
    )
    timeout_s: float = Field(
        default=120.0, gt=0, description="Seconds until a request counts as failed, waiting included."
    )
    shed_after: int | None = Field(
        default=None,
        ge=0,
        description="Waiting requests from which on further ones go to the next model of their role; unset: `queue` alone limits.",
    )
