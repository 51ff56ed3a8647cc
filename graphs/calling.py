"""Calling tools for a specialist: events around each call, and results held against what a result must be."""

import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
from langchain_core.messages import AIMessage, ToolCall, ToolMessage
from langchain_core.tools import BaseTool
from pydantic import BaseModel, ValidationError

from agents import RESOURCES, Artifact, Resources, ToolOutput, approval_of, is_financial
from graphs.approving import Approval, Decision, WaitsForPerson
from graphs.checking import find_faults
from graphs.errors import StepFailed
from graphs.events import (
    ApprovalAnswered,
    ApprovalRequired,
    ArtifactMade,
    ArtifactReference,
    ToolFinished,
    ToolStarted,
)
from graphs.guarding import allowed_by_person, is_asked_for
from graphs.settings import ApprovalSettings
from graphs.state import Computed, MadeArtifact, RunContext
from memory import ToolUse, new_id

CHART_TYPE = "application/vnd.vegalite.v6+json"


_REFUSED = "It cannot be computed with these arguments: "
"""Before the reason that a tool gives."""


@dataclass(frozen=True)
class FinishedCall:
    """A tool call that ended, with what it made."""

    message: ToolMessage
    use: ToolUse
    made: list[MadeArtifact]
    computed: Computed | None
    """What it found out; None where it failed."""


def why_asked(tool: BaseTool, settings: ApprovalSettings) -> str:
    """Why a person must allow each call of the tool; empty where none must."""
    configured = "The settings of this service name the tool." if tool.name in settings.tools else ""
    return approval_of(tool) or configured


class ToolBench:
    """The tools of one specialist."""

    def __init__(self, agent: str, tools: Mapping[str, BaseTool]) -> None:
        self._agent = agent
        # LangChain's own handling of wrong arguments does not say which are wrong.
        raising = {"handle_validation_error": False}
        self._tools = {name: tool.model_copy(update=raising) for name, tool in tools.items()}

    async def call(self, call: ToolCall, context: RunContext, *, checked: bool) -> FinishedCall:
        """Carry out the call. Whatever is wrong with it becomes a message of status "error" for the model.

        Artifacts are always checked; the figures where `checked` says so. Where a person must allow it, the call is
        made as he says; raises WaitsForPerson until he has answered.
        """
        call_id = call["id"] or new_id("call")
        said = await self._said(call, call_id, context)
        if said and said.decision == "reject":
            return _refused(self._agent, call, call_id, said.reason)
        if said and said.decision == "edit":
            call = {**call, "args": said.arguments or {}}
        began = time.monotonic()
        context.emit(
            ToolStarted(agent=self._agent, call_id=call_id, tool=call["name"], arguments=call["args"])
        )
        with allowed_by_person() if said else nullcontext():
            done = await context.journal.once(
                f"call {call_id}",
                lambda: self._carry_out(call, call_id, context.resources, checked=checked),
            )
        context.emit(
            ToolFinished(
                agent=self._agent,
                call_id=call_id,
                tool=call["name"],
                status=done.message.status,
                text=done.message.text,
                data=done.computed.data if done.computed else {},
                duration_ms=round((time.monotonic() - began) * 1000, 2),
            )
        )
        for artifact in done.made:
            context.emit(ArtifactMade(agent=self._agent, artifact=reference(artifact)))
        return done

    async def _said(self, call: ToolCall, call_id: str, context: RunContext) -> Decision | None:
        """What a person said to the call; None where nobody needs to allow it. Raises WaitsForPerson."""
        why = self._why_asked(call, context.settings.approvals)
        if not why:
            return None
        approval = await context.journal.once(
            f"approval {call_id}", lambda: self._approval(call, call_id, why, context.settings.approvals)
        )
        said = await context.approvals.answer_to(approval)
        context.emit(
            ApprovalRequired(
                agent=self._agent,
                approval_id=approval.id,
                call_id=call_id,
                tool=approval.tool,
                arguments=approval.arguments,
                question=f"May {self._agent} call {approval.tool}?",
                why=why,
                expires_at=approval.expires_at,
            )
        )
        if said is None:
            raise WaitsForPerson
        context.emit(
            ApprovalAnswered(
                agent=self._agent,
                approval_id=approval.id,
                call_id=call_id,
                decision=said.decision,
                reason=said.reason,
            )
        )
        return said

    def _why_asked(self, call: ToolCall, settings: ApprovalSettings) -> str:
        """Why a person must allow the call; empty where none must, and where the call would be refused anyway."""
        tool = self._tools.get(call["name"])
        if tool is None or not fits(tool, call["args"]) or not is_asked_for(tool):
            return ""
        return why_asked(tool, settings)

    async def _approval(self, call: ToolCall, call_id: str, why: str, settings: ApprovalSettings) -> Approval:
        now = datetime.now(UTC)
        return Approval(
            id=new_id("apr"),
            agent=self._agent,
            tool=call["name"],
            call_id=call_id,
            arguments=call["args"],
            why=why,
            requested_at=now,
            expires_at=now + timedelta(seconds=settings.seconds),
        )

    def refused(self, done: FinishedCall) -> str:
        """Why the tool would not compute with arguments that fit it; empty where it did, and where they do not."""
        tool = self._tools.get(done.use.name)
        if tool is None or not done.use.failed or not fits(tool, done.use.arguments):
            return ""
        return done.message.text.removeprefix(_REFUSED)

    async def alone(self, call: ToolCall, resources: Resources) -> FinishedCall:
        """Carry out a call outside of any run; its result is checked."""
        return await self._carry_out(call, call["id"] or new_id("call"), resources, checked=True)

    async def _carry_out(
        self, call: ToolCall, call_id: str, resources: Resources, *, checked: bool
    ) -> FinishedCall:
        message = await self._run({**call, "id": call_id, "type": "tool_call"}, resources)
        output = message.artifact if isinstance(message.artifact, ToolOutput) else None
        faults = find_faults(output) if output and (checked or output.artifacts or output.chart) else []
        if faults:
            output = None
            message = _error(call, call_id, f"The result did not pass its check: {'; '.join(faults)}.")
        made = [
            MadeArtifact(id=new_id("art"), agent=self._agent, artifact=artifact)
            for artifact in (_to_download(call["name"], output) if output else ())
        ]
        use = ToolUse(
            agent=self._agent,
            name=call["name"],
            arguments=call["args"],
            result=message.text,
            failed=message.status == "error",
        )
        computed = self._computed(call["name"], output) if output else None
        return FinishedCall(message.model_copy(update={"artifact": None}), use, made, computed)

    def _computed(self, name: str, output: ToolOutput) -> Computed:
        return Computed(
            tool=name,
            figures=output.figures,
            assumptions=output.assumptions,
            would_change=output.would_change,
            data=output.data,
            financial=is_financial(self._tools[name]),
        )

    async def _run(self, call: ToolCall, resources: Resources) -> ToolMessage:
        call_id = call["id"] or ""
        tool = self._tools.get(call["name"])
        if tool is None:
            known = ", ".join(self._tools) or "no tools at all"
            return _error(call, call_id, f"There is no tool {call['name']!r}; there are {known}.")
        try:
            message = await tool.ainvoke(call, {"configurable": {RESOURCES: resources}})
        except ValidationError as error:
            wrong = "; ".join(
                f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg']}" for e in error.errors()
            )
            return _error(call, call_id, f"The arguments do not fit: {wrong}.")
        except (ValueError, ArithmeticError) as error:
            return _error(call, call_id, f"{_REFUSED}{error}.")
        if not isinstance(message, ToolMessage):
            raise StepFailed(f"tool {tool.name} gave {type(message).__name__} and not a tool message")
        return message


def as_called(reply: AIMessage, done: Sequence[FinishedCall]) -> AIMessage:
    """The reply with the arguments that its calls were made with: a person may have changed them."""
    given = {call.message.tool_call_id: call.use.arguments for call in done}
    calls = [{**call, "args": given.get(call["id"] or "", call["args"])} for call in reply.tool_calls]
    return reply if calls == reply.tool_calls else reply.model_copy(update={"tool_calls": calls})


def fits(tool: BaseTool, arguments: Mapping[str, object]) -> bool:
    """Whether the arguments fit the tool's schema, as far as that can be told without calling it."""
    try:
        check_arguments(tool, arguments)
    except ValidationError:
        return False
    return True


def check_arguments(tool: BaseTool, arguments: Mapping[str, object]) -> None:
    """Raises pydantic's ValidationError for arguments that do not fit the tool's schema."""
    schema = tool.args_schema
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        schema.model_validate(arguments)


def reference(made: MadeArtifact) -> ArtifactReference:
    """Where an artifact can be read, and how large it is."""
    artifact = made.artifact
    size = len(artifact.content.encode())
    return ArtifactReference(id=made.id, name=artifact.name, media_type=artifact.media_type, bytes=size)


def _to_download(tool: str, output: ToolOutput) -> tuple[Artifact, ...]:
    """Its artifacts, and its chart as one."""
    if output.chart is None:
        return output.artifacts
    chart = orjson.dumps(output.chart, option=orjson.OPT_INDENT_2).decode()
    return (*output.artifacts, Artifact(name=f"{tool}.vl.json", media_type=CHART_TYPE, content=chart))


def _refused(agent: str, call: ToolCall, call_id: str, reason: str) -> FinishedCall:
    """A call that a person did not allow."""
    message = _error(call, call_id, f"A person did not allow this call: {reason or 'no reason was given'}")
    use = ToolUse(agent=agent, name=call["name"], arguments=call["args"], result=message.text, failed=True)
    return FinishedCall(message, use, [], None)


def _error(call: ToolCall, call_id: str, text: str) -> ToolMessage:
    return ToolMessage(text, tool_call_id=call_id, name=call["name"], status="error")
