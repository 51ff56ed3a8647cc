"""What can be set about taking histories in."""

from pydantic import BaseModel, ConfigDict, Field


class HistorySettings(BaseModel):
    """How large a history from elsewhere may be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    longest_import: int = Field(
        default=256 * 1024 * 1024,
        ge=1024,
        description="The most bytes of one history that is imported over HTTP; it is read as a stream.",
    )
