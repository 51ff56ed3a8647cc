"""Calling tools for a specialist: events around each call, and results held against what a result must be."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from langchain_core.messages import ToolCall, ToolMessage
from langchain_core.tools import BaseTool
from pydantic import ValidationError

from agents import RESOURCES, Artifact, Resources, ToolOutput, is_financial
from graphs.checking import find_faults
from graphs.errors import StepFailed
from graphs.events import ArtifactMade, ArtifactReference, ToolFinished, ToolStarted
from graphs.state import Computed, MadeArtifact, RunContext
from memory import ToolUse, new_id

CHART_TYPE = "application/vnd.vegalite.v6+json"


@dataclass(frozen=True)
class FinishedCall:
    """A tool call that ended, with what it made."""

    message: ToolMessage
    use: ToolUse
    made: list[MadeArtifact]
    computed: Computed | None
    """What it found out; None where it failed."""


class ToolBench:
    """The tools of one specialist."""

    def __init__(self, agent: str, tools: Mapping[str, BaseTool]) -> None:
        self._agent = agent
        # LangChain's own handling of wrong arguments does not say which are wrong.
        raising = {"handle_validation_error": False}
        self._tools = {name: tool.model_copy(update=raising) for name, tool in tools.items()}

    async def call(self, call: ToolCall, context: RunContext, *, checked: bool) -> FinishedCall:
        """Carry out the call. Whatever is wrong with it becomes a message of status "error" for the model.

        Artifacts are always checked; the figures where `checked` says so.
        """
        call_id, began = call["id"] or new_id("call"), time.monotonic()
        context.emit(
            ToolStarted(agent=self._agent, call_id=call_id, tool=call["name"], arguments=call["args"])
        )
        done = await context.journal.once(
            f"call {call_id}", lambda: self._carry_out(call, call_id, context.resources, checked=checked)
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
            return _error(call, call_id, f"It cannot be computed with these arguments: {error}.")
        if not isinstance(message, ToolMessage):
            raise StepFailed(f"tool {tool.name} gave {type(message).__name__} and not a tool message")
        return message


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


def _error(call: ToolCall, call_id: str, text: str) -> ToolMessage:
    return ToolMessage(text, tool_call_id=call_id, name=call["name"], status="error")
