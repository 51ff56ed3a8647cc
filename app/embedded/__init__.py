"""PostgreSQL and Redis that Freya runs itself when it is given no URLs."""

from app.embedded.errors import (
    AccountUnusable,
    DataFolderBusy,
    DataFolderUnusable,
    EmbeddedError,
    ServerDidNotStart,
    ServerMissing,
)
from app.embedded.locks import Instance, InstanceLock, running_instance
from app.embedded.servers import EmbeddedServers, Origin, ServerDescription

__all__ = [
    "AccountUnusable",
    "DataFolderBusy",
    "DataFolderUnusable",
    "EmbeddedError",
    "EmbeddedServers",
    "Instance",
    "InstanceLock",
    "Origin",
    "ServerDescription",
    "ServerDidNotStart",
    "ServerMissing",
    "running_instance",
]
