"""The router: a calibrated classifier decides, a model is asked when it is unsure, and nothing is forced."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.tools import tool

from agents import Charter, UnknownAgent
from graphs.routing.classifier import Classifier, Examples, learn
from graphs.routing.interfaces import Kind, Route, Task
from graphs.routing.parts import is_follow_up, split_parts
from graphs.settings import RouterSettings
from memory import Turn
from models import Embedder, ModelsError
from models.chat import ChatModels, Role

logger = logging.getLogger(__name__)
_OTHER: dict[str, Kind] = {"small_talk": "small_talk", "out_of_scope": "out_of_scope", "recap": "recap"}
_SURE_OTHER = 0.6
_MOST_TASKS = 4


@dataclass(frozen=True, slots=True)
class Reading:
    """The likeliest label of a text, its probability, and the runner-up among specialists."""

    label: str
    probability: float
    second: str
    second_probability: float


class CalibratedRouter:
    """Routes by what it learned from the charters' utterances and tool examples. Made by `open`."""

    def __init__(
        self,
        classifier: Classifier,
        embedder: Embedder,
        charters: Mapping[str, Charter],
        chat: ChatModels,
        settings: RouterSettings,
    ) -> None:
        self._classifier = classifier
        self._embedder = embedder
        self._charters = charters
        self._chat = chat
        self._settings = settings

    @classmethod
    async def open(
        cls,
        embedder: Embedder,
        charters: Mapping[str, Charter],
        chat: ChatModels,
        settings: RouterSettings,
        *,
        data: Path,
        questions: Mapping[str, Sequence[str]],
    ) -> "CalibratedRouter":
        """Learn from the charters, or load what was learned from the same examples before.

        `questions` are further examples by agent name: questions of its knowledge.
        """
        labelled = labelled_texts(charters, questions)
        texts = tuple(text for text, _ in labelled)
        examples = Examples(texts, tuple(label for _, label in labelled), await embedder.embed(texts))
        classifier = await asyncio.to_thread(_learned, examples, data / "router")
        return cls(classifier, embedder, charters, chat, settings)

    async def route(self, message: str, turns: Sequence[Turn], wanted: Sequence[str] = ()) -> Route:
        """Who works on the message."""
        if wanted:
            return self._as_asked(message, turns, wanted)
        parts = split_parts(message)
        texts = [message, *parts] if len(parts) > 1 else [message]
        last = turns[-1] if turns else None
        leans = last is not None and is_follow_up(message)
        if leans and last:
            texts.append(f"{last.request} {message}")
        readings = await self._read(texts)
        if leans and last and (route := self._follow_up(message, last, readings)):
            return route
        if len(parts) > 1 and (route := self._several(parts, readings[1 : len(parts) + 1])):
            return route
        return await self._one(message, readings[0])

    async def _read(self, texts: Sequence[str]) -> list[Reading]:
        table = self._classifier.probabilities(texts, await self._embedder.embed(texts))
        labels = self._classifier.labels
        readings = []
        for row in table:
            order = row.argsort()[::-1]
            best = int(order[0])
            second = next((int(n) for n in order[1:] if labels[int(n)] in self._charters), best)
            readings.append(Reading(labels[best], float(row[best]), labels[second], float(row[second])))
        return readings

    def _as_asked(self, message: str, turns: Sequence[Turn], wanted: Sequence[str]) -> Route:
        unknown = [name for name in wanted if name not in self._charters]
        if unknown:
            raise UnknownAgent(
                f"there is no agent {', '.join(unknown)}; there are {', '.join(self._charters)}"
            )
        about = turns[-1].request if turns and is_follow_up(message) else ""
        names = list(dict.fromkeys(wanted))
        tasks = tuple(Task(agent=name, request=message, about=about, confidence=1.0) for name in names)
        return Route(kind="tasks", tasks=tasks, reason="the client named the agents")

    def _follow_up(self, message: str, last: Turn, readings: Sequence[Reading]) -> Route | None:
        """Keep to the earlier specialists, unless the message by itself clearly means something else."""
        alone, joined = readings[0], readings[-1]
        if alone.label in _OTHER and alone.probability >= _SURE_OTHER:
            return None
        agents = [name for name in last.agents if name in self._charters]
        if (
            alone.label in self._charters
            and alone.label not in agents
            and alone.probability >= self._settings.part
        ):
            return None
        if not agents and joined.label in self._charters and joined.probability >= self._settings.sure:
            agents = [joined.label]
        if not agents:
            return None
        tasks = tuple(
            Task(agent=name, request=message, about=last.request, confidence=joined.probability)
            for name in agents
        )
        return Route(kind="tasks", tasks=tasks, reason="a follow-up stays with who answered before")

    def _several(self, parts: Sequence[str], readings: Sequence[Reading]) -> Route | None:
        """Several tasks, when every part surely belongs to a label and at least two labels do work."""
        tasks: list[Task] = []
        left_out: list[str] = []
        for part, reading in zip(parts, readings, strict=True):
            sure = reading.probability >= self._settings.part
            if reading.label in self._charters and (sure or not tasks):
                if tasks and tasks[-1].agent == reading.label:
                    tasks[-1] = _extended(tasks[-1], part)
                else:
                    tasks.append(Task(agent=reading.label, request=part, confidence=reading.probability))
            elif reading.label == "out_of_scope" and sure:
                left_out.append(part)
            elif reading.label == "small_talk" and sure:
                continue
            elif tasks:
                tasks[-1] = _extended(tasks[-1], part)
        apart = len({task.agent for task in tasks}) > 1
        if (
            not tasks
            or (not apart and not left_out)
            or any(t.confidence < self._settings.sure for t in tasks)
        ):
            return None
        return Route(
            kind="tasks",
            tasks=tuple(tasks[:_MOST_TASKS]),
            left_out=tuple(left_out),
            reason="the request has several parts",
        )

    async def _one(self, message: str, reading: Reading) -> Route:
        if reading.label in _OTHER and reading.probability >= self._settings.sure:
            return Route(kind=_OTHER[reading.label], reason=f"{reading.label} {reading.probability:.2f}")
        if reading.label in self._charters and reading.probability >= self._settings.sure:
            return self._tasks(message, reading)
        named = await self._ask_model(message)
        if named:
            tasks = tuple(Task(agent=name, request=message, confidence=0.5) for name in named)
            return Route(kind="tasks", tasks=tasks, reason="a model was asked, the classifier being unsure")
        if reading.label in self._charters and reading.probability >= self._settings.abstain:
            return self._tasks(message, reading)
        kind: Kind = (
            _OTHER.get(reading.label, "unclear")
            if reading.probability >= self._settings.abstain
            else "unclear"
        )
        return Route(kind=kind, reason=f"unsure: {reading.label} {reading.probability:.2f}")

    def _tasks(self, message: str, reading: Reading) -> Route:
        tasks = [Task(agent=reading.label, request=message, confidence=reading.probability)]
        if reading.second in self._charters and reading.second_probability >= self._settings.second:
            tasks.append(Task(agent=reading.second, request=message, confidence=reading.second_probability))
        return Route(kind="tasks", tasks=tuple(tasks), reason=f"{reading.label} {reading.probability:.2f}")

    async def _ask_model(self, message: str) -> list[str]:
        """The agents that the orchestrator's model names; none where it names none or does not answer."""
        listed = "\n".join(f"- {charter.name}: {charter.description}" for charter in self._charters.values())

        @tool
        def route_to(agents: str) -> str:
            """Send the request to these agents, names separated by commas; `none` when it fits no agent."""
            return agents

        prompt = f"Decide which agents should answer the user's request. The agents are:\n{listed}"
        try:
            model = self._chat.of(Role.AGENTIC).bind_tools([route_to])
            reply = await model.ainvoke([SystemMessage(prompt), HumanMessage(message)])
        except ModelsError as error:
            logger.warning("the routing model did not answer", extra={"error": str(error)})
            return []
        calls = getattr(reply, "tool_calls", [])
        said = {name.strip() for call in calls for name in str(call["args"].get("agents", "")).split(",")}
        return [name for name in self._charters if name in said][:_MOST_TASKS]


def labelled_texts(
    charters: Mapping[str, Charter], questions: Mapping[str, Sequence[str]]
) -> list[tuple[str, str]]:
    """Every example with its label, each text once: utterances first, then tool examples, then questions."""
    found: dict[str, str] = {}
    for label in _OTHER:
        for text in _lines(
            files("graphs").joinpath("utterances", f"{label}.txt").read_text(encoding="utf-8")
        ):
            found.setdefault(text, label)
    for name, charter in charters.items():
        examples = [str(text) for tool in charter.tools for text in (tool.metadata or {}).get("examples", ())]
        for text in [*charter.utterances, *examples, *questions.get(name, ())]:
            found.setdefault(text, name)
    return list(found.items())


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _learned(examples: Examples, folder: Path) -> Classifier:
    path = folder / f"{examples.digest()}.npz"
    try:
        return Classifier.load(path)
    except (OSError, ValueError, KeyError):
        classifier = learn(examples)
        try:
            classifier.save(path)
        except OSError as error:
            logger.warning(
                "what the router learned could not be kept", extra={"path": str(path), "error": str(error)}
            )
        return classifier


def _extended(task: Task, part: str) -> Task:
    return task.model_copy(update={"request": f"{task.request} {part}"})
