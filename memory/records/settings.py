"""What can be set about what is remembered beside messages."""

from pydantic import BaseModel, ConfigDict, Field


class RetentionDays(BaseModel):
    """After how many unused days something is deleted; without a number it stays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    medium: int | None = Field(
        default=90,
        ge=1,
        description="Days that an unused decision, progress or artifact record is kept; pinned ones stay.",
    )
    long: int | None = Field(
        default=None,
        ge=1,
        description="Days that an unused fact, preference or other lasting record is kept; pinned ones stay.",
    )
    threads: int | None = Field(
        default=None, ge=1, description="Days after its last message that a thread is kept."
    )


class RecordSettings(BaseModel):
    """How long records are recalled and kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fade_after_days: float = Field(
        default=60,
        gt=0,
        description="Unused days after which an ordinary record fades and is recalled only when nothing else answers.",
    )
    promoted_from: int = Field(
        default=3,
        ge=2,
        description="How often a decision or progress record must have been said, or cited in answers, to be kept for good.",
    )
    retention_days: RetentionDays = Field(
        default=RetentionDays(),
        description="Days that unused records and threads are kept, by what they are.",
    )
