"""The plan of a run: steps in the order of their needs, what one hands to the next, and what a run may cost."""

import math
import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any  # LangChain's own signatures

from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, LLMResult
from pydantic import BaseModel, ConfigDict, JsonValue

from agents import Charter
from graphs.events import RunEvent, ToolFinished, ToolStarted
from graphs.routing.interfaces import Task
from graphs.settings import BudgetSettings

GIVEN = "Known from earlier:"
"""Begins what a request is given out of the results of steps before it."""
_URGENT = re.compile(
    r"\b(?:urgent(?:ly)?|asap|most important(?:ly)?|above all|first of all|dringend|vor allem|urgente|sobre todo|срочно|прежде всего)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[$€£₽]?\d[\d.,\u00a0]*\s?(?:%|[kKmM]\b)?")
_CLAUSE = re.compile(r"\s*(?:[,:;(]|\bwith\b|\bmit\b|\bcon\b|\bпри\b)\s*", re.IGNORECASE)
_MOST_FIGURES = 24
_LONGEST_NAME = 60


class NamedFigure(BaseModel):
    """A number that a tool worked out or was given, by the name that its data has for it."""

    model_config = ConfigDict(frozen=True)

    name: str
    """In words, such as `fixed costs`."""
    value: float
    tool: str
    made: bool = True
    """Whether the tool worked it out; false for one of its arguments."""

    @property
    def text(self) -> str:
        """As a request says it: `price 600`."""
        return f"{self.name} {_plain(self.value)}"


class Spent(BaseModel):
    """What steps took of the run's budget."""

    model_config = ConfigDict(frozen=True)

    calls: int = 0
    """Of models and tools."""
    tokens: int = 0
    """Read and written by models."""

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(calls=self.calls + other.calls, tokens=self.tokens + other.tokens)


def planned(tasks: Sequence[Task]) -> tuple[Task, ...]:
    """The tasks with their numbers and priorities. Needs that name no earlier task are dropped.

    What more steps build on comes first, then what is called urgent, then what is asked first.
    """
    numbered = [
        task.model_copy(update={"id": number, "needs": tuple(n for n in task.needs if 0 < n < number)})
        for number, task in enumerate(tasks, 1)
    ]
    leaning = {task.id: sum(task.id in before(other, numbered) for other in numbered) for task in numbered}
    order = sorted(numbered, key=lambda task: (-leaning[task.id], not _URGENT.search(task.request), task.id))
    place = {task.id: rank for rank, task in enumerate(order, 1)}
    return tuple(task.model_copy(update={"priority": place[task.id]}) for task in numbered)


def before(task: Task, tasks: Sequence[Task]) -> list[int]:
    """The steps that must be done before it, those that they need among them, in their order."""
    by_id = {each.id: each for each in tasks}
    found: set[int] = set()
    waiting = list(task.needs)
    while waiting:
        number = waiting.pop()
        if number not in found and number in by_id:
            found.add(number)
            waiting += by_id[number].needs
    return sorted(found)


def ready(tasks: Sequence[Task], done: Collection[int], *, most: int) -> list[Task]:
    """The steps that can begin now, by priority, at most so many."""
    able = [task for task in tasks if task.id not in done and all(need in done for need in task.needs)]
    return sorted(able, key=lambda task: task.priority)[:most]


def handed(
    task: Task, tasks: Sequence[Task], figures: Mapping[int, Sequence[NamedFigure]], charter: Charter | None
) -> Task:
    """The task with what the steps before it found: their topic as its context, and values that it may lack.

    The values are those that its specialist's tools have an argument of the same name for, the tool that they come
    from aside, and that the request does not name itself.
    """
    needed = before(task, tasks)
    if not needed:
        return task
    by_id = {each.id: each for each in tasks}
    topic = " ".join(dict.fromkeys(t for n in needed if (t := _topic(by_id[n].request))))
    said = task.request.casefold()
    known = {
        figure.name: figure
        for number in needed
        for figure in figures.get(number, ())
        if charter and figure.name.casefold() not in said and _is_asked_for(figure, charter)
    }
    given = f"{GIVEN} {'; '.join(f.text for f in known.values())}." if known else ""
    return task.model_copy(update={"context": topic, "given": given})


def told_before(
    task: Task,
    tasks: Sequence[Task],
    answers: Mapping[int, str],
    figures: Mapping[int, Sequence[NamedFigure]],
    *,
    longest: int = 1500,
) -> list[str]:
    """A line for each step before it: who was asked what, the figures it worked out, and how its answer begins."""
    by_id = {each.id: each for each in tasks}
    lines = []
    for number in before(task, tasks):
        if number in answers:
            worked_out = "; ".join(figure.text for figure in figures.get(number, ()))
            answer = " ".join(answers[number].split())[:longest]
            asked = by_id[number]
            lines.append(
                f"worked out a moment ago for this message by {asked.agent}, who was asked “{asked.request}”: "
                + (f"{worked_out}. " if worked_out else "")
                + answer
            )
    return lines


def _is_asked_for(figure: NamedFigure, charter: Charter) -> bool:
    name = figure.name.replace(" ", "_")
    return any(name in tool.args for tool in charter.tools if tool.name != figure.tool)


def _topic(request: str) -> str:
    """What a request is about, without the figures that belong to itself alone."""
    clauses = [clause.strip() for clause in _CLAUSE.split(request) if clause.strip()]
    plain = [clause for clause in clauses if not any(c.isdigit() for c in clause)]
    kept = plain[:1] if clauses and plain[:1] == clauses[:1] else [_NUMBER.sub("", request)]
    return " ".join(" ".join(kept).split()).rstrip(" .,:;")


def _plain(value: float) -> str:
    return f"{round(value, 6):,.6f}".rstrip("0").rstrip(".")


def figures_of(
    tool: str, data: Mapping[str, JsonValue], arguments: Mapping[str, JsonValue]
) -> list[NamedFigure]:
    """The named numbers of a tool's data, those of its parts behind its own, then those of its arguments."""
    found: dict[str, NamedFigure] = {}
    for values, made in ((data, True), (arguments, False)):
        for name, value in _numbers(values):
            if len(name) <= _LONGEST_NAME and math.isfinite(value):
                found.setdefault(name, NamedFigure(name=name, value=value, tool=tool, made=made))
    return list(found.values())[:_MOST_FIGURES]


def _numbers(values: Mapping[str, JsonValue], under: str = "") -> Iterator[tuple[str, float]]:
    for key, value in values.items():
        name = f"{under} {key}".strip().replace("_", " ")
        if isinstance(value, bool):
            continue
        if isinstance(value, int | float):
            yield name, float(value)
        elif isinstance(value, dict) and not under:
            yield from _numbers(value, key)


@dataclass
class Ledger:
    """What one step does, told by its events and its models: the figures of its tools, and what it takes of the budget."""

    figures: list[NamedFigure] = field(default_factory=list)
    calls: int = 0
    tokens: int = 0
    _asked: dict[str, Mapping[str, JsonValue]] = field(default_factory=dict)

    def note(self, event: RunEvent) -> None:
        """Take in an event of the step; one that tells of no tool is passed over."""
        match event:
            case ToolStarted(call_id=call_id, arguments=arguments):
                self.calls += 1
                self._asked[call_id] = arguments
            case ToolFinished(call_id=call_id, tool=tool, status="success", data=data):
                self.figures += figures_of(tool, data, self._asked.get(call_id, {}))

    @property
    def spent(self) -> Spent:
        """What it took so far."""
        return Spent(calls=self.calls, tokens=self.tokens)


class Counting(AsyncCallbackHandler):
    """Counts the calls of models and their tokens into a ledger."""

    run_inline = True
    ignore_chain = True
    ignore_agent = True
    ignore_retriever = True

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def on_llm_end(self, response: LLMResult, **_: Any) -> None:
        """A call was answered."""
        self._ledger.calls += 1
        for generation in (each for batch in response.generations for each in batch):
            message = generation.message if isinstance(generation, ChatGeneration) else None
            if isinstance(message, AIMessage) and message.usage_metadata:
                self._ledger.tokens += message.usage_metadata["total_tokens"]


def used_up(settings: BudgetSettings, spent: Spent, began: float) -> str:
    """Which budget of the run is used up, in words; empty while none is. `began` is Unix time in seconds."""
    if seconds_left(settings, began) <= 0:
        return f"the time of a run ({settings.seconds:g} s)"
    if spent.calls >= settings.calls:
        return f"the calls of a run ({settings.calls})"
    if spent.tokens >= settings.tokens:
        return f"the tokens of a run ({settings.tokens:,})"
    return ""


def seconds_left(settings: BudgetSettings, began: float) -> float:
    """Seconds that the run may still take."""
    return settings.seconds - (time.time() - began)
