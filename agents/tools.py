"""How a specialist's tools are made: a typed argument model in; a readable text, data and what they rest on out."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, StructuredTool, ToolException
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, JsonValue

from trading import Market

RESOURCES = "resources"
"""The key under which a run's `Resources` stand among the configurable values of a tool call."""
_MOST_DECIMALS = 12


class Artifact(BaseModel):
    """Something a tool made that a user can download."""

    model_config = ConfigDict(frozen=True)

    name: str
    """File name, unique within one tool call, e.g. `openapi.json`."""
    media_type: str
    """IANA media type, e.g. `application/sql`."""
    content: str


class Figure(BaseModel):
    """A number that a tool computed, as its text shows it."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(min_length=1)
    """What it is, in words and without its argument's spelling: "break-even units". Unique within one output."""
    value: FiniteFloat
    """In full precision, in its unit: 12.5 for "12.5 %", not 0.125."""
    unit: str = ""
    """As it is written behind the number: "%", "USD", "months", "x"; empty for a plain number."""
    decimals: int = Field(default=2, ge=0, le=_MOST_DECIMALS)
    """To how many decimals the text shows it at most."""

    def __str__(self) -> str:
        """The figure as a person reads it, thousands separated: `1,234.50 USD`."""
        return f"{self.value:,.{self.decimals}f}{' ' if self.unit else ''}{self.unit}"


class ToolOutput(BaseModel):
    """What a tool call gives back.

    `text` is what a person reads, in Markdown: the result first, then how it was computed. `data` holds the
    same results for programs.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    data: dict[str, JsonValue]
    figures: tuple[Figure, ...] = ()
    """The results that matter, most important first: what later steps, clients and the check of answers read."""
    assumptions: tuple[str, ...] = ()
    """What was taken as given without being said, one sentence each; also in the text where it matters."""
    would_change: tuple[str, ...] = ()
    """What would change the conclusion, and to what, one sentence each."""
    chart: dict[str, JsonValue] | None = None
    """A Vega-Lite specification with its data inline, where a picture says more; given to users as an artifact."""
    artifacts: tuple[Artifact, ...] = ()


class CodeRun(BaseModel):
    """What became of code that was run apart from us."""

    model_config = ConfigDict(frozen=True)

    code: int
    """The exit status; negative for a signal."""
    output: str
    """Standard output and error together, cut where it grows too long."""
    timed_out: bool
    """Whether it was ended for its time or for the length of its output."""
    isolated: bool
    """Whether it had no network."""
    seconds: float


class Sandbox(Protocol):
    """Runs generated code apart from us. What fails is in the result; an outage of the system raises OSError."""

    async def run(self, files: Mapping[str, str], module: str, *arguments: str) -> CodeRun:
        """Run a module of these files, name -> text, with these arguments."""
        ...


class SqlProbe(Protocol):
    """Executes DDL in a real database and rolls it back. Raises SqlRejected, SqlUnavailable."""

    async def check(self, ddl: str) -> int:
        """The number of statements that were carried out and rolled back."""
        ...


class SqlRejected(Exception):
    """The database does not accept the SQL; says which statement and why."""


class SqlUnavailable(Exception):
    """No database answered."""


class ToolRefused(ToolException):
    """The arguments are well-typed but the tool cannot work with them; says what to change."""


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What a run offers tools beside their arguments, each behind its Protocol; None where it has none.

    A tool that needs one and finds None raises ToolRefused and says what to give instead.
    """

    market: Market | None = None
    """An exchange's public prices."""
    sql: SqlProbe | None = None
    sandbox: Sandbox | None = None


NO_RESOURCES = Resources()
Arguments = TypeVar("Arguments", bound=BaseModel)
Result = ToolOutput | Awaitable[ToolOutput]


def tool(
    name: str,
    description: str,
    arguments: type[Arguments],
    run: Callable[[Arguments], Result] | Callable[[Arguments, Resources], Result],
    *,
    examples: tuple[str, ...],
    writes: bool = False,
    financial: bool = False,
    approval: str = "",
) -> BaseTool:
    """A LangChain tool around a function of its argument model, plain or async; a second parameter gets the run's `Resources`.

    `description` says in one or two sentences what the tool does and returns. `examples` are requests in a
    user's words that call for it; they are part of what every model reads, and the extractive model
    chooses by them. `writes` marks one that changes something outside its answer or reveals what the user did
    not give: only the user's own words may call for it. `financial` marks one whose result needs the risk note in
    a charter that is not financial as a whole. `approval` says why a person must allow each call before it is made;
    empty where none must. The tool answers `(text, ToolOutput)`; ToolRefused becomes a tool
    message of status "error". A plain function runs in a thread; an async one must not block.
    """
    takes_resources = len(inspect.signature(run).parameters) > 1

    def begin(values: dict[str, object], config: RunnableConfig) -> Result:
        given = arguments.model_validate(values)
        if not takes_resources:
            return cast("Callable[[Arguments], Result]", run)(given)
        resources = config.get("configurable", {}).get(RESOURCES) or NO_RESOURCES
        return cast("Callable[[Arguments, Resources], Result]", run)(given, resources)

    def call(config: RunnableConfig, **values: object) -> tuple[str, ToolOutput]:
        output = cast("ToolOutput", begin(values, config))
        return output.text, output

    async def acall(config: RunnableConfig, **values: object) -> tuple[str, ToolOutput]:
        output = await cast("Awaitable[ToolOutput]", begin(values, config))
        return output.text, output

    is_async = inspect.iscoroutinefunction(run)
    listed = "\n".join(f"- {example}" for example in examples)
    return StructuredTool.from_function(
        func=None if is_async else call,
        coroutine=acall if is_async else None,
        name=name,
        description=f"{description}\nUse it for requests such as:\n{listed}",
        args_schema=arguments,
        response_format="content_and_artifact",
        handle_tool_error=True,
        handle_validation_error=True,
        metadata={"examples": list(examples), "writes": writes, "financial": financial, "approval": approval},
    )


def writes(of: BaseTool) -> bool:
    """Whether a tool changes or reveals something, so that only the user's own words may call for it."""
    return bool((of.metadata or {}).get("writes"))


def is_financial(of: BaseTool) -> bool:
    """Whether a tool's result needs the risk note by itself."""
    return bool((of.metadata or {}).get("financial"))


def approval_of(of: BaseTool) -> str:
    """Why a person must allow each call of a tool; empty where none must by the tool's own word."""
    return str((of.metadata or {}).get("approval") or "")
