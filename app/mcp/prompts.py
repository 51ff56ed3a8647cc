"""Prompts: what each specialist can be asked, and the work that playbooks lay out."""

from collections.abc import Iterator, Mapping
from typing import Final

import mcp_types as types

from agents import CharterInvalid, Playbook
from app.service import Freya
from app.specialists import AgentView

_MOST_EXAMPLES: Final = 12


class UnknownPrompt(Exception):
    """There is no prompt of that name, or it lacks an argument."""


def listed(freya: Freya) -> list[types.Prompt]:
    """A prompt for each specialist and for each playbook."""
    prompts = [
        types.Prompt(
            name=agent.name,
            title=agent.title,
            description=f"A request to {agent.title}, beside others of its kind.",
            arguments=[types.PromptArgument(name="request", description="What you want.", required=True)],
        )
        for agent in freya.specialists.all()
    ]
    prompts += [
        types.Prompt(
            name=name,
            title=playbook.title,
            description=f"{playbook.title}: {', '.join(section.title for section in playbook.sections)}.",
            arguments=[
                types.PromptArgument(name=fact, description=known.question, required=known.default is None)
                for fact, known in playbook.facts.items()
            ],
        )
        for name, playbook in _playbooks(freya)
    ]
    return prompts


def got(freya: Freya, name: str, arguments: Mapping[str, str]) -> types.GetPromptResult:
    """The prompt as a message of the user. Raises UnknownPrompt."""
    playbook = dict(_playbooks(freya)).get(name)
    if playbook is not None:
        return _of_playbook(playbook, arguments)
    agent = next((each for each in freya.specialists.all() if each.name == name), None)
    if agent is None:
        raise UnknownPrompt(f"there is no prompt {name!r}")
    request = arguments.get("request", "").strip()
    if not request:
        raise UnknownPrompt("the prompt needs the argument request")
    return _message(agent.description, f"Use ask_{agent.name} for this: {request}\n\n{_examples(agent)}")


def _of_playbook(playbook: Playbook, arguments: Mapping[str, str]) -> types.GetPromptResult:
    missing = [
        name for name, fact in playbook.facts.items() if fact.default is None and not arguments.get(name)
    ]
    if missing:
        raise UnknownPrompt(f"the prompt needs the arguments {', '.join(missing)}")
    facts = {name: arguments.get(name) or fact.default for name, fact in playbook.facts.items()}
    given = "\n".join(f"- {name.replace('_', ' ')}: {value}" for name, value in facts.items())
    text = f"{playbook.title}.\n\n{given}\n\nIt has these parts:\n{playbook.outline}"
    return _message(playbook.title, text)


def _message(description: str, text: str) -> types.GetPromptResult:
    said = types.PromptMessage(role="user", content=types.TextContent(text=text))
    return types.GetPromptResult(description=description, messages=[said])


def _examples(agent: AgentView) -> str:
    examples = [example for tool in agent.tools for example in tool.examples[:1]][:_MOST_EXAMPLES]
    return "Others of its kind:\n" + "\n".join(f"- {example}" for example in examples)


def _playbooks(freya: Freya) -> Iterator[tuple[str, Playbook]]:
    for name, playbook in freya.specialists.playbooks():
        try:
            yield name, playbook()
        except CharterInvalid:
            continue
