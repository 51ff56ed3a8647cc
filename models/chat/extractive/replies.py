"""The texts the model answers with: tool results, notes, questions for what is missing."""

import re
from collections.abc import Sequence

from langchain_core.messages import ToolMessage

from models.chat.extractive.choice import Candidate
from models.chat.extractive.compose import compose
from models.chat.extractive.schema import Argument
from models.chat.extractive.turns import ASKED, Turn
from models.chat.prompt import Note

DECLINED = (
    "I found nothing in what I know that answers this, so I will not guess. "
    "Asking about one specific topic, or adding the figures to compute with, often helps."
)
NOT_LIVE = (
    "I do not see live data, such as prices of this moment: I am connected to no exchange and no feed. "
    "Give me the figures and I compute with them, or ask what they mean."
)
_ASKS_LIVE = re.compile(
    r"^\W*(?:(?:hi|hello|hey|please|so|ok|freya)\W+){0,3}"
    r"(?:what|what's|whats|how (?:much|high|low|big|large|is|are)|tell me|give me|show me|check|the)\b"
    r"(?=.*\b(?:current|currently|live|latest|today|today's|right now|now|at the moment)\b)"
    r".*\b(?:prices?|quotes?|worth|trading at|market cap|funding rate|dominance|tvl|open interest|gas fees?|"
    r"exchange rate|fear and greed)\b",
    re.IGNORECASE | re.DOTALL,
)
_LONGEST_LIVE = 200
_ASKED_BEFORE = 0.85
"""Relevance from which a passage is the answer to the very question, whatever it asks for."""
_ASKS_WHY = re.compile(
    r"\b(?:explain|describe|define|tell me about|mean(?:s|ing)?|why|what is|what are|how (?:do|does|to|should)|should i)\b",
    re.IGNORECASE,
)


def answer(turn: Turn) -> str:
    """What the tools gave, else what sub-agents wrote, else an answer out of the passages; empty where none answers.

    Where no tool could work, what is known comes first, and then what each of them needs.
    """
    prompt = turn.prompt
    asked = prompt.read_as or prompt.request
    if not turn.results:
        if asks_live(turn):
            return ""
        return _joined(prompt.notes) or compose(
            asked, prompt.passages, emphasis=prompt.focus or "", earlier=_context(turn)
        )
    parts = [_result(message) for message in turn.results]
    if turn.failed:
        parts.insert(0, compose(asked, prompt.passages))
    elif _ASKS_WHY.search(asked[:2_000]) and any(m.status == "success" for m in turn.results):
        parts.append(compose(asked, prompt.passages))
    return "\n\n".join(part for part in parts if part)


def asks_live(turn: Turn) -> bool:
    """Whether a figure of this moment is asked for, and no passage answers just that."""
    known = max((passage.relevance for passage in turn.prompt.passages), default=0.0)
    return (
        known < _ASKED_BEFORE
        and not turn.brings_data
        and _ASKS_LIVE.match(turn.request[:_LONGEST_LIVE]) is not None
    )


def question(wanting: Candidate) -> str:
    """Asks for the arguments that are missing, or what the numbers are that no argument takes."""
    if wanting.lacks:
        return (
            f"I can compute nothing that “{wanting.lacks}” asks for. The nearest that I can compute is {wanting.tool.title}. "
            f"For example: “{wanting.nearest}”"
        )
    by_name = {argument.name: argument for argument in wanting.tool.signature.arguments}
    reading = wanting.reading
    asked = [
        _described(name, by_name[name]) + (f" ({reading.unclear[name]})" if name in reading.unclear else "")
        for name in reading.missing
    ]
    if not reading.missing and wanting.tool.takes_text_only:
        asked = [_described(name, by_name[name]) for name in wanting.tool.reads]
    elif not reading.missing:
        asked = [f"- what **{number}** is" for number in reading.unexplained]
        asked = asked or ["- any figure to compute with"]
        open_ = [
            str(a.prop.get("description", a.name.replace("_", " ")))
            for a in wanting.tool.signature.arguments
            if a.name not in reading.values and not a.is_request
        ]
        if open_:
            asked += ["", "It might be one of: " + "; ".join(open_) + "."]
        asked += ["", "Say it with its name" + (", or say to leave it out." if reading.unexplained else ".")]
    listed = "\n".join(asked)
    return f"I can compute {wanting.tool.title}, {ASKED}\n{listed}\n\nFor example: “{wanting.nearest}”"


def _described(name: str, argument: Argument) -> str:
    return f"- **{name.replace('_', ' ')}**: {argument.prop.get('description', 'not described')}"


def _context(turn: Turn) -> str:
    return turn.begun if turn.follows_up else ""


def _result(message: ToolMessage) -> str:
    if message.status == "success":
        return message.text
    return f"This cannot be computed yet: {message.text}"


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
