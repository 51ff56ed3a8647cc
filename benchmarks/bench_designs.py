"""Designs of domains that no template has: what of a description stands in the schema and in the API.

`python benchmarks/bench_designs.py` prints JSON. Thirty descriptions (`designs/domains.jsonl`) carry what a reader would expect
of them: entities (tables), attributes (columns), references (foreign keys), operations (a workflow of that verb and
noun with an operation that the API document has), channels, languages, a budget. Every artifact goes through its
validator. "tuned" descriptions were looked at while the reader was written, "held out" ones were written before it and
not looked at until it was done; `--all-misses` lists what is lacking for those too.
"""

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any  # JSON

from agents.rebecca import casebook, openapi, sql, training
from agents.rebecca.analysis import analyze
from agents.rebecca.capabilities import capabilities
from agents.rebecca.model import ConstraintKind, DomainModel
from agents.rebecca.naming import identifier, snake
from agents.rebecca.prompting import system_prompt
from agents.tools import ToolRefused

DOMAINS = Path(__file__).parent / "designs" / "domains.jsonl"


def main() -> None:
    """Print what share of the expectations each set meets."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--all-misses", action="store_true", help="list the misses of the held-out set too")
    parser.add_argument("--domains", type=Path, default=DOMAINS)
    given = parser.parse_args()
    report: dict[str, Any] = {}
    for line in given.domains.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        kept = report.setdefault(
            case["set"],
            {"domains": 0, "valid": 0, "known": 0, "met": Counter(), "wanted": Counter(), "misses": []},
        )
        kept["domains"] += 1
        found = judged(case)
        kept["valid"] += found["valid"]
        kept["known"] += found["known"]
        kept["met"].update(found["met"])
        kept["wanted"].update(found["wanted"])
        if found["misses"] and (case["set"] == "tuned" or given.all_misses):
            kept["misses"].append({"text": case["text"][:70], "misses": found["misses"]})
    for kept in report.values():
        met, wanted = kept.pop("met"), kept.pop("wanted")
        kept["rates"] = {
            name: f"{met[name]}/{number} = {met[name] / number:.3f}" for name, number in wanted.items()
        }
    print(json.dumps(report, indent=2, ensure_ascii=False))


def judged(case: dict[str, Any]) -> dict[str, Any]:
    """How one description fared: validity, and what of each kind of expectation was met."""
    met: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    misses: list[str] = []
    try:
        domain = analyze(case["text"])
        operations = artifacts(domain)
    except ToolRefused as error:
        total = Counter({kind: len(case.get(kind, ())) for kind in _CHECKS})
        return {"valid": False, "known": False, "met": met, "wanted": +total, "misses": [str(error)]}
    for kind, check in _CHECKS.items():
        for item in case.get(kind, ()):
            wanted[kind] += 1
            if check(domain, operations, item):
                met[kind] += 1
            else:
                misses.append(f"{kind}: {item}")
    if "budget" in case:
        wanted["budget"] += 1
        met["budget"] += case["budget"] in domain.values(ConstraintKind.BUDGET)
    return {"valid": True, "known": domain.known, "met": met, "wanted": wanted, "misses": misses}


def artifacts(domain: DomainModel) -> frozenset[str]:
    """The API's operations, after every artifact passed its validator; ToolRefused says which did not."""
    document = openapi.document(domain)
    sql.schema(domain)
    operations = frozenset(item.operation_id for item in openapi.operations(document))
    casebook.suite(domain, operations)
    training.jsonl(training.conversations(domain, 20))
    capabilities(domain)
    system_prompt(domain)
    return operations


def _entity(domain: DomainModel, operations: frozenset[str], wanted: str) -> bool:
    return any(
        entity.identifier == snake(wanted) and f"create{entity.schema_name}" in operations
        for entity in domain.entities
    )


def _attribute(domain: DomainModel, operations: frozenset[str], wanted: str) -> bool:
    del operations
    return any(item.name == identifier(wanted) for entity in domain.entities for item in entity.attributes)


def _reference(domain: DomainModel, operations: frozenset[str], wanted: str) -> bool:
    del operations
    source, _, target = wanted.partition(" > ")
    return any(item.entity == snake(source) and item.target == snake(target) for item in domain.relations)


def _operation(domain: DomainModel, operations: frozenset[str], wanted: str) -> bool:
    verb, _, noun = wanted.partition(" ")
    if noun.startswith("up "):
        verb, noun = f"{verb} up", noun.removeprefix("up ")
    return any(
        workflow.operation in operations
        and workflow.name.lower().startswith(f"{verb} ")
        and f" {noun}" in workflow.name
        for workflow in domain.workflows
    )


def _channel(domain: DomainModel, operations: frozenset[str], wanted: str) -> bool:
    del operations
    return wanted in domain.values(ConstraintKind.CHANNEL)


def _language(domain: DomainModel, operations: frozenset[str], wanted: str) -> bool:
    del operations
    return wanted in domain.values(ConstraintKind.LANGUAGE)


_CHECKS = {
    "entities": _entity,
    "attributes": _attribute,
    "references": _reference,
    "operations": _operation,
    "channels": _channel,
    "languages": _language,
}


if __name__ == "__main__":
    main()
