"""What stands of a run that was answered."""

from collections.abc import Sequence
from datetime import UTC, datetime

from app.runs import ChatResult
from app.runs.records import RecalledItem, Usage
from memory import Interaction, Scope, ToolUse


def answered(
    run_id: str,
    scope: Scope,
    *,
    request: str = "x",
    answer: str = "So it is.",
    agents: Sequence[str] = (),
    recalled: Sequence[RecalledItem] = (),
    uses: Sequence[ToolUse] = (),
) -> tuple[ChatResult, Interaction]:
    """The result, and what the log has of it."""
    result = ChatResult(
        run_id=run_id,
        thread_id=scope.thread_id,
        outcome="answered",
        answer=answer,
        agents=list(agents),
        citations=[],
        recalled=list(recalled),
        artifacts=[],
        tool_calls=list(uses),
        model="scripted",
        timings={},
        usage=Usage(input_tokens=0, output_tokens=0),
    )
    logged = Interaction(
        run_id=run_id, request=request, answer=answer, outcome="answered", latency_ms=1, at=datetime.now(UTC)
    )
    return result, logged
