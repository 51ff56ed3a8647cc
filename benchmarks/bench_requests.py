"""Whether requests in plain words reach the right tool with the right arguments, and ill-formed ones a question.

`python benchmarks/bench_requests.py` prints JSON. Each request of `requests/*.jsonl` goes to the extractive model with the
tools of its agent bound, as a specialist binds them, and the calls are carried out. A well-formed request is right when
its tool is called with the arguments that are expected (numbers to 1e-9, no other number beside them) and works, or
gives the figures that are expected of a tool that reads the request itself. An ill-formed one is right when it is
answered with a question or with an error that says what to do; `declined` means that nothing was said of what lacks,
`computed` that a figure was given all the same. `held_out.jsonl` was written before any of its errors were looked at.
"""

import argparse
import asyncio
import json
import math
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # JSON

from langchain_core.messages import HumanMessage, ToolCall, ToolMessage
from langchain_core.tools import BaseTool
from pydantic import BaseModel

from agents import Charter, ToolOutput, discover
from models.chat import Prompt, describe_tool, render_prompt
from models.chat.extractive.model import ExtractiveChatModel
from models.embeddings import CachedEmbedder, OpenVinoEmbedder

HERE = Path(__file__).parent / "requests"
SETS = (
    "open.jsonl", "held_out.jsonl", "davina.jsonl", "davina_held_out.jsonl", "sofia.jsonl", "sofia_held_out.jsonl",
)  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """A request with what came of it: `right`, `wrong`, `asked`, `refused`, `declined`, `computed`."""

    row: Mapping[str, Any]
    outcome: str
    said: str

    @property
    def is_right(self) -> bool:
        """Whether a well-formed request was read, or an ill-formed one met by a question or an error."""
        wanted = {"asked", "refused", "right"} if self.row.get("asks") else {"right"}
        return self.outcome in wanted


async def judge(row: Mapping[str, Any], charter: Charter, model: ExtractiveChatModel) -> Judged:
    """What comes of one request."""
    bound = model.bind(tools=[describe_tool(tool) for tool in charter.tools])
    message = await bound.ainvoke([HumanMessage(render_prompt(Prompt(request=row["request"])))])
    by_name = {tool.name: tool for tool in charter.tools}
    calls = [(call, await carry_out(by_name[call["name"]], call)) for call in message.tool_calls]
    said = "; ".join(f"{call['name']} {shown(call['args'])}" for call, _ in calls) or message.text
    worked = [(call, output) for call, output in calls if isinstance(output, ToolOutput)]
    expected = "arguments" in row or "data" in row
    if expected and any(
        call["name"] == row["tool"] and fits(row, by_name[call["name"]], call, out) for call, out in worked
    ):
        return Judged(row, "right", said)
    if row.get("asks"):
        reason = message.response_metadata.get("finish_reason")
        silent = "asked" if reason == "needs_input" else "declined"
        return Judged(row, "computed" if worked else "refused" if calls else silent, said)
    failed = "; ".join(str(output) for _, output in calls if not isinstance(output, ToolOutput))
    outcome = "wrong" if worked else "refused" if calls else message.response_metadata["finish_reason"]
    return Judged(row, outcome, f"{said} {failed}".strip())


async def carry_out(tool: BaseTool, call: ToolCall) -> ToolOutput | str:
    """The tool's output, or the error with which it refuses."""
    try:
        message = await tool.ainvoke(call)
    except (ValueError, ArithmeticError) as error:
        return str(error)
    if isinstance(message, ToolMessage) and isinstance(message.artifact, ToolOutput):
        return message.artifact
    return str(message.content)


def fits(row: Mapping[str, Any], tool: BaseTool, call: ToolCall, output: ToolOutput) -> bool:
    """Whether the call has the expected arguments and no other number, and gives the expected figures."""
    if "data" in row and not holds(row["data"], output.data):
        return False
    wanted = row.get("arguments")
    return wanted is None or any(fits_arguments(each, tool, call["args"]) for each in wanted)


def fits_arguments(wanted: Mapping[str, Any], tool: BaseTool, given: Mapping[str, Any]) -> bool:
    """Whether every wanted argument is given, and no number beside them that is not the default."""
    model = tool.args_schema
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        raise TypeError(f"{tool.name} has no argument model")
    for name, field in model.model_fields.items():
        default = None if field.is_required() else field.get_default(call_default_factory=True)
        value = given.get(name, default)
        if name in wanted:
            if not holds(wanted[name], value):
                return False
        elif is_number(value) and value != default:
            return False
    return True


def holds(wanted: object, value: object) -> bool:
    """Whether a value is the wanted one, or has its entries; numbers to 1e-9."""
    if isinstance(wanted, Mapping):
        return isinstance(value, Mapping) and all(
            name in value and holds(each, value[name]) for name, each in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(value, list) and len(wanted) == len(value) and all(map(holds, wanted, value))
    if isinstance(wanted, int | float) and isinstance(value, int | float):
        return math.isclose(wanted, value, rel_tol=1e-9)
    return wanted == value


def is_number(value: object) -> bool:
    """Whether it is a number or a row of numbers."""
    if isinstance(value, list):
        return bool(value) and all(map(is_number, value))
    return isinstance(value, int | float) and not isinstance(value, bool)


def shown(arguments: Mapping[str, Any]) -> str:
    """The arguments that are no long text."""
    return json.dumps({k: v for k, v in arguments.items() if len(str(v)) < 100}, ensure_ascii=False)


def report(judged: Sequence[Judged], *, misses: bool) -> dict[str, object]:
    """Rates over all, by tool and by language, and the requests that went wrong."""
    well = [each for each in judged if not each.row.get("asks")]
    ill = [each for each in judged if each.row.get("asks")]
    found: dict[str, object] = {
        "well_formed": len(well),
        "read_right": rate(well),
        "wrong_numbers": sum(each.outcome == "wrong" for each in well),
        "ill_formed": len(ill),
        "asked_or_refused": rate(ill),
        "outcomes_of_ill_formed": Counter(each.outcome for each in ill),
        "by_language": grouped(well, "language"),
        "by_agent": grouped(well, "agent"),
        "by_tool": grouped(well, "tool"),
        "ill_formed_by_tool": grouped(ill, "tool"),
    }
    if misses:
        found["misses"] = [
            {"tool": e.row["tool"], "request": e.row["request"], "outcome": e.outcome, "got": e.said[:300]}
            for e in judged
            if not e.is_right
        ]
    return found


def rate(judged: Sequence[Judged]) -> float | None:
    """The share that is right."""
    return round(sum(each.is_right for each in judged) / len(judged), 4) if judged else None


def grouped(judged: Sequence[Judged], key: str) -> dict[str, str]:
    """By a row's entry how many are right of how many."""
    by: dict[str, list[Judged]] = defaultdict(list)
    for each in judged:
        by[each.row[key]].append(each)
    return {name: f"{sum(e.is_right for e in some)}/{len(some)}" for name, some in sorted(by.items())}


async def main() -> None:
    """Judge every set and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, help="folder of the embedding model, kept between runs")
    parser.add_argument("--sets", nargs="*", default=SETS, help="files of requests")
    parser.add_argument("--quiet", nargs="*", default=(), help="sets whose misses are not listed")
    options = parser.parse_args()
    charters = discover()
    with tempfile.TemporaryDirectory() as scratch:
        embedder = CachedEmbedder(
            await OpenVinoEmbedder.load(options.data or Path(scratch)), None, hot_vectors=4_000
        )
        model = ExtractiveChatModel(embedder=embedder)
        results = {}
        for name in options.sets:
            rows = [json.loads(line) for line in (HERE / name).read_text("utf-8").splitlines()]
            judged = [await judge(row, charters[row["agent"]], model) for row in rows]
            results[name] = report(judged, misses=name not in options.quiet)
        await embedder.close()
    print(json.dumps(results, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    asyncio.run(main())
