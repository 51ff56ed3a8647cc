"""The orchestrator's graph: guard, recall, route, then waves of steps (one `Send` each), synthesise, remember."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any  # LangGraph's checkpointer and Send carry anything

from langchain_core.messages import HumanMessage, SystemMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, RetryPolicy, Send

from graphs import replies
from graphs.answers import conclude
from graphs.commanding import carried_out, command_in, is_command
from graphs.conflicts import conflicts
from graphs.consulting import standing, steps_for, waits
from graphs.events import (
    Consulted,
    PlanMade,
    PlanStep,
    RouteChosen,
    RouteTask,
    StepFinished,
    Token,
)
from graphs.guarding import asks_to_reveal, clean_message
from graphs.merging import merge
from graphs.planning import Spent, handed, planned, ready, told_before, used_up
from graphs.prompting import instructed, orchestrator_prompt
from graphs.relaying import relay
from graphs.remembering import (
    asks_of_himself,
    from_memory,
    known_lines,
    known_of_him,
    noted,
    only_states,
)
from graphs.routing.interfaces import Route, Task
from graphs.settings import GraphSettings
from graphs.state import FreyaState, Outcome, RunContext, StepState
from graphs.stepping import Workshop
from memory import (
    Carried,
    CarriedTurns,
    KnowWish,
    MemoryUnavailable,
    RecallFilter,
    Recollection,
    Turn,
    WorkingState,
    at_hand,
    within_budget,
)
from models import EmbeddingUnavailable
from models.chat import Prompt, Role, language_model, render_prompt

FreyaGraph = CompiledStateGraph[FreyaState, RunContext, FreyaState, FreyaState]
Context = Runtime[RunContext]


def build_freya(settings: GraphSettings, checkpointer: BaseCheckpointSaver[Any] | None = None) -> FreyaGraph:
    """Compile the graph. Its input is `message` and `wanted`; its specialists are the charters of a run's context."""
    graph: StateGraph[FreyaState, RunContext, FreyaState, FreyaState] = StateGraph(
        FreyaState, context_schema=RunContext
    )
    timeout = settings.step_timeout_s
    outages = (MemoryUnavailable, EmbeddingUnavailable)
    retry = RetryPolicy(max_attempts=settings.attempts, initial_interval=0.2, retry_on=outages)
    graph.add_node("guard", guard)
    graph.add_node("recall", recall, timeout=timeout, retry_policy=retry)
    graph.add_node(
        "route", route, timeout=timeout, retry_policy=retry, destinations=("converse", "specialist", "relay")
    )
    graph.add_node("converse", converse, timeout=timeout)
    graph.add_node("relay", relay, timeout=timeout)
    graph.add_node("specialist", Workshop(settings).work, input_schema=StepState)
    graph.add_node(
        "gather", gather, timeout=timeout, retry_policy=retry, destinations=("specialist", "synthesise")
    )
    graph.add_node("synthesise", synthesise)
    graph.add_node("remember", remember, timeout=timeout, retry_policy=retry)
    graph.add_edge(START, "guard")
    graph.add_edge("guard", "recall")
    graph.add_edge("recall", "route")
    graph.add_edge("specialist", "gather")
    graph.add_edge("converse", "remember")
    graph.add_edge("relay", "remember")
    graph.add_edge("synthesise", "remember")
    graph.add_edge("remember", END)
    return graph.compile(checkpointer=checkpointer, name="freya")


async def guard(state: FreyaState, runtime: Context) -> FreyaState:
    """Refuse what cannot be worked on; clean the rest."""
    message = clean_message(state["message"], longest=runtime.context.settings.longest_message)
    return {"message": message, "began": time.time()}


async def recall(state: FreyaState, runtime: Context) -> FreyaState:
    """The last turns of the thread, and what has to do with the message of all that is remembered beside them."""
    context, began = runtime.context, time.monotonic()
    scope, budget = context.scope, context.settings.memory_tokens
    carried: CarriedTurns = Carried((), None)
    if context.brought.before:
        carried = Carried(
            tuple(within_budget(context.brought.turns(), context.settings.brought_tokens)), None
        )
    elif not context.begins:
        carried = await context.memory.carried(scope)
    recalled = Recollection()
    if budget:
        wanted = RecallFilter(
            project_id=scope.project_id, at_hand=at_hand(scope.thread_id, carried.turns), headed=True
        )
        recalled = await context.recaller.recall(scope.owner, state["message"], budget=budget, wanted=wanted)
        recalled = _beside(recalled, carried.turns if context.brought.before else ())
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
    if asks_to_reveal(state["message"]):
        decided = Route(kind="protected", reason="the message asks for prompts, keys or other people's data")
    elif context.brought.asks_model and language_model(context.chat.of(Role.REASONING)):
        decided = Route(
            kind="client", reason="the client brings tools, or wants an answer in a form of its own"
        )
    elif await is_command(state, context):
        decided = Route(
            kind="recap", reason="the message is about what is remembered of its writer, and his to command"
        )
    elif not state.get("wanted") and known_of_him(state["message"], state["recalled"]):
        decided = Route(kind="small_talk", reason="the message asks for what its writer has told of himself")
    elif not state.get("wanted") and bool(
        await asyncio.to_thread(only_states, state["message"], context.notice)
    ):
        decided = Route(kind="small_talk", reason="the message tells of its writer and asks nothing")
    else:
        decided = await context.router.route(state["message"], state["turns"], state.get("wanted", []))
    tasks = planned(decided.tasks)
    decided = decided.model_copy(update={"tasks": tasks})
    context.emit(
        RouteChosen(
            kind=decided.kind,
            tasks=[
                RouteTask(agent=t.agent, request=t.request, confidence=round(t.confidence, 3)) for t in tasks
            ],
        )
    )
    update: FreyaState = {"route": decided, "plan": list(tasks), "timings_ms": {"route": _since(began)}}
    if decided.kind != "tasks":
        return Command(goto="relay" if decided.kind == "client" else "converse", update=update)
    _tell_plan(tasks, context)
    return Command(goto=await _wave({**state, **update}, context), update=update)


async def gather(state: FreyaState, runtime: Context) -> Command[Any]:  # goto holds Sends
    """After a wave of steps: the questions that specialists ask become steps, and what is ready now is sent out.

    Where the budget of the run is used up, what is left of the plan is left undone.
    """
    context, plan = runtime.context, list(state["plan"])
    asked = {task.asked_by for task in plan}
    new: list[Task] = []
    for number, question in sorted(state.get("questions", {}).items()):
        consultations = sum(1 for task in plan if task.asked_by)
        if number in asked or consultations >= context.settings.budget.consultations:
            continue
        asker = next(task for task in plan if task.id == number)
        context.emit(Consulted(agent=asker.agent, step=number, of=question.of, question=question.request))
        steps = steps_for(question, asker, plan)
        plan += steps
        new += steps
    if new:
        plan = [waits(task, [step.again for step in new], plan) for task in plan]
        _tell_plan(plan, context)
    update: FreyaState = {"plan": plan}
    done = {result.position for result in state["results"]} | state.get("undone", {}).keys()
    left = [task for task in plan if task.id not in done]
    reason = used_up(context.settings.budget, state.get("spent", Spent()), state["began"] + context.waited_s)
    if left and reason:
        for task in left:
            context.emit(
                StepFinished(
                    agent=task.agent, step=task.id, status="left_undone", reason=f"{reason} was used up"
                )
            )
        update["undone"] = {task.id: f"{reason} was used up" for task in left}
        left = []
    return Command(goto=await _wave({**state, **update}, context) if left else "synthesise", update=update)


async def _wave(state: FreyaState, context: RunContext) -> list[Send]:
    """A `Send` for each step that can begin now, with what the steps before it found."""
    plan, results = state["plan"], state.get("results", [])
    figures = state.get("figures", {})
    done = {result.position for result in results} | state.get("undone", {}).keys()
    able = ready(plan, done, most=context.settings.budget.side_by_side)
    known = known_lines(state["recalled"], state["summary"])
    answers = {result.position: result.answer for result in results if result.outcome == "answered"}
    at = await _working_states(state, [task.agent for task in able], context)
    sends = []
    for task in able:
        charter = context.charters.get(task.agent)
        step = StepState(
            task=task if task.again else handed(task, plan, figures, charter),
            turns=state["turns"],
            known=[*told_before(task, plan, answers, figures), *known],
            at=at[task.agent],
            said=[state["message"], task.about],
            began=state["began"],
        )
        sends.append(Send("specialist", step))
    return sends


def _tell_plan(plan: Sequence[Task], context: RunContext) -> None:
    budget = context.settings.budget
    steps = [
        PlanStep(id=t.id, agent=t.agent, request=t.request, needs=list(t.needs), priority=t.priority)
        for t in plan
    ]
    context.emit(PlanMade(steps=steps, seconds=budget.seconds, calls=budget.calls, tokens=budget.tokens))


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
    command = command_in(state["message"], state["turns"]) if kind == "recap" else None
    if command:
        # In Freya's own words: what was done, and the ids of what is meant, are no model's to tell anew.
        text, told = await context.journal.once("command", lambda: carried_out(command, context))
        context.emit(Token(text=text))
        return {
            "answer": text,
            "outcome": told,
            "withheld": not isinstance(command, KnowWish),
            "citations": [],
            "model": "",
            "fallbacks": [],
        }
    outcome: Outcome = "answered"
    remembered = await _remembered(state, context)
    match kind:
        case "protected":
            draft, outcome = replies.protected(state["message"]), "declined"
        case _ if remembered:
            draft = remembered
        case "small_talk":
            draft = replies.small_talk(state["message"], context.charters)
        case "recap":
            draft = replies.recap(state["message"], state["turns"], context.charters)
        case "unclear":
            draft, outcome = replies.ask_which(state["message"], context.charters), "needs_input"
        case _:
            draft = replies.decline(state["message"], context.charters) + replies.only_english(
                state["message"]
            )
            outcome = "declined"
    model = context.chat.of(Role.AGENTIC)
    known = tuple(known_lines(state["recalled"], state["summary"]))
    prompt = render_prompt(Prompt(request=state["message"], known=known, draft=draft))
    text, name = "", ""
    fallbacks: list[str] = []
    system = instructed(orchestrator_prompt(context.charters), context.brought.instructions)
    options = context.brought.wishes.options
    async for chunk in model.bind(**options).astream([SystemMessage(system), HumanMessage(prompt)]):
        if chunk.text:
            context.emit(Token(text=chunk.text))
            text += chunk.text
        name = str(chunk.response_metadata.get("model_name", name))
        fallbacks += chunk.response_metadata.get("fallbacks", ())
    return {"answer": text, "outcome": outcome, "citations": [], "model": name, "fallbacks": fallbacks}


async def _remembered(state: FreyaState, context: RunContext) -> str | None:
    """What memory says to a question about its asker, or that a statement about him was noted."""
    message = state["message"]
    if asks_of_himself(message):
        return from_memory(state["recalled"])
    statements = await asyncio.to_thread(only_states, message, context.notice)
    return noted(statements) if statements else None


async def synthesise(state: FreyaState, runtime: Context) -> FreyaState:
    """One answer out of the specialists' answers: in the order of the tasks, citations numbered through.

    A question back stands beside the answers; where answers contradict each other, that is said. A task that nothing
    was found for, or that the budget did not allow, is named at the end.
    """
    undone = {
        task.request: state["undone"][task.id] for task in state["plan"] if task.id in state.get("undone", {})
    }
    results = standing(state.get("results", []), state["plan"])
    if not results:
        return {
            "answer": replies.undone(state["message"], undone),
            "citations": [],
            "outcome": "declined",
            "model": "",
        }
    told = [result for result in results if result.outcome != "declined"] or results
    text, citations = merge(told, runtime.context.charters)
    contradictions = conflicts(told, state["plan"], state.get("figures", {}))
    if contradictions:
        text = f"{text}\n\n{replies.disagreement(state['message'], contradictions, runtime.context.charters)}"
    unanswered = [result.request for result in results if result not in told]
    if unanswered:
        text = f"{text}\n\n{replies.unanswered(state['message'], unanswered)}"
    own = from_memory(state["recalled"]) if asks_of_himself(state["message"]) else None
    if own and told == results and all(result.outcome == "declined" for result in results):
        text = own
    elif all(result.outcome == "declined" for result in results):
        text += replies.only_english(state["message"])
    indexed = runtime.context.indexed()
    if indexed is not None and any(result.outcome == "declined" for result in results):
        text = f"{text}\n\n{replies.still_indexing(state['message'], indexed)}"
    if state["route"].left_out:
        text = f"{text}\n\n{replies.left_out(state['message'], state['route'].left_out)}"
    if undone:
        text = f"{text}\n\n{replies.undone(state['message'], undone)}"
    text = conclude(text, told, request=state["message"])
    outcomes: list[Outcome] = (
        ["answered"] if own and text.startswith(own) else [result.outcome for result in told]
    )
    return {
        "answer": text,
        "citations": citations,
        "outcome": "answered" if "answered" in outcomes else outcomes[0],
        "model": ", ".join(dict.fromkeys(result.model for result in told if result.model)),
    }


async def remember(state: FreyaState, runtime: Context) -> FreyaState:
    """Keep the turn, so that the next one can build on it; not one that waits for what the client's tools give."""
    context = runtime.context
    if state.get("client_calls"):
        return {}
    results = state.get("results", [])
    turn = Turn(
        run_id=context.run_id,
        request=state["message"],
        answer=state["answer"],
        agents=tuple(dict.fromkeys(result.agent for result in results)),
        tool_uses=tuple(use for result in results for use in result.tool_uses),
        at=datetime.now(UTC),
        withheld=state.get("withheld", False),
    )
    began = time.monotonic()
    await context.memory.remember(context.scope, turn, first=context.begins)
    return {"timings_ms": {"remember": _since(began)}}


def _beside(recalled: Recollection, turns: Sequence[Turn]) -> Recollection:
    """What was recalled that these turns, which the client brought, do not say already."""
    said = {text for turn in turns for text in (turn.request, turn.answer)}
    return recalled.model_copy(update={"items": tuple(i for i in recalled.items if i.text not in said)})


def _since(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 2)
