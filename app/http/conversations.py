"""Threads, messages and agents over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator

from app.http.chat import ERRORS, Key, Service, Storable
from app.http.paging import Cursor, Limit, Page, Place
from app.http.security import Acting
from app.runs import RunView, storable
from app.runs.records import LONGEST_MESSAGE, Status
from app.service import ForkedThread
from app.specialists import AgentView
from memory import DeletedThread, ListedThread, Message, Thread

router = APIRouter(prefix="/v1", responses=ERRORS)
ThreadId = Annotated[str, Path(max_length=64), Storable]


class ThreadPage(Page[ListedThread]):
    """Some threads."""


class MessagePage(Page[Message]):
    """Some messages."""


class RunPage(Page[RunView]):
    """Some runs."""


class AgentPage(Page[AgentView]):
    """Some specialists."""


class NewThread(BaseModel):
    """A thread to create."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[
        str | None,
        Field(min_length=1, max_length=200, description="Left out, it gets that of its first message."),
    ] = None
    project_id: Annotated[str | None, Field(max_length=128)] = None
    metadata: dict[str, JsonValue] = {}

    @field_validator("*")
    @classmethod
    def _can_be_stored(cls, value: JsonValue) -> JsonValue:
        return storable(value)


class ChangedThread(BaseModel):
    """What is to be changed of a thread; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    metadata: Annotated[dict[str, JsonValue] | None, Field(description="In place of all that it has.")] = None

    @field_validator("*")
    @classmethod
    def _can_be_stored(cls, value: JsonValue) -> JsonValue:
        return storable(value)


class Fork(BaseModel):
    """Where a thread is forked, and how the new one goes on."""

    model_config = ConfigDict(extra="forbid")

    message_id: Annotated[str, Field(max_length=64, description="The last message that the new thread has.")]
    title: Annotated[
        str | None, Field(min_length=1, max_length=200, description="Left out, that of the thread.")
    ] = None
    message: Annotated[
        str | None,
        Field(
            max_length=LONGEST_MESSAGE,
            description="Asked in place of that message: the new thread has the turns before it, and this one is begun there.",
        ),
    ] = None

    @field_validator("*")
    @classmethod
    def _can_be_stored(cls, value: JsonValue) -> JsonValue:
        return storable(value)


@router.post("/threads", operation_id="createThread", status_code=201, tags=["threads"])
async def create_thread(
    body: NewThread, freya: Service, owner: Acting, idempotency_key: Key = None
) -> Thread:
    """Begin a conversation without a message."""
    return await freya.create_thread(
        owner,
        body.title,
        project_id=body.project_id,
        metadata=body.metadata,
        idempotency_key=idempotency_key,
    )


@router.get("/threads", operation_id="listThreads", tags=["threads"])
async def list_threads(
    freya: Service,
    owner: Acting,
    q: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=400,
            description='Only those whose titles or messages say it: words, of which the beginning does, `"a phrase"`, `or`, `-not`.',
        ),
        Storable,
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ThreadPage:
    """Conversations, newest first; with `q` those that say it, each with the newest place that does."""
    items = await freya.threads(owner, query=q, limit=limit + 1, before=cursor)
    return ThreadPage.of(items, limit)


@router.get("/threads/{thread_id}", operation_id="getThread", tags=["threads"])
async def get_thread(thread_id: ThreadId, freya: Service, owner: Acting) -> Thread:
    """A conversation's title, times and metadata."""
    return await freya.thread(owner, thread_id)


@router.patch("/threads/{thread_id}", operation_id="changeThread", tags=["threads"])
async def change_thread(thread_id: ThreadId, body: ChangedThread, freya: Service, owner: Acting) -> Thread:
    """Rename a conversation, or change what a client keeps with it."""
    return await freya.change_thread(owner, thread_id, title=body.title, metadata=body.metadata)


@router.post("/threads/{thread_id}/fork", operation_id="forkThread", status_code=201, tags=["threads"])
async def fork_thread(
    thread_id: ThreadId, body: Fork, freya: Service, owner: Acting, idempotency_key: Key = None
) -> ForkedThread:
    """Begin a conversation as this one did, up to a message; or ask something else in that message's place."""
    return await freya.fork_thread(
        owner,
        thread_id,
        body.message_id,
        title=body.title,
        message=body.message,
        idempotency_key=idempotency_key,
    )


@router.delete("/threads/{thread_id}", operation_id="deleteThread", tags=["threads"])
async def delete_thread(
    thread_id: ThreadId,
    freya: Service,
    owner: Acting,
    records: Annotated[  # noqa: FBT002  # a parameter by name
        bool, Query(description="Forget what it taught as well, where nothing else says it.")
    ] = False,
) -> DeletedThread:
    """Delete a conversation with its messages, runs and artifacts; what was learned from it stays unless `records` says so."""
    return await freya.delete_thread(owner, thread_id, records=records)


@router.get("/threads/{thread_id}/messages", operation_id="listMessages", tags=["threads"])
async def list_messages(
    thread_id: ThreadId, freya: Service, owner: Acting, limit: Limit = 50, cursor: Cursor = None
) -> MessagePage:
    """What was said, oldest first."""
    items = await freya.messages(owner, thread_id, limit=limit + 1, after=cursor)
    return MessagePage.of(items, limit)


@router.get("/threads/{thread_id}/runs", operation_id="listRuns", tags=["threads"])
async def list_runs(
    thread_id: ThreadId, freya: Service, owner: Acting, limit: Limit = 50, cursor: Cursor = None
) -> RunPage:
    """The runs of a conversation, newest first."""
    items = await freya.runs(owner, thread_id, limit=limit + 1, before=cursor)
    return RunPage.of(items, limit)


@router.get("/runs", operation_id="findRuns", tags=["chat"])
async def find_runs(
    freya: Service,
    owner: Acting,
    status: Annotated[
        list[Status], Query(max_length=5, description="Only in this status; may be given several times.")
    ] = [],  # noqa: B006  # FastAPI copies it
    thread_id: Annotated[
        str | None, Query(max_length=64, description="Only of this conversation."), Storable
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> RunPage:
    """The user's runs of all conversations, newest first; with `status=waiting` those that wait for a person."""
    items = await freya.find_runs(owner, statuses=status, thread_id=thread_id, limit=limit + 1, before=cursor)
    return RunPage.of(items, limit)


@router.get("/agents", operation_id="listAgents", tags=["agents"])
async def list_agents(freya: Service, limit: Limit = 50, cursor: Place = None) -> AgentPage:
    """The specialists: what each works on, declines, and can compute."""
    return AgentPage.within(freya.specialists.all(), limit, cursor, lambda agent: agent.name)


@router.get("/agents/{name}", operation_id="getAgent", tags=["agents"])
async def get_agent(name: Annotated[str, Path(max_length=64)], freya: Service) -> AgentView:
    """One specialist."""
    return freya.specialists.one(name)
