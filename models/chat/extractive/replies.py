"""The texts the model answers with: tool results, notes, questions for what is missing."""

import re
from collections.abc import Sequence

from langchain_core.messages import ToolMessage

from models.chat.extractive.choice import Candidate
from models.chat.extractive.compose import compose
from models.chat.extractive.turns import ASKED, Turn
from models.chat.prompt import Note

DECLINED = (
    "I found nothing in what I know that answers this, so I will not guess. "
    "Asking about one specific topic, or adding the figures to compute with, often helps."
)
_ASKS_WHY = re.compile(
    r"\b(?:explain|mean(?:s|ing)?|why|what is|what are|how (?:do|does|to|should)|should i)\b", re.IGNORECASE
)


def answer(turn: Turn) -> str:
    """What the tools gave, else what sub-agents wrote, else an answer out of the passages; empty where none answers."""
    prompt = turn.prompt
    if not turn.results:
        return _joined(prompt.notes) or compose(
            prompt.request, prompt.passages, emphasis=prompt.focus or "", earlier=_context(turn)
        )
    parts = [_result(message) for message in turn.results]
    if _ASKS_WHY.search(prompt.request[:2_000]) and any(m.status == "success" for m in turn.results):
        background = compose(prompt.request, prompt.passages)
        parts += [background] if background else []
    return "\n\n".join(part for part in parts if part)


def question(wanting: Candidate) -> str:
    """Asks by name for the arguments that are missing."""
    by_name = {argument.name: argument for argument in wanting.tool.signature.arguments}
    unclear = wanting.reading.unclear
    asked = [
        f"- **{name.replace('_', ' ')}**: {by_name[name].prop.get('description', 'not described')}"
        + (f" ({unclear[name]})" if name in unclear else "")
        for name in wanting.reading.missing
    ]
    listed = "\n".join(asked)
    return f"I can compute this with `{wanting.tool.name}`, {ASKED}\n{listed}\n\nFor example: “{wanting.nearest}”"


def _context(turn: Turn) -> str:
    return turn.begun if turn.follows_up else ""


def _result(message: ToolMessage) -> str:
    if message.status == "success":
        return message.text
    return f"`{message.name}` could not do it: {message.text}"


def _joined(notes: Sequence[Note]) -> str:
    """What sub-agents wrote, each under its name; a line that an earlier one wrote already is left out."""
    said: set[str] = set()
    sections = []
    for note in notes:
        lines = [line for line in note.text.splitlines() if not line.strip() or line.strip() not in said]
        said.update(line.strip() for line in lines)
        body = "\n".join(lines).strip()
        if body:
            sections.append(f"### {note.author}\n{body}")
    return "\n\n".join(sections)
