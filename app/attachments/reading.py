"""Reading attached files: their kind, their text, and what is worth knowing of them."""

import asyncio
import json
import re
import sys
from dataclasses import dataclass, field
from typing import Any, Final  # Any: JSON of the process

import structlog
from pydantic import JsonValue

from app.attachments.kinds import (
    ALLOWED,
    CSV,
    IMAGES,
    PDF,
    TEXT,
    is_numeric,
    kind_of,
    size_of,
    table_of,
    text_of,
)
from app.attachments.settings import AttachmentSettings
from app.problems import ProblemError, problem

_log = structlog.get_logger(__name__)
_SURROGATES: Final = re.compile("[\ud800-\udfff\0]")
_GRACE_S: Final = 2.0


@dataclass(frozen=True, kw_only=True)
class Read:
    """What was read of a file."""

    media_type: str
    text: str = ""
    details: dict[str, JsonValue] = field(default_factory=dict)


def unreadable(code: str, why: str) -> ProblemError:
    """The refusal of a file."""
    return ProblemError(problem(code, f"The file cannot be attached: {why}."))


class Reader:
    """Reads files. Raises a ProblemError: unsupported_media_type, or attachment_refused for a damaged or locked one."""

    def __init__(self, settings: AttachmentSettings) -> None:
        self._settings = settings

    async def read(self, content: bytes) -> Read:
        """The kind by content, and the text as far as it is kept. PDFs are read by a process with bounds of its own."""
        if not content:
            raise unreadable("attachment_refused", "it is empty")
        kind = kind_of(content)
        if kind == PDF:
            return await self._pdf(content)
        if kind in IMAGES:
            return self._image(content, str(kind))
        return await asyncio.to_thread(self._text, content)

    def _image(self, content: bytes, kind: str) -> Read:
        size = size_of(content, kind)
        if size is None:
            raise unreadable("attachment_refused", "the image is damaged")
        return Read(media_type=kind, details={"width": size[0], "height": size[1]})

    def _text(self, content: bytes) -> Read:
        text = text_of(content)
        if text is None:
            raise unreadable(
                "unsupported_media_type", f"its content is of another kind; allowed are {ALLOWED}"
            )
        rows = table_of(text)
        details: dict[str, JsonValue] = {}
        if rows:
            details = {"rows": len(rows) - 1, "columns": [*rows[0]], "numeric": is_numeric(rows)}
        return self._kept(CSV if rows else TEXT, text, details)

    def _kept(self, kind: str, text: str, details: dict[str, JsonValue]) -> Read:
        text = _SURROGATES.sub("", text)
        kept = text[: self._settings.longest_text]
        if len(kept) < len(text):
            details = {**details, "left_out": len(text) - len(kept)}
        return Read(media_type=kind, text=kept, details=details)

    async def _pdf(self, content: bytes) -> Read:
        bounds = self._settings
        arguments = (bounds.memory_mb, max(1, round(bounds.seconds)), bounds.most_pages, bounds.longest_text)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "app.attachments.pdf",
            *map(str, arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(bounds.seconds + _GRACE_S):
                output, _ = await process.communicate(content)
        except TimeoutError:
            raise unreadable(
                "attachment_refused", f"reading it takes longer than {bounds.seconds:g} s"
            ) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        try:
            said: dict[str, Any] = json.loads(output)
        except ValueError:
            _log.warning("a PDF ended the process that read it", status=process.returncode)
            raise unreadable("attachment_refused", "reading it takes more than it may") from None
        if "refused" in said:
            raise unreadable("attachment_refused", said["refused"])
        details: dict[str, JsonValue] = {"pages": said["pages"]}
        if said["read"] < said["pages"]:
            details["pages_read"] = said["read"]
        return self._kept(PDF, said["text"], details)
