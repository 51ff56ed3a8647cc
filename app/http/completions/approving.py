"""Approvals as turns of a conversation: the reply says what waits, and the user's next message answers it.

OpenAI's protocol has nobody to ask but the user, and clients keep nothing of a reply but its text. So the text names the run and its
approvals, and is read again in the history that comes with the next request.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue, ValidationError

from app.http.completions.requests import CompletionMessage
from app.problems import ProblemError
from app.runs import ApprovalAnswer, RunView
from app.service import Freya
from graphs import Approval
from memory import Owner

_WAITS: Final = re.compile(r"\((run_\w+) waits for (apr_\w+(?:, apr_\w+)*) until [^()]*\)\s*\Z")
_SAID: Final = re.compile(r"\W*(\w+)[\s.,:;!]*(.*)\Z", re.DOTALL)
_YES: Final = frozenset({"approve", "approved", "allow", "yes", "y", "ok", "okay"})
_NO: Final = frozenset({"reject", "rejected", "deny", "no", "n"})
_EDIT: Final = frozenset({"edit"})
_HOW: Final = "Reply `approve`, or `reject` and why, or `edit` and all arguments as JSON."
_LONGEST_REASON: Final = 2000


@dataclass(frozen=True)
class Said:
    """What the user's message says to the approvals that the reply before it named."""

    run_id: str
    answers: tuple[ApprovalAnswer, ...] = ()
    unclear: str = ""
    """Why it is no answer that can be taken."""


def asking(run: RunView, unclear: str = "") -> str:
    """The text of a reply that asks the user for what the run waits for; it ends with the ids by which `said_to` knows it."""
    asked = "\n\n".join(map(_call, run.approvals))
    ids = ", ".join(each.id for each in run.approvals)
    until = min(each.expires_at for each in run.approvals).strftime("%Y-%m-%d %H:%M UTC")
    wrong = f"{unclear}\n\n" if unclear else ""
    return f"{wrong}{asked}\n\n{_HOW} ({run.id} waits for {ids} until {until})"


def said_to(messages: Sequence[CompletionMessage]) -> Said | None:
    """What the last message answers; None where the reply before it asked nothing, or the message speaks of something else."""
    spoken = [message for message in messages if message.role in {"user", "assistant"}]
    if len(spoken) < 2 or spoken[-1].role != "user" or spoken[-2].role != "assistant":  # noqa: PLR2004  # a question and its answer
        return None
    waits, said = _WAITS.search(spoken[-2].text), _SAID.match(spoken[-1].text)
    if waits is None or said is None:
        return None
    run_id, ids = waits[1], waits[2].split(", ")
    word, rest = said[1].lower(), said[2].strip()
    if word in _YES:
        unclear = f"`{word}` stands alone; the rest of the message was not understood." if rest else ""
        return Said(run_id, () if rest else _each(ids, "approve"), unclear)
    if word in _NO:
        return Said(run_id, _each(ids, "reject", reason=rest[:_LONGEST_REASON]))
    if word in _EDIT:
        return _edited(run_id, ids, rest)
    return None


async def answer(freya: Freya, owner: Owner, said: Said) -> bool:
    """Give the answers to the run; False where it is not known any more, so that the message is one like any other."""
    try:
        await freya.run(owner, said.run_id)
    except ProblemError as error:
        if error.problem.code == "unknown_run":
            return False
        raise
    for each in said.answers:
        await freya.resume(owner, said.run_id, each)
    return True


def _call(approval: Approval) -> str:
    arguments = json.dumps(approval.arguments, ensure_ascii=False, indent=2)
    return f"**{approval.agent}** wants to call `{approval.tool}`:\n\n```json\n{arguments}\n```\n\n{approval.why}"


def _edited(run_id: str, ids: Sequence[str], text: str) -> Said:
    if len(ids) > 1:
        return Said(run_id, unclear="`edit` is for a single call: these can be approved or rejected.")
    try:
        arguments = json.loads(re.sub(r"\A```(?:json)?|```\Z", "", text))
        if not isinstance(arguments, dict):
            return Said(run_id, unclear="The arguments must be a JSON object.")
        return Said(run_id, _each(ids, "edit", arguments=arguments))
    except ValidationError as error:
        return Said(run_id, unclear=f"The arguments cannot be taken: {error.errors()[0]['msg']}.")
    except ValueError as error:
        return Said(run_id, unclear=f"The arguments are not JSON: {error}.")


def _each(ids: Sequence[str], decision: str, **more: JsonValue) -> tuple[ApprovalAnswer, ...]:
    return tuple(
        ApprovalAnswer.model_validate({"approval_id": each, "decision": decision, **more}) for each in ids
    )
