"""The desk of a designed agent: what it answers without a language model, out of its design. Standard library only.

A design is plain JSON (`agents.definitions` writes it). The same file is part of every code skeleton that Rebecca makes,
so that what she deploys and what she hands out behave alike. Records are simulated: they live in this process only.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any  # a design and its records are JSON

Json = dict[str, Any]
_SURE = 0.42
_ALIKE = 0.62
_LETTERS = 3
_YES = re.compile(
    r"\W*(?:yes|yes please|ok|okay|sure|confirm(?:ed)?|go ahead|да|конечно|подтверждаю|sí|si|claro|confirmo|oui|ja|gern|bestätige)\b",
    re.IGNORECASE,
)
_NO = re.compile(
    r"\W*(?:no|wait|leave it|never ?mind|stop|cancel that|non|нет|стоп|отмена|nein|halt|déjalo)\b",
    re.IGNORECASE,
)
_INJECTION = re.compile(
    r"ignore (?:all |any |your |the )*(?:previous |prior |earlier )?(?:instructions|rules)|system prompt|you are now|developer mode|"
    r"<!--.*?-->|reveal your|show (?:me )?your (?:instructions|prompt|rules)|discount.*order|i am the owner|(?:игнорируй|забудь) .*(?:инструкци|правил)|"
    r"ignora (?:todas |las )*.*instrucciones|ignoriere .*(?:anweisungen|regeln)",
    re.IGNORECASE | re.DOTALL,
)
_CARD = re.compile(r"(?:\d[ -]?){13,19}")
_PERSON = re.compile(
    r"\b(?:human|real person|a person|operator|manager|someone from|call me back)\b|оператор|менеджер|человек|persona|humano|mensch|mitarbeiter",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:last (?:week|month|year|monday|friday)|yesterday|вчера|на прошлой неделе|ayer|la semana pasada|gestern|letzte woche)\b",
    re.IGNORECASE,
)
_NO_DAY = re.compile(
    r"\b(?:30|31)(?:st|th|\.)? (?:of )?(?:february|февраля|de febrero|februar)\b|\b31(?:st|\.)? (?:of )?(?:april|june|september|november)\b",
    re.IGNORECASE,
)
_SAID = {
    "declined": ("declines", "declined"),
    "handed_over": ("hands_over", "handed_over"),
    "thanks": ("thanks", "answered"),
}
_WRITES = frozenset({"create", "action", "update", "delete", "reschedule"})


@dataclass
class Reply:
    """What the desk says and did. `calls` are operationIds; `asks` is what it wants to know; `confirms` waits for a yes."""

    text: str
    outcome: str = "answered"
    """`answered`, `asks`, `confirms`, `declined` or `handed_over`."""
    calls: list[str] = field(default_factory=list)
    asks: str = ""
    confirms: str = ""
    language: str = "en"


@dataclass
class State:
    """Where a conversation is: the operation that waits for values or a yes, and what was given so far."""

    waiting: str = ""
    values: Json = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    """Messages whose order was carried out."""
    about: str = ""


class RecordError(Exception):
    """A record is not as the design has it; says which field and why."""


class Records:
    """Simulated records, by entity. They check what the database would: required fields, choices, references, states."""

    def __init__(self, design: Json) -> None:
        self._entities = {item["identifier"]: item for item in design["entities"]}
        self._rows: dict[str, dict[int, Json]] = {name: {} for name in self._entities}

    def create(self, entity: str, values: Json) -> Json:
        """A new record with its id. Raises RecordError."""
        shape = self._entities[entity]
        row: Json = {"id": len(self._rows[entity]) + 1}
        for each in shape["fields"]:
            row[each["name"]] = self._checked(each, values.get(each["name"], each.get("default")))
        unknown = set(values) - set(row)
        if unknown:
            raise RecordError(f"{entity} has no field {min(unknown)!r}.")
        row["created_at"] = datetime.now(UTC).isoformat()
        self._rows[entity][row["id"]] = row
        return dict(row)

    def list(self, entity: str) -> list[Json]:
        """All records of an entity."""
        return [dict(row) for row in self._rows[entity].values()]

    def get(self, entity: str, key: int) -> Json:
        """One record. Raises RecordError if there is none."""
        if key not in self._rows[entity]:
            raise RecordError(f"There is no {entity} {key}.")
        return dict(self._rows[entity][key])

    def update(self, entity: str, key: int, values: Json) -> Json:
        """Change fields of a record. Raises RecordError."""
        row = self.get(entity, key)
        for each in self._entities[entity]["fields"]:
            if each["name"] in values:
                row[each["name"]] = self._checked(each, values[each["name"]])
        self._rows[entity][key] = row
        return dict(row)

    def delete(self, entity: str, key: int) -> None:
        """Take a record away. Raises RecordError if there is none, or another one needs it."""
        self.get(entity, key)
        for name, shape in self._entities.items():
            for each in shape["fields"]:
                if each.get("refers_to") == entity and any(
                    row[each["name"]] == key for row in self._rows[name].values()
                ):
                    raise RecordError(f"{entity} {key} is still referred to by {name}.")
        del self._rows[entity][key]

    def _checked(self, each: Json, value: Any) -> Any:  # Any: JSON
        name = each["name"]
        if value is None:
            if each["required"]:
                raise RecordError(f"{name} is missing.")
            return None
        if each.get("choices") and value not in each["choices"]:
            raise RecordError(f"{name} is {value!r} and none of {', '.join(each['choices'])}.")
        if each.get("refers_to") and value not in self._rows[each["refers_to"]]:
            raise RecordError(f"{name}: there is no {each['refers_to']} {value}.")
        numeric = each["type"] in {"integer", "count", "minutes", "number", "percent", "rating", "money"}
        if numeric and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise RecordError(f"{name} is {value!r} and no number.")
        if each["type"] in {"count", "money", "percent", "minutes"} and value < 0:
            raise RecordError(f"{name} is negative.")
        return value


class Desk:
    """Answers messages by the design: what it asks for, confirms, carries out on records, declines and hands over."""

    def __init__(self, design: Json, records: Records | None = None) -> None:
        self.design = design
        self.records = records or Records(design)
        self._operations = {item["id"]: item for item in design["operations"]}
        self._entities = {item["identifier"]: item for item in design["entities"]}
        self._examples = [
            (_grams(words), intent) for intent in design["intents"] for words in intent["examples"]
        ]

    def respond(self, message: str, state: State | None = None) -> Reply:
        """The answer to one message; `state` is changed by it. Without a state each message stands alone."""
        state = state if state is not None else State()
        language = self._language(message)
        reply = self._respond(message.strip(), state, language)
        reply.language = language
        return reply

    def _respond(self, message: str, state: State, language: str) -> Reply:
        at_once = self._at_once(message, language)
        if at_once is not None:
            return at_once
        if state.waiting and (following := self._goes_on(message, state, language)) is not None:
            return following
        if _NO.match(message):
            return self._say("left", language, "answered")
        intent = self._intent(message)
        if intent is None:
            if _PERSON.search(message):
                return self._say("hands_over", language, "handed_over")
            return self._say("declines", language, "declined")
        if intent["kind"] in _SAID:
            kind, outcome = _SAID[intent["kind"]]
            return self._say(kind, language, outcome)
        question = self._question(message, intent, language)
        if question is not None:
            return question
        return self._begin(message, intent, state, language)

    def _at_once(self, message: str, language: str) -> Reply | None:
        """What is answered whatever was said before."""
        if not any(letter.isalnum() for letter in message):
            return self._ask("what it is about", "about", language)
        if _CARD.search(message):
            return self._say("card", language, "answered")
        if _INJECTION.search(message):
            return self._say("declines", language, "declined")
        return None

    def _question(self, message: str, intent: Json, language: str) -> Reply | None:
        """What has to be asked before the wish can be taken up."""
        if _PAST.search(message):
            return self._ask("another time", "time", language)
        if _NO_DAY.search(message):
            return self._ask("another date", "date", language)
        named = [
            word
            for word in self.design["wishes"]
            if re.search(rf"\b{re.escape(word)}\b", message, re.IGNORECASE)
        ]
        if len(named) > 1 and intent["kind"] == "wish":
            return self._ask("one thing at a time", "one", language)
        return None

    def _begin(self, message: str, intent: Json, state: State, language: str) -> Reply:
        calls = list(intent.get("reads", []))
        operation = self._operations.get(intent.get("operation", ""))
        if operation is None or operation["kind"] not in _WRITES:
            if operation is not None:
                calls.append(operation["id"])
            return Reply(text=self._found(operation, calls, language), calls=calls)
        if message in state.done:
            return Reply(text=self._words("again", language), calls=[])
        state.waiting, state.about, state.values = operation["id"], message, {}
        state.missing = list(operation["asks"])
        if intent["kind"] == "wish":
            first = state.missing[0] if state.missing else "details"
            return Reply(
                text=self._words("asks", language).format(what=first), outcome="asks", calls=calls, asks=first
            )
        state.missing = []
        text = self._words("confirms", language).format(what=operation["summary"], said=message[:200])
        return Reply(text=text, outcome="confirms", calls=calls, confirms=operation["id"])

    def _goes_on(self, message: str, state: State, language: str) -> Reply | None:
        operation = self._operations[state.waiting]
        if _NO.match(message):
            state.waiting = ""
            return self._say("left", language, "answered")
        if message == state.about:
            text = self._words("confirms", language).format(what=operation["summary"], said=message[:200])
            return Reply(text=text, outcome="confirms", confirms=operation["id"])
        if state.missing:
            if self._intent(message) is not None and not _YES.match(message):
                state.waiting = ""
                return None
            if _YES.fullmatch(message.rstrip(" .!")):
                first = state.missing[0]
                return Reply(
                    text=self._words("asks", language).format(what=first), outcome="asks", asks=first
                )
            state.values[state.missing.pop(0)] = message
            if state.missing:
                return Reply(
                    text=self._words("asks", language).format(what=state.missing[0]),
                    outcome="asks",
                    asks=state.missing[0],
                )
            said = "; ".join(f"{name}: {given}" for name, given in state.values.items())
            text = self._words("confirms", language).format(what=operation["summary"], said=said[:300])
            return Reply(text=text, outcome="confirms", confirms=operation["id"])
        if _YES.match(message):
            state.waiting = ""
            state.done.append(state.about)
            return Reply(
                text=self._words("done", language).format(what=operation["summary"]), calls=[operation["id"]]
            )
        state.waiting = ""
        return None

    def _found(self, operation: Json | None, calls: list[str], language: str) -> str:
        entity = operation and self._entities.get(operation.get("entity") or "")
        if not entity:
            return self._words("about", language)
        rows = self.records.list(entity["identifier"])
        return self._words("reads", language).format(
            what=entity["plural"], number=len(rows), calls=", ".join(calls)
        )

    def _intent(self, message: str) -> Json | None:
        """The intent whose examples are most alike; none where nothing is alike enough and no word of the trade stands there."""
        grams = _grams(message)
        best, score = None, 0.0
        for example, intent in self._examples:
            alike = _cosine(grams, example)
            if alike > score:
                best, score = intent, alike
        if score >= _ALIKE:
            return best
        lower = message.lower()
        for intent in self.design["intents"]:
            if intent["words"] and all(re.search(rf"\b{re.escape(word)}", lower) for word in intent["words"]):
                return dict(intent)
        return best if score >= _SURE else None

    def _language(self, message: str) -> str:
        """The language of the message if the agent speaks it, else the agent's first."""
        codes: list[str] = self.design["languages"]
        cyrillic = sum("а" <= letter <= "я" or letter in "ёіїє" for letter in message.lower())
        letters = sum(letter.isalpha() for letter in message) or 1
        if cyrillic * 2 > letters:
            return next((code for code in codes if code in {"ru", "uk"}), codes[0])
        grams = _grams(message)
        scored = {
            code: max((_cosine(grams, _grams(text)) for text in texts), default=0.0)
            for code, texts in self.design["spoken"].items()
        }
        best = max(scored, key=lambda code: scored[code], default=codes[0])
        return best if best in codes and scored.get(best, 0) > scored.get(codes[0], 0) else codes[0]

    def _words(self, kind: str, language: str) -> str:
        said: dict[str, dict[str, str]] = self.design["replies"]
        return said.get(language, said["en"])[kind].replace("{title}", self.design["title"])

    def _say(self, kind: str, language: str, outcome: str) -> Reply:
        return Reply(text=self._words(kind, language), outcome=outcome)

    def _ask(self, what: str, kind: str, language: str) -> Reply:
        return Reply(text=self._words(kind, language), outcome="asks", asks=what)


@lru_cache(maxsize=4096)
def _grams(text: str) -> tuple[Mapping[str, int], float]:
    """How often each run of letters stands in a text, and the length of that vector."""
    plain = " ".join(("", *re.findall(r"[^\W_]+", text.lower()), ""))
    grams = Counter(plain[at : at + _LETTERS] for at in range(len(plain) - _LETTERS + 1))
    return grams, sum(n * n for n in grams.values()) ** 0.5


def _cosine(one: tuple[Mapping[str, int], float], other: tuple[Mapping[str, int], float]) -> float:
    (grams, length), (others, other_length) = one, other
    shared = sum(number * others[gram] for gram, number in grams.items() if gram in others)
    size = length * other_length
    return shared / size if size else 0.0
