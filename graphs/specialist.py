"""The one subgraph every specialist runs in: recall, retrieve, weigh, act (tools or sub-agents), check, answer."""

import time
from collections.abc import Sequence

from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    AnyMessage,
    HumanMessage,
    InvalidToolCall,
    SystemMessage,
    ToolMessage,
)
from langchain_core.messages.ai import add_ai_message_chunks
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, RetryPolicy

from agents import Charter
from graphs.answers import left_out
from graphs.approving import all_of
from graphs.attaching import attached_hits, attached_notes, attached_tables
from graphs.calling import ToolBench, as_called, reference
from graphs.citing import as_citations, as_passages
from graphs.events import AgentFinished, AgentStarted, Citation, CitationMade, Token
from graphs.grounding import Sources, check_answer
from graphs.numbering import OrderOfUse, Renumbering, renumbered
from graphs.prompting import instructed, past_messages, system_prompt, working
from graphs.settings import GraphSettings
from graphs.state import Outcome, RunContext, SpecialistOutput, SpecialistResult, SpecialistState
from graphs.subagents import SubAgents, joined
from graphs.weighing import choose_sub_agents, weigh
from knowledge import KnowledgeUnavailable
from models import EmbeddingUnavailable
from models.chat import EXTRACTIVE, Prompt, Role, Working, describe_tool, render_prompt

__all__ = ["SpecialistGraph", "build_specialist", "reference"]

SpecialistGraph = CompiledStateGraph[SpecialistState, RunContext, SpecialistState, SpecialistOutput]
Context = Runtime[RunContext]
_MOST_SUB_AGENTS = 3


def build_specialist(charter: Charter, settings: GraphSettings) -> SpecialistGraph:
    """Compile the subgraph for a charter. Its input is `task`, `position` and `turns`; its output adds `results`."""
    nodes = Specialist(charter)
    graph: StateGraph[SpecialistState, RunContext, SpecialistState, SpecialistOutput] = StateGraph(
        SpecialistState, context_schema=RunContext, output_schema=SpecialistOutput
    )
    outages = (KnowledgeUnavailable, EmbeddingUnavailable)
    retry = RetryPolicy(max_attempts=settings.attempts, initial_interval=0.2, retry_on=outages)
    timeout = settings.step_timeout_s  # for steps that wait; the others compute for milliseconds
    graph.add_node("recall", nodes.recall)
    graph.add_node("retrieve", nodes.retrieve, timeout=timeout, retry_policy=retry)
    graph.add_node("weigh", nodes.weigh, destinations=("act", "delegate"))
    graph.add_node("delegate", nodes.delegate, timeout=timeout)
    asking = retry._replace(retry_on=_NotBegun)  # what was streamed, or called, is not to happen again
    graph.add_node("act", nodes.act, timeout=timeout, retry_policy=asking, destinations=("act", "check"))
    graph.add_node("check", nodes.check)
    graph.add_node("answer", nodes.answer)
    graph.add_edge(START, "recall")
    graph.add_edge("recall", "retrieve")
    graph.add_edge("retrieve", "weigh")
    graph.add_edge("delegate", "act")
    graph.add_edge("check", "answer")
    graph.add_edge("answer", END)
    return graph.compile(name=charter.name)


class _NotBegun(EmbeddingUnavailable):
    """The model could not even begin: of this round nothing was streamed and no tool was called."""


class Specialist:
    """The nodes of the subgraph, for one charter."""

    def __init__(self, charter: Charter) -> None:
        self._charter = charter
        self._bench = ToolBench(charter.name, {tool.name: tool for tool in charter.tools})
        self._described = [describe_tool(tool) for tool in charter.tools]
        self._subagents = SubAgents(charter)
        self._system = system_prompt(charter)

    async def recall(self, state: SpecialistState, runtime: Context) -> SpecialistState:
        """What was said before in this thread, as far as it is this specialist's."""
        runtime.context.emit(AgentStarted(agent=self._charter.name, request=state["task"].request))
        messages = past_messages(state.get("turns", []), self._charter.name)
        system = SystemMessage(instructed(self._system, runtime.context.brought.instructions))
        return {"messages": [system, *messages], "began": time.time()}

    async def retrieve(self, state: SpecialistState, runtime: Context) -> SpecialistState:
        """Passages of this specialist's collections, else of any: what is known is told, wherever it is filed.

        None when nothing is relevant.
        """
        task, context = state["task"], runtime.context
        began = time.monotonic()
        query = f"{task.about} {task.text}".strip()
        most = context.settings.passages
        own = attached_hits(context.attached, query, limit=most)
        hits = await context.retriever.search(query, collections=self._charter.collections, limit=most)
        hits = hits or await context.retriever.search(query, limit=most)
        hits = [*own, *hits][: max(most, len(own))]
        return {
            "passages": as_passages(hits),
            "read_as": next((hit.read_as for hit in hits if hit.read_as), ""),
            "citations": as_citations(hits),
            "retrieved": [hit.pair_id for hit in hits if hit not in own],
            "timings_ms": {"retrieve": _since(began)},
        }

    async def weigh(self, state: SpecialistState, runtime: Context) -> Command[str]:
        """Decide between a tool, a checked tool and sub-agents; the reasons are kept with the run."""
        request = state["task"].text
        weighing = weigh(request, self._charter)
        prompt = Prompt(
            request=_with_tables(request, runtime.context),
            passages=tuple(state["passages"]),
            known=(*state.get("known", []), *attached_notes(runtime.context.attached)),
            working=_working(state, runtime.context),
            read_as=state.get("read_as"),
        )
        return Command(
            goto="delegate" if weighing.choice == "sub_agents" else "act",
            update={
                "weighing": weighing,
                "messages": [HumanMessage(render_prompt(prompt), id="request")],
                "rounds": 0,
            },
        )

    async def delegate(self, state: SpecialistState, runtime: Context) -> SpecialistState:
        """Ask the fitting sub-agents side by side; what they write lies beside the request from then on.

        What was all assembled from playbooks is a draft of the answer already.
        """
        began, request, passages = time.monotonic(), state["task"].text, tuple(state["passages"])
        chosen = choose_sub_agents(request, self._charter, most=_MOST_SUB_AGENTS)
        known, turns = state.get("known", []), state.get("turns", [])
        works = await all_of(
            self._subagents.ask(
                sub, runtime.context, request=request, passages=passages, known=known, turns=turns
            )
            for sub in chosen
        )
        notes = [work.note for work in works if work.note]
        assembled = bool(notes) and all(work.assembled for work in works if work.note)
        prompt = Prompt(
            request=_with_tables(request, runtime.context),
            passages=passages,
            notes=() if assembled else tuple(notes),
            known=tuple(known),
            working=_working(state, runtime.context),
            read_as=state.get("read_as"),
            draft=joined(notes) if assembled else None,
        )
        return {
            "notes": notes,
            "messages": [HumanMessage(render_prompt(prompt), id="request")],
            "tool_uses": [use for work in works for use in work.tool_uses],
            "computed": [one for work in works for one in work.computed],
            "artifacts": [artifact for work in works for artifact in work.artifacts],
            "timings_ms": {"sub_agents": _since(began)},
        }

    async def act(self, state: SpecialistState, runtime: Context) -> Command[str]:
        """Let the model answer or call tools; tokens stream as it writes, tools run side by side."""
        context, began = runtime.context, time.monotonic()
        rounds = state["rounds"] + 1
        may_call = rounds <= context.settings.tool_rounds
        reply = await context.journal.once(
            "reply",
            lambda: self._ask(state["messages"], state["citations"], context, may_call=may_call),
            when=lambda said: bool(said.tool_calls),
        )
        timings = {f"model_{rounds}": _since(began)}
        if not may_call or not (reply.tool_calls or reply.invalid_tool_calls):
            answer = reply.model_copy(update={"tool_calls": [], "invalid_tool_calls": []})
            update = {"messages": [answer], "rounds": rounds, "timings_ms": timings}
            return Command(goto="check", update=update)
        began = time.monotonic()
        checked = state["weighing"].choice == "checked_tool"
        done = await all_of(self._bench.call(call, context, checked=checked) for call in reply.tool_calls)
        reply = as_called(reply, done)
        timings[f"tools_{rounds}"] = _since(began)
        unread = [_unreadable(call) for call in reply.invalid_tool_calls]
        return Command(
            goto="act",
            update={
                "messages": [reply, *(call.message for call in done), *unread],
                "tool_uses": [call.use for call in done],
                "computed": [call.computed for call in done if call.computed],
                "artifacts": [artifact for call in done for artifact in call.made],
                "rounds": rounds,
                "timings_ms": timings,
            },
        )

    async def check(self, state: SpecialistState, runtime: Context) -> SpecialistState:
        """Hold the answer against what it rests on.

        Citations are numbered as they come in it; those of nothing, or of what does not hold it, are taken out. A sentence
        of a language model with a number that no source holds is taken out too; what was quoted and computed is only told of.
        """
        reply, order = state["messages"][-1], OrderOfUse(state["citations"])
        text, found = str(reply.text), None
        if _outcome(reply) == "answered":
            by_model = reply.response_metadata.get("model_name") != EXTRACTIVE
            text, found = check_answer(text, _sources(state, runtime.context), repair=by_model)
        metadata = reply.response_metadata
        if found and found.removed:
            metadata = metadata if text else {**metadata, "finish_reason": "declined"}
            said = left_out(found.removed, request=state["task"].request)
            text = f"{text}\n\n{said}".strip()
        text = renumbered(text, order)
        update: SpecialistState = {
            "messages": [reply.model_copy(update={"content": text, "response_metadata": metadata})],
            "citations": order.used(),
            "made_up": len(order.unknown),
        }
        return {**update, "grounding": found} if found else update

    async def answer(self, state: SpecialistState, runtime: Context) -> SpecialistState:
        """Close the task: the answer, the passages it cites, and what it was made with."""
        context, reply = runtime.context, state["messages"][-1]
        for citation in state["citations"]:
            context.emit(CitationMade(agent=self._charter.name, citation=citation))
        outcome = _outcome(reply)
        total = round((time.time() - state["began"]) * 1000, 2)
        model = str(reply.response_metadata.get("model_name", ""))
        context.emit(AgentFinished(agent=self._charter.name, status=outcome, model=model, duration_ms=total))
        result = SpecialistResult(
            position=state["position"],
            agent=self._charter.name,
            request=state["task"].request,
            answer=reply.text,
            outcome=outcome,
            citations=tuple(state["citations"]),
            made_up=state.get("made_up", 0),
            sub_agents=tuple(note.author for note in state.get("notes", [])),
            retrieved=tuple(state.get("retrieved", ())),
            tool_uses=tuple(state.get("tool_uses", [])),
            computed=tuple(state.get("computed", [])),
            artifacts=tuple(state.get("artifacts", [])),
            financial=self._charter.financial or any(one.financial for one in state.get("computed", [])),
            grounding=state.get("grounding"),
            weighing=state["weighing"],
            model=model,
            fallbacks=tuple(
                dict.fromkeys(
                    said for m in state["messages"] for said in m.response_metadata.get("fallbacks", ())
                )
            ),
            timings_ms={**state["timings_ms"], "total": total},
        )
        return {"results": [result]}

    async def _ask(
        self,
        messages: Sequence[AnyMessage],
        citations: Sequence[Citation],
        context: RunContext,
        *,
        may_call: bool,
    ) -> AIMessage:
        """The reply as the model wrote it; it is streamed with the numbers that `check` gives its citations."""
        model = context.chat.of(Role.REASONING)
        runnable = model.bind_tools(self._described) if may_call and self._described else model
        chunks: list[AIMessageChunk] = []
        marks = Renumbering(OrderOfUse(citations))
        try:
            async for chunk in runnable.bind(**context.brought.wishes.options).astream(list(messages)):
                if not isinstance(chunk, AIMessageChunk):
                    continue
                self._tell(marks.take(chunk.text), context)
                chunks.append(chunk)
        except EmbeddingUnavailable as error:
            if chunks:
                raise
            raise _NotBegun(str(error)) from error
        self._tell(marks.rest(), context)
        if not chunks:
            return AIMessage("")
        whole = add_ai_message_chunks(*chunks)
        return AIMessage(
            content=whole.text,
            tool_calls=whole.tool_calls,
            invalid_tool_calls=whole.invalid_tool_calls,
            response_metadata=whole.response_metadata,
            usage_metadata=whole.usage_metadata,
        )

    def _tell(self, text: str, context: RunContext) -> None:
        if text:
            context.emit(Token(agent=self._charter.name, text=text))


def _with_tables(request: str, context: RunContext) -> str:
    """The request with the tables of numbers that came with it, as if they stood in it; no agent is routed by them."""
    tables = attached_tables(context.attached)
    return f"{request}\n\n{tables}" if tables else request


def _working(state: SpecialistState, context: RunContext) -> Working | None:
    at = state.get("at")
    return working(at, state.get("turns", []), tokens=context.settings.working_tokens) if at else None


def _sources(state: SpecialistState, context: RunContext) -> Sources:
    """What the answer may state: the request, what is remembered, what tools were given and gave, and the passages."""
    task, turns = state["task"], state.get("turns", [])
    uses = [*state.get("tool_uses", []), *(use for turn in turns for use in turn.tool_uses)]
    at = state.get("at")
    said = [text for turn in turns for text in (turn.request, turn.answer) if text]
    return Sources.of(
        texts=[
            task.request,
            task.context,
            task.about,
            task.given,
            attached_tables(context.attached),
            *state.get("known", []),
            *said,
            *(use.result for use in uses),
            *(note.text for note in state.get("notes", [])),
        ],
        values=[
            *(use.arguments for use in uses),
            *(one.data for one in state.get("computed", [])),
            *([at.tools, at.variables] if at else []),
        ],
        figures=[figure for one in state.get("computed", []) for figure in one.figures],
        passages=state["passages"],
    )


def _unreadable(call: InvalidToolCall) -> ToolMessage:
    text = f"The arguments are not valid JSON ({call['error'] or 'they cannot be read'}). Call it again with valid ones."
    return ToolMessage(text, tool_call_id=call["id"] or "", name=call["name"], status="error")


def _outcome(reply: AnyMessage) -> Outcome:
    reason = reply.response_metadata.get("finish_reason")
    if reason == "declined" or not reply.text.strip():
        return "declined"
    return "needs_input" if reason == "needs_input" else "answered"


def _since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 2)
