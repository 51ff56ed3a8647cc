"""Finding the specialists: every folder of this package that has a charter is one."""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files

from agents.charter import Charter, SubAgent
from agents.errors import CharterInvalid
from agents.playbooks import read_playbook

_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
_FEWEST_UTTERANCES = 10


def discover() -> Mapping[str, Charter]:
    """The charters of all folders under agents/, by name, in alphabetical order. Raises CharterInvalid."""
    found: dict[str, Charter] = {}
    for module in sorted(
        pkgutil.iter_modules(importlib.import_module("agents").__path__), key=lambda info: info.name
    ):
        if module.ispkg:
            charter = _load(module.name)
            found[charter.name] = charter
    return found


def _load(name: str) -> Charter:
    try:
        charter: Charter = importlib.import_module(f"agents.{name}.charter").charter()
    except (ImportError, AttributeError, FileNotFoundError) as error:
        raise CharterInvalid(
            f"agents/{name} needs charter.py with charter() -> Charter, and what it reads: {error}"
        ) from error
    problems = list(_problems(name, charter))
    if problems:
        raise CharterInvalid(f"agents/{name}: " + "; ".join(problems))
    return charter


def _problems(folder: str, charter: object) -> list[str]:
    if not isinstance(charter, Charter):
        return [f"charter() gave {type(charter).__name__} and not a Charter"]
    tools = [tool.name for tool in charter.tools]
    unknown = {name for sub in charter.subagents for name in sub.tools} - set(tools)
    package = files(f"agents.{charter.name}") if charter.name == folder else None
    missing = [
        sub.playbook
        for sub in charter.subagents
        if package and sub.playbook and not package.joinpath(sub.playbook).is_file()
    ]
    wrong = [
        fault
        for sub in charter.subagents
        if package and sub.playbook not in missing
        for fault in _faults(charter, sub)
    ]
    checks = {
        f"its name is {charter.name!r} and not the folder's": charter.name != folder,
        "its name is not a lower-case identifier": _NAME.fullmatch(charter.name) is None,
        "it has no persona": not charter.persona.strip(),
        "it names no collection": not charter.collections,
        f"it has fewer than {_FEWEST_UTTERANCES} utterances": len(charter.utterances) < _FEWEST_UTTERANCES,
        "two of its tools have one name": len(set(tools)) < len(tools),
        f"its sub-agents name tools that it has not: {', '.join(sorted(unknown))}": bool(unknown),
        f"its sub-agents name playbooks that are not there: {', '.join(missing)}": bool(missing),
    }
    return [*(problem for problem, found in checks.items() if found), *wrong]


def _faults(charter: Charter, sub: SubAgent) -> Iterator[str]:
    """What is wrong with a sub-agent's playbook."""
    if sub.playbook is None:
        return
    try:
        playbook = read_playbook(f"agents.{charter.name}", sub.playbook)
    except CharterInvalid as error:
        yield str(error)
        return
    other = playbook.tools - set(sub.tools)
    if other:
        yield f"the playbook of {sub.name} uses tools that it has not: {', '.join(sorted(other))}"
