"""What can be set about memory."""

from pydantic import BaseModel, ConfigDict, Field

from memory.consolidation.settings import ConsolidationSettings
from memory.history_settings import HistorySettings
from memory.privacy.settings import PrivacySettings
from memory.recall.settings import RecallSettings
from memory.records.settings import RecordSettings
from memory.retention_settings import KeptDays
from memory.short_settings import ShortTermSettings


class MemorySettings(BaseModel):
    """How much of a conversation is carried along, and for how long."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    short_ttl_s: int = Field(
        default=6 * 3600,
        ge=60,
        description="Seconds that the short-term memory of an idle thread lives in Redis.",
    )
    short_turns: int = Field(
        default=25, ge=1, le=50, description="Turns of a thread kept in short-term memory."
    )
    token_limit: int = Field(
        default=8000,
        ge=200,
        description="Tokens of earlier turns that a request may carry along, newest first.",
    )
    short: ShortTermSettings = ShortTermSettings()
    recall: RecallSettings = RecallSettings()
    records: RecordSettings = RecordSettings()
    consolidation: ConsolidationSettings = ConsolidationSettings()
    privacy: PrivacySettings = PrivacySettings()
    history: HistorySettings = HistorySettings()
    kept_days: KeptDays = Field(
        default=KeptDays(),
        description="Days that the interaction log, feedback, vault and audit trail are kept.",
    )
