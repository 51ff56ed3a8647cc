"""The one subgraph every specialist runs in: recall, retrieve, weigh, act (tools or sub-agents), check, answer."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    AnyMessage,
    HumanMessage,
    SystemMessage,
    ToolCall,
    ToolMessage,
)
from langchain_core.tools import BaseTool
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, RetryPolicy

from agents import Charter, ToolOutput
from graphs.checking import find_faults
from graphs.citing import as_citations, as_passages, cited
from graphs.events import (
    AgentFinished,
    AgentStarted,
    ArtifactMade,
    ArtifactReference,
    CitationMade,
    Token,
    ToolFinished,
    ToolStarted,
)
from graphs.prompting import past_messages, system_prompt
from graphs.settings import GraphSettings
from graphs.state import (
    MadeArtifact,
    Outcome,
    RunContext,
    SpecialistOutput,
    SpecialistResult,
    SpecialistState,
)
from graphs.weighing import weigh
from knowledge import KnowledgeUnavailable
from memory import ToolUse, new_id
from models.chat import Note, Prompt, Role, describe_tool, render_prompt

SpecialistGraph = CompiledStateGraph[SpecialistState, RunContext, SpecialistState, SpecialistOutput]
Context = Runtime[RunContext]
_MOST_SUB_AGENTS = 3


def build_specialist(charter: Charter, settings: GraphSettings) -> SpecialistGraph:
    """Compile the subgraph for a charter. Its input is `task`, `position` and `turns`; its output adds `results`."""
    nodes = Specialist(charter)
    graph: StateGraph[SpecialistState, RunContext, SpecialistState, SpecialistOutput] = StateGraph(
        SpecialistState, context_schema=RunContext, output_schema=SpecialistOutput
    )
    retry = RetryPolicy(
        max_attempts=settings.attempts, initial_interval=0.2, retry_on=(KnowledgeUnavailable,)
    )
    timeout = settings.step_timeout_s
    graph.add_node("recall", nodes.recall, timeout=timeout)
    graph.add_node("retrieve", nodes.retrieve, timeout=timeout, retry_policy=retry)
    graph.add_node("weigh", nodes.weigh, timeout=timeout, destinations=("act", "delegate"))
    graph.add_node("delegate", nodes.delegate, timeout=timeout)
    graph.add_node("act", nodes.act, timeout=timeout, destinations=("check", "answer"))
    graph.add_node("check", nodes.check, timeout=timeout)
    graph.add_node("answer", nodes.answer, timeout=timeout)
    graph.add_edge(START, "recall")
    graph.add_edge("recall", "retrieve")
    graph.add_edge("retrieve", "weigh")
    graph.add_edge("delegate", "act")
    graph.add_edge("check", "act")
    graph.add_edge("answer", END)
    return graph.compile(name=charter.name)


@dataclass(frozen=True)
class FinishedCall:
    """A tool call that ended, with what it gave and made."""

    message: ToolMessage
    output: ToolOutput | None
    use: ToolUse
    made: list[MadeArtifact]


class Specialist:
    """The nodes of the subgraph, for one charter."""

    def __init__(self, charter: Charter) -> None:
        self._charter = charter
        self._tools: dict[str, BaseTool] = {tool.name: tool for tool in charter.tools}
        self._described = [describe_tool(tool) for tool in charter.tools]
        self._system = SystemMessage(system_prompt(charter))

    async def recall(self, state: SpecialistState, runtime: Context) -> SpecialistState:
        """What was said before in this thread, as far as it is this specialist's."""
        task = state["task"]
        runtime.context.emit(AgentStarted(agent=self._charter.name, request=task.request))
        messages = past_messages(state.get("turns", []), self._charter.name)
        return {"messages": [self._system, *messages], "timings_ms": {"began": time.monotonic() * 1000}}

    async def retrieve(self, state: SpecialistState, runtime: Context) -> SpecialistState:
        """Passages of this specialist's collections; none when nothing is relevant."""
        task, context = state["task"], runtime.context
        began = time.monotonic()
        query = f"{task.about} {task.request}".strip()
        hits = await context.retriever.search(
            query, collections=self._charter.collections, limit=context.settings.passages
        )
        return {
            "passages": as_passages(hits),
            "citations": as_citations(hits),
            "timings_ms": {"retrieve": _since(began)},
        }

    async def weigh(self, state: SpecialistState) -> Command[str]:
        """Decide between a tool, a checked tool and sub-agents; the reasons are kept with the run."""
        weighing = weigh(state["task"].request, self._charter)
        prompt = Prompt(request=state["task"].request, passages=tuple(state["passages"]))
        return Command(
            goto="delegate" if weighing.choice == "sub_agents" else "act",
            update={
                "weighing": weighing,
                "messages": [HumanMessage(render_prompt(prompt), id="request")],
                "rounds": 0,
            },
        )

    async def delegate(self, state: SpecialistState, runtime: Context) -> SpecialistState:
        """Ask the sub-agents side by side; what they write lies beside the request from then on."""
        task = state["task"]
        model = runtime.context.chat.of(Role.WRITER)

        async def ask(name: str, purpose: str, persona: str) -> Note:
            prompt = Prompt(request=task.request, passages=tuple(state["passages"]), focus=purpose)
            reply = await model.ainvoke([SystemMessage(persona), HumanMessage(render_prompt(prompt))])
            return Note(author=name, text=reply.text)

        chosen = self._charter.subagents[:_MOST_SUB_AGENTS]
        notes = await asyncio.gather(*(ask(sub.name, sub.purpose, sub.persona) for sub in chosen))
        useful = [note for note in notes if cited(note.text, state["citations"])]
        prompt = Prompt(request=task.request, passages=tuple(state["passages"]), notes=tuple(useful))
        return {"notes": useful, "messages": [HumanMessage(render_prompt(prompt), id="request")]}

    async def act(self, state: SpecialistState, runtime: Context) -> Command[str]:
        """Let the model answer or call tools; tokens stream as it writes, tools run side by side."""
        context, began = runtime.context, time.monotonic()
        rounds = state["rounds"] + 1
        last_round = rounds > context.settings.tool_rounds
        reply = await self._ask(state["messages"], context, may_call=not last_round)
        timings = {f"model_{rounds}": _since(began)}
        if not reply.tool_calls:
            return Command(
                goto="answer", update={"messages": [reply], "rounds": rounds, "timings_ms": timings}
            )
        began = time.monotonic()
        done = await asyncio.gather(*(self._call(call, context) for call in reply.tool_calls))
        timings[f"tools_{rounds}"] = _since(began)
        return Command(
            goto="check",
            update={
                "messages": [reply, *(call.message for call in done)],
                "outputs": {call.message.tool_call_id: call.output for call in done if call.output},
                "tool_uses": [call.use for call in done],
                "artifacts": [artifact for call in done for artifact in call.made],
                "rounds": rounds,
                "timings_ms": timings,
            },
        )

    async def check(self, state: SpecialistState) -> SpecialistState:
        """Hold what the tools of this round gave against what a result must be; a faulty one becomes an error."""
        if state["weighing"].choice == "tool":
            return {"checked": False}
        outputs = state.get("outputs", {})
        replaced: list[AnyMessage] = []
        for message in state["messages"]:
            if isinstance(message, ToolMessage) and message.tool_call_id in outputs:
                faults = find_faults(outputs[message.tool_call_id])
                if faults:
                    text = f"The result of {message.name} did not pass its check: {'; '.join(faults)}."
                    replaced.append(message.model_copy(update={"content": text, "status": "error"}))
        return {"checked": True, "messages": replaced}

    async def answer(self, state: SpecialistState, runtime: Context) -> SpecialistState:
        """Close the task: the answer with the passages it cites, numbered anew, and what it was made with."""
        context = runtime.context
        reply = next(m for m in reversed(state["messages"]) if isinstance(m, AIMessage))
        citations = cited(reply.text, state["citations"])
        for citation in citations:
            context.emit(CitationMade(agent=self._charter.name, citation=citation))
        outcome = _outcome(reply)
        timings = {name: took for name, took in state["timings_ms"].items() if name != "began"}
        total = round(time.monotonic() * 1000 - state["timings_ms"]["began"], 2)
        context.emit(AgentFinished(agent=self._charter.name, status=outcome, duration_ms=total))
        usage = [m.usage_metadata for m in state["messages"] if isinstance(m, AIMessage) and m.usage_metadata]
        result = SpecialistResult(
            position=state["position"],
            agent=self._charter.name,
            request=state["task"].request,
            answer=reply.text,
            outcome=outcome,
            citations=tuple(citations),
            tool_uses=tuple(state.get("tool_uses", [])),
            artifacts=tuple(state.get("artifacts", [])),
            weighing=state["weighing"],
            model=str(reply.response_metadata.get("model_name", "")),
            input_tokens=sum(one["input_tokens"] for one in usage),
            output_tokens=sum(one["output_tokens"] for one in usage),
            timings_ms={**timings, "total": total},
        )
        return {"results": [result]}

    async def _ask(self, messages: Sequence[AnyMessage], context: RunContext, *, may_call: bool) -> AIMessage:
        model = context.chat.of(Role.REASONING)
        runnable = model.bind_tools(self._described) if may_call and self._described else model
        whole: AIMessageChunk | None = None
        async for chunk in runnable.astream(list(messages)):
            if not isinstance(chunk, AIMessageChunk):
                continue
            if chunk.text:
                context.emit(Token(agent=self._charter.name, text=chunk.text))
            whole = chunk if whole is None else whole + chunk
        if whole is None:
            return AIMessage("")
        return AIMessage(
            content=whole.text,
            tool_calls=whole.tool_calls,
            response_metadata=whole.response_metadata,
            usage_metadata=whole.usage_metadata,
        )

    async def _call(self, call: ToolCall, context: RunContext) -> "FinishedCall":
        name, agent = call["name"], self._charter.name
        call_id = call["id"] or new_id("call")
        context.emit(ToolStarted(agent=agent, call_id=call_id, tool=name, arguments=call["args"]))
        began = time.monotonic()
        message = await self._run_tool(call, call_id)
        output = message.artifact if isinstance(message.artifact, ToolOutput) else None
        made = [
            MadeArtifact(id=new_id("art"), agent=agent, artifact=artifact)
            for artifact in (output.artifacts if output else ())
        ]
        context.emit(
            ToolFinished(
                agent=agent,
                call_id=call_id,
                tool=name,
                status=message.status,
                text=message.text,
                data=output.data if output else {},
                duration_ms=_since(began),
            )
        )
        for artifact in made:
            context.emit(ArtifactMade(agent=agent, artifact=reference(artifact)))
        use = ToolUse(agent=agent, name=name, arguments=call["args"], result=message.text)
        return FinishedCall(message.model_copy(update={"artifact": None}), output, use, made)

    async def _run_tool(self, call: ToolCall, call_id: str) -> ToolMessage:
        tool = self._tools.get(call["name"])
        if tool is None:
            text = f"There is no tool {call['name']!r}; there are {', '.join(self._tools)}."
            return ToolMessage(text, tool_call_id=call_id, name=call["name"], status="error")
        try:
            message = await tool.ainvoke({**call, "id": call_id, "type": "tool_call"})
        except ValueError as error:  # arguments that the tool's schema refuses
            text = f"The arguments do not fit: {error}"
            return ToolMessage(text, tool_call_id=call_id, name=call["name"], status="error")
        if not isinstance(message, ToolMessage):
            raise TypeError(f"tool {tool.name} gave {type(message).__name__} and not a tool message")
        return message


def reference(made: MadeArtifact) -> ArtifactReference:
    """Where an artifact can be read, and how large it is."""
    artifact = made.artifact
    size = len(artifact.content.encode())
    return ArtifactReference(id=made.id, name=artifact.name, media_type=artifact.media_type, bytes=size)


def _outcome(reply: AIMessage) -> Outcome:
    reason = reply.response_metadata.get("finish_reason")
    if reason == "declined" or not reply.text.strip():
        return "declined"
    return "needs_input" if reason == "needs_input" else "answered"


def _since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 2)
