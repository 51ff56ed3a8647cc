"""Approvals over MCP: a client that can ask its user is asked to (elicitation); any other is told how a person answers."""

import json
from collections.abc import Mapping
from typing import Any, Final

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp_types.version import is_version_at_least

from app.problems import ProblemError, problem
from app.runs import ApprovalAnswer, RunView
from app.service import Freya
from graphs import Approval
from memory import Owner

_ROUNDS_SINCE: Final = "2026-07-28"
"""From this version of the protocol on a client is asked by a result, and sends the call again with the answers."""
_SCHEMA: Final[dict[str, Any]] = {  # JSON
    "type": "object",
    "properties": {
        "decision": {"type": "string", "title": "Decision", "enum": ["approve", "reject"]},
        "arguments": {
            "type": "string",
            "title": "Other arguments",
            "description": "With an approval: all arguments to call it with instead, as a JSON object.",
        },
        "reason": {
            "type": "string",
            "title": "Reason",
            "description": "With a rejection: why; the model reads it.",
            "maxLength": 2000,
        },
    },
    "required": ["decision"],
}
_UNFIT: Final = frozenset({"invalid_request", "request_refused"})


class LeftOpen(Exception):
    """The person answered nothing; of this run."""


def can_ask(context: ServerRequestContext[object]) -> bool:
    """Whether the client shows its user forms; one that does not say which kind of question it asks does."""
    capabilities = context.session.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


def asks_by_result(context: ServerRequestContext[object]) -> bool:
    """Whether it is asked by a result, as later versions of the protocol have it, and not by a request."""
    return is_version_at_least(context.protocol_version, _ROUNDS_SINCE)


async def ask_person(
    context: ServerRequestContext[object],
    freya: Freya,
    owner: Owner,
    run: RunView,
    after: int,
    wrong: Mapping[str, str] | None = None,
) -> types.InputRequiredResult | None:
    """Have the client ask its user for all that the run waits for; None once all of it is answered.

    A result is to be sent, and `answers_in` reads what comes back for it, with `after`, the number of the last event that was told.
    `wrong` is by approval what could not be taken of an answer. Raises LeftOpen.
    """
    if asks_by_result(context):
        requests: types.InputRequests = {
            each.id: types.ElicitRequest(params=_question(each, (wrong or {}).get(each.id, "")))
            for each in run.approvals
        }
        return types.InputRequiredResult(input_requests=requests, request_state=f"{run.id} {after}")
    for each in run.approvals:
        unfit = ""
        while True:
            asked = _question(each, unfit)
            said = await context.session.elicit_form(
                asked.message, asked.requested_schema, context.request_id
            )
            unfit = await _answer(freya, owner, run.id, each.id, said)
            if not unfit:
                break
    return None


async def answers_in(
    freya: Freya, owner: Owner, params: types.CallToolRequestParams
) -> tuple[str, int, dict[str, str]]:
    """Give the run the answers that a call brings.

    Gives the run, the number of the last event that was told of it, and by approval what is wrong with its answer.
    Raises LeftOpen, and ProblemError.
    """
    run_id, _, after = (params.request_state or "").partition(" ")
    wrong: dict[str, str] = {}
    for approval_id, said in (params.input_responses or {}).items():
        if not isinstance(said, types.ElicitResult):
            raise ProblemError(problem("invalid_request", f"{approval_id} is not answered by a form."))
        wrong[approval_id] = await _answer(freya, owner, run_id, approval_id, said)
    return run_id, int(after) if after.isdecimal() else 0, {key: text for key, text in wrong.items() if text}


def how_to_answer(run: RunView) -> str:
    """What a client is told that cannot ask, or whose user answered nothing."""
    calls = "\n".join(f"- {_call(each)}: `freya runs approve {run.id} {each.id}`" for each in run.approvals)
    return (
        f"The run waits for a person to allow what follows. Tell the user, who allows it by the command that stands beside it, or "
        f"rejects it by `freya runs reject`, or answers with POST /v1/runs/{run.id}/resume. Then `follow_run` with this run_id gives "
        f"the answer.\n{calls}"
    )


async def _answer(freya: Freya, owner: Owner, run_id: str, approval_id: str, said: types.ElicitResult) -> str:
    """Give the run what the person said; what cannot be taken of it, and else nothing."""
    if said.action == "cancel":
        raise LeftOpen(run_id)
    try:
        await freya.resume(owner, run_id, _read(approval_id, said))
    except ValueError as error:
        return f"The arguments are no JSON object: {error}"
    except ProblemError as error:
        if error.problem.code not in _UNFIT:
            raise
        return error.problem.detail
    return ""


def _read(approval_id: str, said: types.ElicitResult) -> ApprovalAnswer:
    content = said.content or {}
    if said.action == "decline" or content.get("decision") != "approve":
        reason = str(content.get("reason") or "")[: _SCHEMA["properties"]["reason"]["maxLength"]]
        return ApprovalAnswer(approval_id=approval_id, decision="reject", reason=reason)
    changed = str(content.get("arguments") or "").strip()
    if not changed:
        return ApprovalAnswer(approval_id=approval_id, decision="approve")
    return ApprovalAnswer(approval_id=approval_id, decision="edit", arguments=json.loads(changed))


def _question(approval: Approval, wrong: str) -> types.ElicitRequestFormParams:
    said = f"{wrong}\n" if wrong else ""
    return types.ElicitRequestFormParams(
        message=f"{said}{_call(approval)}\n{approval.why}", requested_schema=_SCHEMA
    )


def _call(approval: Approval) -> str:
    arguments = json.dumps(approval.arguments, ensure_ascii=False)
    return f"{approval.agent} wants to call {approval.tool} with {arguments}"
