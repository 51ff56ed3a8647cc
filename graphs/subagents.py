"""The graph of a sub-agent: recall within its scope, write with its tools, be checked, try once more; else assemble from its playbook."""

import operator
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, TypedDict

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command

from agents import Charter, Filled, Section, SubAgent, fill_template, lay_out, read_facts, read_playbook
from graphs.approving import all_of
from graphs.calling import FinishedCall, ToolBench, as_called
from graphs.events import AgentFinished, AgentStarted
from graphs.grounding import Sources, check_answer
from graphs.prompting import GROUNDING, past_messages
from graphs.state import Computed, MadeArtifact, RunContext
from memory import ToolUse, Turn
from models.chat import EXTRACTIVE, Note, Passage, Prompt, Role, describe_tool, render_prompt

SubAgentGraph = CompiledStateGraph["SubAgentState", RunContext, "SubAgentState", "SubAgentState"]
Context = Runtime[RunContext]
_NOTHING_SAID = frozenset({"declined", "needs_input"})
"""Finish reasons of a reply that holds nothing to build on."""
_SECTION = "\n\n#### "
_TRIES = 2
"""How often a language model may write: once, and once more with what the check found."""


class SubAgentState(TypedDict, total=False):
    """A sub-agent's state over one task. The input is `request`, `passages`, `known` and `turns`."""

    request: str
    passages: list[Passage]
    known: list[str]
    turns: list[Turn]
    messages: Annotated[list[AnyMessage], add_messages]
    rounds: int
    tries: int
    text: str
    """What it wrote; empty where it had nothing to say."""
    assembled: bool
    """Whether it was put together from the playbook."""
    tool_uses: Annotated[list[ToolUse], operator.add]
    computed: Annotated[list[Computed], operator.add]
    artifacts: Annotated[list[MadeArtifact], operator.add]
    began: float


@dataclass(frozen=True)
class Work:
    """What a sub-agent leaves for the specialist that asked it."""

    note: Note | None
    assembled: bool
    tool_uses: tuple[ToolUse, ...]
    computed: tuple[Computed, ...]
    artifacts: tuple[MadeArtifact, ...]


class SubAgents:
    """The sub-agents of one charter, each a compiled graph."""

    def __init__(self, charter: Charter) -> None:
        self._graphs = {sub.name: _build(_Nodes(charter, sub), sub.name) for sub in charter.subagents}

    async def ask(
        self,
        sub: SubAgent,
        context: RunContext,
        *,
        request: str,
        passages: Sequence[Passage],
        known: Sequence[str],
        turns: Sequence[Turn],
    ) -> Work:
        """Let a sub-agent work on the request, with the passages that were found and what is remembered."""
        given: SubAgentState = {
            "request": request,
            "passages": list(passages),
            "known": list(known),
            "turns": list(turns),
        }
        state = await self._graphs[sub.name].ainvoke(given, context=context)
        text = state.get("text", "")
        return Work(
            note=Note(author=sub.name, text=text) if text else None,
            assembled=state.get("assembled", False),
            tool_uses=tuple(state.get("tool_uses", [])),
            computed=tuple(state.get("computed", [])),
            artifacts=tuple(state.get("artifacts", [])),
        )


def _build(nodes: "_Nodes", name: str) -> SubAgentGraph:
    graph: StateGraph[SubAgentState, RunContext, SubAgentState, SubAgentState] = StateGraph(
        SubAgentState, context_schema=RunContext
    )
    graph.add_node("recall", nodes.recall)
    graph.add_node("write", nodes.write, destinations=("write", "validate", "assemble"))
    graph.add_node("validate", nodes.validate, destinations=("write", "finish"))
    graph.add_node("assemble", nodes.assemble)
    graph.add_node("finish", nodes.finish)
    graph.add_edge(START, "recall")
    graph.add_edge("recall", "write")
    graph.add_edge("assemble", "finish")
    graph.add_edge("finish", END)
    return graph.compile(name=name)


class _Nodes:
    """The nodes of a sub-agent's graph."""

    def __init__(self, charter: Charter, sub: SubAgent) -> None:
        own = {tool.name: tool for tool in charter.tools if tool.name in sub.tools}
        self._specialist, self._sub = charter.name, sub
        self._name = f"{charter.name}/{sub.name}"
        self._bench = ToolBench(charter.name, own)
        self._described = {name: describe_tool(tool) for name, tool in own.items()}
        self._playbook = read_playbook(f"agents.{charter.name}", sub.playbook) if sub.playbook else None

    async def recall(self, state: SubAgentState, runtime: Context) -> SubAgentState:
        """Its own scope of memory: what is remembered of the user, and earlier calls of the tools that are its own."""
        runtime.context.emit(AgentStarted(agent=self._name, request=state["request"]))
        outline = f"\n\nThe work has these parts:\n{self._playbook.outline}" if self._playbook else ""
        prompt = Prompt(
            request=state["request"],
            passages=tuple(state["passages"]),
            known=tuple(state.get("known", [])),
            focus=self._sub.purpose,
        )
        return {
            "messages": [
                SystemMessage(f"{self._sub.persona}\n\n{GROUNDING}{outline}"),
                *past_messages(self._own_turns(state), self._specialist),
                HumanMessage(render_prompt(prompt)),
            ],
            "rounds": 0,
            "tries": 0,
            "began": time.time(),
        }

    async def write(self, state: SubAgentState, runtime: Context) -> Command[str]:
        """Let the model write or call its tools. Where no language model answers, the playbook is what there is."""
        context = runtime.context
        rounds = state["rounds"] + 1
        may_call = bool(self._described) and rounds <= context.settings.tool_rounds
        model = context.chat.of(Role.WRITER)
        runnable = model.bind_tools(list(self._described.values())) if may_call else model
        reply = await context.journal.once(
            "reply", lambda: runnable.ainvoke(state["messages"]), when=lambda said: bool(said.tool_calls)
        )
        if reply.response_metadata.get("model_name") == EXTRACTIVE and self._playbook:
            return Command(goto="assemble")
        if not may_call or not reply.tool_calls:
            return Command(goto="validate", update={"messages": [reply], "rounds": rounds})
        done = await all_of(self._bench.call(call, context, checked=True) for call in reply.tool_calls)
        reply = as_called(reply, done)
        update = {"messages": [reply, *(call.message for call in done)], "rounds": rounds, **_kept(done)}
        return Command(goto="write", update=update)

    async def validate(self, state: SubAgentState) -> Command[str]:
        """Hold what was written against its sources; a language model hears once what is wrong, then the rest is taken out."""
        reply, tries = state["messages"][-1], state["tries"] + 1
        if not reply.text.strip() or reply.response_metadata.get("finish_reason") in _NOTHING_SAID:
            return Command(goto="finish", update={"text": ""})
        if reply.response_metadata.get("model_name") == EXTRACTIVE:
            return Command(goto="finish", update={"text": reply.text})
        text, found = check_answer(reply.text, self._sources(state), repair=True)
        if found.holds or tries >= _TRIES:
            return Command(goto="finish", update={"text": text})
        faults = []
        if found.untraced:
            faults.append(f"no tool, passage or request holds these numbers: {', '.join(found.untraced)}")
        if found.miscited:
            cited = ", ".join(f"[{n}]" for n in found.miscited)
            faults.append(f"these passages do not hold what they are cited for: {cited}")
        told = f"The check of what you wrote found that {'; '.join(faults)}. Write it again without that."
        return Command(goto="write", update={"messages": [HumanMessage(told)], "tries": tries})

    async def assemble(self, state: SubAgentState, runtime: Context) -> SubAgentState:
        """The playbook's sections: tools computed side by side, then templates and quotations."""
        playbook = self._playbook
        if playbook is None:
            return {"text": ""}
        context, request = runtime.context, state["request"]
        facts = read_facts(playbook, request)

        def lacking(section: Section) -> tuple[str, ...]:
            return tuple(playbook.facts[need].question for need in section.needs if need in facts.missing)

        async def compute(section: Section) -> FinishedCall | None:
            if section.tool is None or lacking(section):
                return None
            wording = fill_template(section.request, request, facts, {})
            return await self._compute(section.tool, wording, context, section=section.title)

        calls = await all_of(map(compute, playbook.sections))
        made = [call for call in calls if call and call.computed]
        figures = {
            figure.name: str(figure)
            for call in made
            for figure in (call.computed.figures if call.computed else ())
        }
        sections: list[Filled] = []
        for section, call in zip(playbook.sections, calls, strict=True):
            asked = lacking(section)
            if asked:
                sections.append(Filled(section.title, questions=asked))
            elif section.tool:
                sections.append(self._computed(section, call))
            elif section.text:
                sections.append(Filled(section.title, fill_template(section.text, request, facts, figures)))
            else:
                wanted = fill_template(section.quote or "", request, facts, figures)
                sections.append(Filled(section.title, await self._quote(wanted, state, context)))
        text = lay_out(playbook, facts, sections, of_model=EXTRACTIVE)
        worked = bool(made) or any(
            s.text for s, p in zip(sections, playbook.sections, strict=True) if p.needs or p.quote
        )
        return {"text": text if worked else "", "assembled": True, **_kept(made)}

    async def finish(self, state: SubAgentState, runtime: Context) -> SubAgentState:
        """Tell that it is done."""
        model = next(
            (
                str(m.response_metadata.get("model_name", ""))
                for m in reversed(state["messages"])
                if isinstance(m, AIMessage)
            ),
            "",
        )
        runtime.context.emit(
            AgentFinished(
                agent=self._name,
                status="answered" if state.get("text") else "declined",
                model=EXTRACTIVE if state.get("assembled") else model,
                duration_ms=round((time.time() - state["began"]) * 1000, 2),
            )
        )
        return {"rounds": state["rounds"]}

    async def _compute(
        self, tool: str, wording: str, context: RunContext, *, section: str
    ) -> FinishedCall | None:
        """The tool with the arguments that the wording says; None where they cannot be read."""
        if not wording or tool not in self._described:
            return None
        model: BaseChatModel = context.chat.of(Role.WRITER)
        reader = model.bind_tools([self._described[tool]], tool_choice=tool)
        reply = await context.journal.once(
            f"section {section}",
            lambda: reader.ainvoke([HumanMessage(wording)]),
            when=lambda said: bool(said.tool_calls),
        )
        calls = [call for call in reply.tool_calls if call["name"] == tool]
        return await self._bench.call(calls[0], context, checked=True) if calls else None

    def _computed(self, section: Section, call: FinishedCall | None) -> Filled:
        """What its tool found; where it refuses to compute with what was said, why: that more sales only add losses."""
        text = "" if call is None else call.message.text if call.computed else self._bench.refused(call)
        return Filled(section.title, text, () if text else (section.question,))

    async def _quote(self, wanted: str, state: SubAgentState, context: RunContext) -> str:
        """What the passages say to it; empty where they say nothing."""
        if not wanted or not state["passages"]:
            return ""
        prompt = Prompt(request=wanted, passages=tuple(state["passages"]))
        reply = await context.chat.of(Role.WRITER).ainvoke([HumanMessage(render_prompt(prompt))])
        return "" if reply.response_metadata.get("finish_reason") in _NOTHING_SAID else reply.text

    def _own_turns(self, state: SubAgentState) -> list[Turn]:
        """Earlier turns as far as they called its tools."""
        kept = []
        for turn in state.get("turns", []):
            uses = tuple(use for use in turn.tool_uses if use.name in self._described)
            if uses:
                kept.append(turn.model_copy(update={"tool_uses": uses}))
        return kept

    def _sources(self, state: SubAgentState) -> Sources:
        uses = [
            *state.get("tool_uses", []),
            *(use for turn in self._own_turns(state) for use in turn.tool_uses),
        ]
        computed = state.get("computed", [])
        return Sources.of(
            texts=[state["request"], *state.get("known", []), *(use.result for use in uses)],
            values=[*(use.arguments for use in uses), *(one.data for one in computed)],
            figures=[figure for one in computed for figure in one.figures],
            passages=state["passages"],
        )


def _kept(calls: Sequence[FinishedCall]) -> SubAgentState:
    return {
        "tool_uses": [call.use for call in calls],
        "computed": [call.computed for call in calls if call.computed],
        "artifacts": [artifact for call in calls for artifact in call.made],
    }


def joined(notes: Sequence[Note]) -> str:
    """What several wrote, each under its name; one alone as it stands. A section that an earlier one has is left out."""
    if len(notes) == 1:
        return notes[0].text
    said: set[str] = set()
    texts = []
    for note in notes:
        head, *sections = note.text.split(_SECTION)
        new = [each for each in sections if each.partition("\n\n")[2] not in said]
        said.update(each.partition("\n\n")[2] for each in sections)
        title = note.author.replace("_", " ").capitalize()
        texts.append(f"### {title}\n\n{_SECTION.join([head, *new])}")
    return "\n\n".join(texts)
