"""Attachments over HTTP: files that are sent with a conversation, listed, downloaded and deleted."""

from typing import Annotated, Any  # Any: FastAPI's own type

from fastapi import APIRouter, Path, Query, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from app.attachments.reading import unreadable
from app.attachments.store import AttachmentView
from app.http.chat import ERRORS, Key, Service, Storable
from app.http.conversations import ThreadId
from app.http.paging import Cursor, Limit, Page
from app.http.security import Acting

router = APIRouter(prefix="/v1", tags=["attachments"], responses=ERRORS)
ATTACH_PATH = "/v1/attachments"
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file as it is.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
AttachmentId = Annotated[str, Path(max_length=64), Storable]


class AttachmentPage(Page[AttachmentView]):
    """Some attachments."""


@router.post("/attachments", operation_id="attachFile", status_code=201, openapi_extra=_FILE)
async def attach_file(
    request: Request,
    freya: Service,
    owner: Acting,
    thread_id: Annotated[str, Query(max_length=64, description="The conversation it belongs to."), Storable],
    name: Annotated[
        str, Query(min_length=1, max_length=255, description="What the file is called."), Storable
    ],
    idempotency_key: Key = None,
) -> AttachmentView:
    """Attach a file, which is the body, to a conversation. What it is, its content tells."""
    if request.headers.get("content-type", "").startswith("multipart/"):
        raise unreadable(
            "attachment_refused", "it came as a form; send it as the body itself (`curl -T FILE`)"
        )
    content = bytearray()
    try:
        async for piece in request.stream():
            content += piece
    except ClientDisconnect as error:
        raise unreadable("attachment_refused", "the connection was closed before its end") from error
    return await freya.attach(owner, thread_id, name, bytes(content), idempotency_key=idempotency_key)


@router.get("/threads/{thread_id}/attachments", operation_id="listAttachments")
async def list_attachments(
    thread_id: ThreadId, freya: Service, owner: Acting, limit: Limit = 50, cursor: Cursor = None
) -> AttachmentPage:
    """The files of a conversation, oldest first."""
    items = await freya.attachments_of(owner, thread_id, limit=limit + 1, after=cursor)
    return AttachmentPage.of(items, limit)


@router.get(
    "/attachments/{attachment_id}",
    operation_id="getAttachment",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "The file as it was sent"}},
)
async def get_attachment(attachment_id: AttachmentId, freya: Service, owner: Acting) -> Response:
    """Download a file."""
    file = await freya.attachments.get(owner, attachment_id)
    name = "".join(c for c in file.name if c.isascii() and (c.isalnum() or c in "._-")) or "attachment"
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "x-content-type-options": "nosniff",
    }
    return Response(file.content, media_type=file.media_type, headers=headers)


@router.delete("/attachments/{attachment_id}", operation_id="deleteAttachment", status_code=204)
async def delete_attachment(attachment_id: AttachmentId, freya: Service, owner: Acting) -> None:
    """Delete a file; turns that were given it keep what they said of it."""
    await freya.attachments.delete(owner, attachment_id)
