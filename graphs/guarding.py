"""The guard: what a message must be before anybody works on it, what it may not ask for, and what only the user may cause."""

import re
import unicodedata
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from inspect import signature
from typing import Any, cast  # Any: what tools take and give

from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, StructuredTool

from agents import Charter, ToolRefused, writes
from graphs.errors import RequestRefused, StepFailed

_KEPT = frozenset("\n\t")
_VISIBLE = frozenset("LMNPS")
"""Letters, marks, numbers, punctuation and symbols, by the first letter of their Unicode category."""


def clean_message(message: str, *, longest: int) -> str:
    """The message in Unicode normal form C, without control characters, outer white space cut.

    Raises RequestRefused when nothing is left, when it is longer than `longest` characters, or when it holds
    surrogates, which are no text in any encoding.
    """
    if len(message) > longest:
        raise RequestRefused(
            f"the message has {len(message)} characters; at most {longest} are read. Shorten it or split it."
        )
    if any("\ud800" <= character <= "\udfff" for character in message):
        raise RequestRefused(
            "the message holds lone surrogates (U+D800 to U+DFFF), which are no text. Send valid Unicode."
        )
    normal = unicodedata.normalize("NFC", message.replace("\r\n", "\n"))
    text = "".join(c for c in normal if c in _KEPT or unicodedata.category(c) != "Cc").strip()
    if not any(unicodedata.category(character)[0] in _VISIBLE for character in text):
        raise RequestRefused("the message is empty. Say what you would like to know or have done.")
    return text


def asks_to_reveal(message: str) -> bool:
    """Whether the message asks for the prompts or keys of this service, or for other people's data.

    A question about such things in general ("what is a system prompt?", "how do API keys work?") does not.
    """
    text = " ".join(message.split())[:_LONGEST_READ]
    if any(rule.search(text) for rule in _ORDINARY):
        return False
    return any(rule.search(text) for rule in _REVEALING)


def guarded(charter: Charter) -> Charter:
    """The charter with its tools that write or reveal refusing what the user did not ask for in his own words.

    The user's words must hold every word of such a tool's name, or match the pattern that its metadata give as
    `asked_with`. Raises StepFailed for a tool that cannot be guarded.
    """
    tools = tuple(_guarded(tool) if writes(tool) else tool for tool in charter.tools)
    return charter if tools == charter.tools else replace(charter, tools=tools)


@contextmanager
def in_own_words(*texts: str) -> Iterator[None]:
    """Says for the calls inside what the user wrote himself: not what documents, tools or memories hold."""
    token = _OWN_WORDS.set("\n".join(texts))
    try:
        yield
    finally:
        _OWN_WORDS.reset(token)


@contextmanager
def allowed_by_person() -> Iterator[None]:
    """Says for the call inside that a person saw it and allowed it, which asks for it better than any words."""
    token = _ALLOWED.set(True)
    try:
        yield
    finally:
        _ALLOWED.reset(token)


def is_asked_for(tool: BaseTool) -> bool:
    """Whether the user's own words ask for the tool, where it writes or reveals; others need no asking for."""
    if not writes(tool):
        return True
    said = _OWN_WORDS.get().casefold()
    if pattern := (tool.metadata or {}).get("asked_with"):
        return re.search(str(pattern), said, re.IGNORECASE) is not None
    return all(word[:_STEM] in said for word in tool.name.casefold().split("_"))


def _guarded(tool: BaseTool) -> BaseTool:
    if not isinstance(tool, StructuredTool):
        raise StepFailed(f"tool {tool.name} writes, and cannot be guarded: make it a StructuredTool")
    func, coroutine = tool.func, tool.coroutine
    takes_config = "config" in signature(cast("Callable[..., object]", coroutine or func)).parameters

    def allowed(config: RunnableConfig, values: dict[str, Any]) -> dict[str, Any]:
        _allow(tool, values)
        return {"config": config, **values} if takes_config else values

    def call(config: RunnableConfig, **values: Any) -> Any:  # whatever the tool takes and gives
        return cast("Callable[..., object]", func)(**allowed(config, values))

    async def acall(config: RunnableConfig, **values: Any) -> Any:  # as above
        return await cast("Callable[..., Awaitable[object]]", coroutine)(**allowed(config, values))

    return tool.model_copy(update={"func": call if func else None, "coroutine": acall if coroutine else None})


def _allow(tool: BaseTool, values: Mapping[str, object]) -> None:
    """Raises ToolRefused unless the user asked for it, with every address that it is to be done with."""
    if _ALLOWED.get():
        return
    said = _OWN_WORDS.get().casefold()
    if not is_asked_for(tool):
        raise ToolRefused(
            f"{tool.name} writes or reveals, and the user's own message does not ask for it; "
            "what documents, tools and memories say is no request."
        )
    for name, value in values.items():
        strange = [found for found in _ADDRESS.findall(str(value)) if found.casefold() not in said]
        if strange:
            raise ToolRefused(f"{name} holds {strange[0]}, which the user did not write.")


_OWN_WORDS: ContextVar[str] = ContextVar("own_words", default="")
_ALLOWED: ContextVar[bool] = ContextVar("allowed", default=False)
_STEM = 5
"""Letters by which the words of a tool's name are looked for."""
_LONGEST_READ = 4000
_ADDRESS = re.compile(r"https?://[^\s\"'<>]+|[\w.+-]+@[\w-]+\.[\w.-]+", re.IGNORECASE)
_OVERRIDES = re.compile(
    r"(?:^|[.!?:;]\s*|\b(?:please|now|bitte|por favor|пожалуйста)\s+)(?:ignore|disregard|forget|override|ignoriere|vergiss|ignora|olvida|игнорируй|забудь)\w*\b.{0,40}"
    r"\b(?:instructions?|rules|prompts?|anweisung\w*|regeln|instrucciones|reglas|инструкци\w*|правил\w*)\b",
    re.IGNORECASE,
)
_SHOW = (
    r"(?:show|print|reveal|give|send|tell|repeat|output|display|list|dump|leak|paste|share|hand over|read (?:me|out)|write out|what(?:'s| is| are| was| were)|"
    r"zeig\w*|gib|nenn\w*|verrat\w*|wie lautet|was ist|druck\w*|wiederhol\w*|schick\w*|"
    r"muestra\w*|muéstra\w*|dame|dime|revela\w*|imprime|repite|enseña\w*|cuál(?:es)? (?:es|son)|pásame|"
    r"покажи\w*|выведи|дай\w*|скажи|раскрой|напечатай|повтори|назови|пришли|каков\w*|какой|какие)"
)
_PROMPT = (
    r"(?:system[ -]?(?:prompt|message|instructions?)s?|system-?prompts?|systemnachricht|systemanweisung\w*|(?:hidden|initial|secret|internal) (?:prompt|instructions?)|"
    r"prompt (?:del |de )?sistema|instrucciones (?:ocultas|iniciales|internas|del sistema)|mensaje de sistema|"
    r"системн\w+ (?:промпт\w*|инструкци\w+|сообщени\w+)|скрыт\w+ инструкци\w+|versteckten? anweisungen)"
)
_KEY = (
    r"(?:api[ -]?(?:keys?|tokens?|schlüssel)|secret keys?|passwords?|credentials|access tokens?|private keys?|env(?:ironment)? (?:file|variables)|\.env|"
    r"claves?(?: de)?(?: la)? api|contraseñas?|passw(?:o|ö)rt\w*|zugangsdaten|api-ключ\w*|ключ\w* api|парол\w*|токен\w* доступа)"
)
_YOURS = (
    r"(?:your|this (?:service|server|system)(?:'s)?|the (?:service|server|system|admin|database)(?:'s)?|you (?:use|run with|were given|have)|"
    r"deine?[nrms]?|eure?\w*|ihre?[nrms]?|tus?|vuestr\w+|тво\w+|ваш\w*|сервис\w*|сервер\w*)"
)
_OTHERS = (
    r"(?:(?:other|another|all|every|different) (?:users?|people|customers?|clients?|persons?|tenants?)(?:'s?)?|(?:user|someone else|somebody else)(?:'s)? (?!stor|journ|persona|need|interview|research)\w+|"
    r"ander\w+ (?:nutzer\w*|benutzer\w*|leute\w*|person\w*|kund\w*)|otr[oa]s? (?:usuari\w+|person\w+|client\w+)|друг\w+ (?:пользовател\w+|люд\w+|клиент\w+)|чуж\w+)"
)
_THEIRS = (
    r"(?:chats?|conversations?|messages?|threads?|memor(?:y|ies)|data|histor(?:y|ies)|asked?|wrote|said|told you|uploads?|files|notes|"
    r"gespräch\w*|nachricht\w*|daten|verlauf|gefragt|geschrieben|conversacion\w*|mensaj\w+|datos|historial|preguntó|preguntaron|escribi\w+|"
    r"переписк\w*|сообщени\w*|данны\w*|истори\w*|спрашивал\w*|писал\w*|разговор\w*|чат\w*)"
)
_REVEALING = (
    re.compile(rf"\b{_SHOW}\b.{{0,60}}\b{_YOURS}\b.{{0,30}}{_PROMPT}", re.IGNORECASE),
    re.compile(
        rf"\b(?:show|print|reveal|give|repeat|output|display|dump|leak|paste|zeig\w*|gib|wiederhol\w*|muestra|muéstrame|dame|imprime|repite|покажи|выведи|дай|напечатай|повтори)\b"
        rf".{{0,40}}\b(?:the|your|all|den|die|das|deine?n?|el|tu|las|свой|свои|все)?\s*(?:{_PROMPT}(?!\s+(?:it|that|which|for|of (?:an?|my|the)|für|para|для)\b)|(?:instructions?|text|everything|words?) (?:above|before this))",
        re.IGNORECASE,
    ),
    re.compile(rf"\b{_SHOW}\b.{{0,40}}\b{_YOURS}\b.{{0,30}}{_KEY}", re.IGNORECASE),
    re.compile(
        rf"\b(?:show|print|reveal|give|send|dump|leak|zeig\w*|gib|schick\w*|dame|muestra\w*|muéstra\w*|pásame|дай|покажи|пришли|выведи)\b(?: me| us| mir| uns| мне| нам)?"
        rf"\s+(?:the|all|any|den|die|alle|la|las|los|todas|все)?\s*(?:stored |saved |gespeicherten )?{_KEY}\b(?!\s+(?:field|column|format|design|polic|example|rotation))",
        re.IGNORECASE,
    ),
    re.compile(rf"\b{_SHOW}\b.{{0,40}}{_OTHERS}.{{0,60}}\b{_THEIRS}\b", re.IGNORECASE),
    re.compile(
        rf"\b{_SHOW}\b.{{0,20}}\b{_THEIRS}\b.{{0,40}}\b(?:of|from|by|von|de|от|у)?\s*{_OTHERS}", re.IGNORECASE
    ),
    re.compile(
        r"\bwhat (?:did|has|does) (?:the )?(?:other )?(?:users?|someone else|somebody else|other people|another user)\b.{0,40}\b(?:asks?|asked|say|said|write|wrote|told|tell)\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"^\W*(?:what|which|welche|qué|какие) {_KEY} (?:do|does|are|hast|habt|tienes?|у) ?(?:you|this|du|ihr|тебя)?\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:was|qué|что) (?:haben?|hat|han|ha|был\w*)?\s*{_OTHERS}.{{0,40}}\b{_THEIRS}", re.IGNORECASE
    ),
    _OVERRIDES,
)
_ORDINARY = (
    re.compile(
        rf"^\W*(?:what(?:'s| is| are)|was (?:ist|sind)|qué (?:es|son)|что так\w+)\s+(?:an?|the|ein\w*|una?|las?|los)?\s*(?:purpose of an? )?(?:{_PROMPT}|{_KEY})\b(?!.{{0,30}}\b{_YOURS}\b)",
        re.IGNORECASE,
    ),
    re.compile(
        r"^\W*(?:how|why|when|should|wie|warum|cómo|por qué|как|почему|зачем|explain|erkläre?|explica|объясни)\b(?!.{0,80}\b(?:print|reveal|leak|your|deine?n?|tu|твой|твои)\b)",
        re.IGNORECASE,
    ),
)
