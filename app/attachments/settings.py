"""What can be set about attachments."""

from pydantic import BaseModel, ConfigDict, Field


class AttachmentSettings(BaseModel):
    """Bounds on files that are attached to conversations."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    longest: int = Field(
        default=20 * 1024 * 1024,
        ge=1024,
        le=200 * 1024 * 1024,
        description="The longest attached file, in bytes.",
    )
    longest_text: int = Field(
        default=400_000,
        ge=1000,
        description="Characters of its text that are kept; the rest is left out and said so.",
    )
    most_pages: int = Field(default=500, ge=1, description="Pages of a PDF that are read.")
    seconds: float = Field(default=30.0, gt=0, description="Seconds that reading a PDF may take.")
    memory_mb: int = Field(
        default=768, ge=256, description="Megabytes of address space that reading a PDF may take."
    )
