"""The orchestrator's graph: guard, recall, route, dispatch (one `Send` a task), synthesise, remember."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any  # LangGraph's checkpointer and Send carry anything

from langchain_core.messages import HumanMessage, SystemMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, RetryPolicy, Send

from agents import Charter
from graphs import replies
from graphs.answers import conclude
from graphs.events import Citation, RouteChosen, RouteTask, Token
from graphs.guarding import clean_message
from graphs.numbering import renumbered
from graphs.prompting import orchestrator_prompt
from graphs.remembering import asks_of_himself, from_memory, known_lines, noted, only_states
from graphs.routing.interfaces import Route
from graphs.settings import GraphSettings
from graphs.specialist import build_specialist
from graphs.state import FreyaState, Outcome, RunContext, SpecialistResult
from memory import Carried, MemoryUnavailable, RecallFilter, Recollection, Turn, WorkingState, at_hand
from models import EmbeddingUnavailable
from models.chat import Prompt, Role, render_prompt

FreyaGraph = CompiledStateGraph[FreyaState, RunContext, FreyaState, FreyaState]
Context = Runtime[RunContext]


def build_freya(
    charters: Mapping[str, Charter],
    settings: GraphSettings,
    checkpointer: BaseCheckpointSaver[Any] | None = None,
) -> FreyaGraph:
    """Compile the graph with a subgraph for each charter. Its input is `message` and `wanted`."""
    graph: StateGraph[FreyaState, RunContext, FreyaState, FreyaState] = StateGraph(
        FreyaState, context_schema=RunContext
    )
    timeout = settings.step_timeout_s
    outages = (MemoryUnavailable, EmbeddingUnavailable)
    retry = RetryPolicy(max_attempts=settings.attempts, initial_interval=0.2, retry_on=outages)
    graph.add_node("guard", guard)
    graph.add_node("recall", recall, timeout=timeout, retry_policy=retry)
    graph.add_node("route", route, timeout=timeout, retry_policy=retry, destinations=("converse", *charters))
    graph.add_node("converse", converse, timeout=timeout)
    for name, charter in charters.items():
        graph.add_node(name, build_specialist(charter, settings))
        graph.add_edge(name, "synthesise")
    graph.add_node("synthesise", synthesise)
    graph.add_node("remember", remember, timeout=timeout, retry_policy=retry)
    graph.add_edge(START, "guard")
    graph.add_edge("guard", "recall")
    graph.add_edge("recall", "route")
    graph.add_edge("converse", "remember")
    graph.add_edge("synthesise", "remember")
    graph.add_edge("remember", END)
    return graph.compile(checkpointer=checkpointer, name="freya")


async def guard(state: FreyaState, runtime: Context) -> FreyaState:
    """Refuse what cannot be worked on; clean the rest."""
    return {"message": clean_message(state["message"], longest=runtime.context.settings.longest_message)}


async def recall(state: FreyaState, runtime: Context) -> FreyaState:
    """The last turns of the thread, and what has to do with the message of all that is remembered beside them."""
    context, began = runtime.context, time.monotonic()
    scope, budget = context.scope, context.settings.memory_tokens
    carried = Carried((), None) if context.begins else await context.memory.carried(scope)
    recalled = Recollection()
    if budget:
        wanted = RecallFilter(
            project_id=scope.project_id, at_hand=at_hand(scope.thread_id, carried.turns), headed=True
        )
        recalled = await context.recaller.recall(scope.owner, state["message"], budget=budget, wanted=wanted)
    return {
        "turns": list(carried.turns),
        "summary": carried.summary.text if carried.summary else "",
        "recalled": recalled,
        "degraded": list({each.tier: each for each in (*recalled.degraded, *carried.degraded)}.values()),
        "timings_ms": {"recall": _since(began)},
    }


async def route(state: FreyaState, runtime: Context) -> Command[Any]:  # goto holds Sends
    """Choose who works on it, and send each task to its specialist."""
    context, began = runtime.context, time.monotonic()
    if not state.get("wanted") and only_states(state["message"], context.notice):
        decided = Route(kind="small_talk", reason="the message tells of its writer and asks nothing")
    else:
        decided = await context.router.route(state["message"], state["turns"], state.get("wanted", []))
    tasks = [
        RouteTask(agent=t.agent, request=t.request, confidence=round(t.confidence, 3)) for t in decided.tasks
    ]
    context.emit(RouteChosen(kind=decided.kind, tasks=tasks))
    update: FreyaState = {"route": decided, "timings_ms": {"route": _since(began)}}
    if decided.kind != "tasks":
        return Command(goto="converse", update=update)
    known = known_lines(state["recalled"], state["summary"])
    at = await _working_states(state, [task.agent for task in decided.tasks], context)
    sends = [
        Send(
            task.agent,
            {
                "task": task,
                "position": position,
                "turns": state["turns"],
                "known": known,
                "at": at[task.agent],
            },
        )
        for position, task in enumerate(decided.tasks)
    ]
    return Command(goto=sends, update=update)


async def _working_states(
    state: FreyaState, agents: Sequence[str], context: RunContext
) -> dict[str, WorkingState]:
    """By agent what it was at earlier in the thread."""
    names = list(dict.fromkeys(agents))
    if not state["turns"]:
        return {name: WorkingState(agent=name) for name in names}
    whole = not state["summary"]
    states = await asyncio.gather(
        *(context.memory.state(context.scope, name, state["turns"], whole=whole) for name in names)
    )
    return {each.agent: each for each in states}


async def converse(state: FreyaState, runtime: Context) -> FreyaState:
    """Freya answers herself: small talk, where we were, a kind decline, or a question back."""
    context, kind = runtime.context, state["route"].kind
    outcome: Outcome = "answered"
    remembered = _remembered(state, context)
    match kind:
        case _ if remembered:
            draft = remembered
        case "small_talk":
            draft = replies.small_talk(state["message"], context.charters)
        case "recap":
            draft = replies.recap(state["turns"], context.charters)
        case "unclear":
            draft, outcome = replies.ask_which(context.charters), "needs_input"
        case _:
            draft = replies.decline(context.charters) + replies.only_english(state["message"])
            outcome = "declined"
    model = context.chat.of(Role.AGENTIC)
    known = tuple(known_lines(state["recalled"], state["summary"]))
    prompt = render_prompt(Prompt(request=state["message"], known=known, draft=draft))
    text, name = "", ""
    fallbacks: list[str] = []
    async for chunk in model.astream(
        [SystemMessage(orchestrator_prompt(context.charters)), HumanMessage(prompt)]
    ):
        if chunk.text:
            context.emit(Token(text=chunk.text))
            text += chunk.text
        name = str(chunk.response_metadata.get("model_name", name))
        fallbacks += chunk.response_metadata.get("fallbacks", ())
    return {"answer": text, "outcome": outcome, "citations": [], "model": name, "fallbacks": fallbacks}


def _remembered(state: FreyaState, context: RunContext) -> str | None:
    """What memory says to a question about its asker, or that a statement about him was noted."""
    message = state["message"]
    if asks_of_himself(message):
        return from_memory(state["recalled"])
    statements = only_states(message, context.notice)
    return noted(statements) if statements else None


async def synthesise(state: FreyaState, runtime: Context) -> FreyaState:
    """One answer out of the specialists' answers: in the order of the tasks, citations numbered through.

    A question back stands beside the answers; a task that nothing was found for is named at the end.
    """
    results = sorted(state["results"], key=lambda result: result.position)
    told = [result for result in results if result.outcome != "declined"] or results
    text, citations = merge(told, runtime.context.charters)
    unanswered = [result.request for result in results if result not in told]
    if unanswered:
        text = f"{text}\n\n{replies.unanswered(unanswered)}"
    own = from_memory(state["recalled"]) if asks_of_himself(state["message"]) else None
    if own and told == results and all(result.outcome == "declined" for result in results):
        text = own
    elif all(result.outcome == "declined" for result in results):
        text += replies.only_english(state["message"])
    indexed = runtime.context.indexed()
    if indexed is not None and any(result.outcome == "declined" for result in results):
        text = f"{text}\n\n{replies.still_indexing(indexed)}"
    if state["route"].left_out:
        text = f"{text}\n\n{replies.left_out(state['route'].left_out)}"
    text = conclude(text, told, request=state["message"])
    outcomes = [result.outcome for result in told]
    return {
        "answer": text,
        "citations": citations,
        "outcome": "answered" if "answered" in outcomes else outcomes[0],
        "model": ", ".join(dict.fromkeys(result.model for result in told if result.model)),
    }


def merge(results: Sequence[SpecialistResult], charters: Mapping[str, Charter]) -> tuple[str, list[Citation]]:
    """A single answer as it stands; those of several agents under the agents' titles; with one numbering of citations.

    What one says in the very words of another, out of the same passages, is said once.
    """
    said = {
        (result.answer, tuple(c.pair_id for c in result.citations)): result for result in reversed(results)
    }
    results = [*reversed(said.values())]
    if len(results) == 1:
        return results[0].answer, list(results[0].citations)
    titled, agent = len({result.agent for result in results}) > 1, ""
    sections: list[str] = []
    citations: list[Citation] = []
    for result in results:
        numbers = {}
        for citation in result.citations:
            known = next((c.number for c in citations if c.pair_id == citation.pair_id), None)
            numbers[citation.number] = known or len(citations) + 1
            if known is None:
                citations.append(citation.model_copy(update={"number": len(citations) + 1}))
        answer = renumbered(result.answer, numbers)
        if titled and result.agent != agent:
            title = charters[result.agent].title if result.agent in charters else result.agent
            answer = f"## {title}\n\n{answer}"
        agent = result.agent
        sections.append(answer)
    return "\n\n".join(sections), citations


async def remember(state: FreyaState, runtime: Context) -> FreyaState:
    """Keep the turn, so that the next one can build on it."""
    context = runtime.context
    results = state.get("results", [])
    turn = Turn(
        run_id=context.run_id,
        request=state["message"],
        answer=state["answer"],
        agents=tuple(dict.fromkeys(result.agent for result in results)),
        tool_uses=tuple(use for result in results for use in result.tool_uses),
        at=datetime.now(UTC),
    )
    began = time.monotonic()
    await context.memory.remember(context.scope, turn, first=context.begins)
    return {"timings_ms": {"remember": _since(began)}}


def _since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 2)
