"""What can be set about consolidation."""

from pydantic import BaseModel, ConfigDict, Field


class ConsolidationSettings(BaseModel):
    """When what was said becomes what is known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every_s: float = Field(
        default=30.0,
        gt=0,
        description="Seconds between two looks for messages that wait, beside each turn's end.",
    )
    settle_s: float = Field(
        default=1.0,
        ge=0,
        description="Seconds without the end of a turn before what was said is embedded and consolidated.",
    )
    behind_s: float = Field(
        default=30.0,
        ge=0,
        description="Seconds that this waits at most while turns follow each other.",
    )
    daily_s: float = Field(
        default=86_400.0, gt=0, description="Seconds between two rounds of fading, expiry and repair."
    )
    retry_s: float = Field(default=5.0, gt=0, description="Seconds before a step that failed is tried again.")
    batch: int = Field(default=200, ge=1, le=5000, description="Messages taken at a time.")
    attempts: int = Field(
        default=3,
        ge=1,
        le=20,
        description="Attempts at a message before it is left without being consolidated.",
    )
    neighbours: int = Field(
        default=2, ge=0, le=10, description="Messages before and after that help to understand one."
    )
    by_model: bool = Field(
        default=False,
        description="Let the orchestrator's configured model extract as well, a call for each message of a user.",
    )
