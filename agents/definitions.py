"""Definitions of designed agents: what Rebecca's design becomes to be stored, tested and put to work."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from agents.charter import Charter
from agents.desk import Desk, RecordError, Records, Reply, State
from agents.language import code
from agents.rebecca import casebook, openapi
from agents.rebecca.dialogues import phrases, saying, situations, spoken
from agents.rebecca.model import TRANSACTIONS, ConstraintKind, DomainModel, Entity, EntityKind, FieldType
from agents.rebecca.naming import camel, listed, pascal, snake, with_article
from agents.rebecca.prompting import system_prompt
from agents.tools import ToolOutput, ToolRefused, tool
from models import Unit, argument

NAME = r"^[a-z][a-z0-9_]{1,30}$"
_FEWEST_UTTERANCES = 10
_TURNS = 3
_ASKED = 4
_SAMPLE_TURNS = 12
_WISHES = {
    "book": "create", "order": "create", "open_case": "create", "enrol": "create", "missing": "create",
    "move": "reschedule", "cancel": "cancel", "status": "get",
}  # fmt: skip
_DECLINED = {
    "off_topic": "declined",
    "injection": "declined",
    "other_data": "declined",
    "human": "handed_over",
    "thanks": "thanks",
}
_REPLIES = {
    "en": {
        "about": "What is it about? I am there for {title}.", "asks": "Gladly. Please tell me: the {what}.",
        "confirms": '{what}: "{said}". Shall I do it? (yes or no)', "done": "Done: {what}. (A simulated record.)",
        "reads": "In the simulated records there are {number} {what} ({calls}).", "again": "I have that already and do nothing twice.",
        "left": "I leave it, nothing was done.", "time": "That time is over. Which other time suits you?",
        "date": "There is no such day. Which other date do you mean?", "one": "One thing at a time: which of them first?",
        "card": "Please write no card numbers here; I do not keep them. You get a payment link instead.",
    },
    "ru": {
        "about": "О чём идёт речь? Я работаю для {title}.", "asks": "С удовольствием. Уточните, пожалуйста: {what}.",
        "confirms": "{what}: «{said}». Выполнить? (да или нет)", "done": "Готово: {what}. (Учебная запись.)",
        "reads": "В учебных записях {number}: {what} ({calls}).", "again": "Это уже сделано, второй раз не делаю.",
        "left": "Хорошо, ничего не делаю.", "time": "Это время прошло. Какое другое время подойдёт?",
        "date": "Такого дня нет. Какую дату вы имеете в виду?", "one": "По порядку: что сначала?",
        "card": "Не пишите сюда номера карт, я их не храню. Вы получите ссылку на оплату.",
    },
    "es": {
        "about": "¿De qué se trata? Estoy para {title}.", "asks": "Con gusto. Dígame, por favor: {what}.",
        "confirms": "{what}: «{said}». ¿Lo hago? (sí o no)", "done": "Hecho: {what}. (Un registro simulado.)",
        "reads": "En los registros simulados hay {number}: {what} ({calls}).", "again": "Ya lo tengo y no lo hago dos veces.",
        "left": "Lo dejo, no se hizo nada.", "time": "Esa hora ya pasó. ¿Qué otra hora le viene bien?",
        "date": "Ese día no existe. ¿A qué fecha se refiere?", "one": "Una cosa tras otra: ¿cuál primero?",
        "card": "No escriba números de tarjeta aquí; no los guardo. Recibirá un enlace de pago.",
    },
    "de": {
        "about": "Worum geht es? Ich bin für {title} da.", "asks": "Gern. Bitte sagen Sie mir: {what}.",
        "confirms": "{what}: „{said}“. Soll ich das tun? (ja oder nein)", "done": "Erledigt: {what}. (Ein simulierter Eintrag.)",
        "reads": "In den simulierten Einträgen: {number} {what} ({calls}).", "again": "Das habe ich schon und tue nichts zweimal.",
        "left": "Ich lasse es, nichts wurde getan.", "time": "Diese Zeit ist vorbei. Welche andere passt Ihnen?",
        "date": "Diesen Tag gibt es nicht. Welches Datum meinen Sie?", "one": "Eins nach dem andern: was zuerst?",
        "card": "Bitte keine Kartennummern schreiben; ich bewahre sie nicht auf. Sie bekommen einen Zahlungslink.",
    },
    "fr": {
        "about": "De quoi s'agit-il ? Je suis là pour {title}.", "asks": "Volontiers. Dites-moi, s'il vous plaît : {what}.",
        "confirms": "{what} : « {said} ». Je le fais ? (oui ou non)", "done": "C'est fait : {what}. (Un enregistrement simulé.)",
        "reads": "Dans les enregistrements simulés : {number} {what} ({calls}).", "again": "Je l'ai déjà et ne le fais pas deux fois.",
        "left": "Je laisse, rien n'a été fait.", "time": "Cette heure est passée. Quelle autre vous convient ?",
        "date": "Ce jour n'existe pas. Quelle date voulez-vous dire ?", "one": "Une chose après l'autre : laquelle d'abord ?",
        "card": "N'écrivez pas de numéros de carte ici ; je ne les garde pas. Vous recevrez un lien de paiement.",
    },
}  # fmt: skip


class Definition(BaseModel):
    """A designed agent, whole: who it is, what it is asked, what it works on, and the cases it must pass."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=NAME)]
    title: Annotated[str, Field(min_length=2, max_length=80)]
    description: Annotated[str, Field(min_length=10, max_length=600)]
    persona: Annotated[str, Field(min_length=20)]
    utterances: Annotated[tuple[str, ...], Field(min_length=_FEWEST_UTTERANCES)]
    design: dict[str, JsonValue]
    """What the desk works by: entities, operations, intents, replies."""
    cases: Annotated[tuple[casebook.Case, ...], Field(min_length=1)]
    request: str
    """The description that it was designed from."""


class Verdict(BaseModel):
    """What became of one case; `why` is empty where it passed."""

    id: str
    title: str
    passed: bool
    skipped: bool = False
    """Whether it cannot be judged without a language model: there are no sentences in the language it is about."""
    why: str = ""


class DeskMessage(BaseModel):
    """What somebody wants of a designed agent."""

    message: str = argument("The request, in the user's words", unit=Unit.REQUEST)


def define(domain: DomainModel, request: str, name: str | None = None) -> Definition:
    """The definition of a design. Raises ToolRefused where its suite is not valid."""
    known = openapi.operations(openapi.composed(domain))
    cases = casebook.suite(domain, frozenset(item.operation_id for item in known)).cases
    design = _design(domain, known)
    utterances = tuple(dict.fromkeys(_utterances(domain)))
    things = listed([entity.plural for entity in domain.entities[:5]])
    return Definition(
        name=name or snake(domain.title)[:31].rstrip("_"),
        title=f"{domain.title[:1].upper()}{domain.title[1:]} agent",
        description=f"Works for {with_article(domain.title)}: {things}. Designed by Rebecca; its records are simulated.",
        persona=system_prompt(domain),
        utterances=utterances,
        design=design,
        cases=cases,
        request=request,
    )


def examine(definition: Definition) -> tuple[Verdict, ...]:
    """The verdict on each of its own cases, answered by its desk."""
    return tuple(_examined(definition, case) for case in definition.cases)


def charter_of(definition: Definition) -> Charter:
    """The charter by which it works as a live specialist; its one tool is its desk."""
    title = str(definition.design["title"])
    return Charter(
        name=definition.name,
        title=definition.title,
        description=definition.description,
        persona=definition.persona,
        scope=(title, *(str(item["summary"]) for item in _dicts(definition.design["operations"])[:30])),
        declines=("It works on simulated records until a backend is connected.",),
        collections=(definition.name,),
        tools=(
            tool(
                f"{definition.name}_desk",
                f"Answers whatever people ask the {title} agent: looks up, asks, confirms, hands over.",
                DeskMessage,
                lambda given: _at_the_desk(definition, given.message),
                examples=definition.utterances[:7],
            ),
        ),
        utterances=definition.utterances,
    )


def _at_the_desk(definition: Definition, message: str) -> ToolOutput:
    reply = Desk(definition.design).respond(message)
    called = f"\n\nOperations: {', '.join(reply.calls)}." if reply.calls else ""
    note = "\n\nThis agent has no backend yet: its records are simulated."
    calls: list[JsonValue] = list(reply.calls)
    return ToolOutput(
        text=f"{reply.text}{called}{note}",
        data={"outcome": reply.outcome, "calls": calls, "asks": reply.asks, "confirms": reply.confirms},
        assumptions=("The agent works on simulated records.",),
    )


def _examined(definition: Definition, case: casebook.Case) -> Verdict:
    desk, state = Desk(definition.design), State()
    replies = [desk.respond(message, state) for message in case.input]
    said = list(replies)
    called_for = {casebook.CheckKind.CALLS, casebook.CheckKind.CALLS_ONCE}
    wanted = {check.value for check in case.checks if check.kind in called_for}
    refused = any(check.kind is casebook.CheckKind.CALLS_NOT for check in case.checks)
    for _ in range(_TURNS + _ASKED):
        if refused or wanted <= {call for reply in said for call in reply.calls}:
            break
        if said[-1].outcome not in {"asks", "confirms"} or not state.waiting:
            break
        said.append(desk.respond("yes" if said[-1].outcome == "confirms" else "the usual", state))
    spoken_codes = _dict(definition.design["replies"])
    unspoken = [
        c.value for c in case.checks if c.kind is casebook.CheckKind.LANGUAGE and c.value not in spoken_codes
    ]
    if unspoken:
        why = f"there are no sentences in {unspoken[0]} without a language model"
        return Verdict(id=case.id, title=case.title, passed=False, skipped=True, why=why)
    failed = [why for check in case.checks if (why := _failure(check, replies, said))]
    return Verdict(id=case.id, title=case.title, passed=not failed, why="; ".join(failed))


def _failure(check: casebook.Check, replies: list[Reply], said: list[Reply]) -> str:
    calls = [call for reply in said for call in reply.calls]
    kind = casebook.CheckKind
    last = replies[-1]
    met = {
        kind.CALLS: check.value in calls,
        kind.CALLS_NOT: check.value not in calls,
        kind.CALLS_ONCE: calls.count(check.value) == 1,
        kind.CONFIRMS_FIRST: any(reply.confirms == check.value for reply in said),
        kind.ASKS_FOR: any(reply.asks == check.value for reply in replies),
        kind.LANGUAGE: last.language == check.value,
        kind.SAYS_NOT: all(check.value.lower() not in reply.text.lower() for reply in replies),
        kind.DECLINES: last.outcome == "declined",
        kind.HANDS_OVER: last.outcome == "handed_over",
    }[check.kind]
    return "" if met else f"{check.kind.value} {check.value}: {last.outcome}, calls {calls or 'nothing'}"


def _design(domain: DomainModel, known: tuple[openapi.Operation, ...]) -> dict[str, JsonValue]:
    languages = list(domain.values(ConstraintKind.LANGUAGE))
    codes: list[JsonValue] = [code(name) for name in languages]
    entities: list[JsonValue] = [_entity(entity) for entity in domain.entities]
    operations: list[JsonValue] = [_operation(item, domain) for item in known]
    intents: list[JsonValue] = [*_situation_intents(domain, known), *_workflow_intents(domain)]
    wishes: list[JsonValue] = [entity.name for entity in domain.entities if entity.kind in TRANSACTIONS]
    spoken_in: dict[str, JsonValue] = {
        code(name): [
            saying(domain, situation, name, turn).user
            for situation, _ in situations(domain)
            for turn in range(3)
        ]
        for name in languages
        if name in phrases()
    }
    return {
        "title": domain.title,
        "languages": codes,
        "channels": list(domain.values(ConstraintKind.CHANNEL)),
        "budget": next(iter(domain.values(ConstraintKind.BUDGET)), None),
        "entities": entities,
        "operations": operations,
        "intents": intents,
        "wishes": wishes,
        "spoken": spoken_in,
        "replies": {
            code(name): _replies(name)
            for name in dict.fromkeys((*languages, "English"))
            if code(name) in _REPLIES
        },
    }


def _replies(language: str) -> dict[str, JsonValue]:
    known = phrases()[spoken(language)].situations
    said: dict[str, JsonValue] = dict(_REPLIES[code(language)])
    said["declines"] = known["off_topic"].answer[0]
    said["hands_over"] = known["human"].answer[0]
    said["thanks"] = known["thanks"].answer[0]
    return said


def _entity(entity: Entity) -> dict[str, JsonValue]:
    fields: list[JsonValue] = []
    for item in entity.attributes:
        default: JsonValue = None
        if item.required and item.choices:
            default = "normal" if "normal" in item.choices else item.choices[0]
        elif item.required and item.type is FieldType.BOOLEAN:
            default = item.name == "active"
        elif item.required and item.name in {"total", "currency"}:
            default = 0 if item.name == "total" else "USD"
        fields.append({
            "name": item.name, "type": item.type.value, "required": item.required, "choices": list(item.choices),
            "refers_to": item.refers_to, "default": default,
        })  # fmt: skip
    return {"identifier": entity.identifier, "name": entity.name, "plural": entity.plural, "fields": fields}


def _operation(item: openapi.Operation, domain: DomainModel) -> dict[str, JsonValue]:
    entity = domain.entity(item.entity) if item.entity else None
    kind, status, field = "other", None, None
    if entity is not None:
        name = entity.schema_name
        kinds = {f"list{pascal(entity.table)}": "list", f"create{name}": "create", f"get{name}": "get",
                 f"update{name}": "update", f"delete{name}": "delete", f"reschedule{name}": "reschedule",
                 f"find{name}Availability": "availability"}  # fmt: skip
        kind = kinds.get(item.operation_id, "action")
        action = next(
            (each for each in entity.actions if f"{camel(each.name)}{name}" == item.operation_id), None
        )
        if action is not None:
            status, field = action.status, action.field
        elif found := re.search(r"status becomes (\w+)", item.summary):
            status = found[1]
    needed: list[JsonValue] = [*(entity.needed[:_ASKED] if entity and kind == "create" else ())]
    return {
        "id": item.operation_id, "kind": kind, "entity": item.entity, "summary": item.summary, "status": status,
        "field": field, "asks": needed,
    }  # fmt: skip


def _situation_intents(domain: DomainModel, known: tuple[openapi.Operation, ...]) -> Iterator[JsonValue]:
    there = {item.operation_id for item in known}
    offered = domain.first(EntityKind.CATALOGUE)
    languages = domain.values(ConstraintKind.LANGUAGE)
    main = domain.transaction
    for situation, about in situations(domain):
        entity = about or (main if situation == "missing" else None)
        examples: list[JsonValue] = list(dict.fromkeys(
            saying(domain, situation, language, turn).user for language in (*languages, "English") for turn in range(_SAMPLE_TURNS)
        ))  # fmt: skip
        intent: dict[str, JsonValue] = {
            "kind": "read",
            "situation": situation,
            "examples": examples,
            "words": [],
        }
        if situation in _DECLINED:
            intent["kind"] = _DECLINED[situation]
        elif situation == "price":
            intent["operation"] = (
                f"list{pascal(offered.table)}"
                if offered
                else f"list{pascal((main or domain.entities[0]).table)}"
            )
        elif entity is not None:
            operation = f"{_WISHES[situation]}{entity.schema_name}"
            availability = f"find{entity.schema_name}Availability"
            intent["operation"] = operation if operation in there else f"list{pascal(entity.table)}"
            intent["kind"] = "wish" if operation.startswith("create") else "read"
            if situation in {"move", "cancel"}:
                intent["kind"] = "act"
            if situation == "book" and availability in there:
                intent["reads"] = [availability]
            if situation not in {"move", "cancel", "status"} and entity is main:
                examples.append(f"{entity.name.capitalize()}, please.")
                examples.append(f"I need {with_article(entity.name)}.")
        yield intent
    if domain.sensitivity:
        texts: list[JsonValue] = [text for text, _ in casebook.SENSITIVE.values()]
        yield {"kind": "handed_over", "situation": "sensitive", "examples": texts, "words": []}


def _workflow_intents(domain: DomainModel) -> Iterator[JsonValue]:
    by_name = {entity.identifier: entity for entity in domain.entities}
    for workflow in domain.workflows:
        entity = by_name.get(workflow.entity or "")
        if entity is None:
            continue
        words: list[JsonValue] = []
        if workflow.operation:
            words = [workflow.name.split()[0].lower(), entity.name.split()[-1].lower()]
        yield {
            "kind": "act", "situation": snake(workflow.name), "operation": workflow.operation or f"list{pascal(entity.table)}",
            "examples": [f"[{workflow.actor}] {workflow.name}.", workflow.name], "words": words,
        }  # fmt: skip


def _utterances(domain: DomainModel) -> Iterator[str]:
    languages = domain.values(ConstraintKind.LANGUAGE)
    for workflow in domain.workflows:
        if workflow.entity:
            yield workflow.name
            yield f"{workflow.name} at the {domain.title}"
    for situation, about in situations(domain):
        if situation in _DECLINED or (about is None and situation != "price"):
            continue
        for language in languages:
            for turn in range(4):
                yield saying(domain, situation, language, turn).user


def _dict(value: JsonValue) -> dict[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _dicts(value: JsonValue) -> list[dict[str, JsonValue]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


__all__ = [
    "Definition", "RecordError", "Records", "ToolRefused", "Verdict", "charter_of", "define", "examine",
]  # fmt: skip
