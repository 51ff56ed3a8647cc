"""`freya runs trace`: what happened in a run."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any  # Any: JSON
from urllib.parse import quote

import typer

from app.cli.options import AsJson, Key, User
from app.cli.output import emit, emit_json

if TYPE_CHECKING:
    from app.cli.client import Client

_LONGEST = 160


def trace(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="A run (run_...); `freya ask --json` has it.")],
    as_json: AsJson = False,  # noqa: FBT002  # a flag
    key: Key = None,
    user: User = None,
) -> None:
    """What happened in a run: agents, tools and models, with times, what they were given and what they gave."""
    from app.cli.interruption import run
    from app.cli.remembering_service import Caller, ask

    def tell(found: dict[str, Any]) -> None:
        emit_json(found) if as_json else emit("\n".join(_lines(found)))

    async def asked(client: "Client") -> Any:  # JSON
        return await client.get(f"/v1/runs/{quote(run_id, safe='')}/trace")

    run(partial(ask, Caller(key, user), asked, tell))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield f"{found['run_id']}  {found['outcome'] or found['status']}  {found['created_at']}"
    yield f"  asked   {_short(found['request'])}"
    if found["route"]:
        yield f"  routed  {found['route']}"
    for node in found["nodes"]:
        yield from _node(node, 1)
    if found["answer"] or found["problem"]:
        yield f"  {'answer ' if found['answer'] else 'problem'} {_short(found['answer'] or found['problem'])}"
    for one in found["models"]:
        yield f"  {one['model']}: {one['input_tokens']} tokens read, {one['output_tokens']} written"
    times = [f"{name} {took:.0f}" for name, took in found["timings"].items()]
    if times:
        yield f"  milliseconds: {', '.join(times)}"
    if found["source"] == "log":
        yield "  its events are kept no more; this is what the interaction log says, redacted and without times"


def _node(node: dict[str, Any], depth: int) -> Iterator[str]:
    indent = "  " * depth
    took = f"  {node['duration_ms']:.0f} ms" if node["duration_ms"] is not None else ""
    spoken = f" ({node['model']})" if node["model"] else ""
    yield f"{indent}{node['kind']} {node['name']}{spoken}  {node['status']}{took}"
    for sign, said in (("<", node["input"]), (">", node["output"])):
        if said is not None:
            yield f"{indent}  {sign} {_short(said)}"
    for child in node["children"]:
        yield from _node(child, depth + 1)


def _short(said: object) -> str:
    import json

    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
