"""What can be set about how long what is kept beside the memory itself stays."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

SHORTEST_AUDIT: Final = 30
"""Days; the database itself keeps the audit trail as long."""


class KeptDays(BaseModel):
    """After how many days entries are deleted in the daily round; 0 keeps them for good."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    interactions: int = Field(
        default=730, ge=0, description="Days that an entry of the interaction log is kept; 0: for good."
    )
    feedback: int = Field(default=730, ge=0, description="Days that feedback on a run is kept; 0: for good.")
    vault: int = Field(
        default=730,
        ge=0,
        description="Days after it was last redacted that a value can be revealed; 0: for good.",
    )
    audit: int = Field(
        default=1825,
        ge=0,
        description="Days that an entry of the audit trail is kept, 30 at least; 0: for good.",
    )

    @field_validator("audit")
    @classmethod
    def _long_enough(cls, days: int) -> int:
        if 0 < days < SHORTEST_AUDIT:
            raise ValueError(
                f"the audit trail is kept for {SHORTEST_AUDIT} days at least, not {days}; 0 keeps it for good"
            )
        return days
