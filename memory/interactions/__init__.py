"""The log of interactions: append-only, one record a run whatever its outcome; what learning reads later."""

from memory.interactions.exporting import ExportedLog, ExportFormat, ExportUnavailable
from memory.interactions.log import InteractionLog, Redact, log_interaction, redacted_record
from memory.interactions.partitions import ensure_partitions
from memory.interactions.records import (
    Cost,
    Feedback,
    Interaction,
    LoggedInteraction,
    ModelUse,
    RoutedTask,
    SuccessMetrics,
)
from memory.interactions.store import InteractionStore

__all__ = [
    "Cost",
    "ExportFormat",
    "ExportUnavailable",
    "ExportedLog",
    "Feedback",
    "Interaction",
    "InteractionLog",
    "InteractionStore",
    "LoggedInteraction",
    "ModelUse",
    "Redact",
    "RoutedTask",
    "SuccessMetrics",
    "ensure_partitions",
    "log_interaction",
    "redacted_record",
]
