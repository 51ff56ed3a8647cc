"""What can be set about short-term memory beside its length and its time to live."""

from pydantic import BaseModel, ConfigDict, Field


class ShortTermSettings(BaseModel):
    """How the beginning of a long conversation is summed up, and how large a working state may be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    summary_tokens: int = Field(
        default=400,
        ge=40,
        le=2000,
        description="Tokens of the summary of older turns; never more than a quarter of the token limit.",
    )
    summarised_turns: int = Field(
        default=200,
        ge=50,
        le=2000,
        description="Turns read to rebuild a thread that Redis has lost: what is older is not in the summary.",
    )
    state_bytes: int = Field(
        default=65_536,
        ge=1024,
        le=1_048_576,
        description="The most bytes of the working state of an agent in a thread.",
    )
