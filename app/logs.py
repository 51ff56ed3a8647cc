"""Structured logs: one JSON object a line, or text for people; run ids in them, secrets not."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO  # structlog's processor signature

import structlog

from app.settings import LogSettings

_SECRET_NAME = re.compile(r"key|secret|token|password|authorization|cookie|dsn", re.IGNORECASE)
_HARMLESS_NAMES = frozenset({"input_tokens", "output_tokens", "idempotency_key_given", "monkey"})
_URL_PASSWORD = re.compile(r"(?<=://)([^\s:/@]*):([^\s@/]+)@")
_KEY = re.compile(r"\b(?:sk|frk|pk|ghp|xox[abp])[-_][A-Za-z0-9_-]{8,}|\bBearer\s+\S+", re.IGNORECASE)
_QUIET = (
    "httpx",
    "httpx2",
    "httpcore",
    "chromadb",
    "uvicorn.access",
    "openai",
    "asyncio",
    "alembic",
    "urllib3",
)
Event = MutableMapping[str, Any]


def configure_logs(settings: LogSettings, *, stream: TextIO = sys.stderr) -> None:
    """Send the logs of this process, ours and libraries', to the stream in one form."""
    as_json = settings.format == "json" or (settings.format == "auto" and not stream.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        without_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.level.upper()]
        ),
        cache_logger_on_first_use=False,
    )
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(default=str)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=stream.isatty())
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def without_secrets(_logger: object, _method: str, event: Event) -> Event:
    """Take secrets out of a log entry: values whose names say so, passwords in URLs, and keys in texts."""
    return {name: _clean(name, value) for name, value in event.items()}


def redacted(text: str) -> str:
    """The text without passwords in URLs and without keys."""
    return _KEY.sub("[redacted]", _URL_PASSWORD.sub(r"\1:[redacted]@", text))


def _clean(name: str, value: object) -> object:
    if _SECRET_NAME.search(name) and name not in _HARMLESS_NAMES and isinstance(value, str | bytes):
        return "[redacted]"
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Mapping):
        return {key: _clean(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(name, inner) for inner in value]
    return value
