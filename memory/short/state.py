"""The working state of an agent in a conversation: its task, the last call of each of its tools, the values it was given."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from memory.errors import ConversationError
from memory.interfaces import EPOCH, Turn, WorkingState

Name = Annotated[str, Field(min_length=1, max_length=200)]
_RESULT_KEPT: Final = 400  # characters
_LONGEST_VARIABLE: Final = 100


class StateInvalid(ConversationError):
    """A working state that cannot be kept: it is too large, or an agent's name cannot be one."""


class StateConflict(ConversationError):
    """The working state was changed since it was read; read it again."""


class StateChange(BaseModel):
    """What is to be changed of a working state; what is not named stays as it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str | None = None
    """A new task; None, where it is given, for none."""
    run_id: str | None = None
    """The run of the new task."""
    tools: dict[Name, JsonValue] = {}
    variables: dict[Name, JsonValue] = {}
    drop_tools: frozenset[Name] = frozenset()
    drop_variables: frozenset[Name] = frozenset()
    version: int | None = None
    """Change it only if it is at this version, otherwise raise StateConflict."""
    only_known: bool = False
    """Change it only where there is one: of what was lost a part is worse than nothing, which is read anew."""


def changed(state: WorkingState, change: StateChange) -> WorkingState:
    """The state after the change. Raises StateConflict."""
    check_version(state.agent, state.version, change)
    return state.model_copy(
        update={
            "task": change.task if "task" in change.model_fields_set else state.task,
            "run_id": change.run_id or state.run_id,
            "tools": _without(state.tools, change.drop_tools) | change.tools,
            "variables": _without(state.variables, change.drop_variables) | change.variables,
            "updated_at": datetime.now(UTC),
            "version": state.version + 1,
        }
    )


def check_version(agent: str, version: int, change: StateChange) -> None:
    """Raises StateConflict where the change is for another version."""
    if change.version not in {None, version}:
        raise StateConflict(
            f"the working state of {agent} is at version {version}, and no longer at {change.version}: read it again"
        )


def change_of(agent: str, turns: Iterable[Turn]) -> StateChange | None:
    """What an agent's turns leave behind: its last task, of each tool the last call that worked, and their single values."""
    mine = [turn for turn in turns if agent in turn.agents]
    if not mine:
        return None
    tools: dict[str, JsonValue] = {}
    variables: dict[str, JsonValue] = {}
    for turn in mine:
        for use in turn.tool_uses:
            if use.agent == agent and not use.failed:
                result = use.result[:_RESULT_KEPT]
                tools[use.name] = {"arguments": use.arguments, "result": result, "run": turn.run_id}
                variables |= {name: value for name, value in use.arguments.items() if _is_single(value)}
    return StateChange(task=mine[-1].request, run_id=mine[-1].run_id, tools=tools, variables=variables)


def _is_single(value: JsonValue) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= _LONGEST_VARIABLE
    return isinstance(value, bool | int | float)


def field_values(agent: str, change: StateChange) -> tuple[dict[str, str], list[str]]:
    """The fields of the thread's hash that the change sets, as JSON, and those that it drops. Raises StateInvalid."""
    check_agent(agent)
    sets: dict[str, JsonValue] = {f"{agent}:tool:{name}": value for name, value in change.tools.items()}
    sets |= {f"{agent}:variable:{name}": value for name, value in change.variables.items()}
    drops = [f"{agent}:tool:{name}" for name in sorted(change.drop_tools)]
    drops += [f"{agent}:variable:{name}" for name in sorted(change.drop_variables)]
    if change.run_id is not None:
        sets[f"{agent}:run"] = change.run_id
    if change.task is not None:
        sets[f"{agent}:task"] = change.task
    elif "task" in change.model_fields_set:
        drops.append(f"{agent}:task")
    try:
        return {field: orjson.dumps(value).decode() for field, value in sets.items()}, drops
    except (orjson.JSONEncodeError, UnicodeDecodeError) as error:
        raise StateInvalid(f"the working state of {agent} cannot be written as JSON: {error}") from error


def state_from(agent: str, fields: Mapping[str, str]) -> WorkingState:
    """The agent's state out of the thread's hash; what another version wrote is passed over."""
    found = WorkingState(agent=agent, version=int(fields.get(f"{agent}:version", "0")))
    parts: dict[str, dict[str, JsonValue]] = {"tool": {}, "variable": {}}
    single: dict[str, str] = {}
    for field, value in fields.items():
        whose, _, rest = field.partition(":")
        kind, _, name = rest.partition(":")
        if whose != agent or kind not in {"task", "run", *parts}:
            continue
        try:
            read = orjson.loads(value)
        except orjson.JSONDecodeError:
            continue
        if kind in {"task", "run"}:
            single[kind] = str(read)
        else:
            parts[kind][name] = read
    at = fields.get(f"{agent}:updated_at")
    return found.model_copy(
        update={
            "task": single.get("task"),
            "run_id": single.get("run"),
            "tools": parts["tool"],
            "variables": parts["variable"],
            "updated_at": datetime.fromisoformat(at) if at else EPOCH,
        }
    )


def check_agent(agent: str) -> None:
    """Raises StateInvalid for what cannot be the name of an agent."""
    if not _AGENT.fullmatch(agent):
        raise StateInvalid(f"{agent[:80]!r} is no name of an agent: use 1 to 64 letters, digits and _ -")


def own_fields(agent: str, fields: Sequence[str]) -> list[str]:
    """Those fields of the thread's hash whose values are this agent's."""
    ours = (f"{agent}:tool:", f"{agent}:variable:")
    return [f for f in fields if f in {f"{agent}:task", f"{agent}:run"} or f.startswith(ours)]


_AGENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def _without(values: Mapping[str, JsonValue], names: frozenset[str]) -> dict[str, JsonValue]:
    return {name: value for name, value in values.items() if name not in names}
