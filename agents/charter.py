"""A charter: everything that makes one specialist that specialist."""

from dataclasses import dataclass
from importlib.resources import files

from langchain_core.tools import BaseTool


@dataclass(frozen=True, kw_only=True)
class SubAgent:
    """A narrow level-2 agent under a specialist: creative or complex work, in its own voice."""

    name: str
    purpose: str
    """One sentence; what the weighing compares a request with."""
    persona: str
    """The system prompt."""
    tools: tuple[str, ...] = ()
    """Names of the specialist's tools that it may call; empty for none."""
    playbook: str | None = None
    """The TOML file of its playbook within the specialist's package, e.g. `playbooks/chart_reader.toml`: what it does
    without a language model. None where it has nothing to say then."""


@dataclass(frozen=True, kw_only=True)
class Charter:
    """Who a specialist is, what it does and declines, where it looks and what it can compute."""

    name: str
    """The folder's name; also the agent's name in every event and answer."""
    title: str
    """A short title, e.g. "Crypto technical analyst"."""
    description: str
    """One or two sentences for people who choose an agent."""
    persona: str
    """The system prompt: voice, method, limits."""
    scope: tuple[str, ...]
    """What it works on, one phrase an item."""
    declines: tuple[str, ...]
    """What it does not do, one sentence an item, each with what the user can do instead."""
    collections: tuple[str, ...]
    """The knowledge collections it retrieves from."""
    tools: tuple[BaseTool, ...]
    utterances: tuple[str, ...]
    """Requests in users' words that are meant for it; the router learns from them."""
    subagents: tuple[SubAgent, ...] = ()
    financial: bool = False
    """Whether its answers are about money at risk and carry the risk note."""


def read_utterances(package: str, name: str = "utterances.txt") -> tuple[str, ...]:
    """The lines of a package's utterance file; blank lines and lines that start with `#` are left out."""
    text = files(package).joinpath(name).read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))
