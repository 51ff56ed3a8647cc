"""Workers whose specialist has tools that a person must allow, with a scripted model."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field
from redis.asyncio import Redis

from agents import Charter, ToolOutput
from agents.tools import tool
from app.checkpoints import checkpoint_serializer
from app.database import Pool
from app.runs import ApprovalAnswer, RunManager, RunView
from app.runs.carrying import Parts
from app.runs.saver import RunSaver
from graphs import Approval, Route, Task, build_freya
from graphs.settings import ApprovalSettings, GraphSettings
from memory import LOCAL, Database, MemorySettings, ShortTermTier, ThreadStore, TieredConversation
from memory.privacy import PrivacySettings
from tests.app.scripted import Setup
from tests.fakes.scripted_model import Script, ScriptedChat, Step
from tests.graphs.conversation import FixedRouter, Remembering, Shelf

WHY = "A letter cannot be called back."


class Letter(BaseModel):
    """What a letter says."""

    to: str = Field(min_length=2)
    copies: int = 1


class Desk:
    """A specialist's tools, which count how often each call was carried out."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()

    async def _send(self, given: Letter) -> ToolOutput:
        return self._did(f"send {given.to} {given.copies}")

    async def _look(self, given: Letter) -> ToolOutput:
        return self._did(f"look {given.to}")

    def _did(self, what: str) -> ToolOutput:
        self.done[what] += 1
        return ToolOutput(text=f"Did {what}.", data={})

    def charter(self, name: str = "clerk") -> Charter:
        """The specialist."""
        return Charter(
            name=name,
            title="Clerk",
            description="Sends letters.",
            persona="You send letters.",
            scope=("letters",),
            declines=(),
            collections=("technical",),
            tools=(
                tool("send", "Sends a letter.", Letter, self._send, examples=("send it",), approval=WHY),
                tool("look", "Looks somebody up.", Letter, self._look, examples=("look",)),
            ),
            utterances=("send a letter",),
        )


def office(
    pool: Pool, redis: Redis, desk: Desk, steps: Sequence[Step], *, worker: str, agents: Sequence[str] = ("clerk",), **more: Any
) -> tuple[Setup, Script]:  # fmt: skip
    """A worker with the real graph over the script."""
    approvals = ApprovalSettings(seconds=more.pop("seconds", 600.0), tools=more.pop("tools", frozenset()))
    settings, memory, script = GraphSettings(approvals=approvals), MemorySettings(), Script([*steps])
    saver = RunSaver(checkpoint_serializer(PrivacySettings()))
    route = Route(
        kind="tasks",
        tasks=tuple(Task(agent=name, request=f"ask {name}", confidence=0.9) for name in agents),
    )
    parts = Parts(
        graph=build_freya(settings, saver),
        saver=saver,
        charters={name: desk.charter(name) for name in agents},
        retriever=Shelf(),
        memory=TieredConversation(ShortTermTier(redis, memory), ThreadStore(Database(pool)), memory),
        recaller=Remembering(),
        notice=lambda _: (),
        router=FixedRouter(route),
        chat=ScriptedChat(script),
        settings=settings,
    )
    return Setup(pool=pool, redis=redis, parts=parts, worker=worker, **more), script


async def waiting(setup: Setup, manager: RunManager, run_id: str) -> list[Approval]:
    """What the run waits for, once it does."""
    ended: Any = await manager.wait(LOCAL, run_id)
    assert ended.code == "approval_required", ended
    view = await seen(setup, run_id)
    assert view.status == "waiting"
    return view.approvals


async def seen(setup: Setup, run_id: str) -> RunView:
    """The run as it stands."""
    assert setup.store is not None
    return await setup.store.get(LOCAL, run_id)


def answered(approval: Approval, decision: str = "approve", **more: Any) -> ApprovalAnswer:
    """An answer."""
    return ApprovalAnswer.model_validate({"approval_id": approval.id, "decision": decision, **more})
