"""What a turn does with what is remembered: lines for prompts, and Freya's own replies out of memory."""

import re
from collections.abc import Callable, Sequence

from memory import Kind, Recalled, Recollection

_PERSONAL = re.compile(
    r"\b(?:i|i'm|i've|my|mine|me|myself|we|our|us|"
    r"ich|mein\w*|mir|mich|wir|unser\w*|yo|mi|mis|me|nosotros|nuestr\w*|я|мой|моя|моё|мои|мне|меня|мы|наш\w*)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\?|^\W*(?:what|who|where|when|which|how|why|do|did|does|am|is|are|was|were|have|has|can|tell|remind|name|list|show|"
    r"was|wer|wo|wann|welche\w*|wie|qué|quién|dónde|cuándo|cuál|cómo|что|кто|где|когда|какой|какая|как|сколько)\b",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"\b(?:how (?:do|can|could|should|would|might)|(?:should|can|could|may|must)) (?:i|we)\b", re.IGNORECASE
)
"""Asks how anybody does it."""
_PLAINLY = re.compile(
    r"^\W*(?:(?:and|so|hey|hi|freya|please|but|ok|do you (?:still )?(?:remember|know)|can you tell me|tell me|remind me|"
    r"und|sag mir|weißt du(?: noch)?|y|dime|sabes|recuerdas|а|и|скажи(?: мне)?|ты (?:помнишь|знаешь))\b[, ]*)*(?:"
    # English
    r"(?:where|who|when|how old|how tall|(?:what|which)(?: (?!should|could|would|will|can|may|might|must|does|happens)\w+){0,2}|how many \w+) (?:(?:do|did|am|was|is|are|were|have|had) )?"
    r"(?:i|my)\b(?! (?:need|use|have to|calculate|compute|measure|find|get|start|begin|know|asked?|(?:last|first|previous|earlier) (?:question|message|request))\b)|(?:what|who|where|when)'s my\b|"
    # German
    r"(?:wo|wer|wann|was|wie alt|wie viele \w+|welche\w*(?: \w+)?|woher|womit) (?:wohne|lebe|arbeite|bin|habe|hatte|mag|komme|war|wurde|"
    r"spreche|trinke|esse|fahre|studiere) ich\b|wo ich (?:wohne|lebe|arbeite)\b|wie heiße ich\b|"
    r"(?:wo|wer|wann|was|wie|wie alt|welche\w*) (?:ist|sind|war|heißt|heißen|wohnt|lebt|arbeitet) mein\w*|"
    # Spanish
    r"(?:dónde|cuándo|qué(?: \w+)?|quién|cuántos \w+|cómo) (?:vivo|trabajo|soy|estoy|tengo|nací|estudio|me llamo|me gusta|prefiero|bebo)\b|"
    r"(?:dónde|cuándo|qué|quién|cuál|cómo) (?:se )?(?:es|son|está|vive|trabaja|llama|llaman) mis?\b|"
    # Russian
    r"(?:где|когда|кем|что|сколько) я (?:живу|работаю|родился|родилась|учусь|люблю|предпочитаю|пью)\b|как меня зовут|сколько мне лет|"
    r"(?:где|кто|когда|как|какой|какая|какое|какие)(?: \w+)? (?:мой|моя|моё|мои|мою|моего|моей|моих)\b"
    r")[^?!.]*[?!.]*$",
    re.IGNORECASE,
)
"""Asks for something that only its writer can have told."""
_MOST_WORDS = 10  # of a question that asks for nothing but what is known of its asker
_REMEMBERS = re.compile(
    r"\b(?:remember|remind me|did i (?:say|tell|mention)|i told you|i mentioned)\b", re.IGNORECASE
)
_GREETING = re.compile(
    r"^\W*(?:hi|hello|hey|good (?:morning|day|evening)|thanks|thank you|please note|by the way|btw|fyi)\b",
    re.IGNORECASE,
)
_COUNTED = frozenset({Kind.PATTERN, Kind.PRACTICE, Kind.PERFORMANCE})
"""What was counted of runs, and is nothing that he said or that was noted of him."""
_SENTENCE = re.compile(r"(?<=[.!?;])\s+")
_LONGEST_TOLD = 1000  # characters of a message that may be nothing but statements
_SHORT = 6  # words of a sentence that may be a greeting
_STANDS_ALONE = 0.5
"""The least relevance of an item that answers a question by itself."""
_BELONGS = 0.2
"""The least relevance of an item that a model is given."""
_BESIDE = 0.7
"""What a further item needs of the best one's relevance to be told too."""
_TOLD = 3
_LONGEST = 300


def known_lines(recalled: Recollection, summary: str = "") -> list[str]:
    """The recalled items as lines of a prompt, each with its day and what it is, after what was said in the thread before."""
    before = [f"earlier in this conversation: {summary}"] if summary else []
    return before + [item.line for item in recalled.items if item.relevance >= _BELONGS]


def asks_of_himself(message: str) -> bool:
    """Whether a message asks something about its writer, or about what was said before."""
    of_him = _PERSONAL.search(_ADVICE.sub(" ", message))
    return bool(_REMEMBERS.search(message) or (of_him and _ASKS.search(message)) or _PLAINLY.match(message))


def known_of_him(message: str, recalled: Recollection) -> bool:
    """Whether a message asks plainly for something about its writer that he has told, so that no specialist is needed."""
    if not _PLAINLY.match(message) or len(message.split()) > _MOST_WORDS or any(c.isdigit() for c in message):
        return False
    if _ADVICE.search(message):
        return False
    return bool(_telling(recalled.items))


def only_states(message: str, notice: Callable[[str], Sequence[str]]) -> list[str]:
    """The statements about himself that a message is made of; none where it is, or asks, anything else."""
    if "?" in message or len(message) > _LONGEST_TOLD:
        return []
    found: list[str] = []
    for sentence in filter(str.strip, _SENTENCE.split(message)):
        statements = notice(sentence)
        if not statements and not (_GREETING.match(sentence) and len(sentence.split()) <= _SHORT):
            return []
        found += statements
    return found


def from_memory(recalled: Recollection) -> str | None:
    """What was said or noted that answers by itself, in words; None where nothing is near enough."""
    told = _telling(recalled.items)
    if not told:
        return None
    lines = [_told(item, earlier=_is_earlier(item, told)) for item in told]
    if len(lines) == 1:
        return lines[0][0].upper() + lines[0][1:]
    return "This is what I remember:\n\n" + "\n".join(f"- {line[0].upper() + line[1:]}" for line in lines)


def noted(statements: Sequence[str]) -> str:
    """A confirmation of what will be remembered."""
    if len(statements) == 1:
        return f"Noted: {statements[0]}"
    return "Noted:\n\n" + "\n".join(f"- {statement}" for statement in statements)


def _telling(items: Sequence[Recalled]) -> list[Recalled]:
    items = [
        item
        for item in items
        if item.role != "assistant" and item.kind not in _COUNTED and not item.text.rstrip().endswith("?")
    ]
    best = max((item.relevance for item in items), default=0.0)
    if best < _STANDS_ALONE:
        return []
    told = [item for item in items if item.relevance >= max(_STANDS_ALONE, _BESIDE * best)][:_TOLD]
    # What was noted is held against all that was said since; a message tells only what held on its day.
    sources = {source for item in told if item.kind is not Kind.MESSAGE for source in item.message_ids}
    told = [item for item in told if item.kind is not Kind.MESSAGE or item.id not in sources]
    return sorted(told, key=lambda item: item.kind is Kind.MESSAGE)


def _is_earlier(item: Recalled, told: Sequence[Recalled]) -> bool:
    """Whether it is a message from before what was noted last of what is told."""
    noted_at = max((each.said_at for each in told if each.kind is not Kind.MESSAGE), default=item.said_at)
    return item.kind is Kind.MESSAGE and item.said_at < noted_at


def _told(item: Recalled, *, earlier: bool) -> str:
    day = f"{item.said_at.day} {item.said_at:%B %Y}"
    text = " ".join(item.text.split())
    text = text if len(text) <= _LONGEST else text[:_LONGEST].rsplit(" ", 1)[0] + "…"
    if item.by is not None:
        return f"in this project {item.by} noted ({day}): {text}"
    if item.kind is not Kind.MESSAGE:
        return f"I have noted ({day}): {text}"
    speaker = "you said" if item.role != "assistant" else "I answered"
    return f"{'earlier, ' if earlier else ''}on {day} {speaker}: “{text}”"
