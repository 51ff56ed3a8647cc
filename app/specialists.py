"""The specialists as clients see them: who they are, and what of their tools can be used without a run."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any  # what tools take, and their descriptions

from langchain_core.messages import ToolCall
from langchain_core.tools import BaseTool
from pydantic import BaseModel, Field

from agents import Charter, Playbook, Resources, read_playbook, writes
from app.problems import ProblemError, problem
from graphs import ApprovalSettings, FinishedCall, ToolBench, why_asked
from models.chat import describe_tool, without_hints


class AgentView(BaseModel):
    """A specialist, as a client sees it."""

    name: str
    title: str
    description: str
    scope: list[str]
    declines: list[str]
    collections: list[str]
    tools: list["ToolView"]
    sub_agents: list[str]


class ToolView(BaseModel):
    """A tool of a specialist."""

    name: str
    description: str
    examples: list[str] = Field(description="Requests that call for it.")


class Specialists:
    """All of them, designed ones among them. Its methods raise ProblemError."""

    def __init__(
        self, charters: Mapping[str, Charter], resources: Resources, approvals: ApprovalSettings
    ) -> None:
        """`charters` may change: they are read anew each time."""
        self._charters = charters
        self._resources = resources
        self._approvals = approvals

    @property
    def names(self) -> list[str]:
        """Their names."""
        return list(self._charters)

    def all(self) -> list[AgentView]:
        """All of them."""
        return [_view(charter) for charter in self._charters.values()]

    def one(self, name: str) -> AgentView:
        """One of them."""
        if name not in self._charters:
            raise ProblemError(
                problem("not_found", f"There is no agent {name!r}; there are {', '.join(self._charters)}.")
            )
        return _view(self._charters[name])

    def computing(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Their tools that change nothing and need no person, each by `agent_tool`, described as OpenAI has it."""
        for name, (_, tool) in self._computing().items():
            [described] = without_hints([describe_tool(tool)])
            yield name, described

    async def compute(self, name: str, arguments: Mapping[str, Any]) -> FinishedCall:
        """Have a tool of `computing` compute, outside of any run. What is wrong with the call is in its message."""
        agent, tool = self._computing().get(name, ("", None))
        if tool is None:
            raise ProblemError(problem("not_found", f"There is no tool {name!r}."))
        call = ToolCall(name=tool.name, args=dict(arguments), id=None, type="tool_call")
        return await ToolBench(agent, {tool.name: tool}).alone(call, self._resources)

    def playbooks(self) -> Iterator[tuple[str, Callable[[], Playbook]]]:
        """The playbooks of sub-agents, each by `agent_sub_agent`."""
        for charter in self._charters.values():
            for sub in charter.subagents:
                if sub.playbook:
                    name = f"{charter.name}_{sub.name}"
                    yield name, partial(read_playbook, f"agents.{charter.name}", sub.playbook)

    def _computing(self) -> dict[str, tuple[str, BaseTool]]:
        return {
            f"{charter.name}_{tool.name}": (charter.name, tool)
            for charter in self._charters.values()
            for tool in charter.tools
            if not writes(tool)
            and not why_asked(tool, self._approvals)
            and "borrowed" not in (tool.metadata or {})
        }


def _view(charter: Charter) -> AgentView:
    return AgentView(
        name=charter.name,
        title=charter.title,
        description=charter.description,
        scope=list(charter.scope),
        declines=list(charter.declines),
        collections=list(charter.collections),
        tools=[
            ToolView(
                name=tool.name,
                description=tool.description.split("\n", 1)[0],
                examples=[str(text) for text in (tool.metadata or {}).get("examples", [])],
            )
            for tool in charter.tools
        ],
        sub_agents=[sub.name for sub in charter.subagents],
    )
