"""What Rebecca's tools do: each a pure function of a description of the domain."""

import asyncio
from enum import StrEnum

import orjson
from pydantic import BaseModel, JsonValue

from agents.definitions import Definition, define
from agents.language import LANGUAGES
from agents.rebecca import capabilities as capability
from agents.rebecca import casebook, checking, openapi, skeleton, sql, training
from agents.rebecca.analysis import analyze
from agents.rebecca.dialogues import phrases
from agents.rebecca.model import ConstraintKind, DomainModel
from agents.rebecca.naming import listed, plural
from agents.rebecca.prompting import system_prompt
from agents.rebecca.summaries import analysis_text, basis, bounds, bullets, table
from agents.tools import Artifact, Resources, SqlRejected, SqlUnavailable, ToolOutput, ToolRefused
from models import Unit, argument

_SHOWN = 12
_EXCERPT_LINES = 18


class Channel(StrEnum):
    """Where people write to the agent."""

    TELEGRAM = "Telegram"
    WHATSAPP = "WhatsApp"
    VIBER = "Viber"
    MESSENGER = "Messenger"
    INSTAGRAM = "Instagram"
    SLACK = "Slack"
    DISCORD = "Discord"
    SMS = "SMS"
    PHONE = "Phone"
    EMAIL = "Email"
    WEB = "Web"


Language = StrEnum("Language", {name.upper(): name for name in LANGUAGES})  # type: ignore[misc]  # built from data
"""Languages by their English names."""


class DesignRequest(BaseModel):
    """A domain in the user's words; channels and languages stand in them unless they are given here."""

    request: str = argument("The description of the domain, in the user's words", unit=Unit.REQUEST)
    channels: tuple[Channel, ...] = argument(
        "Channels besides those named in the request", default=(), max_length=len(Channel)
    )
    languages: tuple[Language, ...] = argument(
        "Languages besides those named in the request", default=(), max_length=8
    )


class TestsRequest(DesignRequest):
    """A domain and the number of test cases wanted."""

    cases: int | None = argument(
        "How many test cases to write; left out, all that there are",
        cues=("test cases", "cases", "tests", "scenarios"),
        default=None,
        ge=1,
        le=200,
    )


class TrainingRequest(DesignRequest):
    """A domain and the number of conversations wanted."""

    examples: int = argument(
        "How many conversations to prepare",
        cues=("examples", "conversations", "dialogues", "samples", "lines"),
        default=60,
        ge=10,
        le=500,
    )


def analyze_domain(arguments: DesignRequest) -> ToolOutput:
    """Entities, actors, workflows, constraints and risks of a domain."""
    domain = _domain(arguments)
    checking.domain(domain)
    return ToolOutput(
        text=analysis_text(domain),
        data=domain.model_dump(mode="json") | {"relations": [item.model_dump() for item in domain.relations]},
        artifacts=(_json("domain.json", domain.model_dump(mode="json")),),
    )


def generate_capabilities(arguments: DesignRequest) -> ToolOutput:
    """What the agent must be able to do, each with its complexity and the choice of tool or sub-agent."""
    domain = _domain(arguments)
    found = capability.capabilities(domain)
    tools = sum(1 for item in found if item.choice is not capability.Choice.SUBAGENT)
    rows = (
        (item.title, f"{item.complexity:.2f}", item.choice.value, "; ".join(item.reasons[:3]))
        for item in found
    )
    text = "\n\n".join(
        [
            (
                f"{len(found)} capabilities for the {domain.title} agent: {tools} as tools and {len(found) - tools} as "
                f"sub-agents. {basis(domain)}"
            ),
            table(("Capability", "Complexity", "Carried out by", "Because"), rows),
            (
                "Complexity is the weighted mean of six criteria (task 0.3, output 0.2, expertise 0.2, speed, cost and "
                "parallelism 0.1 each): below 0.5 a tool, to 0.8 a tool whose result is validated, from 0.8 a sub-agent."
            ),
        ]
    )
    listed_capabilities: list[JsonValue] = [item.model_dump(mode="json") for item in found]
    data: dict[str, JsonValue] = {"agent": domain.title, "capabilities": listed_capabilities}
    checking.capabilities(found, domain)
    return ToolOutput(text=text, data=data, artifacts=(_json("capabilities.json", data),))


def generate_api_spec(arguments: DesignRequest) -> ToolOutput:
    """A valid OpenAPI 3.1 document with the resources and operations of the domain."""
    domain = _domain(arguments)
    document = openapi.document(domain)
    found = openapi.operations(document)
    names = listed([entity.plural for entity in domain.entities])
    special = [item for item in found if item.method == "POST" and not item.operation_id.startswith("create")]
    reads = [item for item in found if item.operation_id.startswith("find")]
    rows = [(item.method, f"`{item.path}`", item.operation_id) for item in (*reads, *special)][:_SHOWN]
    text = "\n\n".join(
        [
            (
                f"OpenAPI 3.1 document for the {domain.title} agent: {len(found)} operations on {names} "
                f"({bounds(domain)}). It passed openapi-spec-validator. {basis(domain)}"
            ),
            f"Each of the {len(domain.entities)} resources can be listed, created, read, changed and deleted; besides that:",
            table(("Method", "Path", "operationId"), rows),
            (
                "Bearer tokens secure it, lists are paged by cursor, writes take an idempotency key, errors are problem "
                "documents (RFC 9457). The whole document is in openapi.json."
            ),
        ]
    )
    operations: list[JsonValue] = [
        {"method": item.method, "path": item.path, "operation_id": item.operation_id} for item in found
    ]
    data: dict[str, JsonValue] = {"agent": domain.title, "openapi": "3.1.0", "operations": operations}
    artifact = Artifact(
        name="openapi.json", media_type="application/vnd.oai.openapi+json", content=openapi.dump(document)
    )
    return ToolOutput(text=text, data=data, artifacts=(artifact,))


async def generate_db_schema(arguments: DesignRequest, resources: Resources) -> ToolOutput:
    """SQL DDL for PostgreSQL with keys, checks, indexes and exclusions of double bookings, tried out where there is one."""
    domain, ddl = await asyncio.to_thread(_schema, arguments)
    proof = await _tried_out(ddl, resources)
    return await asyncio.to_thread(_schema_told, domain, ddl, proof)


def _schema(arguments: DesignRequest) -> tuple[DomainModel, str]:
    domain = _domain(arguments)
    return domain, sql.schema(domain)


async def _tried_out(ddl: str, resources: Resources) -> str:
    """In words how far the schema was checked. Raises ToolRefused with what PostgreSQL rejects."""
    if resources.sql is None:
        return "It parses as PostgreSQL; no database was at hand to execute it in."
    try:
        number = await resources.sql.check(ddl)
    except SqlRejected as error:
        raise ToolRefused(f"The generated SQL is not accepted: {error}") from error
    except SqlUnavailable:
        return "It parses as PostgreSQL; the database did not answer, so it was not executed."
    return f"PostgreSQL executed its {number} statements in a transaction that was rolled back."


def _schema_told(domain: DomainModel, ddl: str, proof: str) -> ToolOutput:
    names = sql.tables(domain)
    main = domain.transaction or domain.entities[0]
    excluded = [
        f"{entity.plural} cannot hold the same {(item.refers_to or '').replace('_', ' ')} twice at one time"
        for entity in domain.entities
        for item in sql.reserved(entity, domain)
    ]
    notes = [
        *excluded,
        "references, states, amounts, phone numbers and e-mail addresses are checked by the database",
        "no extension is needed, not even btree_gist",
    ]
    start = ddl.index(f"CREATE TABLE {main.table} ")
    excerpt = "\n".join(ddl[start:].partition("\n);")[0].splitlines()[:_EXCERPT_LINES])
    text = "\n\n".join(
        [
            (
                f"PostgreSQL schema for the {domain.title} agent: {len(names)} tables ({', '.join(names)}), "
                f"{len(domain.relations)} foreign keys of the domain, {_counted(ddl.count('EXCLUDE USING'), 'exclusion')} of double "
                f"bookings. {proof} {basis(domain)}"
            ),
            bullets(notes),
            f"```sql\n{excerpt}\n);\n```",
            "The whole schema is in schema.sql.",
        ]
    )
    listed_tables: list[JsonValue] = list(names)
    data: dict[str, JsonValue] = {
        "agent": domain.title,
        "tables": listed_tables,
        "foreign_keys": len(domain.relations),
        "exclusions": ddl.count("EXCLUDE USING"),
    }
    artifact = Artifact(name="schema.sql", media_type="application/sql", content=ddl)
    return ToolOutput(text=text, data=data, artifacts=(artifact,))


async def generate_code(arguments: DesignRequest, resources: Resources) -> ToolOutput:
    """A runnable Python skeleton of the agent with its tests, which were run where a sandbox is at hand."""
    definition, code = await asyncio.to_thread(_skeleton, arguments)
    tests = code["test_agent.py"].count("    def test_")
    if resources.sandbox is None:
        proof = "It compiles; no sandbox was at hand to run its tests in."
    else:
        run = await skeleton.tested(code, resources.sandbox)
        network = "without network" if run.isolated else "the system did not let us take its network away"
        proof = f"It compiles, and its tests passed in a sandboxed process ({run.seconds:.1f} s, {network})."
    start = code["agent.py"].partition("def main")[2].splitlines()
    text = "\n\n".join(
        [
            (
                f"Python skeleton of the {definition.design['title']} agent: {len(code)} files, the standard library only, "
                f"{tests} tests. {proof} Its records are simulated until a backend is connected."
            ),
            table(("File", "What it is"), [(f"`{name}`", what) for name, what in _FILES.items()]),
            "```python\ndef main" + "\n".join(start[:_EXCERPT_LINES]) + "\n```",
            "Put the files into one folder: `python agent.py` talks, `python -m unittest` tests.",
        ]
    )
    data: dict[str, JsonValue] = {
        "agent": definition.design["title"], "files": list(code), "tests": tests, "tested": resources.sandbox is not None,
    }  # fmt: skip
    kinds = {"py": "text/x-python", "json": "application/json"}
    return ToolOutput(
        text=text,
        data=data,
        assumptions=("The agent's records are simulated; no backend is connected.",),
        artifacts=tuple(
            Artifact(name=name, media_type=kinds[name.rpartition(".")[2]], content=content)
            for name, content in code.items()
        ),
    )


def _skeleton(arguments: DesignRequest) -> tuple[Definition, dict[str, str]]:
    definition = define(_domain(arguments), arguments.request)
    return definition, skeleton.skeleton(definition)


_FILES = {
    "agent.py": "the agent at a terminal",
    "desk.py": "how it reads, asks, confirms, declines and keeps records",
    "design.json": "its entities, operations, intents and replies",
    "test_agent.py": "tests of every entity and of the desk",
    "cases.json": "the test cases of the design",
}


def generate_test_cases(arguments: TestsRequest) -> ToolOutput:
    """Test cases with checks: happy paths, edge cases, abuse; of fewer than there are some of each."""
    domain = _domain(arguments)
    known = openapi.operations(openapi.composed(domain))
    whole = casebook.suite(domain, frozenset(item.operation_id for item in known))
    suite = whole if arguments.cases is None else casebook.some(whole, arguments.cases)
    short = arguments.cases is not None and len(suite.cases) < arguments.cases
    counts = {
        category: sum(1 for case in suite.cases if case.category is category)
        for category in casebook.Category
    }
    rows = (
        (case.id, case.title, "; ".join(f"{check.kind.value} {check.value}".strip() for check in case.checks))
        for case in suite.cases
    )
    text = "\n\n".join(
        [
            (
                f"{len(suite.cases)} test cases for the {domain.title} agent: "
                f"{', '.join(f'{number} {category.value}' for category, number in counts.items())}. Every operation they "
                f"name is in the generated API. {'There are no more for this domain. ' * short}{basis(domain)}"
            ),
            table(("Case", "What it tries", "Checks"), rows),
            f"{_wording(domain)} Probes with fixed words are in English. Inputs, expected behaviour and checks are in test_cases.json.",
        ]
    )
    content = suite.model_dump(mode="json")
    return ToolOutput(text=text, data=content, artifacts=(_json("test_cases.json", content),))


def prepare_training_data(arguments: TrainingRequest) -> ToolOutput:
    """Chat training data as JSON lines."""
    domain = _domain(arguments)
    found = training.conversations(domain, arguments.examples)
    content = training.jsonl(found)
    turns = sum((len(item.messages) - 1) // 2 for item in found)
    sample = found[0].messages
    text = "\n\n".join(
        [
            (
                f"{len(found)} training conversations for the {domain.title} agent with {turns} exchanges ({bounds(domain)}), "
                f"all valid chat JSON lines. {basis(domain)}"
            ),
            f"> **user**: {sample[1].content}\n>\n> **assistant**: {sample[2].content}",
            (
                f"{_wording(domain)} They teach manner (ask, confirm, refuse, hand over) and hold no prices or times of "
                "the business: replace the example names by those of the real catalogue. They are in training.jsonl."
            ),
        ]
    )
    data: dict[str, JsonValue] = {"agent": domain.title, "conversations": len(found), "exchanges": turns}
    artifact = Artifact(name="training.jsonl", media_type="application/jsonl", content=content)
    return ToolOutput(text=text, data=data, artifacts=(artifact,))


def write_system_prompt(arguments: DesignRequest) -> ToolOutput:
    """A system prompt for the agent, in Markdown."""
    domain = _domain(arguments)
    content = system_prompt(domain)
    checking.prompt(content, domain)
    text = (
        f"System prompt for the {domain.title} agent: {len(content.split())} words, {len(domain.workflows)} workflows "
        f"({bounds(domain)}). {basis(domain)}\n\n{content}"
    )
    data: dict[str, JsonValue] = {"agent": domain.title, "prompt": content}
    artifact = Artifact(name="system_prompt.md", media_type="text/markdown", content=content)
    return ToolOutput(text=text, data=data, artifacts=(artifact,))


def _domain(arguments: DesignRequest) -> DomainModel:
    return analyze(
        arguments.request,
        channels=tuple(item.value for item in arguments.channels),
        languages=tuple(item.value for item in arguments.languages),
    )


def _wording(domain: DomainModel) -> str:
    """Says which languages the sentences are written in, and which had to be replaced by English."""
    lacking = [name for name in domain.values(ConstraintKind.LANGUAGE) if name not in phrases()]
    if not lacking:
        return "The everyday sentences are in the agent's languages."
    return f"There are no ready sentences in {listed(lacking)}, so those are in English: translate them before use."


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun if number == 1 else plural(noun)}"


def _json(name: str, content: dict[str, JsonValue]) -> Artifact:
    text = orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()
    return Artifact(name=name, media_type="application/json", content=text)
